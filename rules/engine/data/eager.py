"""Reading a relationship that its query did not load, and the loader option that loads it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from rules.engine.data.statements import Loaded
from rules.engine.data.tables import Relationship, Table
from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.rows import ITEM, ONE
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Fix, Safety

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module

_LOADER = "sqlalchemy.orm.selectinload"
_TOGETHER = 3
"""Lines that are seen at one glance."""


class LazyRead(Struct, frozen=True):
    """`order.customer` of a row whose query did not load `customer`."""

    loaded: Loaded
    chain: tuple[str, ...]
    """Relationships from the query's entity, the read one last."""
    relationship: Relationship
    owner: Table
    repeated: bool
    """Once per row of several, or per element of a collection."""
    behind: bool = False
    """A relationship that is read on the way to it was not loaded either, where that costs more than one query."""


def lazy_read(node: ast.Attribute, module: Module) -> LazyRead | None:
    """The query that reading the attribute `node` runs; None when it runs none or nobody can tell."""
    known = module.lazy_reads
    if node in known:
        return known[node]
    models = module.project.models
    if node.attr not in models.relationship_names and node.attr not in models.property_names:
        return None
    known[node] = found = _lazy_read(node, module) if isinstance(node.ctx, ast.Load) else None
    return found


def _lazy_read(node: ast.Attribute, module: Module) -> LazyRead | None:
    found = [read_of(loaded) for loaded in module.rows(node)]
    if not found or any(each is None or each.behind for each in found):
        return None
    return None if found[0] is None or _is_loaded_where_read(found[0], node, module) else found[0]


def _is_loaded_where_read(read: LazyRead, node: ast.Attribute, module: Module) -> bool:
    """Whether the query loads it on some paths, and one condition decides both: `if wants_items: query = query.options(…)`, and later
    `if wants_items: …`."""
    function = module.function_of(node)
    if read.chain not in read.loaded.maybe or function is None:
        return False
    for condition in _conditions(node, function.node, module):
        given = _options_under(function.node, module).get(ast.dump(condition.test), ())
        before = [each for each in given if each.lineno < node.lineno and _may_name(each, read.chain[-1])]
        if before and not _is_asked_anew(condition, before[-1].lineno, module):
            return True
    return False


@once_for_node
def _options_under(function: ast.AST, module: Module) -> dict[str, list[ast.Call]]:
    """By condition, spelled out, the calls of `options` that are made where it holds, in order."""
    found: dict[str, list[ast.Call]] = {}
    for each in walk(function):
        if isinstance(each, ast.If):
            given = [
                part
                for statement in each.body
                for part in walk(statement)
                if isinstance(part, ast.Call) and last_name(part) == "options"
            ]
            if given:
                found.setdefault(ast.dump(each.test), []).extend(given)
    return {asked: sorted(given, key=lambda each: each.lineno) for asked, given in found.items()}


def _may_name(options: ast.Call, name: str) -> bool:
    """Whether options name a relationship, or hold what is written elsewhere: `*WITH_ITEMS`."""
    return any(
        isinstance(each, ast.Name | ast.Starred)
        or any(
            (isinstance(part, ast.Attribute) and part.attr == name)
            or (isinstance(part, ast.Constant) and part.value == name)
            for part in walk(each)
        )
        for each in options.args
    )


def _is_asked_anew(condition: ast.If, line: int, module: Module) -> bool:
    """Whether a name of a condition is another value than it was on a line before."""
    bindings = module.index.scope_at(condition).bindings
    return any(
        line < each.line <= condition.lineno
        for part in walk(condition.test)
        if isinstance(part, ast.Name)
        for each in bindings.get(part.id, ())
    )


def _conditions(node: ast.AST, function: ast.AST, module: Module) -> Iterator[ast.If]:
    """The conditions around `node` in its function that hold where it is."""
    child, parent = node, module.parent(node)
    while parent is not None and child is not function:
        if isinstance(parent, ast.If) and child in parent.body:
            yield parent
        child, parent = parent, module.parent(parent)


