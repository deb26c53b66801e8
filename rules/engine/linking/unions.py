"""One of several values of the project: what a registry holds, or what a factory makes, as the case may be."""

from __future__ import annotations

from collections.abc import Iterable

from rules.engine.linking.containers import same, tuple_of
from rules.engine.linking.values import Sort, Value

_MOST = 12
_OURS = frozenset({Sort.FUNCTION, Sort.CLASS, Sort.OBJECT})
TABLE = "table"
"""The name of a union of what a table holds: there may be others in it, and by key none of these may be meant."""
_PATH = "pathlib.Path"
_WRITTEN = frozenset({"builtins.str", "os.PathLike"})


def one_of(values: Iterable[Value | None]) -> Value | None:
    """The value that all of `values` are, else their union when the project knows each of them; None for anything else."""
    found: list[Value] = []
    values = list(values)
    if (merged := _tuple_of_each(values)) is not None:
        return merged
    for value in values:
        if value is None:
            return None
        for member in members(value):
            if not any(same(member, known) for known in found):
                found.append(member)
    found = _paths(found)
    if len(found) <= 1:
        return found[0] if found else None
    first = found[0]
    if len(found) > _MOST or any(each.sort != first.sort or each.sort not in _OURS for each in found):
        return None
    return Value(Sort.UNION, "", members=tuple(found))


def _tuple_of_each(values: list[Value | None]) -> Value | None:
    """Of several tuples as long as each other the one that holds what any of them does: `{"a": ("A", ask_a), "b": ("B", ask_b)}`."""
    if len(values) < 2:
        return None
    held = [value.members for value in values if value is not None and value.name == "builtins.tuple"]
    if len(held) != len(values) or not held[0] or any(len(each) != len(held[0]) for each in held):
        return None
    return tuple_of([one_of(position) for position in zip(*held, strict=True)])


def _paths(found: list[Value]) -> list[Value]:
    """A path that may be written as text too is asked for what only a path does: `path: Path | str`."""
    if not any(each.sort == Sort.INSTANCE and each.name == _PATH for each in found):
        return found
    return [each for each in found if each.sort != Sort.INSTANCE or each.name not in _WRITTEN]


def members(value: Value) -> Iterable[Value]:
    """The values of which it may be any."""
    if value.sort != Sort.UNION:
        return (value,)
    return tuple(member for member in value.members if member is not None)


def as_sure_as(union: Value, found: Value | None) -> Value | None:
    """What is found of the members of a union: of what a table holds it is open whether another is meant."""
    if found is None or union.name != TABLE or found.sort not in {*_OURS, Sort.UNION}:
        return found
    return Value(Sort.UNION, TABLE, members=tuple(members(found)))
