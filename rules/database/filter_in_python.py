from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.data.cut_pages import CUTTING, Cut, cut_page
from rules.engine.data.figures import figures_of
from rules.engine.data.growing_tables import grows
from rules.engine.data.loads import LISTS, RESULTS, Load, is_limited, loaded
from rules.engine.data.local_values import values_of
from rules.engine.data.reference_tables import is_kept_by_hand, is_reference
from rules.engine.data.sayable import adds_up, asks_value, key_of_one, members_asked, says_columns
from rules.engine.data.small_tables import is_set_up, is_small
from rules.engine.data.sole_uses import is_read_once, is_used_once, only_first
from rules.engine.finding import Hop
from rules.engine.reading.loop_shapes import shortened, spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.rows import LIMITED, MANY, RESULT, STATEMENT, TOUCHED
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import uses_of, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.data.statements import Loaded
    from rules.engine.data.tables import Table
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

ITEMS = "[]"
_PARTIAL = regex(r"limit|page|per_|offset|skip|top_|first|size|count|max_|batch|chunk")
_LISTING = frozenset(
    {"find", "find_all", "find_many", "fetch", "fetch_all", "iterate", "stream", "scan", "query", "select"}
)
_WITH_STORES = frozenset(
    {"azure", "google", "influxdb_client", "lancedb", "pymilvus", "supabase", "upstash_redis", "weaviate"}
)
"""Libraries of which a part asks a store, and the tables know no queries."""
_NO_STORES = libraries.ROOTS - libraries.DATABASES - _WITH_STORES
_ACCESS = regex(
    r"(?:^|_)(?:access|accessible|permission|permissions|permitted|allowed|authorized|authorised|visible|may|can)(?:_|$)"
)
"""What functions are called that say whether somebody may see something."""
_FAR = 3
_FEW_FIGURES = 2
"""One number of all rows is said where it is made."""
_SUMS = {"sum": "`func.sum`", "max": "`func.max`", "min": "`func.min`"}


