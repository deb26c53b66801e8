from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.data import eager, expired
from rules.engine.reading.loop_shapes import shortened
from rules.engine.reading.rows import HANDED
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.data.statements import Loaded
    from rules.engine.data.tables import Table
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_UNLESS = ", unless its key is empty or the session holds the row already"


class LazyLoadUnderAsyncSession(Rule):
    """Reading what was not loaded, a relationship or a row expired by `commit()`, raises `MissingGreenlet` under an `AsyncSession`.

    An asynchronous session cannot query while an attribute is read, because nothing awaits there. The endpoint answers
    with a server error as soon as it touches the relationship, or the response model does. A commit makes the session
    forget what its objects hold, columns too, unless it was made with `expire_on_commit=False`.

    ## Instead
    Load the relationship with the query: `.options(selectinload(Model.children))`. For one object `await
    session.refresh(row, ["children"])` or `await row.awaitable_attrs.children` reads it later. For what is read
    after a commit: `async_sessionmaker(engine, expire_on_commit=False)`.

    ## Trade-offs
    One more statement per query, also where the relationship is not looked at: put the option on the query that needs it.
    Objects that do not expire keep what they held at the commit, whatever others write afterwards.

    ## Monitor
    Rate of 5xx answers, `MissingGreenlet` in the logs.

    ## When to ignore it
    When the related objects are in the session already: a to-one relationship then comes from there without a query.
    """

    code = "FP205"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "rate of 5xx answers"
    imports = frozenset({"sqlalchemy", "sqlmodel"})
    guards = (
        "selectinload",
        "joinedload",
        "subqueryload",
        "immediateload",
        "contains_eager",
        "lazy",
        "refresh",
    )

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Mapped, mapped_column, relationship

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

            @app.get("/orders/{number}/size")
            async def size(number: int, session: Annotated[AsyncSession, Depends(get_session)]) -> int:
                order = await session.scalar(select(Order).where(Order.id == number))
                return len(order.items)
            """,
            fixed="""
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

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

            @app.get("/orders/{number}/size")
            async def size(number: int, session: Annotated[AsyncSession, Depends(get_session)]) -> int:
                order = await session.scalar(select(Order).options(selectinload(Order.items)).where(Order.id == number))
                return len(order.items)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Mapped, mapped_column, relationship

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

            @app.get("/orders/{number}/size")
            async def size(number: int, session: Annotated[AsyncSession, Depends(get_session)]) -> int:
                order = await session.scalar(select(Order).where(Order.id == number))
                await session.refresh(order, ["items"])
                return len(order.items)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_linked or callee.meaning.query is not None or callee.enters

    def members(self, module: Module) -> Collection[str]:
        return module.project.models.member_names

    def check(self, node: ast.Attribute | ast.Call, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            yield from self._in_response(node, module)
            yield from self._after_commit(node, module)
            yield from self._through(node, module)
            return
        if not serves(node, module):
            return
        found = eager.lazy_read(node, module)
        if found is None or not _certain(found.loaded):
            return
        if not eager.is_first(node, module, found.chain[-1]) or eager.is_loaded_by_hand(
            node, module, found.chain[-1]
        ):
            return
        loaded = found.loaded
        is_itself = node.attr == found.chain[-1]
        owner = found.owner.symbol.rpartition(".")[2]
        through = "" if is_itself else f" reads `{owner}.{found.chain[-1]}`, which"
        yield Match(
            node,
            f"`{module.segment(node)}`{through} was not loaded with its query: under an `AsyncSession` reading it raises"
            f" `MissingGreenlet`{'' if found.relationship.many else _UNLESS}.",
            severity=self.severity if found.relationship.many else Severity.MEDIUM,
            # Of one row the session often holds the other side already: who asks, the parent of the path.
            confidence=Confidence.POSSIBLE
            if not found.relationship.many
            else Confidence.CERTAIN
            if is_itself
            else Confidence.LIKELY,
            when_new=None if found.relationship.many else Confidence.LIKELY,
            fix=eager.load_with_query(module, loaded, [found.chain]),
            instead=_with_query(loaded, found.chain),
            call_path=eager.way_from_query(found, node, module),
            related=(
                Hop(loaded.path, loaded.line, loaded.symbol),
                found.relationship.declared(f"{found.owner.symbol}.{found.chain[-1]}"),
            ),
        )

    def _through(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """A function that is given the row, or a method of the row, reads it: `user.may("write")`, `to_out(order)`."""
        function = module.function_of(node)
        if (
            function is None
            or not isinstance(function.node, ast.AsyncFunctionDef)
            or not serves(node, module)
        ):
            return
        for read, place in eager.reads_through(node, module):
            name, loaded = read.chain[-1], read.loaded
            if not _certain(loaded) or _is_named(name, function.node) or _was_called(node, function.node):
                continue
            yield Match(
                node,
                f"`{shortened(module.segment(node.func))}` reads `{place.symbol}`, which was not loaded with its query: under an"
                f" `AsyncSession` reading it raises `MissingGreenlet`{'' if read.relationship.many else _UNLESS}.",
                severity=self.severity if read.relationship.many else Severity.MEDIUM,
                confidence=Confidence.POSSIBLE,  # whether it gets there, the function decides
                fix=eager.load_with_query(module, loaded, [read.chain]),
                instead=_with_query(loaded, read.chain),
                call_path=(
                    Hop(loaded.path, loaded.line, loaded.symbol),
                    *(Hop(*hop) for hop in reversed(loaded.hops)),
                    Hop(module.path, node.lineno, module.symbol_at(node)),
                    place,
                ),
                related=(read.relationship.declared(f"{read.owner.symbol}.{name}"),),
            )
            return

    def _after_commit(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """The commit made the session forget what the object holds, and nothing loaded it again."""
        query = module.query(node)
        if query is None or query.kind != "commit" or not query.is_async or not module.is_awaited(node):
            return
        if not module.project.expires_on_commit or not serves(node, module):
            return
        for read in expired.after(node, module):
            what = (
                f"`{module.segment(read.node)}`" if isinstance(read.node, ast.Attribute) else f"`{read.name}`"
            )
            reader = (
                "reading"
                if isinstance(read.node, ast.Attribute | ast.Call)
                else "the response model reads it, which"
            )
            yield Match(
                read.node,
                f"`commit()` expired {what} and nothing refreshed it: under an `AsyncSession` {reader} raises `MissingGreenlet`.",
                confidence=Confidence.LIKELY,
                related=(Hop(module.path, node.lineno, module.symbol_at(node)),),
                instead="Make the sessions with `async_sessionmaker(engine, expire_on_commit=False)`, or"
                f" `await session.refresh({read.name})` after the commit.",
            )

    def _in_response(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """The response model reads it."""
        found = module.project.lazy_loading.at(module.path, node.lineno, node.col_offset)
        if found is None or not _certain(found.loaded) or eager.query_node(module, found.loaded) is not node:
            return
        reads = [read for read in found.reads.values() if not read.behind]
        read = reads[0]
        others = f" and {len(reads) - 1} more" if len(reads) > 1 else ""
        shown = f"{read.schema.rpartition('.')[2]}.{read.field.name}"
        place = found.places[0]
        is_many = any(each.relationship.many for each in reads)
        yield Match(
            node,
            f"`{shown}`{others} {'are' if others else 'is'} not loaded with this query: under an `AsyncSession` the"
            f" response of `{place.symbol}` fails with `MissingGreenlet`{'' if is_many else _UNLESS}.",
            severity=self.severity if is_many else Severity.MEDIUM,
            confidence=Confidence.CERTAIN
            if any(each.relationship.many and not each.through for each in reads)
            else Confidence.POSSIBLE
            if not is_many or all(_may_be_known(each.chain, found.loaded) for each in reads)
            else Confidence.LIKELY,
            when_new=None
            if is_many or all(_may_be_known(each.chain, found.loaded) for each in reads)
            else Confidence.LIKELY,
            fix=eager.load_with_query(module, found.loaded, [each.chain for each in reads]),
            instead=_with_query(found.loaded, read.chain),
            related=(
                *(Hop(each.path, each.line, each.symbol) for each in found.places[:3]),
                *(Hop(each.field.path, each.field.line, each.schema) for each in reads[:5]),
                *(each.relationship.declared() for each in reads[:5]),
            ),
        )


def _is_named(name: str, function: ast.AST) -> bool:
    """Whether the function loads the relationship itself: `await session.refresh(user, ["roles"])`, `user.roles = …`."""
    return any(
        (isinstance(each, ast.Constant) and each.value == name)
        or (isinstance(each, ast.Attribute) and each.attr == name)
        for each in walk(function)
    )


def _was_called(node: ast.Call, function: ast.AST) -> bool:
    """Whether the same is called before: it was found there."""
    text = ast.dump(node.func)
    return any(
        isinstance(each, ast.Call) and each.lineno < node.lineno and ast.dump(each.func) == text
        for each in walk(function)
    )


def _with_query(loaded: Loaded, chain: Sequence[str]) -> str:
    return (
        f"Load the relationship with the query: `.options({eager.option(loaded.table, chain)})`; of one object"
        f' `await session.refresh(…, ["{chain[0]}"])` loads it later.'
    )


def _certain(loaded: Loaded) -> bool:
    """An asynchronous session, and nothing in between that may have loaded more."""
    return loaded.is_async is True and not loaded.flags & HANDED


def _may_be_known(chain: Sequence[str], loaded: Loaded) -> bool:
    """Whether the query loads rows of that table by another way: one that the session holds is found by its key, without
    asking."""
    owner = [loaded.table, *_along(loaded.table, chain[:-1])][-1]
    relationship = owner.relationships.get(chain[-1]) if owner is not None else None
    if owner is None or relationship is None or relationship.many or relationship.target is None:
        return False
    target = relationship.target
    keys = [owner.columns[key].foreign for key in owner.keys_of(relationship)]
    primary = {column.name for column in target.columns.values() if column.primary}
    if not keys or any(key is None or key.target.rpartition(".")[2] not in primary for key in keys):
        return False
    too = {loaded.table, *(table for option in loaded.options for table in _along(loaded.table, option))}
    return target in too


def _along(table: Table | None, names: Sequence[str]) -> list[Table | None]:
    """The tables that a chain of relationships comes by."""
    found: list[Table | None] = []
    for name in names:
        step = table.relationships.get(name) if table is not None else None
        table = step.target if step is not None else None
        found.append(table)
    return found
