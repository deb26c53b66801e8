from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data.redis_calls import command, may_command
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_GUARDS = (
    "lock",
    "nx=",
    "setnx",
    "jitter",
    "random",
    "semaphore",
    "single",
    "in_flight",
    "inflight",
    "stale",
)


class CacheStampede(Rule):
    """When a popular entry ends, every request that comes meanwhile computes it again, all at once.

    All of them see the miss before the first has written the answer. What the cache protects gets the whole load in that
    moment, every time the entry ends.

    ## Instead
    Let one compute: `SET lock:key 1 NX EX 10`, the others wait or serve the old value. Spread the ends: a lifetime of 300
    seconds plus some random ones. Or renew a popular entry shortly before it ends.

    ## Trade-offs
    A lock needs a lifetime of its own; serving the old value means older answers.

    ## Monitor
    Spikes of the origin's load at the rhythm of the lifetime.

    ## When to ignore it
    When few requests come for one entry, or computing it is cheap.
    """

    code = "FP308"
    severity = Severity.INFO
    effort = Effort.HOURS
    watch = "load of the origin at the rhythm of the lifetime"
    imports = frozenset({"redis", "valkey", "aioredis", "arq"})

    invalid = (
        Invalid(
            """
            client = redis.asyncio.Redis()

            @app.get("/report")
            async def report() -> str:
                found = await client.get("report")
                if found is None:
                    async with httpx.AsyncClient() as http:
                        found = (await http.get("https://reports.example")).text
                    await client.set("report", found, ex=300)
                return found
            """
        ),
    )
    valid = (
        Valid(
            """
            client = redis.asyncio.Redis()

            @app.get("/report")
            async def report() -> str:
                found = await client.get("report")
                if found is None:
                    async with client.lock("report:lock", timeout=10), httpx.AsyncClient() as http:
                        found = (await http.get("https://reports.example")).text
                    await client.set("report", found, ex=300)
                return found
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_command(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        sent = command(node, module)
        if sent is None or sent.name not in ("set", "setex") or not module.in_request_path(node):
            return
        if sent.name == "set" and not sent.has("ex", "px"):
            return
        function = module.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda) or sent.key is None:
            return
        text = module.segment(function.node).lower()
        if any(word in text for word in _GUARDS):
            return
        wanted = ast.dump(sent.key)
        calls = [each for each in walk(function.node) if isinstance(each, ast.Call)]
        reads = [
            each
            for each in calls
            if (other := command(each, module))
            and other.name == "get"
            and other.key
            and ast.dump(other.key) == wanted
        ]
        if not reads:
            return
        between = [each for each in calls if reads[0].lineno < each.lineno < node.lineno]
        if not any(_is_costly(each, module) for each in between):
            return
        yield Match(
            node,
            f"When `{module.segment(sent.key)}` ends, every request that comes before `{spelled(node.func)}` computes it again.",
            confidence=Confidence.POSSIBLE,
        )


def _is_costly(call: ast.Call, module: Module) -> bool:
    if module.external(call) is not None:
        return True
    summary = module.summary(call)
    return summary is not None and bool(summary.external)
