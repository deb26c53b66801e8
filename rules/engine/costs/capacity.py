"""How much traffic an endpoint can take, and what gives out first: a model of closed formulas.

Each resource that a request occupies allows so many requests per second: `units / time held`. The smallest
is the endpoint's ceiling. The model knows the processor, the event loop, worker threads, the database pool and
the database's connection limit; everything it does not know of the service is an assumption that it names.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.costs.pool_estimates import MAX_CONNECTIONS
from rules.engine.costs.waiting import (
    COMPUTED,
    COMPUTING_MS,
    CPU,
    DB,
    DISK,
    HOPS,
    HTTP,
    REDIS,
    SLEPT,
    STORE,
    WAIT,
)
from rules.engine.finding import Cost, Effort, Endpoint, Holding, Occupancy, Options
from rules.engine.linking.deployment import Deployment
from rules.engine.reading.regexes import regex
from rules.libraries import Kind

POOL = 15
"""Connections of SQLAlchemy's default pool, overflow included."""
# Processor time, milliseconds: of FastAPI itself per request; of the way to a thread and back; per statement through an ORM;
# per outgoing HTTP call. `make bench-scale` holds what comes of them against a service under load.
REQUEST_CPU_MS = 0.12
THREAD_CPU_MS = 0.12
QUERY_CPU_MS = 0.4
HTTP_CPU_MS = 0.27
ROW_CPU_MS = 0.02
_CPU_MS: Mapping[str, float] = {
    DB: QUERY_CPU_MS,
    STORE: QUERY_CPU_MS,
    REDIS: 0.15,
    HOPS: THREAD_CPU_MS,
    f"{HTTP}:httpx": 2.0,
    f"{HTTP}:httpx2": 1.0,
    f"{HTTP}:requests": 0.7,
}
"""By what is done; another client costs `HTTP_CPU_MS`."""
_LESS: Mapping[str, str] = {
    DB: "fewer statements per request",
    STORE: "fewer statements per request",
    REDIS: "fewer commands to Redis per request",
}
STATEMENT_MS = 0.5
"""What the database itself works on a small statement."""
WAIT_MS = 500.0
"""A sleep, a program or a queue of which nothing is known."""
DISK_MS = 1.0
WEBSOCKET = "WEBSOCKET"
# Resources, as the holdings of `rules.engine.costs.occupancy` name them.
THREADS = "worker threads"
POOL_OF_DATABASE = "database pool"
CONNECTIONS_OF_CLIENT = "client connections"
_AWAY = frozenset({HTTP, STORE, WAIT, SLEPT})
"""What nobody needs a connection of the pool for."""
_CHANGES: Mapping[str, tuple[str, str, Effort]] = {
    THREADS: (
        "thread",
        "an asynchronous client or driver, fewer round trips, or more thread tokens",
        Effort.HOURS,
    ),
    "default executor": (
        "thread",
        "an executor of its own for these calls, or more of its threads",
        Effort.MINUTES,
    ),
    "threads of an executor": ("thread", "more threads for {name}", Effort.MINUTES),
    POOL_OF_DATABASE: ("connection", "fewer statements per request, or a larger pool", Effort.MINUTES),
    CONNECTIONS_OF_CLIENT: ("connection", "more connections for {name}, or fewer calls", Effort.MINUTES),
    "lock": ("place", "hold {name} only for what it protects, not while waiting", Effort.HOURS),
}
"""What a place in it is called, and what raises the limit."""
FAR = 8.0
"""A load so many times beyond a limit is no matter of more workers or connections."""
LOADS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Shares of a ceiling at which a curve of load against response time is told."""
BUSY = 0.8
"""The share of a resource above which waiting times grow out of hand."""

_SUPERSCRIPTS = {"⁰": 0, "¹": 1, "²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6}
_TERM = regex(r"(\d+(?:\.\d+)?)?\s*([A-Za-z][A-Za-z0-9_]*)?([⁰¹²³⁴⁵⁶])?")


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
    supposed: tuple[str, ...] = ()
    """What else the figures rest on, in words: there is no key for it."""
    standstill: str = ""
    """Why its requests may stop each other altogether; empty when they cannot."""
    wanted: float = 0.0
    """The load in question, in requests per second; 0 when there is none."""
    shared: bool = False
    """Whether another endpoint, of another application, has the same method and path."""

    @property
    def name(self) -> str:
        """The endpoint, told apart by its file where there is another one of that name."""
        told = f"{self.method} {self.path}"
        return f"{told} ({self.file})" if self.shared else told

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


class Sockets(NamedTuple):
    """How many clients of a websocket can stay at once."""

    path: str
    file: str
    line: int
    connections: int = 0
    """Over all workers; 0 where nothing in the code limits them."""
    resource: str = ""
    formula: str = ""
    change: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the service runs on: from `[tool.fastperf.context]` and the deployment's files, else assumed."""

    workers: int = 1
    cpus: int = 0
    """Cores the workers share; 0: one for each worker."""
    threads: int = estimates.THREADS
    pool: int = POOL
    db_ms: float = estimates.DB_ROUND_TRIP_MS
    http_ms: float = estimates.HTTP_LATENCY_MS
    redis_ms: float = estimates.REDIS_MS
    rows: int = estimates.ROWS
    max_connections: int = MAX_CONNECTIONS
    known: frozenset[str] = frozenset()
    """Names that somebody told; the others are assumed."""

    def units(self, resource: str) -> int:
        """The places of a resource of which the code does not say how many."""
        match resource:
            case "worker threads":
                return self.threads
            case "database pool":
                return self.pool
            case "default executor" | "threads of an executor":
                return min(32, max(self.cpus, self.workers) + 4)
        return 0

    def price(self, kind: str) -> float:
        """Milliseconds of one of what is waited for."""
        match kind:
            case "db" | "store":
                return self.db_ms + STATEMENT_MS
            case "http":
                return self.http_ms
            case "redis":
                return self.redis_ms
            case "disk":
                return DISK_MS
            case "wait":
                return WAIT_MS
            case "slept_us" | "cpu_us":
                return 0.001
            case "computed":
                return COMPUTING_MS
        return 0.0

    @classmethod
    def of(cls, options: Options, *, workers: int | None = None) -> Site:
        """`workers` is what the deployment's files say."""
        context = options.context

        def number(key: str, default: float) -> float:
            return estimates.assumption(options, key, default)

        pool = int(sum(estimates.connections(options).values()))
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
            redis_ms=number("redis_round_trip_ms", estimates.REDIS_MS),
            rows=max(1, int(rows)),
            max_connections=max(1, int(number("max_connections", MAX_CONNECTIONS))),
            known=frozenset(known),
        )


