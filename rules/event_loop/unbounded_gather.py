from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs.waits import wait_of
from rules.engine.data.local_values import values_of
from rules.engine.data.per_item import is_few, sounds_few
from rules.engine.linking import gathers
from rules.engine.linking.values import Sort
from rules.engine.reading.loop_shapes import is_batched, is_short, iterables, shortened, spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import names_bound
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.body_limits import has_most
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_CLIENTS = ("httpx.", "aiohttp.", "requests.", "niquests.", "curl_cffi.")
_PARTIAL = regex(r"(?i)limit|per_?page|page_?size|max_?results|max_?items|top_?k|top_?n|batch|chunk")
"""In a function that asks another service for a part of its list, or takes a part at a time."""
_FAR = 6
_LISTS = regex(
    r"(?:typing\.|t\.|collections\.abc\.)?(?:[Ll]ist|[Ss]equence|[Ii]terable|[Cc]ollection|[Ss]et)\["
)
"""Annotations of what holds any number of items."""


class UnboundedGather(Rule):
    """One task per item of a list of any length sends all its calls at once, and most of them wait or fail.

    `gather` over a list that a client sends, or that a query returns, opens as many calls as there are items. The HTTP client
    has 100 connections and gives up waiting for one after five seconds; a Redis pool of 100 answered more than half of 640
    commands at once with errors. The other side sees a burst, and all results are in memory together.

    ## Instead
    Bound it: a semaphore that each task enters first (`async with limit:`), or chunks of the list. Five at a time were as
    fast under load as all at once.

    ## Trade-offs
    With a single request and few items the bound makes it a little slower.

    ## Monitor
    Pool timeouts, errors of the other side, memory during such a request.

    ## When to ignore it
    When the list is short by contract: a validated maximum, a page.
    """

    code = "FP112"
    per_request = True
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "pool timeouts and errors of the other side"

    invalid = (
        Invalid(
            """
            import asyncio

            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient(base_url="https://stock.example")

            @app.post("/stock")
            async def stock(numbers: list[str]) -> list[str]:
                answers = await asyncio.gather(*(client.get(f"/levels/{number}") for number in numbers))
                return [answer.text for answer in answers]
            """
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient(base_url="https://stock.example")
            limit = asyncio.Semaphore(5)

            async def level_of(number: str) -> str:
                async with limit:
                    return (await client.get(f"/levels/{number}")).text

            @app.post("/stock")
            async def stock(numbers: list[str]) -> list[str]:
                return await asyncio.gather(*(level_of(number) for number in numbers))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in gathers.GATHER or callee.name in gathers.GROUPS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        repeated = gathers.repeated(node, module)
        if repeated is None:
            return
        call, loop = repeated
        over = iterables(loop)
        if not over or is_short(loop, module.qualified_name) or module.is_short(loop) or is_batched(loop):
            return
        if any(is_batched(around) for around in module.loops(node)):
            return
        if _is_counted(over[0], module) or _is_capped(over[0], module):
            return
        if not module.in_request_path(node):
            yield from _outside_of_requests(node, call, loop, module)
            return
        source = _boundless(over[0], module)
        sent = not source and _is_sent(over[0], module)
        answered = not source and not sent and _is_answer(over[0], module)
        source = source or (
            "a list that the client sends"
            if sent
            else "as many as another service answers"
            if answered
            else ""
        )
        if not source:
            yield from _outside_of_requests(node, call, loop, module)
            return
        wait = wait_of(call, module)
        if wait is None or gathers.is_bounded(call, module):
            return
        yield Match(
            node,
            f"`{spelled(call.func)}` starts for every item of `{shortened(module.segment(over[0]))}` at once, {source}:"
            f" as many calls of `{wait.callable}` as there are items.",
            # How many there are is the other side's affair, and may well be a dozen; who calls from far may have counted.
            confidence=Confidence.POSSIBLE
            if wait.presumed or answered or (sent and str(module.role(node) or "") != "endpoint")
            else Confidence.LIKELY,
            call_path=wait.call_path(module),
        )


def _outside_of_requests(node: ast.Call, call: ast.Call, loop: ast.AST, module: Module) -> Iterator[Match]:
    """A hint where no client is seen to decide how many there are: a helper's list, rows that a job reads, parts of either."""
    over = iterables(loop)[0]
    function = module.function_of(node)
    if function is None or not _is_given(over, module) or _PARTIAL.search(module.segment(function.node)):
        return
    if sounds_few(loop) or is_few(loop, module) or is_seldom(node, module):
        return
    wait = wait_of(call, module)
    if wait is None or wait.rarely or gathers.is_bounded(call, module):
        return
    yield Match(
        node,
        f"`{spelled(call.func)}` starts for every item of `{shortened(module.segment(over))}` at once, and nothing here says how many"
        f" there may be: as many calls of `{wait.callable}` as there are items.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # who calls may know that there are few
        call_path=wait.call_path(module),
    )


def _is_given(iterable: ast.expr, module: Module, depth: int = 0) -> bool:
    """Whether a list is a parameter of a helper, the rows of a query, or made of one of these, item by item."""
    function = module.function_of(iterable)
    if function is None or isinstance(function.node, ast.Lambda) or depth > _FAR:
        return False
    match iterable:
        case ast.ListComp(generators=[only]) | ast.SetComp(generators=[only]):
            return _is_given(only.iter, module, depth + 1)
        case ast.Call(func=ast.Name(id="list" | "set" | "sorted" | "enumerate"), args=[inner, *_]):
            return _is_given(inner, module, depth + 1)
        case ast.Name(id=name):
            arguments = function.node.args
            for each in (*arguments.args, *arguments.kwonlyargs):
                if each.arg == name:
                    kind = ast.unparse(each.annotation) if each.annotation is not None else ""
                    return bool(_LISTS.match(kind))
            if _is_query(name, function.node, module):
                return True
            given = list(values_of(iterable, module))
            return (
                len(given) == 1
                and isinstance(given[0], ast.expr)
                and given[0] is not iterable
                and _is_given(given[0], module, depth + 1)
            )
    return False


def _boundless(iterable: ast.expr, module: Module) -> str:
    """Who decides how long the list is, to follow "at once"; empty when nobody is known to."""
    function = module.function_of(iterable)
    if function is None or isinstance(function.node, ast.Lambda):
        return ""
    name = iterable
    while isinstance(name, ast.Attribute):
        name = name.value
    if not isinstance(name, ast.Name):
        return ""
    if str(module.role(iterable) or "") == "endpoint" and _is_body(name.id, iterable, function.node):
        return "a list that the client sends"
    if isinstance(iterable, ast.Name) and _is_query(iterable.id, function.node, module):
        return "all rows of a query"
    return ""


def _is_capped(iterable: ast.expr, module: Module) -> bool:
    """Whether it is, or a name for, a member of a schema which takes so many items only."""
    given = values_of(iterable, module) if isinstance(iterable, ast.Name) else (iterable,)
    return any(has_most(each, module) for each in given)


def _is_sent(iterable: ast.expr, module: Module) -> bool:
    """Whether it is, or a name for, a member of what the endpoints that lead here have clients send."""
    given = values_of(iterable, module) if isinstance(iterable, ast.Name) else (iterable,)
    for each in given:
        if not isinstance(each, ast.Attribute) or not module.is_subclass(each.value, "pydantic.BaseModel"):
            continue
        held, here = module.value(each.value), module.graph_node(iterable)
        if held is not None and held.sort == Sort.OBJECT and here is not None:
            return held.name in module.project.bodies(here)
    return False


def _is_counted(iterable: ast.expr, module: Module) -> bool:
    """Whether the function compares the length of the list with something beyond one."""
    function = module.function_of(iterable)
    if function is None:
        return False
    name = module.segment(iterable)
    for node in walk(function.node):
        match node:
            case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[counted]), comparators=[limit]) if (
                module.segment(counted) == name
            ):
                if not (isinstance(limit, ast.Constant) and limit.value in (0, 1)):
                    return True
    return False


