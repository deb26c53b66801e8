"""Lists, dictionaries and tuples of known values."""

from __future__ import annotations

from rules.engine.linking.values import Sort, Value

LIST = Value(Sort.INSTANCE, "builtins.list")
PROVIDER = "provider"
"""The name of what gives its `item` when it is called."""
DICT = Value(Sort.INSTANCE, "builtins.dict")


def tuple_of(members: list[Value | None]) -> Value:
    item = members[0] if members and all(same(member, members[0]) for member in members) else None
    return Value(Sort.ITEMS, "builtins.tuple", item=item, members=tuple(members))


def same(left: Value | None, right: Value | None) -> bool:
    """Whether both are known and stand for the same."""
    if left is None or right is None:
        return False
    if (left.sort, left.name, left.symbol, left.module) != (
        right.sort,
        right.name,
        right.symbol,
        right.module,
    ):
        return False
    if left.sort == Sort.UNION:
        return len(left.members) == len(right.members) and all(map(same, left.members, right.members))
    if left.sort == Sort.ITEMS:
        return len(left.members) == len(right.members) and (
            left.item is right.item or same(left.item, right.item)
        )
    return True


def method_of_container(method: Value) -> Value | None:
    """What a method of a list, dict or tuple with known items gives."""
    owner, _, name = method.name.rpartition(".")
    if name in ("get", "pop", "popleft", "setdefault"):
        return method.item
    if name == "items" and owner == "builtins.dict":
        return Value(Sort.ITEMS, "builtins.list", item=tuple_of([None, method.item]))
    if name == "values" or owner != "builtins.dict":
        return Value(Sort.ITEMS, "builtins.list", item=method.item)
    return Value(Sort.ITEMS, owner, item=method.item) if name == "copy" else None
