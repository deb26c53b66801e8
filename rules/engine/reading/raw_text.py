"""SQL texts of one file: what is given to calls that run it, and whether all rows it gives leave the function.

Texts are literals, constants and variables with one value, joined by `+` or by f-strings; a part that only the running
program knows becomes a hole (see `rules.engine.reading.raw_sql`), one from another file a reference between two marks of
`ELSEWHERE` (see `rules.engine.data.imported_texts`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from rules.engine.reading.index import Index
from rules.engine.reading.raw_sql import HOLE, MAX_TEXT, kind
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.stored import stored_in
from rules.engine.reading.walking import walk

RUNS = frozenset(
    {"execute", "executescript", "exec", "scalars", "scalar", "stream", "query", "cursor"}
    | {"fetch", "fetchrow", "fetchval", "fetchone", "fetchall"}
    | {"fetch_all", "fetch_one", "fetch_val", "iterate", "execute_fetchall"}
)
"""Methods whose first argument is the statement."""
_ROWS_OF = frozenset(
    {"query_all", "select_all", "fetch_rows", "get_rows", "query_rows", "fetch_dicts", "fetch_many"}
)
FETCHES_ONE = frozenset(
    {
        "fetchrow",
        "fetchone",
        "fetch_one",
        "fetchval",
        "fetch_val",
        "query_one",
        "select_one",
        "fetch_row",
        "get_row",
    }
    | {"query_row", "fetch_value", "query_value", "fetch_scalar"}
)
"""Calls that give one row, or a value of it."""
_RUN_FOR = (
    _ROWS_OF
    | FETCHES_ONE
    | {
        "run_query",
        "execute_query",
        "query_db",
        "db_query",
        "exec_query",
        "do_query",
        "run_sql",
        "execute_sql",
        "exec_sql",
    }
)
"""What projects call functions of their own that run the statement they are given."""
TAKES = RUNS | _RUN_FOR
"""Calls whose first argument may be the statement."""
FETCHES_ALL = frozenset({"fetch", "fetchall", "fetch_all", "execute_fetchall", "iterate"}) | _ROWS_OF
"""Those of them that give all rows by themselves."""
FETCHES = FETCHES_ALL | _RUN_FOR
"""Those that give rows by themselves, all or one, or may do so."""
_ALL = frozenset({"fetchall", "all", "to_list"})
_CHAIN = frozenset({"mappings", "scalars", "unique", "tuples", "partitions"})
_COPIES = frozenset({"list", "tuple", "sorted", "reversed", "jsonable_encoder"})
_TEXT = frozenset({"text", "SQL"})
_SAME_TEXT = frozenset({"bindparams", "columns", "execution_options", "strip", "lstrip", "rstrip", "params"})
_STATEMENTS = frozenset({"query", "sql", "statement", "operation", "stmt"})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "api_route", "route"})
_DEPTH = 24
ELSEWHERE = "\x00"
"""Around the reference to a text that another file, or a class, holds."""


class RawQuery(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A call with an SQL text. `line` from 1, `column` in bytes from 0, as in `facts.Call`."""

    symbol: str
    line: int
    column: int
    method: str
    text: str
    answers: bool = False
    """All its rows are returned by the function, as they are or one by one in another form."""


class RawFacts(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """The SQL texts of a file."""

    queries: tuple[RawQuery, ...] = ()
    served: dict[str, tuple[str, ...]] = {}
    """Endpoint -> the functions all of whose rows it returns in another form (`[Out(**row) for row in load()]`)."""
    constants: dict[str, str] = {}
    """The SQL texts that modules and classes hold by name, for calls elsewhere."""


def extract(index: Index) -> RawFacts:
    """The SQL of a walked file."""
    found: list[RawQuery] = []
    served: dict[str, tuple[str, ...]] = {}
    for scope in index.scopes:
        if scope.is_class:
            continue
        raw = (
            {call: text for call in scope.calls if (text := text_of_call(index, call, scope))}
            if not TAKES.isdisjoint(scope.called)
            else {}
        )
        is_endpoint = _is_endpoint(scope)
        if not raw and not is_endpoint:
            continue
        returned = Returned(index, scope)
        for call, text in raw.items():
            found.append(
                RawQuery(
                    scope.symbol,
                    call.lineno,
                    call.col_offset,
                    last_name(call.func),
                    text,
                    returned.calls.get(call, False),
                )
            )
        if is_endpoint:
            refs = [index.ref(call.func, scope) for call in returned.calls if call not in raw]
            kept = tuple(dict.fromkeys(ref for ref in refs if ref and not ref.startswith("builtins.")))
            if kept:
                served[scope.symbol] = kept
    return RawFacts(tuple(found), served, _constants(index))


def _constants(index: Index) -> dict[str, str]:
    """`ORDERS = "SELECT …"` of the module and of its classes, texts and `text(…)` alike."""
    found: dict[str, str] = {}
    for scope in index.scopes:
        if scope is not index.module and not scope.is_class:
            continue
        prefix = f"{scope.symbol}." if scope.is_class else ""
        for name, bindings in scope.bindings.items():
            value = bindings[0].value if len(bindings) == 1 else None
            if isinstance(value, ast.AnnAssign):
                value = value.value
            if not isinstance(value, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)):
                continue
            text = text_of(index, value, scope)
            if text and len(text) <= MAX_TEXT and (text[0] == ELSEWHERE or kind(text)):
                found[f"{prefix}{name}"] = text
    return found


