"""Whether a statement of a loop is reached by one item, or by a few that the code names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.local_values import value_of
from rules.engine.reading.loop_shapes import iterables, targets
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import names_in, walk

if TYPE_CHECKING:
    from rules.engine.module import Module


_KEYS = frozenset(
    {"id", "_id", "pk", "uuid", "key", "slug", "name", "email", "username"}
    | {"field", "field_name", "column", "column_name", "attribute", "parameter"}
)
_FEW_NAMED = 3
"""As many values as a condition may name for an item to be one of a few."""
_MANY_KINDS = 4
"""From so many branches on, an `if` with its `elif`s takes items apart by their kind."""


def is_picked(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """`if release.id != wanted: continue` before it, or `if name == "country":` around it: one item gets there, or a few
    that the code names."""
    item = _Item(loop, module)
    child, parent = node, module.parent(node)
    while parent is not None:
        if (
            isinstance(parent, ast.If)
            and child in parent.body
            and (_picks(parent.test, False, item) or _is_one_of_many(parent, item, module))
        ):
            return True
        if isinstance(parent, ast.match_case) and child in parent.body and _names_value(parent.pattern):
            match = module.parent(parent)
            if isinstance(match, ast.Match) and item.is_key(match.subject):
                return True
        body = getattr(parent, "body", None)
        for earlier in body[: body.index(child)] if isinstance(body, list) and child in body else ():
            if (
                isinstance(earlier, ast.If)
                and isinstance(earlier.body[-1], ast.Continue)
                and _picks(earlier.test, True, item)
            ):
                return True
        if parent is loop:
            break
        child, parent = parent, module.parent(parent)
    return False


def _is_one_of_many(branch: ast.If, item: _Item, module: Module) -> bool:
    """Whether an `if` is a branch among many that ask what the item is: each kind has its own work."""
    first: ast.AST = branch
    while isinstance(above := module.parent(first), ast.If) and above.orelse == [first]:
        first = above
    branches = 0
    while isinstance(first, ast.If):
        branches += bool(names_in(first.test) & (item.names | item.keys)) and any(
            isinstance(part, ast.Constant) and isinstance(part.value, str) for part in walk(first.test)
        )
        first = first.orelse[0] if len(first.orelse) == 1 else first.test
    return branches >= _MANY_KINDS


class _Item:
    """What stands for the item of a turn, and which expressions tell items apart."""

    def __init__(self, loop: ast.AST, module: Module) -> None:
        self.module = module
        self.names = {
            name.id for target in targets(loop) for name in walk(target) if isinstance(name, ast.Name)
        }
        self.keys: set[str] = set()
        """The item itself where it is one value, the key of `.items()`, and `field` after `field = item.field`."""
        for target, iterable in zip(targets(loop), iterables(loop), strict=True):
            match target:
                case ast.Name(id=name):
                    self.keys.add(name)
                case ast.Tuple(elts=[ast.Name(id=name), *_]) if last_name(iterable) in ("items", "enumerate"):
                    self.keys.add(name)
        for statement in loop.body if isinstance(loop, (ast.For, ast.AsyncFor)) else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self.is_key(value):
                    self.keys.add(name)

    def is_key(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.keys
            case ast.Attribute(value=ast.Name(id=name), attr=key):
                return name in self.names and key in _KEYS
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                return name in self.names and key in _KEYS
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                return name in self.names and key in _KEYS
        return False

    def are_few(self, values: ast.expr) -> bool:
        """Whether `values` are a few that are written down, here or under a name."""
        written = value_of(values, self.module) if isinstance(values, ast.Name) else values
        if not isinstance(written, (ast.Tuple, ast.List, ast.Set)) or len(written.elts) > _FEW_NAMED:
            return False
        return not any(isinstance(each, ast.Starred) for each in written.elts)


def _names_value(pattern: ast.pattern) -> bool:
    """`case "country":`, `case Role.OWNER | Role.ADMIN:`."""
    match pattern:
        case ast.MatchValue():
            return True
        case ast.MatchOr(patterns=patterns):
            return len(patterns) <= _FEW_NAMED and all(map(_names_value, patterns))
    return False


def _picks(test: ast.expr, negated: bool, item: _Item) -> bool:
    """Whether `test` (its contrary when `negated`) compares a key of an item with what is the same for all of them, or
    with a few constants."""
    equal, among = ((ast.NotEq, ast.IsNot), ast.NotIn) if negated else ((ast.Eq, ast.Is), ast.In)
    match test:
        case ast.BoolOp(op=ast.And(), values=values) if not negated:
            return any(_picks(value, negated, item) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values) if not negated:
            return len(values) <= _FEW_NAMED and all(_picks(each, negated, item) for each in values)
        case ast.Compare(left=left, ops=[found], comparators=[right]) if isinstance(found, among):
            return item.is_key(left) and item.are_few(right)
        case ast.Compare(left=left, ops=[found], comparators=[right]) if isinstance(found, equal):
            key, other = (left, right) if item.is_key(left) else (right, left)
            nothing = isinstance(other, ast.Constant) and other.value is None
            return item.is_key(key) and not nothing and not names_in(other) & item.names
    return False