class FilterInPython(Rule):
    """Rows that are loaded only to be sorted out in Python cost a round trip's bytes and an object each.

    The database would have found the wanted rows with an index and sent only those. Here every row is sent and made an
    object, and most are thrown away.

    ## Instead
    Let the query do it: the condition into `.where(…)`, the order into `.order_by(…)`, the cut into
    `.limit(…)`, the sum into `select(func.sum(…))`.

    ## Trade-offs
    Comparisons follow the database's rules then: case, `NULL`, time zones. Look at the first results once.

    ## Monitor
    Rows fetched against rows returned.

    ## When to ignore it
    When the rows are few for ever, or the condition cannot be said in SQL.
    """

    code = "FP215"
    per_request = True
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "rows fetched per row returned"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]

            @app.get("/orders/open")
            def open_orders(session: Session = Depends(get_session)) -> list[int]:
                orders = session.scalars(select(Order)).all()
                return [order.id for order in orders if order.open]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]

            @app.get("/orders/open")
            def open_orders(session: Session = Depends(get_session)) -> list[int]:
                orders = session.scalars(select(Order).where(Order.open)).all()
                return [order.id for order in orders]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in CUTTING or (
            callee.is_method and (callee.spelled in LISTS or callee.spelled == "first")
        )

    def check(
        self,
        node: ast.ListComp
        | ast.SetComp
        | ast.GeneratorExp
        | ast.Subscript
        | ast.Call
        | ast.For
        | ast.AsyncFor,
        module: Module,
    ) -> Iterator[Match]:
        if isinstance(node, ast.For | ast.AsyncFor):
            yield from _tallied(node, module)
            yield from _sorted_out(node, module)
            yield from _let_through(node, node.iter, module)
            return
        if isinstance(node, (ast.Subscript, ast.Call)) and module.in_request_path(node):
            cut = cut_page(node, module)
            if cut is not None:
                yield _of_page(node, cut, module)
                return
        if isinstance(node, ast.Call):
            yield from _first_of_result(node, module)
            yield from _worked_out(node, module)
            return
        if not isinstance(node, ast.Subscript):
            yield from _let_through(node, node.generators[0].iter, module)
        held: ast.expr | None = None
        if isinstance(node, ast.Subscript):
            source, work = _sliced(node)
            if source is None and (held := only_first(node, module)) is not None:
                source, work = held, "keeps one row"
        else:
            source, work = _filtered(node, module)
        if isinstance(source, ast.Attribute) and not isinstance(node, ast.Subscript):
            yield from _of_collection(node, source, module)
            return
        if source is None or not module.in_request_path(node):
            return
        if not is_used_once(source, module) and source is not held:
            return
        if module.is_repeated(node):
            return  # rows that serve several turns
        found = module.rows(source)
        if len(found) != 1:
            if not found and not isinstance(node, ast.Subscript):
                yield from _of_listing(node, source, module)
            return
        loaded = found[0]
        # A query of which a part is asked for (`query[:10]`) limits itself.
        stages = (MANY, RESULT) if isinstance(node, ast.Subscript) else (MANY, RESULT, STATEMENT)
        if loaded.stage not in stages or not loaded.many or loaded.reads:
            return
        if loaded.flags & (LIMITED | TOUCHED) or "?" in loaded.filters:
            return
        if not isinstance(node, ast.Subscript) and not says_columns(node, loaded.table):
            return
        if isinstance(node, ast.Subscript) and _finds_one(loaded):
            return
        if not isinstance(node, ast.Subscript) and _is_asked_already(
            node.generators[0].ifs, node.generators[0].target, loaded
        ):
            return
        if loaded.filters and isinstance(node, ast.SetComp) and not node.generators[0].ifs:
            return  # of one owner they are different anyway
        name = loaded.table.symbol.rpartition(".")[2]
        yield Match(
            node,
            f"`{shortened(module.segment(node), 60)}` {work} after {_which(loaded)} came over:"
            " the database can do that and send only the result.",
            severity=Severity.LOW if loaded.filters else self.severity,
            # How many rows the filter drops is not in the code.
            confidence=Confidence.POSSIBLE
            if loaded.filters or not isinstance(node, ast.Subscript)
            else Confidence.LIKELY,
            impact=estimates.rows_returned(module.options),
            instead=_instead(node, name),
        )


def _sorted_out(loop: ast.For | ast.AsyncFor, module: Module) -> Iterator[Match]:
    """`for order in orders: if order.open: found.append(order)`, where nothing else is done with the rows."""
    row = _row_of(loop, module)
    match loop.body:
        case [
            ast.If(test=test, body=[ast.Expr(value=ast.Call(func=ast.Attribute(attr="append")))], orelse=[])
        ]:
            pass
        case _:
            return
    loaded = _whole(loop.iter, module) if row is not None else None
    if row is None or loaded is None:
        return
    if _is_asked_already([test], row, loaded):
        return
    generator = ast.comprehension(target=row, iter=loop.iter, ifs=[test], is_async=0)
    if not says_columns(ast.ListComp(row, [generator]), loaded.table):
        return
    yield Match(
        loop,
        f"This loop filters by `{shortened(module.segment(test), 60)}` after {_which(loaded)} came over: the database can do that and"
        " send only the result.",
        severity=Severity.LOW if loaded.filters else FilterInPython.severity,
        confidence=Confidence.POSSIBLE,  # how many rows the filter drops is not in the code
        impact=estimates.rows_returned(module.options),
        instead=f"Put the condition into the query of `{loaded.table.symbol.rpartition('.')[2]}`: `.where(…)`.",
    )


def _is_asked_already(tests: list[ast.expr], row: ast.expr, loaded: Loaded) -> bool:
    """`if order.shop_id is not None` of rows of some shops: the query lets no others through."""
    name = row.id if isinstance(row, ast.Name) else ""
    columns = [
        test.left.attr
        for test in tests
        if isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Attribute)
        and isinstance(test.left.value, ast.Name)
        and test.left.value.id == name
        and [type(each) for each in test.ops] == [ast.IsNot]
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value is None
    ]
    return (
        bool(tests)
        and len(columns) == len(tests)
        and all(f".{each}" in loaded.filters or f"in.{each}" in loaded.filters for each in columns)
    )


