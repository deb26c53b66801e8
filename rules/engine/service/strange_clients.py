"""Clients of packages that nobody knows here, and whether a call of theirs waits where it is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.costs.waits import is_strange
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_CLIENTS = ("Client", "ClientSession", "Connection", "Service", "API", "Api")
_ASKS = regex(
    rf"\.(?:[A-Z]\w*)?(?:{'|'.join(_CLIENTS)})\.(?:"
    r"(?:get|list|fetch|search|query|find|create|update|delete|send|post|put|upload|download|publish|submit|invoke|call"
    r"|request|generate|complete|chat|execute|retrieve|lookup|check|sync|login|connect)(?=[_A-Z]|$)[A-Za-z_]*)$"
)
"""A method that asks the other side, by the names of its class and its own."""
_ASYNCHRONOUS = regex(r"[Aa]sync|(?:^|\.)aio|Aio")
_OF_ITS_OWN = regex(
    r"^(?:get|create|check)_?(?:url|uri|header|config|option|setting|version|name|logger|token_url|signature|state)"
)


def may_ask(name: str) -> bool:
    """Whether a callee is called as what asks the other side, by a class that does not say that it is asynchronous."""
    owner = name.rpartition(".")[0]
    return owner.endswith(_CLIENTS) and _ASKS.search(name) is not None and _ASYNCHRONOUS.search(name) is None


def asks_here(call: ast.Call, module: Module) -> str:
    """The class of a strange client whose method waits where it is called: what it gives is used as it is, so that it is no
    coroutine. Empty when nobody can say so."""
    name = module.qualified_name(call.func) or ""
    if not may_ask(name) or not is_strange(name, module.project):
        return ""
    method = name.rpartition(".")[2]
    if _OF_ITS_OWN.match(method) or not _is_used(call, module):
        return ""
    return name.rpartition(".")[0]


def _is_used(call: ast.Call, module: Module) -> bool:
    """Whether what a call gives is gone through, looked into or left: a coroutine would be awaited or handed on."""
    parent = module.parent(call)
    if isinstance(parent, ast.Attribute) and _is_awaited_in_the_end(parent, module):
        return False
    match parent:
        case (
            ast.Attribute()
            | ast.Subscript()
            | ast.For()
            | ast.comprehension(is_async=0)
            | ast.Compare()
            | ast.Expr()
        ):
            return True
        case ast.Return():
            return str(module.role(call) or "") == "endpoint"  # FastAPI would answer 500 to a coroutine
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            function = module.function_of(call)
            return function is not None and _is_looked_into(name, function.node)
    return False


def _is_awaited_in_the_end(part: ast.AST, module: Module) -> bool:
    """`await client.query(text).execute()`: what builds a question answers later."""
    above = module.parent(part)
    while isinstance(above, ast.Attribute | ast.Call):
        part, above = above, module.parent(above)
    return isinstance(above, ast.Await | ast.AsyncFor) or (
        isinstance(above, ast.comprehension) and bool(above.is_async)
    )


def _is_looked_into(name: str, function: ast.AST) -> bool:
    looked = False
    for node in walk(function):
        match node:
            case ast.Await(value=ast.Name(id=found)) if found == name:
                return False
            case (
                ast.Attribute(value=ast.Name(id=found))
                | ast.Subscript(value=ast.Name(id=found))
                | ast.For(iter=ast.Name(id=found))
                | ast.comprehension(iter=ast.Name(id=found), is_async=0)
                | ast.Compare(comparators=[ast.Name(id=found)])
            ):
                looked = looked or found == name
    return looked
