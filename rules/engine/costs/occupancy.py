"""What one request occupies, and for how long: the loop, threads, connections, locks; in counts of what it waits for.

The cost of an endpoint says how much it does; how much of it happens at once, and what is kept from others meanwhile, is
said here. `rules.engine.costs.capacity` makes requests per second of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.costs.admitting import Admissions, Held
from rules.engine.costs.cost import applies, path_of, total
from rules.engine.costs.polynomials import ONE, Polynomial, add, times
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
from rules.engine.finding import Holding, Occupancy, Options
from rules.engine.linking.graph import BACKGROUND, CALL, PROCESS, THREAD, Edge, LeafCall, Node
from rules.engine.reading import facts
from rules.engine.reading.facts import Call
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.linking.routing import EndpointNode
    from rules.engine.project import Project

_FAST_STORES = frozenset({"redis", "memcached"})
_POOLED = frozenset(
    {"sqlalchemy", "dbapi", "asyncpg", "psycopg", "psycopg2", "databases", "tortoise", "django", "peewee"}
    | {"pymysql", "MySQLdb", "mysql.connector", "mariadb", "oracledb", "cx_Oracle", "pyodbc", "pymssql"}
)
_MOST_STOPS = 5
_SPARING = ("app", "mounts", "transport", "verify")
"""What a client is given that already has its certificates, or needs none."""
_CONNECTING = frozenset({"acquire", "begin", "connect", "connection"})
"""What takes a connection at once; sessions take theirs with the first statement."""
_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep", "trio.sleep"})
_PRICES: Mapping[str, float] = {
    DB: estimates.DB_ROUND_TRIP_MS,
    STORE: estimates.DB_ROUND_TRIP_MS,
    REDIS: estimates.REDIS_MS,
    HTTP: estimates.HTTP_LATENCY_MS,
    DISK: 1,
    WAIT: estimates.HTTP_LATENCY_MS,
    SLEPT: 0.001,
    CPU: 0.001,
    COMPUTED: COMPUTING_MS,
}
"""Milliseconds, to tell the longer of two alternatives."""

K = TypeVar("K")
Waits = Mapping[str, Polynomial]
NO_WAITS: Waits = {}


def _sum(left: Waits, right: Waits) -> Waits:
    if not left or not right:
        return left or right
    return {kind: add(left.get(kind, {}), right.get(kind, {})) for kind in dict.fromkeys((*left, *right))}


def _times(waits: Waits, loop: str) -> Waits:
    return {kind: value if kind == COMPUTED else times(value, loop) for kind, value in waits.items()}


def _longer(left: Waits, right: Waits) -> Waits:
    return right if _weight(right) > _weight(left) else left


def _weight(waits: Waits) -> float:
    return sum(_PRICES.get(kind, 0) * evaluated(value, estimates.ROWS) for kind, value in waits.items())


def evaluated(value: Polynomial, rows: int) -> float:
    """A polynomial with `rows` in each collection, and fewer in collections of collections."""
    return sum(factor * estimates.size(len(term), rows) for term, factor in value.items())


class Use(Struct, frozen=True):
    """What one run of some code occupies."""

    time: Waits = field(default_factory=dict)
    """What it waits for or works at, one after another."""
    work: Waits = field(default_factory=dict)
    """All of it, whatever happens at once."""
    on_loop: Mapping[str, Waits] = field(default_factory=dict)
    """The part that keeps the thread it runs on, where it is called directly, by the name of the call."""
    own_work: Waits = field(default_factory=dict)
    """What of the work that thread does."""
    held: Mapping[Held, Waits] = field(default_factory=dict)

    def __add__(self, other: Use) -> Use:
        return Use(
            _sum(self.time, other.time),
            _sum(self.work, other.work),
            _merged(self.on_loop, other.on_loop),
            _sum(self.own_work, other.own_work),
            _merged(self.held, other.held),
        )

    def beside(self, other: Use) -> Use:
        """Both at once: the longer time, and everything that both hold."""
        return Use(
            _longer(self.time, other.time),
            _sum(self.work, other.work),
            _merged(self.on_loop, other.on_loop),
            _sum(self.own_work, other.own_work),
            _merged(self.held, other.held),
        )

    def or_larger(self, other: Use) -> Use:
        return Use(
            _longer(self.time, other.time),
            _longer(self.work, other.work),
            _longest(self.on_loop, other.on_loop),
            _longer(self.own_work, other.own_work),
            _longest(self.held, other.held),
        )

    def looped(self, loop: str, concurrently: bool) -> Use:
        return Use(
            self.time if concurrently else _times(self.time, loop),
            _times(self.work, loop),
            {name: _times(waits, loop) for name, waits in self.on_loop.items()},
            _times(self.own_work, loop),
            {key: _times(waits, loop) for key, waits in self.held.items()},
        )

    def holding(self, what: Held, waits: Waits) -> Use:
        return replace(self, held=_merged(self.held, {what: waits})) if waits else self

    def in_thread(self, what: Held, hops: int = 1) -> Use:
        """The same run by a thread, which is kept for all the time of it."""
        work = _sum(self.work, {HOPS: {(): hops}})
        held = _merged(self.held, {what: self.time} if self.time else {})
        return Use(self.time, work, {}, {HOPS: {(): hops}}, held)


def _merged(left: Mapping[K, Waits], right: Mapping[K, Waits]) -> Mapping[K, Waits]:
    if not left or not right:
        return left or right
    return {
        key: _sum(left.get(key, NO_WAITS), right.get(key, NO_WAITS)) for key in dict.fromkeys((*left, *right))
    }


def _longest(left: Mapping[K, Waits], right: Mapping[K, Waits]) -> Mapping[K, Waits]:
    return {
        key: _longer(left.get(key, NO_WAITS), right.get(key, NO_WAITS))
        for key in dict.fromkeys((*left, *right))
    }


NOTHING = Use()


class Occupancies:
    """The uses of all functions of a project, as far as they are asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._admissions = Admissions(project)
        self._lazy = project.lazy_loading.calls
        self._uses: dict[Node, Use] = {}

    def of_endpoint(self, endpoint: EndpointNode) -> Occupancy:
        """What a request of `endpoint` occupies, with sizes as the project's configuration has them."""
        path, admissions = endpoint.ref.path, self._admissions
        used = NOTHING
        for node in self._project.routing.middleware:
            used = used + self._of(node, path)
        for node in (*endpoint.dependencies, endpoint.handler):
            each = self.of(node)
            if not node.is_async:
                each = each.in_thread(admissions.tokens, 2 if node.function.flags & facts.GENERATOR else 1)
            used = used + each
        if DB in used.work:
            used = self._connected(used, endpoint)
        rows = _rows(self._project.options.at(endpoint.handler.path))
        kept = self._kept(endpoint) if endpoint.ref.method == "WEBSOCKET" else None
        return _told(used, rows, admissions, kept, self._between_threads(endpoint))

    def _connected(self, used: Use, endpoint: EndpointNode) -> Use:
        """With the connections that are kept for the whole request: a dependency's, or nobody knows whose."""
        pools = [
            pool for node in endpoint.dependencies if (pool := self._admissions.opened_by(node)) is not None
        ]
        kept = self._while_connected(endpoint) if pools else NO_WAITS
        for pool in dict.fromkeys(pools):
            used = used.holding(pool, kept)
        if not pools and not any(what.resource == "database pool" for what in used.held):
            used = used.holding(self._admissions.some_pool, used.time)
        return used

    def _while_connected(self, endpoint: EndpointNode) -> Waits:
        """The time for which a dependency's session has a connection: from the first statement on, until a commit after
        which there is none."""
        before = [node for node in endpoint.dependencies if node is not endpoint.handler]
        waited = NO_WAITS
        for node in before:
            waited = _sum(waited, self.of(node).time)
        connected = any(self._connects(node) for node in before)
        kept = _connected_parts(list(self._parts(endpoint.handler)), connected=connected)
        return _sum(waited if connected else NO_WAITS, total(kept, NOTHING).time)

    def _connects(self, node: Node) -> bool:
        """Whether a dependency leaves its session with a connection: it asks something, or connects by itself."""
        if any(_is_eager(call.ref) for call in node.function.calls):
            return True
        return any(DB in use.work and not _commits(call) for call, _, use in self._parts(node))

    def _kept(self, endpoint: EndpointNode) -> Held | None:
        """The pool of which a websocket keeps a connection for as long as it lasts."""
        if DB not in self.of(endpoint.handler).work:
            return None
        return next(
            (
                pool
                for node in endpoint.dependencies
                if (pool := self._admissions.opened_by(node)) is not None
            ),
            None,
        )

    def _between_threads(self, endpoint: EndpointNode) -> Held | None:
        """The pool of which a request keeps a connection while it waits for its next thread.

        The session is a dependency's, so that it outlives the function that first asked the database in a thread:
        a plain handler, whose answer FastAPI validates in another one, or a dependency before it.
        """
        if endpoint.handler.is_async:
            return None
        pools = (self._admissions.opened_by(node) for node in endpoint.dependencies)
        pool = next((each for each in pools if each is not None), None)
        asks = any(DB in self.of(node).work for node in (*endpoint.dependencies, endpoint.handler))
        return pool if asks else None

    def of(self, node: Node) -> Use:
        """One run of `node`. A recursion counts once."""
        for each in self._order(node):
            self._uses[each] = self._of(each)
        return self._uses[node]

    def _order(self, start: Node) -> Iterator[Node]:
        """`start` and what it runs that is not known yet, callees first."""
        if start in self._uses:
            return
        stack: list[tuple[Node, Iterator[Edge]]] = [(start, iter(start.edges))]
        entered = {start}
        while stack:
            node, edges = stack[-1]
            for edge in edges:
                target = edge.target
                if edge.kind != BACKGROUND and target not in self._uses and target not in entered:
                    entered.add(target)
                    stack.append((target, iter(target.edges)))
                    break
            else:
                stack.pop()
                yield node

    def _of(self, node: Node, only_for: str = "") -> Use:
        parts = [
            (call, path, use)
            for call, path, use in self._parts(node)
            if not only_for or applies(call, only_for)
        ]
        if not parts:
            return NOTHING
        used = total([(path, use) for _, path, use in parts], NOTHING)
        for what, inside in self._blocks(node, [call for call, _, _ in parts]).items():
            within = [part for part in parts if part[0] in inside]
            if what.resource == "database pool":
                connected = any(_is_eager(ref) for call in inside for ref in call.held)
                taken = total(_connected_parts(within, connected=connected), NOTHING).time
            else:
                taken = total([(path, use) for _, path, use in within], NOTHING).time
            if what.resource != "database pool" or DB in taken:
                used = used.holding(what, taken)
        return used

    def _blocks(self, node: Node, calls: Iterable[Call]) -> Mapping[Held, list[Call]]:
        """What `with` blocks of the function take that others may have to wait for, with the calls inside."""
        found: dict[Held, list[Call]] = {}
        for call in calls:
            for ref in call.held:
                what = self._admissions.taken(ref, node.module)
                if what is not None:
                    found.setdefault(what, []).append(call)
        return found

    def _parts(self, node: Node) -> Iterator[tuple[Call, Sequence[str], Use]]:
        for leaf in (*node.leaves, *self._lazy.get((node.path, node.symbol), ())):
            if not leaf.call.flags & (facts.ON_MISS | facts.QUICK):
                used = self._of_leaf(leaf, node)
                if used is not NOTHING:
                    yield leaf.call, path_of(leaf.call, leaf), used
        for edge in node.edges:
            if edge.kind == BACKGROUND or edge.call.flags & (facts.DETACHED | facts.ON_MISS):
                continue
            if not edge.target.function.flags & facts.CACHED:
                used = self._through(edge)
                if used is not NOTHING:
                    yield edge.call, path_of(edge.call, edge), used
        for call in node.function.calls:
            if made := _made_anew(call, node):
                yield call, call.path.split("/")[:-1], made
            if call.milliseconds and call.flags & facts.AWAITED:
                value = self._project.resolver.value(call.ref, node.module)
                if value is not None and value.name in _SLEEPS:
                    yield call, call.path.split("/")[:-1], Use(time={SLEPT: {(): call.milliseconds * 1000}})

    def _through(self, edge: Edge) -> Use:
        used = self._uses.get(edge.target, NOTHING)
        if edge.kind == THREAD and not edge.offload.startswith("sqlalchemy."):
            return used.in_thread(self._admissions.threads_of(edge.offload, edge.call))
        if used is NOTHING or edge.kind == CALL:
            return used
        if edge.kind == PROCESS:
            return Use(used.time)
        return replace(used, on_loop={}) if edge.kind == THREAD else used

    def _of_leaf(self, leaf: LeafCall, node: Node) -> Use:
        waits = _waits(leaf)
        if not waits:
            return NOTHING
        if leaf.external is not None:
            waits = {**waits, **_processor_of(libraries.client(leaf.name), "http-call")}
        work = {_worked(kind, leaf): value for kind, value in waits.items()}
        waits_here = leaf.blocking is not None and not leaf.call.flags & facts.AWAITED
        if leaf.kind == PROCESS:
            return Use(waits)
        used = Use(waits, work, {leaf.name: waits} if waits_here and leaf.kind == CALL else {}, work)
        if HTTP in waits and (client := self._admissions.client(leaf, node.module)) is not None:
            used = used.holding(client, waits)
        if leaf.kind == THREAD:
            return used.in_thread(self._admissions.threads_of(leaf.offload, leaf.call))
        return used


