"""How much traffic an endpoint can take, and what gives out first: a model of closed formulas.

Each resource that a request occupies allows so many requests per second: `units / time held`. The smallest
is the endpoint's ceiling. The model knows the processor, the event loop, worker threads, the database pool and
the database's connection limit; everything it does not know of the service is an assumption that it names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import msgspec

from rules import libraries
from rules.engine import estimates
from rules.engine.finding import Cost, Effort, Endpoint, Options
from rules.libraries import Kind

POOL = 15
"""Connections of SQLAlchemy's default pool, overflow included."""
MAX_CONNECTIONS = 100
"""What PostgreSQL allows by default."""
REDIS_MS = 0.5
# Processor time, milliseconds: of FastAPI itself per request; of the way to a thread and back; per statement through an ORM;
# per outgoing HTTP call. `make bench-scale` holds what comes of them against a service under load.
REQUEST_CPU_MS = 0.12
THREAD_CPU_MS = 0.12
QUERY_CPU_MS = 0.4
HTTP_CPU_MS = 0.27
ROW_CPU_MS = 0.02
STATEMENT_MS = 0.5
"""What the database itself works on a small statement."""
SLEEP_MS = 500.0
FAR = 8.0
"""A load so many times beyond a limit is no matter of more workers or connections."""
LOADS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Shares of a ceiling at which a curve of load against response time is told."""
BUSY = 0.8
"""The share of a resource above which waiting times grow out of hand."""

_SUPERSCRIPTS = {"⁰": 0, "¹": 1, "²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6}
_TERM = re.compile(r"(\d+(?:\.\d+)?)?\s*([A-Za-z][A-Za-z0-9_]*)?([⁰¹²³⁴⁵⁶])?")


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One resource, and the requests per second at which it is used up; over all workers."""

    resource: str
    rps: float
    formula: str
    change: str
    """What raises it."""
    effort: Effort
    less: str = ""
    """What remains to be done where so much is missing that more machines do not make up for it."""

    def missing(self, rps: float) -> float:
        """How many times more it has to take for that load, with a fifth in reserve."""
        return rps / (self.rps * BUSY)

    def advice(self, rps: float) -> str:
        """What to change for that load."""
        return self.less if self.less and self.missing(rps) > FAR else self.change


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What one endpoint by itself can take. `limits` are sorted, the first saturates first."""

    method: str
    path: str
    file: str
    line: int
    response_ms: float
    """Of a single request on an idle service."""
    limits: tuple[Limit, ...]
    assumptions: dict[str, float]
    work: str = ""
    """What one request does, in words: `statements 2 + N = 102`."""

    @property
    def ceiling(self) -> float:
        """Requests per second over all workers."""
        return self.limits[0].rps

    def below(self, rps: float) -> tuple[Limit, ...]:
        """What would be used beyond four fifths at that load, worst first."""
        return tuple(limit for limit in self.limits if limit.rps * BUSY < rps)

    def loads(self) -> tuple[tuple[float, float], ...]:
        """Requests per second with their response time, from a tenth of the ceiling to close below it."""
        return tuple((used * self.ceiling, self.latency_ms(used * self.ceiling)) for used in LOADS)

    def latency_ms(self, rps: float) -> float:
        """Response time at a load, as queueing at the first limit has it; infinite at the ceiling and above."""
        used = rps / self.ceiling
        return math.inf if used >= 1 else self.response_ms / (1 - used)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the service runs on: from `[tool.fastperf.context]` and the deployment's files, else assumed."""

    workers: int = 1
    cpus: int = 0
    """Cores the workers share; 0: one for each worker."""
    threads: int = estimates.THREADS
    pool: int = POOL
    db_ms: float = estimates.DB_ROUND_TRIP_MS
    http_ms: float = estimates.HTTP_LATENCY_MS
    redis_ms: float = REDIS_MS
    rows: int = estimates.ROWS
    max_connections: int = MAX_CONNECTIONS
    known: frozenset[str] = frozenset()
    """Names that somebody told; the others are assumed."""

    @classmethod
    def of(cls, options: Options, *, workers: int | None = None) -> Site:
        """`workers` is what the deployment's files say."""
        context = options.context

        def number(key: str, default: float) -> float:
            return estimates.assumption(options, key, default)

        # No overflow at all is a value too.
        overflow = 0.0 if context.get("max_overflow") == 0 else number("max_overflow", 10)
        pool = int(number("pool_size", 5) + overflow)
        known = set(context)
        if workers is not None and "workers" not in context:
            known.add("workers")
        rows = number("page_size", number("rows", estimates.ROWS))
        return cls(
            workers=max(1, int(number("workers", workers or 1))),
            cpus=int(number("cpus", 0)),
            threads=max(1, int(number("threads", estimates.THREADS))),
            pool=max(1, pool),
            db_ms=number("db_round_trip_ms", estimates.DB_ROUND_TRIP_MS),
            http_ms=number("http_latency_ms", estimates.HTTP_LATENCY_MS),
            redis_ms=number("redis_round_trip_ms", REDIS_MS),
            rows=max(1, int(rows)),
            known=frozenset(known),
        )