def _row_of(loop: ast.For | ast.AsyncFor, module: Module) -> ast.Name | None:
    """What a loop of a request calls each row, where nothing but the loop asks for the rows."""
    row = loop.target
    if not isinstance(row, ast.Name) or loop.orelse or not module.in_request_path(loop):
        return None
    return None if module.is_repeated(loop) or not is_used_once(loop.iter, module) else row


def _which(loaded: Loaded) -> str:
    name = loaded.table.symbol.rpartition(".")[2]
    return f"all `{name}` rows that match" if loaded.filters else f"every `{name}`"


def _finds_one(loaded: Loaded) -> bool:
    """Whether the query asks for a key of its own: there is no more than one row."""
    columns = (loaded.table.column(word[1:]) for word in loaded.filters if word.startswith("."))
    return any(column is not None and (column.unique or column.primary) for column in columns)


def _tallied(loop: ast.For | ast.AsyncFor, module: Module) -> Iterator[Match]:
    """`for order in orders: total += order.total`, where nothing else is done with the rows."""
    row = _row_of(loop, module)
    if row is None or not all(adds_up(each, row.id) for each in loop.body):
        return
    loaded = _whole(loop.iter, module)
    if loaded is not None:
        which, is_large = _which(loaded), not loaded.filters and grows(loaded.table)
    elif module.rows(loop.iter) or not (asked := _asked(loop, module)):
        return
    else:
        which, is_large = f"all that `{asked}` finds", False
    yield Match(
        loop,
        f"This loop adds up after {which} came over: the database can do that and send only the result.",
        severity=FilterInPython.severity if is_large else Severity.LOW,
        confidence=Confidence.LIKELY if is_large else Confidence.POSSIBLE,
        impact=estimates.rows_returned(module.options),
        instead="Let the database aggregate: `select(func.count(), func.sum(…))` with `group_by` for several groups;"
        " `$group` in MongoDB.",
    )


def _first_of_result(node: ast.Call, module: Module) -> Iterator[Match]:
    """`(await session.scalars(select(Order).order_by(Order.created))).first()`: what is left of all rows that came."""
    if (
        not isinstance(node.func, ast.Attribute)
        or node.func.attr != "first"
        or module.type_of(node.func.value) not in RESULTS
        or not module.in_request_path(node)
    ):
        return
    found = module.rows(node.func.value)
    if len(found) != 1 or not found[0].many or found[0].reads or found[0].flags & (LIMITED | TOUCHED):
        return
    rows = found[0]
    load = Load(node, node.func.value, "", "first")
    if _finds_one(rows) or "?" in rows.filters or is_small(rows.table) or is_limited(load, module):
        return
    if rows.filters and not _is_ordered(node.func.value, module):
        return  # mostly one row
    yield Match(
        node,
        f"`{shortened(module.segment(node), 60)}` keeps one row after {_which(rows)} came over: `first()` of a result sets no limit.",
        severity=Severity.LOW if rows.filters else FilterInPython.severity,
        confidence=Confidence.POSSIBLE if rows.filters or not grows(rows.table) else Confidence.LIKELY,
        impact=estimates.rows_returned(module.options),
        instead="Set the limit in the query: `.limit(1)`.",
    )


def _is_ordered(source: ast.expr, module: Module) -> bool:
    """Whether the statement is sorted, as one that finds several rows is."""
    pending, seen = [source], 0
    while pending and seen < _FAR:
        seen += 1
        names: list[ast.expr] = []
        for expression in pending:
            for part in walk(expression):
                if isinstance(part, ast.Attribute) and part.attr == "order_by":
                    return True
                if isinstance(part, ast.Name):
                    made = [each for each in origins(part, module) if each.lineno < part.lineno]
                    names += sorted(made, key=lambda each: each.lineno)[-1:]
        pending = names
    return False


