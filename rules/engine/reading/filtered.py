"""The conditions of the queries of one file, with the columns that they compare."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from rules.engine.reading.regexes import regex
from rules.engine.reading.row_reader import Reader
from rules.engine.reading.rows import STATEMENT, UNKNOWN, Rows
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import uses_of, walk
from rules.libraries import ROOTS

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_WHERE = frozenset({"where", "filter", "filter_by"})
_JOINS = frozenset({"join", "outerjoin", "join_from"})
_PAGES = frozenset({"order_by", "limit"})
_READ = _WHERE | _JOINS | _PAGES
_OF_CLASS = frozenset({"find", "find_one", "find_many", "filter", "get", "get_or_none"})
"""Methods by which Beanie and Tortoise look rows up in a class: `Order.find_one(Order.number == number)`."""
_BY_KEYWORDS = regex(
    r"(?:^|_)(?:find|get|by|filter|list|fetch|exists|count|one|first|all|select|search|query|read|load|paginate)(?:_|$)"
)
"""Names of methods that may ask for what their keywords say."""
_CONDITIONS = frozenset(
    {"filters", "filter", "where", "conditions", "criteria", "query", "filter_by", "filter_dict", "by"}
)
"""What a dictionary of columns with their values is called."""
_ENUMERATIONS = ("Enum", "Status", "State", "Type", "Kind", "Phase", "Stage")
"""How classes are called that hold a handful of values."""
_OF_ROWS = frozenset({"id", "pk", "uuid", "code", "key", "name", "slug", "label"})
"""What tables of kinds have for each of these."""
_FIELD = ("field", "field_name", "column", "column_name", "attr", "attribute", "attr_name")
_VALUE = ("value", "field_value", "column_value", "attr_value")
_PENDING = regex(
    r"\b(?:handled|processed|sent|completed|finished|resolved|delivered|claimed|acknowledged|consumed|notified|synced|indexed"
    r"|ended|started|picked|executed|billed|invoiced|dispatched|exported|imported|reviewed)_(?:at|on)$"
)
"""Times that are empty as long as something has to be done."""
_INDEXING = frozenset({"create_index", "ensure_index", "IndexModel"})
UNREAD = "*"
_STEPS = _READ | {"options", "distinct", "offset", "execution_options"}
_CHANGES = frozenset({"update", "delete"})
EXISTS = "sqlalchemy.exists"
COLUMNS_OF_TABLE = frozenset({"c", "columns"})
_NARROWS = frozenset({"<", "i", "w"})
"""Kinds of conditions that an index answers, besides equality with a value."""
MODELS = frozenset({"model", "_model", "model_class"})
"""Attributes by which a repository names the class of its rows."""
_DIRECTIONS = frozenset({"desc", "asc", "nulls_last", "nullslast", "nulls_first", "nullsfirst"})


class Filtered(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """One query with all conditions that some path through its function adds."""

    entity: str
    line: int
    symbol: str
    equal: tuple[str, ...] = ()
    """References of columns compared for equality with a value."""
    narrowed: tuple[str, ...] = ()
    """Columns with another condition an index can answer: a range, a list of values, a join."""
    unreadable: bool = False
    optional: tuple[str, ...] = ()
    """Those of both that a branch after the query's start adds: only who asks for them is answered by them."""
    ordered: str = ""
    """The column by which all rows are sorted to find the few that a limit leaves; empty without a limit."""
    of_class: bool = False
    """Asked by a method of the class itself, as Beanie and Tortoise do."""
    by_keywords: bool = False
    """A call of `entity` that names what it looks for in `equal`: `orders.get_by(session, number=number)`. Whether that is a
    query, only the project knows."""
    by_fields: bool = False
    """The same of a call whose dictionary or word names it: `orders.query(filters={"number": number})`."""
    on: tuple[tuple[str, str], ...] = ()
    """Columns that a join compares; that of the joined table first, where it is plain which one that is."""
    listed: tuple[str, ...] = ()
    """Those of `narrowed` of which a list of values is asked for: `Order.number.in_(numbers)`."""
    worded: tuple[str, ...] = ()
    """Those of `narrowed` that are compared with a word of the source or a member of an enumeration: `Order.status == "new"`."""