def read_of(loaded: Loaded) -> LazyRead | None:
    """The query that reading the last attribute of `loaded.reads` runs, by itself or as a property of the model."""
    found = _read_itself(loaded)
    if found is not None or not loaded.reads or loaded.reads[-1] == "[]":
        return found
    table: Table | None = loaded.table
    for name in loaded.reads[:-1]:
        relationship = table.relationships.get(name) if table is not None and name != "[]" else None
        table = relationship.target if relationship is not None else table if name == "[]" else None
    last = loaded.reads[-1]
    if table is None or last in table.columns or last in table.relationships:
        return None
    for reading in table.properties.get(last, ()):
        inner = _read_itself(replace(loaded, reads=(*loaded.reads[:-1], reading.partition(".")[0])))
        if inner is not None:
            return inner
    return None


def _read_itself(loaded: Loaded) -> LazyRead | None:
    table: Table | None = loaded.table
    owner = relationship = before = None
    chain: list[str] = []
    behind = shared = False
    # Of one row a first look costs one query, which nobody has to hear of; what follows it costs one per item.
    counts = loaded.is_async is not False or not loaded.of_one
    counted = counts
    for name in loaded.reads:
        if name == "[]":
            counts = True
            continue
        behind = behind or (
            relationship is not None and relationship.is_lazy and not loaded.covers(chain) and counted
        )
        counted = counts
        owner, before = table, relationship
        relationship = table.relationships.get(name) if table is not None else None
        if relationship is None or owner is None:
            return None
        chain.append(name)
        shared = shared or (len(chain) == 1 and is_the_same_for_all(relationship, owner, loaded))
        table = relationship.target
    if relationship is None or owner is None or not relationship.is_lazy or loaded.covers(chain):
        return None
    if relationship.leads_back(before) or shared:
        return None
    repeated = (loaded.stage == ITEM or "[]" in loaded.reads) and (loaded.many or "[]" in loaded.reads)
    return LazyRead(loaded, tuple(chain), relationship, owner, repeated, behind)


def is_of_one(loaded: Loaded, chain: Sequence[str]) -> bool:
    """Whether a chain begins at one row with a collection that the query did not load: how long it is, nobody can tell."""
    relationship = loaded.table.relationships.get(chain[0])
    return (
        loaded.of_one
        and len(chain) > 1
        and relationship is not None
        and relationship.is_lazy
        and not loaded.covers(chain[:1])
    )


def is_the_same_for_all(relationship: Relationship, owner: Table, loaded: Loaded) -> bool:
    """Whether all rows of a query share one related row, which the session looks up once."""
    if relationship.many or not loaded.many:
        return False
    keys = owner.keys_of(relationship)
    return bool(keys) and all(f".{key}" in loaded.filters for key in keys)


def is_held(read: LazyRead, node: ast.AST, module: Module) -> bool:
    """Whether the function loaded rows of the related table before: a to-one relationship finds them in the session."""
    function = module.function_of(node)
    if read.relationship.many or function is None or isinstance(function.node, ast.Lambda):
        return False
    for other in walk(function.node):
        if (
            isinstance(other, (ast.Assign, ast.AnnAssign))
            and other.value
            and other.lineno < getattr(node, "lineno", 0)
        ):
            for loaded in module.rows(other.value):
                if loaded.table is read.relationship.target and not loaded.reads and loaded.many:
                    return True
    return False


def is_first(node: ast.Attribute, module: Module, name: str = "") -> bool:
    """Whether `node` is the first reading of this attribute of this name in its function, through a property too: later ones cost
    nothing.

    `name` is the relationship when `node` is a property that reads it.
    """
    function = module.function_of(node)
    around: ast.AST = function.node if function is not None else module.tree
    text = ast.dump(node.value)
    place = (node.lineno, node.col_offset)
    return not any(
        isinstance(other, ast.Attribute)
        and (other.lineno, other.col_offset) < place
        and isinstance(other.ctx, ast.Load)
        and (other.attr in (node.attr, name) or other.attr in module.project.models.property_names)
        and ast.dump(other.value) == text
        and (other.attr in (node.attr, name) or _reads(other, module, name))
        for other in walk(around)
    )