def _is_endpoint(scope: Scope) -> bool:
    return isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in _ROUTES
        for decorator in scope.node.decorator_list
    )


# Texts


def text_of_call(index: Index, call: ast.Call, scope: Scope) -> str:
    """The SQL that a call is given; empty when it is given none, or one that cannot be read."""
    if last_name(call.func) not in TAKES:
        return ""
    given = call.args[0] if call.args else None
    if given is None:
        given = next((keyword.value for keyword in call.keywords if keyword.arg in _STATEMENTS), None)
    if given is None or isinstance(given, ast.Starred):
        return ""
    text = text_of(index, given, scope)
    if text is None or len(text) > MAX_TEXT:
        return ""
    return text if text[:1] == ELSEWHERE or kind(text) else ""


def text_of(index: Index, node: ast.expr, scope: Scope, depth: int = 0) -> str | None:
    """The text that an expression is, with holes; None when it is unknown."""
    if depth > _DEPTH:
        return None
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_piece(index, value, scope, depth + 1) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first = text_of(index, left, scope, depth + 1)
            second = text_of(index, right, scope, depth + 1) if first is not None else None
            return first + second if first is not None and second is not None else None
        case ast.Name():
            return _named(index, node, scope, depth + 1)
        case ast.Attribute(attr=name) if name.isupper():
            ref = index.ref(node, scope)
            return f"{ELSEWHERE}{ref}{ELSEWHERE}" if ref else None
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in _SAME_TEXT:
            return text_of(index, inner, scope, depth + 1)
        case ast.Call(func=ast.Attribute(attr="mogrify"), args=[argument, *_]):
            return text_of(index, argument, scope, depth + 1)  # `cursor.mogrify(text, values)` of psycopg2
        case ast.Call(func=function, args=[argument, *_]):
            if _is_text(index.ref(function, scope)):
                return text_of(index, argument, scope, depth + 1)
    return None


def _is_text(ref: str) -> bool:
    """Whether a call of `ref` gives the text that it is given."""
    if ref == "textwrap.dedent":
        return True
    return ref.startswith(("sqlalchemy.", "sqlmodel.", "psycopg")) and ref.rpartition(".")[2] in _TEXT


def _piece(index: Index, value: ast.expr, scope: Scope, depth: int) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    inner = value.value if isinstance(value, ast.FormattedValue) else value
    known = text_of(index, inner, scope, depth) if isinstance(inner, (ast.Name, ast.Attribute)) else None
    return known if known is not None else f"{HOLE}1"


def _named(index: Index, node: ast.Name, scope: Scope, depth: int) -> str | None:
    """The text of a variable that has one value."""
    current: Scope | None = scope
    while current is not None:
        bindings = current.bindings.get(node.id)
        if bindings and (not current.is_class or current is scope):
            if len(bindings) != 1 or _grows(index, current, node.id):
                return None
            value = bindings[0].value
            if bindings[0].kind == "import" and node.id.isupper():
                ref = index.ref(node, current)
                return f"{ELSEWHERE}{ref}{ELSEWHERE}" if ref else None
            if isinstance(value, ast.AnnAssign):
                value = value.value
            if bindings[0].kind not in ("value", "annotated") or not isinstance(value, ast.expr):
                return None
            return text_of(index, value, current, depth)
        current = current.parent
    return None


def _grows(index: Index, scope: Scope, name: str) -> bool:
    """Whether something is added to a text (`query += " LIMIT 5"`)."""
    known = index.grown.get(scope)
    if known is None:
        known = index.grown[scope] = frozenset(
            node.target.id
            for node in stored_in(index, scope.node)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        )
    return name in known


# Rows


def behind(index: Index, node: ast.expr, scope: Scope) -> dict[ast.Call, bool]:
    """The calls whose rows an expression is, as in `Returned.calls`."""
    return Returned(index, scope, node).calls


