from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Impact
from rules.engine.linking.values import Sort
from rules.engine.module import Role
from rules.engine.reading.walking import own_nodes, walk
from rules.engine.reading.whole_numbers import arguments
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_SEVERAL = "{}"
"""How references end to what there may be several of: `list[int]`, `set[Order] | None`."""
_LISTS = frozenset({"list", "List", "set", "Set", "Sequence", "frozenset", "tuple"})


class UnboundedInList(Rule):
    """A list that the caller may make as long as it likes becomes an `IN` with as many parameters.

    Each length is a statement of its own to plan, long ones take long to parse and plan, and beyond the driver's limit of
    parameters the query fails.

    ## Instead
    Bound it where it enters: `ids: Annotated[list[int], Query(max_length=500)]`; or ask in batches of some hundreds.

    ## Trade-offs
    Callers with longer lists get an error, or several round trips.

    ## Monitor
    Length of the lists, p99; planning time of the statement.

    ## When to ignore it
    When only trusted callers reach the endpoint.
    """

    code = "FP228"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "p99 of list lengths and planning time"
    impact = Impact()

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.post("/orders/many")
            def many(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                return [order.number for order in session.scalars(select(Order).where(Order.id.in_(ids)))]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Body, Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.post("/orders/many")
            def many(
                ids: Annotated[list[int], Body(max_length=500)], session: Session = Depends(get_session)
            ) -> list[str]:
                return [order.number for order in session.scalars(select(Order).where(Order.id.in_(ids)))]
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if module.role(node) is not Role.ENDPOINT:
            return
        free = {argument.arg for argument, default in arguments(node) if _is_free_list(argument, default)}
        free -= _measured(node)
        told: set[str] = set()
        for part in own_nodes(node):
            match part:
                case ast.Call(
                    func=ast.Attribute(attr="in_"),
                    args=[ast.Attribute(value=ast.Name() as body, attr=field) as given],
                ) if ast.unparse(given) not in told and _is_free_field(body, field, module):
                    told.add(ast.unparse(given))
                    if not _is_measured_by(given, node):
                        yield Match(
                            part,
                            f"`{ast.unparse(given)}` of `{node.name}` may be as long as the caller likes, and each item is a"
                            " parameter of this `IN`.",
                            confidence=Confidence.POSSIBLE,
                            instead=f"Bound it where it enters: `{field}: Annotated[list[int], Field(max_length=500)]` in the"
                            " model; or ask in batches of some hundreds.",
                        )
                case ast.Call(func=ast.Attribute(attr="in_"), args=[ast.Name(id=name)]) if name in free:
                    free.discard(name)
                    yield Match(
                        part,
                        f"`{name}` of `{node.name}` may be as long as the caller likes, and each item is a parameter of"
                        " this `IN`.",
                        confidence=Confidence.POSSIBLE,
                    )


def _is_free_list(argument: ast.arg, default: ast.expr | None) -> bool:
    """A list that nothing in its declaration bounds."""
    annotation = argument.annotation
    roots = [root for root in (annotation, default) if root is not None]
    for part in (part for root in roots for part in walk(root)):
        match part:
            case ast.keyword(arg="max_length" | "max_items" | None):
                return False
            case ast.Call(func=ast.Name(id="Depends" | "Len") | ast.Attribute(attr="Depends" | "Len")):
                return False
    if annotation is None:
        return False
    return any(
        isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id in _LISTS
        for part in walk(annotation)
    )


def _is_free_field(body: ast.Name, field: str, module: Module) -> bool:
    """Whether a field of a request's body is a list that nothing in its declaration bounds."""
    value = module.value(body)
    if value is None or value.sort != Sort.OBJECT or not module.is_subclass(body, "pydantic.BaseModel"):
        return False
    for _, declared in module.project.models.bodies(value):
        for each in declared.fields:
            if each.name == field:
                return each.shape.ref.endswith(_SEVERAL) and not (
                    each.value is not None
                    and any(item.name in ("max_length", "max_items", "**") for item in each.value.items)
                )
    return False


def _is_measured_by(given: ast.Attribute, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function looks at the length of it."""
    text = ast.unparse(given)
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id == "len"
        and part.args
        and ast.unparse(part.args[0]) == text
        for part in walk(node)
    )


def _measured(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names whose length the function looks at, or that it binds anew."""
    found = set()
    for part in walk(node):
        match part:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
    return found
