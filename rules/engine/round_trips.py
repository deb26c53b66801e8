"""Which round trips to a database are made once per item of a loop, and what they do: the question that FP201,
FP202 and FP213 share.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.context import Context
from rules.engine.creation import serves
from rules.engine.extraction import is_writing
from rules.engine.finding import Hop
from rules.engine.loop_shapes import is_batched, is_search, is_short, spelled
from rules.engine.surroundings import fills_gap
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.index import LoopNode
    from rules.engine.module import Module
    from rules.engine.summaries import Leaf, Summary

OTHER_STORES = frozenset({"redis", "memcached"})
"""Key-value stores have their own answer: a pipeline, one command for many keys."""

MANY = frozenset(
    {
        "executemany",
        "execute_many",
        "executescript",
        "insert_many",
        "bulk_write",
        "bulk_create",
        "bulk_update",
    }
    | {"bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "copy_records_to_table"}
    | {"copy_to_table", "replace_many", "save_all", "insert_many_execute", "abulk_create", "abulk_update"}
    | {"create_index", "create_indexes", "drop", "drop_index", "insert_df", "raw_insert", "bulk_save"}
)
"""Methods that write many rows at once, or the schema."""
_RUNNING = frozenset({"execute", "exec", "scalar", "scalars", "fetchval", "fetchrow", "fetch"})
_BUILDERS = frozenset({"insert", "update", "delete"})
_SCHEMA = re.compile(
    r"\s*(?:CREATE|ALTER|DROP|TRUNCATE|SET|GRANT|VACUUM|ANALYZE|LOCK|NOTIFY|LISTEN)\s", re.IGNORECASE
)


def loop_of(node: ast.AST, module: Module) -> LoopNode | None:
    """The loop that makes `node` happen once per item of data, differently each time; None when it does not matter.

    `while` loops, retries, batches, loops of a few turns, subscriptions, start-up code and scripts are no such loops.
    """
    loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
    if not loops or not serves(node, module) or module.contexts(node) == {Context.STARTUP}:
        return None
    if any(is_batched(each) or is_search(each) or _is_subscription(each, module) for each in loops):
        return None
    loops = [
        each for each in loops if not module.is_short(each) and not is_short(each, module.qualified_name)
    ]
    loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
    if loop is None or _is_rare(node, loop, module) or leaves_after(node, loop, module):
        return None
    return loop


def _is_subscription(loop: LoopNode, module: Module) -> bool:
    """`async for event in subscribe()`: what arrives over time, not the rows of a query."""
    if not isinstance(loop, ast.AsyncFor):
        return False
    source = loop.iter.value if isinstance(loop.iter, ast.Await) else loop.iter
    if not isinstance(source, ast.Call) or module.query(source) is not None:
        return False
    return module.callee(source) is not None


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


def goes_out(summary: Summary) -> bool:
    """Whether a helper waits for another machine too: then the database is the least of what an item costs."""
    return bool(summary.external) or any(
        leaf.blocking is not None and leaf.blocking.kind in (Kind.NET, Kind.PROC) for leaf in summary.blocking
    )


def nearest(leaves: Iterable[Leaf], *kinds: str) -> Leaf | None:
    """The nearest leaf of one of the `kinds` of query that happens each time, not only on a miss."""
    for leaf in leaves:
        query = libraries.query(leaf.callable)
        if query is None or query.driver in OTHER_STORES or (kinds and query.kind not in kinds):
            continue
        if not leaf.cached and not leaf.on_miss:
            return leaf
    return None


def way_to(call: ast.Call, leaf: Leaf, module: Module) -> tuple[Hop, ...]:
    """The call path from `call` itself to the leaf."""
    return Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *leaf.path


def short(leaf: Leaf) -> str:
    """`Session.scalars` of `sqlalchemy.orm.Session.scalars`."""
    return ".".join(leaf.callable.split(".")[-2:])


def writes_row(call: ast.Call, module: Module) -> bool:
    """Whether `call` writes one row (or document): not many at once, and no schema."""
    query = module.query(call)
    if query is None or query.driver in OTHER_STORES or query.kind not in ("select", "write"):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in MANY or takes_many(call):
        return False
    if name not in _RUNNING or query.driver == "asyncpg":
        return query.kind == "write" and not _defines(call)
    if len(call.args) > 1 and module.type_of(call.args[0]) == "sqlalchemy.sql.Insert":
        return False  # a list of rows
    return writes(call, module) and not _defines(call)


def one_table(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether all turns write to the same table: no text put together, no `insert(table)` of the loop's own table."""
    for part in (node for argument in call.args[:1] for node in ast.walk(argument)):
        match part:
            case ast.JoinedStr() | ast.BinOp(op=ast.Mod() | ast.Add()) if module.depends_on_loop(part, loop):
                return False
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name) as function) if name in _BUILDERS:
                table = part.args[0] if part.args else getattr(function, "value", function)
                if module.depends_on_loop(table, loop):
                    return False
    return True


def _defines(call: ast.Call) -> bool:
    """`execute("CREATE TABLE …")`: as long as the schema, not as the data."""
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and _SCHEMA.match(part.value)
        for argument in call.args[:1]
        for part in ast.walk(argument)
    )


def writes(call: ast.Call, module: Module) -> bool:
    """`execute(insert(...))`, `execute("UPDATE ...")`: a statement that writes, whatever the method is called."""
    if not call.args:
        return False
    statement = call.args[0]
    return is_writing(module.index, statement, module.index.scope_at(statement))
