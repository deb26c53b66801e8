"""What a function has surely run when it gets to a place: of what fails there, nothing behind it is ever done."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from rules.engine.reading.blocks import blocks_of
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import children_of, walk

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.rule import Match

_CAUGHT = frozenset({"AttributeError", "TypeError", "NameError"})
"""Who catches these by name may mean it to fail."""
_PLAIN = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise, ast.Assert, ast.Delete)
_LATER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def fails(match: Match, module: Module, failing: Callable[[ast.AST, Module], Iterable[ast.AST]]) -> bool:
    """Whether something of what is `failing` in a statement surely ran before a match: what stands in the match itself, in
    statements before its own, or in front of it in its own."""
    node = match.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        first = min(match.siblings, default=0)
        return any(
            _end(each) < (first, 0)
            for statement in node.body
            if statement.lineno < first
            for part in _heads(statement)
            for each in failing(part, module)
        )
    statement = module.statement(node)
    if statement is None:
        return False
    if _is_behind(statement, module, failing):
        return True
    around = {node, *_around(node, module)}
    for part in _own(statement, module):
        for each in failing(part, module):
            if part not in around or node in _around(each, module):
                return True
            if each not in around and _end(each) <= _start(node):
                return True
    return False


def is_behind(match: Match, module: Module, failing: Callable[[ast.AST, Module], bool]) -> bool:
    """Whether the statement of a match, or one that surely ran before it, is `failing`."""
    node = match.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        first = min(match.siblings, default=0)
        return any(
            failing(part, module) for each in node.body if each.lineno <= first for part in _heads(each)
        )
    statement = module.statement(node)
    return statement is not None and (
        any(failing(part, module) for part in _own(statement, module))
        or _is_behind(statement, module, failing)
    )


def _around(node: ast.AST, module: Module) -> Iterator[ast.AST]:
    """What stands around a node in its statement."""
    while (above := module.parent(node)) is not None and not isinstance(node, ast.stmt):
        yield above
        node = above


def _start(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _end(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0


def _own(statement: ast.stmt, module: Module) -> Iterator[ast.AST]:
    """What a statement begins with, and those that it stands in."""
    yield from _heads(statement)
    for _, parent in _blocks_around(statement, module):
        if isinstance(parent, ast.stmt) and not isinstance(parent, FUNCTIONS):
            yield from _heads(parent)


def _is_behind(statement: ast.stmt, module: Module, failing: Callable[[ast.AST, Module], object]) -> bool:
    """Whether a simple statement that is failing stands before one, in its block or in those around."""
    return any(
        child in _behind(parent, module, failing) for child, parent in _blocks_around(statement, module)
    )


def _behind(
    parent: ast.AST, module: Module, failing: Callable[[ast.AST, Module], object]
) -> frozenset[ast.AST]:
    """The statements in the blocks of one that stand behind a failing one. Many matches of one block ask."""
    key = (failing, parent)
    known = module.answers.get(key)
    if known is None:
        found: set[ast.AST] = set()
        for block in blocks_of(parent):
            rest = iter(block)
            if any(failing(part, module) for each in rest for part in _heads(each)):
                found.update(rest)
        known = module.answers[key] = frozenset(found)
    return cast("frozenset[ast.AST]", known)


def _blocks_around(statement: ast.stmt, module: Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """A statement and what it is in, then that and what it is in, up to the function; as far as nobody may mean it to fail."""
    child: ast.AST = statement
    parent = module.parent(child)
    while parent is not None and not isinstance(parent, ast.Module | ast.ClassDef):
        if isinstance(parent, ast.Try) and any(_is_caught(each) for each in parent.handlers):
            return
        yield child, parent
        if isinstance(parent, FUNCTIONS):
            return
        child, parent = parent, module.parent(parent)


def _heads(statement: ast.stmt) -> Iterator[ast.AST]:
    """What of a statement is worked out whenever that is run: all of a simple one, else what it begins with."""
    match statement:
        case ast.If(test=head) | ast.While(test=head) | ast.Match(subject=head):
            yield head
        case ast.For(iter=head) | ast.AsyncFor(iter=head):
            yield head
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield items[0].context_expr  # what follows may stand inside of what keeps errors to itself
        case _ if isinstance(statement, _PLAIN):
            yield statement


def _is_caught(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(part, ast.Name) and part.id in _CAUGHT for part in walk(handler.type))


def surely(node: ast.AST) -> Iterator[ast.AST]:
    """What is evaluated whenever a statement is: no arm of a condition, nothing that is only defined there, and of a
    comprehension nothing."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, _LATER):
            continue
        yield node
        match node:
            case ast.IfExp(test=first) | ast.BoolOp(values=[first, *_]) | ast.Assert(test=first):
                pending.append(first)
            case ast.AnnAssign(target=target, value=value):
                pending += [target] if value is None else [value, target]  # a function's own are never read
            case ast.Compare(left=left, comparators=[right, *_]):
                pending += (right, left)
            case _:
                pending += children_of(node)[::-1]