def _worked_out(node: ast.Call, module: Module) -> Iterator[Match]:
    """`orders = query.all()`, of which the function makes nothing but sums, counts and averages."""
    load = loaded(node, module)
    if load is None or not module.in_request_path(node) or module.is_repeated(node):
        return
    if is_limited(load, module) or any(is_small(rows.table) for rows in module.rows(node)):
        return
    figures = figures_of(node, module)
    if figures < _FEW_FIGURES and not (figures and _is_counted_too(node, module)):
        yield from _of_one_answer(node, module)
        return
    yield Match(
        node,
        f"`{shortened(module.segment(node), 60)}` loads every row that matches, and only numbers are made of them:"
        " the database can do that and send only the result.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many rows there are is not in the code
        impact=estimates.rows_returned(module.options),
        instead="Let the database aggregate: `select(func.count(), func.sum(…), func.avg(…))`, with `.filter(…)` on those that"
        " are about some of the rows.",
    )


def _is_counted_too(call: ast.Call, module: Module) -> bool:
    """Whether the function makes something of how many rows `call` loads: `sum(…) / len(orders)`, `total=len(orders)`."""
    statement, function = module.statement(call), module.function_of(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return isinstance(target, ast.Name) and any(
        isinstance(part := module.parent(use), ast.Call)
        and last_name(part.func) == "len"
        and part.args == [use]
        and not isinstance(module.parent(part), ast.Compare | ast.If | ast.IfExp | ast.BoolOp | ast.UnaryOp)
        for use in uses_of(target.id, function.node if function is not None else module.tree)
    )


def _of_one_answer(call: ast.Call, module: Module) -> Iterator[Match]:
    """`max(orders, key=…)`, `Counter(order.state for order in orders)`, `random.choice(query.all())`: the only thing that is
    made of the rows."""
    found = module.rows(call)
    if len(found) != 1 or found[0].reads or _finds_one(found[0]) or "?" in found[0].filters:
        return
    held: ast.expr = call
    around = module.parent(call)
    if isinstance(around, ast.Await):
        held, around = around, module.parent(around)
    if isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Name) and around.value is held:
        name, function = around.targets[0], module.function_of(call)
        uses = [
            part
            for part in uses_of(name.id, function.node if function is not None else module.tree)
            if part is not name
        ]
        if len(uses) != 1 or module.is_repeated(uses[0]):
            return
        held = uses[0]
    answer = _answer(held, module)
    if answer is None:
        return
    work, instead = answer
    yield Match(
        call,
        f"`{shortened(module.segment(call), 60)}` loads {_which(found[0])}, and Python {work}: the database can do that and"
        " send only the result.",
        severity=Severity.LOW if found[0].filters else FilterInPython.severity,
        confidence=Confidence.POSSIBLE,  # how many rows there are is not in the code
        impact=estimates.rows_returned(module.options),
        instead=instead,
    )


def _answer(rows: ast.expr, module: Module) -> tuple[str, str] | None:
    """What Python makes of all rows, and how the database would."""
    match around := module.parent(rows):
        case ast.Call(func=ast.Name(id="max" | "min"), args=[given], keywords=[ast.keyword(arg="key")]) if (
            given is rows
        ):
            return (
                "picks one of them",
                "Let the database pick it: `.order_by(…).limit(1)` in the query, and `.first()`.",
            )
        case ast.Call(args=[given]) if given is rows and module.qualified_name(around.func) in (
            "random.choice",
            "secrets.choice",
        ):
            return (
                "picks one of them",
                "Let the database pick it: `.order_by(func.random()).limit(1)`, or a random offset below the count.",
            )
        case ast.comprehension(target=ast.Name(id=row), iter=source, ifs=[], is_async=0) if source is rows:
            made = module.parent(around)
        case _:
            return None
    if not isinstance(made, ast.ListComp | ast.SetComp | ast.GeneratorExp) or len(made.generators) != 1:
        return None
    if not (
        isinstance(made.elt, ast.Attribute)
        and isinstance(made.elt.value, ast.Name)
        and made.elt.value.id == row
    ):
        return None
    match module.parent(made):
        case ast.Call(func=function, args=[given]) if given is made and last_name(function) == "Counter":
            return (
                "counts them by kind",
                f"Let the database count: `select({made.elt.attr}, func.count()).group_by(…)` of the model's column.",
            )
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[given]) if given is made:
            return (
                f"looks for `{shortened(ast.unparse(left), 40)}` among them",
                f"Ask for it: `select(exists().where(…))` with the condition on `{made.elt.attr}`.",
            )
    return None


