from __future__ import annotations

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data import store_lists
from rules.engine.data.document_lists import ENDS, UnlimitedList, held, unlimited
from rules.engine.data.growing_tables import grows, grows_by_name
from rules.engine.data.loads import LISTS, is_limited, loaded
from rules.engine.data.lookups import OWNERS
from rules.engine.data.raw_queries import Raw, is_unlimited
from rules.engine.data.reference_tables import is_kept_by_hand, is_only_read, is_reference
from rules.engine.data.small_tables import is_set_up, is_small
from rules.engine.data.store_lists import ASKING, StoreList
from rules.engine.finding import Hop
from rules.engine.linking.context import Context
from rules.engine.reading.loop_shapes import shortened, spelled
from rules.engine.reading.raw_text import TAKES
from rules.engine.reading.regexes import regex
from rules.engine.reading.rows import ITEM, LIMITED, MANY, NARROWED, RESULT, TOUCHED, WISHED
from rules.engine.reading.spelling import last_name, targets_of
from rules.engine.reading.walking import uses_of, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.data.unbounded import Unlimited
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_SAYING_WHY = ("FP209", "FP210", "FP214", "FP215", "FP216")
"""What says of rows that are loaded what they are not needed for."""
_WRITING = regex(r"\.writerow\(")
_WITH_ROWS = frozenset({"joinedload", "selectinload", "subqueryload", "immediateload"})
_GOES_ON = regex(
    r"(?i)(?:message|event|log|histor(?:y|ie)|audit|activit(?:y|ie)|notification|reading|measurement|metric|heartbeat"
    r"|transcript|span|trace)s?$"
)
"""How tables are called of which a row gets more as long as it lives."""
_PAGE = frozenset({"limit", "offset", "skip", "page", "page_size", "per_page", "size", "start"})
_REMOVES = regex(r"^_?(?:delete|remove|purge|erase|export|clone|copy|duplicate)")


class UnboundedQuery(Rule):
    """An endpoint that returns every row of a table gets slower and bigger with every row that is added.

    Nothing in the query bounds it, so the time, the memory of the worker and the size of the response follow the table.
    It is fast while the table is small, and one request can exhaust a worker when it is not.

    ## Instead
    Return pages: `limit: Annotated[int, Query(ge=1, le=100)] = 50` and `.limit(limit)`, with an offset or
    better a key to continue after (`.where(Model.id > last).order_by(Model.id)`). Exports stream: `yield_per`.

    ## Trade-offs
    Callers have to ask for the next page: it changes the API. A stable order is needed for pages not to overlap.

    ## Monitor
    Rows per request and response size, p99; worker memory.

    ## When to ignore it
    When the table stays small for ever: countries, roles, settings.
    """

    code = "FP211"
    per_request = True
    paid_by_misses = True
    aliases = MappingProxyType({"FP509": "missing-pagination-contract"})
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "p99 of rows per request and of response size"
    guards = ("limit", "LIMIT", "fetch", "slice", "paginate", "top")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session
            from shop.schemas import OrderOut

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)

            @app.get("/orders")
            def list_orders(session: Session = Depends(get_session)) -> list[OrderOut]:
                return session.scalars(select(Order).order_by(Order.id)).all()
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI, Query
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session
            from shop.schemas import OrderOut

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)

            @app.get("/orders")
            def list_orders(
                limit: Annotated[int, Query(ge=1, le=100)] = 50, session: Session = Depends(get_session)
            ) -> list[OrderOut]:
                return session.scalars(select(Order).order_by(Order.id).limit(limit)).all()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        if callee.is_linked or callee.spelled in TAKES or callee.spelled in _WITH_ROWS:
            return True
        return callee.is_method and (
            callee.spelled in ENDS or callee.spelled in ASKING or callee.spelled in LISTS
        )

    def check(self, node: ast.Call | ast.For, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.For):
            yield from _exported(node, module)
            return
        if last_name(node.func) in _WITH_ROWS:
            yield from _of_eager_load(node, module)
            return
        raw = _raw(node, module)
        if raw is not None:
            yield _of_raw(node, raw, module)
            return
        listed = unlimited(node, module)
        if listed is not None:
            yield _of_documents(node, listed, module)
            return
        stored = store_lists.listed(node, module)
        if stored is not None:
            yield _of_store(node, stored, module)
            return
        yield from _of_job(node, module)
        yield from _of_held(node, module)
        found = module.project.unbounded.at(module.path, node.lineno, node.col_offset)
        if found is None:
            yield from _of_request(node, module)
            return
        if any(isinstance(part, ast.Call) for part in walk(node.func)):
            return
        table = found.loaded.table
        name = table.symbol.rpartition(".")[2] if table.value is not None else table.name
        place = found.places[0]
        what = f"all `{name}` rows that match" if found.loaded.filters else f"every `{name}`"
        elsewhere = [
            hop for hop in found.places if (hop.path, hop.symbol) != (module.path, module.symbol_at(node))
        ]
        yield Match(
            node,
            f"`{place.symbol.rpartition('.')[2]}` returns {what} in one response: nothing limits this query, so it"
            " grows with the table.",
            severity=Severity.LOW if found.loaded.filters else self.severity,
            # Rows of one user, one order: mostly a handful, and only the project knows; so with what somebody sets up.
            confidence=Confidence.POSSIBLE
            if found.loaded.filters
            or not grows(table)
            or is_small(table)
            or is_set_up(table)
            or is_reference(table, module.project)
            or is_kept_by_hand(table)
            or is_seldom(node, module)
            or _is_narrowed(found, elsewhere)
            else Confidence.LIKELY,
            call_path=_way(node, module),
            related=tuple(elsewhere[:3]),
            impact=estimates.rows_returned(module.options),
            instead=_pages(name) if name[:1].isupper() and "id" in table.columns else "",
        )


