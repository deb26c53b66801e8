"""Lists without a limit from MongoDB drivers, Beanie and Tortoise, whose queries are chains of methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.reading.origins import origins
from rules.engine.reading.raw_text import Returned
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

ENDS = frozenset(
    {"to_list", "find", "all", "filter", "order_by", "prefetch_related", "select_related", "distinct"}
)
"""Methods that such a query may end with."""
_ALL = 10_000
_LOOSE = frozenset({"$ne", "$exists", "$nin", "$not"})
"""Operators that leave most documents."""
_MONGO = regex(
    r"(?:motor\.motor_asyncio\.AsyncIOMotor|pymongo\.asynchronous\.(?:collection|database)\.Async|pymongo\.(?:collection|database)\.)"
    r"(?:Collection|Database\.\w+)\.find"
)
_BEANIE = regex(r"beanie\.Document\.(?:find|find_many|find_all|all)")
_TORTOISE = regex(r"tortoise\.models\.Model\.(?:all|filter)")
_KEEPS = frozenset(
    {"sort", "to_list", "batch_size", "hint", "project", "allow_disk_use"}
    | {"order_by", "prefetch_related", "select_related", "distinct", "all", "using_db"}
)
"""Steps that leave the number of rows as it is."""
_SPANS = ("__gte", "__gt", "__lte", "__lt", "__not", "__not_in", "__not_isnull")
"""How conditions of Tortoise end that may leave any number of rows."""
_KEYS = frozenset({"id", "_id", "pk", "uuid", "key", "slug", "email", "username", "token"})


class UnlimitedList(Struct, frozen=True):
    """A query for a list. `source` is the collection or class as written."""

    source: str
    narrowed: bool
    endpoints: tuple[Node, ...]


def unlimited(call: ast.Call, module: Module) -> UnlimitedList | None:
    """What `call` lists, when nothing limits it and endpoints return all of it."""
    root = _run_root(call, module)
    if root is None or not isinstance(root.func, ast.Attribute) or not isinstance(call.func, ast.Attribute):
        return None
    name = module.qualified_name(root.func) or ""
    if _TORTOISE.fullmatch(name):
        narrowed = _keywords(root)
    elif _MONGO.fullmatch(name):
        narrowed = _filter_document(root)
    elif _BEANIE.fullmatch(name) and call.func.attr == "to_list":
        narrowed = _conditions(root, module)
    else:
        return None
    if narrowed is None or not module.reached(call):
        return None
    function = module.function_of(call)
    node = module.graph_node(call)
    scope = module.index.scope_of.get(function.node) if function is not None else None
    if node is None or scope is None or call not in Returned(module.index, scope).calls:
        return None
    endpoints = tuple(module.project.raw.answered(node))
    return UnlimitedList(module.segment(root.func.value), narrowed, endpoints) if endpoints else None


def held(call: ast.Call, module: Module) -> UnlimitedList | None:
    """What `call` loads whole into memory, but for times and what leaves most rows, whatever becomes of it. MongoDB's cursors
    are gone through one by one unless somebody makes a list of them."""
    root = _run_root(call, module)
    if root is None or not isinstance(root.func, ast.Attribute) or not isinstance(call.func, ast.Attribute):
        return None
    around = module.parent(call)
    around = module.parent(around) if isinstance(around, ast.Await) else around
    if isinstance(around, ast.Call) and last_name(around.func) == "len":
        return None  # counted
    source, name = module.segment(root.func.value), module.qualified_name(root.func) or ""
    if _TORTOISE.fullmatch(name):
        narrowed = _loosely(root)
        return UnlimitedList(source, narrowed, ()) if narrowed is not None else None
    if call.func.attr != "to_list":
        return None
    # Of those of one customer there may be few.
    all_of_them = (_MONGO.fullmatch(name) and _filter_document(root) is False) or (
        _BEANIE.fullmatch(name) and _conditions(root, module) is False
    )
    return UnlimitedList(source, False, ()) if all_of_them else None


def _loosely(call: ast.Call) -> bool | None:
    """Whether Tortoise's conditions are those of a span of time, or leave most rows; None for any other."""
    if call.args or not all((keyword.arg or "").endswith(_SPANS) for keyword in call.keywords):
        return None
    return bool(call.keywords)


