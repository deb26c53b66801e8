"""Classes that do what a protocol says without naming it among their bases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from rules.engine.linking.values import KEPT, METHODS, NAMED, Linked, Sort, Value, note, qualified
from rules.engine.reading import facts, names_read
from rules.engine.reading.facts import Function, ModuleFacts
from rules.engine.reading.paths import is_example, place_of
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver

_KEPT = f"{KEPT}implementers "
_KINDS = facts.STATIC | facts.CLASSMETHOD
_MOST = 60
"""Of classes with a method of one name: a name that so many have tells nothing."""
_TELLING = 3
"""So many members are nobody's by chance, whatever they are called."""
_WORDS = regex(r"[A-Z][a-z]{2,}|[A-Z]+(?![a-z])")
_SAYING_NOTHING = frozenset(
    {"Protocol", "Like", "Interface", "Port", "Base", "Abstract", "Service", "Supports", "Has", "Can"}
)
_STAND_IN = regex(r"(?:Fake|Mock|Stub|Dummy|Noop|NoOp)[A-Z]|[A-Z]\w*(?:Fake|Mock|Stub|Dummy)$")
"""How everybody calls classes made for tests: not what a request meets."""
_FOR_TESTS = regex(r"(?:^|/)_?(?:fakes?|mocks?|stubs?|test_?doubles?)(?:/|\.py$)")
PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})


def stands_in(path: str, symbol: str) -> bool:
    """Whether a class is there for tests: by its name, or by where it lies."""
    name = symbol.rpartition(".")[2]
    return bool(_STAND_IN.match(name) or _FOR_TESTS.search(path)) or place_of(path) == "test"


class Implementers:
    """The classes of a project by the names of their methods, found when the first protocol is asked about."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._having: dict[str, dict[tuple[str, str], None]] | None = None
        """By the name of a method, the classes that define it."""
        self._named: dict[str, bool] = {}
        """Whether the application names classes of these names."""

    def of(self, protocol: Value) -> tuple[Value, ...]:
        """The classes that have all methods of a protocol, with the same parameters, and that something makes."""
        home, key, reader = protocol.home, f"{_KEPT}{protocol.symbol}", self._resolver.reader
        if reader is not None:
            note(home.readers, key, reader)
        if key not in home.kept:
            home.kept[key] = ()
            self._resolver.reader = (home, key) if self._resolver.tracks else None
            try:
                home.kept[key] = tuple(self._found(protocol))
            finally:
                self._resolver.reader = reader
        return cast("tuple[Value, ...]", home.kept[key])

    def _found(self, protocol: Value) -> Iterator[Value]:
        members = self._members(protocol)
        if not members:
            return
        having = self._index()
        if self._resolver.reader is not None:
            for name in members:
                note(self._resolver.readers, METHODS + name, self._resolver.reader)
        rarest = min(members, key=lambda name: (len(having.get(name, ())), name))
        if not 1 < len(having.get(rarest, ())) <= _MOST:
            return  # the protocol has it itself
        own = (protocol.home.path, protocol.symbol)
        telling = _is_telling(members)
        for path, symbol in self._with_heirs(key for key in having[rarest] if key != own):
            module = self._resolver.modules[path]
            if (
                place_of(path) == "app"
                and not is_example(path)
                and not stands_in(path, symbol)
                and (telling or _share_a_word(protocol.symbol, symbol))
                and self._has_all(module, symbol, members)
                and self._is_named(symbol)
            ):
                yield Value(Sort.CLASS, qualified(module, symbol), module, symbol)

    def follow(self, before: ModuleFacts | None, after: ModuleFacts | None, path: str) -> Iterator[str]:
        """Show other facts of a file. Gives the names of `Resolver.readers` under which somebody may have asked for what
        changed."""
        if self._having is None:
            return
        had, has = ({*_methods(found)} if found is not None else set() for found in (before, after))
        for cls, name in had - has:
            self._having[name].pop((path, cls), None)
        for cls, name in has - had:
            self._having.setdefault(name, {})[path, cls] = None
        yield from {METHODS + name for _, name in had ^ has}
        for asked in self._resolver.readers:
            if asked[:1] == NAMED:
                mentioned = (
                    found is not None and names_read.has(found.mentions, asked[1:])
                    for found in (before, after)
                )
                if next(mentioned) != next(mentioned):
                    self._named.pop(asked[1:], None)
                    yield asked

    def _index(self) -> Mapping[str, Mapping[tuple[str, str], None]]:
        if self._having is None:
            self._having = {}
            for path, module in self._resolver.modules.items():
                for cls, name in _methods(module.facts):
                    self._having.setdefault(name, {})[path, cls] = None
        return self._having

    def _members(self, protocol: Value) -> dict[str, Function]:
        """The methods that a protocol and those it extends ask for; none where `protocol` is no protocol."""
        found: dict[str, Function] = {}
        resolver = self._resolver
        for owner in resolver.ancestry(protocol):
            if owner.module is None:
                return {}
            resolver.looked_up(owner.module, owner.symbol)
            if PROTOCOLS.isdisjoint(owner.module.classes[owner.symbol].bases):
                return {}
            for name, function in _members_of(owner.module.facts, owner.symbol):
                resolver.looked_up(owner.module, function.symbol)
                if name != "__init__" and not function.flags & facts.PROPERTY:
                    found.setdefault(name, function)
        return found

    def _with_heirs(self, keys: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
        """Classes, and all that derive from them."""
        found = dict.fromkeys(sorted(keys))
        pending = [*found]
        for path, symbol in pending:  # grows while we go
            module = self._resolver.modules[path]
            for heir in self._resolver.heirs.of(Value(Sort.CLASS, "", module, symbol)):
                key = (heir.home.path, heir.symbol)
                if key not in found and len(found) <= _MOST:
                    found[key] = None
                    pending.append(key)
        return pending

    def _has_all(self, module: Linked, symbol: str, members: Mapping[str, Function]) -> bool:
        """Whether a class has methods that can be called as a protocol says."""
        resolver = self._resolver
        ancestry = resolver.ancestry(Value(Sort.CLASS, qualified(module, symbol), module, symbol))
        alone = len(members) == 1
        for name, wanted in members.items():
            for owner in ancestry:
                if owner.module is None:
                    return False
                resolver.looked_up(owner.module, f"{owner.symbol}.{name}")
                method = owner.module.functions.get(f"{owner.symbol}.{name}")
                if method is not None:
                    break
            else:
                return False
            if not PROTOCOLS.isdisjoint(owner.module.classes[owner.symbol].bases):
                return False
            if not _fits(wanted, method, alone=alone):
                return False
        return True

    def _is_named(self, symbol: str) -> bool:
        """Whether the application names a class outside of imports: what nobody makes an object of implements nothing."""
        name = symbol.rpartition(".")[2]
        resolver = self._resolver
        if resolver.reader is not None:
            note(resolver.readers, NAMED + name, resolver.reader)
        if name not in self._named:
            self._named[name] = any(
                names_read.has(module.facts.mentions, name)
                for path, module in resolver.modules.items()
                if place_of(path) == "app"
            )
        return self._named[name]


def _methods(found: ModuleFacts) -> Iterator[tuple[str, str]]:
    """The methods of a file's classes: class and name."""
    for function in found.functions:
        if function.owner:
            yield function.owner, function.symbol.rpartition(".")[2]


