"""Which classes of the project derive from which: the other way round than they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules.engine.linking.implementers import PROTOCOLS, Implementers, stands_in
from rules.engine.linking.unions import one_of
from rules.engine.linking.values import ANCESTRY, HEIRS, Linked, Sort, Value, function_value, note, qualified
from rules.engine.reading import facts
from rules.engine.reading.facts import Function

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver


_SAYING = frozenset({*PROTOCOLS, "abc.ABC"})
"""Bases of classes that say what others do."""
_MANY = 12
"""So many heirs may have an attribute that their base has not, each an own one: which of them is meant is known to nobody."""


class Heirs:
    """The heirs of all classes, found when the first is asked for."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.implementers = Implementers(resolver)
        self._known: dict[tuple[str, str], list[Value]] | None = None
        self._bases: dict[str, list[tuple[str, str]]] = {}
        """By file, the classes that its classes derive from."""
        self._asked: set[tuple[str, str, str]] = set()
        """Attributes of classes that are being looked for among their heirs: a class may derive from itself."""
        self._found: dict[tuple[str, str, str], tuple[object, Value | None]] = {}
        """What was found meanwhile, and for which reader: many ways may lead to one heir."""

    def implementation(self, owner: Value, name: str, asked: Value) -> Value | None:
        """The method `name` among the heirs of an abstract class, one of several perhaps; None when there are many.

        `asked` is the class that has it from `owner`, or that is `owner`: where it is a protocol, what does all that it says
        need not name it.
        """
        found: dict[tuple[str, str], Value] = {}
        for each in self.implementers.of(asked):
            method = self._resolver.attributes.of(each, name)
            if method is not None and method.sort == Sort.FUNCTION:
                found[method.home.path, method.symbol] = function_value(method.home, method.function)
        pending = list(self.of(owner))
        seen: set[tuple[str, str]] = set()
        while pending:
            heir = pending.pop()
            if (heir.home.path, heir.symbol) in seen:
                continue  # many ways may lead to one heir
            seen.add((heir.home.path, heir.symbol))
            pending.extend(self.of(heir))
            self._resolver.looked_up(heir.home, f"{heir.symbol}.{name}")
            function = heir.home.functions.get(f"{heir.symbol}.{name}")
            if (
                function is not None
                and not is_abstract(heir, function)
                and not stands_in(heir.home.path, heir.symbol)
            ):
                found[heir.home.path, function.symbol] = function_value(heir.home, function)
        return one_of(found[key] for key in sorted(found))

    def own(self, value: Value, name: str) -> Value | None:
        """What all heirs of a class have under a name that it has not itself: a mixin counts on those who mix it in, and who
        is handed a base class may know which heir it is."""
        heirs = self.of(value)
        asked = (value.home.path, value.symbol, name)
        if not heirs or asked in self._asked:
            return None
        reader, known = self._resolver.reader, self._found.get(asked)
        if known is not None and known[0] is reader:
            return known[1]
        found: list[Value] = []
        self._asked.add(asked)
        for heir in heirs:
            if not stands_in(heir.home.path, heir.symbol):
                held = self._resolver.attributes.of(replace(heir, sort=Sort.OBJECT), name)
                if held is not None:
                    found.append(held)
        self._asked.discard(asked)
        answer = one_of(found) if len(found) <= _MANY else None
        if self._asked:
            self._found[asked] = reader, answer
        else:
            self._found.clear()
        return answer

    def of(self, owner: Value) -> list[Value]:
        """The classes that name `owner` as a base."""
        key = (owner.home.path, owner.symbol)
        if self._resolver.reader is not None:
            note(self._resolver.readers, _heirs_of(key), self._resolver.reader)
        if self._known is None:
            self._known = {}
            for path, module in self._resolver.modules.items():
                self._follow_bases(path, module, self._known)
        return self._known.get(key, [])

    def _follow_bases(
        self, path: str, module: Linked, heirs: dict[tuple[str, str], list[Value]]
    ) -> list[tuple[str, str]]:
        """Add the classes of a file to those that derive from their bases; returns these bases."""
        reader, self._resolver.reader = (
            self._resolver.reader,
            (HEIRS, path) if self._resolver.tracks else None,
        )
        bases: list[tuple[str, str]] = []
        for cls in module.facts.classes:
            heir = Value(Sort.CLASS, qualified(module, cls.symbol), module, cls.symbol)
            for base in cls.bases:
                resolved = self._resolver.value(base, module)
                if resolved is not None and resolved.sort == Sort.CLASS:
                    bases.append((resolved.home.path, resolved.symbol))
                    heirs.setdefault(bases[-1], []).append(heir)
        self._resolver.reader = reader
        if bases:
            self._bases[path] = bases
        return bases

    def derive_again(self, files: Collection[str]) -> Iterator[object]:
        """Who asked for heirs of a class that other classes of these files derive from than before."""
        if self._known is None:
            return
        for path in files:
            before = self._bases.pop(path, [])
            had = {key: self._known[key] for key in before}
            for key, heirs in had.items():
                self._known[key] = [heir for heir in heirs if heir.home.path != path]
            module = self._resolver.modules.get(path)
            after = self._follow_bases(path, module, self._known) if module is not None else []
            for key in {*before, *after}:
                names = [heir.symbol for heir in had.get(key, ()) if heir.home.path == path]
                if names != [heir.symbol for heir in self._known[key] if heir.home.path == path]:
                    yield from self._resolver.readers.pop(_heirs_of(key), ())


def is_abstract(owner: Value, function: Function) -> bool:
    """Whether a method of the class `owner` only says what those of its heirs do."""
    if function.flags & facts.ABSTRACT:
        return True
    return not PROTOCOLS.isdisjoint(owner.home.classes[owner.symbol].bases)


def says_less(value: Value) -> bool:
    """Whether it is an instance of a class that only says what others do."""
    if value.sort != Sort.OBJECT:
        return False
    cls = value.home.classes[value.symbol]
    return cls.metaclass.endswith("abc.ABCMeta") or any(base in _SAYING for base in cls.bases)


def _heirs_of(key: tuple[str, str]) -> str:
    return f"{ANCESTRY}{key[0]} {key[1]}"
