"""Calls that load all rows of a query into a list."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.reading.origins import origins
from rules.engine.reading.rows import TOUCHED
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

QUERY = "sqlalchemy.orm.Query"
RESULTS = frozenset(
    {"sqlalchemy.engine.Result", "sqlalchemy.engine.ScalarResult", "sqlalchemy.engine.MappingResult"}
)
LISTS: dict[str, tuple[str, ...]] = {
    "all": (QUERY, *RESULTS),
    "fetchall": tuple(RESULTS),
    "to_list": (
        "beanie.FindMany",
        "pymongo.asynchronous.cursor.AsyncCursor",
        "motor.motor_asyncio.AsyncIOMotorCursor",
    ),
}
_LIMITS = frozenset(
    {"limit", "slice", "fetch", "first", "one", "one_or_none", "with_for_update", "returning"}
)
_FAR = 3


class Load(Struct, frozen=True):
    """A call that loads all rows of `source` into a list."""

    call: ast.Call
    source: ast.expr
    type: str
    method: str


def loaded(expression: ast.expr, module: Module) -> Load | None:
    """`expression` as a call that loads all rows."""
    call = expression.value if isinstance(expression, ast.Await) else expression
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    owner = module.type_of(call.func.value)
    if owner is None or owner not in LISTS.get(call.func.attr, ()):
        return None
    return Load(call, call.func.value, owner, call.func.attr)


def is_limited(load: Load, module: Module) -> bool:
    """Whether the query fetches a bounded number of rows, locks them or tells which ones it wrote, said in the call or
    where it was made."""
    pending: list[ast.expr] = [load.source]
    for _ in range(_FAR):
        names: list[ast.expr] = []
        for expression in pending:
            for node in walk(expression):
                if isinstance(node, ast.Attribute) and node.attr in _LIMITS:
                    return True
                if isinstance(node, ast.Name):
                    names.extend(made for made in origins(node, module) if made is not node)
        pending = names
    return any(rows.flags & TOUCHED for rows in module.rows(load.call))


def narrows(load: Load, module: Module) -> bool:
    """Whether the query asks for the rows that equal something: likely few."""
    return any(word.startswith(".") for rows in module.rows(load.call) for word in rows.filters)
