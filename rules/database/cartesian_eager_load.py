from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rules.engine.data.small_tables import is_small
from rules.engine.data.tables import Table
from rules.engine.reading.spelling import last_name
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_MANY = frozenset(
    {"children", "people", "history", "data", "media", "list", "log", "queue", "set", "collection"}
)
"""Last words of collections without an s."""


_DECLARING = frozenset({"relationship", "Relationship"})


class CartesianEagerLoad(Rule):
    """Joining two collections in one query returns each combination of their rows.

    `joinedload` of two collections gives the product of their sizes in rows per parent: twenty items and five payments are
    a hundred rows that carry their order a hundred times. The database sends them all and the session throws most away.

    ## Instead
    Load collections with `selectinload`: one more statement each, and every row travels once.

    ## Trade-offs
    One round trip more per collection. One joined collection, or joined single objects, multiply nothing and may stay.

    ## Monitor
    Rows returned per entity, bytes from the database.

    ## When to ignore it
    When both collections hold one or two rows at most.
    """

    code = "FP217"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "rows returned per entity"
    imports = frozenset({"sqlalchemy", "sqlmodel"})
    guards = ("selectinload", "subqueryload")
    impact = Impact(
        summary="per entity with a and b rows in the two collections: a·b rows → a + b",
        formula="Π rows of each joined collection → Σ",
        measured=True,
    )

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

            from shop.db import Base, get_session

            app = FastAPI()

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                items: Mapped[list["Item"]] = relationship()
                payments: Mapped[list["Payment"]] = relationship()

            class Item(Base):
                __tablename__ = "items"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            class Payment(Base):
                __tablename__ = "payments"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            @app.get("/orders")
            def sizes(session: Annotated[Session, Depends(get_session)]) -> list[int]:
                orders = select(Order).options(joinedload(Order.items), joinedload(Order.payments))
                return [len(order.items) for order in session.scalars(orders).unique()]
            """,
            fixed="""
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import ForeignKey, select
            from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

            from shop.db import Base, get_session

            app = FastAPI()

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                items: Mapped[list["Item"]] = relationship()
                payments: Mapped[list["Payment"]] = relationship()

            class Item(Base):
                __tablename__ = "items"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            class Payment(Base):
                __tablename__ = "payments"
                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

            @app.get("/orders")
            def sizes(session: Annotated[Session, Depends(get_session)]) -> list[int]:
                orders = select(Order).options(joinedload(Order.items), selectinload(Order.payments))
                return [len(order.items) for order in session.scalars(orders).unique()]
            """,
        ),
    )
    valid = (
        Valid(
            """
            from sqlalchemy import select
            from sqlalchemy.orm import joinedload, selectinload

            from shop.models import Order

            ORDERS = select(Order).options(joinedload(Order.items), selectinload(Order.payments))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (callee.is_method and callee.spelled == "options") or callee.spelled in _DECLARING

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if last_name(node) in _DECLARING:
            yield from _declared(node, module)
            return
        if (
            last_name(node) != "options"
            or not isinstance(node.func, ast.Attribute)
            or not serves(node, module)
        ):
            return
        found = module.rows(node)
        if len(found) != 1:
            return
        options = {
            _attribute(each): each for each in reversed(_options(node))
        }  # several may go through one join
        joined = [each for each in reversed(options.values()) if _is_joined_collection(each, found[0].table)]
        own = [option for option in joined if option in node.args]
        if len(joined) < 2 or not own:
            return
        names = [_attribute(option) for option in joined]
        entity = found[0].table.symbol.rpartition(".")[2]
        later = [option for option in own if option is not joined[0]]
        yield Match(
            node,
            f"`joinedload` of {' and '.join(f'`{entity}.{name}`' for name in names)} returns every combination of their"
            f" rows for each `{entity}`.",
            # A job, and what an owner does now and then, may take its time.
            confidence=Confidence.CERTAIN
            if sum(not _sounds_single(name) for name in names) > 1
            and module.is_waited_for(node)
            and not is_seldom(node, module)
            else Confidence.POSSIBLE,
            fix=Fix(
                _selected([_attribute(option) for option in later]),
                imports=("sqlalchemy.orm.selectinload",),
                safety=Safety.UNSAFE,
            ),
        )