def _let_through(
    node: ast.For | ast.AsyncFor | ast.ListComp | ast.SetComp | ast.GeneratorExp,
    source: ast.expr,
    module: Module,
) -> Iterator[Match]:
    """`[folder for folder in folders if may_read(user, folder)]`, where the query loaded those of all users."""
    check = next(
        (
            call
            for test in _conditions(node)
            for call in walk(test)
            if isinstance(call, ast.Call) and _ACCESS.search(last_name(call.func)) and call.args
        ),
        None,
    )
    if check is None or not any(module.depends_on_loop(each, node) for each in (check.func, *check.args)):
        return
    if not module.in_request_path(node) or module.is_repeated(node) or not is_used_once(source, module):
        return
    loaded = _whole(source, module)
    if loaded is None or loaded.filters or is_small(loaded.table):
        return
    name = loaded.table.symbol.rpartition(".")[2]
    yield Match(
        node,
        f"`{spelled(check.func)}` sorts out what the caller may see after every `{name}` came over, those of all others too.",
        confidence=Confidence.POSSIBLE,  # the rule of access may be more than SQL can say
        impact=estimates.rows_returned(module.options),
        instead="Put what can be said in SQL into the query, such as the owner or the groups of the caller, and check the rest"
        " in Python.",
    )


def _conditions(
    node: ast.For | ast.AsyncFor | ast.ListComp | ast.SetComp | ast.GeneratorExp,
) -> Iterator[ast.expr]:
    """What decides whether a row is kept: an `if` that only adds it to a list, or passes over it."""
    if not isinstance(node, ast.For | ast.AsyncFor):
        yield from node.generators[0].ifs
        return
    for statement in node.body:
        match statement:
            case ast.If(
                test=test,
                body=[ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "add")))],
                orelse=[],
            ):
                yield test
            case ast.If(test=test, body=[ast.Continue()], orelse=[]):
                yield test


def _whole(source: ast.expr, module: Module) -> Loaded | None:
    """The query whose rows, without a limit, are what a loop goes through."""
    found = module.rows(source)
    if len(found) != 1:
        return None
    loaded = found[0]
    if loaded.stage not in (MANY, RESULT, STATEMENT) or not loaded.many or loaded.reads:
        return None
    return None if loaded.flags & (LIMITED | TOUCHED) or "?" in loaded.filters else loaded


def _asked(loop: ast.For | ast.AsyncFor, module: Module) -> str:
    """The call of a store that gives the rows of a loop, as it is spelled: `collection.find(…)`, `dao.find_all(…)`."""
    call = _call_behind(loop.iter, module)
    if call is None or _PARTIAL.search(module.segment(call)) or last_name(call.func) not in _LISTING:
        return ""
    query = module.meaning(call).query
    if query is not None:
        return spelled(call.func) if query.kind == "select" else ""
    if (module.qualified_name(call.func) or "").partition(".")[0] in _NO_STORES:
        return ""  # a library that is known, and asks no database: events of a cluster, say
    entered = module.summary(call)
    # What an unknown object gives one by one, waiting each time, comes from somewhere else.
    return spelled(call.func) if isinstance(loop, ast.AsyncFor) and entered is None else ""


