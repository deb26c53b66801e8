from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rules.engine.finding import Impact
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class _Driver(NamedTuple):
    """Why a driver is left behind, and what took its place."""

    why: str
    instead: str
    cost: str = ""
    needs: tuple[str, tuple[int, ...]] | None = None
    """The distribution and version that bring the successor, when they are not a matter of course."""


_MOTOR = _Driver(
    "is deprecated since May 2026, and runs each operation in a thread",
    "Use `pymongo.AsyncMongoClient`: the same methods, on the event loop itself.",
    "one thread hop, 0.05–0.2 ms, less per operation; no limit by the driver's thread pool",
    ("pymongo", (4, 13)),
)
_DATABASES = _Driver(
    "has had no release since March 2024",
    "Use SQLAlchemy's `create_async_engine` and `AsyncSession`.",
)
_AIOREDIS = _Driver(
    "lives on as `redis.asyncio` only",
    "Use `redis.asyncio` of redis-py: the same methods, with time limits and retries by default from version 8.",
)
_DRIVERS = {
    "motor.motor_asyncio.AsyncIOMotorClient": _MOTOR,
    "databases.Database": _DATABASES,
    "aioredis.from_url": _AIOREDIS,
    "aioredis.Redis": _AIOREDIS,
    "aioredis.Redis.from_url": _AIOREDIS,
    "aioredis.create_redis_pool": _AIOREDIS,
    "aioredis.create_redis": _AIOREDIS,
    "aioredis.ConnectionPool.from_url": _AIOREDIS,
}
_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in _DRIVERS)

_ASKING = ("fetch_all", "fetch_one", "fetch_val", "iterate", "execute", "execute_many")


class AbandonedDriver(Rule):
    """A database driver that nobody maintains any more gets neither faster nor safer.

    Its successor is the work of the same people or the established choice, and close to it in use. The longer the
    change waits, the more code depends on the old one.

    ## Instead
    Move to what is kept up: `pymongo.AsyncMongoClient` for motor, SQLAlchemy's `AsyncSession` for databases,
    `redis.asyncio` for aioredis.

    ## Trade-offs
    Method names are the same for motor and aioredis; databases has its own, so each query is rewritten.

    ## Monitor
    Worker threads of the process and event-loop lag, before and after.

    ## When to ignore it
    When the service is about to be retired.
    """

    code = "FP229"
    severity = Severity.LOW
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "worker threads of the process and p95 of database operations"

    invalid = (
        Invalid(
            """
            from motor.motor_asyncio import AsyncIOMotorClient

            client = AsyncIOMotorClient("mongodb://shop")
            """
        ),
    )
    valid = (
        Valid(
            """
            from pymongo import AsyncMongoClient

            client = AsyncMongoClient("mongodb://shop")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _DRIVERS or callee.spelled in _LAST_NAMES or not callee.is_method

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = _made(node, module)
        driver = _DRIVERS.get(name)
        if driver is None or not serves(node, module):
            return
        if driver.needs is not None:
            distribution, version = driver.needs
            declared = module.version(distribution)
            if declared is not None and declared < version:
                return
        if any(
            (each.lineno, each.col_offset) < (node.lineno, node.col_offset) for each in _all(driver, module)
        ):
            return  # one reason to change, said once in a file
        is_idle = driver is _DATABASES and not _is_asked(module)
        yield Match(
            node,
            f"`{name.partition('.')[0]}` {driver.why}.",
            confidence=Confidence.POSSIBLE if is_idle else Confidence.CERTAIN,
            instead=driver.instead,
            impact=Impact(summary=driver.cost, assumptions={"driver": name.partition(".")[0]})
            if driver.cost
            else None,
        )


def _made(call: ast.Call, module: Module) -> str:
    """What a call makes, as imported: aioredis is redis to the engine."""
    name = module.index.known_ref(call.func)
    if name is None:
        name = module.index.ref(call.func, module.index.scope_at(call))
    return name if name in _DRIVERS else module.qualified_name(call.func) or ""


def _all(driver: _Driver, module: Module) -> list[ast.Call]:
    """All calls of a file that make a client of the driver for the service."""
    return [
        call
        for call in walk(module.tree)
        if isinstance(call, ast.Call)
        and last_name(call.func) in _LAST_NAMES
        and _DRIVERS.get(_made(call, module)) is driver
        and serves(call, module)
    ]


def _is_asked(module: Module) -> bool:
    """Whether some file names what a database of `databases` is asked by: one that is only connected is no reason to change."""
    return any(is_named_in(module.project, module.project.resolver.modules, each) for each in _ASKING)
