"""Whether loaded rows, or a collection of a row, serve one thing alone: another use of them needs them all."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.reading.loop_shapes import asks_for_any
from rules.engine.reading.origins import assigned
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module


def is_used_once(source: ast.expr, module: Module) -> bool:
    """Whether the rows serve this only: another use needs them all."""
    if not isinstance(source, ast.Name):
        return True
    function = module.function_of(source)
    if function is None:
        return False
    return _loaded(function.node, module)[source.id] == 1


@once_for_node
def _loaded(function: ast.AST, module: Module) -> Counter[str]:
    """How often each name is read in a function."""
    return Counter(
        part.id for part in walk(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    )


def is_read_once(source: ast.Attribute, module: Module) -> bool:
    """Whether nothing else in the function reads a collection of that name: another use needs them all."""
    function = module.function_of(source)
    if function is None:
        return False
    uses = [
        part for part in walk(function.node) if isinstance(part, ast.Attribute) and part.attr == source.attr
    ]
    # What the query names to be loaded is the class's: `joinedload(Section.members)`.
    return sum(not _is_of_class(part) for part in uses) == 1


def _is_of_class(part: ast.Attribute) -> bool:
    return isinstance(part.value, ast.Name) and part.value.id[:1].isupper()


def only_first(node: ast.Subscript, module: Module) -> ast.Name | None:
    """`rows` of `rows[0]`, where the function else only asks whether there are any. Said at the first such place."""
    match node:
        case ast.Subscript(value=ast.Name() as rows, slice=ast.Constant(value=0), ctx=ast.Load()):
            pass
        case _:
            return None
    function = module.function_of(node)
    if function is None or assigned(rows, module) is None:
        return None
    for use in walk(function.node):
        if isinstance(use, ast.Name) and use.id == rows.id and isinstance(use.ctx, ast.Load):
            match parent := module.parent(use):
                case ast.Subscript(slice=ast.Constant(value=0)):
                    if (parent.lineno, parent.col_offset) < (node.lineno, node.col_offset):
                        return None
                case ast.If(test=test) | ast.IfExp(test=test) if test is use:
                    pass
                case ast.UnaryOp(op=ast.Not()):
                    pass
                case ast.Call(func=ast.Name(id="len")) if isinstance(
                    compared := module.parent(parent), ast.Compare
                ):
                    if not asks_for_any(compared):
                        return None
                case _:
                    return None
    return rows