def _of_store(node: ast.Call, stored: StoreList, module: Module) -> Match:
    if stored.scans:
        return Match(
            node,
            f"`{spelled(node.func)}` reads the whole table for each request, a megabyte at a time: a filter only drops what was read.",
            confidence=Confidence.POSSIBLE,  # how large it is is not in the code
            instead="Ask by the key with `query(KeyConditionExpression=…)`, of the table or of a secondary index on what is looked for.",
            impact=estimates.rows_returned(module.options),
        )
    endpoint = stored.endpoints[0]
    return Match(
        node,
        f"`{endpoint.symbol.rpartition('.')[2]}` returns all of `{shortened(stored.what, 60)}` in one response: nothing limits what is"
        " asked for, so it grows with the data.",
        confidence=Confidence.POSSIBLE,
        impact=estimates.rows_returned(module.options),
        instead="Return pages: a bounded `limit` parameter that is handed on to the store, continued after the last key.",
    )


def _exported(loop: ast.For, module: Module) -> Iterator[Match]:
    """`for order in session.scalars(select(Order)): writer.writerow([order.number])`: a file of all rows, in one piece."""
    row = loop.target
    if (
        not isinstance(row, ast.Name)
        or not module.source.matches(_WRITING)
        or not module.in_request_path(loop)
    ):
        return
    written = [
        call
        for statement in loop.body
        for call in walk(statement)
        if isinstance(call, ast.Call)
        and last_name(call.func) == "writerow"
        and any(
            isinstance(part, ast.Name) and part.id == row.id for given in call.args for part in walk(given)
        )
    ]
    found = module.rows(loop.iter) if written else []
    if len(found) != 1 or found[0].stage == ITEM or found[0].reads or found[0].flags & (LIMITED | TOUCHED):
        return
    if "?" in found[0].filters or module.is_repeated(loop) or is_small(found[0].table):
        return
    around = module.function_of(loop)
    if around is None or "yield" in module.segment(around.node):
        return  # it streams
    name = found[0].table.symbol.rpartition(".")[2]
    which = f"all `{name}` rows that match" if found[0].filters else f"every `{name}`"
    yield Match(
        loop,
        f"This loop writes {which} into a file that is complete before its first byte is sent: nothing limits the query, so time"
        " and memory grow with the table.",
        severity=Severity.LOW if found[0].filters else UnboundedQuery.severity,
        confidence=Confidence.POSSIBLE,  # how many rows an export has is not in the code
        impact=estimates.rows_returned(module.options),
        instead="Stream it: a generator that goes through `session.execute(query.execution_options(yield_per=1000))` and yields"
        " the lines, given to `StreamingResponse`; what takes minutes belongs into a job.",
    )