def sites(options: Options, served: Deployment) -> Callable[[Endpoint], Site]:
    """What each endpoint runs on: the configuration of the folder that its file is in, and the deployment's files."""
    workers = next(
        (found.number for command in served.production if (found := served.workers(command)) is not None),
        None,
    )
    made: dict[int, Site] = {}

    def site(endpoint: Endpoint) -> Site:
        own = options.at(endpoint.file)
        if id(own) not in made:
            made[id(own)] = Site.of(own, workers=workers)
        return made[id(own)]

    return site


def common_site(endpoints: Iterable[Endpoint], site: Callable[[Endpoint], Site]) -> Site:
    """What most endpoints run on."""
    found = Counter(site(endpoint) for endpoint in endpoints)
    return found.most_common(1)[0][0] if found else Site()


def capacities(endpoints: Iterable[Endpoint], site: Site | Callable[[Endpoint], Site]) -> list[Capacity]:
    """Every endpoint that answers requests, the tightest first. `site` may differ from endpoint to endpoint."""
    found = [
        capacity(endpoint, site if isinstance(site, Site) else site(endpoint))
        for endpoint in endpoints
        if endpoint.method != WEBSOCKET
    ]
    times = Counter((entry.method, entry.path) for entry in found)
    named = [
        msgspec.structs.replace(entry, shared=True) if times[entry.method, entry.path] > 1 else entry
        for entry in found
    ]
    return sorted(named, key=lambda entry: (entry.ceiling, entry.path, entry.method, entry.file))