def _is_answer(iterable: ast.expr, module: Module) -> bool:
    """Whether the list is, or was picked from, what another service answered, and nothing asks for a part of it."""
    asked = _origin(iterable, module)
    if asked is None:
        return False
    function = module.function_of(iterable)
    return function is not None and not _PARTIAL.search(module.segment(function.node))


def _origin(value: ast.expr, module: Module, depth: int = 0) -> ast.Call | None:
    """The `response.json()` that a list comes from: itself, a member of it, or what a comprehension picks of it."""
    if depth > _FAR:
        return None
    match value:
        case ast.Await(value=inner) | ast.Subscript(value=inner, slice=ast.Constant() | ast.Name()):
            return _origin(inner, module, depth + 1)
        case ast.BoolOp(op=ast.Or(), values=[inner, *_]):
            return _origin(inner, module, depth + 1)
        case ast.ListComp(generators=[first, *_]) | ast.SetComp(generators=[first, *_]):
            return _origin(first.iter, module, depth + 1)
        case ast.Call(func=ast.Name(id="list" | "set" | "sorted" | "enumerate"), args=[inner, *_]):
            return _origin(inner, module, depth + 1)
        case ast.Call(func=ast.Attribute(value=answer, attr="json"), args=[]):
            return value if _is_response(answer, module) else None
        case ast.Call(func=ast.Attribute(value=inner, attr="get" | "items" | "values" | "keys")):
            return _origin(inner, module, depth + 1)
        case ast.Name():
            given = list(values_of(value, module))
            if len(given) == 1 and isinstance(given[0], ast.expr):
                return _origin(given[0], module, depth + 1)
    return None


