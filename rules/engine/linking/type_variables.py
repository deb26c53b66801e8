"""What the type variables of generic classes stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rules.engine.linking.values import Sort, Value

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver

_DEPTH = 80


def variables_of(resolver: Resolver, value: Value, owner: Value) -> Mapping[str, Value]:
    """What the type variables of `owner`, a class that `value` derives from, stand for."""
    own = value.home.classes.get(value.symbol)
    if own is None:
        return {}
    given = dict(zip(own.variables, value.given, strict=False))
    pending = [(value.home, own, {name: item for name, item in given.items() if item is not None})]
    for module, cls, known in pending:  # grows while we go, class by class up
        resolver.looked_up(module, cls.symbol)
        if (module.path, cls.symbol) == (owner.home.path, owner.symbol):
            return known
        for base, arguments in zip(cls.bases, cls.given, strict=False):
            resolved = resolver.value(base, module)
            if resolved is None or resolved.sort != Sort.CLASS or len(pending) > _DEPTH:
                continue
            parent = resolved.home.classes[resolved.symbol]
            stands: dict[str, Value] = {}
            for name, argument in zip(parent.variables, arguments, strict=False):
                item = resolver.value(argument, module) if argument else None
                item = item if item is not None else filled(argument, known)
                if item is not None:
                    stands[name] = item
            pending.append((resolved.home, parent, stands))
    return {}


def filled(ref: str, variables: Mapping[str, Value]) -> Value | None:
    """The value of a type variable `T:`, or of a container of it."""
    item = ref.removesuffix("{:}").removesuffix("{}")
    value = (
        variables.get(item[:-1].rpartition(".")[2].rpartition(">")[2].lstrip("@"))
        if item[-1:] == ":"
        else None
    )
    if value is None or item == ref:
        return value
    return Value(Sort.ITEMS, "builtins.dict" if ref.endswith("{:}") else "builtins.list", item=value)
