"""Calls of slow functions whose arguments make them quick: `queue.get(block=False)`, `sleep(0)`, a thousand rounds of a hash."""

from __future__ import annotations

import ast

from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_ROUNDS = 20_000
"""Key derivation with fewer rounds takes a few milliseconds."""
_BRIEF = 0.002
"""Seconds: the ticks of a clock, not a wait."""
_WAITS = frozenset({"get", "acquire", "wait", "join", "result", "put", "poll"})
_SAMPLES = frozenset({"cpu_percent", "cpu_times_percent"})
_CHILDREN = frozenset({"waitpid", "wait3", "wait4", "waitid"})
_TABLES = frozenset({"read_csv", "read_excel"})
_FEW_ROWS = 5
"""Rows that are read to see what the columns are called."""
NAMES = (
    _WAITS
    | _SAMPLES
    | _CHILDREN
    | _TABLES
    | {"sleep", "pbkdf2_hmac", "PBKDF2HMAC", "validate_email", "merge"}
)
"""Final names of calls worth asking about."""

LEFT_OPEN = frozenset({"validate_email", "pbkdf2_hmac"})
"""Of which a `functools.partial` may have said what makes them quick."""


def is_quick(call: ast.Call, name: str) -> bool:
    """Whether the arguments of `call`, of a function whose final name is `name`, say that it returns at once."""
    if name == "sleep":
        return bool(call.args) and _is(call.args[0], 0)
    if name == "merge":
        return takes_as_is(call)
    if name in _WAITS:
        spans = (keyword.value for keyword in call.keywords if _says_how_long(keyword.arg))
        values = [*call.args[:1], *spans]  # `get(url, verify=False)` says nothing of how long
        return any(isinstance(value, ast.Constant) and value.value in (False, 0) for value in values)
    if name == "validate_email":  # looks the domain up, unless told not to
        said = (keyword.value for keyword in call.keywords if keyword.arg == "check_deliverability")
        return not all(isinstance(value, ast.Constant) and value.value for value in said)
    if name in _SAMPLES:  # compares with the call before, unless told how long to watch
        told = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "interval")]
        return not any(not isinstance(value, ast.Constant) or value.value for value in told)
    if name in _CHILDREN:  # looks whether a process has ended, and comes back
        return any(last_name(part) == "WNOHANG" for given in _given(call) for part in walk(given))
    if name in _TABLES:
        return any(keyword.arg in ("nrows", "n_rows") and _is_few(keyword.value) for keyword in call.keywords)
    rounds = next((keyword.value for keyword in call.keywords if keyword.arg == "iterations"), None)
    if rounds is None and len(call.args) > 3:
        rounds = call.args[3]
    match rounds:
        case ast.Constant(value=int(number)):
            return number < _ROUNDS
    return False


def takes_as_is(call: ast.Call) -> bool:
    """`session.merge(order, load=False)`: the session takes the state of the object as that of the row, and asks nobody."""
    return any(
        keyword.arg == "load" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )


def is_brief(call: ast.Call, written: ast.expr | None = None) -> bool:
    """Whether a sleep is known to take a millisecond or so; `written` is what a name among its arguments stands for."""
    match written or (call.args[0] if call.args else None):
        case ast.Constant(value=int(seconds) | float(seconds)):
            return seconds < _BRIEF
        case ast.BinOp(
            op=ast.Div(),
            left=ast.Constant(value=int(number) | float(number)),
            right=ast.Constant(value=int(by) | float(by)),
        ):
            return bool(by) and number / by < _BRIEF
    return False


def _says_how_long(name: str | None) -> bool:
    return name is not None and name.startswith(("block", "timeout", "wait"))


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_few(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value <= _FEW_ROWS


def _is(value: ast.expr, number: int) -> bool:
    return isinstance(value, ast.Constant) and value.value == number