_Part = tuple[Call, Sequence[str], Use]


def _connected_parts(parts: Sequence[_Part], *, connected: bool) -> list[tuple[Sequence[str], Use]]:
    """Those for which a session has a connection: from the first statement on, or from the start where it is `connected`
    by then; until a commit after which it asks nothing."""
    asking = [part for part in parts if DB in part[2].work]
    if not asking:
        return [(path, use) for _, path, use in parts] if connected else []
    places = sorted(_position(call) for call, _, _ in asking)
    first, last = places[0], places[-1]
    around = {path[0] for _, path, _ in asking if path}
    ends = any(_commits(call) and not path for call, path, _ in asking if _position(call) == last)
    return [
        (path, use)
        for call, path, use in parts
        if (connected or _position(call) >= first or bool(path and path[0] in around))
        and not (ends and _position(call) > last)
    ]


def _is_eager(ref: str) -> bool:
    return ref.removesuffix("()").rpartition(".")[2] in _CONNECTING


def _position(call: Call) -> tuple[int, int]:
    return call.line, call.column


def _commits(call: Call) -> bool:
    return call.ref.endswith(".commit")


def _waits(leaf: LeafCall) -> Waits:
    if leaf.query is not None:
        if leaf.query.kind in ("rollback", "connect"):
            return NO_WAITS
        driver = leaf.query.driver
        return {REDIS if driver in _FAST_STORES else DB if driver in _POOLED else STORE: ONE}
    if leaf.external is not None:
        return {HTTP: ONE}
    blocking = leaf.blocking
    if blocking is None or blocking.light or blocking.severity in ("low", "info"):
        return NO_WAITS
    match blocking.kind:
        case Kind.SLEEP:
            brief = 1 if leaf.call.flags & facts.BRIEF else 0
            known = leaf.call.milliseconds or brief
            return {SLEPT: {(): known * 1000}} if known else {WAIT: ONE}
        case Kind.CPU:
            if blocking.seconds is None:
                return {COMPUTED: ONE}
            return {CPU: {(): round(blocking.seconds * 1_000_000)}}
        case Kind.DISK:
            return {DISK: ONE}
        case Kind.DB:
            return {STORE: ONE}
        case Kind.NET:
            return {HTTP: ONE}
    return {WAIT: ONE}


