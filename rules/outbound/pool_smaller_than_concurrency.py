from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine import pools
from rules.engine.rule import Confidence, Effort, Hop, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.callees import Callee
    from rules.engine.module import Module
    from rules.engine.pools import Engine

_THREADS = 40
_SEVERAL = 2
"""Endpoints; fewer are hardly asked for by a dozen clients at once."""
_MAX_CONNECTIONS = 100
"""PostgreSQL's own default."""


class PoolSmallerThanConcurrency(Rule):
    """A pool smaller than what asks it makes requests wait for a connection; pools larger than the server allows fail outright.

    FastAPI runs `def` endpoints in 40 threads per process. When each holds a connection and the pool has 15, 25 of them wait,
    up to `pool_timeout`, and then fail. The other way round every process has a pool of its own: workers times pool size
    above the server's `max_connections` means refused connections under load.

    ## Instead
    Per process `pool_size + max_overflow` near the number of requests that really query at once; for all processes
    together below `max_connections`. If both cannot hold, limit the threads or put PgBouncer in between.

    ## Trade-offs
    Each PostgreSQL connection costs the server 5 to 10 MB.

    ## Monitor
    Time spent waiting for a connection, `QueuePool limit` errors, connections of the server.

    ## When to ignore it
    When few requests run at once, or most of them do not touch the database.
    """

    code = "FP607"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "time spent waiting for a connection"

    invalid = (
        Invalid(
            """
            engine = create_engine("postgresql+psycopg://db/shop", pool_size=5, max_overflow=0, pool_pre_ping=True)

            def get_session() -> Iterator[Session]:
                with Session(engine) as session:
                    yield session

            @app.get("/orders/count")
            def count(session: Session = Depends(get_session)) -> int:
                return session.scalar(text("select count(*) from orders"))
            """
        ),
    )
    valid = (
        Valid(
            """
            engine = create_engine("postgresql+psycopg://db/shop", pool_size=20, max_overflow=20, pool_pre_ping=True)

            def get_session() -> Iterator[Session]:
                with Session(engine) as session:
                    yield session

            @app.get("/orders/count")
            def count(session: Session = Depends(get_session)) -> int:
                return session.scalar(text("select count(*) from orders"))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return pools.makes_engine(callee.name)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        engine = pools.engine(node, module)
        if engine is None or {"poolclass", "pool", "creator"} & engine.given.keys():
            return
        size = engine.number("pool_size", pools.DEFAULT_SIZE)
        overflow = engine.number("max_overflow", pools.DEFAULT_OVERFLOW)
        if size is None or overflow is None or overflow < 0 or size <= 0:
            return
        total = size + overflow
        yield from self._too_large(engine, total, module)
        if not {"pool_size", "max_overflow"} & engine.given.keys():
            return  # said as a pool that is not configured
        endpoints = [] if engine.is_async else list(pools.sync_endpoints_with_queries(module.project))
        if endpoints and total < _THREADS // 2:
            yield Match(
                node,
                f"`pool_size={size}` and `max_overflow={overflow}` give {total} connections to {_THREADS} threads: of more than"
                f" {total} requests at once to the {len(endpoints)} `def` endpoints that query, the others wait.",
                confidence=Confidence.LIKELY if len(endpoints) >= _SEVERAL else Confidence.POSSIBLE,
                impact=Impact(
                    summary=f"at 20 ms per query at most {total * 50} queries/s per process; with {_THREADS} requests at once"
                    f" all but {total} wait",
                    formula="(pool_size + max_overflow) / query time; wait ≈ (threads − pool)/pool · query time",
                    assumptions={"threads": _THREADS, "connections": total, "query_ms": 20},
                    measured=True,
                ),
            )

    def _too_large(self, engine: Engine, total: int, module: Module) -> Iterator[Match]:
        deployment = module.project.deployment
        if deployment.pooler:
            return
        for command in deployment.production:
            workers = deployment.workers(command)
            number = workers.number if workers is not None else None
            if workers is None or number is None or number * total <= _MAX_CONNECTIONS:
                continue
            yield Match(
                engine.call,
                f"{number} workers with {total} connections each may open {number * total}: more than the"
                f" {_MAX_CONNECTIONS} that PostgreSQL allows by default.",
                confidence=Confidence.LIKELY,
                related=(Hop(workers.path, workers.line, workers.name),),
                impact=Impact(
                    summary=f"{number} workers with {total} connections each: up to {number * total} under load; the server refuses those above"
                    f" {_MAX_CONNECTIONS}",
                    formula="workers · (pool_size + max_overflow) ≤ max_connections",
                    assumptions={
                        "workers": number,
                        "connections": total,
                        "max_connections": _MAX_CONNECTIONS,
                    },
                ),
            )
            return
