"""Which rows an expression of a walked file may be: queries followed through chains, variables and branches."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from rules.engine.reading.filters import OF_KEYWORDS, conditions
from rules.engine.reading.index import Index
from rules.engine.reading.loader_options import OptionsReader
from rules.engine.reading.rows import (
    AWAITED,
    COLUMNS,
    HANDED,
    ITEM,
    LIMITED,
    MANY,
    NARROWED,
    ONE,
    OPAQUE,
    RESULT,
    SINGLE,
    STATEMENT,
    TOUCHED,
    UNKNOWN,
    VARIED,
    WISHED,
    Rows,
    is_whole,
    join,
)
from rules.engine.reading.scopes import Binding, Part, Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.switches import conditions as conditions_of
from rules.engine.reading.walking import names_in, walk

_CHAIN = frozenset(
    [
        "where",
        "filter",
        "filter_by",
        "order_by",
        "group_by",
        "having",
        "join",
        "outerjoin",
        "select_from",
        "limit",
        "offset",
        "distinct",
        "execution_options",
        "yield_per",
        "populate_existing",
        "with_for_update",
        "enable_eagerloads",
        "autoflush",
        "slice",
        "correlate",
        "params",
        "prefix_with",
        "join_from",
        "outerjoin_from",
        "with_hint",
        "options",
        "reset_joinpoint",
        "unique",
        "scalars",
    ]
)
_CHANGING = frozenset(
    [
        "with_only_columns",
        "with_entities",
        "add_columns",
        "add_entity",
        "union",
        "union_all",
        "intersect",
        "except_",
        "from_statement",
        "subquery",
        "cte",
        "values",
        "returning",
        "mappings",
        "tuples",
        "columns",
        "from_self",
        "scalar_subquery",
        "exists",
        "as_scalar",
        "label",
    ]
)
_MANY = frozenset({"all", "fetchall", "partitions", "fetchmany"})
_ONE = frozenset({"first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar", "fetchone"})
_RUNS = frozenset({"execute", "scalars", "scalar", "exec", "stream", "stream_scalars"}) | {
    "fetch_all",
    "fetch_one",
    "fetch_val",
    "iterate",
}
_RECORDS = {"execute": RESULT, "stream": RESULT, "scalar": ONE, "fetch_all": RESULT, "iterate": RESULT}
"""What a statement becomes when it is run, by what runs it; several entities, or values, where it is not here."""
_ONE_RECORD = frozenset({"fetch_one", "fetch_val"})
_SESSIONS = frozenset({"session", "db", "self"})
"""Names that are worth no look: what is awaited with them is the query itself."""
_CONNECTED = frozenset({"Session:", "AsyncSession:", "ClientSession:"})
"""How the types of parameters end that are connections; a `ChatSession` may be a row."""
_ASKED = frozenset({"hasattr", "len", "bool"})
"""What a condition may ask about a row that is given, and say no more than the row itself does."""
_COPIES = frozenset({"list", "tuple", "sorted", "reversed", "set"})
_FILTERS = frozenset({"where", "filter", "filter_by"})
_JOINS = frozenset({"join", "outerjoin", "join_from", "slice", "group_by", "distinct", "yield_per"})
RELATES = frozenset({"relationship", "Relationship"})
"""What declares a relationship in the body of a class."""
_MOST_FILTERS = 8
_MOST_GIVEN = 2
_DEPTH = 40

_WITHOUT_AWAIT = frozenset({ast.FunctionDef, ast.Lambda})
_NO_ROWS = frozenset({ast.Constant, ast.JoinedStr, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Dict})
_DECIDING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.ExceptHandler)


class Reader:
    """Reads the rows of expressions of one walked file."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[ast.AST, tuple[Rows, ...]] = {}
        self._given: dict[Scope, frozenset[str]] = {}
        self._options = OptionsReader(index)

    def rows(self, node: ast.AST | None, scope: Scope, depth: int = 0) -> tuple[Rows, ...]:
        """The rows that an expression may be; empty when it is none, or unknown."""
        if node is None or node.__class__ in _NO_ROWS or depth > _DEPTH:
            return ()
        known = self._known.get(node)
        if known is None:
            self._known[node] = ()
            found = self._rows(node, scope, depth + 1)
            known = self._known[node] = join(found) if found else ()
        return known

    def at(self, node: ast.AST) -> tuple[Rows, ...]:
        """As `rows`, for a node of the tree."""
        return self.rows(node, self._index.scope_at(node))

    def _rows(self, node: ast.AST, scope: Scope, depth: int) -> Iterable[Rows]:
        cls = node.__class__
        if cls is ast.Name:  # what is asked most, before patterns are tried
            return self._name(node, scope, depth)  # type: ignore[arg-type]  # by its class
        if cls is ast.Call:
            return self._call(node, scope, depth)  # type: ignore[arg-type]  # by its class
        if cls is ast.Attribute:
            return self._attribute(node, scope, depth)  # type: ignore[arg-type]  # by its class
        match node:
            case ast.Await(value=value):
                return [_awaited(rows) for rows in self.rows(value, scope, depth)]
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.rows(value, scope, depth)
            case ast.Subscript(value=value, slice=key):
                return self._subscript(value, key, scope, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return (*self.rows(body, scope, depth), *self.rows(orelse, scope, depth))
            case ast.BoolOp(op=ast.Or(), values=values):
                return [rows for value in values for rows in self.rows(value, scope, depth)]
            case ast.ListComp(elt=ast.Name(id=name), generators=[generator]):
                if isinstance(generator.target, ast.Name) and generator.target.id == name:
                    return self.rows(generator.iter, scope, depth)
        return ()

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Iterable[Rows]:
        if node.value.__class__ is not ast.Attribute and not may_be_rows(node.value):
            return ()
        found = self.rows(node.value, scope, depth)
        return [_read(rows, node.attr) for rows in found if rows.stage in (ONE, ITEM, UNKNOWN)]

    def _subscript(self, value: ast.expr, key: ast.expr, scope: Scope, depth: int) -> Iterator[Rows]:
        for rows in self.rows(value, scope, depth):
            if isinstance(key, ast.Slice):
                yield rows
            elif is_whole(rows) and isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield msgspec.structs.replace(rows, key=key.value)
            elif rows.stage == MANY:
                yield msgspec.structs.replace(rows, stage=ONE)
            elif (
                rows.called and rows.position < 0 and isinstance(key, ast.Constant) and key.value in (0, 1, 2)
            ):
                yield msgspec.structs.replace(rows, position=key.value)
            elif rows.stage == RESULT or rows.stage == ITEM:
                yield msgspec.structs.replace(rows, flags=rows.flags | OPAQUE)

    # Names

    def _name(self, node: ast.Name, scope: Scope, depth: int) -> Iterator[Rows]:
        index = self._index
        current: Scope | None = scope
        while current is not None and current is not index.module:
            if node.id in current.bindings and (not current.is_class or current is scope):
                bindings = current.bindings[node.id]
                if current is scope and node in index.parents:
                    bindings = self._without_replaced(index.reaching(bindings, node), node)
                handed = HANDED if node.id in self._handed(current) else 0
                for binding in bindings:
                    value = binding.value
                    if binding.kind == "annotated" and isinstance(value, ast.AnnAssign):
                        value = value.value
                    is_empty = isinstance(value, ast.List) and not value.elts
                    for rows in (
                        self._collected(node.id, current, depth)
                        if is_empty
                        else self._binding(binding, current, depth)
                    ):
                        yield msgspec.structs.replace(rows, flags=rows.flags | handed) if handed else rows
                return
            current = current.parent

    def _collected(self, name: str, scope: Scope, depth: int) -> list[Rows]:
        """The rows that a function puts into an empty list; none when it puts anything else there."""
        found: list[Rows] = []
        for call in scope.calls:
            function = call.func
            if not isinstance(function, ast.Attribute) or function.attr not in ("append", "extend", "insert"):
                continue
            if not isinstance(function.value, ast.Name) or function.value.id != name or not call.args:
                continue
            stage = MANY if function.attr == "extend" else ITEM
            added = self.rows(call.args[-1], scope, depth) if isinstance(call.args[-1], ast.Name) else ()
            if not added or any(rows.stage != stage or rows.path for rows in added):
                return []
            found.extend(msgspec.structs.replace(rows, stage=MANY) for rows in added)
        return found

    def _handed(self, scope: Scope) -> frozenset[str]:
        """Names that a function gives to what it awaits, and what it iterates over to do so."""
        known = self._given.get(scope)
        if known is not None:
            return known
        if scope.node.__class__ in _WITHOUT_AWAIT:
            self._given[scope] = frozenset()
            return self._given[scope]
        found: set[str] = set()
        for call in scope.calls:
            if last_name(call.func) in _RUNS or not self._is_awaited(call):
                continue
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                found.update(
                    each.id for each in walk(value) if isinstance(each, ast.Name) and each.id not in _SESSIONS
                )
        for name, bindings in scope.bindings.items():
            if name in found:
                for binding in bindings:
                    if binding.kind in ("item", "local item") and isinstance(binding.value, ast.Name):
                        found.add(binding.value.id)
        self._given[scope] = frozenset(found)
        return self._given[scope]

    def _is_awaited(self, call: ast.Call) -> bool:
        parents = self._index.parents
        current: ast.AST | None = parents.get(call)
        while current is not None and not isinstance(current, ast.stmt):
            if isinstance(current, ast.Await):
                return True
            current = parents.get(current)
        return False

    def _without_replaced(self, bindings: list[Binding], node: ast.Name) -> list[Binding]:
        """Without those before an `if` all of whose arms bind the name again, and which is always reached."""
        if len(bindings) < 3:
            return bindings
        statements = {self._statement(binding.node) for binding in bindings}
        first = 0
        for binding in bindings:
            current = self._index.parents.get(binding.node)
            while current is not None and current not in self._index.scope_of:
                if (
                    isinstance(current, ast.If)
                    and _on_all_paths([current], statements)
                    and self._is_always_reached(current, node)
                ):
                    first = max(first, current.lineno)
                current = self._index.parents.get(current)
        return [binding for binding in bindings if binding.line >= first]

    def _is_always_reached(self, statement: ast.AST, node: ast.AST) -> bool:
        """Whether nothing but what is around `node` too decides if `statement` runs before it."""
        around: set[ast.AST] = set()
        current = self._index.parents.get(node)
        while current is not None:
            around.add(current)
            current = self._index.parents.get(current)
        current = self._index.parents.get(statement)
        while current is not None and current not in self._index.scope_of:
            if isinstance(current, _DECIDING) and current not in around:
                return False
            current = self._index.parents.get(current)
        return True

    def _statement(self, node: ast.AST) -> ast.AST | None:
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            current = self._index.parents.get(current)
        return current

    def _binding(self, binding: Binding, scope: Scope, depth: int) -> Iterable[Rows]:
        kind, value = binding.kind, binding.value
        if kind == "value" and isinstance(value, ast.expr):
            return self.rows(value, scope, depth)
        if kind == "annotated" and isinstance(value, ast.AnnAssign):
            return self.rows(value.value, scope, depth)
        if kind == "parameter" and isinstance(binding.node, ast.arg):
            ref = self._index.parameter_ref(binding, scope)
            if (ref.startswith("builtins.") and ref.endswith(":")) or ref.rpartition(".")[2] in _CONNECTED:
                return ()
            return (Rows(f"#{binding.node.arg}", stage=UNKNOWN),)
        if kind == "self" and scope.owner is not None and not scope.owner.called.isdisjoint(RELATES):
            return (Rows("#self", stage=UNKNOWN),)
        if kind in ("item", "local item") and isinstance(value, ast.expr):
            return [item for rows in self.rows(value, scope, depth) if (item := _item(rows)) is not None]
        if isinstance(value, Part) and value.kind == "" and isinstance(value.value, ast.expr):
            return [
                msgspec.structs.replace(rows, position=value.position)
                for rows in self.rows(value.value, scope, depth)
                if rows.called and rows.position < 0 and rows.stage == UNKNOWN
            ]
        return ()

    def is_certain(self, node: ast.AST, name: str) -> bool:
        """Whether `node` runs whenever its function does, as far as conditions on anything but `name` are concerned."""
        parents, scopes = self._index.parents, self._index.scope_of
        child, current = node, parents.get(node)
        while current is not None and current not in scopes:
            if isinstance(current, (ast.If, ast.IfExp)) and child is not current.test:
                names = names_in(current.test)
                if not names - _ASKED <= {name}:
                    return False
            if isinstance(current, ast.BoolOp) and child is not current.values[0]:
                return False
            if isinstance(current, (ast.ExceptHandler, ast.match_case)):
                return False
            child, current = current, parents.get(current)
        return True

    def _wished(self, limit: ast.Call) -> str:
        """The parameter that a limit is, where it is only set if that was passed."""
        match limit.args:
            case [ast.Name(id=name)]:
                pass
            case _:
                return ""
        child: ast.AST = limit
        current = self._index.parents.get(limit)
        while current is not None and current not in self._index.scope_of:
            if isinstance(current, ast.If) and child in current.body:
                found = conditions_of(self._index, current.test)
                return name if f"#{name}" in found or f"+{name}" in found else ""
            child, current = current, self._index.parents.get(current)
        return ""

    # Calls

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Iterable[Rows]:
        function = node.func
        ref = self._index.ref(function, scope)
        last = ref.rpartition(".")[2] if ref else last_name(function)
        if last == "select" and ref.startswith(("sqlalchemy.", "sqlmodel.")):
            return self._select(node, scope)
        if isinstance(function, ast.Name) and last in _COPIES and node.args:
            return self.rows(node.args[0], scope, depth)
        if last == "cast" and ref.startswith(("typing.", "typing_extensions.")) and len(node.args) == 2:
            return self.rows(node.args[1], scope, depth)
        if isinstance(function, ast.Attribute):
            found = self._method(node, function, scope, depth)
            if found is not None:
                return found
        if last == "paginate" and ref.startswith("fastapi_pagination"):
            return self._paginated(node, scope, depth)
        if ref and not ref.startswith("builtins.") and not ref.endswith(":"):
            return (
                Rows(
                    ref,
                    node.lineno,
                    node.col_offset,
                    UNKNOWN,
                    called=True,
                    arguments=tuple(self._arguments(node, scope, depth)),
                    # `orders.select(orders.c.id == number)`
                    filters=conditions(node)[:_MOST_FILTERS] if last == "select" and node.args else (),
                ),
            )
        return ()

    def received(self, node: ast.Call, scope: Scope) -> Rows | None:
        """The call of a method of a row, which is given the row as `self`; None for any other call."""
        function = node.func
        if not isinstance(function, ast.Attribute):
            return None
        given = tuple(
            rows
            for rows in self.rows(function.value, scope)
            if rows.stage in (ONE, ITEM) or rows.origin == "#self"
        )
        if not given or len(given) > _MOST_GIVEN:
            return None
        arguments = (("self", given), *self._arguments(node, scope, 0))
        return Rows(
            f".{function.attr}", node.lineno, node.col_offset, UNKNOWN, called=True, arguments=arguments
        )

    def _arguments(self, node: ast.Call, scope: Scope, depth: int) -> Iterator[tuple[str, tuple[Rows, ...]]]:
        for position, value in enumerate(node.args):
            if isinstance(value, ast.Starred):
                return
            rows = self._passed(value, scope, depth)
            if rows:
                yield str(position), rows
        for keyword in node.keywords:
            rows = self._passed(keyword.value, scope, depth)
            if rows and keyword.arg:
                yield keyword.arg, rows

    def _passed(self, value: ast.expr, scope: Scope, depth: int) -> tuple[Rows, ...]:
        if not isinstance(value, (ast.Name, ast.Call, ast.Await)):
            return ()
        found = self.rows(value, scope, depth)
        return tuple(rows for rows in found if rows.stage != UNKNOWN or rows.called or rows.origin[0] == "#")[
            :_MOST_GIVEN
        ]

    def _select(self, node: ast.Call, scope: Scope) -> Iterable[Rows]:
        refs = [self._index.ref(argument, scope) for argument in node.args]
        if not refs:
            return ()
        flags = 0
        if len(refs) > 1:
            flags |= COLUMNS
        return (Rows(refs[0], node.lineno, node.col_offset, STATEMENT, flags),) if refs[0] else ()

    def _method(
        self, node: ast.Call, function: ast.Attribute, scope: Scope, depth: int
    ) -> Iterable[Rows] | None:
        name = function.attr
        if name == "query" and node.args:
            ref = self._index.ref(node.args[0], scope)
            session = self._index.ref(function.value, scope)
            if ref and session:
                flags = COLUMNS if len(node.args) > 1 else 0
                return (Rows(ref, node.lineno, node.col_offset, STATEMENT, flags, session=session),)
            return ()
        run = _run_by(node) if name in _RUNS else None
        if run is not None:
            statement = self.rows(run, scope, depth)
            if statement:
                session = self._index.ref(function.value, scope)
                return [_executed(rows, name, session, node.lineno) for rows in statement]
        if name in ("get", "get_one") and len(node.args) >= 2:
            found = self._get(node, function, scope)
            if found is not None:
                return (found,)
        receiver = self.rows(function.value, scope, depth) if may_be_rows(function.value) else ()
        receiver = tuple(
            rows
            for rows in receiver
            if rows.origin[:1] != "#"
            or rows.stage != UNKNOWN
            or (name in _CHAIN | _MANY | _ONE and not self._is_other(function.value, scope))
        )
        if any(is_whole(rows) and _makes_object(rows.origin) for rows in receiver):
            return None  # `Repository(session).all()` is a method of the repository
        if not receiver:
            return None
        if name in _CHAIN or name in _CHANGING or name in _MANY or name in _ONE:
            return [self._step(rows, name, node, scope) for rows in receiver]
        return None

    def _is_other(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a parameter is annotated as, or made by a dependency to be, something else than a query."""
        ref = self._index.ref(node, scope)
        return ref[-1:] in (":", "$") and not ref.startswith(("sqlalchemy.", "sqlmodel.", "<"))

    def _get(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> Rows | None:
        ref = self._index.ref(node.args[0], scope)
        session = self._index.ref(function.value, scope)
        name = last_name(node.args[0])
        if not ref or not session or not name[:1].isupper():
            return None
        rows = Rows(ref, node.lineno, node.col_offset, ONE, session=session)
        for keyword in node.keywords:
            if keyword.arg == "options":
                rows = self._with_options(rows, [ast.Starred(keyword.value, ast.Load())], scope)
        return rows

    def _with_options(self, rows: Rows, nodes: Iterable[ast.expr], scope: Scope) -> Rows:
        added = self._options.read(nodes, scope)
        if added is None:
            return msgspec.structs.replace(rows, flags=rows.flags | OPAQUE)
        return msgspec.structs.replace(
            rows,
            options=(*rows.options, *added.certain),
            maybe=(*rows.maybe, *added.maybe),
            loaders=(*rows.loaders, *added.loaders),
            flags=rows.flags | (VARIED if added.maybe else 0),
        )

    def _paginated(self, node: ast.Call, scope: Scope, depth: int) -> Iterator[Rows]:
        session = ""
        for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
            found = [rows for rows in self.rows(value, scope, depth) if rows.stage == STATEMENT]
            if found:
                for rows in found:
                    yield msgspec.structs.replace(
                        rows,
                        stage=MANY,
                        session=rows.session or session,
                        flags=rows.flags | LIMITED | TOUCHED,
                    )
                return
            session = session or self._index.ref(value, scope)

    def _step(self, rows: Rows, name: str, node: ast.Call, scope: Scope) -> Rows:
        replace = msgspec.structs.replace
        if name == "options":
            return self._with_options(rows, node.args, scope)
        if name == "limit":
            one = node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 1
            wished = self._wished(node)
            return replace(
                rows,
                flags=rows.flags | LIMITED | TOUCHED | (SINGLE if one else 0) | (WISHED if wished else 0),
                wished=wished or rows.wished,
            )
        if name in _FILTERS:
            filters = (*rows.filters, *conditions(node), *_of_keywords(node, scope))[:_MOST_FILTERS]
            return replace(rows, filters=filters, flags=rows.flags | NARROWED)
        if name in _JOINS:
            return replace(rows, filters=(*rows.filters, "?")[:_MOST_FILTERS], flags=rows.flags | NARROWED)
        if name in _CHANGING:
            return replace(rows, flags=rows.flags | OPAQUE)
        if name == "scalars":
            return replace(rows, stage=MANY) if rows.stage == RESULT else rows
        if name in _MANY:
            return rows if rows.stage in (RESULT, MANY) else replace(rows, stage=MANY)
        if name in _ONE:
            if name in ("first", "one", "one_or_none", "fetchone") and rows.stage == RESULT:
                return replace(rows, flags=rows.flags | OPAQUE)  # a row, not an entity
            if name == "scalar" and rows.stage == STATEMENT and not rows.session:
                return replace(rows, flags=rows.flags | OPAQUE)
            return replace(rows, stage=ONE)
        return rows


def _makes_object(called: str) -> bool:
    """Whether what is called is spelled as a class of the project: `Repository`."""
    name = called.rpartition(".")[2].lstrip("@")
    return name[:1].isupper() and not name.isupper() and not called.startswith(("sqlalchemy.", "sqlmodel."))


def _of_keywords(call: ast.Call, scope: Scope) -> tuple[str, ...]:
    """The word for what callers name: `filter_by(**filters)` in a function that takes `**filters`."""
    others = [each.value for each in call.keywords if each.arg is None]
    function = scope.node
    if len(others) != 1 or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    given, taken = others[0], function.args.kwarg
    if taken is None or not isinstance(given, ast.Name) or given.id != taken.arg:
        return ()
    return (OF_KEYWORDS,) if len(scope.bindings.get(taken.arg, ())) == 1 else ()


def _on_all_paths(body: Sequence[ast.stmt], wanted: Collection[ast.AST | None]) -> bool:
    """Whether each way through `body` passes one of the `wanted` statements, or leaves."""
    for statement in body:
        if statement in wanted or isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            return True
        arms = (statement.body, statement.orelse) if isinstance(statement, ast.If) else ()
        if arms and all(_on_all_paths(arm, wanted) for arm in arms):
            return True
    return False


def may_be_rows(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Call, ast.Await, ast.NamedExpr, ast.Subscript))


def _read(rows: Rows, name: str) -> Rows:
    stage = ONE if rows.stage == UNKNOWN else rows.stage
    return msgspec.structs.replace(rows, path=(*rows.path, name), stage=stage)


def _awaited(rows: Rows) -> Rows:
    return msgspec.structs.replace(rows, flags=rows.flags | AWAITED) if not rows.called else rows


def _item(rows: Rows) -> Rows | None:
    """What iterating over rows gives."""
    if rows.stage in (ONE, ITEM):
        if not rows.path:
            return None
        single = SINGLE if rows.stage == ONE else 0
        return msgspec.structs.replace(rows, stage=ITEM, path=(*rows.path, "[]"), flags=rows.flags | single)
    if rows.stage == RESULT:
        return msgspec.structs.replace(rows, stage=ITEM, flags=rows.flags | OPAQUE)
    if rows.stage == STATEMENT and not rows.session:
        return None
    return msgspec.structs.replace(rows, stage=ITEM)


def _run_by(node: ast.Call) -> ast.expr | None:
    """The statement of `execute(statement)`, `fetch_all(query=statement)`."""
    if node.args:
        return node.args[0]
    return next((each.value for each in node.keywords if each.arg == "query"), None)


def _executed(rows: Rows, name: str, session: str, line: int) -> Rows:
    if rows.stage not in (STATEMENT, UNKNOWN):
        return rows
    return msgspec.structs.replace(
        rows,
        stage=ONE if name in _ONE_RECORD else _RECORDS.get(name, MANY),
        flags=rows.flags | OPAQUE if name in _ONE_RECORD else rows.flags,  # a record, not an entity
        session=session or rows.session,
        executed=line if line != rows.line else 0,
    )
