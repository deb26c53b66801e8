"""What expressions are, once files know each other: references resolved to values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from rules import libraries
from rules.engine.linking import named
from rules.engine.linking.attributes import Attributes
from rules.engine.linking.calling import Calling
from rules.engine.linking.containers import DICT, LIST, PROVIDER, tuple_of
from rules.engine.linking.exports import Exports
from rules.engine.linking.heirs import Heirs, says_less
from rules.engine.linking.implementers import PROTOCOLS
from rules.engine.linking.module_map import ModuleMap
from rules.engine.linking.registries import Registries
from rules.engine.linking.type_variables import SELF, VARIABLE
from rules.engine.linking.unions import members, one_of
from rules.engine.linking.values import (
    ANCESTRY,
    HEIRS,
    KEPT,
    Linked,
    Sort,
    Value,
    function_value,
    note,
    qualified,
)
from rules.engine.reading.bracketed import opening, parts
from rules.engine.reading.facts import ModuleFacts

_DEPTH = 80
_GENERATIONS = 200
"""Classes deriving from one another, beyond which what the first ones give the last is not looked for."""
_NO_MODULE = frozenset(
    {Sort.INSTANCE, Sort.OBJECT, Sort.ITEMS, Sort.TEXT, Sort.UNION, Sort.CLASS, Sort.FUNCTION}
)
"""What an attribute of is never a submodule."""


class Resolver(ModuleMap):
    """Resolves references. Unknown is None."""

    def __init__(self, files: Mapping[str, ModuleFacts], *, tracks: bool = False) -> None:
        self._depth = 0
        self._generations = 0
        """Classes whose bases are being looked for, each a base of the one before."""
        self.exports = Exports(self)
        self.attributes = Attributes(self)
        self.calling = Calling(self)
        self.heirs = Heirs(self)
        self.registries: Registries | None = None
        super().__init__(files, tracks=tracks)
        self.registries = Registries(self)

    def lies_the_same(self, changed: Mapping[str, ModuleFacts | None]) -> bool:
        if self.registries is not None:
            for path, found in changed.items():
                module = self.modules.get(path)
                before = module.facts if module is not None else None
                if self.registries.told_by(before) != self.registries.told_by(found):
                    return False
        return super().lies_the_same(changed)

    def change(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        self.exports.forget(changed)
        self.attributes.forget()
        before = {path: module.facts for path in changed if (module := self.modules.get(path)) is not None}
        asked = super().change(changed)
        for path, found in changed.items():
            asked.update(self.heirs.implementers.follow(before.get(path), found, path))
        return asked

    # Answers that are made of others

    def forget(self, pending: list[object], derived: Collection[str]) -> set[object]:
        """Forget the answers of `pending`, who read what changed, and of all who read theirs; returns them all.

        `derived` are the files whose classes or their bases are others.
        """
        seen: set[object] = set()
        files = set(derived)
        while pending or files:
            while pending:
                reader = pending.pop()
                if reader in seen:
                    continue
                seen.add(reader)
                if not isinstance(reader, tuple):
                    continue
                first, ref = reader
                if isinstance(first, Linked):
                    if ref[:1] == ANCESTRY:
                        first.ancestry.pop(ref[1:], None)
                    elif ref[:1] == KEPT:
                        first.kept.pop(ref, None)
                    else:
                        first.memo.pop(ref, None)
                    pending.extend(first.readers.pop(ref, ()))
                elif first == HEIRS:
                    files.add(ref)
                    seen.discard(reader)
            if files:
                pending.extend(self.heirs.derive_again(files))
                files.clear()
        return seen

    # References

    def value(self, ref: str, module: Linked) -> Value | None:
        """What `ref`, written in `module`, is."""
        memo = module.memo
        reader = self.reader
        if reader is not None:
            readers = module.readers.get(ref)
            if readers is None:
                module.readers[ref] = [reader]
            elif readers[-1] is not reader:
                readers.append(reader)
        if ref in memo:
            return memo[ref]
        if not ref or self._depth > _DEPTH:
            return None
        memo[ref] = None
        self._depth += 1
        if self.tracks:
            self.reader = (module, ref)
        try:
            found = self._resolve(ref, module)
        finally:
            self._depth -= 1
            self.reader = reader
        memo[ref] = found
        return found

    def _resolve(self, ref: str, module: Linked) -> Value | None:
        if ref[0] == "'":
            return Value(Sort.TEXT, ref[1:])
        last = ref[-1]
        if last == ")":
            return self.calling.called(self.value(ref[:-2], module))
        if last == ":":
            return self._instance_of(ref[:-1], module)
        if last == "»":
            return self._one_of(parts(ref, "|"), module)
        if last == "⟩":
            if ref[0] == "⟨" and opening(ref) == 0:
                return tuple_of([self.value(part, module) for part in parts(ref, "¦")])
            start = opening(ref)
            made = self.value(ref[:start], module)
            if made is None or made.sort != Sort.OBJECT:
                return made
            return replace(made, given=tuple(self.value(part, module) for part in parts(ref[start:], "¦")))
        if last == "]":
            base, _, key = ref[:-1].rpartition("[")
            if not key:
                return self.calling.item(self.value(base, module))
            return self.calling.subscribed(self.value(base, module), key)
        if last == "~":
            callee = self.value(ref[:-1], module)
            return None if callee is None else replace(callee, partial=True)
        if last == "}":
            if ref[-2] == ":":
                item = self.value(ref[:-3], module)
                return Value(Sort.ITEMS, "builtins.dict", item=item) if item is not None else DICT
            item = self.value(ref[:-2], module)
            return Value(Sort.ITEMS, "builtins.list", item=item) if item is not None else LIST
        if last == "!":
            return Value(Sort.ITEMS, PROVIDER, item=self.value(ref[:-1], module))
        if last == "^":
            return self.calling.entered(self.value(ref[:-1], module))
        if last == "$":
            annotated, _, depends = ref[:-1].rpartition("‖")
            said = self.value(annotated, module)
            if said is not None and not says_less(said):
                return said
            given = self.calling.provided(self.value(depends, module))
            return said if said is not None and (given is None or given.sort != Sort.OBJECT) else given
        if last == "⁇":
            declared, _, shown = ref[:-1].rpartition("⁇")
            known = self.value(declared, module)
            return known if known is not None and known.sort != Sort.EXTERNAL else self.value(shown, module)
        if last == "⁂":
            getter, _, wanted = ref[:-1].rpartition("⁂")
            return self.calling.made_of(self.value(getter, module), wanted, module)
        if last == "∩":
            declared, _, narrower = ref[:-1].rpartition("∩")
            return self._both(self.value(declared, module), self.value(narrower, module))
        if last == "⊂":
            return Value(Sort.INSTANCE, VARIABLE, item=self.value(ref[:-1], module))
        if last == "%":
            owner = self.value(ref[:-1], module)
            if owner is None or owner.sort not in (Sort.CLASS, Sort.OBJECT) or owner.module is None:
                return (
                    None  # the name of the class is somebody else's too: `except ImportError: class Error(…)`
                )
            return replace(owner, sort=Sort.SUPER)
        base, dot, name = ref.rpartition(".")
        if dot and not base.endswith("<"):
            # symbols (`@Orders.list`, `@outer.inner`) first: what hangs on a name is the common case after
            if ref[0] == "@":
                symbol = ref[1:]
                self.looked_up(module, symbol)
                if symbol in module.functions:
                    return function_value(module, module.functions[symbol])
                if symbol in module.classes:
                    return Value(Sort.CLASS, qualified(module, symbol), module, symbol)
            owner = self.value(base, module)
            if owner is not None and owner.sort in _NO_MODULE and ref in module.facts.modules:
                # `from .router import router`: the file, also where its package has that router under the same name
                found = self.attributes.of(self.exports.file_behind(base, module), name)
                if found is not None:
                    return found
            found = self.attributes.of(owner, name)
            if found is None and owner is not None and owner.sort in (Sort.FUNCTION, Sort.CLASS):
                return self.attributes.of(self.exports.file_behind(base, module), name)
            return found
        if ref[0] == "@":
            return self.exports.of(module, ref[1:])
        if ref[0] == "<":
            level, _, name = ref[1:].partition(">")
            package = self.relative(int(level), module)
            return self.attributes.of(package, name) if name and package is not None else package
        return self._absolute(ref, module)

    def ancestry(self, value: Value) -> tuple[Value, ...]:
        """The class of `value` and its bases, in the order attributes are looked up; others' classes as EXTERNAL,
        of which nothing more is known."""
        if value.module is None:
            return (value,)
        home, symbol, reader = value.module, value.symbol, self.reader
        if reader is not None:
            note(home.readers, f"{ANCESTRY}{symbol}", reader)
        known = home.ancestry.get(symbol)
        if known is not None:
            return known
        if self._generations > _GENERATIONS:
            return (value,)
        home.ancestry[symbol] = ()
        self._generations += 1
        if self.tracks:
            self.reader = (home, f"{ANCESTRY}{symbol}")
            note(home.lookups, symbol, self.reader)
        try:
            found = home.ancestry[symbol] = self._ancestors(value)
        finally:
            self._generations -= 1
            self.reader = reader
        return found

    def _ancestors(self, value: Value) -> tuple[Value, ...]:
        own = Value(Sort.CLASS, qualified(value.home, value.symbol), value.home, value.symbol)
        found = [own]
        seen = {own.name}
        cls = value.home.classes.get(value.symbol)
        external: list[Value] = []
        for base in cls.bases if cls is not None else ():
            resolved = self.value(base, value.home)
            if resolved is None:
                continue
            if resolved.sort == Sort.CLASS:
                for ancestor in self.ancestry(resolved):
                    if ancestor.name not in seen:
                        seen.add(ancestor.name)
                        (external if ancestor.sort == Sort.EXTERNAL else found).append(ancestor)
            elif resolved.sort == Sort.EXTERNAL and resolved.name not in seen:
                seen.add(resolved.name)
                if resolved.name not in _PLAIN:
                    external.append(resolved)
        return (*found, *external)

    def known_bases(self, value: Value) -> tuple[Value, ...] | None:
        """A class and all that it derives from, plain bases too; None where one of these is unknown."""
        found, seen, pending = [], {value.name}, [value]
        for each in pending:  # grows while we go
            found.append(each)
            cls = each.home.classes.get(each.symbol) if each.sort == Sort.CLASS else None
            for base in cls.bases if cls is not None else ():
                resolved = self.value(base, each.home)
                if resolved is None or resolved.sort not in (Sort.CLASS, Sort.EXTERNAL):
                    return None
                if resolved.name not in seen:
                    seen.add(resolved.name)
                    pending.append(resolved)
        return tuple(found)

    def plain_bases(self, value: Value) -> Iterator[str]:
        """The bases that `ancestry` leaves out, by name: they say what a class is, and give it nothing of interest."""
        for ancestor in self.ancestry(value):
            cls = ancestor.module.classes.get(ancestor.symbol) if ancestor.module is not None else None
            for base in cls.bases if cls is not None else ():
                resolved = self.value(base, ancestor.home)
                if resolved is not None and resolved.sort == Sort.EXTERNAL and resolved.name in _PLAIN:
                    yield resolved.name

    def _instance_of(self, ref: str, module: Linked) -> Value | None:
        """A value of the annotated type `ref`."""
        alias = named.alias(self, ref, module)
        if alias is not None:
            found, holder = alias
            return self.value(found.annotation, holder) if found.annotation else None
        value = self.value(ref, module)
        if value is None or f"{ref}:" in SELF:
            return None
        if value.sort == Sort.CLASS:
            return replace(value, sort=Sort.OBJECT)
        if value.sort == Sort.EXTERNAL:
            return Value(Sort.INSTANCE, libraries.canonical(value.name))
        return None

    def _one_of(self, refs: Iterable[str], module: Linked) -> Value | None:
        """One of several values: the one that they turn out to be, or any of them when all are the project's."""
        return one_of(self.value(ref, module) for ref in refs)

    def _both(self, declared: Value | None, found: Value | None) -> Value | None:
        """What is declared to be one thing and found to be another (`isinstance`): the one that says more."""
        if declared is None or found is None:
            return declared or found
        fitting = [each for each in members(declared) if self._is_a(each, found)]
        return one_of(fitting) if fitting else found

    def _is_a(self, value: Value, other: Value) -> bool:
        """Whether an instance is one of the class that `other` is an instance of, or of one that derives from that."""
        if value.sort == Sort.ITEMS or other.name == value.name:
            return value.sort == Sort.ITEMS or value.sort == other.sort
        if value.sort == Sort.OBJECT:
            return any(each.name == other.name for each in self.ancestry(value)) or other.name in {
                *self.plain_bases(value)
            }
        return value.sort == Sort.INSTANCE and other.name in libraries.bases(value.name)


_PLAIN = frozenset(
    {*PROTOCOLS, "builtins.object", "abc.ABC", "typing.Generic", "enum.Enum", "builtins.Exception"}
)
