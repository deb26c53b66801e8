"""What becomes of values that are used: called, entered, gone through or asked for an item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules import libraries
from rules.engine.linking.containers import PROVIDER, method_of_container
from rules.engine.linking.heirs import says_less
from rules.engine.linking.type_variables import SELF, VARIABLE, bound_of, filled
from rules.engine.linking.unions import as_sure_as, members, one_of
from rules.engine.linking.values import Linked, Sort, Value, qualified
from rules.engine.reading import facts
from rules.engine.reading.facts import Function

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver


class Calling:
    """What using a value gives, and what it runs."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def called(self, value: Value | None) -> Value | None:
        """What calling `value` gives, after `await` where that is its use."""
        if value is None:
            return None
        sort = value.sort
        if sort == Sort.EXTERNAL:
            if value.item is not None or value.members:
                return method_of_container(value)
            made = libraries.returns(value.name)
            if made is not None:
                return Value(Sort.INSTANCE, made.removesuffix(".{}"))
            last = value.name.rpartition(".")[2]
            if last[:1].isupper() and not value.bound:
                return Value(Sort.INSTANCE, value.name)
            return None
        if sort == Sort.CLASS:
            return replace(value, sort=Sort.OBJECT)
        if sort == Sort.FUNCTION:
            return self.result(value, value.function)
        if sort == Sort.INSTANCE:
            if value.item is not None and value.name == VARIABLE:
                return self.called(value.item)
            made = libraries.returns(f"{value.name}.__call__")
            return Value(Sort.INSTANCE, made) if made is not None else None
        if sort == Sort.OBJECT:
            return self.called(self._resolver.attributes.of_class(value, "__call__"))
        if sort == Sort.UNION:
            given = one_of(self.called(member) for member in members(value)) or self.called(value.item)
            return as_sure_as(value, given)
        return value.item if value.name == PROVIDER else None

    def result(self, value: Value, function: Function) -> Value | None:
        """What the function `value` gives."""
        module = value.home
        self._resolver.looked_up(module, value.symbol)
        if function.flags & facts.GENERATOR:
            item = self._yielded(function, module)
            return None if item is None else Value(Sort.ITEMS, "generator", item=item)
        if not function.returns:
            return None
        if function.returns in SELF:
            return value.item or Value(Sort.OBJECT, qualified(module, function.owner), module, function.owner)
        found = self._resolver.value(function.returns, module)
        if function.made and found is not None and says_less(found):
            found = self._of_project(function.made, module) or found
        if found is not None:
            return found
        if value.variables:
            found = filled(function.returns, value.variables)
        return found or bound_of(self._resolver, function.returns, module)

    def _yielded(self, function: Function, module: Linked) -> Value | None:
        if function.returns:
            value = self._resolver.value(function.returns, module)
            item = value.item if value is not None and value.sort == Sort.ITEMS else value
            if function.yields and item is not None and says_less(item):
                return self._of_project(function.yields, module) or item
            return item
        return self._resolver.value(function.yields, module) if function.yields else None

    def _of_project(self, ref: str, module: Linked) -> Value | None:
        made = self._resolver.value(ref, module)
        return made if made is not None and made.sort in (Sort.OBJECT, Sort.UNION) else None

    def provided(self, value: Value | None) -> Value | None:
        """What a dependency gives to its endpoint."""
        made = self.called(value)
        if made is None or value is None or made.sort != Sort.ITEMS or value.sort != Sort.FUNCTION:
            return made
        if value.function.flags & facts.GENERATOR:
            return made.item
        return made

    def entered(self, value: Value | None) -> Value | None:
        """What `with value as …` gives."""
        if value is None:
            return None
        if value.sort == Sort.ITEMS:
            return value.item
        if value.sort == Sort.OBJECT:
            for name in ("__aenter__", "__enter__"):
                method = self._resolver.attributes.of_class(value, name)
                if method is not None:
                    return self.called(method) or value
            return value
        if value.sort == Sort.UNION:
            return one_of(self.entered(member) for member in members(value))
        return value

    def item(self, value: Value | None) -> Value | None:
        """What `for … in value` gives."""
        if value is None:
            return None
        if value.sort == Sort.ITEMS:
            if value.item is None and value.members:
                return one_of(value.members)  # `for step in (load, store): step()`
            return value.item if value.name != "builtins.dict" else None
        if value.sort == Sort.INSTANCE:
            made = libraries.item(value.name)
            return Value(Sort.INSTANCE, made) if made is not None else None
        return None

    def subscribed(self, value: Value | None, key: str) -> Value | None:
        """What `value[key]` gives, for a key that is a position, `:` or, of anything else, `k`."""
        if value is not None and value.sort == Sort.ITEMS:
            if key == ":":
                return value
            if value.members:
                position = int(key) if key != "k" else len(value.members)
                inside = -len(value.members) <= position < len(value.members)
                return value.members[position] if inside else None
            return value.item
        if value is not None and value.sort == Sort.TEXT:
            return Value(Sort.INSTANCE, "builtins.str")
        if value is not None and value.sort == Sort.CLASS:
            return value  # `Repository[Order]`
        if value is not None and value.sort == Sort.INSTANCE:
            made = libraries.returns(f"{value.name}[{key}]") or libraries.returns(f"{value.name}.__getitem__")
            return Value(Sort.INSTANCE, made) if made is not None else None
        if value is not None and value.sort == Sort.OBJECT:
            return self.called(self._resolver.attributes.of_class(value, "__getitem__"))
        return self.item(value)

    def made_of(self, callee: Value | None, argument: str, module: Linked) -> Value | None:
        """What `get(Order)` gives: an `Order`, where `get` gives whatever its type variable stands for."""
        made = self.called(callee)
        if made is None and callee is not None and callee.sort == Sort.FUNCTION:
            returns = callee.function.returns
            variable = self._resolver.value(returns[:-1], callee.home) if returns[-1:] == ":" else None
            if variable is not None and variable.name == VARIABLE:
                return self.called(self._resolver.value(argument, module))
        return made

    def runs(self, value: Value | None) -> Iterator[Value]:
        """The project functions that calling `value` enters."""
        if value is None:
            return
        if value.sort == Sort.FUNCTION:
            yield value
        elif value.sort == Sort.CLASS:
            if self._kept_by_metaclass(value):
                return
            made = replace(value, sort=Sort.OBJECT)
            for name in ("__init__", "__post_init__"):
                method = self._resolver.attributes.of_class(made, name)
                if method is not None and method.sort == Sort.FUNCTION:
                    yield method
        elif value.sort == Sort.OBJECT:
            method = self._resolver.attributes.of_class(value, "__call__")
            if method is not None and method.sort == Sort.FUNCTION:
                yield method
        elif value.sort == Sort.UNION:
            for member in members(value):
                yield from self.runs(member)

    def _kept_by_metaclass(self, value: Value) -> bool:
        """Whether a metaclass of the project decides what a call of the class does: a singleton is made once."""
        for owner in self._resolver.ancestry(value):
            if owner.module is None:
                continue
            metaclass = self._resolver.value(owner.module.classes[owner.symbol].metaclass, owner.module)
            if metaclass is not None and metaclass.sort == Sort.CLASS:
                method = self._resolver.attributes.of_class(metaclass, "__call__")
                if method is not None and method.sort == Sort.FUNCTION:
                    return True
        return False
