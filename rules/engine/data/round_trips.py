"""Which round trips to a database are made once per item of a loop, and what they do: the question that FP201,
FP202 and FP213 share.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs.waits import wait_of
from rules.engine.data.growing_loops import grows
from rules.engine.data.per_item import (
    goes_over_traits,
    is_doubtful,
    is_few,
    is_member_call,
    sounds_few,
    takes_steps,
)
from rules.engine.data.picked_items import is_picked
from rules.engine.finding import Confidence, Hop, Severity
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.context import Context
from rules.engine.linking.roles import Role
from rules.engine.reading import facts
from rules.engine.reading.blocks import block_with, blocks_of
from rules.engine.reading.calls import is_writing
from rules.engine.reading.gaps import fills_gap
from rules.engine.reading.loop_shapes import (
    is_batched,
    is_search,
    is_short,
    iterables,
    spelled,
    targets,
    unwrapped,
)
from rules.engine.reading.regexes import regex
from rules.engine.reading.rows import ITEM
from rules.engine.reading.scopes import Part
from rules.engine.reading.spelling import last_name, targets_of
from rules.engine.reading.walking import walk
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_maintenance, is_seldom
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode

OTHER_STORES = frozenset({"redis", "memcached"})
"""Key-value stores have their own answer: a pipeline, one command for many keys."""

_KEPT = facts.RECALLED | facts.ON_MISS | facts.ONCE

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
_FAR = 3
"""So many calls away a query is likely a side matter of what an item needs anyway."""
_RUNNING = frozenset({"execute", "exec", "scalar", "scalars", "fetchval", "fetchrow", "fetch"})
_BUILDERS = frozenset({"insert", "update", "delete", "select"})
_HEAVY = regex(
    r"(?:^|_)a?(?:ingest|embed|retrieve|transcribe|synthesi[sz]e|infer|predict|train|restart|deploy|crawl|scrape|download)"
    r"(?:_|$)|(?:^|_)(?:upload|transcode)(?:_|$)"
)
"""Names of work beside which one look-up is nothing, whatever it is made of."""
_STORE = regex(r"(?:^|_)(?:(?:file|object|blob)?_?storage|s3(?:_client)?|bucket|minio(?:_client)?|gcs)$")
_EXPORTING = regex(r"(?:^|_)(?:export|convert|scan|backup|ingest|render)(?:_|$)|_to_file$")
"""Names of functions that make or read a whole document each time."""
_UPLOADS = frozenset(
    {"fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"}
)
_MESSAGES = frozenset(
    {"iter_json", "iter_text", "iter_bytes", "iter_lines", "aiter_lines", "aiter_bytes", "aiter_text"}
)
"""What arrives over a connection, as long as it is open."""
_AWAITS_MORE = frozenset({"sleep", "wait", "wait_for", "listen", "notifies", "get_message"})
"""What a generator calls that waits for rows to come."""
_MEMO = regex(r"cache|memo", re.IGNORECASE)
_DEFINING = frozenset(
    {"CreateTable", "DropTable", "CreateIndex", "DropIndex", "CreateSchema", "DropSchema", "DDL"}
    | {"AddConstraint", "DropConstraint", "CreateSequence", "DropSequence"}
)
_SCHEMA = regex(
    r"\s*(?:CREATE|ALTER|DROP|TRUNCATE|SET|GRANT|VACUUM|ANALYZE|LOCK|NOTIFY|LISTEN)\s", re.IGNORECASE
)


@once_for_node
def loop_of(node: ast.AST, module: Module) -> LoopNode | None:
    """The loop that makes `node` happen once per item of data, differently each time; None when it does not matter.

    `while` loops, retries, batches, loops of a few turns, subscriptions, start-up code and scripts are no such loops.
    """
    loop = _varying(node, module)
    if loop is None or _is_rare(node, loop, module) or leaves_after(node, loop, module):
        return None
    return loop


def loop_of_gaps(node: ast.AST, module: Module) -> tuple[LoopNode, str] | None:
    """The loop in which `node` happens once for each value that a dictionary of the function does not hold yet, and the name
    of the dictionary: `if key not in names: names[key] = load(key)`. It begins anew with each call, as many values as there are."""
    loop = _varying(node, module)
    function = module.function_of(node)
    if loop is None or function is None or leaves_after(node, loop, module):
        return None
    for parent, child in ancestors(node, loop, module):
        if isinstance(parent, ast.ExceptHandler):
            return None
        if isinstance(parent, ast.If) and child in parent.body and fills_gap(parent, node):
            for statement in parent.body:
                match targets_of(statement):
                    case [ast.Subscript(value=ast.Name(id=name))] if _is_made_before(
                        name, loop, function.node
                    ):
                        return loop, name
    return None


def _is_made_before(name: str, loop: LoopNode, function: ast.AST) -> bool:
    """Whether a function makes the dictionary `name` itself, ahead of a loop."""
    return any(
        statement.lineno < loop.lineno
        and any(isinstance(target, ast.Name) and target.id == name for target in targets_of(statement))
        and (
            isinstance(statement.value, ast.Dict | ast.DictComp)
            or (
                isinstance(statement.value, ast.Call)
                and last_name(statement.value) in ("dict", "defaultdict")
            )
        )
        for statement in walk(function)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
    )


def _varying(node: ast.AST, module: Module) -> LoopNode | None:
    """As `loop_of`, however rarely a turn gets to `node`."""
    loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
    if not loops or not serves(node, module) or module.contexts(node) == {Context.STARTUP}:
        return None
    if any(is_batched(each) or is_search(each) or _is_subscription(each, module) for each in loops):
        return None
    loops = [
        each
        for each in loops
        if not module.is_short(each)
        and not is_short(each, module.qualified_name)
        and not is_few(each, module)
    ]
    return next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)


def _is_subscription(loop: LoopNode, module: Module) -> bool:
    """`async for event in subscribe()`: what arrives over time, not the rows of a query."""
    if not isinstance(loop, ast.AsyncFor):
        return False
    source = loop.iter.value if isinstance(loop.iter, ast.Await) else loop.iter
    if not isinstance(source, ast.Call) or module.query(source) is not None:
        return False
    if last_name(source.func) in _MESSAGES:
        return True
    generator = module.callee(source)
    return generator is not None and not _gives_rows(generator, module)


def _gives_rows(generator: Node, module: Module) -> bool:
    """Whether a generator of the project hands on the rows of its query, and does not ask again and again for what comes."""
    summary = module.project.summaries.of(generator)
    return (
        nearest(summary.reads) is not None
        and not goes_out(summary)
        and not any(call.ref.rpartition(".")[2] in _AWAITS_MORE for call in generator.function.calls)
    )


def goes_over_read_rows(loop: ast.AST, module: Module) -> bool:
    """`async for order in orders_of(session)`: an asynchronous loop over a query, or over a generator that reads one."""
    source = loop.iter if isinstance(loop, ast.AsyncFor) else None
    if isinstance(source, ast.Await):
        source = source.value
    if not isinstance(source, ast.Call):
        return False
    generator = module.callee(source)
    return module.query(source) is not None or (generator is not None and _gives_rows(generator, module))


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
        for block in blocks_of(parent):
            if child in block:
                rest = block[block.index(child) :]
                if any(isinstance(statement, (ast.Return, ast.Break, ast.Raise)) for statement in rest):
                    return True
    return False


def _is_rare(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """In an exception handler, or only when something is not there yet: not once per item."""
    return any(
        isinstance(parent, ast.ExceptHandler)
        or (isinstance(parent, ast.If) and child in parent.body and fills_gap(parent, node))
        for parent, child in ancestors(node, loop, module)
    )


def is_isolated(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """Inside a `try` of the loop's body, or in an arm of it that runs after success or failure: an item may fail without
    the others, on purpose."""
    return any(
        isinstance(parent, ast.Try) and (child in parent.body or bool(parent.handlers))
        for parent, child in ancestors(node, loop, module)
    )


def conditions(node: ast.AST, loop: ast.AST, module: Module) -> int:
    """How many conditions of its turn a call stands under, of those where the other way round makes no such call."""
    own = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    found = 0
    for parent, child in ancestors(node, loop, module):
        if not isinstance(parent, ast.If) or child is parent.test:
            continue
        other = parent.orelse if child in parent.body else parent.body
        if not any(
            isinstance(each, ast.Call) and ast.unparse(each.func) == own
            for statement in other
            for each in walk(statement)
        ):
            found += 1
    return found


def weighed(severity: Severity, node: ast.AST, module: Module) -> Severity:
    """A severity where requests wait for it and the turns are seen to grow; less where nobody waits, where requests come
    now and then, and where the list may be one that somebody configured."""
    if not module.is_waited_for(node) or is_seldom(node, module):
        return min(severity, Severity.MEDIUM, key=lambda each: each.rank)
    if not any(grows(loop, module) and not goes_over_traits(loop) for loop in module.loops(node)):
        return min(severity, Severity.MEDIUM, key=lambda each: each.rank)
    return severity


def is_never_awaited(call: ast.Call, module: Module) -> bool:
    """Whether a comprehension only makes coroutines of which nobody asks the answer."""
    if module.is_awaited(call):
        return False
    child: ast.AST = call
    parent = module.parent(child)
    while isinstance(parent, (ast.expr, ast.comprehension, ast.keyword)):
        if isinstance(parent, ast.Await) or (isinstance(parent, ast.Call) and _hands_on(parent)):
            return False
        child, parent = parent, module.parent(parent)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            function = module.function_of(call)
            return function is not None and not _is_awaited_later(name, function.node, function.is_async)
        case ast.Expr() | ast.Assign():
            return module.is_in_comprehension(call)
    return False


def _hands_on(call: ast.Call) -> bool:
    return last_name(call.func) not in ("extend", "list", "tuple", "set", "sorted", "len", "update")


def _is_awaited_later(name: str, function: ast.AST, is_async: bool) -> bool:
    """Whether a function awaits what has this name, goes through it (where it could await) or hands it on."""
    for node in walk(function):
        used: list[ast.expr | None] = []
        if isinstance(node, (ast.Await, ast.Return, ast.Yield)):
            used = [node.value]
        elif is_async and isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            used = [node.iter]
        elif isinstance(node, ast.Call) and _hands_on(node):
            used = [*node.args, *(keyword.value for keyword in node.keywords)]
        for each in used:
            value = each.value if isinstance(each, ast.Starred) else each
            if isinstance(value, ast.Name) and value.id == name:
                return True
    return False


def takes_many(call: ast.Call) -> bool:
    """The statement asks for many rows at once already."""
    return any(isinstance(node, ast.Attribute) and node.attr in ("in_", "any_") for node in walk(call))


def goes_out(summary: Summary) -> bool:
    """Whether a helper waits for another machine too: then the database is the least of what an item costs."""
    return any(not leaf.by_choice for leaf in summary.external) or any(
        leaf.blocking is not None and leaf.blocking.kind in (Kind.NET, Kind.PROC) and not leaf.by_choice
        for leaf in summary.blocking
    )


@once_for_node
def leaves_too(loop: ast.AST, module: Module) -> bool:
    """Whether each item waits for another machine as well: then the database is the least of what it costs."""
    return any(
        isinstance(call, ast.Call)
        and (
            (module.external(call) is not None and module.query(call) is None)
            or ((summary := module.summary(call)) is not None and any(map(_is_sure, summary.external)))
            or (
                (_HEAVY.search(last_name(call.func)) is not None or _is_of_store(call, module))
                and _may_leave(call, summary, module)
            )
        )
        for statement in (loop.body if isinstance(loop, (ast.For, ast.AsyncFor)) else ())
        for call in walk(statement)
    )


def _leaves_beside(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """Whether another machine is asked whenever `node` runs, by a call of its block, however far away."""
    for parent, child in ancestors(node, loop, module):
        if _asks_elsewhere(block_with(child, parent), node, module):
            return True
    return False


def _asks_elsewhere(block: list[ast.stmt], node: ast.AST, module: Module) -> bool:
    for statement in block:
        if isinstance(statement, (ast.Try, ast.With, ast.AsyncWith)):
            if _asks_elsewhere(statement.body, node, module):
                return True
        elif isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return)) and any(
            _asks_another(call, module)
            for call in walk(statement)
            if isinstance(call, ast.Call) and call is not node
        ):
            return True
    return False


def _asks_another(call: ast.Call, module: Module) -> bool:
    offload = module.offload(call)
    if offload is not None:
        return offload.kind == "thread" and wait_of(call, module) is not None
    summary = module.summary(call)
    return summary is not None and any(
        not (leaf.by_choice or leaf.cached or leaf.on_miss or leaf.kept_by or leaf.rarely or leaf.sometimes)
        for leaf in summary.external
    )


def _is_of_store(call: ast.Call, module: Module) -> bool:
    """`await app.STORAGE.delete_profile(…)`: of what keeps files, by its name."""
    return (
        isinstance(call.func, ast.Attribute)
        and _STORE.search(last_name(call.func.value).lower()) is not None
        and module.is_awaited(call)
    )


def _may_leave(call: ast.Call, summary: Summary | None, module: Module) -> bool:
    """Whether a call that sounds like heavy work is not seen to do nothing but ask the database."""
    if summary is not None:
        return bool(summary.external) or goes_out(summary)
    return module.query(call) is None


def _is_sure(leaf: Leaf) -> bool:
    """Whether something happens each time, and not far away."""
    doubtful = leaf.cached or leaf.on_miss or leaf.sometimes or leaf.rarely or leaf.kept_by
    return not doubtful and len(leaf.path) < _FAR


def nearest(leaves: Iterable[Leaf], *kinds: str) -> Leaf | None:
    """The nearest leaf of one of the `kinds` of query that happens each time, not only on a miss; one that a branch
    decides about only when there is no other."""
    doubtful = None
    for leaf in leaves:
        query = libraries.query(leaf.callable)
        if query is None or query.driver in OTHER_STORES or (kinds and query.kind not in kinds):
            continue
        if not leaf.cached and not leaf.on_miss:
            if not (leaf.sometimes or leaf.rarely or leaf.kept_by):
                return leaf
            doubtful = doubtful or leaf
    return doubtful


def confidence_of(call: ast.Call, loop: LoopNode, leaf: Leaf | None, module: Module) -> Confidence:
    """How sure it is that `call`, or what it leads to, is a round trip for each of many items."""
    if is_doubtful(loop, module) or is_member_call(call, loop) or is_picked(call, loop, module):
        return Confidence.POSSIBLE
    if takes_steps(call, loop) or goes_over_traits(loop):
        return Confidence.POSSIBLE
    if any(map(sounds_few, module.loops(call))) or leaves_too(loop, module):
        return Confidence.POSSIBLE
    if _leaves_beside(call, loop, module) or _is_kept(call, loop, module) or _hands_memo(call, module):
        return Confidence.POSSIBLE
    if _goes_over_uploads(loop, module) or is_maintenance(call, module):
        return Confidence.POSSIBLE
    if not module.is_waited_for(call) or _is_for_the_first(call, module):
        return Confidence.POSSIBLE  # a job may take its time, and what is kept is asked for once in a while
    if leaf is None:
        return Confidence.CERTAIN
    if _EXPORTING.search(last_name(call.func)):
        return Confidence.POSSIBLE
    if leaf.sometimes or leaf.rarely or (len(leaf.path) >= _FAR and module.role(call) != Role.ENDPOINT):
        return Confidence.POSSIBLE
    if leaf.callable.endswith("ession.get") and _gives_own_key(call, module):
        return Confidence.POSSIBLE
    return Confidence.POSSIBLE if _works_on_files(call, module) else Confidence.LIKELY


def _is_for_the_first(call: ast.Call, module: Module) -> bool:
    """Whether the function asks a cache first, and only gets to `call` where that has nothing."""
    return any(each.flags & _KEPT for each in module.calls_at(call))


def _goes_over_uploads(loop: LoopNode, module: Module) -> bool:
    """Whether the items are files that come with the request: each is read and stored, beside which a look-up is nothing."""
    return any(module.item_type(unwrapped(each)) in _UPLOADS for each in iterables(loop))


def _is_kept(call: ast.Call, loop: LoopNode, module: Module) -> bool:
    """Whether a dictionary beside the loop is asked before `call` and keeps its answer: one query per different key.

    `if key in plans: plan = plans[key]`, `else: plan = plans[key] = load(key)`; or `continue` after the first.
    """
    for parent, child in ancestors(call, loop, module):
        if isinstance(parent, ast.If) and child in parent.orelse:
            tests, after = [parent.test], parent.orelse
        elif isinstance(body := getattr(parent, "body", None), list) and child in body:
            after = body[body.index(child) :]
            earlier = body[: body.index(child)]
            tests = [
                each.test
                for each in earlier
                if isinstance(each, ast.If) and isinstance(each.body[-1], ast.Continue)
            ]
        else:
            continue
        if any(_keeps(after, mapping) for test in tests for mapping in _asked_for(test)):
            return True
    return False


def _hands_memo(call: ast.Call, module: Module) -> bool:
    """Whether `call` is given an empty dictionary of its function that the callee asks first and fills."""
    target = module.callee(call)
    if target is None:
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    names = [each.id for each in given if isinstance(each, ast.Name) and _is_empty(each, module)]
    if any(_MEMO.search(name) for name in names):
        return True
    function = module.definition(target) if names else None
    if function is None:
        return False
    taken = {each.arg for each in walk(function.args) if isinstance(each, ast.arg)}
    asked = {name for part in walk(function) if isinstance(part, ast.Compare) for name in _asked_for(part)}
    return any(_keeps(function.body, name) for name in asked & taken)


def _is_empty(name: ast.Name, module: Module) -> bool:
    bindings = module.index.scope_at(name).bindings.get(name.id, [])
    values = [each.value.value if isinstance(each.value, ast.AnnAssign) else each.value for each in bindings]
    return bool(values) and all(
        (isinstance(value, ast.Dict) and not value.keys)
        or (isinstance(value, ast.Call) and last_name(value.func) == "dict" and not value.args)
        for value in values
    )


def _asked_for(test: ast.expr) -> Iterator[str]:
    """`plans` of `key in plans`."""
    match test:
        case ast.Compare(ops=[ast.In()], comparators=[ast.Name(id=name)]):
            yield name
        case ast.Compare(ops=[ast.In()], comparators=[ast.Attribute() as kept]):
            yield ast.unparse(kept)


def _keeps(block: list[ast.stmt], mapping: str) -> bool:
    return any(
        isinstance(part, ast.Subscript)
        and isinstance(part.ctx, ast.Store)
        and ast.unparse(part.value) == mapping
        for statement in block
        for part in walk(statement)
    )


def _works_on_files(call: ast.Call, module: Module) -> bool:
    """Whether a helper reads and writes files each time too: the query is the least of it then."""
    summary = module.summary(call)
    return summary is not None and any(
        leaf.blocking is not None
        and leaf.blocking.kind == Kind.DISK
        and not leaf.blocking.light
        and _is_sure(leaf)
        for leaf in summary.blocking
    )


def _gives_own_key(call: ast.Call, module: Module) -> bool:
    """`load(session, order.id)` of an order that a query gave: the session knows it and asks nobody."""
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        row = value.value if isinstance(value, ast.Attribute) and value.attr == "id" else value
        if isinstance(row, ast.Name) and any(rows.stage == ITEM for rows in module.rows(row)):
            return True
    return False


def others(call: ast.Call, loop: LoopNode, module: Module) -> tuple[ast.Call, ...]:
    """The further calls of the same loop that are a round trip per item: they are said together with `call`."""
    place = (call.lineno, call.col_offset)
    found = [
        each
        for each in walk(loop)
        if isinstance(each, ast.Call)
        and each is not call
        and (each.lineno, each.col_offset) > place
        and _is_round_trip(each, module)
        and loop_of(each, module) is loop
    ]
    return tuple(sorted(found, key=lambda each: (each.lineno, each.col_offset)))


@once_for_node
def _is_round_trip(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    if query is not None:
        return query.driver not in OTHER_STORES and query.kind in ("select", "write") and not takes_many(call)
    summary = module.summary(call)
    return (
        summary is not None
        and not goes_out(summary)
        and (nearest(summary.reads) is not None or nearest(summary.writes) is not None)
    )


_SAID = ("FP201", "FP202", "FP212", "FP213")


def said_together(
    call: ast.Call, loop: LoopNode, confidence: Confidence, module: Module
) -> tuple[str, tuple[tuple[str, int], ...]]:
    """How a message goes on about the other round trips of the loop, and which findings that makes needless."""
    if confidence == Confidence.POSSIBLE:
        return "", ()
    also = [each for each in others(call, loop, module) if each.lineno != call.lineno]
    lines = list(dict.fromkeys(each.lineno for each in also))
    if not lines:
        return "", ()
    text = f"; so does line {lines[0]}" if len(lines) == 1 else f"; so do lines {_listed(lines)}"
    swallowed = tuple(
        (code, each.lineno)
        for each in also
        for code in _SAID
        if code != "FP212" or module.query(each) is None
    )
    return text, swallowed


def lines_of(places: tuple[tuple[str, int], ...]) -> tuple[int, ...]:
    """The lines of findings that are said together with another."""
    return tuple(sorted({line for _, line in places}))


def _listed(lines: list[int]) -> str:
    shown = [str(line) for line in lines[:4]]
    more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
    return ", ".join(shown) + more if more else f"{', '.join(shown[:-1])} and {shown[-1]}"


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
        return query.kind == "write" and not defines(call)
    if len(call.args) > 1 and module.type_of(call.args[0]) == "sqlalchemy.sql.Insert":
        return False  # a list of rows
    return writes(call, module) and not defines(call)


def one_table(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether all turns ask the same table: no text put together, no `insert(table)` of the loop's own table."""
    for part in (node for argument in call.args[:1] for node in walk(_built(argument, module))):
        match part:
            case ast.JoinedStr() | ast.BinOp(op=ast.Mod()) if module.depends_on_loop(part, loop):
                return False
            case ast.BinOp(op=ast.Add()) if module.depends_on_loop(part, loop) and not _adds_to_column(part):
                return False
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name) as function) if name in _BUILDERS:
                table = part.args[0] if part.args else getattr(function, "value", function)
                if module.depends_on_loop(table, loop):
                    return False
    return True