def _reads(node: ast.Attribute, module: Module, name: str) -> bool:
    """Whether a property reads the relationship of this name."""
    found = lazy_read(node, module)
    return found is not None and found.chain[-1] == name


def is_loaded_by_hand(node: ast.Attribute, module: Module, name: str = "") -> bool:
    """Whether the function sets the attribute, names it to `refresh`, or reads it where lazy loading works.

    `name` is the relationship when `node` is a property that reads it.
    """
    names = (node.attr, name)
    function = module.function_of(node)
    if function is None or isinstance(function.node, ast.Lambda):
        return True
    current = module.parent(node)
    while current is not None and current is not function.node:
        if isinstance(current, FUNCTIONS):
            return True
        current = module.parent(current)
    for other in walk(function.node):
        if isinstance(other, ast.Attribute):
            if other.attr in names and isinstance(other.ctx, ast.Store):
                return True
            holder = getattr(other.value, "attr", "")
            if other.attr in names and holder == "awaitable_attrs":
                return True
        elif isinstance(other, ast.Constant) and other.value in names:
            return True
    return False


def query_node(module: Module, loaded: Loaded) -> ast.Call | None:
    """The `select(…)`, `query(…)` or `get(…)` of rows, when it stands in this file."""
    if loaded.path != module.path:
        return None
    for call in module.index.calls_at(loaded.line, loaded.column):
        if last_name(call.func) in ("select", "query", "get", "get_one"):
            return call
    return None


def reads_through(call: ast.Call, module: Module) -> Iterator[tuple[LazyRead, Hop]]:
    """What a synchronous function of the project reads of a row that `call` gives it, or whose method it is, and that no query of
    the row loaded, with the place."""
    entered = module.callee(call)
    home = module.project.resolver.modules.get(entered.path) if entered is not None else None
    if entered is None or home is None or entered.function.flags & facts.ASYNC:
        return
    flow = home.facts.flows.get(entered.symbol)
    if flow is None or not flow.readings:
        return
    given: dict[str, tuple[Loaded, ...]] = {}
    if isinstance(call.func, ast.Attribute) and entered.function.owner:
        given["self"] = tuple(
            loaded
            for loaded in module.rows(call.func.value)
            if (table := loaded.read_table()) is not None and table.symbol == entered.function.owner
        )
    for name, value in (
        *zip(flow.parameters, call.args, strict=False),
        *((each.arg or "", each.value) for each in call.keywords),
    ):
        if isinstance(value, ast.Name | ast.Attribute):
            given[name] = module.rows(value)
    for reading in flow.readings:
        rows = reading.rows[0]
        alternatives = given.get(rows.origin[1:], ()) if rows.origin[:1] == "#" else ()
        reads = [
            read_of(replace(loaded, reads=(*loaded.reads, *rows.path)))
            for loaded in alternatives
            if loaded.stage in (ONE, ITEM)
        ]
        first = reads[0] if reads and len(reads) == len(alternatives) else None
        if first is not None and all(each is not None and not each.behind for each in reads):
            name = f"{first.owner.symbol.rpartition('.')[2]}.{first.chain[-1]}"
            yield first, Hop(entered.path, reading.line, name)


def way_from_query(read: LazyRead, node: ast.expr, module: Module) -> tuple[Hop, ...]:
    """From the query, by way of the calls that hand its rows on, to where the relationship is read; empty where both stand
    together."""
    loaded = read.loaded
    if loaded.path == module.path and abs(loaded.line - node.lineno) <= _TOGETHER:
        return ()
    query = query_node(module, loaded)
    line = (options_line(query, module) if query is not None else 0) or loaded.line
    return (
        Hop(loaded.path, line, loaded.symbol),
        *(Hop(*hop) for hop in reversed(loaded.hops)),
        Hop(module.path, node.lineno, f"{read.owner.symbol.rpartition('.')[2]}.{read.chain[-1]}"),
    )