def extract(index: Index) -> tuple[Filtered, ...]:
    """The filtered queries of a walked file."""
    reader = Reader(index)
    found: list[Filtered] = []
    for scope in index.scopes:
        if not _OF_CLASS.isdisjoint(scope.called):
            found.extend(_of_classes(index, scope))
        if scope is not index.module and any(map(_BY_KEYWORDS.search, scope.called)):
            found.extend(_by_keywords(index, scope))
            found.extend(_by_fields(index, scope))
        if _READ.isdisjoint(scope.called):
            continue
        calls = [
            call for call in scope.calls if call.func.__class__ is ast.Attribute and call.func.attr in _READ
        ]
        calls.sort(key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))
        if calls:
            found.extend(_of_scope(index, reader, scope, calls))
    return tuple(found)


def created(index: Index) -> tuple[str, ...]:
    """The fields by which a file makes indexes of MongoDB's collections: `orders.create_index("number")`; `*` of those that
    cannot be read."""
    return tuple(
        dict.fromkeys(
            _first_key(call)
            for scope in index.scopes
            if not _INDEXING.isdisjoint(scope.called)
            for call in scope.calls
            if last_name(call) in _INDEXING
        )
    )


def _first_key(call: ast.Call) -> str:
    """The field that an index begins with: of `"number"`, `[("number", 1)]` or `["number"]`."""
    given = (
        call.args[0]
        if call.args
        else next((each.value for each in call.keywords if each.arg == "keys"), None)
    )
    while isinstance(given, ast.List | ast.Tuple) and given.elts:
        given = given.elts[0]
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else UNREAD


def _of_classes(index: Index, scope: Scope) -> Iterator[Filtered]:
    """What methods of classes are asked for: `Order.find({"number": number})`, `Order.get_or_none(number=number)`."""
    for call in scope.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in _OF_CLASS:
            continue
        name = last_name(function.value) if isinstance(function.value, ast.Name | ast.Attribute) else ""
        if not name[:1].isupper() or name.isupper() or not (call.args or call.keywords):
            continue
        entity = index.ref(function.value, scope)
        equal: list[str] = []
        narrowed: list[str] = []
        unreadable = not entity
        for argument in call.args:
            for kind, key in _asked(argument, name):
                unreadable |= kind == "?"
                (equal if kind == "=" else narrowed).append(f"{entity}.{key}")
        for keyword in call.keywords:
            if keyword.arg is None or "__" in keyword.arg:
                unreadable = True
            else:
                equal.append(f"{entity}.{keyword.arg}")
        if not unreadable and equal:
            yield Filtered(entity, call.lineno, scope.symbol, tuple(equal), tuple(narrowed), of_class=True)


def _by_keywords(index: Index, scope: Scope) -> Iterator[Filtered]:
    """`orders.find_one_or_none(number=number)`, `self.users.get_by(session, email=email)`."""
    for call in scope.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or not _BY_KEYWORDS.search(function.attr):
            continue
        named = [each.arg for each in call.keywords if each.arg and not isinstance(each.value, ast.Constant)]
        if not named or len(named) != len(call.keywords):
            continue
        ref = index.ref(function, scope)
        if ref and ref.lstrip("«").partition(".")[0] not in ROOTS:
            yield Filtered(ref, call.lineno, scope.symbol, tuple(named), by_keywords=True)


def _by_fields(index: Index, scope: Scope) -> Iterator[Filtered]:
    """`orders.query(filters={"number": number})`, `self.users.get_by("email", email)`."""
    for call in scope.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or not _BY_KEYWORDS.search(function.attr):
            continue
        named = _fields(call)
        ref = index.ref(function, scope) if named else ""
        if ref and ref.lstrip("«").partition(".")[0] not in ROOTS:
            yield Filtered(ref, call.lineno, scope.symbol, tuple(named), by_keywords=True, by_fields=True)