def _members_of(found: ModuleFacts, cls: str) -> Iterator[tuple[str, Function]]:
    for function in found.functions:
        name = function.symbol.rpartition(".")[2]
        if function.owner == cls and "'" not in name:
            yield name, function


def _is_telling(members: Mapping[str, Function]) -> bool:
    """Whether methods are not anybody's by chance: several, or one with a name of two words and parameters of its own."""
    if len(members) >= _TELLING:
        return True
    spelled_out = [function for name, function in members.items() if "_" in name.strip("_")]
    return bool(spelled_out) and (len(members) > 1 or len(spelled_out[0].order) > 1)


def _share_a_word(protocol: str, cls: str) -> bool:
    """`OrderStore` and `SqlOrderStore`."""
    wanted, has = ({*_WORDS.findall(name.rpartition(".")[2])} for name in (protocol, cls))
    return not (wanted & has) <= _SAYING_NOTHING


def _fits(wanted: Function, method: Function, *, alone: bool) -> bool:
    """Whether a method takes what is passed by a protocol's; where that is the only one, it has to take the very same."""
    if method.flags & (facts.ABSTRACT | facts.PROPERTY) or (wanted.flags ^ method.flags) & _KINDS:
        return False
    # `def rows(self) -> AsyncIterator[Row]: ...` stands for a generator, which is asynchronous only where it yields.
    if (wanted.flags ^ method.flags) & facts.ASYNC and not method.flags & facts.GENERATOR:
        return False
    asked, taken = (each.order[not each.flags & facts.STATIC :] for each in (wanted, method))
    return asked == taken if alone else {name for name in asked if name[:1] != "_"} <= {*taken}