def websockets(endpoints: Iterable[Endpoint], site: Site | Callable[[Endpoint], Site]) -> list[Sockets]:
    """Every endpoint whose clients stay, those that take fewest first."""
    found = [
        sockets(endpoint, site if isinstance(site, Site) else site(endpoint))
        for endpoint in endpoints
        if endpoint.method == WEBSOCKET
    ]
    return sorted(found, key=lambda each: (each.connections or math.inf, each.path))


def sockets(endpoint: Endpoint, site: Site) -> Sockets:
    """How many clients can stay at once."""
    kept = endpoint.occupancy.kept if endpoint.occupancy is not None else None
    place = endpoint.path, endpoint.file, endpoint.line
    units = site.pool if kept is None or kept.units is None else kept.units
    if kept is None or not units:
        return Sockets(*place)
    return Sockets(
        *place,
        site.workers * units,
        kept.resource,
        f"{_each(site.workers, units, 'connection')} of {_named('the pool', kept)}, one kept by each client",
        "a session for each message, not for as long as the client stays",
    )


def capacity(endpoint: Endpoint, site: Site) -> Capacity:
    """What one endpoint can take. Times are in milliseconds."""
    occupancy = endpoint.occupancy if endpoint.occupancy is not None else _occupancy(endpoint, site)
    cost = endpoint.cost
    rows = site.rows * ROW_CPU_MS if cost.unbounded else 0.0
    cpu = _processor_ms(occupancy.work) + rows
    waiting = _ms_of(occupancy.time, site)
    response = waiting + cpu
    burnt = occupancy.work.get(CPU, 0) / 1000 + occupancy.work.get(COMPUTED, 0) * COMPUTING_MS
    less = _less_work(occupancy.work, rows, burnt)
    cores = min(site.workers, site.cpus) if site.cpus else site.workers
    limits = [
        Limit(
            resource="processor",
            rps=_rate(cores, cpu + burnt),
            formula=f"{_plural(cores, 'core')} / {_ms(cpu + burnt)} of processor time per request",
            change=f"more workers, each with a core; or {less}",
            effort=Effort.HOURS,
            less=less,
        )
    ]
    if blocked := _ms_of(occupancy.on_loop, site):
        blocked += _processor_ms(occupancy.loop_work)
        limits.append(
            Limit(
                resource="event loop",
                rps=_rate(site.workers, blocked),
                formula=f"{_plural(site.workers, 'event loop')} / {_ms(blocked)} blocked per request",
                change=f"take {_longest_stop(occupancy)} off the event loop",
                effort=Effort.MINUTES,
            )
        )
    calls = any(kind in _AWAY for kind in occupancy.time)
    for holding in occupancy.held:
        limits += _limits_of(holding, site, cpu, calls=calls)
    limits.sort(key=lambda limit: limit.rps)
    return Capacity(
        method=endpoint.method,
        path=endpoint.path,
        file=endpoint.file,
        line=endpoint.line,
        response_ms=response,
        limits=tuple(limits),
        assumptions=_assumptions(site, occupancy, cost),
        supposed=tuple(_supposed(occupancy, cost, site)),
        standstill=_standstill(occupancy, site),
        work=", ".join(
            _worked_out(name, polynomial, evaluate(polynomial, site.rows))
            for name, polynomial in (
                ("statements", cost.queries),
                ("calls to other services", cost.external_calls),
            )
            if polynomial != "0"
        ),
    )


