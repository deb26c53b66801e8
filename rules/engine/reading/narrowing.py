"""What a function knows of a value that it asked `isinstance` about."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Binding, Scope


def narrowed(index: Index, node: ast.Name, bindings: Sequence[Binding], scope: Scope) -> str:
    """The reference to an instance of the class that `node` was found to be of where it stands; empty when it was not.

    `bindings` are the ones that it may see: a check before one of them says nothing.
    """
    if node.id not in _checked(index, scope):
        return ""
    last = max(binding.line for binding in bindings)
    for test, holds in _tests(index, node):
        if test.lineno < last:
            break
        for part in _parts(test, holds=holds):
            cls = _class(part, node.id)
            if cls is not None:
                found = index.ref(cls, scope)
                return f"{found}:" if found else ""
    return ""


def _checked(index: Index, scope: Scope) -> frozenset[str]:
    known = index.checked.get(scope)
    if known is None:
        known = index.checked[scope] = frozenset(
            call.args[0].id
            for call in scope.calls
            if isinstance(call.func, ast.Name)
            and call.func.id == "isinstance"
            and call.args
            and isinstance(call.args[0], ast.Name)
        )
    return known


def _tests(index: Index, node: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions that hold, or do not, wherever `node` runs, the nearest first."""
    child, parent = node, index.parents.get(node)
    while parent is not None and parent not in index.scope_of:
        match parent:
            case ast.If(body=body) if child in body:
                yield parent.test, True
            case ast.IfExp(body=body) if child is body:
                yield parent.test, True
            case ast.BoolOp(op=ast.And(), values=values):
                for value in values[: values.index(child)]:  # type: ignore[arg-type]  # one of them
                    yield value, True
        if isinstance(child, ast.stmt):
            yield from ((each.test, False) for each in _left_before(parent, child))
        child, parent = parent, index.parents.get(parent)
    if parent is not None and isinstance(child, ast.stmt):
        yield from ((each.test, False) for each in _left_before(parent, child))


def _left_before(owner: ast.AST, statement: ast.stmt) -> Iterator[ast.If]:
    """The branches before a statement of the same block that end the way there: `if not isinstance(x, C): return`."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(owner, name, None)
        if isinstance(block, list) and statement in block:
            for each in reversed(block[: block.index(statement)]):
                if (
                    isinstance(each, ast.If)
                    and not each.orelse
                    and isinstance(each.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
                ):
                    yield each


def _parts(test: ast.expr, *, holds: bool) -> Iterator[ast.expr]:
    """What is known to be true when a condition holds, or does not."""
    if holds:
        yield from test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else (test,)
        return
    options = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else [test]
    for each in options:
        if isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.Not):
            yield each.operand


def _class(test: ast.expr, name: str) -> ast.expr | None:
    match test:
        case ast.Call(
            func=ast.Name(id="isinstance"), args=[ast.Name(id=asked), ast.Name() | ast.Attribute() as cls]
        ):
            return cls if asked == name else None
    return None