def _of_page(node: ast.Subscript | ast.Call, cut: Cut, module: Module) -> Match:
    """`rows[skip : skip + limit]`, after all rows came over for each page."""
    name = cut.table.symbol.rpartition(".")[2] if cut.table is not None else "…"
    loaded = cut.loaded
    if cut.call is not None:
        which = f"all that `{spelled(cut.call.func)}` reads"
    elif cut.collection:
        which = f"all of `{cut.collection}`"
    else:
        which = f"all `{name}` rows that match" if cut.is_narrowed else f"every `{name}`"
    return Match(
        node,
        f"`{shortened(module.segment(node), 60)}` cuts a page out of {which}: each page loads them all anew"
        f"{', and sorts them out in Python' if cut.sorted_out else ''}.",
        severity=Severity.LOW
        if cut.is_narrowed or cut.leaf is not None or cut.sorted_out
        else Severity.MEDIUM,
        # The condition may be more than SQL can say.
        confidence=Confidence.LIKELY
        if _is_large(cut, module) and not is_seldom(node, module) and not cut.sorted_out
        else Confidence.POSSIBLE,
        call_path=_way_to(node, cut, module),
        swallows=(
            *((("FP211", loaded.line),) if loaded is not None and loaded.path == module.path else ()),
            *((("FP215", cut.sorted_out),) if cut.sorted_out else ()),
        ),
        impact=estimates.rows_returned(module.options),
        instead="Let the database cut the page: an order, `OFFSET` (or a key to continue after) and `LIMIT` in the query, and a"
        " `COUNT` where their number is shown.",
    )


def _is_large(cut: Cut, module: Module) -> bool:
    """Whether there may be many: who asks for pages expects that, but not of what somebody sets up."""
    if cut.is_narrowed or cut.leaf is not None:
        return False
    table = cut.table
    return table is None or not (
        not grows(table)
        or is_small(table)
        or is_set_up(table)
        or is_reference(table, module.project)
        or is_kept_by_hand(table)
    )


def _way_to(node: ast.Subscript | ast.Call, cut: Cut, module: Module) -> tuple[Hop, ...]:
    here = Hop(module.path, node.lineno, module.symbol_at(node))
    if cut.leaf is not None:
        return (here, *cut.leaf.path)
    loaded = cut.loaded
    if loaded is None or (loaded.path, loaded.symbol) == (module.path, here.symbol):
        return ()
    return here, Hop(loaded.path, loaded.line, loaded.symbol)


def _of_collection(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp, source: ast.Attribute, module: Module
) -> Iterator[Match]:
    """`[m for m in section.members if m.user_id == user.id]`, where the query loaded all members of the section."""
    name = node.generators[0].target
    if not isinstance(name, ast.Name) or not module.in_request_path(node) or not is_read_once(source, module):
        return
    found = module.rows(source)
    if len(found) != 1 or not found[0].reads or found[0].reads[-1] == ITEMS:
        return
    loaded = found[0]
    chain = [each for each in loaded.reads if each != ITEMS]
    if not loaded.covers(chain):
        return
    table: Table | None = loaded.table
    many = False
    for each in chain:
        relationship = table.relationships.get(each) if table is not None else None
        table, many = (relationship.target, relationship.many) if relationship is not None else (None, False)
    if table is None or not many:
        return
    key = next((key for test in node.generators[0].ifs if (key := key_of_one(test, name.id, table))), "")
    if not key:
        return
    owner = loaded.table.symbol.rpartition(".")[2]
    yield Match(
        node,
        f"`{shortened(module.segment(node), 60)}` keeps those of one `{key}` after all of `{owner}.{'.'.join(chain)}`"
        " came over: the database can look them up.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are is not in the code
        call_path=(
            Hop(module.path, node.lineno, module.symbol_at(node)),
            Hop(loaded.path, loaded.line, loaded.symbol),
        ),
        impact=estimates.rows_returned(module.options),
        instead=f"Ask for them alone: `select({table.symbol.rpartition('.')[2]})` with both conditions, and leave `{chain[-1]}`"
        " unloaded.",
    )


