"""Values of unknown size that come from outside: uploads."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.reading.spelling import last_name, names_bound
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

UPLOADS = frozenset(
    {"fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"}
)
_REQUESTS = frozenset({"fastapi.Request", "fastapi.requests.Request", "starlette.requests.Request"})
_TURNS = 4
_SAME = frozenset({"decode", "encode", "getvalue", "getbuffer", "strip", "replace", "splitlines", "tobytes"})
_WRAPPING = frozenset(
    {
        "BytesIO",
        "StringIO",
        "TextIOWrapper",
        "bytes",
        "bytearray",
        "str",
        "memoryview",
        "loads",
        "load",
        "safe_load",
        "b64encode",
    }
)
"""Whose result is as large as what they are given."""


def holds_upload(expression: ast.AST, module: Module, *, bodies: bool = False) -> bool:
    """Whether a value is, or is made of, what a client uploaded: `await file.read()`, `file.file`, `StringIO(data)`; with
    `bodies` the raw body of a request too."""
    if isinstance(expression, (ast.Dict, ast.List, ast.Tuple)):
        return False  # an answer about it
    function = module.function_of(expression)
    names = _names_of_bodies if bodies else _names_of_uploads
    tainted = names(function.node, module) if function is not None else frozenset()
    return _speaks_of_upload(expression, tainted, module)


@once_for_node
def _names_of_uploads(function: ast.AST, module: Module) -> frozenset[str]:
    return _uploaded_names(function, module, bodies=False)


@once_for_node
def _names_of_bodies(function: ast.AST, module: Module) -> frozenset[str]:
    return _uploaded_names(function, module, bodies=True)


def _is_upload(value: ast.expr, tainted: frozenset[str], module: Module, bodies: bool) -> bool:
    """Whether a value is an upload's content as it came or only decoded, not what was computed from it."""
    match value:
        case ast.Await(value=inner) | ast.Subscript(value=inner) | ast.IfExp(body=inner):
            return _is_upload(inner, tainted, module, bodies)
        case ast.Name(id=name):
            return name in tainted
        case ast.Attribute(attr="file", value=owner):
            return module.type_of(owner) in UPLOADS
        case ast.Call(func=ast.Attribute(attr="body", value=owner), args=[]):
            return bodies and module.type_of(owner) in _REQUESTS
        case ast.Call(func=ast.Attribute(attr="read", value=owner)):
            return module.type_of(owner) in UPLOADS or _is_upload(owner, tainted, module, bodies)
        case ast.Call(func=ast.Attribute(attr=attr, value=owner)) if attr in _SAME:
            return _is_upload(owner, tainted, module, bodies)
        case ast.Call(func=function, args=[first, *_]) if last_name(function) in _WRAPPING:
            return _is_upload(first, tainted, module, bodies)
    return False


def _speaks_of_upload(expression: ast.AST, tainted: frozenset[str], module: Module) -> bool:
    for node in walk(expression):
        if isinstance(node, ast.Name) and node.id in tainted:
            return True
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("read", "file")
            and module.type_of(node.value) in UPLOADS
        ):
            return True
    return False


def _uploaded_names(function: ast.AST, module: Module, bodies: bool) -> frozenset[str]:
    """Locals that hold an upload's content, or the document that it spells."""
    names: frozenset[str] = frozenset()
    assigned = [node for node in walk(function) if isinstance(node, (ast.Assign, ast.AnnAssign))]
    for _ in range(_TURNS):
        before = names
        for node in assigned:
            if node.value is None or not _is_upload(node.value, names, module, bodies):
                continue
            names |= names_bound(node)
        if names == before:
            break
    return names
