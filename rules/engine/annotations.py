"""Annotations as references: which type a name is said to have."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.spelling import is_ellipsis

if TYPE_CHECKING:
    from rules.engine.index import Index, Scope

_MAX_DEPTH = 60
_MAX_LENGTH = 240
_MAX_TYPES = 3
_NONE = "None"
_VAGUE = frozenset({"typing.Any", "builtins.object"})
_CONTAINERS = frozenset(
    {
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "deque",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "AsyncIterable",
        "AsyncIterator",
        "Generator",
        "AsyncGenerator",
        "AbstractAsyncContextManager",
        "AsyncContextManager",
        "AbstractContextManager",
        "ContextManager",
    }
)


def annotation(index: Index, node: ast.AST | None, scope: Scope, depth: int = 0) -> str:
    """The reference to a value of the annotated type, empty when unknown or of several types."""
    if node is None or depth > _MAX_DEPTH:
        return ""
    members = _types(index, node, scope, depth + 1)
    members.discard(_NONE)
    if len(members) == 1:
        return members.pop()
    if not members or "" in members or len(members) > _MAX_TYPES:
        return ""
    return f"«{'|'.join(sorted(members))}»"


def _types(index: Index, node: ast.AST, scope: Scope, depth: int) -> set[str]:
    if depth > _MAX_DEPTH:
        return {""}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        members: set[str] = set()
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.BitOr):
            members |= _types(index, current.right, scope, depth + 1)
            current = current.left
        return members | _types(index, current, scope, depth + 1)
    if isinstance(node, ast.Constant):
        if node.value is None:
            return {_NONE}
        if isinstance(node.value, str) and len(node.value) <= _MAX_LENGTH:
            return _forward(index, node.value, scope, depth)
        return {""}
    if isinstance(node, ast.Subscript):
        return _subscripted(index, node, scope, depth)
    name = _type_name(index, node, scope)
    if not name or name in _VAGUE:
        return {""}
    return {f"{name}:"}


def _forward(index: Index, text: str, scope: Scope, depth: int) -> set[str]:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {""}
    return _types(index, tree.body, scope, depth + 1)


def _type_name(index: Index, node: ast.AST, scope: Scope) -> str:
    if isinstance(node, ast.Name):
        current: Scope | None = scope
        while current is not None and current is not index.module:
            if node.id in current.bindings:
                return index.ref(node, scope)
            current = current.parent
        return index.module_name(node.id, for_type=True)
    if isinstance(node, ast.Attribute):
        base = _type_name(index, node.value, scope)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _subscripted(index: Index, node: ast.Subscript, scope: Scope, depth: int) -> set[str]:
    generic = _type_name(index, node.value, scope)
    last = generic.rpartition(".")[2]
    parameters = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not parameters:
        return {""}
    if last in ("Annotated", "ClassVar", "Final", "Required", "NotRequired", "Mapped", "ReadOnly"):
        return _types(index, parameters[0], scope, depth + 1)
    if last == "Optional":
        return _types(index, parameters[0], scope, depth + 1)
    if last == "Union":
        return set().union(*(_types(index, item, scope, depth + 1) for item in parameters))
    if last in ("type", "Type"):
        return {_type_name(index, parameters[0], scope)}
    if last in ("Awaitable", "Coroutine"):
        return _types(index, parameters[-1], scope, depth + 1)
    if last in _CONTAINERS or (
        last in ("tuple", "Tuple") and len(parameters) == 2 and is_ellipsis(parameters[1])
    ):
        item = annotation(index, parameters[0], scope, depth + 1)
        return {f"{item}{{}}" if item else f"builtins.{last}:"}
    if last in ("Literal", "LiteralString"):
        return {"builtins.str:"}
    if not generic or generic in _VAGUE or last == "Callable":
        return {""}
    return {f"{generic}:"}
