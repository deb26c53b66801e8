"""Which of a project's semaphores, pools and threads a piece of code takes, and how many places each has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from rules import libraries
from rules.engine.linking.graph import LeafCall, Node
from rules.engine.linking.instances import is_for_one_request
from rules.engine.linking.values import Linked, Sort, Value
from rules.engine.reading.admissions import STATE, TOKENS, UNLIMITED
from rules.engine.reading.facts import Admission, Call
from rules.engine.reading.paths import place_of
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    from rules.engine.project import Project

_ONE_AT_A_TIME = frozenset(
    f"{module}.{name}"
    for module in ("asyncio", "threading", "anyio", "trio")
    for name in ("Lock", "RLock", "Condition")
)
_SEMAPHORES = frozenset(
    f"{module}.{name}"
    for module in ("asyncio", "threading", "anyio", "trio")
    for name in ("Semaphore", "BoundedSemaphore", "CapacityLimiter")
)
_CONNECTIONS = 100
"""What the pools of httpx and aiohttp have room for, unless told otherwise."""
_CLIENTS = frozenset(
    {"httpx.AsyncClient", "httpx.Client", "httpx2.AsyncClient", "httpx2.Client", "aiohttp.ClientSession"}
)
_POOLS: Mapping[str, int] = {
    "sqlalchemy.create_engine": 15,
    "sqlalchemy.ext.asyncio.create_async_engine": 15,
    "asyncpg.create_pool": 10,
    "psycopg_pool.ConnectionPool": 4,
    "psycopg_pool.AsyncConnectionPool": 4,
}
"""What makes a pool of connections to a database, and how many it has unless told otherwise."""
_FACTORIES = ("sessionmaker", "async_sessionmaker")
_OVERFLOW = 10
_SIZE = 5


class Held(Struct, frozen=True):
    """A resource of which a request keeps a part from others. `place` is the file and name of what stands for it."""

    resource: str
    name: str = ""
    place: tuple[str, str] = ("", "")


THREADS = Held("worker threads")
EXECUTOR = Held("default executor")


class Admissions:
    """The admissions of a project's application code."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._resolver = project.resolver
        self._found: dict[tuple[str, str], Admission] = {}
        self._all: list[tuple[Admission, Linked]] = []
        for path, module in project.resolver.modules.items():
            if place_of(path) != "app":
                continue
            for admission in module.facts.admissions:
                self._all.append((admission, module))
                self._found[_place(admission, module)] = admission
        self._opened: dict[Node, Held | None] = {}
        self.tokens = THREADS
        self.some_pool = self._only_pool()

    # What is taken

    def taken(self, ref: str, module: Linked) -> Held | None:
        """What `with` takes there that others may have to wait for."""
        value = self._resolver.value(ref, module)
        if value is None:
            return None
        if value.sort == Sort.INSTANCE and value.name in _ONE_AT_A_TIME | _SEMAPHORES:
            return self._lock(ref, value)
        if ref.endswith("()"):
            return self._opened_through(ref, module)
        return None

    def _lock(self, ref: str, value: Value) -> Held | None:
        """A lock or semaphore that others can wait for: of the module, of a class, of an object that outlives the request."""
        if value.origin is None:
            _, state, name = ref.rpartition(".state.")
            if not state or "." in name:
                return None
            kept = f"{STATE[1:]}{name}"
            place = next((place for place in self._found if place[1] == kept), ("", kept))
            return Held("lock", f"app.{kept}", place)
        admission = self._found.get(value.origin)
        if admission is not None and admission.own:
            path, name = value.origin
            if is_for_one_request(self._project, (path, name.rpartition(".")[0])):
                return None
        return Held("lock", value.origin[1], value.origin)

    def _opened_through(self, ref: str, module: Linked) -> Held | None:
        """The pool of `make_session()`, `make_session.begin()`, `engine.connect()`, or of a function that opens one."""
        made = ref[:-2]
        for base in (made, made.rpartition(".")[0]):
            value = self._resolver.value(base, module) if base else None
            if value is None:
                continue
            if value.sort == Sort.FUNCTION and base == made:
                return None  # what it opens is held in there
            pool = self._pool_of(value)
            if pool is not None:
                return pool
        return None

    def opened_by(self, node: Node) -> Held | None:
        """The pool of which a dependency keeps a connection for its endpoint."""
        if node not in self._opened:
            self._opened[node] = next(self._pools_opened(node), None)
        return self._opened[node]

    def _pools_opened(self, node: Node) -> Iterator[Held]:
        for call in node.function.calls:
            if call.ref and (pool := self._opened_through(f"{call.ref}()", node.module)) is not None:
                yield pool
            value = self._resolver.value(call.ref, node.module) if call.ref else None
            if value is not None and value.name in SESSIONS:
                yield self.some_pool

    def _pool_of(self, value: Value) -> Held | None:
        """The pool behind an engine or a factory of sessions that a module holds."""
        if value.sort != Sort.INSTANCE or value.origin is None:
            return None
        place = value.origin
        admission = self._found.get(place)
        if admission is None:
            return None
        if admission.ref.rpartition(".")[2] in _FACTORIES:
            module = self._resolver.modules[place[0]]
            engine = self._resolver.value(admission.bound, module) if admission.bound else None
            if engine is not None and engine.origin is not None and engine.origin in self._found:
                return Held("database pool", engine.origin[1], engine.origin)
            return self.some_pool
        return Held("database pool", place[1], place) if self._is_engine(admission) else None

    def _is_engine(self, admission: Admission) -> bool:
        return libraries.canonical(admission.ref) in _POOLS

    def _only_pool(self) -> Held:
        """The one pool whose size the code says, where there is only one."""
        engines = [_place(admission, module) for admission, module in self._all if self._is_engine(admission)]
        if len(set(engines)) == 1:
            return Held("database pool", engines[0][1].lstrip("="), engines[0])
        return Held("database pool")

    # Clients and threads

    def client(self, leaf: LeafCall, module: Linked) -> Held | None:
        """The pool of the client that makes a call out, where many requests share it."""
        owner = leaf.name.rpartition(".")[0]
        if owner not in _CLIENTS:
            return None
        ref = leaf.call.ref.rpartition(".")[0]
        value = self._resolver.value(ref, module) if ref else None
        if value is not None and value.origin is not None:
            return Held("client connections", value.origin[1], value.origin)
        if ref.startswith(owner) and ref[len(owner) : len(owner) + 1] == "(":
            return None  # made for this call
        made = [
            _place(admission, each)
            for admission, each in self._all
            if libraries.canonical(admission.ref) == owner
        ]
        if len(made) == 1:
            return Held("client connections", owner, made[0])
        return None

    def threads_of(self, offload: str, call: Call) -> Held:
        """The threads that an offload primitive uses."""
        if offload.startswith(("asyncio.", "concurrent.")):
            own = call.arguments[0] if call.arguments and offload.endswith("run_in_executor") else None
            if own is not None and own.ref:
                return Held("threads of an executor", own.ref.lstrip("@"), ("", own.ref))
            return EXECUTOR
        return THREADS

    # How many

    def units(self, what: Held) -> int | None:
        """Its places, where the code says; 0 where it says that there is no limit."""
        if what is THREADS:
            return self._tokens()
        admission = self._found.get(what.place)
        match what.resource:
            case "lock":
                if admission is None:
                    return 1
                return admission.number
            case "client connections":
                unsaid = admission is None or admission.number is None
                return _CONNECTIONS if unsaid or admission is None else admission.number
            case "database pool" if admission is not None:
                if admission.number == UNLIMITED:
                    return UNLIMITED
                if not libraries.canonical(admission.ref).startswith("sqlalchemy."):
                    return admission.number or _POOLS.get(libraries.canonical(admission.ref))
                if admission.number is None and admission.overflow is None:
                    return None
                size = _SIZE if admission.number is None else admission.number
                return size + (_OVERFLOW if admission.overflow is None else max(0, admission.overflow))
            case "threads of an executor":
                name = what.place[1].lstrip("@")
                made = [each for (_, own), each in self._found.items() if own == name]
                return made[0].number if len(made) == 1 else None
        return None

    def _tokens(self) -> int | None:
        said = [admission.number for admission, _ in self._all if admission.ref == TOKENS]
        return said[0] if len(said) == 1 else None


def _place(admission: Admission, module: Linked) -> tuple[str, str]:
    """Its file, and the name that holds it; without one, what it is."""
    return module.path, admission.target[1:] or f"={libraries.canonical(admission.ref)}"
