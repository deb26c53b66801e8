"""Annotations as references: which type a name is said to have."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import is_ellipsis

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_MAX_DEPTH = 60
_MAX_LENGTH = 240
_MAX_TYPES = 6
_REFINING = regex(
    r"(?<=[):\]»])(?:\.(?:where|filter|filter_by|order_by|limit|offset|options|join|outerjoin|group_by|having|distinct|"
    r"exclude|sort|skip|slice|execution_options|with_for_update|select_from|prefetch_related|select_related)\(\))+$"
)
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


_MAPPINGS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
)
# How frameworks for dependency injection mark what they provide: `FromDishka[Client]` is a `Client`.
_PROVIDED = frozenset(
    {"FromDishka", "FromComponent"}
    | {"wireup.Injected", "aioinject.Injected", "aioinject.Inject", "that_depends.Provide"}
)
# Whose type arguments say nothing about what their methods give to us.
_FOREIGN = frozenset({*sys.stdlib_module_names, *libraries.ROOTS, "typing_extensions", "pydantic"})


def annotation(index: Index, node: ast.AST | None, scope: Scope, depth: int = 0) -> str:
    """The reference to a value of the annotated type, empty when unknown or of several types."""
    if node is None or depth > _MAX_DEPTH:
        return ""
    members = _types(index, node, scope, depth + 1)
    members.discard(_NONE)
    return one_of(members)


def may_be_ours(ref: str) -> bool:
    """Whether an annotation may name a class of the project, as far as one file can tell."""
    return ref[-1:] == ":" and ref.partition(".")[0] not in _FOREIGN


def one_of(refs: set[str]) -> str:
    """The reference to a value of which several are possible.

    Steps that only refine a statement (`query = query.where(…)` under an `if`) make no difference.
    """
    if len(refs) > 1 and "" not in refs:
        refs = {_REFINING.sub("", ref) for ref in refs}
    if len(refs) == 1:
        return refs.pop()
    if not refs or "" in refs or len(refs) > _MAX_TYPES or any(ref[:1] == "'" for ref in refs):
        return ""
    return f"«{'|'.join(sorted(refs))}»"


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


def _is_method(scope: Scope, name: str) -> bool:
    """Whether a name means a method or property in a class body, `def redis(self) -> redis.Redis`: never a type."""
    bindings = scope.bindings.get(name)
    return (
        scope.is_class
        and bool(bindings)
        and all(isinstance(each.node, ast.FunctionDef | ast.AsyncFunctionDef) for each in bindings or ())
    )


def _type_name(index: Index, node: ast.AST, scope: Scope) -> str:
    if isinstance(node, ast.Name):
        current: Scope | None = scope
        while current is not None and current is not index.module:
            known = node.id in current.bindings or node.id in current.variables
            if known and not _is_method(current, node.id):
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
    if last == "Optional" or last in _PROVIDED or generic in _PROVIDED:
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
    if last in ("tuple", "Tuple"):
        return {joined(annotation(index, item, scope, depth + 1) for item in parameters) or "builtins.tuple:"}
    if last in _MAPPINGS and len(parameters) == 2:
        item = annotation(index, parameters[1], scope, depth + 1)
        return {f"{item}{{:}}" if item else f"{generic}:"}
    if generic == "contextvars.ContextVar":
        item = annotation(index, parameters[0], scope, depth + 1)
        return {
            f"{item}{{:}}" if item else f"{generic}:"
        }  # `get` gives what it holds, as that of a mapping does
    if last in ("Literal", "LiteralString"):
        return {"builtins.str:"}
    if last == "Callable" and len(parameters) == 2:
        made = annotation(index, parameters[1], scope, depth + 1)
        return {f"{made}!" if made and made[0] != "'" else ""}
    if not generic or generic in _VAGUE or last == "Callable":
        return {""}
    if generic.partition(".")[0] in _FOREIGN:
        return {f"{generic}:"}
    return {f"{generic}:{joined(annotation(index, item, scope, depth + 1) for item in parameters)}"}


def joined(members: Iterable[str]) -> str:
    """The reference to a tuple; empty when no member is known."""
    refs = [ref if ref[:1] != "'" else "" for ref in members]
    return f"⟨{'¦'.join(refs)}⟩" if any(refs) else ""