def _of_listing(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp, source: ast.expr, module: Module
) -> Iterator[Match]:
    """`[m for m in await store.list_meetings(user) if m["status"] == "open"]`, where the list can be asked for by `status`: its
    parameter for that is left out."""
    call = _call_behind(source, module)
    if call is None or _PARTIAL.search(module.segment(call)):
        return
    row = node.generators[0].target
    tests = node.generators[0].ifs
    if not isinstance(row, ast.Name) or not tests or not all(asks_value(test, row.id) for test in tests):
        return
    summary = module.summary(call)
    if summary is None or not summary.queries or summary.writes or summary.commits:
        return
    takes = {each.name for edge in module.edges(call) for each in edge.target.function.parameters}
    wished = next((key for test in tests for key in members_asked(test, row.id) if key in takes), "")
    if not wished or any(keyword.arg in (wished, None) for keyword in call.keywords):
        return
    leaf = summary.queries[0]
    yield Match(
        node,
        f"`{shortened(module.segment(node), 60)}` filters by `{wished}` after all that `{spelled(call.func)}` reads came over,"
        f" and `{wished}` is a parameter of it.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many the filter drops is not in the code
        call_path=(Hop(module.path, call.lineno, last_name(call.func)), *leaf.path),
        impact=estimates.rows_returned(module.options),
        instead=f"Let the query of `{last_name(call.func)}` filter by `{wished}`, which it takes already.",
    )


def _call_behind(source: ast.expr, module: Module) -> ast.Call | None:
    """The call that gives the list: itself, or what the only binding of a local holds."""
    if isinstance(source, ast.Name):
        given = list(values_of(source, module))
        return given[0] if len(given) == 1 and isinstance(given[0], ast.Call) else None
    if isinstance(source, ast.Await):
        source = source.value
    return source if isinstance(source, ast.Call) else None


def _instead(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.Subscript, model: str) -> str:
    """The same as SQLAlchemy spells it, where that is plain; else the card's words."""
    match node:
        case ast.Subscript(slice=ast.Slice(upper=ast.Constant(value=int(upper)))):
            return f"Let the database cut: `.limit({upper})` in the query."
        case ast.Subscript(slice=ast.Constant()):
            return "Let the database pick it: `.limit(1)` in the query, and `.first()`."
        case ast.Subscript(slice=ast.UnaryOp()):
            return (
                "Let the database pick it: the opposite order and `.limit(1)` in the query, and `.first()`."
            )
        case ast.SetComp(elt=ast.Attribute(attr=column), generators=[ast.comprehension(ifs=[])]):
            return f"Let the database do it: `select({model}.{column}).distinct()`."
        case ast.ListComp(generators=[ast.comprehension(target=ast.Name(id=row), ifs=[*conditions])]) if (
            conditions and all(isinstance(each, ast.Compare | ast.Attribute) for each in conditions)
        ):
            said = (ast.unparse(each).replace(f"{row}.", f"{model}.") for each in conditions)
            return f"Put the condition into the query: `.where({', '.join(said)})`."
    return ""


def _sliced(node: ast.Subscript) -> tuple[ast.expr | None, str]:
    """`rows[:10]`."""
    match node:
        case ast.Subscript(
            value=ast.Name() | ast.Call() as source, slice=ast.Slice(upper=ast.Constant(value=int(upper)))
        ) if upper > 0:
            return source, f"keeps {upper} rows"
        case ast.Subscript(
            value=ast.Call() as source,
            slice=ast.Constant(value=0) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)),
        ):
            return source, "keeps one row"
    return None, ""


def _is_of_row(value: ast.expr, row: str) -> bool:
    return isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == row


def _filtered(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp, module: Module
) -> tuple[ast.expr | None, str]:
    """`[x for x in rows if x.open]`, `sum(x.total for x in rows)`."""
    match node.generators:
        case [ast.comprehension(target=ast.Name(id=name), iter=source, ifs=conditions)]:
            if conditions:
                return source, "filters"
            if isinstance(source, ast.Attribute):
                return None, ""
            match module.parent(node), node.elt:
                case ast.Call(func=ast.Name(id="any")), ast.Compare(ops=[ast.Eq()]) as asked:
                    return source, f"looks for `{shortened(ast.unparse(asked), 40)}`"
                case ast.Call(func=ast.Name(id=function)), ast.Attribute(value=ast.Name(id=owner)) if (
                    function in _SUMS and owner == name
                ):
                    return source, "sums up" if function == "sum" else f"looks for the {function}imum"
            if isinstance(node, ast.SetComp) and _is_of_row(node.elt, name):
                return source, "keeps the different values"
    return None, ""
