"""Fields of GraphQL types that a method resolves: it runs once for each object of a list that a query asks for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_LIBRARIES = frozenset({"strawberry", "graphene", "graphene_sqlalchemy", "strawberry_sqlalchemy_mapper"})
_ROOTS = regex(r"(?:^|_)(?:Query|Mutation|Subscription)|(?:Query|Mutation|Subscription|Mutations|Queries)$")
"""What the types are called whose fields a request asks for once."""
_LOADING = regex(r"(?i)loader")


class GraphField(Struct, frozen=True):
    owner: str
    name: str


def field_around(call: ast.Call, module: Module) -> GraphField | None:
    """The field of an object type whose resolver `call` stands in, where what is asked depends on the object."""
    if module.index.imports.isdisjoint(_LIBRARIES):
        return None
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return None
    owner = module.parent(function.node)
    arguments = [*function.node.args.posonlyargs, *function.node.args.args]
    if not isinstance(owner, ast.ClassDef) or not arguments or _ROOTS.search(owner.name):
        return None
    if not _resolves(function.node, owner, module) or module.loops(call):
        return None
    of_object = _made_of(arguments[0].arg, function.node, module)
    if not any(
        isinstance(part, ast.Name) and part.id in of_object for given in _given(call) for part in walk(given)
    ):
        return None
    return GraphField(owner.name, function.name.removeprefix("resolve_"))


_known: WeakKeyDictionary[Module, dict[ast.AST, set[str]]] = WeakKeyDictionary()


def _made_of(own: str, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> set[str]:
    """The names of a resolver that hold something of its object: `stmt` of `stmt = select(Order).where(Order.id == self.id)`; none
    where a loader of data is used."""
    known = _known.setdefault(module, {})
    if function in known:
        return known[function]
    found = known[function] = set()
    if _LOADING.search(module.segment(function)):
        return found
    found.add(own)
    for part in walk(function):
        match part:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                if any(isinstance(each, ast.Name) and each.id in found for each in walk(value)):
                    found.add(name)
    return found


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords), call.func]


def _resolves(function: ast.FunctionDef | ast.AsyncFunctionDef, owner: ast.ClassDef, module: Module) -> bool:
    """`@strawberry.field` in a `@strawberry.type`, `resolve_customer` in a `graphene.ObjectType`."""
    named = [each.func if isinstance(each, ast.Call) else each for each in function.decorator_list]
    if any(
        (module.qualified_name(each) or "").startswith("strawberry.") and last_name(each) == "field"
        for each in named
    ):
        return any(
            last_name(each.func if isinstance(each, ast.Call) else each) in ("type", "interface")
            for each in owner.decorator_list
        )
    return function.name.startswith("resolve_") and any(
        (module.qualified_name(base) or "").startswith("graphene") for base in owner.bases
    )
