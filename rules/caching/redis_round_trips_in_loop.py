from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.data.per_item import is_doubtful
from rules.engine.data.redis_calls import Command, command, command_of_helper, may_command
from rules.engine.data.round_trips import short, way_to
from rules.engine.linking.values import Sort
from rules.engine.reading.loop_shapes import gone_over, is_batched, is_search, is_short, iterables, spelled
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode

_WAITS = frozenset(
    {
        "blpop",
        "brpop",
        "blmove",
        "brpoplpush",
        "bzpopmin",
        "bzpopmax",
        "xread",
        "xreadgroup",
        "publish",
        "ping",
    }
)
_MANY = {
    "get": "Read all of them in one round trip: `mget(keys)`.",
    "set": "Write all of them in one round trip: `mset({...})`, or a pipeline where the entries expire.",
    "delete": "Take all of them out in one command: `delete(*keys)`.",
    "unlink": "Take all of them out in one command: `unlink(*keys)`.",
    "exists": "Count them in one command, `exists(*keys)`; a pipeline says which there are.",
    "hget": "Read many fields of one hash in one command, `hmget(name, fields)`; for many hashes use a pipeline.",
    "hset": "Write many fields of one hash in one command, `hset(name, mapping={...})`; for many hashes use a pipeline.",
    "sadd": "Add all of them in one command: `sadd(name, *members)`.",
    "srem": "Remove all of them in one command: `srem(name, *members)`.",
    "lpush": "Push all of them in one command: `lpush(name, *values)`.",
    "rpush": "Push all of them in one command: `rpush(name, *values)`.",
    "zadd": "Add all of them in one command: `zadd(name, {member: score, ...})`.",
    "sismember": "Ask for all of them in one command: `smismember(name, members)`.",
}
_PIPELINE = "Send all of them in one round trip: `pipe = client.pipeline()`, queue each command in it, and run `pipe.execute()` once."
_READS = frozenset({"get", "type", "exists", "hget", "hgetall", "hexists", "ttl", "llen", "scard", "hlen"})
"""Of which a search could ask for all at once."""
_STARRED = frozenset({"delete", "unlink", "mget", "exists", "sadd", "srem", "lpush", "rpush"})

_TAKES_OUT = frozenset({"delete", "unlink", "expire"})
"""What follows a change of a few things: changes are fewer than readings."""


