"""Clients of packages that nobody knows here, and whether a call of theirs waits where it is made."""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules import libraries
from rules.engine.costs.waits import is_strange
from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.graph import CALL
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_CLIENTS = ("Client", "ClientSession", "Connection", "Service", "API", "Api")
_ASKS = regex(
    rf"\.(?:[A-Z]\w*)?(?:{'|'.join(_CLIENTS)})(?:\.[a-z]\w*){{0,3}}?\.(?:"
    r"(?:get|list|fetch|search|query|find|create|update|delete|send|post|put|upload|download|publish|submit|invoke|call"
    r"|request|generate|complete|chat|execute|retrieve|lookup|check|sync|login|connect|access|translate|transcribe|recognize"
    r"|synthesize|detect|annotate|analyze|scrape|crawl)(?=[_A-Z]|$)[A-Za-z_]*)$"
)
"""A method that asks the other side, by the names of its class and its own; or of a part of it: `client.users.get`."""
_CHAINS = (
    *(
        "chat.completions.create",
        "beta.chat.completions.parse",
        "responses.create",
        "embeddings.create",
        "images.generate",
    ),
    *("audio.transcriptions.create", "audio.speech.create", "moderations.create", "messages.create"),
    *("models.generate_content", "models.embed_content", "general.partition"),
)
_COMMON = frozenset({"responses.create", "messages.create"})
"""Those of them that may be meant of anything that is kept."""
CHAINED = frozenset(each.rpartition(".")[2] for each in _CHAINS)
"""The last parts of chains by which services are asked whose clients have them in no other sense."""
_ASYNCHRONOUS = regex(r"[Aa]sync|(?:^|\.)aio|Aio")
_OF_ITS_OWN = regex(
    r"^(?:get|create|check)_?(?:url|uri|header|config|option|setting|version|name|logger|token_url|signature|state)|_path$"
)
_KEYS = frozenset(
    {
        *(
            "api_key",
            "apikey",
            "api_token",
            "access_token",
            "auth_token",
            "secret_key",
            "client_secret",
            "token",
        ),
        *("personal_access_token", "service_key", "base_url", "api_base", "server_url", "endpoint_url"),
    }
)
"""With what nobody makes an object that asks no other machine."""
_WITH_KEY = regex(
    r"^(?:get|list|fetch|search|query|find|create|update|delete|send|post|put|upload|download|publish|submit|invoke|call"
    r"|request|generate|complete|chat|execute|retrieve|lookup|check|sync|login|load|run|debug|scrape|crawl|extract|parse|map"
    r"|embed|rerank|encode|convert|transcribe|translate|synthesize|recognize|detect|analyze|moderate|ask|predict|answer)(?:_|$)"
)
_RARELY = facts.ON_MISS | facts.DETACHED | facts.FAILING | facts.RECALLED | facts.WISHED | facts.ONCE
_NEAR = 3
"""So many calls away somebody still sees what is meant."""


def may_ask(name: str) -> bool:
    """Whether a callee is called as what asks the other side, by a class that does not say that it is asynchronous."""
    return (
        any(map(name.__contains__, _CLIENTS))
        and _ASKS.search(name) is not None
        and _ASYNCHRONOUS.search(name) is None
    )


def may_ask_with_key(name: str) -> bool:
    """Whether a callee is a method, called as what asks, of a class that does not say that it is asynchronous."""
    return (
        _WITH_KEY.search(name.rpartition(".")[2]) is not None
        and bool(_class_in(name))
        and _ASYNCHRONOUS.search(name) is None
    )


def asks_here(call: ast.Call, module: Module) -> str:
    """The class of a strange client whose method waits where it is called: what it gives is used as it is, so that it is no
    coroutine. Empty when nobody can say so."""
    name = module.qualified_name(call.func) or ""
    if not may_ask(name) or not _is_nobodys(name, module.project):
        return ""
    method = name.rpartition(".")[2]
    if _OF_ITS_OWN.search(method) or not _is_used(call, module):
        return ""
    return name.rpartition(".")[0]


def asks_with_key(call: ast.Call, module: Module) -> str:
    """The class that nobody knows here of an object that was made with a key or an address of a service, and whose method
    waits where it is called, as `asks_here`: `Browserbase(api_key=…)`, then `browser.sessions.debug(…)`."""
    name = module.qualified_name(call.func) or ""
    if not may_ask_with_key(name) or _OF_ITS_OWN.search(name.rpartition(".")[2]):
        return ""
    owner = _class_in(name)
    if owner not in _made_with_key(module.tree, module) or not _is_nobodys(name, module.project):
        return ""
    return owner if _is_used(call, module) and not _is_built_on(call, module) else ""


def _class_in(name: str) -> str:
    """`browserbase.Browserbase` of `browserbase.Browserbase.sessions.debug`; empty where the name has no class before its last
    part."""
    parts = name.split(".")
    made = next((number for number, part in enumerate(parts, 1) if part[:1].isupper()), len(parts))
    return ".".join(parts[:made]) if made < len(parts) else ""


@once_for_node
def _made_with_key(tree: ast.Module, module: Module) -> frozenset[str]:
    """The classes of which the file makes objects with a key or an address."""
    made = set()
    for call in walk(tree):
        if isinstance(call, ast.Call) and (
            any(each.arg in _KEYS for each in call.keywords)
            or any(last_name(each).lower() in _KEYS for each in call.args)
        ):
            made.add(module.qualified_name(call.func) or "")
    return frozenset(made)


