"""What the calls that wire an application are given: through loops over lists, and through functions of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct, field

from rules.engine.linking import named
from rules.engine.linking.graph import CALL, Node
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.texts import text_of
from rules.engine.linking.values import Linked
from rules.engine.reading import facts
from rules.engine.reading.arguments import MEMBER
from rules.engine.reading.facts import Argument, Call

_MAX_READINGS = 400


class Given(Struct, frozen=True):
    """An argument and the module that it is written in."""

    argument: Argument
    module: Linked

    @property
    def name(self) -> str:
        return self.argument.name


class Reading(Struct):
    """The arguments of one run of a call."""

    positional: list[Given] = field(default_factory=list)
    named: dict[str, Given] = field(default_factory=dict)
    parameters: Mapping[str, Given] = field(default_factory=dict)
    """What the function around the call was given, by its names; what it was given beyond them too."""

    def get(self, name: str, position: int | None = None) -> Given | None:
        found = self.named.get(name)
        if found is None and position is not None and position < len(self.positional):
            found = self.positional[position]
        if found is None and "**" in self.named:
            found = self.parameters.get(name)
        return found


def parameter_of(node: Node, own: str) -> str:
    """The name of the parameter of `node` that the own name `own` is; empty when it is none."""
    holder, _, name = own[1:].rpartition(".")
    if holder != node.symbol or not any(parameter.name == name for parameter in node.function.parameters):
        return ""
    return name


def readings(call: Call, node: Node, resolver: Resolver) -> Iterator[Reading]:
    """One reading for each turn of the loops around a call that go over a known list, for each caller of `node`."""
    given = [Given(argument, node.module) for argument in call.arguments or ()]
    callers = list(sites(node)) if depends_on_callers(call, node) else []
    for parameters in callers[:_MAX_READINGS] or [{}]:
        for turn in _turns(given, resolver):
            reading = Reading(parameters=parameters)
            for item in turn:
                name = parameter_of(node, item.argument.own) if item.argument.own else ""
                actual = parameters.get(name) if name else None
                if actual is not None:
                    item = Given(msgspec.structs.replace(actual.argument, name=item.name), actual.module)
                if item.name in ("", "*"):
                    reading.positional.append(item)
                else:
                    reading.named[item.name] = item
            yield reading


def depends_on_callers(call: Call, node: Node) -> bool:
    """Whether a call of `node` is made of, or with, one of its parameters."""
    owns = [call.receiver, *(argument.own for argument in call.arguments or ())]
    return any(parameter_of(node, own) for own in owns if own)


def sites(node: Node) -> Iterator[Mapping[str, Given]]:
    """For each call of `node` what its parameters are."""
    skipped = bool(node.function.owner) and not node.function.flags & facts.STATIC
    by_position = {parameter.position - skipped: parameter.name for parameter in node.function.parameters}
    for caller, edge in node.callers:
        if edge.kind != CALL or edge.call.arguments is None:
            continue
        found: dict[str, Given] = {}
        position = 0
        for argument in edge.call.arguments:
            name = argument.name
            if not name:
                name = by_position.get(position, "")
                position += 1
            if name:
                found[name] = Given(argument, caller.module)
        yield found


def _turns(given: list[Given], resolver: Resolver) -> Iterator[list[Given]]:
    for item in given:
        each = item.argument.each
        if each:
            members = elements(each, item.module, resolver)
            if members:
                for member in members[:_MAX_READINGS]:
                    turn: list[Given] = []
                    for other in given:
                        if other.argument.each == each:
                            turn.extend(picked(member, other.argument))
                        elif MEMBER in (other.argument.literal or ""):
                            turn.append(_written(other, each, member, resolver))
                        else:
                            turn.append(other)
                    yield turn
                return
    yield given


def _written(given: Given, each: str, member: Given, resolver: Resolver) -> Given:
    """A text in which the parts of the loop's member are filled in."""
    parts = (given.argument.literal or "").split("\x00")
    for position in range(1, len(parts), 2):
        if parts[position].startswith(f"{MEMBER}{each}"):
            pick = tuple(parts[position].split(MEMBER)[2:])
            found = picked(member, Argument(pick=pick))[0]
            known = text_of(resolver, found.argument.literal, found.argument.ref, found.module)
            parts[position] = known or "{…}"
        else:
            parts[position] = f"\x00{parts[position]}\x00"
    return Given(msgspec.structs.replace(given.argument, literal="".join(parts)), given.module)


def elements(ref: str, module: Linked, resolver: Resolver, depth: int = 0) -> list[Given]:
    """The members of the list, tuple or dict that `ref` names."""
    base = ref.removesuffix(".items()").removesuffix(".values()")
    place = named.display(resolver, base, module)
    if place is None or depth > 8:
        return []
    display, home = place
    if display.kind != "{":
        return _flattened(display, home, resolver, depth)
    if ref.endswith(".values()"):
        return [Given(item, home) for item in display.items]
    keys = [Argument(literal=item.name) for item in display.items]
    if ref.endswith(".items()"):
        return [
            Given(Argument(items=(key, msgspec.structs.replace(item, name=""))), home)
            for key, item in zip(keys, display.items, strict=True)
        ]
    return [Given(key, home) for key in keys]


def _flattened(display: Argument, home: Linked, resolver: Resolver, depth: int) -> list[Given]:
    found: list[Given] = []
    for item in display.items:
        if item.name in ("*", "+"):
            if item.items:
                found.extend(_flattened(item, home, resolver, depth + 1))
            else:
                found.extend(elements(item.own or item.ref, home, resolver, depth + 1))
        else:
            found.append(Given(item, home))
    return found


def picked(member: Given, wanted: Argument) -> list[Given]:
    """What `wanted`, a name or part of a name that a loop binds, is when the loop is at `member`."""
    current: Argument | None = member.argument
    for step in wanted.pick:
        current = _step(current, step) if current is not None else None
    if current is None:
        return [Given(Argument(wanted.name), member.module)]
    if wanted.name == "**":
        return [Given(item, member.module) for item in current.items]
    return [Given(msgspec.structs.replace(current, name=wanted.name), member.module)]


def _step(argument: Argument, step: str) -> Argument | None:
    if step.isdecimal() and argument.kind in ("", "("):
        positional = [item for item in argument.items if not item.name or argument.kind == ""]
        return positional[int(step)] if int(step) < len(positional) else None
    name = step.removeprefix(".")
    for item in argument.items:
        if item.name == name:
            return item
    if step[:1] == "." and argument.ref and not argument.items:
        return Argument(ref=f"{argument.ref}{step}")
    return None
