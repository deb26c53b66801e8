from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data import eager
from rules.engine.data.lazy_loading import Place, Read, Unloaded
from rules.engine.data.round_trips import nearest
from rules.engine.data.small_tables import holds_settings, lists_kinds
from rules.engine.linking.context import IN_REQUEST
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.staff import is_for_staff

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WORKER = regex(r"_by(?:_user)?$|^(?:user|owner|uploader|creator|editor)$")
"""Who did something to a row: the rows of a page come from few, often from the one who asks."""
_NEXT = 2
"""The fix loads what the loaded rows would be asked for next, too."""


class LazyRelationshipInResponseModel(Rule):
    """A response model that reads a lazy relationship runs one query per row while the response is built.

    No loop is visible: the endpoint returns rows, the model reads `order.items` of each, and each reading is a round trip
    because the query did not load the items. A page of a hundred orders costs a hundred and one statements. In an
    `async def` endpoint with a synchronous session they run on the event loop, so all other requests wait for them too.

    ## Instead
    Load what the response shows with the query: `.options(selectinload(Model.children))` is one more statement
    for all rows together. Or leave the relationship out of the response model.

    ## Trade-offs
    The related rows are read also where nobody looks at them: put the option on the query of this response, not on the
    model. Rows loaded with the query do not see what is written to the relationship afterwards.

    ## Monitor
    Statements per request, against the number of rows in the response.

    ## When to ignore it
    When the list never has more than a handful of rows.
    """

    code = "FP204"
    paid_by_misses = True
    severity = Severity.HIGH
    said_from = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "statements per request"
    imports = frozenset({"sqlalchemy", "sqlmodel"})
    guards = ("selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager", "lazy")

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from pydantic import BaseModel
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

            from shop.db import Base, get_session

            app = FastAPI()

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                items: Mapped[list["Item"]] = relationship()

            class Item(Base):
                __tablename__ = "items"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            class ItemOut(BaseModel):
                id: int

            class OrderOut(BaseModel):
                id: int
                items: list[ItemOut]

            @app.get("/orders", response_model=list[OrderOut])
            def list_orders(session: Annotated[Session, Depends(get_session)]):
                return session.scalars(select(Order).limit(100)).all()
            """,
            fixed="""
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from pydantic import BaseModel
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

            from shop.db import Base, get_session

            app = FastAPI()

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                items: Mapped[list["Item"]] = relationship()

            class Item(Base):
                __tablename__ = "items"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            class ItemOut(BaseModel):
                id: int

            class OrderOut(BaseModel):
                id: int
                items: list[ItemOut]

            @app.get("/orders", response_model=list[OrderOut])
            def list_orders(session: Annotated[Session, Depends(get_session)]):
                return session.scalars(select(Order).options(selectinload(Order.items)).limit(100)).all()
            """,
        ),
    )
    valid = (
        Valid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from pydantic import BaseModel
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

            from shop.db import Base, get_session

            app = FastAPI()

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                items: Mapped[list["Item"]] = relationship()

            class Item(Base):
                __tablename__ = "items"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            class ItemOut(BaseModel):
                id: int

            class OrderOut(BaseModel):
                id: int
                items: list[ItemOut]

            @app.get("/orders", response_model=list[OrderOut])
            def list_orders(session: Annotated[Session, Depends(get_session)]):
                return session.scalars(select(Order).options(selectinload(Order.items)).limit(100)).all()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_linked

    def check(self, node: ast.Call | ast.FunctionDef, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.FunctionDef):
            yield from self._property(node, module)
            return
        found = module.project.lazy_loading.at(module.path, node.lineno, node.col_offset)
        if (
            found is None
            or found.loaded.is_async is not False
            or eager.query_node(module, found.loaded) is not node
        ):
            return
        places = [place for place in found.places if _serves(place, module)]
        if not places:
            return
        many = any(place.many for place in places)
        # Of one row each relationship is one query, with an option or without: only what repeats is worth a word.
        reads = [
            read
            for read in found.reads.values()
            if read.repeated and not read.behind and not _is_there(read, node, module)
        ]
        if not reads:
            return
        behind = [read.chain for read in found.reads.values() if read.behind and len(read.chain) == _NEXT]
        alike = _alternatives(node, found, module)
        match = Match(
            node,
            _message(found, reads, places, module, many=many).removesuffix(".") + _also(alike) + ".",
            swallows=tuple((self.code, line) for line in alike),
            siblings=alike,
            severity=Severity.HIGH if many else Severity.MEDIUM,
            # What was just written is shown once, with the few that it refers to.
            confidence=Confidence.POSSIBLE
            if not many and all(eager.is_of_one(found.loaded, read.chain) for read in reads)
            else _confidence(found, reads)
            if many or not all(_answers_write(place, module) for place in places)
            else Confidence.POSSIBLE,
            fix=eager.load_with_query(module, found.loaded, [*(read.chain for read in reads), *behind]),
            related=tuple(_related(reads, places)),
            mended_at=eager.options_line(node, module),
            impact=estimates.lazy_loads(module.options, len(reads), module.turns(node)),
            instead=f"Load what the response shows with the query: `.options({_suggestion(found, reads)})`.",
        )
        # A page of those who run the system, in old code: few look at it, and wait.
        yield match.doubted() if _is_one_reference(reads) or is_for_staff(node, module) else match

    def _property(self, node: ast.FunctionDef, module: Module) -> Iterator[Match]:
        """A property of the model that asks the database itself, for each row that is shown."""
        if not node.decorator_list or not module.project.lazy_loading.properties:
            return
        scope = module.index.scope_of.get(node)
        known = module.project.lazy_loading.properties.get((module.path, scope.symbol)) if scope else None
        shown = [(asked, place) for asked, place in known or () if _serves(place, module)]
        call = _asking(scope.calls, module) if scope is not None and shown else None
        if call is None:
            return
        asked = shown[0][0]
        entity = asked.owner.symbol.rpartition(".")[2]
        yield Match(
            call,
            f"`{entity}.{node.name}` runs `{spelled(call.func)}` for each `{entity}` while the response of"
            f" {_where([place for _, place in shown], module)} is built: one more query per row.",
            severity=Severity.HIGH if any(place.many for _, place in shown) else Severity.MEDIUM,
            confidence=Confidence.LIKELY,
            related=(
                *(Hop(each.path, each.line, each.symbol) for _, each in shown[:3]),
                Hop(asked.field.path, asked.field.line, f"{asked.field.owner}.{asked.field.name}"),
            ),
            impact=estimates.lazy_loads(module.options, 1),
            instead="Load it with the rows: a relationship with `selectinload`, or one query for all of them.",
        )


def _also(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    return (
        f"; so with the quer{'y of line' if len(lines) == 1 else 'ies of lines'} {', '.join(map(str, lines))}"
    )


def _alternatives(node: ast.Call, found: Unloaded, module: Module) -> tuple[int, ...]:
    """The lines of later queries of the same function for the same rows, of which the same is missing: a request runs one of
    them, and what is wrong with them is one matter."""
    function = module.function_of(node)
    lines = set()
    for call in walk(function.node) if function is not None else ():
        if not isinstance(call, ast.Call) or call.lineno <= node.lineno:
            continue
        other = module.project.lazy_loading.at(module.path, call.lineno, call.col_offset)
        if (
            other is not None
            and other.loaded.table is found.loaded.table
            and other.reads.keys() == found.reads.keys()
            and other.loaded.is_async is False
            and eager.query_node(module, other.loaded) is call
        ):
            lines.add(call.lineno)
    return tuple(sorted(lines))


def _confidence(found: Unloaded, reads: list[Read]) -> Confidence:
    """How sure it is that the rows are many, and what they refer to as well: the session keeps what it has loaded once."""
    if holds_settings(found.loaded.table) or all(
        not read.relationship.many
        and (
            _WORKER.search(read.chain[-1]) is not None
            or (read.relationship.target is not None and lists_kinds(read.relationship.target.name))
        )
        for read in reads
    ):
        return Confidence.POSSIBLE
    return Confidence.LIKELY if all(read.through for read in reads) else Confidence.CERTAIN


def _is_one_reference(reads: list[Read]) -> bool:
    """Whether all that is missing is one row that each row refers to: most lists refer to a few, and the session has those after
    the first."""
    return len(reads) == 1 and not reads[0].relationship.many and not reads[0].through


def _is_there(read: Read, query: ast.Call, module: Module) -> bool:
    """Whether the function of the query sets the relationship before anything is returned: `order.items = [each for …]`."""
    function = module.function_of(query)
    return function is not None and any(
        isinstance(node, ast.Assign)
        and any(
            isinstance(target, ast.Attribute) and target.attr == read.chain[-1] for target in node.targets
        )
        for node in walk(function.node)
    )


def _asking(calls: list[ast.Call], module: Module) -> ast.Call | None:
    """The first call that reads from the database each time."""
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        if _is_conditional(call, module):
            continue
        query = module.query(call)
        if query is not None:
            if query.kind == "select" and query.driver == "sqlalchemy" and not query.primary_key:
                return call
            continue
        summary = module.summary(call)
        leaf = nearest(summary.reads) if summary is not None else None
        if leaf is not None and not leaf.sometimes:
            return call
    return None


def _is_conditional(node: ast.AST, module: Module) -> bool:
    current = module.parent(node)
    while current is not None and not isinstance(current, ast.FunctionDef):
        if isinstance(current, ast.If | ast.IfExp | ast.ExceptHandler | ast.match_case | ast.Lambda):
            return True
        current = module.parent(current)
    return False


def _serves(place: Place, module: Module) -> bool:
    if place.is_endpoint:
        return True
    node = module.project.node(place.path, place.symbol)
    return node is not None and bool(node.contexts & IN_REQUEST)


def _message(found: Unloaded, reads: list[Read], places: list[Place], module: Module, *, many: bool) -> str:
    shown = _listed([f"{read.schema.rpartition('.')[2]}.{read.field.name}" for read in reads])
    where = _where(places, module)
    entity = found.loaded.table.symbol.rpartition(".")[2]
    on_loop = ", on the event loop" if any(_on_loop(place, module) for place in places) else ""
    verb = "is" if len(reads) == 1 else "are each"
    others = (
        module.project.lazy_loading.tables_at(found.loaded.path, found.loaded.line, found.loaded.column) - 1
    )
    if many and others:
        on_loop += f"; and so for {others} other model{'s' if others > 1 else ''} that share this query"
    if many:
        return (
            f"{shown} {verb} loaded one `{entity}` at a time while the response of {where} is built:"
            f" one more query {_each(reads)}{on_loop}."
        )
    return (
        f"{shown} {verb} loaded one element at a time while the response of {where} is built:"
        f" one more query per element{on_loop}."
    )


def _each(reads: list[Read]) -> str:
    """What makes another query: a row that several refer to is in the session after the first."""
    if any(read.relationship.many or read.through for read in reads):
        return "per row"
    return (
        "for each different row that it refers to" if len(reads) == 1 else "for each different row of theirs"
    )


def _where(places: list[Place], module: Module) -> str:
    for place in places:
        node = module.project.node(place.path, place.symbol)
        refs = module.project.endpoint_refs(node) if node is not None else ()
        if refs:
            return f"`{refs[0]}`"
    return f"`{places[0].symbol}`"


def _answers_write(place: Place, module: Module) -> bool:
    node = module.project.node(place.path, place.symbol)
    refs = module.project.endpoint_refs(node) if node is not None else ()
    return bool(refs) and all(each.method in _WRITING for each in refs)


def _on_loop(place: Place, module: Module) -> bool:
    node = module.project.node(place.path, place.symbol)
    return node is not None and module.project.on_loop(node)


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in dict.fromkeys(names)]
    if len(quoted) > 4:
        quoted = [*quoted[:3], f"{len(quoted) - 3} others"]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _suggestion(found: Unloaded, reads: list[Read]) -> str:
    return eager.option(found.loaded.table, reads[0].chain) + (", …" if len(reads) > 1 else "")


def _related(reads: list[Read], places: list[Place]) -> Iterator[Hop]:
    for place in places[:3]:
        yield Hop(place.path, place.line, place.symbol)
    for read in reads[:5]:
        yield Hop(read.field.path, read.field.line, f"{read.field.owner}.{read.field.name}")
    for read in reads[:5]:
        yield read.relationship.declared(f"{read.owner.symbol}.{read.relationship.attribute}")
