"""What we know of other people's libraries, as values; the data modules beside this one fill them.

Names are qualified: `requests.get` for a function, `requests.Session.get` for a method of any instance of
`requests.Session`, `openai.OpenAI.chat.completions.create` for a chain of attributes that starts at an instance.
A name may end in `.*`: it then stands for everything below, minus what is in `excluding`: final names, or all that follows
(`meta.events.register`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace


class Kind(enum.StrEnum):
    """What a blocking call waits for."""

    NET = "net"
    DB = "db"
    SLEEP = "sleep"
    PROC = "proc"
    DISK = "disk"
    CPU = "cpu"
    WAIT = "wait"


_SEVERITY = {
    Kind.NET: "critical",
    Kind.DB: "critical",
    Kind.SLEEP: "critical",
    Kind.PROC: "critical",
    Kind.WAIT: "critical",
    Kind.CPU: "high",
    Kind.DISK: "medium",
}


class Blocking(Struct, frozen=True):
    """A callable that does not return before it has waited or computed.

    `instead` is the asynchronous answer in words that follow "use": `httpx2.AsyncClient`; or where to run the call, in words
    that begin with a place: "a worker thread", "a process pool". See `rules.engine.loops.remedies`.
    `seconds` is a typical duration where it does not depend on the network (a password hash, say).
    `holds_gil`: one C call computes without ever releasing the interpreter, so a thread does not help.
    `construct`: making the object is what costs. `light`: one short look at the local disk.
    `weight` overrides the severity that follows from the kind. `own`: the project itself says so of its callable.
    """

    name: str
    kind: Kind
    instead: str
    seconds: float | None = None
    holds_gil: bool = False
    construct: bool = False
    light: bool = False
    weight: str = ""
    own: bool = False
    excluding: frozenset[str] = frozenset()

    @property
    def severity(self) -> str:
        """`critical` to `low`, as the word; the caller knows the context."""
        if self.weight:
            return self.weight
        return "low" if self.light else _SEVERITY[self.kind]


class Query(Struct, frozen=True):
    """A call that makes a round trip to a database or a key-value store.

    `kind` is one of select, write, commit, flush, refresh, rollback, connect, command.
    """

    name: str
    kind: str
    is_async: bool
    driver: str
    primary_key: bool = False
    excluding: frozenset[str] = frozenset()


class Client(Struct, frozen=True):
    """An object that should live as long as the process because it holds connections.

    `kind` is http, engine, pool, connection, cache, sdk, channel or executor; `close` is the method that frees it;
    `cost` says what making one costs, in words that follow "costs"; `cpu_ms` is that cost on the processor where
    it was measured; `family` names the rule that speaks of it: `client` or `pool`.
    """

    name: str
    close: str
    kind: str
    cost: str
    cpu_ms: float | None = None
    family: str = "client"
    is_async: bool = False
    excluding: frozenset[str] = frozenset()


class External(Struct, frozen=True):
    """A call that leaves the machine and is no database: HTTP, an SDK, mail, a queue."""

    name: str
    is_async: bool
    kind: str = "http"
    excluding: frozenset[str] = frozenset()


class Timeout(Struct, frozen=True):
    """How long a call waits when nobody says so.

    `keyword` is the argument that bounds it, `position` its index when it may be given by position (from 0, without
    `self`). `seconds` is the default, None when it waits for ever. `fixed_in` is the version of `distribution`
    from which the default is bounded. `suggest` is what a fix writes.
    """

    name: str
    keyword: str
    position: int | None = None
    seconds: float | None = None
    also: tuple[str, ...] = ()
    distribution: str = ""
    fixed_in: tuple[int, ...] = ()
    suggest: str = "10"
    often_quick: bool = False
    """What it waits for ends by itself as a rule: a command."""
    retries: bool = False
    """When the time is up it asks again by itself."""
    option: str = ""
    """The constant that a later call sets it by, where no argument does: `OPT_NETWORK_TIMEOUT`."""
    excluding: frozenset[str] = frozenset()


class Offload(Struct, frozen=True):
    """A call that runs its callable argument elsewhere.

    `kind` is thread, process, background (after the response, by its own kind), task (same loop, later),
    loop_callback or job (in a worker of a queue). `position` is the index of the callable, without `self`; `keyword` its name. `wraps` means that
    the result is a callable to be called (`asyncer.asyncify(f)(x)`), not the work itself.
    """

    name: str
    kind: str
    position: int | None
    keyword: str = ""
    wraps: bool = False
    awaitable: bool = True


class Library(Struct, frozen=True):
    """Everything one data module says."""

    blocking: tuple[Blocking, ...] = ()
    queries: tuple[Query, ...] = ()
    clients: tuple[Client, ...] = ()
    external: tuple[External, ...] = ()
    timeouts: tuple[Timeout, ...] = ()
    offloads: tuple[Offload, ...] = ()
    returns: Mapping[str, str] = field(default_factory=dict)
    """Callable -> type of its result; after `await` or `with ... as` where that is how it is used."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attribute of an instance -> its type."""
    open_attributes: Mapping[str, str] = field(default_factory=dict)
    """Type -> type of its attributes that are no members of the class: `client.shop`, `database.orders`."""
    members: frozenset[str] = frozenset()
    """Names that are members of the types of its `open_attributes`."""
    items: Mapping[str, str] = field(default_factory=dict)
    """Type -> type of what iterating over an instance, or subscripting it, gives."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Another public path -> the canonical one; covers everything below it."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """Class -> the class whose methods it inherits."""
    former: Mapping[str, str] = field(default_factory=dict)
    """Beginning of names that releases of today no longer have -> a release that had them: `cohere==5.5.0`."""


PLAIN = "a `def` endpoint"
REST = "`httpx.AsyncClient` on its REST interface"
TLS = "a TLS context and every connection anew"
ANEW = "every connection anew: DNS, TCP and TLS"


N = TypeVar("N", Blocking, Query, Client, External, Timeout, Offload)


def each(entry: N, owners: str | Iterable[str], names: str) -> tuple[N, ...]:
    """`entry` once for each owner and each of the space-separated names; its own name is a placeholder."""
    prefixes = (owners,) if isinstance(owners, str) else tuple(owners)
    return tuple(replace(entry, name=f"{prefix}.{name}") for prefix in prefixes for name in names.split())


class Sdk(Struct, frozen=True):
    """A synchronous class (or module) with the calls that wait, and where the same calls are awaited, if anywhere."""

    owners: tuple[str, ...]
    calls: str
    instead: str = "a worker thread"
    awaited: tuple[str, ...] = ()
    awaited_calls: str = ""
    """Where they are named otherwise."""
    kind: str = "sdk"
    waits: Kind = Kind.NET


def waiting(sdks: Iterable[Sdk]) -> Iterator[Blocking]:
    for sdk in sdks:
        yield from each(Blocking("", sdk.waits, sdk.instead), sdk.owners, sdk.calls)


def leaving(sdks: Iterable[Sdk]) -> Iterator[External]:
    for sdk in sdks:
        if sdk.waits == Kind.NET:
            yield from each(External("", False, sdk.kind), sdk.owners, sdk.calls)
            yield from each(External("", True, sdk.kind), sdk.awaited, sdk.awaited_calls or sdk.calls)


def made(sdks: Iterable[Sdk], *given: str) -> dict[str, str]:
    """The classes among the owners, each as what calling it makes; but those that only other calls give."""
    owners = {owner for sdk in sdks for owner in (*sdk.owners, *sdk.awaited)}
    return {owner: owner for owner in sorted(owners.difference(given)) if final_name(owner)[:1].isupper()}


def below(prefixes: str, names: str) -> str:
    """Each name below each prefix."""
    return " ".join(f"{prefix}.{name}" for prefix in prefixes.split() for name in names.split())


def alike(names: str, result: str, owner: str = "") -> dict[str, str]:
    """The same result for each of the space-separated names, below `owner` when given."""
    prefix = f"{owner}." if owner else ""
    return {f"{prefix}{name}": result for name in names.split()}


def final_name(name: str) -> str:
    return name.rpartition(".")[2]


def roots(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name.partition(".")[0]