def _fields(call: ast.Call) -> list[str]:
    """The columns that a call names with a value for each that the source does not say."""
    given = {each.arg: each.value for each in call.keywords}
    match call.args:
        case [*_, ast.Constant(value=str(name)), ast.expr() as value] if _names_field(call):
            return [name] if name.isidentifier() and not isinstance(value, ast.Constant) else []
    for key in _FIELD:
        match given.get(key):
            case ast.Constant(value=str(name)) if name.isidentifier():
                value = next((given[each] for each in _VALUE if each in given), ast.Constant(None))
                return [name] if not isinstance(value, ast.Constant) else []
    values = [each for each in call.args if isinstance(each, ast.Dict)]
    values += [each for key, each in given.items() if key in _CONDITIONS and isinstance(each, ast.Dict)]
    if len(values) != 1:
        return []
    names: list[str] = []
    for field, value in zip(values[0].keys, values[0].values, strict=True):
        if not isinstance(field, ast.Constant) or not isinstance(field.value, str):
            return []
        if not field.value.isidentifier() or "__" in field.value or isinstance(value, ast.Dict | ast.List):
            return []
        if not isinstance(value, ast.Constant):
            names.append(field.value)
    return names


def _names_field(call: ast.Call) -> bool:
    name = last_name(call.func)
    return name.endswith("_by") or any(each in name for each in ("field", "column", "attr"))


def takes_fields(scope: Scope) -> bool:
    """Whether a method asks for rows of its class by columns that an argument names: `getattr(self.model, name) == value`,
    `filter_by(**filters)` of a dictionary, `filter_by(**{name: value})`."""
    if "getattr" not in scope.called and "filter_by" not in scope.called:
        return False
    function = scope.node
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    given = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
    named: set[str] = set()
    compared: set[str] = set()
    for node in walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_named_column(value):
                named.add(name)
            case ast.Compare(left=left, ops=[ast.Eq()]) if _is_named_column(left):
                return True
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()]):
                compared.add(name)
            case ast.Call(
                func=ast.Attribute(attr="filter_by"), keywords=[ast.keyword(arg=None, value=value)]
            ):
                match value:
                    case ast.Name(id=name) if name in given:
                        return True
                    case ast.Dict(keys=[ast.Name()]):
                        return True
    return not named.isdisjoint(compared)


def _is_named_column(value: ast.expr) -> bool:
    """`getattr(self.model, name)`."""
    match value:
        case ast.Call(func=ast.Name(id="getattr"), args=[model, ast.Name(), *_]):
            return last_name(model) in MODELS
    return False


def _asked(condition: ast.expr, owner: str) -> Iterator[tuple[str, str]]:
    """(kind, field) as `_conditions` has them."""
    match condition:
        case ast.Compare(
            left=ast.Attribute(value=ast.Name() | ast.Attribute() as of, attr=field), ops=[operator]
        ) if last_name(of) == owner:
            is_constant = isinstance(condition.comparators[0], ast.Constant)
            yield ("=" if isinstance(operator, ast.Eq) and not is_constant else "<"), field
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if (
                    not isinstance(key, ast.Constant)
                    or not isinstance(key.value, str)
                    or key.value[:1] == "$"
                ):
                    yield "?", ""
                else:
                    yield ("<" if isinstance(value, ast.Dict | ast.Constant) else "="), key.value
        case ast.Call(func=ast.Name(id="And"), args=parts):
            for part in parts:
                yield from _asked(part, owner)
        case ast.Call(
            func=ast.Name(id="In" | "GT" | "GTE" | "LT" | "LTE"), args=[ast.Attribute(attr=field), *_]
        ):
            yield "<", field
        case ast.Constant(value=None):
            pass
        case _:
            yield "?", ""