def _of_job(node: ast.Call, module: Module) -> Iterator[Match]:
    """`for usage in session.query(Usage).all(): …` in a job of a queue: all rows are in its memory before the first is looked at."""
    if Context.TASK not in module.contexts(node) or module.in_request_path(node) or module.is_repeated(node):
        return
    load = loaded(node, module)
    found = module.rows(node) if load is not None and not is_limited(load, module) else ()
    if len(found) != 1 or found[0].reads or not found[0].many or found[0].flags & (LIMITED | TOUCHED):
        return
    rows = found[0]
    if any(word[:1] != "~" for word in rows.filters) or not grows(rows.table) or is_small(rows.table):
        return
    name, function = rows.table.symbol.rpartition(".")[2], module.function_of(node)
    if function is None or is_reference(rows.table, module.project):
        return
    which = f"all `{name}` rows that match" if rows.filters else f"every `{name}`"
    yield Match(
        node,
        f"`{function.name}` holds {which} in memory before it looks at the first: nothing limits this query, so the worker grows"
        " with the table.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are is not in the code
        when_new=Confidence.LIKELY,
        impact=estimates.rows_returned(module.options),
        instead="Go through it in portions: `execution_options(yield_per=1000)`, or pages after the last key where the job commits"
        " in between.",
    )


def _of_request(node: ast.Call, module: Module) -> Iterator[Match]:
    """`for order in session.query(Order).filter(Order.tenant_id == tenant).all(): …` while a request waits: whatever is made of
    them, all rows of an owner are in memory for it."""
    if not module.in_request_path(node) or module.is_repeated(node) or is_seldom(node, module):
        return
    load = loaded(node, module)
    found = module.rows(node) if load is not None and not is_limited(load, module) else ()
    if (
        len(found) != 1
        or found[0].reads
        or not found[0].many
        or found[0].flags & (LIMITED | TOUCHED | WISHED)
    ):
        return
    rows, function = found[0], module.function_of(node)
    if module.project.unbounded.at(rows.path, rows.line, rows.column) is not None:
        return  # said where the query is made
    if any(word[:1] != "~" and word[1:] not in OWNERS for word in rows.filters) or function is None:
        return
    stays_small = is_small(rows.table) or is_set_up(rows.table) or is_kept_by_hand(rows.table)
    if is_reference(rows.table, module.project):
        return
    if (stays_small or not grows(rows.table)) and not _is_cut_later(node, function.node):
        return
    name = rows.table.symbol.rpartition(".")[2]
    which = f"all `{name}` rows that match" if rows.filters else f"every `{name}`"
    yield Match(
        node,
        f"`{function.name}` holds {which} in memory while a request waits: nothing limits this query, so time and memory grow"
        " with the table.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are is not in the code
        cedes=tuple((code, line) for code in _SAYING_WHY for line in _lines_of(node, function.node, module)),
        impact=estimates.rows_returned(module.options),
        instead="Let the database count, add up, filter and cut out the page, or read only the columns that are used, in portions"
        " (`yield_per`).",
    )