def _is_built_on(call: ast.Call, module: Module) -> bool:
    """`client.get_table(name).select()`: what is called on what it gives may be what asks."""
    parent = module.parent(call)
    return isinstance(parent, ast.Attribute) and isinstance(module.parent(parent), ast.Call)


def asks_by_chain(call: ast.Call, module: Module) -> str:
    """The parts by which everybody asks a well-known service, of a client that nobody knows here, or that is said to be
    asynchronous and cannot be: `self.client.chat.completions.create`
    whose answer is used as it is, so that the client is the synchronous one. Empty for anything else."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in CHAINED:
        return ""
    known = module.value(function)
    if known is not None and not _ASYNCHRONOUS.search(known.name):
        return ""  # others say what it is
    spelled = ast.unparse(function)
    chain = next((each for each in _CHAINS if spelled.endswith(f".{each}")), "")
    if chain in _COMMON and not _is_asked_for_model(call, chain):
        return ""
    return chain if chain and _is_used(call, module) else ""


def _is_asked_for_model(call: ast.Call, chain: str) -> bool:
    """Whether a call names a model, or hands on all that it was given to the part of some client: a repository of messages
    creates them too."""
    if any(each.arg in ("model", "max_tokens") for each in call.keywords):
        return True
    parts = ast.unparse(call.func).removesuffix(f".{chain}").split(".")
    return any(each.arg is None for each in call.keywords) and parts not in (["self"], ["cls"])


def _is_nobodys(name: str, project: Project) -> bool:
    """Whether the tables say nothing of a method: of a package that they do not know, or of a client other methods of which
    they have."""
    parts = name.split(".")
    made = next((number for number, part in enumerate(parts, 1) if part[:1].isupper()), len(parts))
    return is_strange(name, project) or libraries.is_unlisted(
        libraries.canonical(".".join(parts[:made])), name
    )


def asks_through(call: ast.Call, module: Module) -> tuple[str, tuple[Hop, ...]] | None:
    """The class of a strange client that a synchronous function of the project asks when it is called, and the way there. What
    stands in no coroutine function and is not awaited waits where it is called."""
    callee = module.callee(call)
    if callee is None or callee.is_async or callee.function.flags & (facts.GENERATOR | facts.CACHED):
        return None
    known = _through.setdefault(module.project, {})
    if callee not in known:
        known[callee] = _way(callee, module.project)
    found = known[callee]
    if found is None:
        return None
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return found[0], (Hop(module.path, call.lineno, last), *found[1])


_through: WeakKeyDictionary[Project, dict[Node, tuple[str, tuple[Hop, ...]] | None]] = WeakKeyDictionary()


def _way(start: Node, project: Project) -> tuple[str, tuple[Hop, ...]] | None:
    """The nearest call of a strange client that asks, from a synchronous function on."""
    pending: deque[tuple[Node, tuple[Hop, ...]]] = deque([(start, ())])
    seen = {start}
    while pending:
        node, way = pending.popleft()
        for call in node.function.calls:
            if call.flags & (_RARELY | facts.LOAD | facts.AWAITED | facts.OFFLOADED | facts.LOCAL):
                continue
            value = project.resolver.value(call.ref, node.module)
            if value is None or value.sort != Sort.EXTERNAL or not may_ask(value.name):
                continue
            owner, _, method = value.name.rpartition(".")
            if not _OF_ITS_OWN.search(method) and _is_nobodys(value.name, project):
                return owner, (*way, Hop(node.path, call.line, value.name))
        if len(way) >= _NEAR - 1:
            continue
        for edge in node.edges:
            target = edge.target
            if edge.kind != CALL or edge.one_of_several or edge.call.flags & _RARELY or target in seen:
                continue
            if not target.is_async and not target.function.flags & (facts.GENERATOR | facts.CACHED):
                seen.add(target)
                pending.append((target, (*way, Hop(node.path, edge.call.line, target.symbol))))
    return None


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
            return function is not None and name in _looked_into(function.node, module)
    return False


def _is_awaited_in_the_end(part: ast.AST, module: Module) -> bool:
    """`await client.query(text).execute()`: what builds a question answers later."""
    above = module.parent(part)
    while isinstance(above, ast.Attribute | ast.Call):
        part, above = above, module.parent(above)
    return isinstance(above, ast.Await | ast.AsyncFor) or (
        isinstance(above, ast.comprehension) and bool(above.is_async)
    )


@once_for_node
def _looked_into(function: ast.AST, module: Module) -> frozenset[str]:
    """The names that a function looks into or goes through, and awaits nowhere."""
    looked: set[str] = set()
    awaited: set[str] = set()
    for node in walk(function):
        match node:
            case ast.Await(value=ast.Name(id=found)):
                awaited.add(found)
            case (
                ast.Attribute(value=ast.Name(id=found))
                | ast.Subscript(value=ast.Name(id=found))
                | ast.For(iter=ast.Name(id=found))
                | ast.comprehension(iter=ast.Name(id=found), is_async=0)
                | ast.Compare(comparators=[ast.Name(id=found)])
            ):
                looked.add(found)
            case ast.Call(func=made, args=args, keywords=keywords) if last_name(made)[:1].isupper():
                given = [*args, *(each.value for each in keywords)]  # an object is made of it, no task
                looked.update(each.id for each in given if isinstance(each, ast.Name))
    return frozenset(looked - awaited)