def _of_scope(index: Index, reader: Reader, scope: Scope, calls: Iterable[ast.Call]) -> Iterator[Filtered]:
    queries: dict[tuple[str, int], tuple[list[str], list[str], list[bool]]] = {}
    always: set[tuple[tuple[str, int], str]] = set()
    joined: dict[tuple[str, int], list[tuple[str, str]]] = {}
    ordered: dict[tuple[str, int], str] = {}
    limited: set[tuple[str, int]] = set()
    kinds: dict[tuple[str, int], dict[str, str]] = {}
    for call in calls:
        function = call.func
        if not isinstance(function, ast.Attribute):
            continue
        origins = {
            (entity, rows.line) for rows in reader.rows(function.value, scope) if (entity := _selected(rows))
        } or _changed(index, function.value, scope)
        is_begun_elsewhere = not origins and function.attr in _WHERE
        if is_begun_elsewhere:
            origins = _begun_elsewhere(index, call, scope)
        for origin in origins:
            equal, narrowed, unreadable = queries.setdefault(origin, ([], [], []))
            before = len(equal), len(narrowed)
            if function.attr in _JOINS:
                unreadable.append(False)
                joined.setdefault(origin, []).extend(_on(index, call, scope))
                continue
            if function.attr == "limit":
                limited.add(origin)
                continue
            if function.attr == "order_by":
                ordered.setdefault(origin, _sorted_by(index, call, scope))
                continue
            for keyword in call.keywords:
                names = (keyword.arg,) if keyword.arg else _keys(keyword.value, scope)
                if names is None:
                    unreadable.append(True)
                else:
                    equal.extend(f"{origin[0]}.{name}" for name in names)
            chosen: set[str] = set()
            for argument, is_chosen in _given(index, call, scope):
                for kind, ref in _conditions(index, argument, scope):
                    if kind == "=":
                        equal.append(ref)
                        if is_chosen:
                            chosen.add(ref)
                    elif kind in _NARROWS:
                        narrowed.append(ref)
                        kinds.setdefault(origin, {})[ref] = kind
                        if is_chosen:
                            chosen.add(ref)
                    elif kind == "?":
                        unreadable.append(True)
            if not is_begun_elsewhere and not _is_added_later(index, call, origin[1]):
                added = (*equal[before[0] :], *narrowed[before[1] :])
                always |= {(origin, ref) for ref in added if ref not in chosen}
    for (entity, line), (equal, narrowed, unreadable) in queries.items():
        sorted_by = ordered.get((entity, line), "") if (entity, line) in limited else ""
        on = tuple(dict.fromkeys(joined.get((entity, line), ())))
        if equal or narrowed or sorted_by or on:
            yield Filtered(
                entity,
                line,
                scope.symbol,
                tuple(dict.fromkeys(equal)),
                tuple(dict.fromkeys(narrowed)),
                any(unreadable),
                tuple(
                    dict.fromkeys(ref for ref in (*equal, *narrowed) if ((entity, line), ref) not in always)
                ),
                sorted_by,
                on=on,
                listed=tuple(ref for ref, kind in kinds.get((entity, line), {}).items() if kind == "i"),
                worded=tuple(ref for ref, kind in kinds.get((entity, line), {}).items() if kind == "w"),
            )


def _keys(given: ast.expr, scope: Scope) -> tuple[str, ...] | None:
    """The keys of `**{"number": number}`, also of a local dictionary that is written out and only handed on; None where they
    cannot be read."""
    if isinstance(given, ast.Name):
        bindings = scope.bindings.get(given.id, ())
        value = bindings[0].value if len(bindings) == 1 else None
        value = value.value if isinstance(value, ast.AnnAssign) else value
        if not isinstance(value, ast.Dict) or len(uses_of(given.id, scope.node)) != 2:
            return None  # what else is done with it may add to it
        given = value
    if not isinstance(given, ast.Dict):
        return None
    keys = [key.value for key in given.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return tuple(keys) if len(keys) == len(given.keys) else None


def _on(index: Index, call: ast.Call, scope: Scope) -> Iterator[tuple[str, str]]:
    """The columns of `join(Item, Item.order_number == Order.number)`, that of `Item` first."""
    given = [*call.args[1:], *(each.value for each in call.keywords if each.arg == "onclause")]
    table = index.ref(call.args[0], scope) if call.args else ""
    for clause in given:
        match clause:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]) if table:
                refs = [_column(index, left, scope), _column(index, right, scope)]
                if not all(refs):
                    continue
                refs.sort(key=lambda ref: ref.rpartition(".")[0] != table)
                if refs[0].rpartition(".")[0] == table != refs[1].rpartition(".")[0]:
                    yield refs[0], refs[1]


def _selected(rows: Rows) -> str:
    """The entity of a query that is made here; that of `orders.select()` is the `Table` itself."""
    if rows.called and rows.stage == UNKNOWN:
        table, _, name = rows.origin.rpartition(".")
        return table if name == "select" and rows.position < 0 and not rows.key else ""
    return rows.origin if rows.stage == STATEMENT and rows.origin[:1] != "#" else ""


