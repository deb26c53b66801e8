"""What calls mean: the library tables, extended by what the project says about its own callables."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from rules import libraries
from rules.engine.finding import Options
from rules.libraries import Blocking, External, Kind, Query


class Knowledge:
    """Look-ups by qualified name. None for what is unknown."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - frozen
        self._own = tuple(_own(options.blocking))
        self._silent = options.nonblocking
        self._blocking: dict[str, Blocking | None] = {}

    def blocking(self, name: str) -> Blocking | None:
        if name not in self._blocking:
            self._blocking[name] = self._look_up(name)
        return self._blocking[name]

    def _look_up(self, name: str) -> Blocking | None:
        if any(fnmatchcase(name, pattern) for pattern in self._silent):
            return None
        for pattern, kind in self._own:
            if fnmatchcase(name, pattern):
                return Blocking(
                    name, kind, "a thread (`await asyncio.to_thread(…)`) or an asynchronous version"
                )
        return libraries.blocking(name)

    def query(self, name: str) -> Query | None:
        return libraries.query(name)

    def external(self, name: str) -> External | None:
        return libraries.external(name)


def _own(entries: Iterable[str]) -> Iterable[tuple[str, Kind]]:
    for entry in entries:
        name, _, kind = entry.partition(":")
        yield name.strip(), Kind(kind.strip()) if kind.strip() in {str(item) for item in Kind} else Kind.NET