def _is_cut_later(query: ast.Call, function: ast.AST) -> bool:
    """Whether the function is asked for a page, and gives what it was asked to another with the rows:
    `self._slice(orders, offset=offset, limit=limit)`. Who lists pages has many."""
    return any(
        isinstance(call, ast.Call)
        and call.lineno > query.lineno
        and call.args
        and isinstance(call.args[0], ast.Name)
        and len(_PAGE & {last_name(each) for each in (*call.args[1:], *(key.value for key in call.keywords))})
        > 1
        for call in walk(function)
    )


def _of_eager_load(node: ast.Call, module: Module) -> Iterator[Match]:
    """`joinedload(Chat.messages)` while a request waits: all that ever happened to each row comes with it."""
    given = node.args[0] if len(node.args) == 1 else None
    if not isinstance(given, ast.Attribute) or not module.in_request_path(node) or is_seldom(node, module):
        return
    owner, function = module.table(given.value), module.function_of(node)
    relationship = owner.relationships.get(given.attr) if owner is not None else None
    if owner is None or relationship is None or not relationship.many or function is None:
        return
    target = relationship.target
    if target is None or relationship.secondary or not _GOES_ON.search(target.name):
        return
    if is_small(target) or _REMOVES.search(function.name) or "with_loader_criteria" in module.source.text:
        return
    rows, one = target.symbol.rpartition(".")[2], owner.symbol.rpartition(".")[2]
    yield Match(
        node,
        f"`{module.segment(given)}` comes whole with each `{one}`: nothing limits how many `{rows}` rows that is, so time and memory"
        f" grow with what happens to it.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are is not in the code
        related=(relationship.declared(f"{one}.{given.attr}"),),
        impact=estimates.rows_returned(module.options),
        instead=f"Ask for a page of `{rows}` by its key, `order_by` and `limit`; where only the number or the newest is used, let"
        " the database find it.",
    )


def _of_held(node: ast.Call, module: Module) -> Iterator[Match]:
    """The same of MongoDB, Beanie and Tortoise: `payments = await Payment.filter(created_at__gte=day).all()`."""
    listed = held(node, module) if module.in_request_path(node) else None
    function = module.function_of(node) if listed is not None else None
    if listed is None or function is None or module.is_repeated(node) or is_seldom(node, module):
        return
    if not grows_by_name(listed.source.rpartition(".")[2].removeprefix("DB")):
        return
    which = f"all of `{listed.source}` that match" if listed.narrowed else f"all of `{listed.source}`"
    yield Match(
        node,
        f"`{function.name}` holds {which} in memory while a request waits: nothing limits this query, so time and memory grow"
        " with the data.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are is not in the code
        cedes=tuple((code, line) for code in _SAYING_WHY for line in _lines_of(node, function.node, module)),
        impact=estimates.rows_returned(module.options),
        instead="Let the database count, add up, group and cut out the page, or go through them in portions.",
    )


