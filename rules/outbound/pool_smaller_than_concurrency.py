from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates, pool_estimates
from rules.engine.data import pools
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.data.pools import Engine
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class PoolSmallerThanConcurrency(Rule):
    """A pool smaller than what asks it makes requests wait for a connection; pools larger than the server allows fail outright.

    FastAPI runs `def` endpoints in 40 threads per process. When each holds a connection and the pool has 15, 25 of them wait,
    up to `pool_timeout`, and then fail. The other way round every process has a pool of its own: workers times pool size
    above the server's `max_connections` means refused connections under load.

    ## Instead
    Bring `pool_size + max_overflow` of a process near the number of requests that really query at once; for all
    processes together below `max_connections`. If both cannot hold, limit the threads or put PgBouncer in
    between.

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
        Invalid(
            """
            engine = create_engine("postgresql+psycopg://db/shop", pool_size=20, max_overflow=20, pool_pre_ping=True)
            """,
            documents={
                "Dockerfile": """
                FROM python:3.13
                CMD ["uvicorn", "app.main:app", "--workers", "4"]
                """
            },
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
        Valid(
            '''
            def database(url: str) -> Engine:
                """Of `sqlite:///shop.db`, or of `postgresql://db/shop` for whoever installs a driver."""
                return create_engine(url, pool_size=20, max_overflow=20)

            engine = database(os.environ["DATABASE_URL"])
            ''',
            documents={
                "Dockerfile": """
                FROM python:3.13
                CMD ["uvicorn", "app.main:app", "--workers", "4"]
                """,
                "requirements.txt": """
                fastapi
                sqlalchemy
                """,
            },
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
        threads = estimates.threads(module.options)
        if endpoints and total < threads // 2:
            yield Match(
                node,
                f"`pool_size={size}` and `max_overflow={overflow}` give {total} connections to {threads} threads: of more than"
                f" {total} requests at once to the {len(endpoints)} `def` endpoints that query, the others wait.",
                confidence=Confidence.POSSIBLE,  # which of them use this engine, and for how long, nobody sees
                impact=pool_estimates.fewer_than_threads(module.options, total),
            )

    def _too_large(self, engine: Engine, total: int, module: Module) -> Iterator[Match]:
        deployment = module.project.deployment
        if deployment.pooler:
            return
        allowed, whose = _allowed(module)
        for command in deployment.production:
            workers = deployment.workers(command)
            if workers is None or workers.number is None:
                continue
            number = round(estimates.assumption(module.options, "workers", workers.number))
            if number * total <= allowed:
                continue
            yield Match(
                engine.call,
                f"{number} workers with {total} connections each may open {number * total}: more than the"
                f" {allowed} that {whose}.",
                confidence=Confidence.LIKELY,
                related=(Hop(workers.path, workers.line, workers.name),),
                impact=pool_estimates.more_than_allowed(number, total, allowed),
            )
            return


def _allowed(module: Module) -> tuple[int, str]:
    """The connections that the database allows, and who says so."""
    allowed = round(estimates.assumption(module.options, "max_connections", pool_estimates.MAX_CONNECTIONS))
    told = "max_connections" in module.options.context
    return allowed, "the database allows" if told else "PostgreSQL allows by default"
