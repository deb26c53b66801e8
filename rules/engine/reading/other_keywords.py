"""Keywords that a function asks for in its `**kwargs`, and dicts of known keys that calls spread: `open(**options)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_OFF = (None, False)


def asked(index: Index, call: ast.Call) -> str:
    """The keyword of `kwargs.get("eager")` or `kwargs.get("eager", False)`, where the function takes all others as `kwargs` and
    puts none of its own among them; empty for any other call."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name() as rest, attr="get"),
            args=[ast.Constant(value=str(key)), *defaults],
            keywords=[],
        ) if key.isidentifier() and all(
            isinstance(each, ast.Constant) and each.value in _OFF for each in defaults
        ):
            return key if _is_rest(index, rest) else ""
    return ""


def under(index: Index, name: ast.Name) -> list[str]:
    """The keywords without which a name of the function is false: `eager = settings.eager and kwargs.get("eager", False)`."""
    bindings = index.scope_at(name).bindings.get(name.id, ())
    if len(bindings) != 1 or bindings[0].kind != "value" or not isinstance(bindings[0].value, ast.expr):
        return []
    value = bindings[0].value
    found = []
    for part in value.values if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.And) else [value]:
        match part:
            case ast.Compare(left=inner, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=True)]):
                part = inner
        if isinstance(part, ast.Call) and (key := asked(index, part)):
            found.append(key)
    return found


def spread(index: Index, value: ast.expr, scope: Scope) -> list[str] | None:
    """The keys of a dict that a call spreads, of which the function writes out every one; None where nobody knows them."""
    if not isinstance(value, ast.Name):
        return None
    bindings = scope.bindings.get(value.id, ())
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
    if isinstance(made, ast.AnnAssign):
        made = made.value
    keys = _keys(made)
    if keys is None:
        return None
    for part in walk(scope.node):
        if not isinstance(part, ast.Name) or part.id != value.id:
            continue
        match index.parents.get(part):
            case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(key))):
                keys.append(key)
            case ast.keyword(arg=None):
                pass
            case _ if isinstance(part.ctx, ast.Load):
                return None
    return list(dict.fromkeys(keys))


def _keys(made: object) -> list[str] | None:
    if not isinstance(made, ast.Dict):
        return None
    keys = [
        each.value for each in made.keys if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    return keys if len(keys) == len(made.keys) else None


def _is_rest(index: Index, name: ast.Name) -> bool:
    scope = index.scope_at(name)
    function = scope.node
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    rest = function.args.kwarg
    if rest is None or rest.arg != name.id or len(scope.bindings.get(name.id, ())) != 1:
        return False
    return not any(
        _adds(index.parents.get(part))
        for part in walk(function)
        if isinstance(part, ast.Name) and part.id == name.id
    )


def _adds(around: ast.AST | None) -> bool:
    match around:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(attr="update" | "setdefault"):
            return True
    return False