def _declared(node: ast.Call, module: Module) -> Iterator[Match]:
    """`relationship(lazy="joined")` of a collection: each query for its owners brings all of it, and a row for each."""
    given = [each for each in node.keywords if each.arg == "lazy"]
    for keyword in node.keywords:
        if keyword.arg == "sa_relationship_kwargs" and isinstance(keyword.value, ast.Dict):
            given += [
                ast.keyword("lazy", value)
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "lazy"
            ]
    if not any(isinstance(each.value, ast.Constant) and each.value.value == "joined" for each in given):
        return
    lines = set()
    owner: ast.AST | None = node
    while owner is not None and not isinstance(owner, ast.ClassDef):
        if isinstance(owner, ast.stmt):
            lines.add(owner.lineno)  # of the attribute, or of the `declared_attr`
        owner = module.parent(owner)
    if owner is None:
        return
    table = module.project.models.tables.get((module.path, module.symbol_at(owner)))
    declared = table.relationships.values() if table is not None else ()
    found = next((each for each in declared if each.path == module.path and each.line in lines), None)
    if table is None or found is None or not found.many or found.target is None or not serves(node, module):
        return
    if is_small(found.target) or _sounds_single(found.attribute):
        return
    name = table.symbol.rpartition(".")[2]
    yield Match(
        node,
        f"Each query for a `{name}` joins all of its `{found.attribute}`, also where nobody reads them, and returns a row for each.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many there are, and who reads them, is not in the code
        instead=f'Leave the collection to those who read it: no `lazy="joined"` here, and `selectinload({name}.{found.attribute})`'
        " in their queries.",
    )


def _options(call: ast.Call) -> list[ast.expr]:
    """The options of a chain of `.options(…)` calls, first ones first."""
    found: list[ast.expr] = []
    current: ast.AST = call
    while isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
        if current.func.attr == "options":
            found[:0] = current.args
        current = current.func.value
    return found


def _root(option: ast.expr) -> ast.Call | None:
    """`joinedload(A.b)` of `joinedload(A.b).selectinload(B.c)`."""
    current = option
    while isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
        if not isinstance(current.func.value, ast.Call):
            break
        current = current.func.value
    return current if isinstance(current, ast.Call) else None


def _attribute(option: ast.expr) -> str:
    root = _root(option)
    argument = root.args[0] if root is not None and root.args else None
    return argument.attr if isinstance(argument, ast.Attribute) else ""


def _is_joined_collection(option: ast.expr, table: Table) -> bool:
    root = _root(option)
    if root is None or last_name(root) != "joinedload":
        return False
    relationship = table.relationships.get(_attribute(option))
    return relationship is not None and relationship.many


def _sounds_single(name: str) -> bool:
    """`snapshot`: declared without `uselist=False`, but one row as its name has it."""
    last = name.lower().rpartition("_")[2]
    return not last.endswith("s") and last not in _MANY


def _selected(attributes: list[str]) -> Callable[[Any], cst.CSTNode]:
    """`selectinload` in the place of `joinedload` for these attributes."""

    def rewrite(call: cst.Call) -> cst.CSTNode:
        import libcst as cst

        class Loaders(cst.CSTTransformer):
            def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
                function = updated_node.func
                name = function.attr if isinstance(function, cst.Attribute) else function
                argument = updated_node.args[0].value if updated_node.args else None
                if (
                    isinstance(name, cst.Name)
                    and name.value == "joinedload"
                    and isinstance(argument, cst.Attribute)
                    and argument.attr.value in attributes
                ):
                    return updated_node.with_changes(func=cst.parse_expression("sqlalchemy.orm.selectinload"))
                return updated_node

        changed = call.visit(Loaders())
        return changed if isinstance(changed, cst.CSTNode) else call

    return rewrite