def _adds_to_column(part: ast.BinOp) -> bool:
    """`User.traffic + used`, `users.c.traffic + used`: the database adds, and no text is put together."""
    return any(
        isinstance(side, ast.Attribute)
        and side.attr.islower()
        and (last_name(side.value)[:1].isupper() or last_name(side.value) == "c")
        for side in (part.left, part.right)
    )


def is_made_for_item(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether a function of the project makes the statement from the item as a whole: `execute(statement_for(version))`.
    Which table it reads, and whether one statement could do for all, only the function knows. Or the item is a statement
    itself: `execute(text(line))`."""
    if not call.args:
        return False
    names = {part.id for each in targets(loop) for part in walk(each) if isinstance(part, ast.Name)}
    statement = call.args[0]
    match statement:
        case (
            ast.Name(id=name)
            | ast.Call(func=ast.Name(id="text") | ast.Attribute(attr="text"), args=[ast.Name(id=name)])
        ):
            if name in names and last_name(call.func) in _RUNNING:
                return True
    makers: list[object] = [statement]
    if isinstance(statement, ast.Name):
        bindings = module.index.scope_at(statement).bindings.get(statement.id, [])
        makers = [each.value.value if isinstance(each.value, Part) else each.value for each in bindings]
    return any(
        isinstance(maker, ast.Call)
        and module.callee(maker) is not None
        and any(
            isinstance(given, ast.Name) and given.id in names
            for given in (*maker.args, *(keyword.value for keyword in maker.keywords))
        )
        for maker in makers
    )


def _built(statement: ast.expr, module: Module) -> ast.AST:
    """What a local name holds that a statement was put into: `statement = delete(model).where(…)`."""
    if not isinstance(statement, ast.Name):
        return statement
    bindings = module.index.scope_at(statement).bindings.get(statement.id, [])
    values = [each.value for each in bindings if isinstance(each.value, ast.expr)]
    return values[-1] if values else statement


def defines(call: ast.Call) -> bool:
    """`execute("CREATE TABLE …")`, `execute(CreateIndex(index))`: as long as the schema, not as the data."""
    return any(
        isinstance(part, ast.Call) and last_name(part) in _DEFINING
        for argument in call.args[:1]
        for part in walk(argument)
    ) or any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and _SCHEMA.match(part.value)
        for argument in call.args[:1]
        for part in walk(argument)
    )


def writes(call: ast.Call, module: Module) -> bool:
    """`execute(insert(...))`, `execute("UPDATE ...")`: a statement that writes, whatever the method is called."""
    if not call.args:
        return False
    statement = call.args[0]
    return is_writing(module.index, statement, module.index.scope_at(statement))