def _is_response(answer: ast.expr, module: Module) -> bool:
    """Whether an expression is the answer to a request that the service sends."""
    kind = module.type_of(answer) or ""
    if kind.startswith(_CLIENTS):
        return True
    if isinstance(answer, ast.Name):
        for given in values_of(answer, module):
            if isinstance(given, ast.Call) and module.external(given) is not None:
                return True
    return isinstance(answer, ast.Call) and module.external(answer) is not None


def _is_body(name: str, iterable: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is a list parameter of the endpoint, or an attribute of a parameter that is no dependency."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    pairs = [
        *zip(positional, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        if argument.arg != name or argument.annotation is None:
            continue
        annotation = ast.unparse(argument.annotation)
        if "max_length" in annotation or (default is not None and "max_length" in ast.unparse(default)):
            return False
        if "Depends" in annotation or (default is not None and "Depends" in ast.unparse(default)):
            return False
        if isinstance(iterable, ast.Name):
            return (
                annotation.removeprefix("typing.")
                .lower()
                .startswith(("list[", "sequence[", "set[", "annotated[list["))
            )
        return not annotation.startswith(("Request", "WebSocket", "BackgroundTasks"))
    return False


def _is_query(name: str, function: ast.AST, module: Module) -> bool:
    """Whether the name is bound once, to what a query without a limit returns."""
    bound = [
        node.value for node in walk(function) if isinstance(node, ast.Assign) and name in names_bound(node)
    ]
    if len(bound) != 1:
        return False
    text = ast.unparse(bound[0])
    if "limit" in text or "page" in text or "first" in text:
        return False
    asks = any(
        isinstance(node, ast.Call)
        and (query := module.query(node)) is not None
        and query.kind == "select"
        and not query.primary_key
        for node in walk(bound[0])
    )
    return asks and (".all()" in text or "scalars" in text or "fetch(" in text or "to_list(" in text)