def _limits_of(holding: Holding, site: Site, cpu: float, *, calls: bool) -> Iterator[Limit]:
    """What a holding allows, unless it has room for everybody."""
    units = holding.units if holding.units is not None else site.units(holding.resource)
    held = _ms_of(holding.waits, site)
    if not units or not held:
        return
    if holding.resource in (THREADS, POOL_OF_DATABASE):
        held += cpu
    if holding.resource == CONNECTIONS_OF_CLIENT:
        held += min(units * cpu, held)  # answers that come together are worked at one after another
    kind, change, effort = _CHANGES[holding.resource]
    less = ""
    if holding.resource == POOL_OF_DATABASE:
        asked_away = any(each in _AWAY for each in holding.waits)
        change = "give the connection back before calling out" if asked_away else change
        effort = Effort.HOURS if asked_away else effort
        less = "" if asked_away else "fewer statements per request"
    yield Limit(
        resource=holding.resource,
        rps=_rate(site.workers * units, held),
        formula=f"{_each(site.workers, units, kind)}{_called(holding)} / {_ms(held)} held per request",
        change=change.format(name=holding.name or "it"),
        effort=effort,
        less=less,
    )
    if holding.resource == POOL_OF_DATABASE and site.workers * units > site.max_connections:
        yield Limit(
            resource="database limit",
            rps=_rate(site.max_connections, held),
            formula=f"{site.max_connections} connections / {_ms(held)} held per request",
            change="a smaller pool per worker, or a pooler such as PgBouncer",
            effort=Effort.HOURS,
        )


def _longest_stop(occupancy: Occupancy) -> str:
    """What keeps the loop the longest: a client's calls by their library, for they go off it together."""
    name = next(iter(occupancy.stops), "what waits")
    known = libraries.blocking(name)
    if known is None or known.kind not in (Kind.NET, Kind.DB):
        return name
    return f"the calls of {libraries.library(name)}"


def _called(holding: Holding) -> str:
    return f" of {holding.name}" if holding.name else ""


def _named(words: str, holding: Holding) -> str:
    return holding.name or words


def _each(workers: int, units: int, kind: str) -> str:
    """`2 · 40 threads`; `3 permits` of a single worker."""
    return _plural(units, kind) if workers == 1 else f"{workers} · {_plural(units, kind)}"


def _ms_of(waits: Mapping[str, float], site: Site) -> float:
    """So many milliseconds a service needs for what is waited for."""
    return sum(count * site.price(kind) for kind, count in waits.items())


def _less_work(work: Mapping[str, float], rows: float, burnt: float) -> str:
    """What to do less of: that on which the processor spends most."""
    spent = {
        "less computing per request": burnt,
        "a page instead of all rows": rows,
        "less work per request": 0.0,
    }
    for kind, count in work.items():
        words = (
            "fewer calls to other services, or a lighter client" if kind[:4] == HTTP else _LESS.get(kind, "")
        )
        if words:
            cpu = _CPU_MS.get(kind, HTTP_CPU_MS)
            spent[words] = spent.get(words, 0.0) + count * cpu
    words = max(spent, key=lambda each: spent[each])
    return words if spent[words] > REQUEST_CPU_MS else "less work per request"


def _processor_ms(work: Mapping[str, float]) -> float:
    """Processor time of one request but for the computing that is told apart."""
    spent = REQUEST_CPU_MS
    for kind, count in work.items():
        spent += count * (_CPU_MS.get(kind, HTTP_CPU_MS) if kind[:4] == HTTP else _CPU_MS.get(kind, 0.0))
    return spent


def _occupancy(endpoint: Endpoint, site: Site) -> Occupancy:
    """What can be told of an endpoint by its cost alone: everything one after another, and held for all the time."""
    cost = endpoint.cost
    queries, calls = evaluate(cost.queries, site.rows), evaluate(cost.external_calls, site.rows)
    time = {DB: queries, HTTP: calls}
    kept: dict[str, float] = {}
    for name in cost.blocking:
        known = libraries.blocking(name)
        kind = known.kind if known is not None else Kind.NET
        if kind is Kind.CPU:
            if known is None or known.seconds is None:
                time[COMPUTED] = kept[COMPUTED] = 1
            else:
                time[CPU] = kept[CPU] = kept.get(CPU, 0.0) + known.seconds * 1_000_000
        elif kind is Kind.DB:
            kept[DB] = max(1.0, queries)
        elif kind is Kind.NET:
            kept[HTTP] = max(1.0, calls)
        elif kind is Kind.DISK:
            time[DISK] = kept[DISK] = kept.get(DISK, 0.0) + 1
        else:
            time[WAIT] = kept[WAIT] = kept.get(WAIT, 0.0) + 1
    held = []
    in_thread = endpoint.runs_on == "thread"
    if in_thread:
        held.append(Holding(THREADS, "", None, time))
    if queries:
        held.append(Holding(POOL_OF_DATABASE, "", None, time))
    return Occupancy(
        time=time,
        work={**time, HOPS: 1.0 if in_thread else 0.0},
        on_loop={} if in_thread else kept,
        stops=() if in_thread else cost.blocking,
        loop_work={} if in_thread else time,
        held=tuple(held),
    )