def options_line(query: ast.Call, module: Module) -> int:
    """The line of the `.options(…)` that the query gets already, in its own chain or by its name; 0 without any."""
    function = module.function_of(query)
    statement = module.statement(query)
    names = [target.id for target in getattr(statement, "targets", ()) if isinstance(target, ast.Name)]
    if function is None:
        return 0
    for call in walk(function.node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "options"
        ):
            root = call.func.value
            while isinstance(root, (ast.Call, ast.Attribute)) and root is not query:
                root = root.func if isinstance(root, ast.Call) else root.value
            if root is query or (isinstance(root, ast.Name) and root.id in names):
                return call.func.end_lineno or call.lineno
    return 0


def load_with_query(module: Module, loaded: Loaded, chains: Iterable[Sequence[str]]) -> Fix | None:
    """The fix that adds loader options to the query; None when the query stands elsewhere or a class cannot be named."""
    call = query_node(module, loaded)
    if call is None or not call.args or not isinstance(call.args[0], (ast.Name, ast.Attribute)):
        return None
    named = module.value(call.args[0])
    if module.project.models.table(named) is not loaded.table:
        return None  # `self.model` of a base class that several models share
    options: list[str] = []
    imports: list[str] = [_LOADER]
    for chain in _longest(chains):
        option = _option(module, loaded.table, module.segment(call.args[0]), chain, imports)
        if option is None:
            return None
        options.append(option)
    if not options:
        return None
    return Fix(
        _with_options(tuple(options), is_get=getattr(call.func, "attr", "") in ("get", "get_one")),
        imports=tuple(dict.fromkeys(imports)),
        safety=Safety.UNSAFE,
        target=call,
    )


def option(table: Table, chain: Sequence[str]) -> str:
    """How a query says that it loads a relationship: `selectinload(Order.items).selectinload(Item.product)`."""
    text = ""
    for name in chain:
        text += f"{'.' if text else ''}selectinload({table.symbol.rpartition('.')[2]}.{name})"
        relationship = table.relationships.get(name)
        if relationship is None or relationship.target is None:
            break
        table = relationship.target
    return text


def _longest(chains: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Without those that another one starts with."""
    every = sorted({tuple(chain) for chain in chains})
    return [
        chain
        for chain in every
        if not any(other != chain and other[: len(chain)] == chain for other in every)
    ]


def _option(module: Module, table: Table, name: str, chain: Sequence[str], imports: list[str]) -> str | None:
    text = ""
    current: Table | None = table
    for position, attribute in enumerate(chain):
        if current is None:
            return None
        if position:
            named = _name_of(module, current, imports)
            if named is None:
                return None
            name = named
        text += f"{'.selectinload' if text else _LOADER}({name}.{attribute})"
        relationship = current.relationships.get(attribute)
        current = relationship.target if relationship is not None else None
    return text


def _name_of(module: Module, table: Table, imports: list[str]) -> str | None:
    """What code in the file may call a table's class."""
    last = table.symbol.rpartition(".")[2]
    if last in module.index.module.bindings:
        resolver = module.project.resolver
        value = resolver.value(module.index.module_name(last), resolver.modules[module.path])
        return last if module.project.models.table(value) is table else None
    if table.value is None or table.value.sort != Sort.CLASS:
        return None
    if table.path != module.path:
        imports.append(table.value.name)
    return table.value.name if table.path != module.path else last


def _with_options(options: tuple[str, ...], *, is_get: bool) -> Callable[[Any], cst.BaseExpression]:
    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        if not is_get:
            arguments = [cst.Arg(cst.parse_expression(option)) for option in options]
            return cst.Call(cst.Attribute(call, cst.Name("options")), arguments)
        if any(arg.keyword is not None and arg.keyword.value == "options" for arg in call.args):
            return call
        last = call.args[-1].with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        added = cst.Arg(
            cst.parse_expression(f"[{', '.join(options)}]"),
            keyword=cst.Name("options"),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        return call.with_changes(args=[*call.args[:-1], last, added])

    return rewrite