def _changed(index: Index, node: ast.expr, scope: Scope) -> set[tuple[str, int]]:
    """The entity and line of `update(Order).where(…)`, `orders.delete().where(…)`; `EXISTS` of `exists().where(…)`."""
    while isinstance(node, ast.Call):
        function = node.func
        if last_name(function) == "exists" and not node.args:
            return {(EXISTS, node.lineno)} if index.ref(function, scope).startswith("sqlalchemy.") else set()
        if last_name(function) in _CHANGES:
            ref = index.ref(function, scope)
            if ref.startswith(("sqlalchemy.", "sqlmodel.")):
                entity = index.ref(node.args[0], scope) if node.args else ""
            else:
                entity = ref.rpartition(".")[0] if not node.args else ""
            return {(entity, node.lineno)} if entity else set()
        if not isinstance(function, ast.Attribute):
            break
        node = function.value
    return set()


def _begun_elsewhere(index: Index, call: ast.Call, scope: Scope) -> set[tuple[str, int]]:
    """The entity and line of `self.base_statement().where(Order.number == number)`: the class whose columns are compared."""
    root: ast.expr = call
    while isinstance(root, ast.Call) and isinstance(root.func, ast.Attribute) and root.func.attr in _STEPS:
        root = root.func.value
    if (
        root is call
        or not isinstance(root, ast.Call)
        or index.ref(root.func, scope)[:1] not in ("@", ".", "~")
    ):
        return set()
    owners = {
        ref.rpartition(".")[0]
        for argument, _ in _given(index, call, scope)
        for kind, ref in _conditions(index, argument, scope)
        if (kind == "=" or kind in _NARROWS) and ref
    }
    return {(owners.pop(), root.lineno)} if len(owners) == 1 else set()


def _sorted_by(index: Index, call: ast.Call, scope: Scope) -> str:
    """The column that decides first: `order_by(Order.created_at.desc(), Order.id)`."""
    first = call.args[0] if call.args else None
    while isinstance(first, ast.Call):
        if isinstance(first.func, ast.Attribute) and first.func.attr in _DIRECTIONS and not first.args:
            first = first.func.value
        elif last_name(first) in _DIRECTIONS and len(first.args) == 1:
            first = first.args[0]
        else:
            break
    return _column(index, first, scope) if first is not None else ""


