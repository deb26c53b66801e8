"""Which round trips to a database are made once per item of a loop, and what they do: the question that FP201,
FP202 and FP213 share.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.context import Context
from rules.engine.creation import serves
from rules.engine.extraction import fills_gap, is_writing
from rules.engine.loop_shapes import is_batched, is_search, is_short

if TYPE_CHECKING:
    from rules.engine.index import LoopNode
    from rules.engine.module import Module

OTHER_STORES = frozenset({"redis", "memcached"})
"""Key-value stores have their own answer: a pipeline, one command for many keys."""


def loop_of(node: ast.AST, module: Module) -> LoopNode | None:
    """The loop that makes `node` happen once per item of data, differently each time; None when it does not matter.

    `while` loops, retries, batches, loops of a few turns, start-up code and scripts are no such loops.
    """
    loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
    if not loops or not serves(node, module) or module.contexts(node) == {Context.STARTUP}:
        return None
    if any(
        module.is_short(each) or is_short(each, module.qualified_name) or is_batched(each) or is_search(each)
        for each in loops
    ):
        return None
    loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
    if loop is None or _is_rare(node, loop, module) or leaves_after(node, loop, module):
        return None
    return loop


def ancestors(node: ast.AST, loop: ast.AST, module: Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """(parent, child) from `node` up to `loop`."""
    child, parent = node, module.parent(node)
    while parent is not None:
        yield parent, child
        if parent is loop:
            return
        child, parent = parent, module.parent(parent)


def leaves_after(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """`return`, `break` or `raise` follows in the same block: it happens at most once."""
    for parent, child in ancestors(node, loop, module):
        for block in (getattr(parent, field, None) for field in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and child in block:
                rest = block[block.index(child) :]
                if any(isinstance(statement, ast.Return | ast.Break | ast.Raise) for statement in rest):
                    return True
    return False


def _is_rare(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """In an exception handler, or only when something is not there yet: not once per item."""
    return any(
        isinstance(parent, ast.ExceptHandler)
        or (isinstance(parent, ast.If) and child in parent.body and fills_gap(parent, node))
        for parent, child in ancestors(node, loop, module)
    )


def takes_many(call: ast.Call) -> bool:
    """The statement asks for many rows at once already."""
    return any(isinstance(node, ast.Attribute) and node.attr in ("in_", "any_") for node in ast.walk(call))


def writes(call: ast.Call, module: Module) -> bool:
    """`execute(insert(...))`, `execute("UPDATE ...")`: a statement that writes, whatever the method is called."""
    if not call.args:
        return False
    statement = call.args[0]
    return is_writing(statement, module.index.ref(statement, module.index.scope_at(statement)))
