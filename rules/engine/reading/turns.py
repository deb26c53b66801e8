"""How many turns a loop has at most, where the code says so: a literal, `range(5)`, a page of `.limit(20)` rows."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Binding
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

MOST = 10_000
"""More is as good as unknown."""
_PASSING = frozenset({"enumerate", "reversed", "sorted", "list", "tuple", "set", "iter"})
_EXECUTING = frozenset(
    {"execute", "scalars", "exec", "scalar", "stream", "stream_scalars", "fetch", "fetch_all"}
)
_LIMITING = frozenset({"limit", "fetchmany", "to_list", "head", "first_n"})
_FAR = 6
SEVERAL = 5
"""As many members of a default are more than a handful."""


def turns(index: Index, iterable: ast.expr) -> int | None:
    """The most turns of a loop over `iterable`; None where the code does not say."""
    if iterable not in index.turns:
        index.turns[iterable] = _turns(index, iterable, 0)
    return index.turns[iterable]


def _turns(index: Index, iterable: ast.expr, far: int) -> int | None:
    if far > _FAR:
        return None
    match iterable:
        case ast.Tuple(elts=members) | ast.List(elts=members) | ast.Set(elts=members):
            return None if any(isinstance(each, ast.Starred) for each in members) else len(members)
        case ast.Await(value=inner):
            return _turns(index, inner, far + 1)
        case ast.Subscript(value=inner, slice=ast.Slice(lower=lower, upper=upper)):
            start, end = number(index, lower) if lower is not None else 0, number(index, upper)
            if start is not None and end is not None and 0 <= start <= end:
                return _bounded(end - start)
            return _turns(index, inner, far + 1)
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            return _of_range([number(index, each) for each in arguments])
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _PASSING:
            return _turns(index, first, far + 1)
        case ast.Call(func=function, args=[_, most]) if last_name(function) == "islice":
            return _bounded(number(index, most))
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=arguments, keywords=keywords):
            if name in _LIMITING:
                given = arguments[:1] or [each.value for each in keywords if each.arg in ("length", "size")]
                return _bounded(number(index, given[0])) if given else None
            if name in _EXECUTING and arguments:
                return _turns(index, arguments[0], far + 1)
            return _turns(index, inner, far + 1)
        case ast.Name():
            return _of_name(index, iterable, far)
    return None


def of_several(node: ast.ClassDef) -> tuple[str, ...]:
    """The attributes of a class whose default is written out and has several members: `Field(default=[…])`."""
    found = []
    for statement in node.body:
        match statement:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=value)
                | ast.Assign(targets=[ast.Name(id=name)], value=value)
            ):
                if _has_several(value):
                    found.append(name)
    return tuple(found)


def _has_several(value: ast.expr | None) -> bool:
    match value:
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
            return len(members) >= SEVERAL
        case ast.Dict(keys=members):
            return len(members) >= SEVERAL
        case ast.Lambda(body=body):
            return _has_several(body)
        case ast.Call(func=function, args=given, keywords=keywords) if last_name(function) in (
            "Field",
            "field",
        ):
            named = [each.value for each in keywords if each.arg in ("default", "default_factory")]
            return any(map(_has_several, (*given[:1], *named)))
    return False


def number(index: Index, node: ast.expr | None) -> int | None:
    """An integer that is written down, or the constant of the module that a name stands for."""
    match node:
        case ast.Constant(value=int(value)) if value is not True and value is not False:
            return value
        case ast.Name() if index.is_of_module(node):
            written = _only(index.bindings_of(node))
            return number(index, written) if isinstance(written, ast.Constant) else None
    return None


def is_trial(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop over a range may end with its first turn: it tries or polls again."""
    if not (isinstance(loop.iter, ast.Call) and last_name(loop.iter) == "range"):
        return False
    return any(
        isinstance(node, (ast.Break, ast.Return)) for statement in loop.body for node in walk(statement)
    )


def _of_range(given: Sequence[int | None]) -> int | None:
    known = [each for each in given if each is not None]
    if not given or len(known) != len(given) or (len(known) == 3 and not known[2]):
        return None
    return _bounded(len(range(*known)))


def _of_name(index: Index, name: ast.Name, far: int) -> int | None:
    value = _only(index.bindings_of(name))
    if value is None:
        return None
    if isinstance(value, (ast.List, ast.Set)) and (not index.is_of_module(name) or not value.elts):
        return None  # it may grow
    return _turns(index, value, far + 1)


def _only(bindings: Sequence[Binding]) -> ast.expr | None:
    binding = bindings[0] if len(bindings) == 1 else None
    if getattr(binding, "kind", "") not in ("value", "annotated"):
        return None
    value = getattr(binding, "value", None)
    if isinstance(value, ast.AnnAssign):
        value = value.value
    return value if isinstance(value, ast.expr) else None


def _bounded(count: int | None) -> int | None:
    return count if count is not None and 0 <= count <= MOST else None