def _given(index: Index, call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions that `where(…)` is given, and whether a branch decides about each: those of `*conditions`, a list that
    the function fills before, are taken apart."""
    for argument in call.args:
        whole = argument
        match argument:
            case ast.Call(args=[ast.Starred() as inner], keywords=[]) if last_name(argument) == "and_":
                whole = inner
        conditions = _listed(index, whole.value, scope) if isinstance(whole, ast.Starred) else None
        if conditions is None:
            yield argument, False
        else:
            yield from conditions


def _listed(index: Index, name: ast.expr, scope: Scope) -> list[tuple[ast.expr, bool]] | None:
    """What a local list of conditions holds; None when more is done with it than filling it."""
    bindings = scope.bindings.get(name.id, []) if isinstance(name, ast.Name) else []
    if len(bindings) != 1 or not isinstance(name, ast.Name):
        return None
    begun = bindings[0].value
    begun = begun.value if isinstance(begun, ast.AnnAssign) else begun
    if not isinstance(begun, ast.List) or any(isinstance(each, ast.Starred) for each in begun.elts):
        return None
    found = [(each, False) for each in begun.elts]
    for call in scope.calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id=filled), attr=method) if filled == name.id:
                if method != "append" or len(call.args) != 1:
                    return None
                found.append((call.args[0], _is_added_later(index, call, 0)))
    return found


def _is_added_later(index: Index, call: ast.Call, line: int) -> bool:
    """Whether a branch decides about a condition of a query that begins on an earlier line."""
    node = index.parents.get(call)
    while node is not None and not isinstance(node, FUNCTIONS):
        if isinstance(node, ast.If) and node.lineno > line:
            return True
        node = index.parents.get(node)
    return False


def _conditions(index: Index, node: ast.expr, scope: Scope) -> Iterator[tuple[str, str]]:
    """(kind, reference of the column) of the parts that all must hold.

    `=` is equality with a value, `<` another condition that an index answers (`i` a list of values, `w` a word of the source or a member of an enumeration),
    `!` one that narrows little, `?` unknown.
    """
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            column = _column(index, left, scope)
            other = _column(index, right, scope)
            if column and isinstance(operator, ast.Eq) and _is_member(right):
                yield "w", column
            elif column and other and _is_column(right):
                yield "<", column  # a join
                yield "<", other
            elif column:
                yield _kind(operator, right), column
            elif other:
                yield _kind(operator, left), other
            elif _is_computed(left) and isinstance(right, ast.Constant) and isinstance(right.value, int):
                yield "!", ""
            else:
                yield "?", ""
        case ast.Call(func=ast.Attribute(value=inner, attr="in_"), args=[ast.Name() | ast.Attribute()]):
            column = _column(index, inner, scope)
            yield ("i", column) if column else ("?", "")
        case ast.Call(func=ast.Attribute(value=inner, attr="in_" | "any_" | "between" | "startswith")):
            column = _column(index, inner, scope)
            yield ("<", column) if column else ("?", "")
        case ast.Call(func=ast.Attribute(value=inner, attr="is_"), args=[ast.Constant(value=None)]):
            column = _column(index, inner, scope)
            # What belongs to nobody, or waits for something to be done, is rare, and an index finds it: unlike what was not
            # deleted.
            is_rare = column.endswith("_id") or _PENDING.search(column) is not None
            yield ("<" if is_rare else "!", column) if column else ("?", "")
        case ast.Call(func=ast.Attribute(value=inner, attr="is_" | "is_not" | "isnot" | "not_in" | "notin_")):
            column = _column(index, inner, scope)
            yield ("!", column) if column else ("?", "")
        case ast.Call() if last_name(node) == "and_":
            for argument in node.args:
                yield from _conditions(index, argument, scope)
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            yield from _conditions(index, left, scope)
            yield from _conditions(index, right, scope)
        case ast.Attribute() | ast.UnaryOp(operand=ast.Attribute()):
            yield "!", ""
        case _:
            yield "?", ""


def _is_computed(node: ast.expr) -> bool:
    """`func.length(Order.number)`: no index on the column answers what is asked of that."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and last_name(node.func.value) == "func"
        and len(node.args) == 1
        and _is_column(node.args[0])
    )


def _kind(operator: ast.cmpop, value: ast.expr) -> str:
    if isinstance(operator, ast.Eq):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return "w"  # one of a few; an index answers it all the same
        return "!" if isinstance(value, ast.Constant) and isinstance(value.value, bool | None) else "="
    return "<" if isinstance(operator, (ast.Gt, ast.GtE, ast.Lt, ast.LtE)) else "!"


def _is_member(value: ast.expr) -> bool:
    """Whether a value is one of an enumeration, going by its spelling: `State.NEW`, `OrderStatus.new.value`."""
    if isinstance(value, ast.Attribute) and value.attr == "value" and isinstance(value.value, ast.Attribute):
        value = value.value
    if not isinstance(value, ast.Attribute) or not isinstance(value.value, ast.Name | ast.Attribute):
        return False
    owner = last_name(value.value)
    if value.attr in _OF_ROWS or value.attr.endswith("_id"):
        return False  # `Product.type_code == ProductType.code`: a join with a table of that name
    return owner[:1].isupper() and (value.attr.isupper() or owner.endswith(_ENUMERATIONS))


def _column(index: Index, node: ast.expr, scope: Scope) -> str:
    """The reference of `Order.number`, also within `col(…)`."""
    if isinstance(node, ast.Call) and last_name(node) == "col" and len(node.args) == 1:
        node = node.args[0]
    return index.ref(node, scope) if _is_column(node) else ""


def _is_column(node: ast.expr) -> bool:
    """`Order.number`, `models.Order.number`; of a `Table`, `orders.c.number`; of a repository, `self.model.number`."""
    if not isinstance(node, ast.Attribute):
        return False
    owner = last_name(node.value)
    if owner in MODELS and isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name):
        return node.value.value.id in ("self", "cls")
    return owner[:1].isupper() or (owner in COLUMNS_OF_TABLE and isinstance(node.value, ast.Attribute))