def capacities(endpoints: Iterable[Endpoint], site: Site) -> list[Capacity]:
    """Every endpoint, the tightest first."""
    found = [capacity(endpoint, site) for endpoint in endpoints]
    return sorted(found, key=lambda entry: (entry.ceiling, entry.path, entry.method))


def capacity(endpoint: Endpoint, site: Site) -> Capacity:
    """What one endpoint can take. Times are in milliseconds."""
    cost = endpoint.cost
    queries = evaluate(cost.queries, site.rows)
    calls = evaluate(cost.external_calls, site.rows)
    waiting = queries * (site.db_ms + STATEMENT_MS) + calls * site.http_ms
    cpu = REQUEST_CPU_MS + queries * QUERY_CPU_MS + calls * HTTP_CPU_MS
    if endpoint.runs_on == "thread":
        cpu += THREAD_CPU_MS
    if cost.unbounded:
        cpu += site.rows * ROW_CPU_MS
    blocked = sum(blocked_ms(name, cost, site) for name in cost.blocking)
    burnt = sum(burnt_ms(name) for name in cost.blocking)
    response = waiting + cpu + max(0.0, blocked - _counted_already(cost, queries, calls, site))
    cores = min(site.workers, site.cpus) if site.cpus else site.workers
    limits = [
        Limit(
            resource="processor",
            rps=_rate(cores, cpu + burnt),
            formula=f"{_plural(cores, 'core')} / {_ms(cpu + burnt)} of processor time per request",
            change="more workers, each with a core; or less work per request",
            effort=Effort.HOURS,
            less="less work per request",
        )
    ]
    if blocked and endpoint.runs_on == "loop":
        limits.append(
            Limit(
                resource="event loop",
                rps=_rate(site.workers, blocked + cpu),
                formula=f"{_plural(site.workers, 'event loop')} / {_ms(blocked + cpu)} blocked per request",
                change=f"take {', '.join(cost.blocking[:3])} off the event loop",
                effort=Effort.MINUTES,
            )
        )
    if endpoint.runs_on == "thread":
        limits.append(
            Limit(
                resource="worker threads",
                rps=_rate(site.workers * site.threads, response),
                formula=f"{site.workers} · {site.threads} threads / {_ms(response)} per request",
                change="an asynchronous client or driver, fewer round trips, or more thread tokens",
                effort=Effort.HOURS,
            )
        )
    if queries:
        held = max(waiting + cpu, 1e-9)
        limits.append(
            Limit(
                resource="database pool",
                rps=_rate(site.workers * site.pool, held),
                formula=f"{site.workers} · {site.pool} connections / {_ms(held)} held per request",
                change=(
                    "give the connection back before calling out"
                    if calls
                    else "fewer statements per request, or a larger pool"
                ),
                effort=Effort.HOURS if calls else Effort.MINUTES,
                less="" if calls else "fewer statements per request",
            )
        )
        if site.workers * site.pool > site.max_connections:
            limits.append(
                Limit(
                    resource="database limit",
                    rps=_rate(site.max_connections, held),
                    formula=f"{site.max_connections} connections / {_ms(held)} held per request",
                    change="a smaller pool per worker, or a pooler such as PgBouncer",
                    effort=Effort.HOURS,
                )
            )
    limits.sort(key=lambda limit: limit.rps)
    return Capacity(
        method=endpoint.method,
        path=endpoint.path,
        file=endpoint.file,
        line=endpoint.line,
        response_ms=response,
        limits=tuple(limits),
        assumptions=_assumptions(site, queries, calls),
        work=", ".join(
            _worked_out(name, polynomial, value)
            for name, polynomial, value in (
                ("statements", cost.queries, queries),
                ("calls to other services", cost.external_calls, calls),
            )
            if value
        ),
    )


