"""Programs that are done as soon as they have started: `run(["kill", "-9", number])`, `run(["xdg-open", folder])`."""

from __future__ import annotations

import ast

from rules.engine.reading.regexes import regex

NAMES = frozenset({"run", "call", "check_call", "check_output", "system", "getoutput", "getstatusoutput"})
"""Final names of calls that run a program."""
_AT_ONCE = frozenset(
    {"kill", "killall", "pkill", "pgrep", "hostname", "whoami", "id", "uname", "date", "which", "uptime"}
    | {"nproc", "touch", "mkdir", "rmdir", "ln", "chmod", "chown", "renice", "hostnamectl", "timedatectl"}
    | {"open", "xdg-open", "explorer", "explorer.exe"}
)
"""They take no longer than starting them."""
_OTHERS = regex(r"[|&;<>`$(\n]")
"""What has a shell do more than run one program."""


def is_at_once(call: ast.Call, ref: str) -> bool:
    """Whether `call`, of the function `ref`, runs such a program."""
    return ref.startswith(("subprocess.", "os.")) and _program_of(call) in _AT_ONCE


def _program_of(call: ast.Call) -> str:
    """The one program that a call runs, without its folder; empty where nobody knows."""
    match call.args:
        case [
            ast.List(elts=[ast.Constant(value=str(program)), *_])
            | ast.Tuple(elts=[ast.Constant(value=str(program)), *_]),
            *_,
        ]:
            return program.rpartition("/")[2]
        case [ast.Constant(value=str(line)), *_]:
            return _first(line)
        case [ast.JoinedStr(values=[ast.Constant(value=str(line)), *rest]), *_]:
            words = [each.value for each in rest if isinstance(each, ast.Constant)]
            return "" if any(_OTHERS.search(str(each)) for each in words) else _first(line)
    return ""


def _first(line: str) -> str:
    if _OTHERS.search(line) or not line.strip():
        return ""
    return line.split()[0].rpartition("/")[2]
