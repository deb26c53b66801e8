from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.data.redis_calls import Command, command, may_command
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_WHOLE = {
    "smembers": "scard",
    "hgetall": "hlen",
    "hkeys": "hlen",
    "hvals": "hlen",
    "lrange": "llen",
    "zrange": "zcard",
    "keys": "dbsize",
}
_MEMBER = {"smembers": "sismember", "hkeys": "hexists", "hgetall": "hexists"}


class RedisKeysScan(Rule):
    """`KEYS` walks every key of the database in one step, and no other client is served meanwhile.

    Redis runs one command at a time. `KEYS pattern` looks at all keys, not only at those that match, so one request makes
    all workers and all other programs on that server wait; it grows with everything that is stored. Reading a whole
    set, hash or list only to count it, or to look for one member, moves all of it over the network.

    ## Instead
    Walk in small steps that let others in between: `scan_iter(match=pattern, count=1000)`. Better: keep the
    keys that belong together in a set or a hash, and ask for that. To count use `scard`, `hlen` or `llen`; to
    look for a member `sismember` or `hexists`.

    ## Trade-offs
    `SCAN` takes longer than `KEYS` for its own caller, may show a key twice, and misses keys that come while it walks.

    ## Monitor
    The slow log of the server (`SLOWLOG GET`); p99 of plain `GET` commands of other clients.

    ## When to ignore it
    In an administrator's endpoint on a database of a few hundred keys.
    """

    code = "FP306"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "Redis slow log, p99 of GET"
    imports = frozenset({"redis", "valkey", "aioredis", "arq"})

    invalid = (
        Invalid(
            """
            client = redis.asyncio.Redis()

            @app.delete("/sessions/{user_id}")
            async def log_out(user_id: int) -> int:
                names = await client.keys(f"session:{user_id}:*")
                return len(names)
            """,
            fixed="""
            client = redis.asyncio.Redis()

            @app.delete("/sessions/{user_id}")
            async def log_out(user_id: int) -> int:
                names = [key async for key in client.scan_iter(match=f"session:{user_id}:*", count=1000)]
                return len(names)
            """,
        ),
    )
    valid = (
        Valid(
            """
            client = redis.asyncio.Redis()

            @app.delete("/sessions/{user_id}")
            async def log_out(user_id: int) -> int:
                names = [key async for key in client.scan_iter(match=f"session:{user_id}:*", count=1000)]
                return len(names)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_command(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        sent = command(node, module)
        if sent is None or module.function_of(node) is None or not serves(node, module):
            return
        shown = spelled(node.func)
        if sent.name == "keys":
            yield Match(
                node,
                f"`{shown}` walks every key of the database in one step: all other clients of that server wait.",
                severity=self._severity(node, module),
                confidence=Confidence.CERTAIN if module.reached(node) else Confidence.POSSIBLE,
                fix=_fix(sent, module),
                impact=kept_estimates.keys_scanned(module.options),
            )
        elif sent.name in ("flushall", "flushdb") and module.in_request_path(node):
            yield Match(
                node,
                f"`{shown}` throws away the whole database in the path of a request: every cache of every program on it"
                " starts empty.",
                confidence=Confidence.LIKELY,
                severity=Severity.MEDIUM,
                instead="Delete the keys that belong to what changed: `unlink(*keys)`, or a version number in the keys.",
            )
        elif sent.name in _WHOLE and (instead := _better(sent, module)):
            yield Match(
                node,
                f"`{shown}` moves the whole collection over the network to learn one thing: `{instead}` answers it in the"
                " server.",
                severity=Severity.MEDIUM,
                instead=f"Let Redis answer it in one command, `{instead}`, and move nothing but the answer.",
            )

    def _severity(self, call: ast.Call, module: Module) -> Severity:
        return self.severity if module.in_request_path(call) else Severity.MEDIUM


def _better(sent: Command, module: Module) -> str:
    """The command that answers what is asked of a whole collection: its length, or whether something is in it."""
    node: ast.AST = sent.call
    parent = module.parent(node)
    if isinstance(parent, ast.Await):
        node, parent = parent, module.parent(parent)
    match parent:
        case ast.Call(func=ast.Name(id="len"), args=[only]) if only is node:
            if sent.name in ("lrange", "zrange") and not _is_whole(sent.call):
                return ""
            return _WHOLE[sent.name]
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[only]) if only is node:
            return _MEMBER.get(sent.name, "")
    return ""


def _is_whole(call: ast.Call) -> bool:
    return len(call.args) == 3 and ast.unparse(call.args[1]) == "0" and ast.unparse(call.args[2]) == "-1"


def _fix(sent: Command, module: Module) -> Fix | None:
    if len(sent.call.args) != 1 or sent.call.keywords or isinstance(sent.call.args[0], ast.Starred):
        return None
    if not sent.is_async:
        return Fix(_listed, safety=Safety.UNSAFE)
    parent = module.parent(sent.call)
    return Fix(_walked, target=parent, safety=Safety.UNSAFE) if isinstance(parent, ast.Await) else None


def _scanned(call: cst.Call) -> cst.Call | None:
    import libcst as cst

    if not isinstance(call.func, cst.Attribute):
        return None
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return cst.Call(
        call.func.with_changes(attr=cst.Name("scan_iter")),
        [
            cst.Arg(call.args[0].value, keyword=cst.Name("match"), equal=tight, comma=comma),
            cst.Arg(cst.Integer("1000"), keyword=cst.Name("count"), equal=tight),
        ],
    )


def _listed(call: cst.Call) -> cst.BaseExpression:
    import libcst as cst

    scan = _scanned(call)
    return call if scan is None else cst.Call(cst.Name("list"), [cst.Arg(scan)])


def _walked(node: cst.Await) -> cst.BaseExpression:
    import libcst as cst

    scan = _scanned(node.expression) if isinstance(node.expression, cst.Call) else None
    if scan is None:
        return node
    return cst.ListComp(
        cst.Name("key"),
        cst.CompFor(cst.Name("key"), scan, asynchronous=cst.Asynchronous()),
        lpar=node.lpar,
        rpar=node.rpar,
    )