def _worked_out(name: str, polynomial: str, value: float) -> str:
    known = polynomial.replace(" ", "").isdigit()
    return f"{name} {polynomial}" if known else f"{name} {polynomial} = {estimates.number(value)}"


def evaluate(polynomial: str, size: int) -> float:
    """`2 + 3N²` with every loop size as `size`; 0 for what cannot be read."""
    total = 0.0
    for term in polynomial.replace("·", " ").split("+"):
        product, seen = 1.0, False
        for number, name, power in _TERM.findall(term.strip()):
            if number:
                product, seen = product * float(number), True
            if name:
                product, seen = product * float(size) ** _SUPERSCRIPTS.get(power, 1), True
        total += product if seen else 0.0
    return total


def blocked_ms(name: str, cost: Cost, site: Site) -> float:
    """How long one request keeps the event loop in the named call."""
    known = libraries.blocking(name)
    if known is None:
        return site.http_ms
    if known.seconds is not None:
        return known.seconds * 1000
    match known.kind:
        case Kind.DB:
            return max(1.0, evaluate(cost.queries, site.rows)) * (site.db_ms + STATEMENT_MS)
        case Kind.NET:
            return max(1.0, evaluate(cost.external_calls, site.rows)) * site.http_ms
        case Kind.SLEEP:
            return SLEEP_MS
        case Kind.CPU:
            return 50.0
        case Kind.DISK:
            return 1.0
    return site.http_ms


def burnt_ms(name: str) -> float:
    """Processor time of the named call."""
    known = libraries.blocking(name)
    if known is None or known.kind is not Kind.CPU:
        return 0.0
    return known.seconds * 1000 if known.seconds is not None else 50.0


def _counted_already(cost: Cost, queries: float, calls: float, site: Site) -> float:
    """The part of the blocked time that the waits of queries and calls hold too."""
    shared = 0.0
    for name in cost.blocking:
        known = libraries.blocking(name)
        if known is not None and known.kind is Kind.DB and queries:
            shared += queries * (site.db_ms + STATEMENT_MS)
        elif (known is None or known.kind is Kind.NET) and calls:
            shared += calls * site.http_ms
    return shared


def _rate(units: float, milliseconds: float) -> float:
    return units * 1000 / max(milliseconds, 1e-6)


def _plural(count: float, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _ms(milliseconds: float) -> str:
    return f"{estimates.number(milliseconds)} ms"


def _assumptions(site: Site, queries: float, calls: float) -> dict[str, float]:
    """What the figures rest on and nobody told."""
    used: Mapping[str, float] = {
        "workers": site.workers,
        **({"db_round_trip_ms": site.db_ms, "pool_size": site.pool, "rows": site.rows} if queries else {}),
        **({"http_latency_ms": site.http_ms} if calls else {}),
    }
    return {key: value for key, value in used.items() if key not in site.known}
