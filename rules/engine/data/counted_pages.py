"""Pages of which a function also counts all rows, the one question after the other, though both ask for the same rows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, own_nodes, walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_CUTS = frozenset({"limit", "slice", "fetch"})
_CUTTING = frozenset({"limit", "offset", "skip", "page", "page_size", "per_page", "size"})
"""What a helper is told of the page that it reads."""
_COUNTS = frozenset({"count", "total"})
_SORTING = frozenset({"order_by", "sort", "sort_by", "order", "sort_order", "sort_dir"})
_VERBS = frozenset(
    {"get", "list", "fetch", "find", "read", "load", "all", "many", "multi", "page", "paginated", "select"}
)
_NARROWING = frozenset({"where", "filter", "filter_by", "join", "having", "group_by"})
_ALIKE = 2
"""So many arguments that both are given are no chance: a session and a filter."""


def counted_page(function: ast.AsyncFunctionDef, module: Module) -> tuple[ast.Call, ast.Call] | None:
    """The awaited calls that count rows and that read a page of them, in their order: both by statements made from one name,
    or through helpers that are given the same."""
    asked = [call for call in own_calls(function) if module.is_awaited(call) and _reads(call, module)]
    if len(asked) <= 1:
        return None
    counted: dict[str, ast.Call] = {}
    paged: dict[str, ast.Call] = {}
    made = _made(function)
    for call in asked:
        if module.query(call) is not None and call.args:
            statement = _statement(call.args[0], made, call.lineno)
            if (of := _counted(statement)) and not _cuts(statement):
                counted.setdefault(of, call)
            elif (of := _base(statement)) and _cuts(statement):
                paged.setdefault(of, call)
    for of in counted:
        if of in paged and _stays(of, made, counted[of], paged[of]):
            return _in_order(counted[of], paged[of], function, module)
    helpers = [call for call in asked if module.query(call) is None]
    for count in helpers:
        for page in helpers:
            if _counts_what(count, page):
                return _in_order(count, page, function, module)
    return None


def _reads(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    if query is not None:
        return query.kind == "select"
    summary = module.summary(call)
    return summary is not None and summary.is_async and bool(summary.queries) and not summary.external


def _in_order(
    one: ast.Call, other: ast.Call, function: ast.AsyncFunctionDef, module: Module
) -> tuple[ast.Call, ast.Call] | None:
    """Both, where nothing between them leaves and both run whenever one does."""
    first, second = sorted((one, other), key=lambda each: each.lineno)
    if module.loops(first) or module.loops(second) or _block(first, module) is not _block(second, module):
        return None
    for node in own_nodes(function):
        if first.lineno < getattr(node, "lineno", 0) < second.lineno and isinstance(
            node, ast.Return | ast.Raise
        ):
            return None  # a page that is empty is not asked for
    return first, second


def _block(call: ast.Call, module: Module) -> ast.AST | None:
    statement = module.statement(call)
    return module.parent(statement) if statement is not None else None


def _made(function: ast.AsyncFunctionDef) -> dict[str, list[tuple[int, ast.expr]]]:
    """By local name what is bound to it, by line."""
    made: dict[str, list[tuple[int, ast.expr]]] = {}
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                made.setdefault(name, []).append((node.lineno, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                made.setdefault(name, []).append((node.lineno, value))
    return made


def _statement(given: ast.expr, made: dict[str, list[tuple[int, ast.expr]]], line: int) -> ast.expr:
    """What was last bound to a name before a line; the name itself where that only goes on with it (`query = query.limit(5)`
    counts as cut)."""
    if not isinstance(given, ast.Name):
        return given
    before = [each for each in made.get(given.id, ()) if each[0] < line]
    return max(before, key=lambda each: each[0])[1] if before else given


def _stays(name: str, made: dict[str, list[tuple[int, ast.expr]]], one: ast.Call, other: ast.Call) -> bool:
    """Whether nothing between two questions has the statement of that name ask for fewer rows."""
    first, second = sorted((one.lineno, other.lineno))
    return not any(
        isinstance(part, ast.Call) and last_name(part) in _NARROWING
        for line, value in made.get(name, ())
        if first < line < second
        for part in walk(value)
    )


def _counted(statement: ast.expr) -> str:
    """`query` of `select(func.count()).select_from(query.subquery())`."""
    calls = [each for each in walk(statement) if isinstance(each, ast.Call)]
    if not any(last_name(each) == "count" for each in calls):
        return ""
    for call in calls:
        match call:
            case ast.Call(func=ast.Attribute(attr="subquery" | "alias" | "cte", value=inner)):
                return _base(inner)
            case ast.Call(func=ast.Attribute(attr="with_only_columns", value=inner)):
                return _base(inner)
            case ast.Call(func=ast.Attribute(attr="select_from"), args=[ast.Name(id=name)]) if name.islower():
                return name
    return ""


def _base(statement: ast.expr) -> str:
    """`query` of `query.order_by(…).limit(20)`."""
    while isinstance(statement, ast.Call | ast.Attribute):
        statement = statement.func if isinstance(statement, ast.Call) else statement.value
    return statement.id if isinstance(statement, ast.Name) else ""


def _cuts(statement: ast.expr) -> bool:
    return any(isinstance(each, ast.Call) and last_name(each) in _CUTS for each in walk(statement))


def _counts_what(count: ast.Call, page: ast.Call) -> bool:
    """`count_orders(session, shop=shop)` beside `list_orders(session, shop=shop, limit=20)`."""
    if count is page or _COUNTS.isdisjoint(last_name(count).split("_")):
        return False
    if not _COUNTS.isdisjoint(last_name(page).split("_")):
        return False
    given, asked = _given(page), _given(count)
    cut = {name for name, _ in given if name in _CUTTING}
    texts = {text for _, text in asked}
    if not cut or not texts <= {text for _, text in given}:
        return False
    return len(asked) >= _ALIKE or (
        _of_whom(count) == _of_whom(page)
        and all(text in texts or name in _CUTTING or name in _SORTING for name, text in given)
    )


def _of_whom(call: ast.Call) -> tuple[str, frozenset[str]]:
    """Whose method it is, and the words of its name for what it asks about: `orders` of `count_orders` and `list_orders`."""
    of = spelled(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    return of, frozenset(last_name(call).strip("_").split("_")) - _COUNTS - _VERBS


def _given(call: ast.Call) -> list[tuple[str, str]]:
    named = [(each.arg or "", ast.unparse(each.value)) for each in call.keywords]
    return [*((last_name(each), ast.unparse(each)) for each in call.args), *named]
