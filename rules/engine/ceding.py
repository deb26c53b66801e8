"""Lines that the project's own ruff selection reports already: said once is enough.

Only a finding that adds nothing to it is left out: one with a call path or an endpoint tells more than a linter of
single files can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from rules.engine.finding import Finding, Linter
from rules.engine.reading.regexes import regex

_SLEEP = ("time.sleep",)
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_REQUESTS = tuple(f"{package}.{verb}" for package in ("requests", "httpx") for verb in _VERBS)
_HTTP = (*_REQUESTS, "httpx.stream", "urllib.request.urlopen", "urllib3.request")
_PROCESS = ("subprocess.", "os.system", "os.popen", "os.spawn", "os.posix_spawn")
_TIMED = (*_REQUESTS, "httpx.stream", "httpx.Client", "httpx.AsyncClient")
_TASKS = ("asyncio.create_task", "asyncio.ensure_future")

KNOWN: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "FP101": (
        ("ASYNC251", _SLEEP),
        ("ASYNC210", _HTTP),
        ("ASYNC220", _PROCESS),
        ("ASYNC221", _PROCESS),
        ("ASYNC222", ("os.wait",)),
        ("ASYNC250", ("builtins.input", "input")),
    ),
    "FP115": (("ASYNC230", ("builtins.open", "open", "io.open")), ("ASYNC240", ("os.path.", "pathlib."))),
    "FP118": (("ASYNC110", ()),),
    "FP113": (("RUF006", _TASKS),),
    "FP311": (("B019", ()),),
    "FP601": (("S113", _TIMED),),
    "FP602": (("S113", _TIMED),),
}
"""Our code -> ruff's, each with what is called where it says the same; nothing named: whatever is called."""
_SELECTOR = regex(r"([A-Z]+)(\d*)$")
_NOQA = regex(r"#\s*noqa\s*:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)", re.IGNORECASE)
_MOST = 500


def cedes(finding: Finding, linter: Linter) -> bool:
    """Whether ruff says the same of this line, and the finding nothing more."""
    if not linter.reports or finding.endpoint is not None or finding.call_path:
        return False
    return any(
        code in linter.reports
        and (not called or _is_one_of(finding.leaf, called))
        and not _is_left_out(code, finding.path, linter)
        for code, called in KNOWN.get(finding.code, ())
    )


def is_answered(finding: Finding, line: str) -> bool:
    """Whether a comment on the finding's line silences ruff about the same matter: somebody has thought of it."""
    found = _NOQA.search(line) if "noqa" in line else None
    if found is None:
        return False
    silenced = {each.upper() for each in re.findall(r"[A-Za-z]+\d+", found["codes"])}
    return any(
        code in silenced and (not called or _is_one_of(finding.leaf, called))
        for code, called in KNOWN.get(finding.code, ())
    )


def linter_of(table: Mapping[str, Any]) -> Linter:
    """What ruff's settings (`[tool.ruff]`, or the top of `ruff.toml`) have it report, of what we know."""
    lint = table.get("lint")
    settings = {**table, **lint} if isinstance(lint, dict) else table
    wanted = [*_codes(settings.get("select")), *_codes(settings.get("extend-select"))]
    unwanted = [*_codes(settings.get("ignore")), *_codes(settings.get("extend-ignore"))]
    codes = sorted({code for pairs in KNOWN.values() for code, _ in pairs})
    return Linter(
        reports=tuple(code for code in codes if 0 <= _reach(code, wanted) > _reach(code, unwanted)),
        left_out=(
            *((pattern, ()) for name in ("exclude", "extend-exclude") for pattern in _codes(table.get(name))),
            *(
                (pattern, tuple(_codes(chosen)))
                for name in ("per-file-ignores", "extend-per-file-ignores")
                if isinstance(given := settings.get(name), dict)
                for pattern, chosen in list(given.items())[:_MOST]
            ),
        ),
    )


def _codes(given: object) -> list[str]:
    return [each for each in given[:_MOST] if isinstance(each, str)] if isinstance(given, list) else []


def _reach(code: str, selectors: Iterable[str]) -> int:
    """How closely the closest of `selectors` means `code`; -1 when none does. `A` is not `ASYNC`."""
    return max((_closeness(code, selector) for selector in selectors), default=-1)


def _closeness(code: str, selector: str) -> int:
    if selector == "ALL":
        return 0
    found, own = _SELECTOR.match(selector), _SELECTOR.match(code)
    if found is None or own is None or found[1] != own[1] or not own[2].startswith(found[2]):
        return -1
    return len(selector)


def _is_left_out(code: str, path: str, linter: Linter) -> bool:
    return any(
        (not codes or _reach(code, codes) >= 0) and _matches(pattern, path)
        for pattern, codes in linter.left_out
    )


def _matches(pattern: str, path: str) -> bool:
    """A name, a folder or a glob, as ruff reads them; `!` before it means all other files."""
    if pattern.startswith("!"):
        return not _matches(pattern[1:], path)
    pattern = pattern.removeprefix("./").rstrip("/")
    parts = path.split("/")
    return (
        fnmatchcase(path, pattern)
        or any(fnmatchcase(part, pattern) for part in parts)
        or path.startswith(f"{pattern}/")
    )


def _is_one_of(name: str, called: tuple[str, ...]) -> bool:
    return any(name == each or (each.endswith(".") and name.startswith(each)) for each in called)
