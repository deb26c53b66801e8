"""Outbound requests that ask the same for every caller."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.linking.values import Sort
from rules.engine.reading.origins import assigned, parameters

if TYPE_CHECKING:
    from rules.engine.module import Module

_CLIENTS = frozenset({"requests", "httpx", "httpx2", "aiohttp", "urllib3"})
_READS = ("get", "fetch", "load", "download", "urlopen", "json")


class FixedRequest(Struct, frozen=True):
    """`text` is all that the source says of the address: its text, and the names it is made of."""

    call: ast.Call
    address: ast.expr
    text: str
    is_literal: bool


def fixed_request(call: ast.Call, module: Module) -> FixedRequest | None:
    """The read over HTTP that `call` makes, when neither its address nor its arguments depend on the caller."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if not is_read(last):
        return None
    arguments = list(call.args)
    if not arguments or isinstance(arguments[0], ast.Starred) or not _leaves(call, module):
        return None
    words, literal = _described(arguments[0], module)
    if words is None or not words:
        return None
    rest = [*arguments[1:], *(keyword.value for keyword in call.keywords)]
    if any(_described(value, module)[0] is None for value in rest):
        return None
    return FixedRequest(call, arguments[0], words, literal)


def is_read(name: str) -> bool:
    """Whether a callable of that last name reads."""
    return name.split("_")[0] in _READS or name in _READS


def _leaves(call: ast.Call, module: Module) -> bool:
    """Whether the call goes out over HTTP, itself or through a method of the project that it is handed the address."""
    external = module.external(call)
    if external is not None:
        return external.kind == "http"
    summary = module.summary(call)
    if summary is not None and any(leaf.kind in ("http", "net") for leaf in summary.external):
        return True
    entered = module.callee(call)
    return (
        entered is not None
        and bool(_CLIENTS & set(entered.module.facts.imports))
        and _is_address(_described(call.args[0], module)[0])
    )


def _is_address(text: str | None) -> bool:
    return text is not None and text.startswith(("http://", "https://"))


def _described(expression: ast.expr, module: Module, depth: int = 0) -> tuple[str | None, bool]:
    """(words of an expression that is the same for every caller, whether it is literal); None when it may differ."""
    match expression:
        case ast.Constant(value=value):
            return str(value), True
        case ast.JoinedStr(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return _joined(values, module, depth)
        case ast.FormattedValue(value=value):
            return _described(value, module, depth)
        case ast.BinOp(op=ast.Add()):
            return _joined(_terms(expression), module, depth)
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return _joined([*[key for key in keys if key is not None], *values], module, depth)
        case ast.Call(
            func=ast.Attribute(attr="format" | "rstrip" | "strip" | "removesuffix", value=value),
            args=arguments,
        ):
            return _joined([value, *arguments], module, depth)
        case ast.Name(id=name):
            function = module.function_of(expression)
            value = assigned(expression, module) if depth < 3 else None
            if value is not None:
                return _described(value, module, depth + 1)
            if function is None or isinstance(function.node, ast.Lambda):
                return None, False
            scope = module.index.scope_at(expression)
            if name in parameters(function.node) or name in scope.bindings:
                return ("", False) if name in ("self", "cls") else (None, False)
            known = module.value(expression)
            if known is not None and known.sort == Sort.TEXT:
                return f"{name} {known.name}", True
            return name, False
        case ast.Attribute(attr=attribute, value=inner):
            root: ast.expr = inner
            while isinstance(root, ast.Attribute):
                root = root.value
            if not isinstance(root, ast.Name):
                return None, False
            if root.id in ("settings", "config", "self", "cls", "conf", "SETTINGS"):
                return (
                    (attribute, False)
                    if root.id not in ("self", "cls") or "url" in attribute.lower()
                    else (None, False)
                )
            described, _ = _described(root, module, depth)
            return (None, False) if described is None else (attribute, False)
    return None, False


def _terms(expression: ast.expr) -> list[ast.expr]:
    """The terms of `a + b + c`, each of which is nested in the next."""
    found: list[ast.expr] = []
    while isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        found.append(expression.right)
        expression = expression.left
    return [expression, *reversed(found)]


def _joined(values: list[ast.expr], module: Module, depth: int) -> tuple[str | None, bool]:
    words, literal = [], True
    for value in values:
        found, own = _described(value, module, depth)
        if found is None:
            return None, False
        words.append(found)
        literal = literal and own
    return " ".join(words), literal
