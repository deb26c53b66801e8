"""What values have under a name: attributes of modules, of classes and their instances, of what others' libraries make."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules import libraries
from rules.engine.linking.containers import same
from rules.engine.linking.heirs import is_abstract
from rules.engine.linking.type_variables import SELF, VARIABLE, bound_of, filled, variables_of
from rules.engine.linking.unions import as_sure_as, members, one_of
from rules.engine.linking.values import Linked, Sort, Value, function_value, note, qualified
from rules.engine.reading import facts
from rules.engine.reading.facts import Function
from rules.engine.reading.paths import place_of

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver

_PLAIN_BASES = frozenset(
    {"pydantic.BaseModel", "pydantic.main.BaseModel", "typing.Generic", "abc.ABC", "typing.Protocol"}
)
_KEEPING = frozenset(
    {"fastapi.FastAPI", "starlette.applications.Starlette", "starlette.datastructures.State"}
)
"""Classes whose instances are given attributes of their own by the application's start."""


class Attributes:
    """Attributes of all values."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._kept: dict[str, list[tuple[Linked, str, str]]] | None = None
        """By name, what is set on applications: where, on what, and what it holds."""

    @cached_property
    def property_names(self) -> frozenset[str]:
        """The names of all properties in the project, whoever has them: most attributes have none of these."""
        return frozenset(
            function.symbol.rpartition(".")[2]
            for module in self._resolver.modules.values()
            for function in module.facts.functions
            if function.flags & facts.PROPERTY
        )

    def forget(self) -> None:
        """Files may define other properties than before."""
        vars(self).pop("property_names", None)

    def of(self, value: Value | None, name: str) -> Value | None:
        """What `value.name` is."""
        if value is None:
            return None
        sort = value.sort
        if sort == Sort.EXTERNAL:
            return Value(Sort.EXTERNAL, libraries.canonical(f"{value.name}.{name}"))
        if sort == Sort.INSTANCE:
            if value.item is not None and value.name == VARIABLE:
                return self.of(value.item, name)
            return self._of_library(value.name, name)
        if sort == Sort.MODULE:
            if value.module is not None:
                return self._resolver.value(f"@{name}", value.module)
            return self._resolver.inside(value, name)
        if sort == Sort.CLASS or sort == Sort.OBJECT or sort == Sort.SUPER:
            if name == "awaitable_attrs" and sort == Sort.OBJECT:
                return value  # `await order.awaitable_attrs.items` is what `order.items` holds
            return self.of_class(value, name)
        if sort == Sort.FUNCTION:
            return self._of_function(value, name)
        if sort == Sort.TEXT:
            return Value(Sort.EXTERNAL, f"builtins.str.{name}")
        if sort == Sort.UNION:
            return as_sure_as(value, one_of(self.of(member, name) for member in members(value)))
        return Value(Sort.EXTERNAL, f"{value.name}.{name}", item=value.item, members=value.members)

    def _of_library(self, owner: str, name: str) -> Value:
        full = libraries.canonical(f"{owner}.{name}")
        held = libraries.attribute(full) or libraries.open_attribute(libraries.canonical(owner), name)
        if held is not None:
            return Value(Sort.INSTANCE, held)
        if owner in _KEEPING:
            kept = self._kept_by_application(owner, name)
            if kept is not None:
                return kept
        return Value(Sort.EXTERNAL, full, bound=True)

    def _kept_by_application(self, owner: str, name: str) -> Value | None:
        """What is set on the application under `name`; None when it is not one thing wherever that is known."""
        resolver = self._resolver
        if self._kept is None:
            self._kept = {}
            for module in resolver.modules.values():
                for holder, attribute, ref in module.facts.kept if place_of(module.path) == "app" else ():
                    self._kept.setdefault(attribute, []).append((module, holder, ref))
        found: list[Value] = []
        for module, holder, ref in self._kept.get(name, ()):
            base = resolver.value(holder, module)
            value = resolver.value(ref, module) if base is not None and base.name == owner else None
            if value is not None and base is not None and base.sort == Sort.INSTANCE:
                found.append(value)
        return found[0] if found and all(same(value, found[0]) for value in found) else None

    def _of_function(self, value: Value, name: str) -> Value | None:
        """`task.delay`: a decorator may have made an object of a function."""
        resolver = self._resolver
        resolver.looked_up(value.home, value.symbol)
        for decorator in value.function.decorators:
            made = resolver.value(f"{decorator.ref}()" if decorator.ref else "", value.home)
            if decorator.called:
                made = resolver.calling.called(made)
            if made is not None and made.sort == Sort.INSTANCE:
                return self._of_library(made.name, name)
        return None

    def of_class(self, value: Value, name: str) -> Value | None:
        """An attribute of a project class or its instance, inherited ones included."""
        resolver = self._resolver
        ancestry = resolver.ancestry(value)
        if value.sort == Sort.SUPER:
            ancestry = ancestry[1:]
        for place, owner in enumerate(ancestry):
            if owner.sort == Sort.EXTERNAL:
                if owner.name in _PLAIN_BASES and _has_other_base(ancestry[place + 1 :], name):
                    continue
                if value.sort == Sort.CLASS and not _holds(owner.name, name):
                    return Value(Sort.EXTERNAL, libraries.canonical(f"{owner.name}.{name}"))
                return self._of_library(owner.name, name)
            module = owner.home
            symbol = f"{owner.symbol}.{name}"
            if resolver.reader is not None:
                note(module.lookups, symbol, resolver.reader)
            function = module.functions.get(symbol)
            if function is not None and (made := self._of_heirs(value, owner, name, function)) is not None:
                if made.sort == Sort.UNION:
                    if function.flags & facts.PROPERTY:
                        return one_of(resolver.calling.result(each, each.function) for each in members(made))
                    return replace(made, item=function_value(module, function))
                module, function = made.home, made.function
            if function is not None:
                found = function_value(module, function)
                if owner.home.classes[owner.symbol].variables:
                    found = replace(found, variables=variables_of(resolver, value, owner))
                if function.returns in SELF:
                    found = replace(found, item=replace(value, sort=Sort.OBJECT))
                if value.sort == Sort.CLASS:
                    return replace(found, bound=bool(function.flags & facts.CLASSMETHOD))
                if function.flags & facts.PROPERTY:
                    return resolver.calling.result(found, function)
                return replace(found, bound=not function.flags & facts.STATIC)
            held = module.classes[owner.symbol].attributes.get(name)
            if held is not None:
                generic = module.classes[owner.symbol].variables
                if (
                    held[-2:] == "()"
                    and generic
                    and (made := filled(held, variables_of(resolver, value, owner)))
                ):
                    return made  # what the heir gives, rather than what the variable is bound to
                known = resolver.value(held, module)
                if resolver.registries is not None:
                    known = resolver.registries.held(module.path, symbol, known)
                if known is not None and known.origin is None and known.sort in (Sort.INSTANCE, Sort.OBJECT):
                    return replace(known, origin=(module.path, symbol))
                if generic and (known is None or known.name == VARIABLE):
                    return (
                        filled(held, variables_of(resolver, value, owner))
                        or bound_of(resolver, held, module)
                        or known
                    )
                return known
            if symbol in module.classes:
                return Value(Sort.CLASS, qualified(module, symbol), module, symbol)
            if name in module.classes[owner.symbol].untyped:
                return self._handed_up(value, owner, name)
        return resolver.heirs.own(value, name) if value.sort == Sort.OBJECT else None

    def _handed_up(self, value: Value, owner: Value, name: str) -> Value | None:
        """An attribute that `owner` keeps as it is given, where a class between it and `value` says what it gives."""
        resolver = self._resolver
        resolver.looked_up(owner.home, owner.symbol)
        position, _, parameter = owner.home.classes[owner.symbol].untyped[name].partition(":")
        below = [each for each in resolver.ancestry(value) if each.module is not None]
        for each in reversed(below[: [one.name for one in below].index(owner.name)]):
            resolver.looked_up(each.home, each.symbol)
            given = each.home.classes[each.symbol].handed_up
            ref = given.get(parameter) or given.get(position)
            if ref:
                return resolver.value(ref, each.home)
            resolver.looked_up(each.home, f"{each.symbol}.__init__")
            if f"{each.symbol}.__init__" in each.home.functions:
                return None  # what it makes of what it is given itself
        return None

    def property_of(self, ref: str, module: Linked) -> Value | None:
        """The property function that reading the attribute `ref` runs."""
        resolver = self._resolver
        base, _, name = ref.rpartition(".")
        if name not in self.property_names:
            return None
        value = resolver.value(base, module)
        if value is None or value.sort not in (Sort.OBJECT, Sort.SUPER):
            return None
        for owner in resolver.ancestry(value):
            if owner.module is None:
                return None
            resolver.looked_up(owner.module, f"{owner.symbol}.{name}")
            function = owner.module.functions.get(f"{owner.symbol}.{name}")
            if function is not None and value.sort == Sort.OBJECT and is_abstract(owner, function):
                made = resolver.heirs.implementation(owner, name, value)
                if made is not None and made.sort == Sort.FUNCTION and made.function.flags & facts.PROPERTY:
                    return made
            if function is not None:
                return function_value(owner.module, function) if function.flags & facts.PROPERTY else None
            if name in owner.module.classes[owner.symbol].attributes:
                return None
        return None

    def _of_heirs(self, value: Value, owner: Value, name: str, function: Function) -> Value | None:
        """What heirs have in the place of a method that only says what they do, or that does nothing where there is nothing to
        do. `type[Exporter]` may be any heir too, where the method is the class's."""
        if value.sort != Sort.OBJECT and not (
            value.sort == Sort.CLASS and function.flags & facts.CLASSMETHOD
        ):
            return None
        if is_abstract(owner, function):
            return self._resolver.heirs.implementation(owner, name, value)
        if not function.flags & facts.IDLE:
            return None
        made = self._resolver.heirs.implementation(value, name, value)
        return one_of([function_value(owner.home, function), *members(made)]) if made is not None else None


def _has_other_base(later: Sequence[Value], name: str) -> bool:
    """Whether a class of another package comes later, and `name` is none of pydantic's: of `class Order(OrderBase, Document)` it
    is the one that knows how to `find`."""
    return not name.startswith(("model_", "parse_", "__")) and any(
        each.sort == Sort.EXTERNAL and each.name not in _PLAIN_BASES for each in later
    )


def _holds(owner: str, name: str) -> bool:
    return libraries.attribute(f"{owner}.{name}") is not None
