"""What an endpoint answers with: its declared type, its response class, and whether its data is a list of records."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.linking.values import Sort, Value
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "api_route"})
_DUMPS = frozenset({"model_dump", "dict", "to_dict", "as_dict", "_asdict", "serialize", "to_json"})
_PLAIN = frozenset(
    f"builtins.{name}" for name in ("str", "int", "float", "bool", "bytes", "NoneType", "tuple")
)
_WRAPPERS = frozenset({"list", "sorted", "tuple", "reversed"})
_SCALARS = ("uuid.", "datetime.", "decimal.", "pathlib.", "enum.")


class Answer(Struct, frozen=True):
    """How an endpoint declares its answer. `model` is what FastAPI validates and serializes with, if anything."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    decorator: ast.Call
    model: ast.expr | None
    response_class: ast.expr | None
    is_raw: bool
    """The declared type is a response, or there is none on purpose (`response_model=None`)."""

    @property
    def is_typed(self) -> bool:
        return self.model is not None and not self.is_raw


def answer(function: ast.AST, module: Module) -> Answer | None:
    """The answer that `function` declares, when it is an endpoint."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    if not function.decorator_list or str(module.role(function) or "") != "endpoint":
        return None
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            continue
        if decorator.func.attr not in _METHODS:
            continue
        given = {keyword.arg: keyword.value for keyword in decorator.keywords}
        model, is_raw = given.get("response_model"), False
        if isinstance(model, ast.Constant) and model.value is None:
            model, is_raw = None, True
        elif model is None and function.returns is not None and not _is_none(function.returns):
            model = function.returns
            is_raw = any(is_response_class(part, module) for part in _members(model))
        return Answer(function, decorator, model, given.get("response_class"), is_raw or None in given)
    return None


def returned(function: ast.AST, module: Module) -> Iterator[ast.expr]:
    """What the function's own `return` statements give."""
    scope = module.index.scope_of.get(function)
    for value in scope.returned if scope is not None else ():
        if value is not None and not _is_none(value):
            yield value


def is_response_class(expression: ast.AST, module: Module) -> bool:
    """Whether a class is a Starlette response, by itself or through its bases."""
    return _is_response(module.value(expression), module, {Sort.EXTERNAL, Sort.CLASS})


def is_response(expression: ast.AST, module: Module) -> bool:
    """Whether an expression is a Starlette response."""
    return _is_response(module.value(_awaited(expression)), module, {Sort.INSTANCE, Sort.OBJECT})


def _is_response(value: Value | None, module: Module, sorts: set[int]) -> bool:
    if value is None or value.sort not in sorts:
        return False
    names = [value.name]
    if value.module is not None:
        names = [ancestor.name for ancestor in module.project.resolver.ancestry(value)]
    return any(
        name.endswith("Response") and name.partition(".")[0] in ("fastapi", "starlette") for name in names
    )


def is_model(expression: ast.AST, module: Module) -> bool:
    """Whether a class or an instance is a pydantic model (or SQLModel) of the project."""
    value = module.value(expression)
    return value is not None and _is_model(value, module)


def _is_model(value: Value, module: Module) -> bool:
    if value.module is None or value.sort not in (Sort.CLASS, Sort.OBJECT):
        return False
    return any(
        ancestor.name.partition(".")[0] in ("pydantic", "sqlmodel", "pydantic_settings")
        for ancestor in module.project.resolver.ancestry(value)
    )


def records(expression: ast.expr, module: Module, depth: int = 0) -> ast.expr | None:
    """The part of an answer that is a list of records whose length the data decides; None when there is none.

    A record is a dictionary, a model or a row: what costs microseconds to encode.
    """
    if depth > 4:
        return None
    match expression:
        case ast.Await(value=value) | ast.Starred(value=value):
            return records(value, module, depth + 1)
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            if module.is_short(expression) or not is_record(element, module):
                return None
            return expression
        case ast.Dict(values=values):
            return next((found for value in values if (found := _nested(value, module, depth + 1))), None)
        case ast.IfExp(body=body, orelse=orelse):
            return records(body, module, depth + 1) or records(orelse, module, depth + 1)
        case ast.Name():
            return _records_of_name(expression, module, depth)
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _WRAPPERS:
            return records(argument, module, depth + 1)
        case ast.Call():
            return expression if _gives_records(expression, module) else None
    return None