class Returned:
    """The calls all of whose rows a function returns. The value says whether they were fetched, or gone through.

    With `node` it is about this expression, not about what is returned.
    """

    def __init__(self, index: Index, scope: Scope, node: ast.expr | None = None) -> None:
        self._index = index
        self._scope = scope
        self.calls: dict[ast.Call, bool] = {}
        if node is not None:
            self._follow(node, True, 0)
        elif isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not scope.is_generator:
            for value in scope.returned:
                self._follow(value, False, 0)

    def _follow(self, node: ast.AST | None, many: bool, depth: int) -> None:
        if node is None or depth > _DEPTH:
            return
        match node:
            case ast.Await(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value):
                self._follow(value, many, depth + 1)
            case ast.Name():
                self._name(node, many, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                self._follow(body, many, depth + 1)
                self._follow(orelse, many, depth + 1)
            case ast.BoolOp(values=values) | ast.Dict(values=values):
                for value in values:
                    self._follow(value, many, depth + 1)
            case ast.ListComp(generators=[generator]) | ast.GeneratorExp(generators=[generator]):
                if not generator.ifs:
                    self._follow(generator.iter, True, depth + 1)
            case ast.Call():
                self._call(node, many, depth + 1)

    def _call(self, node: ast.Call, many: bool, depth: int) -> None:
        function = node.func
        name = last_name(function)
        if isinstance(function, ast.Name) and (name in _COPIES or name[:1].isupper()):
            for value in (*node.args[:1], *(keyword.value for keyword in node.keywords)):
                self._follow(value, many or name in _COPIES, depth)
            return
        if isinstance(function, ast.Attribute) and name == "from_queryset" and node.args:
            self._follow(node.args[0], many, depth)
            return
        if isinstance(function, ast.Attribute) and name in _ALL | _CHAIN and not node.args:
            executed = self._executed_before(function.value, node)
            if executed is not None:
                self.calls[executed] = True
            else:
                self._follow(function.value, many or name in _ALL, depth)
        many = many or name in FETCHES_ALL
        self.calls[node] = self.calls.get(node, False) or many

    def _executed_before(self, receiver: ast.expr, fetch: ast.Call) -> ast.Call | None:
        """The last statement that ran on a cursor before its rows are fetched."""
        if not isinstance(receiver, ast.Name):
            return None
        before = [
            call
            for call in self._executed_on(receiver.id)
            if call.lineno <= fetch.lineno and call is not fetch
        ]
        return max(before, key=lambda call: call.lineno, default=None)

    def _name(self, node: ast.Name, many: bool, depth: int) -> None:
        index = self._index
        bindings = self._scope.bindings.get(node.id, [])
        if node in index.parents:
            bindings = index.reaching(bindings, node) if bindings else []
        for binding in bindings:
            value = binding.value
            if isinstance(value, ast.AnnAssign):
                value = value.value
            if binding.kind == "entered" and isinstance(value, ast.Call):
                executed = self._executed_alone(node.id)
                if executed is not None:
                    self.calls[executed] = self.calls.get(executed, False) or many
                else:
                    self._follow(value, many, depth)
            elif binding.kind in ("value", "annotated") and isinstance(value, ast.expr):
                if isinstance(value, (ast.List, ast.Dict)) and not _members(value):
                    for iterated in self._collected(node.id):
                        self._follow(iterated, True, depth)
                else:
                    self._follow(value, many, depth)
                    if (
                        last_name(value) == "cursor"
                        and (executed := self._executed_alone(node.id)) is not None
                    ):
                        self.calls[executed] = self.calls.get(executed, False) or many

    def _executed_alone(self, name: str) -> ast.Call | None:
        """The statement that ran on the cursor `name`, when it is one."""
        found = self._executed_on(name)
        return found[0] if len(found) == 1 else None

    def _executed_on(self, name: str) -> list[ast.Call]:
        """The statements that ran on the cursor `name`."""
        return [
            call
            for call in self._scope.calls
            if isinstance(call.func, ast.Attribute)
            and call.func.attr == "execute"
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == name
        ]

    def _collected(self, name: str) -> Iterator[ast.expr]:
        """What the loops go over that append each item, in some form, to the list `name`."""
        for node in walk(self._scope.node):
            if not isinstance(node, (ast.For, ast.AsyncFor)) or node.orelse:
                continue
            if any(isinstance(inner, (ast.Break, ast.If)) for inner in walk(node)):
                continue
            for inner in node.body:
                match inner:
                    case ast.Expr(
                        value=ast.Call(func=ast.Attribute(value=ast.Name(id=given), attr="append"))
                    ):
                        if given == name:
                            yield node.iter


def _members(value: ast.List | ast.Dict) -> bool:
    return bool(value.elts if isinstance(value, ast.List) else value.values)
