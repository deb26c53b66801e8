"""What tables of handlers hold that decorators and calls fill, in whichever file.

`@exporter("csv")` above `def write_csv` puts it into `EXPORTERS`, and `EXPORTERS[kind](order)` may run it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules.engine.linking.unions import TABLE, members
from rules.engine.linking.values import Linked, Sort, Value, function_value, qualified
from rules.engine.reading import registered
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.paths import is_example, place_of

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver

Key = tuple[str, str]
"""(path, name) of a container: a module-level name, or an attribute of a class."""
_MOST = 40
"""So many may be in one table: of more nobody follows each."""
_CONTAINERS = frozenset(
    {"builtins.dict", "builtins.list", "builtins.set", "collections.defaultdict", "collections.OrderedDict"}
    | {"collections.deque", "weakref.WeakValueDictionary", "weakref.WeakSet", "collections.UserDict"}
)
_ROUNDS = 2
"""So often a function may hand on what it is given, until one keeps it."""
_INIT = "__init_subclass__"


class _Keeper:
    """A function that keeps what it is given: at a position, under a name."""

    def __init__(
        self, into: Key, stored: registered.Stored | registered.Given, kind: str, called: bool
    ) -> None:
        self.into = into
        self.kind = kind
        self.called = called
        self.name = stored.parameter
        self.position = stored.position


class Registries:
    """By container what it holds; found once, before anything else is asked of the project."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._held: dict[Key, list[Value]] = {}
        self._kinds: dict[Key, str] = {}
        self._keepers: dict[tuple[str, str], list[_Keeper]] = {}
        self._names: set[str] = set()
        """Last names of what keeps something."""
        modules = [module for path, module in resolver.modules.items() if _takes_part(path)]
        if not any(module.facts.stored for module in modules):
            return
        self._find_keepers(modules)
        for module in modules:
            self._put(module)
        for module in resolver.modules.values():
            module.memo.clear()  # some stand for what a container holds

    def held(self, path: str, name: str, found: Value | None) -> Value | None:
        """`found`, the value of a container, with what others put into it."""
        key = (path, name)
        values = self._held.get(key)
        if not values or not self._may_hold(found, self._kinds[key]):
            return found
        known = found.item if found is not None else None
        while known is not None and known.sort == Sort.ITEMS:
            known = known.item
        values = [*(members(known) if known is not None and _is_ours(known) else ()), *values]
        item = _any_of([each for each in values if each.sort == values[0].sort])
        if item is None:
            return found
        kind = self._kinds[key]
        if kind == registered.LISTS:
            item = Value(Sort.ITEMS, "builtins.list", item=item)
        return Value(Sort.ITEMS, "builtins.list" if kind == registered.LIST else "builtins.dict", item=item)

    def _may_hold(self, found: Value | None, kind: str) -> bool:
        """Whether what is known of a container is one: `self.session.add(order)` puts nothing into a table."""
        if found is None:
            return kind != registered.LIST
        return found.sort == Sort.ITEMS or (found.sort == Sort.INSTANCE and found.name in _CONTAINERS)

    def told_by(self, found: ModuleFacts | None) -> object:
        """All that a file says about tables: while it says the same, they hold the same."""
        if found is None or not (self._names or found.stored):
            return None
        return found.stored, found.given, tuple(self._decorated(found)), tuple(self._handed(found))

    def _find_keepers(self, modules: list[Linked]) -> None:
        for module in modules:
            for each in module.facts.stored:
                if each.function and not each.value:
                    into = self._place(each.into, module)
                    if into is not None:
                        self._keep(module, each, into, each.kind, each.called)
        for _ in range(_ROUNDS if self._keepers else 0):
            for module in modules:
                for given in module.facts.given:
                    if given.function and given.ref.rpartition(".")[2] in self._names:
                        for keeper in self._keepers_at(given.ref, module, given.key):
                            self._keep(module, given, keeper.into, keeper.kind, keeper.called)

    def _keep(
        self,
        module: Linked,
        stored: registered.Stored | registered.Given,
        into: Key,
        kind: str,
        called: bool,
    ) -> None:
        keepers = self._keepers.setdefault((module.path, stored.function), [])
        if any(each.into == into and each.name == stored.parameter for each in keepers):
            return
        keepers.append(_Keeper(into, stored, kind, called))
        self._names.update(stored.function.split("."))

    def _put(self, module: Linked) -> None:
        """Note what a file puts into tables."""
        for each in module.facts.stored:
            if each.value:
                value = self._resolver.value(each.value, module)
                into = self._place(each.into, module) if value is not None and _is_ours(value) else None
                if into is not None and value is not None:
                    self._note(into, each.kind, value)
            elif each.function.endswith(f".{_INIT}") and not each.called:
                self._note_heirs(each, module)
        for given in module.facts.given:
            if given.value and given.ref.rpartition(".")[2] in self._names:
                self._note_given(given.ref, given.key, given.value, module)
        for ref, key, handed in self._handed(module.facts):
            self._note_given(ref, key, handed, module)
        for symbol, ref, called in self._decorated(module.facts):
            self._note_decorated(symbol, ref, called, module)

    def _note_given(self, ref: str, key: str, handed: str, module: Linked) -> None:
        for keeper in self._keepers_at(ref, module, key):
            value = self._resolver.value(handed, module)
            if value is not None and _is_ours(value):
                self._note(keeper.into, keeper.kind, self._made(value, keeper))

    def _note_decorated(self, symbol: str, ref: str, called: bool, module: Linked) -> None:
        found = self._resolver.value(ref, module)
        if found is None or found.module is None:
            return
        path, own = found.module.path, found.symbol
        if found.sort == Sort.CLASS:
            keepers = self._keepers.get((path, f"{own}.__call__"), []) if called else []
        elif called:
            inside = f"{own}."
            keepers = [
                each
                for (where, name), known in self._keepers.items()
                if where == path and name.startswith(inside) and "." not in name[len(inside) :]
                for each in known
            ]
        else:
            keepers = self._keepers.get((path, own), [])
        for keeper in keepers:
            if keeper.position != 0:
                continue
            value = self._decorated_value(symbol, module)
            if value is not None:
                self._note(keeper.into, keeper.kind, self._made(value, keeper))

    def _decorated_value(self, symbol: str, module: Linked) -> Value | None:
        if symbol in module.classes:
            return Value(Sort.CLASS, qualified(module, symbol), module, symbol)
        function = module.functions.get(symbol)
        return function_value(module, function) if function is not None and not function.owner else None

    def _note_heirs(self, stored: registered.Stored, module: Linked) -> None:
        """`cls.known[cls.name] = cls` in `__init_subclass__`: all heirs of the class."""
        into = self._place(stored.into, module)
        base = Value(Sort.CLASS, "", module, stored.function.rpartition(".")[0])
        if into is None:
            return
        pending, seen = [base], {(module.path, base.symbol)}
        while pending and len(seen) <= _MOST:
            for heir in self._resolver.heirs.of(pending.pop()):
                if (heir.home.path, heir.symbol) not in seen:
                    seen.add((heir.home.path, heir.symbol))
                    pending.append(heir)
                    self._note(into, stored.kind, heir)

    def _made(self, value: Value, keeper: _Keeper) -> Value:
        return replace(value, sort=Sort.OBJECT) if keeper.called and value.sort == Sort.CLASS else value

    def _note(self, into: Key, kind: str, value: Value) -> None:
        held = self._held.setdefault(into, [])
        if kind == registered.LISTS or into not in self._kinds:
            self._kinds[into] = kind
        if len(held) < _MOST and not any(
            (each.sort, each.module, each.symbol) == (value.sort, value.module, value.symbol) for each in held
        ):
            held.append(replace(value, origin=None, bound=False))

    def _keepers_at(self, ref: str, module: Linked, key: str) -> Iterator[_Keeper]:
        """What the function that `ref` is keeps of what it is given at `key`."""
        found = self._resolver.value(ref, module)
        if found is None or found.sort != Sort.FUNCTION or found.module is None:
            return
        for keeper in tuple(self._keepers.get((found.module.path, found.symbol), ())):
            if key in (keeper.name, str(keeper.position)):
                yield keeper

    def _handed(self, found: ModuleFacts) -> Iterator[tuple[str, str, str]]:
        """The functions that calls of a file hand to what keeps them, by the name of that."""
        for function in found.functions if self._names else ():
            for call in function.calls:
                if call.handed and call.ref.rpartition(".")[2] in self._names:
                    for key, ref in call.handed:
                        yield call.ref, key, ref

    def _decorated(self, found: ModuleFacts) -> Iterator[tuple[str, str, bool]]:
        """The functions and classes of a file that are decorated with what keeps them, by the name of that."""
        if not self._names:
            return
        decorated = [(each.symbol, each.decorators) for each in found.functions]
        decorated += [(each.symbol, each.decorators) for each in found.classes]
        for symbol, decorators in decorated:
            for decorator in decorators:
                if decorator.ref.rpartition(".")[2].lstrip("@") in self._names:
                    yield symbol, decorator.ref, decorator.called

    def _place(self, ref: str, module: Linked) -> Key | None:
        """Where the container is that `ref` names."""
        for _ in range(4):
            if ref.startswith("@") and "." not in ref:
                name = ref[1:]
                other = module.facts.members.get(name)
                if other is None:
                    return None
                if "." not in other or other[0] == "@" or other.endswith((":", ")", "}", "]", "»")):
                    return module.path, name
                ref = other
            base, _, name = ref.rpartition(".")
            owner = self._resolver.value(base, module) if base else None
            if owner is None or owner.module is None:
                return None
            if owner.sort in (Sort.OBJECT, Sort.CLASS):
                return self._attribute(owner, name)
            if owner.sort != Sort.MODULE:
                return None
            module, ref = owner.module, f"@{name}"
        return None

    def _attribute(self, owner: Value, name: str) -> Key | None:
        for each in self._resolver.ancestry(owner):
            if each.module is not None and name in each.module.classes[each.symbol].attributes:
                return each.module.path, f"{each.symbol}.{name}"
        return None


def _takes_part(path: str) -> bool:
    return place_of(path) == "app" and not is_example(path)


def _is_ours(value: Value) -> bool:
    return value.sort in (Sort.FUNCTION, Sort.CLASS, Sort.OBJECT, Sort.UNION)


def _any_of(values: list[Value]) -> Value | None:
    """One of these; also of a single one nobody knows whether a call with another key runs it."""
    return Value(Sort.UNION, TABLE, members=tuple(values[:_MOST])) if values else None
