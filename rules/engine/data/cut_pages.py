"""Pages that Python cuts out of a list of all rows: `rows[skip : skip + limit]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from rules.engine.data.raw_queries import is_unlimited
from rules.engine.data.sole_uses import is_used_once
from rules.engine.reading.raw_text import FETCHES_ONE
from rules.engine.reading.regexes import regex
from rules.engine.reading.rows import LIMITED, MANY, RESULT, TOUCHED
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.libraries import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.costs.summaries import Leaf
    from rules.engine.data.statements import Loaded
    from rules.engine.data.tables import Table
    from rules.engine.module import Module

_LISTS = frozenset({"fastapi_pagination.paginate", "fastapi_pagination.paginator.paginate"})
"""They take a list: those of `fastapi_pagination.ext` take a query."""
_ISLICE = "itertools.islice"
_ALL = frozenset({"fetchall", "fetch_all", "fetch", "all", "to_list"})
_ONE = frozenset(
    {
        "get",
        "first",
        "one",
        "one_or_none",
        "scalar_one_or_none",
        "scalar_one",
        "find_one",
        "fetchone",
        "get_or_none",
        "fetchval",
        "fetch_one",
        "fetchrow",
    }
)
_ITERATED = frozenset(
    {
        "tortoise.queryset.QuerySet",
        "pymongo.cursor.Cursor",
        "pymongo.asynchronous.cursor.AsyncCursor",
        "motor.motor_asyncio.AsyncIOMotorCursor",
    }
)
"""What gives all rows when it is gone through, or awaited."""
_NEAR = 3
_NARROWING = regex(r"\bWHERE\b|\bwhere\b|\.find\(\s*(?:[^\s){]|\{\s*[^\s}])|\$match|filter")
_LISTING = regex(r"(?:^|_)(?:list|all|find|search|filter|many|multi)(?:_|$)|(?<![su])s$")
"""Names of functions that give a list."""
_LIMIT = regex(r"\blimit\(|\bLIMIT\b")
CUTTING = _LISTS | {_ISLICE}
_UNREAD = frozenset({"dynamic", "write_only", "noload", "raise", "raise_on_sql"})
"""Values of `lazy=` with which a slice is a query of its own, or nothing is loaded."""
_PAGING = regex(
    r"limit|page|per_|offset|skip|size|start|first|cursor|^(?:take|top|n|count|max_\w+|end|begin|stop|to|from_)$"
)


class Cut(Struct, frozen=True):
    """A page of rows that were all loaded."""

    table: Table | None = None
    """What they are rows of; None for what is read otherwise."""
    loaded: Loaded | None = None
    """The query; None for what a relationship holds."""
    collection: str = ""
    """The relationship: `Project.variants`."""
    call: ast.Call | None = None
    """What gives the list, where it is neither of them: `cursor.fetchall()`, `await store.list_orders()`."""
    leaf: Leaf | None = None
    """The query that `call` reaches, where it is a function of the project."""

    narrowed: bool = False
    """Whether `call` is seen to ask for some of them."""
    sorted_out: int = 0
    """The line on which Python keeps some of them before it cuts the page."""

    @property
    def is_narrowed(self) -> bool:
        return self.narrowed or (self.loaded is not None and bool(self.loaded.filters))


def cut_page(node: ast.Subscript | ast.Call, module: Module) -> Cut | None:
    """What `node` cuts a page out of, when all of it was loaded for that page and for its number at most."""
    source = _source(node, module)
    if source is None or module.is_repeated(node) or not _serves_page(source, node, module):
        return None
    held = _held(source, module)
    if not _is_first(source, node, module):
        return None
    whole = _before_sorting_out(source, module)
    if whole is not None:
        if isinstance(whole, ast.Name) and not is_used_once(whole, module):
            return None
        cut = whole_list(whole, _held(whole, module), module)
        return replace(cut, sorted_out=whole.lineno) if cut is not None else None
    if isinstance(held, ast.Attribute):
        return _of_relationship(held, module)
    return whole_list(source, held, module)


def _before_sorting_out(source: ast.expr, module: Module) -> ast.expr | None:
    """`rows` of `[row for row in rows if row.open]`, or of a loop that appends some of them to the list `source`."""
    function = module.function_of(source)
    bindings = module.index.bindings_of(source) if isinstance(source, ast.Name) else []
    if len(bindings) != 1 or function is None or not isinstance(source, ast.Name):
        return None
    value = bindings[0].value
    value = value.value if isinstance(value, ast.AnnAssign) else value
    match value:
        case ast.ListComp(generators=[ast.comprehension(iter=whole, ifs=[_, *_])]):
            pass
        case ast.List(elts=[]):
            filling = [each for each in walk(function.node) if _fills(each, source.id)]
            if len(filling) != 1 or not isinstance(filling[0], ast.For):
                return None
            whole = filling[0].iter
        case _:
            return None
    return whole if isinstance(whole, ast.Name | ast.Call | ast.Await) else None


def _fills(loop: ast.AST, name: str) -> bool:
    """Whether a loop appends some of what it goes over to a list: under a condition, or after one that passes the others over."""
    if not isinstance(loop, ast.For):
        return False
    for statement in loop.body:
        if isinstance(statement, ast.If):
            arms = [
                any(_appends(part, name) for each in arm for part in walk(each))
                for arm in (statement.body, statement.orelse)
            ]
            if any(arms):
                return not all(arms)
            if any(isinstance(part, ast.Continue) for part in walk(statement)):
                return any(_appends(part, name) for part in walk(loop))
    return False


def _appends(part: ast.AST, name: str) -> bool:
    match part:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="append")):
            return found == name
    return False


def whole_list(source: ast.expr, held: ast.expr, module: Module) -> Cut | None:
    """The query behind all rows that `source` is, or the call `held` that gives them."""
    found = module.rows(source)
    if not found:
        return _of_call(held, module)
    if len(found) != 1:
        return None
    loaded = found[0]
    if loaded.stage not in (MANY, RESULT) or not loaded.many or loaded.reads:
        return None
    return None if loaded.flags & (LIMITED | TOUCHED) else Cut(loaded.table, loaded)


def _source(node: ast.Subscript | ast.Call, module: Module) -> ast.expr | None:
    if isinstance(node, ast.Subscript):
        return node.value if isinstance(node.slice, ast.Slice) and _is_page(node.slice) else None
    name = module.qualified_name(node.func)
    if name in _LISTS and node.args:
        return node.args[0]
    if name == _ISLICE and len(node.args) > 1 and any(map(_is_bound, node.args[1:])):
        return node.args[0]
    return None


def _is_page(cut: ast.Slice) -> bool:
    """`skip : skip + limit`, `:limit`: bounds that a caller says."""
    return cut.step is None and any(_is_bound(each) for each in (cut.lower, cut.upper))


def _is_bound(value: ast.expr | None) -> bool:
    return value is not None and any(
        isinstance(part, (ast.Name, ast.Attribute))
        and not last_name(part).isupper()
        and _PAGING.search(last_name(part).lower())
        for part in walk(value)
    )


def _held(source: ast.expr, module: Module) -> ast.expr:
    """What a local was given first: `project.variants` of `variants = project.variants`."""
    if isinstance(source, ast.Name):
        for binding in module.index.bindings_of(source):
            value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
            if isinstance(value, ast.Subscript) and _cuts(value, source.id):
                continue
            if isinstance(value, ast.Await):
                value = value.value
            if isinstance(value, ast.ListComp) and (listed := _listed(value)) is not None:
                value = listed
            match value:
                case ast.Call(func=ast.Name(id="list"), args=[ast.Call() as gone_through], keywords=[]):
                    value = gone_through
            return value if isinstance(value, (ast.Attribute, ast.Call)) else source
    return source.value if isinstance(source, ast.Await) else source


def _listed(value: ast.ListComp) -> ast.Call | None:
    """`orders.find()` of `[order async for order in orders.find()]`."""
    match value:
        case ast.ListComp(
            elt=ast.Name(id=item),
            generators=[ast.comprehension(target=ast.Name(id=each), iter=ast.Call() as call, ifs=[])],
        ) if item == each:
            return call
    return None


def _cuts(value: ast.expr, name: str) -> bool:
    """`variants[start:]`."""
    return (
        isinstance(value, ast.Subscript)
        and isinstance(value.slice, ast.Slice)
        and isinstance(value.value, ast.Name)
        and value.value.id == name
    )


def _of_relationship(held: ast.Attribute, module: Module) -> Cut | None:
    owner = module.table(held.value)
    if owner is None:
        rows = module.rows(held.value)
        owner = rows[0].table if len(rows) == 1 and not rows[0].many and not rows[0].reads else None
    relationship = owner.relationships.get(held.attr) if owner is not None else None
    if owner is None or relationship is None or not relationship.many or relationship.target is None:
        return None
    if relationship.lazy in _UNREAD:
        return None
    return Cut(relationship.target, collection=f"{owner.symbol.rpartition('.')[2]}.{held.attr}")


def _of_call(held: ast.expr, module: Module) -> Cut | None:
    """`cursor.fetchall()`, `await orders.find({}).to_list(None)`, `await store.list_orders(user)`."""
    if not isinstance(held, ast.Call) or _PAGING.search(" ".join(_names_given(held))):
        return None
    raw = module.project.raw.at(module.path, held.lineno, held.col_offset, last_name(held.func))
    if raw is not None:
        if last_name(held.func) in FETCHES_ONE or not is_unlimited(raw):
            return None
        return Cut(call=held, narrowed=bool(raw.statement.conditions))
    query, of_cursor = module.query(held), module.blocking(held)
    if module.type_of(held) in _ITERATED or (
        (last_name(held.func) in _ALL and all(map(_is_none, _given(held))))
        and (
            (query is not None and query.kind == "select")
            or (of_cursor is not None and of_cursor.kind is Kind.DB)
        )
    ):
        function = module.function_of(held)
        text = module.segment(function.node) if function is not None else ""
        return None if _LIMIT.search(text) else Cut(call=held, narrowed=bool(_NARROWING.search(text)))
    summary = module.summary(held)
    if summary is None or summary.writes or summary.commits or len(summary.reads) != 1:
        return None
    if not _LISTING.search(last_name(held.func)):
        return None
    leaf = summary.reads[0]
    if (
        leaf.cached
        or leaf.on_miss
        or leaf.sometimes
        or leaf.callable.rpartition(".")[2] in _ONE
        or len(leaf.path) > _NEAR
    ):
        return None
    return Cut(call=held, leaf=leaf)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _names_given(call: ast.Call) -> Iterator[str]:
    """The names in what a call is given."""
    for value in _given(call):
        yield from (
            last_name(part).lower() for part in walk(value) if isinstance(part, (ast.Name, ast.Attribute))
        )
    yield from (keyword.arg.lower() for keyword in call.keywords if keyword.arg)


def _is_first(source: ast.expr, node: ast.expr, module: Module) -> bool:
    """Whether no earlier line of the function cuts the same list: `if start: rows = rows[start:]`, `if limit: …`."""
    function = module.function_of(node)
    written = ast.unparse(source)
    return function is not None and not any(
        isinstance(part, ast.Subscript)
        and isinstance(part.slice, ast.Slice)
        and part.lineno < node.lineno
        and ast.unparse(part.value) == written
        for part in walk(function.node)
    )


def _serves_page(source: ast.expr, node: ast.AST, module: Module) -> bool:
    """Whether nothing else needs the whole list: its length can be asked for, and so can whether there is anything."""
    function = module.function_of(source)
    if function is None:
        return False
    if isinstance(source, ast.Name):
        return all(
            _is_for_page(part, module) or _is_of_page(part, node, module)
            for part in _reads(source, function.node)
        )
    if isinstance(source, ast.Attribute):
        return all(
            _is_for_page(part, module)
            for part in walk(function.node)
            if isinstance(part, ast.Attribute) and part.attr == source.attr and isinstance(part.ctx, ast.Load)
            if not (isinstance(part.value, ast.Name) and part.value.id[:1].isupper())
        )
    return True


def _reads(source: ast.Name, function: ast.AST) -> Iterator[ast.Name]:
    for part in walk(function):
        if isinstance(part, ast.Name) and part.id == source.id and isinstance(part.ctx, ast.Load):
            yield part


def _is_for_page(part: ast.expr, module: Module) -> bool:
    """`len(rows)`, `not rows`, `rows[skip:]`."""
    around = module.parent(part)
    match around:
        case ast.Call(func=ast.Name(id="len" | "bool" | "islice" | "paginate")):
            return True
        case ast.Subscript(slice=ast.Slice()):
            return True
        case ast.UnaryOp(op=ast.Not()) | ast.If() | ast.IfExp():
            return getattr(around, "test", part) is part
        case ast.Call(func=ast.Attribute(attr="paginate" | "islice")):
            return True
        case ast.Attribute(attr="append" | "sort"):
            return True
    return False


def _is_of_page(part: ast.Name, node: ast.AST, module: Module) -> bool:
    """Whether the name is of the page by then: `rows = rows[skip:]`."""
    statement = module.statement(node)
    return (
        isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == part.id for target in statement.targets)
        and part.lineno > statement.lineno
    )
