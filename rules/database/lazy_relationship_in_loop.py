from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data import eager
from rules.engine.data.per_item import goes_over_rows, is_doubtful
from rules.engine.data.round_trips import leaves_too, nearest, short, weighed
from rules.engine.data.row_members import summary_of_member
from rules.engine.data.small_tables import lists_kinds
from rules.engine.reading.gaps import fills_gap
from rules.engine.reading.loop_shapes import gone_over, iterables, shortened
from rules.engine.reading.rows import ITEM
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.staff import is_for_staff

if TYPE_CHECKING:
    from rules.engine.data.eager import LazyRead
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode


class LazyRelationshipInLoop(Rule):
    """Reading a lazy relationship of each row in a loop runs one query per row, or per different related object.

    `order.customer` looks like an attribute and is a query, unless the query of the orders loaded the customers too. A
    hundred rows are a hundred round trips, one after another; the time grows with the data.

    ## Instead
    Load what the loop reads with the query: `.options(selectinload(Model.children))`, or `joinedload` for a
    single object.

    ## Trade-offs
    One more statement (or a join) for all rows together, also when the loop ends early. The loaded rows are in memory at
    once.

    ## Monitor
    Statements per request, and the endpoint's p95 against the number of rows.

    ## When to ignore it
    When all rows share one or two related objects: those are read once and then come from the session.
    """

    code = "FP203"
    per_request = True
    paid_by_misses = True
    about_own_line = True
    severity = Severity.HIGH
    said_from = Severity.HIGH
    gates = False
    effort = Effort.MINUTES
    watch = "statements per request"
    imports = frozenset({"sqlalchemy", "sqlmodel"})
    guards = ("selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager", "lazy")

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

            from shop.db import Base, get_session

            app = FastAPI()

            class Customer(Base):
                __tablename__ = "customers"
                id: Mapped[int] = mapped_column(primary_key=True)
                name: Mapped[str]

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
                customer: Mapped[Customer] = relationship()

            @app.get("/names")
            def names(session: Annotated[Session, Depends(get_session)]) -> list[str]:
                orders = session.scalars(select(Order).limit(100)).all()
                return [order.customer.name for order in orders]
            """,
            fixed="""
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

            from shop.db import Base, get_session

            app = FastAPI()

            class Customer(Base):
                __tablename__ = "customers"
                id: Mapped[int] = mapped_column(primary_key=True)
                name: Mapped[str]

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
                customer: Mapped[Customer] = relationship()

            @app.get("/names")
            def names(session: Annotated[Session, Depends(get_session)]) -> list[str]:
                orders = session.scalars(select(Order).options(selectinload(Order.customer)).limit(100)).all()
                return [order.customer.name for order in orders]
            """,
        ),
    )
    valid = (
        Valid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

            from shop.db import Base, get_session

            app = FastAPI()

            class Customer(Base):
                __tablename__ = "customers"
                id: Mapped[int] = mapped_column(primary_key=True)
                name: Mapped[str]

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
                customer: Mapped[Customer] = relationship()

            @app.get("/names")
            def names(session: Annotated[Session, Depends(get_session)]) -> list[str]:
                orders = session.scalars(select(Order).options(joinedload(Order.customer)).limit(100)).all()
                return [order.customer.name for order in orders]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_linked

    def members(self, module: Module) -> Collection[str] | None:
        if "awaitable_attrs" in module.source.text:
            return None
        return module.project.models.member_names

    def check(self, node: ast.Attribute | ast.Call, module: Module) -> Iterator[Match]:
        for match in self._found(node, module):
            # A page of those who run the system, in old code: few look at it, and wait.
            yield match.doubted() if is_for_staff(node, module) else match

    def _found(self, node: ast.Attribute | ast.Call, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            yield from self._through_helper(node, module)
            return
        if not module.is_repeated(node):
            return
        holder = node.value
        if isinstance(holder, ast.Attribute) and holder.attr == "awaitable_attrs":
            yield from self._awaited(node, holder, module)
            return
        found = eager.lazy_read(node, module)
        if found is None:
            yield from self._asked(node, module)
            return
        if not found.repeated or found.loaded.is_async is not False:
            return
        loop = _loop(node, module)
        if loop is None or not serves(node, module) or not eager.is_first(node, module, found.chain[-1]):
            return
        if _ends_the_loop(node, loop, module) or eager.is_held(found, node, module):
            return
        entity = found.owner.symbol.rpartition(".")[2]
        loaded = found.loaded
        through = "" if node.attr == found.chain[-1] else f" reads `{entity}.{found.chain[-1]}`, which"
        path = tuple(Hop(*hop) for hop in loaded.hops) or (
            () if loaded.path == module.path else (Hop(loaded.path, loaded.line, loaded.symbol),)
        )
        yield Match(
            node,
            f"`{module.segment(node)}`{through} is loaded one `{entity}` at a time: {_how_many(found)} of"
            f" `{gone_over(loop, module.segment)}`.",
            # Rows that refer to few parents find them in the session after the first look.
            severity=self.severity
            if found.relationship.many and module.in_request_path(node)
            else Severity.MEDIUM,
            confidence=Confidence.POSSIBLE
            if _lists_kinds(found) or eager.is_of_one(loaded, found.chain)
            else _confidence(loop, module),
            fix=eager.load_with_query(module, loaded, [found.chain]),
            instead=f"Load what the loop reads with the query: `.options({eager.option(loaded.table, found.chain)})`.",
            call_path=eager.way_from_query(found, node, module),
            related=(
                *path,
                Hop(loaded.path, loaded.line, loaded.symbol),
                found.relationship.declared(f"{found.owner.symbol}.{found.chain[-1]}"),
            ),
            impact=estimates.lazy_loads(module.options, 1, module.turns_around(node)),
        )

    def _through_helper(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """The loop gives each row to a function that reads the relationship."""
        handed = module.project.lazy_loading.handed.get((module.path, node.lineno, node.col_offset))
        loop = _loop_of_rows(node, module) if handed else None
        if not handed or loop is None or not serves(node, module) or _ends_the_loop(node, loop, module):
            return
        if _was_handed_before(node, loop, module):
            return
        found = [
            each
            for each in handed.values()
            if not each.read.behind and not eager.is_held(each.read, node, module)
        ]
        if not found:
            return
        is_many = any(each.read.relationship.many for each in found)
        read, way = found[0].read, found[0].way
        loaded = read.loaded
        names = list(dict.fromkeys(f"`{each.way[-1].symbol}`" for each in found))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        entity = read.owner if "[]" in loaded.reads else loaded.table
        yield Match(
            node,
            f"`{shortened(module.segment(node.func))}` loads {', '.join(names[:3])}{more} one `{entity.symbol.rpartition('.')[2]}`"
            f" at a time: {_counted(len(names))} per item of `{gone_over(loop, module.segment)}`.",
            severity=weighed(self.severity, node, module) if is_many else Severity.MEDIUM,
            # A key that is empty, or the same for many rows, costs nothing: how often, the helper does not show.
            confidence=_confidence(loop, module)
            if is_many and not eager.is_of_one(loaded, read.chain)
            else Confidence.POSSIBLE,
            fix=eager.load_with_query(module, loaded, [each.read.chain for each in found]),
            instead=f"Load what the loop reads with the query: `.options({eager.option(loaded.table, read.chain)})`.",
            call_path=(*eager.way_from_query(read, node, module)[:-1], *way),
            related=(
                Hop(loaded.path, loaded.line, loaded.symbol),
                read.relationship.declared(way[-1].symbol),
            ),
            impact=estimates.lazy_loads(module.options, len(names), module.turns_around(node)),
        )

    def _asked(self, node: ast.Attribute, module: Module) -> Iterator[Match]:
        """A property of the model that asks the database itself."""
        if node.attr not in module.project.models.property_names:
            return
        loop = _loop(node, module)
        member = summary_of_member(node, module) if loop is not None else None
        leaf = nearest(member[1].reads, "select") if member is not None else None
        if loop is None or member is None or leaf is None or module.summary(node) is not None:
            return
        if not serves(node, module) or not eager.is_first(node, module) or _ends_the_loop(node, loop, module):
            return
        yield Match(
            node,
            f"`{module.segment(node)}` asks the database (`{short(leaf)}`) for each item of"
            f" `{gone_over(loop, module.segment)}`: a round trip per item.",
            severity=weighed(self.severity, node, module),
            confidence=Confidence.POSSIBLE if leaf.sometimes else _confidence(loop, module),
            call_path=(Hop(module.path, node.lineno, node.attr), *leaf.path),
            impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
            instead="Ask once for all rows before the loop, or select the figure with them (`column_property`).",
        )

    def _awaited(self, node: ast.Attribute, holder: ast.Attribute, module: Module) -> Iterator[Match]:
        """`await order.awaitable_attrs.items`: the query is visible, and still one per row."""
        loop = _loop(node, module)
        if loop is None or not module.is_awaited(node) or not serves(node, module):
            return
        if any(loaded.covers([node.attr]) for loaded in module.rows(holder.value)) or _only_on_miss(
            node, module
        ):
            return
        match = Match(
            node,
            f"`{module.segment(node)}` is a query for each item of"
            f" `{gone_over(loop, module.segment)}`, one after another.",
            severity=weighed(self.severity, node, module),
            confidence=Confidence.LIKELY,
            impact=estimates.lazy_loads(module.options, 1, module.turns_around(node)),
        )
        yield match if goes_over_rows(loop, module) else match.doubted()


def _how_many(found: LazyRead) -> str:
    """How many queries it takes: a row that several refer to is in the session after the first."""
    target = found.relationship.target
    if found.relationship.many or target is None:
        return "one more query per item"
    return f"one more query for each different `{target.symbol.rpartition('.')[2]}` of the items"


def _lists_kinds(found: LazyRead) -> bool:
    """Whether the rows refer to a role, a status, a country: the session knows all of them after the first few."""
    target = found.relationship.target
    return not found.relationship.many and target is not None and lists_kinds(target.name)


def _confidence(loop: LoopNode, module: Module) -> Confidence:
    # A job may take its time, and where each item asks another machine, a query more is nothing.
    if is_doubtful(loop, module) or not module.is_waited_for(loop) or leaves_too(loop, module):
        return Confidence.POSSIBLE
    return Confidence.LIKELY


def _ends_the_loop(node: ast.AST, loop: LoopNode, module: Module) -> bool:
    """Whether `node` is read once: on the way out, in a `raise` or `return` inside the loop, or for the first item that fits,
    `if best is None and order.urgent: best = order.items`."""
    child, current = node, module.parent(node)
    while current is not None and current is not loop:
        if isinstance(current, ast.Raise | ast.Return):
            return True
        if isinstance(current, ast.If) and child in current.body and fills_gap(current, node):
            return True
        child, current = current, module.parent(current)
    return False


def _loop(node: ast.expr, module: Module) -> LoopNode | None:
    """The innermost loop over data whose variable `node` reads."""
    loops = module.loops(node)
    if any(module.is_short(loop) or _is_cut(loop) for loop in loops):
        return None
    return next(
        (
            loop
            for loop in reversed(loops)
            if not isinstance(loop, ast.While) and module.depends_on_loop(node, loop)
        ),
        None,
    )


def _loop_of_rows(node: ast.Call, module: Module) -> LoopNode | None:
    """The loop whose rows the call is given, or whose method it is."""
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    while isinstance(receiver, ast.Attribute | ast.Subscript):
        receiver = receiver.value
    for value in (receiver, *node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(value, ast.Name) and any(loaded.stage == ITEM for loaded in module.rows(value)):
            return _loop(value, module)
    return None


def _was_handed_before(node: ast.Call, loop: LoopNode, module: Module) -> bool:
    """Whether an earlier call loads the same of the same rows already: then this one finds it in the session."""
    handed = module.project.lazy_loading.handed
    own = handed[module.path, node.lineno, node.col_offset]
    place = (loop.lineno, loop.col_offset)
    function = module.function_of(node)
    above = (function.node.lineno, 0) if function is not None else place
    rows = iterables(loop)[0]
    for (path, line, column), other in handed.items():
        if path != module.path or not above <= (line, column) < (node.lineno, node.col_offset):
            continue
        if not own.keys() <= other.keys() or any(
            own[chain].read.loaded.line != other[chain].read.loaded.line for chain in own
        ):
            continue
        if place <= (line, column) or _is_looped_before((line, column), rows, loop, module):
            return True
    return False


def _is_looped_before(call: tuple[int, int], rows: ast.expr, loop: LoopNode, module: Module) -> bool:
    """Whether the call at a place stands in another loop over the same name, which runs whenever `loop` does."""
    if not isinstance(rows, ast.Name):
        return False
    around = _statements_around(loop, module)
    for scope in module.index.scopes:
        for node in scope.calls:
            if (node.lineno, node.col_offset) != call:
                continue
            for other in module.loops(node):
                iterated = iterables(other)[0] if not isinstance(other, ast.While) else None
                if isinstance(iterated, ast.Name) and iterated.id == rows.id:
                    return _statements_around(other, module) <= around
    return False


def _statements_around(node: ast.AST, module: Module) -> set[ast.AST]:
    """The branches and loops that decide whether `node` runs."""
    found: set[ast.AST] = set()
    current = module.parent(node)
    while current is not None:
        if isinstance(current, ast.If | ast.IfExp | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler):
            found.add(current)
        current = module.parent(current)
    return found


def _counted(names: int) -> str:
    return "one more query" if names == 1 else f"{names} more queries"


def _only_on_miss(node: ast.Attribute, module: Module) -> bool:
    """`if items is None: items = await …`: what is there already is not asked for."""
    around = module.parent(module.statement(node) or node)
    return isinstance(around, ast.If) and any(isinstance(each, ast.Is) for each in ast.walk(around.test))


def _is_cut(loop: LoopNode) -> bool:
    """`for row in rows[:5]`."""
    return not isinstance(loop, ast.While) and any(
        isinstance(each, ast.Subscript)
        and isinstance(each.slice, ast.Slice)
        and isinstance(each.slice.upper, ast.Constant)
        and isinstance(each.slice.upper.value, int)
        and each.slice.upper.value <= 10
        for each in iterables(loop)
    )
