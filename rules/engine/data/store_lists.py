"""Lists without a limit from stores that are asked by methods of their own: DynamoDB, Firestore, Chroma, lists in Redis."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.reading.raw_text import Returned
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

ASKING = frozenset({"scan", "stream", "get", "lrange", "zrange"})
_SCAN = regex(r"boto3\.resource\.\w+\.scan")
_FIRESTORE = regex(r"google\.cloud\.firestore(?:_v1\.\w+)?\.(?:Async)?CollectionReference\.(?:stream|get)")
_CHROMA = regex(r"chromadb\.(?:Async)?Collection\.get")
_RANGES = frozenset({"lrange", "zrange"})
_WHOLE = 3
_BOUNDS = frozenset({"Limit", "limit", "ids", "where", "where_document", None})


class StoreList(Struct, frozen=True):
    what: str
    scans: bool
    """Whether the whole table is read whoever asks for whatever part of it."""
    endpoints: tuple[Node, ...]


def listed(call: ast.Call, module: Module) -> StoreList | None:
    """What `call` lists, where nothing limits it and endpoints answer with it; a scan of a table wherever a request waits."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ASKING or not module.reached(call):
        return None
    if any(keyword.arg in _BOUNDS for keyword in call.keywords):
        return None
    name = module.qualified_name(call.func) or ""
    if _SCAN.fullmatch(name):
        return StoreList(module.segment(call.func.value), True, ()) if module.in_request_path(call) else None
    if _FIRESTORE.fullmatch(name) or (_CHROMA.fullmatch(name) and not call.args):
        what = module.segment(call.func.value)
    elif call.func.attr in _RANGES and name.startswith(("redis.", "valkey.")) and _takes_all(call):
        what = ast.unparse(call.args[0])
    else:
        return None
    function, node = module.function_of(call), module.graph_node(call)
    scope = module.index.scope_of.get(function.node) if function is not None else None
    if node is None or scope is None or call not in Returned(module.index, scope).calls:
        return None
    endpoints = tuple(module.project.raw.answered(node))
    return StoreList(what, False, endpoints) if endpoints else None


def _takes_all(call: ast.Call) -> bool:
    """`lrange("logs", 0, -1)`."""
    return len(call.args) == _WHOLE and [ast.unparse(each) for each in call.args[1:]] == ["0", "-1"]
