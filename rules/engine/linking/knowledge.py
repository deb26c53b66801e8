"""What calls mean: the library tables, extended by what the project says about its own callables."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

from rules import libraries
from rules.engine.finding import Options
from rules.engine.linking.values import Sort, Value
from rules.libraries import OFFLOADS, Blocking, Client, External, Kind, Offload, Query


class Meaning(Struct, frozen=True):
    """What the tables say of one callable."""

    blocking: Blocking | None = None
    query: Query | None = None
    external: External | None = None
    client: Client | None = None
    offload: Offload | None = None


NOTHING = Meaning()

_OWN = {
    Kind.NET: "a thread (`await asyncio.to_thread(…)`) or an asynchronous version",
    Kind.CPU: "a process pool, or a thread where it releases the interpreter",
}
"""What to do about the project's own callables: those that wait, those that compute."""

_OFFLOAD_NAMES = frozenset(name.rpartition(".")[2] for name in OFFLOADS)


def offload_of(name: str) -> Offload | None:
    """The offload primitive `name`, also as inherited by a known class."""
    found = OFFLOADS.get(name)
    if found is None and name.rpartition(".")[2] in _OFFLOAD_NAMES:
        owner, _, method = name.rpartition(".")
        for base in libraries.bases(owner):
            found = OFFLOADS.get(f"{base}.{method}")
            if found is not None:
                break
    return found


class Knowledge:
    """Look-ups by qualified name. None for what is unknown."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - frozen
        self._own = tuple(_own(options.blocking))
        self._silent = options.nonblocking
        self._meanings: dict[str, Meaning] = {}

    def meaning(self, name: str) -> Meaning:
        """All that is known of `name`; `NOTHING` itself when that is nothing."""
        known = self._meanings.get(name)
        if known is None:
            known = Meaning(
                self._blocking(name),
                libraries.query(name),
                libraries.external(name),
                libraries.client(name),
                offload_of(name),
            )
            known = self._meanings[name] = NOTHING if known == NOTHING else known
        return known

    def awaited(self, name: str) -> Meaning:
        """What awaiting what a call of `name` gives means, where the call itself asks nothing: `await Order.filter(open=True)`."""
        made = libraries.returns(name)
        return self.meaning(f"{made}.__await__") if made is not None else NOTHING

    def iterated(self, made: Value | None) -> Meaning:
        """What going through a library's object means: `for row in table.find(): …` asks the database."""
        if made is None or made.sort != Sort.INSTANCE:
            return NOTHING
        return self.meaning(f"{made.name}.__iter__")

    @property
    def has_own(self) -> bool:
        """Whether the project names blocking callables of its own."""
        return bool(self._own)

    def _blocking(self, name: str) -> Blocking | None:
        if any(fnmatchcase(name, pattern) for pattern in self._silent):
            return None
        for pattern, kind in self._own:
            if fnmatchcase(name, pattern):
                return Blocking(name, kind, _OWN.get(kind, _OWN[Kind.NET]), own=True)
        return libraries.blocking(name)


def _own(entries: Iterable[str]) -> Iterable[tuple[str, Kind]]:
    for entry in entries:
        name, _, kind = entry.partition(":")
        yield name.strip(), Kind(kind.strip()) if kind.strip() in {str(item) for item in Kind} else Kind.NET
