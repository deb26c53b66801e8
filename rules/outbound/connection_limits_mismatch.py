from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules import libraries
from rules.engine.reading.walking import nodes_of
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_SEMAPHORES = frozenset(
    {"asyncio.Semaphore", "asyncio.BoundedSemaphore", "anyio.Semaphore", "anyio.CapacityLimiter"}
)
_LIMITS = {
    "httpx.Limits": ("max_connections", 100),
    "httpx2.Limits": ("max_connections", 100),
    "aiohttp.TCPConnector": ("limit", 100),
    "aiohttp.connector.TCPConnector": ("limit", 100),
    "botocore.config.Config": ("max_pool_connections", 10),
}
_limits: WeakKeyDictionary[Module, tuple[int, str] | None] = WeakKeyDictionary()
"""What was found in a file, of which each semaphore asks."""
_DEFAULTS = {"httpx.AsyncClient": 100, "httpx2.AsyncClient": 100, "aiohttp.ClientSession": 100}


class ConnectionLimitsMismatch(Rule):
    """More calls are let out at once than the client has connections: the rest queue inside the client, unseen, until they time out.

    httpx and aiohttp open at most 100 connections, botocore 10. A semaphore above that bounds nothing; httpx counts the wait
    for a connection against its pool timeout of five seconds.

    ## Instead
    Make the two numbers one: `httpx.Limits(max_connections=WIDTH)` and `asyncio.Semaphore(WIDTH)`.

    ## Trade-offs
    More connections mean more load on the peer: check what it allows.

    ## Monitor
    `PoolTimeout` errors, connections in use.

    ## When to ignore it
    When the semaphore guards something else.
    """

    code = "FP612"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "PoolTimeout errors and connections in use"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient(limits=httpx.Limits(max_connections=10))
            slots = asyncio.Semaphore(50)

            async def fetch(url: str) -> httpx.Response:
                async with slots:
                    return await client.get(url)
            """
        ),
    )
    valid = (
        Valid(
            """
            client = httpx.AsyncClient(limits=httpx.Limits(max_connections=50))
            slots = asyncio.Semaphore(50)

            async def fetch(url: str) -> httpx.Response:
                async with slots:
                    return await client.get(url)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return libraries.canonical(callee.name) in _SEMAPHORES

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if libraries.canonical(module.qualified_name(node.func) or "") not in _SEMAPHORES or not node.args:
            return
        width = _number(node.args[0], module)
        if width is None or width <= 10:
            return
        limit = _limit(module)
        if limit is None or width <= limit[0] or limit[0] <= 0:
            return
        yield Match(
            node,
            f"`{ast.unparse(node)}` lets {width} calls out where `{limit[1]}` has {limit[0]} connections: the rest wait inside"
            " the client.",
            confidence=Confidence.LIKELY,
            impact=Impact(
                summary=f"all but {limit[0]} of {width} calls at once wait for a connection instead of a slot",
                formula="calls at once − connections",
                assumptions={"calls": width, "connections": limit[0]},
            ),
        )


def _limit(module: Module) -> tuple[int, str] | None:
    """The only limit on connections that the file sets, or the default of the only client it makes."""
    if module not in _limits:
        _limits[module] = _only_limit(module)
    return _limits[module]


def _only_limit(module: Module) -> tuple[int, str] | None:
    told: list[tuple[int, str]] = []
    made: list[tuple[int, str]] = []
    for node in nodes_of(module.tree, ast.Call):
        name = module.qualified_name(node.func) or ""
        if name in _LIMITS:
            keyword, default = _LIMITS[name]
            given = next((each.value for each in node.keywords if each.arg == keyword), None)
            number = _number(given, module) if given is not None else default
            if number is None:
                return None
            told.append((number, ast.unparse(node.func)))
        elif name in _DEFAULTS:
            made.append((_DEFAULTS[name], ast.unparse(node.func)))
            if any(each.arg in (None, "limits", "connector", "transport") for each in node.keywords):
                made.pop()
    found = told or made
    return found[0] if len(found) == 1 else None


def _number(node: ast.expr, module: Module) -> int | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.Name):
        bindings = module.index.module.bindings.get(node.id, [])
        if len(bindings) == 1 and isinstance(bindings[0].value, ast.Constant):
            value = bindings[0].value.value
            return value if isinstance(value, int) else None
    return None
