"""What class bodies and tables declare: columns, relationships, schema fields. Extraction only, nothing is interpreted.

`rules.engine.data.models` reads tables from this, `rules.engine.data.schemas` schemas.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from rules.engine.reading import secrecy
from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_MAKERS = frozenset(
    {
        "mapped_column",
        "Column",
        "relationship",
        "Relationship",
        "Field",
        "ForeignKeyField",
        "association_proxy",
    }
)
"""Final names of calls that make a column, relationship or field."""
_TABLES = frozenset({"Table", "Index"})
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property", "computed_field"})
_REWRITERS = frozenset({"model_validator", "root_validator", "model_serializer"})
_MOST = 400
_DEEPEST = 5
_MOST_ITEMS = 60


class Given(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """An argument as it is written: a reference, a literal, or a call or display with arguments of its own."""

    name: str = ""
    ref: str = ""
    literal: str | bool | int | None = None
    """Strings, numbers and booleans; `None` itself has the reference `None`."""
    items: tuple[Given, ...] = ()

    def named(self, name: str) -> Given | None:
        return next((item for item in self.items if item.name == name), None)

    def positional(self) -> tuple[Given, ...]:
        return tuple([item for item in self.items if not item.name])


class Shape(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """An annotation: the reference of its value, and what it is generic over (`Page[Order]`)."""

    ref: str = ""
    parameters: tuple[str, ...] = ()


class Declared(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """One name that a class body (or a module, for tables) sets. The value's `ref` is the call that makes it."""

    name: str
    line: int
    shape: Shape = Shape()
    value: Given | None = None


class Body(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """What a class declares."""

    symbol: str
    fields: tuple[Declared, ...] = ()
    parameters: tuple[str, ...] = ()
    """What its bases are generic over (`Repository[Order]`)."""
    options: tuple[Given, ...] = ()
    """Keywords of the class statement: `table=True`."""
    properties: dict[str, tuple[str, ...]] = {}
    """Property -> what it reads from `self` (`items`, `customer.name`)."""
    rewrites: bool = False
    """Validators or serializers see the whole value before its fields are read."""


class Declarations(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """All declarations of a file."""

    bodies: tuple[Body, ...] = ()
    tables: tuple[Declared, ...] = ()
    """Module-level `Table(…)` and `Index(…)`."""
    makers: dict[str, Given] = {}
    """Functions and annotation aliases that stand for a column: `fk_id("users.id")`, `Annotated[int, mapped_column()]`."""


def extract(index: Index) -> Declarations:
    """The declarations of a walked file."""
    bodies: list[Body] = []
    makers: dict[str, Given] = {}
    for scope in index.scopes:
        if isinstance(scope.node, ast.ClassDef):
            body = _body(index, scope, scope.node)
            if body is not None:
                bodies.append(body)
        elif scope.returned and scope.parent is index.module and len(scope.returned) == 1:
            made = scope.returned[0]
            if isinstance(made, ast.Call) and last_name(made) in _MAKERS:
                makers[scope.symbol] = given(index, made, scope)
    tables: list[Declared] = []
    for statement in index.tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)):
            _module_level(index, statement, tables, makers)
    return Declarations(tuple(bodies), tuple(tables), makers)


def _module_level(
    index: Index,
    statement: ast.Assign | ast.AnnAssign | ast.Expr,
    tables: list[Declared],
    makers: dict[str, Given],
) -> None:
    value = statement.value
    target = None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    name = target.id if isinstance(target, ast.Name) else ""
    if isinstance(value, ast.Call) and last_name(value) in _TABLES:
        tables.append(Declared(name, statement.lineno, Shape(), given(index, value, index.module)))
    elif isinstance(value, ast.Subscript) and name and last_name(value.value) == "Annotated":
        made = _annotated_maker(index, value, index.module)
        if made is not None:
            makers[name] = made


def _body(index: Index, scope: Scope, node: ast.ClassDef) -> Body | None:
    fields: list[Declared] = []
    properties: dict[str, tuple[str, ...]] = {}
    rewrites = False
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            fields.append(_annotated_field(index, statement, statement.target.id, scope))
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            fields.append(Declared(name, statement.lineno, Shape(), given(index, statement.value, scope)))
        elif isinstance(statement, ast.FunctionDef):
            names = {last_name(decorator) for decorator in statement.decorator_list}
            if "declared_attr" in names or "directive" in names:
                made = _last_return(statement)
                if made is not None:
                    inner = index.scope_of.get(statement, scope)
                    shape = _shape(index, statement.returns, scope)
                    fields.append(
                        Declared(statement.name, statement.lineno, shape, given(index, made, inner))
                    )
            elif names & _PROPERTIES:
                read = tuple(dict.fromkeys(_own_reads(statement)))
                if read and not _looks_first(statement):
                    properties[statement.name] = read
            elif names & _REWRITERS or statement.name in ("from_orm", "model_validate"):
                rewrites = True
        if len(fields) > _MOST:
            return None
    if not fields and not properties and not node.bases:
        return None
    return Body(
        scope.symbol,
        tuple(fields),
        tuple(_parameters_of_bases(index, node, scope)),
        tuple(given(index, keyword.value, scope, name=keyword.arg or "**") for keyword in node.keywords),
        properties,
        rewrites,
    )