def _nested(value: ast.expr | None, module: Module, depth: int) -> ast.expr | None:
    """A list of records inside an object; the parts of one thing (`order.items`) are few."""
    if value is None:
        return None
    if isinstance(value, ast.ListComp) and isinstance(value.generators[0].iter, ast.Attribute):
        return None
    return records(value, module, depth)


def _records_of_name(name: ast.Name, module: Module, depth: int) -> ast.expr | None:
    scope = module.index.scope_at(name)
    bindings = scope.bindings.get(name.id, [])
    if not bindings or scope is module.index.module:
        return None
    for binding in bindings:
        value = binding.value
        if isinstance(value, ast.AnnAssign):
            value = value.value
        if binding.kind not in ("value", "annotated") or not isinstance(value, ast.expr):
            continue
        if isinstance(value, ast.List) and not value.elts:
            if _appended(name.id, scope.node, module):
                return name
        elif records(value, module, depth + 1) is not None:
            return name
    return None


def _appended(name: str, function: ast.AST, module: Module) -> bool:
    """Whether a loop appends records to the list `name`."""
    for node in walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == name
            and len(node.args) == 1
            and is_record(node.args[0], module)
            and any(not module.is_short(loop) for loop in module.loops(node))
        ):
            return True
    return False


def is_record(expression: ast.expr, module: Module) -> bool:
    """Whether an expression is a dictionary, a model or a row."""
    expression = _awaited(expression)
    match expression:
        case ast.Dict(keys=keys):
            return len(keys) > 1 or any(key is None for key in keys)
        case ast.Call(func=ast.Attribute(attr=method)) if method in _DUMPS:
            return True
        case ast.Call(func=ast.Name(id="dict")):
            return True
    value = module.value(expression)
    return value is not None and _is_record(value, module)


def _is_record(value: Value, module: Module) -> bool:
    if value.sort == Sort.INSTANCE:
        return value.name == "builtins.dict"
    if value.sort != Sort.OBJECT:
        return False
    ancestry = [ancestor.name for ancestor in module.project.resolver.ancestry(value)]
    return not any(name in _PLAIN or name.startswith(_SCALARS) for name in ancestry)


def _gives_records(call: ast.Call, module: Module) -> bool:
    """Whether a call gives a list of records: a project function by its type, or a query that fetches all."""
    item = item_of(call, module)
    if item is not None:
        return _is_record(item, module) and not _is_of_enumeration(call, module)
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr in ("all", "fetchall", "to_list", "mappings"):
        inner = call.func.value
        while isinstance(inner, (ast.Call, ast.Attribute, ast.Await)):
            if isinstance(inner, ast.Call) and module.query(inner) is not None:
                return True
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
        return module.query(call) is not None
    return False


def _is_of_enumeration(call: ast.Call, module: Module) -> bool:
    """Whether the called method belongs to an enumeration: as many items as its source names."""
    target = module.callee(call)
    if target is None or not target.function.owner:
        return False
    owner = target.module.classes.get(target.function.owner)
    return owner is not None and any(base.startswith("enum.") for base in owner.bases)


def item_of(expression: ast.expr, module: Module) -> Value | None:
    """What a list holds, when that is known."""
    value = module.value(_awaited(expression))
    return value.item if value is not None and value.sort == Sort.ITEMS else None


def _awaited(expression: ast.AST) -> ast.expr:
    while isinstance(expression, ast.Await):
        expression = expression.value
    return expression  # type: ignore[return-value]  # only expressions are asked about


def _members(annotation: ast.expr) -> Iterator[ast.expr]:
    """The types of a union."""
    match annotation:
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            yield from _members(left)
            yield from _members(right)
        case ast.Subscript(value=ast.Name(id="Union" | "Optional"), slice=inner):
            for part in inner.elts if isinstance(inner, ast.Tuple) else (inner,):
                yield from _members(part)
        case _:
            yield annotation


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


__all__ = [
    "Answer",
    "answer",
    "is_model",
    "is_record",
    "is_response",
    "is_response_class",
    "item_of",
    "records",
    "returned",
]
