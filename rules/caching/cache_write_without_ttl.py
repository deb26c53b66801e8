from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.data.redis_calls import Command, command, is_meant_to_stay
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.kept_answers import Said
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.memoised import is_method, memos, own_arguments
from rules.engine.service.traffic import is_aside

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.facts import ModuleFacts

_WRITES = frozenset({"set", "hset", "mset", "lpush", "rpush"})
_READS = frozenset({"get", "hget", "hgetall", "hmget", "exists", "mget", "lrange"})
_EXPIRES = frozenset({"expire", "pexpire", "expireat", "pexpireat", "setex", "psetex", "delete", "unlink"})
_LIFETIME = ("ex", "px", "exat", "pxat", "keepttl", "nx", "xx", "get")


class CacheWriteWithoutTtl(Rule):
    """A cached answer without an expiry stays in Redis for ever: out of date, and one more key.

    Nothing takes it out unless someone remembers to. The memory of the server grows with every key ever asked for, until
    it evicts by its own rules or refuses writes; and whoever reads the entry gets what was true when it was written.

    ## Instead
    Write with a lifetime: `set(key, value, ex=300)`. Choose it by how old an answer may be.

    ## Trade-offs
    After the lifetime one request pays for the answer again. Add some randomness when many entries are written at
    once, so that they do not all end together.

    ## Monitor
    `used_memory` and `evicted_keys` of the server; number of keys without expiry (`INFO keyspace`).

    ## When to ignore it
    When the entry is no cache but the place where the data lives, or every write of the data deletes it.
    """

    code = "FP304"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "Redis memory and evictions"

    invalid = (
        Invalid(
            """
            client = redis.asyncio.Redis()

            @app.get("/rates/{day}")
            async def rates(day: str) -> str:
                cached = await client.get(f"rates:{day}")
                if cached is None:
                    cached = await load_all(day)
                    await client.set(f"rates:{day}", cached)
                return cached

            async def load_all(day: str) -> str: ...
            """,
            fixed="""
            client = redis.asyncio.Redis()

            @app.get("/rates/{day}")
            async def rates(day: str) -> str:
                cached = await client.get(f"rates:{day}")
                if cached is None:
                    cached = await load_all(day)
                    await client.set(f"rates:{day}", cached, ex=300)
                return cached

            async def load_all(day: str) -> str: ...
            """,
        ),
    )
    valid = (
        Valid(
            """
            client = redis.asyncio.Redis()

            @app.get("/rates/{day}")
            async def rates(day: str) -> str:
                cached = await client.get(f"rates:{day}")
                if cached is None:
                    cached = await load_all(day)
                    await client.set(f"rates:{day}", cached, ex=3600)
                return cached

            async def load_all(day: str) -> str: ...
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        query = callee.meaning.query
        return callee.is_method and query is not None and query.driver == "redis"

    def check(
        self, node: ast.Call | ast.FunctionDef | ast.AsyncFunctionDef, module: Module
    ) -> Iterator[Match]:
        if not isinstance(node, ast.Call):
            yield from self._decorated(node, module)
            return
        sent = command(node, module)
        if sent is None or sent.name not in _WRITES or sent.has(*_LIFETIME) or not serves(node, module):
            return
        key = sent.key
        if key is None or (sent.name == "set" and len(node.args) > 2) or is_meant_to_stay(key, module):
            return
        if not _is_cache_aside(sent, key, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` keeps a cached answer for ever: it is never renewed, and Redis keeps every key that was"
            " ever asked for.",
            confidence=Confidence.POSSIBLE,  # a state that is meant to stay is written in the same way
            fix=Fix(with_keyword("ex", "300"), safety=Safety.UNSAFE) if sent.name == "set" else None,
            impact=kept_estimates.growing(module.options),
            instead=""
            if sent.name == "set"
            else f"Give the key a lifetime in the same pipeline: `expire({module.segment(key)}, 300)`.",
        )

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        for memo in memos(node, module):
            if memo.memoiser.name not in (
                "aiocache.cached",
                "aiocache.cached_stampede",
                "aiocache.multi_cached",
            ):
                continue
            call = memo.call
            if memo.expires or (
                call is not None
                and (len(call.args) > 0 or any(each.arg in ("alias", None) for each in call.keywords))
            ):
                continue
            if not own_arguments(node, method=is_method(node, module)) or node.name in _emptied(
                module.project
            ):
                continue  # one entry, or one that somebody takes out
            yield Match(
                memo.node,
                f"`{spelled(call.func if call else memo.node)}` without `ttl` keeps each result of `{node.name}` for ever.",
                confidence=Confidence.POSSIBLE if is_aside(module.path) else Confidence.LIKELY,
                fix=Fix(with_keyword("ttl", "300"), safety=Safety.UNSAFE) if call is not None else None,
                impact=kept_estimates.growing(module.options),
                instead="Give the decorator a lifetime, `ttl=300`: as long as an answer may be old.",
            )


def _emptied_in(path: str, found: ModuleFacts) -> list[str]:
    return [
        re.split(r"[.@>]", call.ref)[-3]
        for function in found.functions
        for call in function.calls
        if call.ref.endswith((".cache.clear", ".cache.delete"))
    ]


_emptied = Said(_emptied_in)
"""The names of functions out of whose caches some call of the project takes entries."""


def _is_cache_aside(sent: Command, key: ast.expr, module: Module) -> bool:
    """Whether the function reads the same key before and writes what it found out where nothing was kept, and neither
    gives it a lifetime, in whichever arm, nor deletes it."""
    function = module.function_of(sent.call)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    wanted = ast.dump(key)
    reads: list[ast.Call] = []
    for node in walk(function.node):
        other = command(node, module) if node is not sent.call else None
        if other is None:
            if isinstance(node, ast.Attribute) and node.attr in _EXPIRES:
                return False
            continue
        if other.name in _EXPIRES or other.has(*_LIFETIME):
            return False
        if (
            other.name in _READS
            and other.key is not None
            and ast.dump(other.key) == wanted
            and other.call.lineno < sent.call.lineno
        ):
            reads.append(other.call)
    return any(_fills_miss(read, sent.call, function.node, module) for read in reads)


def _fills_miss(read: ast.Call, written: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether `written` only happens where `read` gave nothing: under `if found is None:`, or after `if found: return found`.

    What is written after reading in any case is the state of something, changed."""
    statement = module.statement(read)
    names = {
        target.id
        for target in (statement.targets if isinstance(statement, ast.Assign) else ())
        if isinstance(target, ast.Name)
    }
    for node in walk(function):
        if not isinstance(node, ast.If):
            continue
        asks = any(
            inner is read or (isinstance(inner, ast.Name) and inner.id in names) for inner in walk(node.test)
        )
        if not asks:
            continue
        if any(inner is written for part in (*node.body, *node.orelse) for inner in walk(part)):
            return True
        if node.lineno < written.lineno and any(
            isinstance(inner, ast.Return) for part in node.body for inner in walk(part)
        ):
            return True
    return False
