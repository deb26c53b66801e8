"""Findings that are one to a reader: of one cause, one mistake in one function, or one decision of the whole project."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from app.review.amounts import price
from rules import libraries
from rules.engine.finding import Endpoint, EndpointRef, Finding, Hop
from rules.libraries import Kind

ON_THE_LOOP = frozenset({"FP101", "FP102", "FP103", "FP104", "FP105", "FP106"})
"""Rules about synchronous calls on the event loop."""
MODEL = "llm"
"""What waits for a language model, of all that waits for other services."""
HOUSE_STYLE = 10
"""So many endpoints that wait for one synchronous library on the event loop, and it is how the project is built."""
_LEAST_OF_A_DESIGN = 3
_SAME = {"sqlmodel": "sqlalchemy"}
"""Libraries whose sessions are another's."""


class Group(msgspec.Struct, frozen=True):
    """Findings that are one comment: of one cause, or one mistake in one function. The first is the worst and is worded."""

    findings: tuple[Finding, ...]
    causes: tuple[tuple[Finding, ...], ...] = ()
    """They by cause, where they are of several."""

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(finding.fingerprint for finding in self.findings))

    @property
    def endpoints(self) -> tuple[EndpointRef, ...]:
        return _reached(self.findings)

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Path and line of each place that wants mending; under several endpoints their one cause, the first's, and what
        else is in its function."""
        return tuple(
            dict.fromkeys(
                (finding.path, finding.line)
                for finding in self.findings
                if len(self.endpoints) == 1
                or not self.endpoints
                or _function(finding) == _function(self.first)
            )
        )


class Entry(msgspec.Struct, frozen=True):
    """What a list of findings says as one. The first is the costliest and is worded."""

    findings: tuple[Finding, ...]
    design: str = ""
    """The synchronous library that all of them wait for (`design`), where they are several."""
    also: tuple[Finding, ...] = ()
    """What else stands on the line of the first."""

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def endpoints(self) -> tuple[EndpointRef, ...]:
        return _reached(self.findings)


def group(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Findings by cause, in the order of their worst member; without a cause each stands alone, unless its function has
    the same mistake elsewhere and none of them has a fix of its own to offer."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        key = (finding.code, finding.cause) if finding.cause else (finding.code, "", str(number))
        groups.setdefault(key, []).append(finding)
    together: dict[object, list[tuple[Finding, ...]]] = {}
    for number, members in enumerate(groups.values()):
        together.setdefault(_mistake(members) or number, []).append(tuple(sorted(members, key=_badness)))
    return tuple(
        Group(
            tuple(sorted(itertools.chain.from_iterable(causes), key=_badness)),
            tuple(causes) if len(causes) > 1 else (),
        )
        for causes in together.values()
    )


def kind(finding: Finding) -> str:
    """What makes two findings the same to a reader: synchronous calls of one library on the event loop, whichever rule
    finds them; otherwise the rule."""
    library = finding.leaf.partition(".")[0]
    return f"{library} on the loop" if finding.code in ON_THE_LOOP and library else finding.code


def _mistake(members: Sequence[Finding]) -> object:
    """What findings of one cause share with others of their function that are mended in the same way; None when they are
    in several, or have fixes."""
    first = members[0]
    functions = {_function(finding) for finding in members}
    if len(functions) > 1 or not first.symbol or any(finding.fix is not None for finding in members):
        return None
    endpoints = frozenset(Group(tuple(members)).endpoints)
    what = (first.code, first.instead) if kind(first) == first.code else kind(first)
    return (*functions, what, endpoints, first.speaks)


def _function(finding: Finding) -> tuple[str, str]:
    return finding.path, finding.symbol


def _badness(finding: Finding) -> tuple[int, str, int]:
    return -finding.severity.rank, finding.path, finding.line


def design(finding: Finding) -> str:
    """The library whose synchronous sessions a finding waits for on the event loop: whether its connections are
    asynchronous is one decision of a project. Empty for other findings."""
    return design_of(finding.leaf) if finding.code in ON_THE_LOOP else ""


@functools.lru_cache(maxsize=4096)
def design_of(name: str) -> str:
    """The same of a call by its qualified name."""
    entry = libraries.blocking(name)
    if entry is None or entry.kind is not Kind.DB:
        return ""
    library = libraries.library(name)
    return _SAME.get(library, library)


def waits_for(name: str) -> str:
    """What a blocking call by its qualified name waits for: a database, another service, a language model, which takes much
    longer, the clock. Empty for others."""
    entry = libraries.blocking(name)
    if entry is None:
        return ""
    known = libraries.external(name)
    return MODEL if known is not None and known.kind == MODEL else entry.kind.value


def kinds(finding: Finding) -> frozenset[str]:
    """What a finding about the event loop waits for, as far as it is known. Who waits for a model waits for a service."""
    found = {kind for leaf in finding.leaves if (kind := waits_for(leaf))}
    return frozenset(found | {Kind.NET.value} if MODEL in found else found)


House: TypeAlias = Mapping[str, frozenset[EndpointRef]]
"""Designs of a project -> the endpoints that are so."""


def house(endpoints: Iterable[Endpoint]) -> House:
    """The designs that so many endpoints have that they are how the project is built. Those that run in a thread are not built so
    for a dependency of theirs that stops the loop."""
    found: dict[str, set[EndpointRef]] = {}
    for endpoint in endpoints:
        for name in endpoint.cost.blocking if endpoint.runs_on == "loop" else ():
            if library := design_of(name):
                found.setdefault(library, set()).add(EndpointRef(endpoint.method, endpoint.path))
    return {library: frozenset(refs) for library, refs in found.items() if len(refs) >= HOUSE_STYLE}


def house_style(said: Group, known: House) -> int:
    """How many other endpoints do what a group says already, where that is how the project is built; else 0."""
    others = known.get(design(said.first), frozenset()) - frozenset(said.endpoints)
    return len(others) if len(others) >= HOUSE_STYLE else 0


def decision(finding: Finding) -> str:
    """What the choice is where many places wait for one synchronous library; empty where nobody has said."""
    known = libraries.blocking(finding.leaf)
    return known.instead if known is not None else ""


def entries(findings: Sequence[Finding], endpoints: Iterable[Endpoint] = ()) -> tuple[Entry, ...]:
    """Findings as a list says them: each cause once, and each design; what stands on one line together. In the order of
    those that are worded, the costliest of each by what its `endpoints` cost."""
    return _on_one_line(causes(findings, endpoints))


def causes(findings: Sequence[Finding], endpoints: Iterable[Endpoint] = ()) -> list[Entry]:
    """The same without a look at lines."""
    prices = {EndpointRef(each.method, each.path): price(each.cost) for each in endpoints}
    place = {id(finding): at for at, finding in enumerate(findings)}

    def order(finding: Finding) -> tuple[object, ...]:
        cost = sum(prices.get(ref, 0.0) for ref in _reached([finding]))
        return -finding.heat, -finding.severity.rank, -cost, place[id(finding)]

    found = [Entry(tuple(sorted(members, key=order)), name) for name, members in _together(findings)]
    return sorted(found, key=lambda entry: place[id(entry.first)])


def alone(finding: Finding) -> Entry:
    return Entry((finding,))


def renewed(entry: Entry, now: Callable[[Finding], Finding]) -> Entry:
    """The entry with its findings as they are `now`: with their fixes."""
    return msgspec.structs.replace(
        entry, findings=tuple(map(now, entry.findings)), also=tuple(map(now, entry.also))
    )


def without(entry: Entry, said: Collection[tuple[str, str]]) -> Entry | None:
    """What is left of an entry when these findings (path, fingerprint) were said."""
    left = [each for each in (*entry.findings, *entry.also) if (each.path, each.fingerprint) not in said]
    if not left or len(left) == len(entry.findings) + len(entry.also):
        return entry if left else None
    own = tuple(finding for finding in left if finding in entry.findings) or tuple(left)
    return msgspec.structs.replace(
        entry, findings=own, also=tuple(finding for finding in left if finding not in own)
    )


def may_be_shared(finding: Finding) -> bool:
    """Whether others may be of its cause or design, in whatever file."""
    return bool(finding.cause or design(finding) or _leaf_of_several(finding))


def _together(findings: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """The members of each entry, and the design that they are of, if it is that which they share."""
    wider = [_wider(finding) for finding in findings]
    shared = Counter(wider)
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, (finding, key) in enumerate(zip(findings, wider, strict=True)):
        what: tuple[object, ...] = (finding.cause,) if finding.cause else (number,)
        if shared[key] >= _LEAST_OF_A_DESIGN:
            what = key
        groups.setdefault((finding.code, finding.speaks, *what), []).append(finding)
    for members in groups.values():
        yield design(members[0]) if len(members) >= _LEAST_OF_A_DESIGN else "", members


def _wider(finding: Finding) -> tuple[str, ...]:
    """What findings of several causes share: a design, one function of a library that one module calls for them, or the words
    about places of one file."""
    if name := design(finding):
        return finding.code, str(finding.speaks), name
    if leaf := _leaf_of_several(finding):
        return finding.code, str(finding.speaks), leaf.path, leaf.symbol
    return finding.code, str(finding.speaks), finding.path, finding.message, finding.instead


def _leaf_of_several(finding: Finding) -> Hop | None:
    """What stops the loop at the end of a path that others may come to as well."""
    if finding.code not in ON_THE_LOOP or len(finding.call_path) < 2 or _calls_itself(finding):
        return None
    return finding.call_path[-1]


def _calls_itself(finding: Finding) -> bool:
    """Whether a function that awaits nothing makes the call in its own body: its path begins with its header then."""
    return finding.code == "FP104" and finding.call_path[0].line == finding.line


def _on_one_line(found: Sequence[Entry]) -> tuple[Entry, ...]:
    """Single findings on the line of a worse entry become lines of that."""
    lines: dict[tuple[str, int], list[Entry]] = {}
    for entry in found:
        lines.setdefault((entry.first.path, entry.first.line), []).append(entry)
    joined: dict[int, Entry] = {}
    for members in lines.values():
        main, *others = sorted(members, key=_weight)
        alone = [
            entry for entry in others if len(entry.findings) == 1 and entry.first.speaks == main.first.speaks
        ]
        joined[id(main)] = msgspec.structs.replace(main, also=tuple(entry.first for entry in alone))
        joined |= {id(entry): entry for entry in others if entry not in alone}
    return tuple(joined[id(entry)] for entry in found if id(entry) in joined)


def _weight(entry: Entry) -> tuple[int, int]:
    return -entry.first.severity.rank, -len(entry.findings)


def _reached(findings: Iterable[Finding]) -> tuple[EndpointRef, ...]:
    seen: dict[EndpointRef, None] = {}
    for finding in findings:
        for endpoint in (*((finding.endpoint,) if finding.endpoint else ()), *finding.endpoints):
            seen.setdefault(endpoint)
    return tuple(seen)