def _lines_of(node: ast.Call, function: ast.AST, module: Module) -> list[int]:
    """Where the rows are loaded, and where what they are called is used."""
    statement = module.statement(node)
    named = targets_of(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else ()
    uses = [use for each in named if isinstance(each, ast.Name) for use in uses_of(each.id, function)]
    around = [module.statement(use) or use for use in uses]
    return sorted({each.lineno for each in (node, *uses, *around)})


def _way(query: ast.Call, module: Module) -> tuple[Hop, ...]:
    """From a query that has a name, and gets its conditions step by step, to where its rows are fetched: there the limit goes."""
    function, statement = module.function_of(query), module.statement(query)
    if function is None or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return ()
    last = statement.end_lineno or statement.lineno
    for use in (use for each in targets_of(statement) for use in _uses_after(each, function.node, last)):
        around = module.parent(use)
        while around is not None and not isinstance(around, ast.stmt):
            if isinstance(around, ast.Call) and any(
                (rows.path, rows.line, rows.column) == (module.path, query.lineno, query.col_offset)
                and rows.stage in (MANY, RESULT)
                for rows in module.rows(around)
            ):
                symbol = module.symbol_at(query)
                return (
                    Hop(module.path, query.lineno, symbol),
                    Hop(module.path, around.end_lineno or around.lineno, spelled(around.func)),
                )
            around = module.parent(around)
    return ()


def _uses_after(target: ast.expr, function: ast.AST, line: int) -> Iterator[ast.Name]:
    """Where a name is read further down, in order."""
    if isinstance(target, ast.Name):
        uses = (use for use in uses_of(target.id, function) if use.lineno > line)
        yield from sorted(uses, key=lambda use: use.lineno)


def _pages(name: str) -> str:
    """The card's words with the model at hand."""
    return (
        "Return pages: `limit: Annotated[int, Query(ge=1, le=100)] = 50` and `.limit(limit)`, with an offset or better a key to"
        f" continue after (`.where({name}.id > last).order_by({name}.id)`). Exports stream: `yield_per`."
    )


def _is_narrowed(found: Unlimited, elsewhere: list[Hop]) -> bool:
    """Whether a helper adds conditions on some paths: who calls it decides, and mostly gives some."""
    return bool(elsewhere) and bool(found.loaded.flags & NARROWED)


def _raw(node: ast.Call, module: Module) -> Raw | None:
    """The SQL text that `node` runs, when nothing limits it and all its rows become a response."""
    name = last_name(node.func)
    if name not in TAKES:
        return None
    raw = module.project.raw.at(module.path, node.lineno, node.col_offset, name)
    return raw if raw is not None and raw.places and is_unlimited(raw) else None


def _of_raw(node: ast.Call, raw: Raw, module: Module) -> Match:
    place = raw.places[0]
    narrowed = bool(raw.statement.conditions)
    what = (
        f"all rows of `{raw.statement.tables[0]}` that match"
        if narrowed
        else f"every row of `{raw.statement.tables[0]}`"
    )
    return Match(
        node,
        f"`{place.symbol.rpartition('.')[2]}` returns {what} in one response: nothing limits this query, so it"
        " grows with the table.",
        severity=Severity.LOW if narrowed else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE
        # A join may leave few rows.
        if narrowed
        or raw.statement.joined
        or is_seldom(node, module)
        or not _raw_grows(raw)
        or _stays_small(raw, module)
        else Confidence.LIKELY,
        related=tuple(
            hop for hop in raw.places[:3] if (hop.path, hop.symbol) != (module.path, module.symbol_at(node))
        ),
        impact=estimates.rows_returned(module.options),
    )


def _raw_grows(raw: Raw) -> bool:
    return grows_by_name(raw.statement.tables[0]) or (raw.table is not None and grows(raw.table))


def _stays_small(raw: Raw, module: Module) -> bool:
    if raw.table is not None and (is_small(raw.table) or is_reference(raw.table, module.project)):
        return True
    return is_only_read(raw.statement.tables[0].rpartition(".")[2], raw.table, module.project)


def _of_documents(node: ast.Call, listed: UnlimitedList, module: Module) -> Match:
    endpoint = listed.endpoints[0]
    what = f"all of `{listed.source}` that match" if listed.narrowed else f"all of `{listed.source}`"
    places = [Hop(each.path, each.function.line, each.symbol) for each in listed.endpoints[:3]]
    return Match(
        node,
        f"`{endpoint.symbol.rpartition('.')[2]}` returns {what} in one response: nothing limits this query, so it"
        " grows with the data.",
        severity=Severity.LOW if listed.narrowed else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE
        if listed.narrowed or not grows_by_name(listed.source) or is_seldom(node, module)
        else Confidence.LIKELY,
        related=tuple(
            hop for hop in places if (hop.path, hop.symbol) != (module.path, module.symbol_at(node))
        ),
        impact=estimates.rows_returned(module.options),
        instead="Return pages: `.limit(limit)` with a bounded `limit` parameter, continued after the last key.",
    )
