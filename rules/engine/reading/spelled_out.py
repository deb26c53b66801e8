"""Calls with the names in them replaced by what the file says that they stand for: constants, and the turns of a written-out loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set

from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Binding, Scope
from rules.engine.reading.walking import children_of

_MOST = 60
"""A loop over a longer list is looked at no further."""


def spelled_out(index: Index, call: ast.Call, scope: Scope) -> Iterator[ast.Call]:
    """The call as each turn of the written-out loops around it makes it; the call itself where nothing is known."""
    names = _names_in(_arguments(call))
    if not names:
        yield call
        return
    constants = {name: value for name in names if (value := constant(name, scope)) is not None}
    for values in _turns(index, call, scope):
        known = {**constants, **values}
        yield _Filled(known).call(call) if known else call


def spells_out(scope: Scope, besides: Set[str] = frozenset()) -> bool:
    """Whether `spelled_out` may say another call than it is given: whether there are loops, or literals with names,
    `besides` some of which nobody hands on."""
    if scope.repeats:
        return True
    at: Scope | None = scope
    while at is not None:
        for name, bindings in at.bindings.items():
            if name not in besides and (value := _only(bindings)) is not None and _is_literal(value):
                return True
        at = at.parent
    return False


def constant(name: str, scope: Scope) -> ast.expr | None:
    """The literal that a name is bound to in the function or in the file, and never to anything else."""
    value = _bound(name, scope)
    return value if value is not None and _is_literal(value) else None


def _bound(name: str, scope: Scope) -> ast.expr | None:
    """What the innermost scope that binds `name` binds it to, where it does so once."""
    at: Scope | None = scope
    while at is not None:
        if bindings := at.bindings.get(name):
            return _only(bindings)
        at = at.parent
    return None


def _only(bindings: list[Binding]) -> ast.expr | None:
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
    return value if isinstance(value, ast.expr) else None


def _names_in(given: list[ast.AST]) -> set[str]:
    names: set[str] = set()
    for each in given:  # grows while we go
        if each.__class__ is ast.Name:
            names.add(each.id)
        elif each.__class__ is not ast.Constant:
            given += children_of(each)
    return names


def _arguments(call: ast.Call) -> list[ast.AST]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_literal(value: ast.expr) -> bool:
    return (isinstance(value, ast.Constant) and isinstance(value.value, str)) or (
        isinstance(value, (ast.List, ast.Tuple)) and all(map(_is_literal, value.elts))
    )


def _turns(index: Index, call: ast.Call, scope: Scope) -> list[dict[str, ast.expr]]:
    """For each turn of the loops around a call, what their variables stand for."""
    found: list[dict[str, ast.expr]] = [{}]
    current = index.parents.get(call)
    while current is not None and not isinstance(
        current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    ):
        if isinstance(current, ast.For):
            own = list(_values(current, scope))
            if own and len(own) * len(found) <= _MOST:
                found = [{**outer, **inner} for outer in own for inner in found]
        current = index.parents.get(current)
    return found


def _values(loop: ast.For, scope: Scope) -> Iterator[dict[str, ast.expr]]:
    source: ast.expr | None = loop.iter
    match loop.iter:
        case ast.Name(id=name):
            source = _listed(name, scope)
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Dict() as owner, attr="items"), args=[]):
            source = _listed(owner.id, scope) if isinstance(owner, ast.Name) else owner
    if isinstance(source, ast.Dict):
        items: list[ast.expr] = [
            ast.Tuple([key, value], ast.Load())
            for key, value in zip(source.keys, source.values, strict=True)
            if key is not None
        ]
    elif isinstance(source, (ast.List, ast.Tuple, ast.Set)):
        items = source.elts
    else:
        return
    for item in items:
        yield dict(_matched(loop.target, item))


def _matched(target: ast.expr, item: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names of a loop's target with what they stand for in the turn of `item`."""
    match target, item:
        case ast.Name(id=name), _:
            yield name, item
        case ast.Tuple(elts=names), ast.Tuple(elts=values) | ast.List(elts=values) if len(names) == len(
            values
        ):
            for part, value in zip(names, values, strict=True):
                yield from _matched(part, value)


def _listed(name: str, scope: Scope) -> ast.expr | None:
    """The list, tuple or dictionary that a name is bound to, and to nothing else."""
    value = _bound(name, scope)
    return value if isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.Dict)) else None


class _Filled:
    """Copies of calls with some names replaced, within f-strings too; what is left alone is shared with the original."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known

    def call(self, call: ast.Call) -> ast.Call:
        copied = ast.Call(
            call.func,
            [self._copied(value) for value in call.args],
            [ast.keyword(keyword.arg, self._copied(keyword.value)) for keyword in call.keywords],
        )
        return ast.copy_location(copied, call)

    def _copied(self, value: ast.expr) -> ast.expr:
        match value:
            case ast.Name(id=name) if name in self._known:
                return self._known[name]
            case ast.JoinedStr(values=parts):
                return ast.copy_location(ast.JoinedStr([self._part(part) for part in parts]), value)
            case ast.Call():
                return self.call(value)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) as kind:
                made = type(kind)([self._copied(each) for each in elements], ast.Load())
                return ast.copy_location(made, value)
        return value

    def _part(self, part: ast.expr) -> ast.expr:
        match part:
            case ast.FormattedValue(value=ast.Name(id=name)) if isinstance(
                known := self._known.get(name), ast.Constant
            ):
                return known
        return part