_SUPPOSED: Mapping[str, str] = {
    COMPUTED: f"{COMPUTING_MS} ms for a computation whose length the code does not say",
    WAIT: f"{WAIT_MS:g} ms for a sleep, program or queue of which it says nothing",
    DISK: f"{DISK_MS:g} ms for a look at the disk",
}


def _standstill(occupancy: Occupancy, site: Site) -> str:
    """How all requests may come to wait for each other: those without a connection in every thread, for a connection;
    those with one for a thread."""
    between = occupancy.between_threads
    if between is None:
        return ""
    threads = next((each.units for each in occupancy.held if each.resource == THREADS), None) or site.threads
    units = between.units if between.units is not None else site.pool
    if not units or threads <= units:
        return ""
    return (
        f"all {threads} threads can wait for the {_plural(units, 'connection')}{_called(between)} while the requests that"
        " have one wait for a thread, until the pool's timeout: no fewer connections than threads"
    )


def _supposed(occupancy: Occupancy, cost: Cost, site: Site) -> Iterator[str]:
    if any(each.resource == "default executor" for each in occupancy.held):
        threads = site.units("default executor")
        yield f"{threads} threads of asyncio's default executor, 4 more than cores"
    if any(mark in f"{cost.queries}{cost.external_calls}" for mark in "·²³⁴"):
        yield f"{estimates.INNER_ROWS} in each collection inside another"
    yield from (words for kind, words in _SUPPOSED.items() if kind in occupancy.time)


def _worked_out(name: str, polynomial: str, value: float) -> str:
    known = polynomial.replace(" ", "").isdigit()
    return f"{name} {polynomial}" if known else f"{name} {polynomial} = {estimates.number(value)}"


def evaluate(polynomial: str, size: int) -> float:
    """`2 + 3N²` with `size` members in every collection, and fewer in those inside; 0 for what cannot be read."""
    total = 0.0
    for term in polynomial.replace("·", " ").split("+"):
        factor, depth, seen = 1.0, 0, False
        for number, name, power in _TERM.findall(term.strip()):
            if number:
                factor, seen = factor * float(number), True
            if name:
                depth, seen = depth + _SUPERSCRIPTS.get(power, 1), True
        total += factor * estimates.size(depth, size) if seen else 0.0
    return total


def _rate(units: float, milliseconds: float) -> float:
    return units * 1000 / max(milliseconds, 1e-6)


def _plural(count: float, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _ms(milliseconds: float) -> str:
    return f"{estimates.number(milliseconds)} ms"


def _assumptions(site: Site, occupancy: Occupancy, cost: Cost) -> dict[str, float]:
    """What the figures rest on and nobody told."""
    kinds = {*occupancy.time, *occupancy.work}
    unsaid = {holding.resource for holding in occupancy.held if holding.units is None}
    grows = any(letter.isalpha() for letter in f"{cost.queries}{cost.external_calls}") or cost.unbounded
    used: Mapping[str, float] = {
        "workers": site.workers,
        **({"threads": site.threads} if THREADS in unsaid else {}),
        **({"db_round_trip_ms": site.db_ms} if kinds & {DB, STORE} else {}),
        **({"pool_size": site.pool} if POOL_OF_DATABASE in unsaid else {}),
        **({"redis_round_trip_ms": site.redis_ms} if REDIS in kinds else {}),
        **({"http_latency_ms": site.http_ms} if HTTP in kinds else {}),
        **({"rows": site.rows} if grows else {}),
    }
    return {key: value for key, value in used.items() if key not in site.known}