def _run_root(call: ast.Call, module: Module) -> ast.Call | None:
    """The first call of the chain of a query that runs with `call`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ENDS:
        return None
    return _root(call, module) if _runs(call, module.parent(call)) else None


def _runs(call: ast.Call, around: ast.AST | None) -> bool:
    """Whether the query runs here, and does not go on being built."""
    match around:
        case ast.Await() | ast.comprehension() | ast.For() | ast.AsyncFor():
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple") | ast.Attribute(attr="from_queryset")):
            return around.func is not call
    return isinstance(call.func, ast.Attribute) and call.func.attr == "to_list"


def _root(call: ast.Call, module: Module) -> ast.Call | None:
    """The first call of the chain; None when a step may bound it, or cannot be read."""
    current = call
    for _ in range(12):
        function = current.func
        if not isinstance(function, ast.Attribute):
            return None
        before = _made(function.value, module)
        if before is None:
            return current
        if function.attr not in _KEEPS or (function.attr == "to_list" and not _takes_all(current)):
            return None
        current = before
    return None


def _made(receiver: ast.expr, module: Module) -> ast.Call | None:
    if isinstance(receiver, ast.Call):
        return receiver
    if isinstance(receiver, ast.Name):
        bindings = module.index.scope_at(receiver).bindings.get(receiver.id, [])
        if len(bindings) == 1 and bindings[0].kind == "value" and isinstance(bindings[0].value, ast.Call):
            made = bindings[0].value
            return made if isinstance(made.func, ast.Attribute) and made.func.attr in _KEEPS | ENDS else None
    return None


def _takes_all(call: ast.Call) -> bool:
    """`to_list()`, `to_list(None)`, and `to_list(100_000)`, which bounds nothing."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(
        isinstance(value, ast.Constant)
        and (value.value is None or (isinstance(value.value, int) and value.value >= _ALL))
        for value in given
    )


def _keywords(call: ast.Call) -> bool | None:
    """Whether Tortoise's `filter(…)` narrows; None when it may leave a few rows, or cannot be read."""
    if call.args or any(keyword.arg is None or "__" in keyword.arg for keyword in call.keywords):
        return None
    return _narrows([(str(keyword.arg), keyword.value) for keyword in call.keywords])


def _narrows(compared: list[tuple[str, ast.expr]]) -> bool | None:
    """Whether fields that equal something leave a part of the rows; None for a key, and for two values that a caller says."""
    if any(name in _KEYS for name, _ in compared):
        return None
    owners = sum(not isinstance(value, ast.Constant) for _, value in compared)
    return bool(compared) if owners <= 1 else None


def _filter_document(call: ast.Call) -> bool | None:
    """As `_keywords`, for `find({"customer": customer})`."""
    if any(keyword.arg not in ("filter", "projection", "sort") for keyword in call.keywords):
        return None
    given = call.args[0] if call.args else None
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "filter"), given)
    return _document(given)


def _document(given: ast.expr | None) -> bool | None:
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return False
    if not isinstance(given, ast.Dict):
        return None
    compared = []
    for key, value in zip(given.keys, given.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        if isinstance(value, ast.Dict):
            operators = {each.value if isinstance(each, ast.Constant) else "" for each in value.keys}
            if not operators <= _LOOSE:
                return None
            value = ast.Constant(None)
        compared.append((key.value, value))
    return _narrows(compared)


def _conditions(call: ast.Call, module: Module) -> bool | None:
    """As `_keywords`, for Beanie's `find(Order.customer == customer)`; of a condition that branches make differently, the
    widest counts."""
    if any(keyword.arg not in ("fetch_links", "sort") for keyword in call.keywords):
        return None
    match call.args:
        case [ast.Dict() as document]:
            return _document(document)
        case [ast.Name() as name]:
            made = [each for each in origins(name, module) if each is not name]
            return True if any(_of_parts([each]) is not None for each in made) else None
    return _of_parts(call.args)


def _of_parts(parts: list[ast.expr]) -> bool | None:
    compared: list[tuple[str, ast.expr]] = []
    for part in parts:
        match part:
            case ast.Compare(left=ast.Attribute(attr=name), ops=[ast.Eq()], comparators=[value]):
                compared.append((name, value))
            case _:
                return None
    return _narrows(compared)