def _made_anew(call: Call, node: Node) -> Use | None:
    """What making a client takes of the processor, where a `with` block closes it again."""
    waits = _processor_of(libraries.client(call.ref), "http")
    if not waits or call.passed == "*" or any(f";{keyword}=" in call.passed for keyword in _SPARING):
        return None
    if not any(f"{call.ref}()" in each.held for each in node.function.calls):
        return None
    return Use(waits, waits, {}, waits)


def _processor_of(client: libraries.Client | None, kind: str) -> Waits:
    """What making a client takes of the processor, where that is much."""
    if client is None or client.kind != kind or not client.cpu_ms or client.cpu_ms < 1:
        return NO_WAITS
    return {CPU: {(): round(client.cpu_ms * 1000)}}


def _worked(kind: str, leaf: LeafCall) -> str:
    """Calls out are told apart by their library: their clients work very differently."""
    return f"{HTTP}:{leaf.name.partition('.')[0]}" if kind == HTTP else kind


def _place_in(what: Held | None, admissions: Admissions) -> Holding | None:
    return Holding(what.resource, what.name, admissions.units(what), {}) if what is not None else None


def _all_of(waits: Mapping[str, Waits]) -> Waits:
    found: Waits = NO_WAITS
    for each in waits.values():
        found = _sum(found, each)
    return found


def _rows(options: Options) -> int:
    page = estimates.assumption(options, "page_size", estimates.assumption(options, "rows", estimates.ROWS))
    return max(1, int(page))


def _told(used: Use, rows: int, admissions: Admissions, kept: Held | None, between: Held | None) -> Occupancy:
    def counted(waits: Waits) -> dict[str, float]:
        return {kind: count for kind, value in waits.items() if (count := evaluated(value, rows))}

    return Occupancy(
        time=counted(used.time),
        work=counted(used.work),
        on_loop=counted(_all_of(used.on_loop)),
        stops=tuple(sorted(used.on_loop, key=lambda name: -_weight(used.on_loop[name]))[:_MOST_STOPS]),
        loop_work=counted(used.own_work),
        held=tuple(
            Holding(what.resource, what.name, admissions.units(what), counted(waits))
            for what, waits in used.held.items()
        ),
        kept=_place_in(kept, admissions),
        between_threads=_place_in(between, admissions),
    )