def _annotated_field(index: Index, statement: ast.AnnAssign, name: str, scope: Scope) -> Declared:
    value = given(index, statement.value, scope) if statement.value is not None else None
    if value is None:
        value = _annotated_maker(index, statement.annotation, scope)
    return Declared(name, statement.lineno, _shape(index, statement.annotation, scope), value)


def _annotated_maker(index: Index, annotation: ast.expr, scope: Scope) -> Given | None:
    """The column or field call inside `Annotated[…]`, also within `Mapped[…]`."""
    if not isinstance(annotation, ast.Subscript):
        return None
    inner = annotation.slice
    if last_name(annotation.value) == "Mapped":
        if isinstance(inner, ast.Name):  # Mapped[intpk]: perhaps an alias that stands for a column
            return Given(ref=f"{index.ref(inner, scope)}~") if index.ref(inner, scope) else None
        return _annotated_maker(index, inner, scope)
    if last_name(annotation.value) == "Annotated" and isinstance(inner, ast.Tuple):
        for element in inner.elts[1:]:
            if isinstance(element, ast.Call) and last_name(element) in _MAKERS:
                return given(index, element, scope)
    return None


def _shape(index: Index, annotation: ast.expr | None, scope: Scope) -> Shape:
    if annotation is None:
        return Shape()
    ref = index.annotation(annotation, scope)
    if ref in _OF_ANYTHING:
        ref = _spelled(annotation) or ref
    return Shape(ref, tuple(_parameters(index, annotation, scope)))


_OF_ANYTHING = frozenset({"", "builtins.list:", "builtins.set:", "builtins.tuple:"})
"""What is unknown, and a collection of that."""


def _spelled(annotation: ast.expr) -> str:
    """`?Order:{}` for `Mapped[list["Order"]]` where the name is not imported: registries know classes by name."""
    many = ""
    current: ast.AST = annotation
    while True:
        if isinstance(current, ast.Subscript):
            name = last_name(current.value)
            if name not in _TRANSPARENT:
                return ""
            if name not in ("Annotated", "Mapped", "Optional"):
                many = "{}"
            current = current.slice.elts[0] if isinstance(current.slice, ast.Tuple) else current.slice
        elif isinstance(current, ast.Constant) and isinstance(current.value, str):
            text = current.value.strip()
            if text.isidentifier():
                return f"?{text}:{many}"
            try:
                current = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return ""
            if isinstance(current, ast.Constant):
                return ""
        elif isinstance(current, ast.BinOp) and isinstance(current.op, ast.BitOr):
            sides = [
                side
                for side in (current.left, current.right)
                if not (isinstance(side, ast.Constant) and side.value is None)
            ]
            if len(sides) != 1:
                return ""
            current = sides[0]
        elif isinstance(current, ast.Name):
            return f"?{current.id}:{many}" if current.id[:1].isupper() else ""
        else:
            return ""


def shape(index: Index, annotation: ast.expr | None, scope: Scope) -> Shape:
    """An annotation as facts. Text of a forward reference is read too."""
    return _shape(index, annotation, scope)


def _parameters(index: Index, annotation: ast.expr, scope: Scope) -> Iterator[str]:
    """What the innermost generic that is no plain container is generic over."""
    if isinstance(annotation, ast.BinOp):
        for side in (annotation.left, annotation.right):
            yield from _parameters(index, side, scope)
        return
    if not isinstance(annotation, ast.Subscript):
        return
    arguments = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    if last_name(annotation.value) in _TRANSPARENT:
        if arguments:
            yield from _parameters(index, arguments[0], scope)
        return
    for argument in arguments[:4]:
        ref = index.annotation(argument, scope)
        if ref:
            yield ref


_TRANSPARENT = frozenset(
    {
        "Annotated",
        "Mapped",
        "Optional",
        "ClassVar",
        "Final",
        "list",
        "List",
        "Sequence",
        "set",
        "Set",
        "tuple",
    }
    | {"Iterable", "frozenset", "Union"}
)


def _parameters_of_bases(index: Index, node: ast.ClassDef, scope: Scope) -> Iterator[str]:
    outside = scope.parent or index.module
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            yield from _parameters(index, base, outside)


def _last_return(function: ast.FunctionDef) -> ast.expr | None:
    last = function.body[-1]
    return last.value if isinstance(last, ast.Return) else None


