from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import pool_estimates
from rules.engine.data import pools
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.spelling import last_name
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_CHECKS = frozenset({"pool_pre_ping", "poolclass", "pool"})
_SIZES = frozenset({"pool_size", "max_overflow", "poolclass", "pool", "creator", "async_creator"})
_USUAL = frozenset({"QueuePool", "AsyncAdaptedQueuePool", "FallbackAsyncAdaptedQueuePool"})
"""Classes of pools that engines have anyway, or are as they are: naming one tells nothing about dead connections."""


class PoolNotConfigured(Rule):
    """An engine with default settings has 15 connections, waits 30 seconds for one, and does not notice dead ones.

    SQLAlchemy's pool holds 5 connections and opens 10 more under load, per process; FastAPI runs 40 threads, or any
    number of tasks, in that process. Whoever comes sixteenth waits up to 30 seconds. A connection that the server or a
    firewall has closed meanwhile becomes an error 500 for the request that gets it.

    ## Instead
    Say what the pool holds and how it notices dead connections: `create_engine(url, pool_size=10,
    max_overflow=10, pool_timeout=5, pool_pre_ping=True, pool_recycle=1800)`. Size it by the formula: processes
    · (pool_size + max_overflow) stays below the server's `max_connections` (PostgreSQL: 100).

    ## Trade-offs
    `pool_pre_ping` costs one round trip for each checkout; `pool_recycle` alone costs none but only covers idle limits.

    ## Monitor
    Connections checked out, overflow in use, time spent waiting for a connection.

    ## When to ignore it
    Behind PgBouncer, and where a handful of requests run at once.
    """

    code = "FP606"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "connections checked out and time spent waiting for one"

    invalid = (
        Invalid(
            """
            engine = create_engine("postgresql+psycopg://db/shop")

            @app.get("/orders/count")
            def count() -> int:
                with Session(engine) as session:
                    return session.scalar(text("select count(*) from orders"))
            """
        ),
    )
    valid = (
        Valid(
            """
            engine = create_engine("postgresql+psycopg://db/shop", pool_size=10, pool_timeout=5, pool_pre_ping=True)

            @app.get("/orders/count")
            def count() -> int:
                with Session(engine) as session:
                    return session.scalar(text("select count(*) from orders"))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return pools.makes_engine(callee.name)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        engine = pools.engine(node, module)
        if engine is None or not module.project.routing.endpoints:
            return
        deployment = module.project.deployment
        if deployment.pooler or deployment.serverless:
            return
        name = spelled(node.func)
        if not engine.is_configured:
            yield Match(
                node,
                f"`{name}` leaves the pool at its defaults: 15 connections per process, 30 s wait for the sixteenth, and dead"
                " ones are handed out.",
                confidence=Confidence.POSSIBLE,
                impact=pool_estimates.not_configured(module.options),
            )
        elif not {"pool_pre_ping", "pool_recycle", "poolclass", "pool"} & _telling(engine):
            yield Match(
                node,
                f"`{name}` has neither `pool_pre_ping` nor `pool_recycle`: a connection that the server closed becomes an"
                " error for the next request.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,
                instead="Add `pool_pre_ping=True` to the engine, or `pool_recycle` below the shortest idle limit on the way.",
            )
        elif not _SIZES & engine.given.keys() and _is_shared_by_many(engine, module):
            yield Match(
                node,
                f"`{name}` leaves the size of the pool at its default: 15 connections per process, and whoever comes sixteenth"
                " waits up to 30 s.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,
                impact=pool_estimates.not_configured(module.options),
                instead="Size it: `pool_size` and `max_overflow` together, times the number of processes, stay below the server's `max_connections`.",
            )
        elif {"pool_size", "max_overflow"} & engine.given.keys() and not _CHECKS & _telling(engine):
            yield Match(
                node,
                f"`{name}` recycles connections by age but has no `pool_pre_ping`: after a restart or failover of the server"
                " each of them becomes an error for the request that gets it.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,
                instead="Add `pool_pre_ping=True` to the engine: each checkout then tries its connection first.",
            )


def _telling(engine: pools.Engine) -> set[str]:
    """What an engine is given, without a class of pools that it would have anyway."""
    given = set(engine.given)
    named = engine.given.get("poolclass")
    if named is not None and last_name(named) in _USUAL:
        given.discard("poolclass")
    return given


def _is_shared_by_many(engine: pools.Engine, module: Module) -> bool:
    """Whether more requests may want a connection at once than there are: any number of tasks, or 40 worker threads."""
    return engine.is_async or any(pools.sync_endpoints_with_queries(module.project))
