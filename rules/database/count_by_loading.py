from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rules.engine.costs import estimates
from rules.engine.data.cut_pages import whole_list
from rules.engine.data.eager import lazy_read
from rules.engine.data.figures import reads_members
from rules.engine.data.growing_tables import grows
from rules.engine.data.loads import QUERY, RESULTS, Load, is_limited, loaded, narrows
from rules.engine.data.small_tables import is_small
from rules.engine.reading.loop_shapes import FEW, shortened, spelled
from rules.engine.reading.raw_sql import READ
from rules.engine.reading.raw_text import FETCHES_ALL, FETCHES_ONE
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import nodes_of, uses_of, walk
from rules.engine.rule import Confidence, Effort, Fix, Hop, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.data.tables import Relationship
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_CONDITIONS = frozenset({"where", "filter", "filter_by"})
_JOINS = frozenset({"join", "outerjoin", "select_from"})
_COUNTS = {"to_list": "`count_documents` (Beanie: `.count()`)"}


class CountByLoading(Rule):
    """Loading all rows to count them costs time and memory for each row; the database can count alone.

    `len(query.all())` sends every column of every row over the network and makes an object of each, only to throw
    them away. The time grows with the table.

    ## Instead
    Let the database count: `select(func.count()).select_from(...)`, or `query.count()`; one number comes back.

    ## Trade-offs
    With joins or `distinct` the database counts rows where `len` counted distinct objects: compare the two once.

    ## Monitor
    Rows fetched per request; memory of the worker after the endpoint was called.

    ## When to ignore it
    When the table is tiny for ever, or the objects are in the session anyway.
    """

    code = "FP209"
    per_request = True
    paid_by_misses = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "rows fetched per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return len(session.query(Order).filter(Order.open).all())
            """,
            fixed="""
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return session.query(Order).filter(Order.open).count()
            """,
        ),
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return len(session.scalars(select(Order).where(Order.open)).all())
            """,
            fixed="""
            from fastapi import Depends, FastAPI
            from sqlalchemy import func, select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return session.scalar(select(func.count()).select_from(Order).where(Order.open))
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders")
            def list_orders(session: Session = Depends(get_session)) -> dict[str, object]:
                orders = session.query(Order).limit(50).all()
                return {"count": len(orders), "orders": [order.number for order in orders]}
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.spelled in ("len", "sum")

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        collection = _collection(node)
        if collection is not None:
            yield from self._of_collection(node, collection, module)
            return
        counted = _counted(node)
        if (
            counted is None
            or not serves(node, module)
            or module.qualified_name(node.func)
            not in (
                "builtins.len",
                "len",
                "builtins.sum",
                "sum",
            )
        ):
            return
        load = loaded(counted, module) or _listed(counted, node, module)
        rewrite: Callable[[Any], cst.CSTNode] | None = None
        if load is not None:
            rewrite = _rewrite(load, module)
        elif isinstance(counted, ast.Name):
            load = _only_counted(counted, node, module)
        if load is None:
            yield from _through_helper(node, counted, module)
            return
        if is_limited(load, module):
            return
        imports = ("sqlalchemy.func", "sqlalchemy.select") if load.type in RESULTS else ()
        yield Match(
            node,
            f"`{shortened(module.segment(node), 70)}` loads every row only to count them."
            if isinstance(counted, ast.Call | ast.Await)
            else f"`{shortened(module.segment(load.call), 70)}` loads every row, and only their number is used.",
            # Of one owner, one day: mostly some rows, and only the project knows.
            severity=Severity.MEDIUM if narrows(load, module) else self.severity,
            confidence=Confidence.POSSIBLE
            if _asks_for_any(node, module)
            or _stays_below(node, module)
            or any(is_small(rows.table) for rows in module.rows(load.call))
            else Confidence.CERTAIN,
            fix=Fix(rewrite, imports=imports, safety=Safety.UNSAFE) if rewrite else None,
            impact=estimates.rows_counted(module.options),
            instead=f"Let the database count: {_COUNTS.get(load.method, '`select(func.count())`')}.",
        )

    def _of_collection(self, node: ast.Call, collection: ast.Attribute, module: Module) -> Iterator[Match]:
        """`len(order.lines)`: the relationship loads each row as an object."""
        relationship = _loaded_for_it(collection, module)
        if relationship is None or not serves(node, module) or _is_read_again(collection, module):
            return
        if _asks_for_any(node, module) or _stays_below(node, module):
            return
        target = relationship.target.symbol.rpartition(".")[2] if relationship.target is not None else ""
        yield Match(
            node,
            f"`{shortened(module.segment(node), 70)}` loads every `{target}` row of it only to count them.",
            severity=Severity.MEDIUM,
            # Of one owner: mostly some rows, and another query may have loaded them.
            confidence=Confidence.POSSIBLE,
            related=(relationship.declared(),),
            impact=estimates.rows_counted(module.options),
            instead=f"Let the database count: `select(func.count())` of `{target}` by its key, or a `column_property`.",
        )


def _collection(node: ast.Call) -> ast.Attribute | None:
    """The attribute whose items `len(order.lines)`, `len([line for line in order.lines if line.open])` or
    `sum(1 for line in order.lines)` counts."""
    match node:
        case ast.Call(
            func=ast.Name(id="len" | "sum"), args=[ast.ListComp() | ast.GeneratorExp() as made], keywords=[]
        ):
            if len(made.generators) != 1 or made.generators[0].is_async:
                return None
            if last_name(node) == "sum" and not isinstance(made.elt, ast.Constant):
                return None
            found: ast.expr = made.generators[0].iter
        case ast.Call(func=ast.Name(id="len"), args=[found], keywords=[]):
            pass
        case _:
            return None
    return found if isinstance(found, ast.Attribute) else None


def _loaded_for_it(collection: ast.Attribute, module: Module) -> Relationship | None:
    """The rows that reading the attribute loads, of a table that use fills; None when they were loaded before, or may be."""
    models = module.project.models
    if collection.attr not in models.relationship_names:
        return None
    if isinstance(collection.value, ast.Name) and collection.value.id == "self":
        owner = module.symbol_at(collection).rpartition(".")[0]
        table = models.tables.get((module.path, owner))
        found = table.relationships.get(collection.attr) if table is not None else None
        if found is None or not found.is_lazy or _is_decided(collection, module) or _awaits_rows(module):
            return None
    else:
        read = lazy_read(collection, module)
        if read is None or read.repeated or read.loaded.is_async is not False:
            return None
        found = read.relationship
    return found if found.many and found.target is not None and grows(found.target) else None


def _awaits_rows(module: Module) -> bool:
    """Whether the project asks its database with `await`: then whatever a property reads was loaded before."""
    return any(
        "sqlalchemy.ext.asyncio" in each
        for linked in module.project.resolver.modules.values()
        for each in linked.facts.modules
    )


def _is_decided(node: ast.AST, module: Module) -> bool:
    """Whether the function asks something first: whether the rows are there already, say."""
    function = module.function_of(node)
    around: ast.AST = function.node if function is not None else module.tree
    return any(isinstance(each, ast.If | ast.IfExp) for each in walk(around))


def _is_read_again(collection: ast.Attribute, module: Module) -> bool:
    """Whether the function does more with the rows than count them."""
    function = module.function_of(collection)
    around: ast.AST = function.node if function is not None else module.tree
    text = ast.dump(collection)
    return sum(isinstance(each, ast.Attribute) and ast.dump(each) == text for each in walk(around)) > 1


def _asks_for_any(count: ast.Call, module: Module) -> bool:
    """`len(rows) > 0`, `len(attempts) >= 3`: such a question is asked of what is rarely more than a few rows."""
    match module.parent(count):
        case ast.Compare(comparators=[ast.Constant(value=int(most))]):
            return most <= FEW
    return False


def _stays_below(count: ast.Call, module: Module) -> bool:
    """`if len(attempts) >= MAX_ATTEMPTS: raise TooMany()`: what is refused from a number on does not grow beyond it."""
    parent: ast.AST | None = module.parent(count)
    measured: ast.expr = count
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        measured = parent.targets[0]
    function = module.function_of(count)
    return function is not None and any(
        isinstance(node.body[-1], ast.Raise)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.ops[0], ast.Gt | ast.GtE)
        and (
            node.test.left is measured
            or (isinstance(measured, ast.Name) and last_name(node.test.left) == measured.id)
        )
        for node in nodes_of(function.node, ast.If)
    )


def _counted(node: ast.Call) -> ast.expr | None:
    """What `len(x)`, `len(list(x))` or `sum(1 for _ in x)` counts."""
    match node:
        case ast.Call(
            func=ast.Name(id="len"), args=[ast.Call(func=ast.Name(id="list"), args=[inner])], keywords=[]
        ):
            return inner
        case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]):
            return inner
        case ast.Call(
            func=ast.Name(id="sum"),
            args=[
                ast.GeneratorExp(
                    elt=ast.Constant(value=1), generators=[ast.comprehension(iter=inner, ifs=[], is_async=0)]
                )
            ],
            keywords=[],
        ):
            return inner
    return None


def _listed(counted: ast.expr, count: ast.Call, module: Module) -> Load | None:
    """The load that `list(session.scalars(statement))` or `list(query)` is, in the place of `.all()`."""
    if not isinstance(counted, ast.Call | ast.Await) or count.args == [counted]:
        return None
    call = counted.value if isinstance(counted, ast.Await) else counted
    owner = module.type_of(counted)
    if not isinstance(call, ast.Call) or owner is None or owner not in (QUERY, *RESULTS):
        return None
    return Load(call, counted, owner, "")


def _only_counted(name: ast.Name, counting: ast.Call, module: Module) -> Load | None:
    """The load that `name` holds, when the function assigns it once and uses it only to count."""
    value = _only_value(name, module)
    return loaded(value, module) if value is not None else None


def _only_value(name: ast.Name, module: Module) -> ast.expr | None:
    """What the function assigns to `name`, once, when it uses that only to count: all of it, and those of one kind."""
    function = module.function_of(name)
    if function is None or isinstance(function.node, ast.Lambda):
        return None
    uses = uses_of(name.id, function.node)
    stores = [node for node in uses if not isinstance(node.ctx, ast.Load)]
    if len(stores) != 1:
        return None
    assignment = module.parent(stores[0])
    if not (isinstance(assignment, ast.Assign) and assignment.targets == [stores[0]]):
        return None
    of_some = 0
    for use in uses:
        if use is stores[0]:
            continue
        parent = module.parent(use)
        if isinstance(parent, ast.Call) and _counted(parent) is use:
            continue
        if not _counts_some(parent, use, module):
            return None
        of_some += 1
    # Several are FP215's, which says them together.
    return assignment.value if of_some < 2 else None


def _counts_some(generator: ast.AST | None, rows: ast.Name, module: Module) -> bool:
    """Whether `generator` is that of `len([order for order in rows if order.open])`, or of a `sum(1 for …)` like it."""
    if not isinstance(generator, ast.comprehension) or generator.iter is not rows:
        return False
    made = module.parent(generator)
    count = module.parent(made) if made is not None else None
    return (
        isinstance(made, ast.ListComp | ast.GeneratorExp)
        and len(made.generators) == 1
        and isinstance(generator.target, ast.Name)
        and all(reads_members(each, generator.target.id) for each in generator.ifs)
        and isinstance(count, ast.Call)
        and (
            last_name(count.func) == "len"
            or (last_name(count.func) == "sum" and isinstance(made.elt, ast.Constant))
        )
    )


def _through_helper(node: ast.Call, counted: ast.expr, module: Module) -> Iterator[Match]:
    """`len(await orders.list(customer=1))`: a function of the project loads the rows."""
    given = _only_value(counted, module) if isinstance(counted, ast.Name) else counted
    call = given.value if isinstance(given, ast.Await) else given
    if given is None or not isinstance(call, ast.Call):
        return
    if _asks_for_any(node, module) or _stays_below(node, module) or _is_said_before(node, counted, module):
        return
    if module.callee(call) is None or last_name(call.func) in FETCHES_ALL:
        yield from _from_driver(node, given, call, module)
        return
    rows = whole_list(given, call, module)
    if rows is None:
        return
    name = spelled(call.func)
    read = rows.loaded
    yield Match(
        node,
        f"`{shortened(module.segment(node), 70)}` has `{name}` load every row only to count them.",
        severity=Severity.LOW if rows.is_narrowed or rows.leaf is not None else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE
        if rows.is_narrowed or rows.table is None or not grows(rows.table)
        else Confidence.LIKELY,
        call_path=(
            Hop(module.path, call.lineno, name.rpartition(".")[2]),
            *(rows.leaf.path if rows.leaf is not None else ()),
            *((Hop(read.path, read.line, read.symbol),) if read is not None else ()),
        ),
        impact=estimates.rows_counted(module.options),
        instead=f"Let the database count: a sibling of `{name.rpartition('.')[2]}` that runs `select(func.count())` with the same"
        " conditions.",
    )


def _from_driver(node: ast.Call, given: ast.expr, call: ast.Call, module: Module) -> Iterator[Match]:
    """`len(await pool.fetch("SELECT * FROM orders"))`, `len(await Order.filter(open=True))`, `len(cursor.fetchall())`."""
    raw = module.project.raw.at(module.path, call.lineno, call.col_offset, last_name(call.func))
    if raw is not None:
        statement = raw.statement
        if last_name(call.func) in FETCHES_ONE or statement.kind != READ or statement.limited:
            return
        if statement.aggregate or statement.grouped or statement.unreadable:
            return
        narrowed = bool(statement.conditions)
    else:
        rows = whole_list(given, call, module)
        if rows is None or rows.call is not call:
            return
        narrowed = rows.is_narrowed
    yield Match(
        node,
        f"`{shortened(module.segment(call), 70)}` loads every row only to count them.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE if narrowed else Confidence.LIKELY,
        impact=estimates.rows_counted(module.options),
    )


def _is_said_before(node: ast.Call, counted: ast.expr, module: Module) -> bool:
    """Whether an earlier line counts the same list."""
    function = module.function_of(node)
    return (
        isinstance(counted, ast.Name)
        and function is not None
        and any(
            isinstance(each, ast.Call)
            and each.lineno < node.lineno
            and isinstance(other := _counted(each), ast.Name)
            and other.id == counted.id
            for each in walk(function.node)
        )
    )


def _rewrite(load: Load, module: Module) -> Callable[[Any], cst.CSTNode] | None:
    """`len(query.all())` -> `query.count()`; `len(session.scalars(select(...)).all())` -> a counting select."""
    if load.type == QUERY:
        return None if _drops_duplicates(load.source) else _query_count
    if load.type not in RESULTS or load.method not in ("all", "fetchall"):
        return None
    executed = _executed(load.source)
    if executed is None:
        return None
    call, is_awaited = executed
    if not isinstance(call.func, ast.Attribute) or len(call.args) != 1 or call.keywords:
        return None
    if (
        module.type_of(call.func.value) not in SESSIONS
        or module.type_of(call.args[0]) != "sqlalchemy.sql.Select"
    ):
        return None
    session, source = module.segment(call.func.value), _counted_source(call.args[0], module)

    def counting_select(node: cst.Call) -> cst.CSTNode:
        import libcst as cst

        count = f"{session}.scalar(sqlalchemy.select(sqlalchemy.func.count()).select_from({source})"
        return cst.parse_expression(f"await {count}" if is_awaited else count)

    return counting_select


def _counted_source(statement: ast.expr, module: Module) -> str:
    """What to count from: the table of a plain `select(Order).where(…)` with its conditions, else the statement itself."""
    base = statement
    while (
        isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute) and base.func.attr in _CONDITIONS
    ):
        base = base.func.value
    match base:
        case ast.Call(func=ast.Name(), args=[ast.Name() as entity], keywords=[]) if _is_class(entity.id):
            conditions = module.segment(statement)[len(module.segment(base)) :]
            return f"{entity.id}){conditions}"
    return f"{module.segment(statement)}.subquery())"


def _is_class(name: str) -> bool:
    return name[:1].isupper() and not name.isupper()


def _drops_duplicates(query: ast.expr) -> bool:
    """Rows of one class that a join repeats: `Query.all()` gives each object once, `Query.count()` counts the rows."""
    while isinstance(query, ast.Call) and isinstance(query.func, ast.Attribute):
        if query.func.attr in _JOINS:
            return True
        query = query.func.value
    return False


def _executed(source: ast.expr) -> tuple[ast.Call, bool] | None:
    """The `execute`, `exec` or `scalars` call under `.scalars()`, `.unique()` and `await`."""
    while True:
        match source:
            case ast.Call(func=ast.Attribute(attr="scalars" | "mappings", value=inner), args=[]):
                source = inner
            case ast.Await(value=ast.Call(func=ast.Attribute(attr="execute" | "scalars" | "exec")) as call):
                return call, True
            case ast.Call(func=ast.Attribute(attr="execute" | "scalars" | "exec")) as call:
                return call, False
            case _:
                return None


def _query_count(node: cst.Call) -> cst.CSTNode:
    """`len(query.all())` -> `query.count()`."""
    import libcst as cst

    inner = node.args[0].value
    if not (
        isinstance(inner, cst.Call)
        and isinstance(inner.func, cst.Attribute)
        and inner.func.attr.value == "all"
    ):
        return node
    return inner.with_changes(func=inner.func.with_changes(attr=cst.Name("count")))
