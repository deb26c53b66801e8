"""Parameters that decide whether something happens at all (`commit=False`), and what calls pass for them.

A *condition* is about one parameter: `+commit` holds when it is true, `-commit` when it is not, `=session` when it is
None, `#session` when it is something. What a call *passes* is written `2;commit=0;session=@db`: how many positional
arguments, those among them and the keywords that are known: `1` true, `0` false, `N` None, `F` a few things that are
written out there, `C` a constant, `@db` a parameter of the caller's own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from rules.engine.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.facts import Call, Function
    from rules.engine.graph import Node
    from rules.engine.index import Index, Scope

_NEGATED = {"+": "-", "-": "+", "=": "#", "#": "="}
_HOLDS = {"+": "1FC", "-": "0NC", "=": "NC", "#": "10FC"}
"""Condition -> the values for which it holds or may hold; None is false."""
_FEW = 10
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Switch(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A parameter that a condition of its function is about."""

    name: str
    position: int = -1
    """Among what a caller passes by position; -1 when it is passed by name only."""
    default: str = ""


def conditions(index: Index, test: ast.expr) -> tuple[str, ...]:
    """What must hold of parameters for `test` to be true, as far as it is known."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            return tuple(found for value in values for found in conditions(index, value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return refusals(index, operand)
        case ast.Compare(left=ast.Name() as name, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return (f"={name.id}",) if _is_parameter(index, name) else ()
        case ast.Compare(left=ast.Name() as name, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return (f"#{name.id}",) if _is_parameter(index, name) else ()
        case ast.Name() if _is_parameter(index, test):
            return (f"+{test.id}",)
    return ()


def refusals(index: Index, test: ast.expr) -> tuple[str, ...]:
    """What must hold of parameters for `test` to be false, as far as it is known."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            return tuple(found for value in values for found in refusals(index, value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return conditions(index, operand)
        case ast.BoolOp():
            return ()
    found = conditions(index, test)
    return tuple(_NEGATED[each[0]] + each[1:] for each in found)


def around(index: Index, test: ast.If | ast.IfExp, child: ast.AST) -> tuple[str, ...]:
    """What must hold of parameters for the arm `child` of a branch to run."""
    if child is test.test:
        return ()
    body = test.body
    is_body = child in body if isinstance(body, list) else child is body
    return conditions(index, test.test) if is_body else refusals(index, test.test)


def after(index: Index, statement: ast.If) -> tuple[str, ...]:
    """What must hold of parameters for what follows `if not commit: return` to run."""
    if statement.orelse or not isinstance(statement.body[-1], _LEAVING):
        return ()
    return refusals(index, statement.test)


def _is_parameter(index: Index, name: ast.Name) -> bool:
    """Whether a name is a parameter that its function never binds anew."""
    bindings = index.scope_at(name).bindings.get(name.id, [])
    return len(bindings) == 1 and bindings[0].kind == "parameter"


def passed(index: Index, call: ast.Call, scope: Scope) -> str:
    """What a call passes; empty when that is nothing anybody could ask about."""
    if not call.args and not call.keywords:
        return ""
    if any(isinstance(value, ast.Starred) for value in call.args) or not all(
        keyword.arg for keyword in call.keywords
    ):
        return "*"
    parts = [str(len(call.args))]
    for position, value in enumerate(call.args):
        if known := _known(value, scope):
            parts.append(f"{position}={known}")
    parts += [f"{keyword.arg}={_known(keyword.value, scope)}" for keyword in call.keywords]
    return ";".join(parts)


def _known(value: ast.expr | None, scope: Scope) -> str:
    if isinstance(value, ast.Constant):
        return "N" if value.value is None else str(int(bool(value.value)))
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        written_out = not any(isinstance(each, ast.Starred) for each in value.elts)
        return "F" if value.elts and written_out and len(value.elts) <= _FEW else ""
    if isinstance(value, ast.Name):
        bindings = scope.bindings.get(value.id, [])
        if len(bindings) == 1 and bindings[0].kind == "parameter":
            return f"@{value.id}"
    return "C" if isinstance(value, ast.Name | ast.Attribute) and last_name(value).isupper() else ""


def of_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool, calls: Iterable[Call]
) -> tuple[Switch, ...]:
    """The parameters that the conditions around `calls` are about, and those with a default that are handed on; `bound` when the first parameter is the object."""
    calls = tuple(calls)
    wanted = {each[1:] for call in calls if call.needs for each in call.needs.split(",")}
    handed_on = {
        part.partition("=@")[2] for call in calls if "=@" in call.passed for part in call.passed.split(";")
    }
    if not wanted and not handed_on:
        return ()
    positional = [*node.args.posonlyargs, *node.args.args]
    given = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    found = [
        Switch(parameter.arg, position - bound, _default(default))
        for position, (parameter, default) in enumerate(zip(positional, given, strict=True))
        if parameter.arg in wanted or (parameter.arg in handed_on and _default(default))
    ]
    found += [
        Switch(parameter.arg, -1, _default(default))
        for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if parameter.arg in wanted or (parameter.arg in handed_on and _default(default))
    ]
    return tuple(found)


def _default(value: ast.expr | None) -> str:
    if not isinstance(value, ast.Constant):
        return ""
    return "N" if value.value is None else str(int(bool(value.value)))


def needs_of(call: Call) -> tuple[str, ...]:
    """The conditions on its function's parameters under which a call is made."""
    return tuple(call.needs.split(",")) if call.needs else ()


def left(needs: tuple[str, ...], function: Function, call: Call) -> tuple[str, ...] | None:
    """What remains to be known, of the caller's own parameters, for something that `function` does only under `needs`.

    None when the call says that it does not happen.
    """
    if not needs:
        return ()
    if call.passed == "*":
        return ()
    count, given = _given(call.passed)
    switches = {each.name: each for each in function.switches}
    remaining: list[str] = []
    for condition in needs:
        switch = switches.get(condition[1:]) or Switch(condition[1:])
        value = _value(switch, count, given)
        if value[:1] == "@":
            remaining.append(condition[0] + value[1:])
        elif value and value not in _HOLDS[condition[0]]:
            return None
    return tuple(dict.fromkeys(remaining))


def _given(passed: str) -> tuple[int, dict[str, str]]:
    if not passed:
        return 0, {}
    count, *parts = passed.split(";")
    return int(count), dict(part.split("=", 1) for part in parts)


def _value(switch: Switch, count: int, given: dict[str, str]) -> str:
    """What a parameter gets; empty when nobody knows."""
    if switch.name in given:
        return given[switch.name]
    if 0 <= switch.position < count:
        return given.get(str(switch.position), "")
    return switch.default


def passes(call: Call, parameter: str, position: int) -> bool:
    """Whether a call gives the parameter something that is not written down as None or false."""
    if call.passed == "*":
        return False
    count, given = _given(call.passed)
    if parameter in given:
        return given[parameter] not in ("N", "0")
    return 0 <= position < count and given.get(str(position), "") not in ("N", "0")


def gets_few(node: Node, parameter: str, position: int) -> bool:
    """Whether every call of a function passes a constant, or things written out there, for a parameter."""
    calls = [edge.call for _, edge in node.callers if edge.kind == "call"]
    if not calls or len(calls) != len(node.callers):
        return False
    switch = Switch(parameter, position)
    return all(call.passed != "*" and _value(switch, *_given(call.passed)) in ("F", "C") for call in calls)
