"""Whether a loop is seen to go over data that grows: the rows of a query, the items that a request brings, a list that the
function is given, and what is made of them.

What somebody configured, what another machine answered and what nobody can tell is no such data.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.per_item import gives_rows
from rules.engine.linking.roles import Role
from rules.engine.reading.loop_shapes import iterables, unwrapped
from rules.engine.reading.rows import ITEM
from rules.engine.reading.scopes import Part
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module

_STEPS = 6
"""So many steps back a list is followed."""
_ADDING = frozenset({"append", "add", "extend", "update", "setdefault", "appendleft", "insert"})
_COPIES = frozenset(
    {"zip", "map", "filter", "range", "len", "iter", "chain", "deepcopy", "copy", "frozenset", "dict"}
)
_OF_TEXT = frozenset({"split", "splitlines", "get", "pop", "copy", "intersection", "union", "difference"})
_OF_REQUEST = frozenset({"json", "form", "model_dump", "getlist"})
_LISTS = frozenset(
    {"list", "List", "Sequence", "Iterable", "Collection", "set", "Set", "frozenset", "tuple", "Tuple"}
    | {"dict", "Dict", "Mapping", "MutableSequence", "Iterator", "AsyncIterator", "Generator", "AbstractSet"}
)
_VALUES = frozenset(
    {
        "int",
        "str",
        "float",
        "bool",
        "bytes",
        "UUID",
        "UUID4",
        "UUID7",
        "date",
        "datetime",
        "Decimal",
        "ObjectId",
    }
    | {"Optional", "Annotated", "Path", "Query", "Body", "Form", "PydanticObjectId", "EmailStr", "Literal"}
)
_PROVIDING = frozenset({"Depends", "Security", "Inject"})


def grows(loop: ast.AST, module: Module) -> bool:
    """Whether what `loop` goes over is seen to come from rows, from the request, or from a list that is handed in."""
    return any(_grows(each, module, _STEPS) for each in iterables(loop))


def _grows(value: ast.AST | None, module: Module, steps: int) -> bool:
    if not isinstance(value, ast.expr) or not steps:
        return False
    value = unwrapped(value)
    if _belongs_to_one(value, module):
        return False
    if gives_rows(value, module):
        return True
    match value:
        case ast.Await(value=inner) | ast.Starred(value=inner) | ast.NamedExpr(value=inner):
            return _grows(inner, module, steps)
        case ast.Attribute(value=ast.Name() as owner) if _is_parameter(owner, module) and module.item_type(
            value
        ):
            return True  # `basket.items`, a list of the schema that is handed in
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return _grows(inner, module, steps - 1)
        case ast.Name():
            return _name_grows(value, module, steps - 1)
        case ast.BinOp(left=left, right=right):
            parts: list[ast.expr] = [left, right]
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            pass
        case ast.IfExp(body=body, orelse=orelse):
            parts = [body, orelse]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            parts = iterables(value)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in _COPIES:
            parts = args
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in _OF_TEXT | _OF_REQUEST:
            parts = [inner]
        case ast.Call() if module.callee(value) is not None:
            parts = [*value.args, *(each.value for each in value.keywords)]
        case _:
            return False
    return any(_grows(each, module, steps - 1) for each in parts)


def _belongs_to_one(value: ast.expr, module: Module) -> bool:
    """Whether it is a collection of one row that was looked up, `order.items`: how long that is, nobody sees."""
    rows = module.rows(value.value) if isinstance(value, ast.Attribute) else ()
    return bool(rows) and not any(each.many for each in rows)


def _name_grows(name: ast.Name, module: Module, steps: int) -> bool:
    if any(rows.stage == ITEM for rows in module.rows(name)):
        return True
    home = module.index.home_of(name)
    for binding in module.index.bindings_of(name):
        if binding.kind == "parameter":
            if home is not None and _is_handed(name.id, home.node, module):
                return True
            continue
        value = binding.value.value if isinstance(binding.value, Part) else binding.value
        if isinstance(value, (ast.AnnAssign, ast.NamedExpr)):
            value = value.value
        if isinstance(value, ast.AST) and _grows(value, module, steps):
            return True
    return any(_grows(each, module, steps) for each in _filling(name, module))


def _filling(name: ast.Name, module: Module) -> Iterator[ast.expr]:
    """What the loops go over in which the list or set `name` gets its items, and what it is extended by."""
    for call in module.index.scope_at(name).calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id=grown), attr=how) if grown == name.id and how in _ADDING:
                for loop in module.loops(call):
                    yield from iterables(loop)
                if how in ("extend", "update"):
                    yield from call.args


def _is_parameter(name: ast.Name, module: Module) -> bool:
    bindings = module.index.bindings_of(name)
    return bool(bindings) and all(binding.kind == "parameter" for binding in bindings)


def _is_handed(name: str, function: ast.AST, module: Module) -> bool:
    """Whether the parameter `name` comes with the request, or is a list that the callers of `function` hand in."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    arguments = function.args
    declared = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    annotation = next((each.annotation for each in declared if each.arg == name), None)
    if module.role(function) in (Role.ENDPOINT, Role.WEBSOCKET):
        return not _is_one_value(annotation) and not _is_provided(name, function)
    return annotation is not None and any(
        isinstance(part, (ast.Name, ast.Attribute)) and last_name(part) in _LISTS for part in walk(annotation)
    )


def _is_one_value(annotation: ast.expr | None) -> bool:
    """`UUID`, `str | None`: an identifier, a word to look for, a number."""
    names = [last_name(part) for part in walk(annotation) if isinstance(part, ast.Name)] if annotation else []
    return bool(names) and all(name in _VALUES for name in names)


def _is_provided(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a dependency gives the parameter, and not the request itself."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr | None] = dict(
        zip(
            [each.arg for each in positional[len(positional) - len(arguments.defaults) :]],
            arguments.defaults,
            strict=True,
        )
    )
    defaults |= zip([each.arg for each in arguments.kwonlyargs], arguments.kw_defaults, strict=True)
    annotations = {each.arg: each.annotation for each in (*positional, *arguments.kwonlyargs)}
    return any(
        isinstance(part, ast.Call) and last_name(part) in _PROVIDING
        for root in (defaults.get(name), annotations.get(name))
        if root is not None
        for part in walk(root)
    )