class RedisRoundTripsInLoop(Rule):
    """A Redis command per item of a loop pays a network round trip per item.

    The server answers each command in microseconds; nearly all of the time is the way there and back, once per item and
    one after another. A hundred items are a hundred ways.

    ## Instead
    Send many keys in one command (`mget`, `delete(*keys)`, `sadd(name, *members)`), or all commands in a
    pipeline: `async with client.pipeline(transaction=False) as pipe:`, queue the commands in the loop, `await
    pipe.execute()` once.

    ## Trade-offs
    All answers arrive together: send some hundred commands at a time. In a cluster `mget` needs keys of one slot. Do not
    use `gather` instead: it opens a connection per command and fails at the limit of the pool.

    ## Monitor
    Redis commands per request; the endpoint's p95 against the length of its list.

    ## When to ignore it
    When the loop is short by design.
    """

    code = "FP307"
    per_request = True
    paid_by_misses = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "Redis commands per request"
    imports = frozenset({"redis", "valkey", "aioredis", "arq"})

    invalid = (
        Invalid(
            """
            client = redis.asyncio.Redis()

            @app.get("/stock")
            async def stock(numbers: list[str]) -> list[str | None]:
                found = []
                for number in numbers:
                    found.append(await client.get(f"stock:{number}"))
                return found
            """
        ),
    )
    valid = (
        Valid(
            """
            client = redis.asyncio.Redis()

            @app.get("/stock")
            async def stock(numbers: list[str]) -> list[str | None]:
                return await client.mget([f"stock:{number}" for number in numbers])
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_command(callee) or callee.enters or callee.sort == Sort.FUNCTION

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        sent = command(node, module)
        if sent is None and module.is_repeated(node):
            yield from self._through_helper(node, module)
        if sent is None or sent.name in _WAITS or not serves(node, module):
            return
        loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
        loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
        searches = loop is not None and _leaves_at_once(loop)
        if loop is None or _takes_many(sent) or (searches and sent.name not in _READS):
            return
        if _are_few(loops, module):
            return
        if _first_in(loop, module) is not node:
            return  # one loop is one finding
        source = gone_over(loop, module.segment)
        doubtful = is_doubtful(loop, module) or _fills_module(loop, module)
        seldom = is_seldom(node, module)
        sweeps = _sweeps(sent, loop) or (seldom and sent.name in _TAKES_OUT)
        yield Match(
            node,
            f"`{spelled(node.func)}` runs once per item of `{source}`: one round trip to Redis each.",
            severity=Severity.LOW
            if searches
            else self.severity
            if module.in_request_path(node) and not seldom and sent.name not in _TAKES_OUT
            else Severity.MEDIUM,
            confidence=Confidence.POSSIBLE if doubtful or sweeps or searches else Confidence.CERTAIN,
            when_new=Confidence.LIKELY if sweeps and not doubtful and module.in_request_path(node) else None,
            impact=kept_estimates.redis_in_loop(module.options),
            instead=_MANY.get(sent.name, _PIPELINE),
        )

    def _through_helper(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`await view_of(number)` for each of many numbers, where `view_of` reads one key."""
        loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
        loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
        if loop is None or _leaves_at_once(loop) or not module.in_request_path(node):
            return
        leaf = command_of_helper(node, module)
        name = leaf.callable.rpartition(".")[2] if leaf is not None else ""
        if leaf is None or name not in _READS or _are_few(loops, module) or is_seldom(node, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` runs once per item of `{gone_over(loop, module.segment)}` and each time"
            f" reaches `{short(leaf)}`: one round trip to Redis each.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,
            when_new=None if is_doubtful(loop, module) else Confidence.LIKELY,
            call_path=way_to(node, leaf, module),
            impact=kept_estimates.redis_in_loop(module.options),
            instead=_MANY.get(name, _PIPELINE),
        )


def _are_few(loops: Sequence[LoopNode], module: Module) -> bool:
    """Whether one of the loops is known to be short, goes over constants or batches, or ends with what it looks for."""
    return any(
        module.is_short(each)
        or is_short(each, module.qualified_name)
        or is_batched(each)
        or is_search(each)
        or _over_constant(each)
        for each in loops
    )


def _sweeps(sent: Command, loop: ast.AST) -> bool:
    """`async for key in redis.scan_iter(…): await redis.delete(key)`: a clean-up, which hardly anybody runs per
    request: worth a word while it is written, and none later."""
    return sent.name in _TAKES_OUT and any(
        isinstance(iterable, ast.Call)
        and last_name(iterable.func) in ("scan_iter", "hscan_iter", "sscan_iter")
        for iterable in iterables(loop)
    )


def _fills_module(loop: ast.AST, module: Module) -> bool:
    """`RATES[name] = await redis.get(name)` of a dictionary of the module: loaded now and then, and kept."""
    kept = {
        target.id
        for statement in module.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in kept
        for node in walk(loop)
    )


def _over_constant(loop: ast.AST) -> bool:
    """`for priority in range(len(Priority))`."""
    for iterable in iterables(loop):
        match iterable:
            case ast.Call(
                func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)])]
            ):
                return name[:1].isupper()
    return False


def _first_in(loop: ast.AST, module: Module) -> ast.Call | None:
    """The first command of the loop that goes out once per turn."""
    found = [
        sent.call
        for node in walk(loop)
        if (sent := command(node, module)) is not None
        and sent.name not in _WAITS
        and not _takes_many(sent)
        and module.depends_on_loop(sent.call, loop)
        and module.loops(sent.call)[-1:] == [loop]
    ]
    return min(found, key=lambda call: (call.lineno, call.col_offset), default=None)


def _takes_many(sent: Command) -> bool:
    return sent.name in _STARRED and any(isinstance(argument, ast.Starred) for argument in sent.call.args)


def _leaves_at_once(loop: ast.AST) -> bool:
    """Whether the loop may end early, at its first success: one that reads could have read all at once before."""
    if not isinstance(loop, ast.For | ast.AsyncFor):
        return False
    stack: list[ast.AST] = list(loop.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Break | ast.Return):
            return True
        if not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.For | ast.AsyncFor | ast.While
        ):
            stack.extend(ast.iter_child_nodes(node))
    return False
