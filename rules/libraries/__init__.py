"""Knowledge of other people's libraries: what blocks, queries, connects, leaves the machine, and what calls return.

All look-ups take a qualified name and answer None for what they do not know. Public paths that mean the same
(`sqlalchemy.Engine`, `sqlalchemy.engine.base.Engine`) are one: `canonical` says which. Inherited methods are found through
the known base classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Generic, TypeVar

from msgspec.structs import replace

from rules.libraries import (
    agents,
    async_orms,
    azure,
    chains,
    chats,
    cloud,
    code_hosts,
    crypto,
    data,
    documents,
    drivers,
    fastapi,
    files,
    google,
    http,
    hubs,
    identity,
    learning,
    ledgers,
    llm,
    machines,
    messaging,
    mongo,
    office,
    orms,
    redis,
    science,
    search,
    services,
    speech,
    sqlalchemy,
    stdlib,
    supabase,
    web,
)
from rules.libraries.model import (
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Offload,
    Query,
    Timeout,
    final_name,
)

LIBRARIES: tuple[Library, ...] = tuple(
    module.LIBRARY
    for module in (
        stdlib,
        http,
        sqlalchemy,
        drivers,
        orms,
        async_orms,
        mongo,
        redis,
        search,
        cloud,
        azure,
        google,
        services,
        identity,
        llm,
        agents,
        machines,
        chats,
        speech,
        office,
        code_hosts,
        chains,
        hubs,
        web,
        files,
        supabase,
        ledgers,
        messaging,
        fastapi,
        crypto,
        data,
        documents,
        learning,
        science,
    )
)


E = TypeVar("E", Blocking, Query, Client, External, Timeout)


class _Table(Generic[E]):
    """Entries by name; those that end in `.*` by the longest prefix."""

    def __init__(self, entries: Iterable[E]) -> None:
        self.exact: dict[str, E] = {}
        self.below: dict[str, E] = {}
        for entry in entries:
            if entry.name.endswith(".*"):
                self.below[entry.name[:-2]] = entry
            else:
                self.exact[entry.name] = entry

    def find(self, name: str) -> E | None:
        found = self.exact.get(name)
        if found is not None or not self.below:
            return found
        last = final_name(name)
        prefix = name.rpartition(".")[0]
        while prefix:
            wildcard = self.below.get(prefix)
            if wildcard is not None:
                below = name.removeprefix(f"{prefix}.")
                return None if {last, below} & wildcard.excluding else replace(wildcard, name=name)
            prefix = prefix.rpartition(".")[0]
        return None


def _merge(mappings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for mapping in mappings:
        merged.update(mapping)
    return merged


_BLOCKING = _Table(entry for library in LIBRARIES for entry in library.blocking)
_QUERIES = _Table(entry for library in LIBRARIES for entry in library.queries)
_CLIENTS = _Table(entry for library in LIBRARIES for entry in library.clients)
_EXTERNAL = _Table(entry for library in LIBRARIES for entry in library.external)
_TIMEOUTS = _Table(entry for library in LIBRARIES for entry in library.timeouts)
_RETURNS = _merge(library.returns for library in LIBRARIES)
_ATTRIBUTES = _merge(library.attributes for library in LIBRARIES)
_OPEN = {
    owner: (given, library.members)
    for library in LIBRARIES
    for owner, given in library.open_attributes.items()
}
_CLOSED: tuple[None, frozenset[str]] = (None, frozenset())
_ITEMS = _merge(library.items for library in LIBRARIES)
_ALIASES = _merge(library.aliases for library in LIBRARIES)
_BASES = _merge(library.bases for library in LIBRARIES)

OFFLOADS: Mapping[str, Offload] = MappingProxyType(
    {entry.name: entry for library in LIBRARIES for entry in library.offloads}
)
"""Offload primitives by canonical name."""

_NAMES: tuple[str, ...] = tuple(
    name
    for names in (
        _BLOCKING.exact,
        _BLOCKING.below,
        _QUERIES.exact,
        _QUERIES.below,
        _CLIENTS.exact,
        _CLIENTS.below,
        _EXTERNAL.exact,
        _EXTERNAL.below,
        _TIMEOUTS.exact,
        OFFLOADS,
        _RETURNS,
        _ATTRIBUTES,
        _ALIASES,
        _BASES,
    )
    for name in names
)

ROOTS: frozenset[str] = frozenset(name.partition(".")[0] for name in _NAMES)
"""Top-level packages that the tables speak of; a name outside them is known to be unknown."""
DATABASES: frozenset[str] = frozenset(
    entry.name.partition(".")[0] for library in LIBRARIES for entry in library.queries
)
"""First names of libraries that ask a database."""

_FINAL_NAMES: frozenset[str] = frozenset(
    final_name(name)
    for names in (_BLOCKING.exact, _QUERIES.exact, _CLIENTS.exact, _EXTERNAL.exact, _TIMEOUTS.exact, OFFLOADS)
    for name in names
)
# Wildcards stand for SDK methods, which are named by a verb: `list_objects_v2`, `put_object`.
_VERBS: frozenset[str] = frozenset(cloud.VERBS)


@lru_cache(maxsize=1 << 16)
def canonical(name: str) -> str:
    """The one public path of what `name` names; unknown names come back unchanged."""
    if name.partition(".")[0] not in ROOTS:
        return name
    prefix, rest = name, ""
    while prefix:
        target = _ALIASES.get(prefix)
        if target is not None:
            return target + rest
        head, _, last = prefix.rpartition(".")
        rest = f".{last}{rest}"
        prefix = head
    return name


def bases(name: str) -> tuple[str, ...]:
    """The known classes that the class `name` inherits from, nearest first, without itself."""
    found: list[str] = []
    current = _BASES.get(canonical(name))
    while current is not None and current not in found:
        found.append(current)
        current = _BASES.get(current)
    return tuple(found)


def _names(name: str) -> Iterable[str]:
    """`name` in canonical form, then the same member on the base classes of its owner."""
    full = canonical(name)
    yield full
    owner, _, member = full.rpartition(".")
    while owner in _BASES:
        owner = _BASES[owner]
        yield f"{owner}.{member}"


def _find(table: _Table[E], name: str) -> E | None:
    if name.partition(".")[0] not in ROOTS:
        return None
    for candidate in _names(name):
        found = table.find(candidate)
        if found is not None:
            return found
    return None


def _look_up(table: Mapping[str, str], name: str) -> str | None:
    if name.partition(".")[0] not in ROOTS:
        return None
    for candidate in _names(name):
        found = table.get(candidate)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=1 << 16)
def blocking(name: str) -> Blocking | None:
    """What a call of `name` waits for, when it blocks its thread."""
    return _find(_BLOCKING, name)


@lru_cache(maxsize=1 << 16)
def query(name: str) -> Query | None:
    """The database round trip that a call of `name` makes, sync or async."""
    return _find(_QUERIES, name)


_POOLED = frozenset(
    {
        "redis",
        "memcached",
        "pymongo",
        "beanie",
        "odmantic",
        "tortoise",
        "ormar",
        "edgy",
        "piccolo",
        "prisma",
        "gel",
        "elasticsearch",
        "qdrant_client",
        "supabase",
    }
)
_POOLS = ("asyncpg.Pool.", "databases.Database.", "neo4j.AsyncDriver.")


def is_pooled(entry: Query) -> bool:
    """Whether each such round trip takes a connection of its own, so that several may go on at once."""
    return entry.driver in _POOLED or entry.name.startswith(_POOLS)


def library(name: str) -> str:
    """What a name belongs to, as it is installed: `google.cloud.storage` is not `google.cloud.bigquery`."""
    first = name.partition(".")[0]
    if first not in _SHARED:  # nearly all
        return first
    parts = name.split(".")
    return ".".join(parts[: next((depth for start, depth in _DEEP if name.startswith(start)), 1)])


_DEEP = (
    ("google.cloud.", 3),
    ("google.", 2),
    *((f"azure.{shared}.", 3) for shared in ("ai", "communication", "mgmt")),
    ("azure.", 2),
)
"""Where several libraries share a package."""
_SHARED = frozenset({start.partition(".")[0] for start, _ in _DEEP})

KNOWN: frozenset[str] = frozenset(map(library, _NAMES))
"""The libraries that the tables speak of."""
_WAITING: frozenset[str] = frozenset(
    name.rpartition(".")[0] for name, entry in _BLOCKING.exact.items() if entry.kind is Kind.NET
)


def is_unlisted(owner: str, name: str) -> bool:
    """Whether a class, `owner`, has methods of which the tables say that they wait for another machine, and `name` is one of
    it that they say nothing of."""
    return owner in _WAITING and not any(
        find(name) is not None for find in (blocking, query, client, external, returns, attribute)
    )


def client(name: str) -> Client | None:
    """What calling `name` creates, when it should live as long as the process."""
    return _find(_CLIENTS, name)


def external(name: str) -> External | None:
    """The call out of the machine that a call of `name` makes, sync or async."""
    return _find(_EXTERNAL, name)


def timeout(name: str) -> Timeout | None:
    """The default of a call that waits for ever, or for minutes, unless told otherwise."""
    return _find(_TIMEOUTS, name)


@lru_cache(maxsize=1 << 16)
def returns(name: str) -> str | None:
    """The type of what calling `name` gives: after `await`, or as bound by `with … as`, where that is its use.

    An instance that is called has the name `Class.__call__`; a boto3 client carries its service:
    ask `returns_for` with the string argument.
    """
    return _look_up(_RETURNS, name)


def returns_for(name: str, argument: str) -> str | None:
    """`returns` where the first string argument decides: `boto3.client("s3")` is a `boto3.client.s3`."""
    result = returns(name)
    if result is not None and result.endswith(".{}"):
        return result[:-2] + argument
    return result


def attribute(name: str) -> str | None:
    """The type of the attribute `Class.attribute`, or None."""
    return _look_up(_ATTRIBUTES, name)


def open_attribute(owner: str, name: str) -> str | None:
    """The type of `owner.name` where any name will do (`database.orders`), or None."""
    given, members = _OPEN.get(owner, _CLOSED)
    return None if given is None or name in members or name[:1] == "_" else given


def item(name: str) -> str | None:
    """The type of what iterating over an instance of the class `name`, or subscripting it, gives; or None."""
    return _look_up(_ITEMS, name)


def could_matter(last_name: str) -> bool:
    """Whether a call whose final name is `last_name` can be any entry at all. A cheap first question."""
    return last_name in _FINAL_NAMES or last_name.partition("_")[0] in _VERBS


@lru_cache(maxsize=1)
def _awaited() -> Mapping[str, frozenset[str]]:
    """By names of two words the packages whose asynchronous clients have methods that are called so."""
    found: dict[str, set[str]] = {name: {"aioboto3", "aiobotocore"} for name in cloud.OBJECTS}
    for name, entry in _EXTERNAL.exact.items():
        if entry.is_async and "_" in final_name(name).strip("_"):
            found.setdefault(final_name(name), set()).add(name.partition(".")[0])
    return {name: frozenset(roots) for name, roots in found.items()}


def awaited_of(last_name: str) -> frozenset[str]:
    """The packages that have an asynchronous client with a method of this name."""
    return _awaited().get(last_name, frozenset())


def has(last_name: str) -> bool:
    """Whether something in the tables is called so."""
    return last_name in _FINAL_NAMES


__all__ = [
    "DATABASES",
    "LIBRARIES",
    "OFFLOADS",
    "ROOTS",
    "Blocking",
    "Client",
    "External",
    "Kind",
    "Library",
    "Offload",
    "Query",
    "Timeout",
    "attribute",
    "awaited_of",
    "bases",
    "blocking",
    "canonical",
    "client",
    "could_matter",
    "external",
    "has",
    "item",
    "library",
    "query",
    "returns",
    "returns_for",
    "timeout",
]
