"""What two versions of a file, or of a function, differ in for those who read it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from rules.engine.linking.graph import Edge, LeafCall, Node
from rules.engine.linking.templates import asks
from rules.engine.linking.values import BODY, CALLS, FLOW
from rules.engine.reading import facts
from rules.engine.reading.facts import Call, Class, ModuleFacts, alike
from rules.engine.reading.regexes import regex

_BRANCH = regex(r"(?<=[?&])\d+")


def begins(found: ModuleFacts) -> tuple[object, ...]:
    """What a file says of how it begins to run."""
    return found.main, found.fails, found.optional


def changed_files(
    before: Mapping[str, ModuleFacts], after: Mapping[str, ModuleFacts]
) -> dict[str, ModuleFacts | None]:
    """The files of `after` that are others than `before`; None for those that are no more."""
    changed: dict[str, ModuleFacts | None] = {}
    for path, found in after.items():
        known = before.get(path)
        if known is not found and known != found:
            changed[path] = found
    changed.update((path, None) for path in before if path not in after)
    return changed


_Key = TypeVar("_Key", bound=Hashable)
NOTHING = ModuleFacts()
_TELLING = facts.SPAWNED | facts.WHILE | facts.ON_ANOTHERS_LOOP
"""What tells where a function runs that is called."""


def differing(one: Mapping[_Key, object], other: Mapping[_Key, object]) -> Iterator[_Key]:
    """The keys with other values in one than in the other."""
    for key in one.keys() | other.keys():
        if one.get(key) != other.get(key):
            yield key


def way(edge: Edge) -> tuple[Node, str, int]:
    """Where a call leads to, and how."""
    return edge.target, edge.kind, edge.call.flags & _TELLING


def told_apart(before: ModuleFacts, after: ModuleFacts) -> Iterator[str]:
    """The names and symbols by which two versions of a file differ for whoever looks something up in it."""
    tables: tuple[tuple[Mapping[str, object], Mapping[str, object]], ...] = (
        (before.members, after.members),
        (before.aliases, after.aliases),
        (before.displays, after.displays),
        (_functions(before), _functions(after)),
    )
    for one, other in tables:
        if one != other:
            yield from differing(one, other)
    if _calls(before) != _calls(after):
        yield CALLS
    had_bodies, has_bodies = (
        {body.symbol: body for body in found.declarations.bodies} for found in (before, after)
    )
    yield from (BODY + symbol for symbol in differing(had_bodies, has_bodies))
    yield from (FLOW + symbol for symbol in differing(before.flows, after.flows))
    old, new = ({cls.symbol: cls for cls in found.classes} for found in (before, after))
    for symbol in old.keys() | new.keys():
        was, is_now = old.get(symbol, _NO_CLASS), new.get(symbol, _NO_CLASS)
        if was == is_now:
            continue
        if not alike(_bare(was), _bare(is_now)):
            yield symbol
        had, has = was.attributes, is_now.attributes
        yield from (f"{symbol}.{name}" for name in differing(had, has))


_NO_CLASS = Class("", 0)


def _functions(found: ModuleFacts) -> dict[str, tuple[object, ...]]:
    return {
        function.symbol: (
            function.flags,
            function.owner,
            function.returns,
            function.yields,
            function.made,
            function.switches,
            function.applies,
            function.order if function.owner else (),
            asks(function),
            tuple((each.ref, each.called) for each in function.decorators),
        )
        for function in found.functions
    }


def _calls(found: ModuleFacts) -> list[tuple[str, list[tuple[str, object]]]]:
    return [
        (function.symbol, [(call.ref, call.arguments) for call in function.calls])
        for function in found.functions
    ]


def _bare(cls: Class) -> Class:
    return msgspec.structs.replace(cls, attributes={})


def bases_of(found: ModuleFacts) -> list[tuple[str, tuple[str, ...]]]:
    """The classes of a file, with what they derive from."""
    return [(cls.symbol, cls.bases) for cls in found.classes]


def costs_the_same(before: Node, after: Node) -> bool:
    """Whether two versions of a function cost the same for what they call themselves."""
    if before.function.flags != after.function.flags:
        return False
    if len(before.edges) != len(after.edges) or len(before.leaves) != len(after.leaves):
        return False
    if any(
        one.target is not other.target or one.kind != other.kind
        for one, other in zip(before.edges, after.edges, strict=True)
    ):
        return False
    old: list[Edge | LeafCall] = [*before.edges, *before.leaves]
    new: list[Edge | LeafCall] = [*after.edges, *after.leaves]
    if any(
        one.name != other.name or one.query != other.query or one.external != other.external
        for one, other in zip(before.leaves, after.leaves, strict=True)
    ):
        return False
    return _shapes(each.call for each in old) == _shapes(each.call for each in new)


def leads_the_same(before: Node, after: Node) -> bool:
    """Whether two versions of a function have the same steps to the same leaves."""
    old: list[Edge | LeafCall] = [*before.edges, *before.leaves]
    new: list[Edge | LeafCall] = [*after.edges, *after.leaves]
    return costs_the_same(before, after) and all(
        one.call.needs == other.call.needs and one.call.passed == other.call.passed
        for one, other in zip(old, new, strict=True)
    )


def _shapes(calls: Iterable[Call]) -> list[tuple[int, str]]:
    """Flags and paths of calls; branches are numbered as they come, not by their lines."""
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return numbers.setdefault(found.group(), str(len(numbers)))

    return [(call.flags, _BRANCH.sub(numbered, call.path) if call.path else "") for call in calls]