def _looks_first(function: ast.FunctionDef) -> bool:
    """Whether a property looks whether something is loaded before it reads it."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("__dict__", "unloaded"))
        or (isinstance(node, ast.Name) and node.id in ("inspect", "instance_state", "sa_inspect"))
        for node in walk(function)
    )


def _own_reads(function: ast.FunctionDef) -> Iterator[str]:
    """What a property reads from `self`, as dotted names, longest chains only."""
    arguments = function.args.posonlyargs + function.args.args
    if not arguments:
        return
    own = arguments[0].arg
    inner: set[ast.AST] = set()
    for node in walk(function):
        if isinstance(node, ast.Attribute) and node not in inner:
            names: list[str] = []
            current: ast.AST = node
            while isinstance(current, ast.Attribute):
                inner.add(current)
                names.append(current.attr)
                current = current.value
            if isinstance(current, ast.Name) and current.id == own:
                yield ".".join(reversed(names))


def _portable(value: str | bool | int) -> str | bool | int | None:
    """A constant that facts can carry: no half characters, no number beyond 64 bits."""
    if isinstance(value, str):
        text = secrecy.kept(value[:200])
        return text if text.isascii() else text.encode("utf-8", "replace").decode()
    return value if -(2**63) <= value < 2**63 else None


def given(index: Index, node: ast.expr | None, scope: Scope, *, name: str = "", depth: int = 0) -> Given:
    """An expression as facts."""
    if node is None or depth > _DEEPEST:
        return Given(name)
    cls = node.__class__  # by class, what is most common first: patterns are tried one by one
    if cls is ast.Constant:
        return _constant(name, node.value)  # type: ignore[attr-defined]  # by its class
    if cls is ast.Attribute:
        return Given(name, index.ref(node, scope))
    if cls is ast.Call:
        return _called(index, node, scope, name, depth)  # type: ignore[arg-type]  # by its class
    match node:
        case ast.JoinedStr(values=values):
            parts = [part.value if isinstance(part, ast.Constant) else "{…}" for part in values]
            return Given(name, literal="".join(str(part) for part in parts))
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return Given(
                name,
                "[]",
                None,
                tuple(given(index, element, scope, depth=depth + 1) for element in elements[:_MOST_ITEMS]),
            )
        case ast.Dict(keys=keys, values=values):
            return Given(
                name,
                "{}",
                None,
                tuple(
                    given(
                        index,
                        value,
                        scope,
                        name=key.value
                        if isinstance(key, ast.Constant) and isinstance(key.value, str)
                        else "*",
                        depth=depth + 1,
                    )
                    for key, value in zip(keys[:_MOST_ITEMS], values[:_MOST_ITEMS], strict=True)
                ),
            )
        case ast.BinOp(op=ast.Add()) if _is_display(node):
            return Given(
                name,
                "[]",
                None,
                tuple(given(index, each, scope, depth=depth + 1) for each in _added(node))[:_MOST_ITEMS],
            )
        case ast.Starred(value=value):
            return given(index, value, scope, name="*", depth=depth)
        case ast.Lambda(body=body):
            return given(index, body, scope, name=name, depth=depth + 1)
        case ast.Name(id=identifier):
            if scope.is_class and identifier in scope.bindings:
                return Given(name, f".{identifier}")  # a column of the class itself
            return Given(name, index.ref(node, scope) or f"?{identifier}")
    return Given(name, index.ref(node, scope))


def _is_display(node: ast.expr) -> bool:
    """Whether a sum is one of displays, going by one of its parts: `Base.__table_args__ + (Index(…),)`."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_display(node.left) or _is_display(node.right))
    return isinstance(node, ast.Tuple | ast.List)


def _added(node: ast.expr) -> Iterator[ast.expr]:
    """The items of a sum of displays; what is added by name is starred."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _added(left)
            yield from _added(right)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            yield from elements
        case _:
            yield ast.Starred(node)


def _constant(name: str, value: object) -> Given:
    if value is None:
        return Given(name, "None")
    if isinstance(value, (str, bool, int)):
        return Given(name, literal=_portable(value))
    return Given(name, "" if value is ... else f"builtins.{type(value).__name__}:")


def _called(index: Index, node: ast.Call, scope: Scope, name: str, depth: int) -> Given:
    function, inside = node.func, depth + 1
    ref = index.ref(function, scope)
    if not ref and isinstance(function, ast.Attribute):
        ref = f"?.{function.attr}"  # `or_(…).desc()`: of what is unknown
    written: list[tuple[str, ast.expr]] = [("", value) for value in node.args[:_MOST_ITEMS]]
    written += [
        (keyword.arg or "**", keyword.value) for keyword in node.keywords[: _MOST_ITEMS - len(written)]
    ]
    items = [
        _constant(key, value.value)  # as `given` would, but for a call: half of all there are
        if isinstance(value, ast.Constant) and inside <= _DEEPEST
        else given(index, value, scope, name=key, depth=inside)
        for key, value in written
    ]
    return Given(name, ref, None, tuple(items))
