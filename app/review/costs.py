"""Endpoint costs before and after, and how much they moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.review.amounts import UNKNOWN_SIZE, Sizes, aligned, moved, price, weigh
from app.review.diff import Diff
from rules.engine.costs.polynomials import brief
from rules.engine.finding import Cost, Endpoint, EndpointRef, Result

_STEEPER = 20
_ALIKE = 0.6
"""The share of calls that a handler keeps when it is taken for the same one under another name and route."""
_LEAST_CALLS = 4
"""With fewer calls in common every handler is like another."""
_MOST_COMPARED = 10_000
"""So many pairs of endpoints that are gone and new, and the project is another one."""


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in both trees. `before` is null for a new one, `after` for one that is gone."""

    method: str
    path: str
    before: Cost | None
    after: Cost | None
    file: str = ""
    line: int = 0
    previous: EndpointRef | None = None
    """Method and path at the merge base when the same handler was reached by another route."""
    runs_on: str = "loop"
    sizes: Sizes = ()
    """What the letters of `after` count."""
    sizes_before: Sizes = ()

    @property
    def ref(self) -> EndpointRef:
        return EndpointRef(self.method, self.path)

    @property
    def changed(self) -> bool:
        return self.before != self.after or self.previous is not None

    def told(self, attribute: str) -> tuple[str | None, str]:
        """A figure before, none for a new endpoint, and after, in brief and with the same letters. It is not gone."""
        new = getattr(self.after, attribute)
        if self.before is None:
            return None, brief(new)
        old = getattr(self.before, attribute)
        return moved(aligned(old, self.sizes_before, self.sizes) if old != new else old, new)

    def contract(self) -> dict[str, Any]:
        """As `review --output-format json` prints it."""
        return {
            "method": self.method,
            "path": self.path,
            "before": msgspec.to_builtins(self.before),
            "after": msgspec.to_builtins(self.after),
        }


def compare(before: Result, after: Result, diff: Diff) -> tuple[EndpointChange, ...]:
    """Endpoints whose cost or route moved, or whose handler's file changed; the dearest growth first.

    The same method and path are the same endpoint, in the same file before another one. Of the rest, the same
    handler under the same method is a moved one: known by its qualified name, by its name in a renamed file, by its
    body, or by most of what it calls.
    """
    changes: list[EndpointChange] = []
    partners, gone = _pairs(before.endpoints, after.endpoints, diff)
    for endpoint, partner in zip(after.endpoints, partners, strict=True):
        moved = partner is not None and partner.path != endpoint.path
        change = EndpointChange(
            method=endpoint.method,
            path=endpoint.path,
            before=partner.cost if partner else None,
            after=endpoint.cost,
            file=endpoint.file,
            line=endpoint.line,
            runs_on=endpoint.runs_on,
            sizes=endpoint.sizes,
            sizes_before=partner.sizes if partner else (),
            previous=EndpointRef(partner.method, partner.path) if partner is not None and moved else None,
        )
        if change.changed or endpoint.file in diff.files:
            changes.append(change)
    changes += [
        EndpointChange(
            method=endpoint.method,
            path=endpoint.path,
            before=endpoint.cost,
            after=None,
            file=endpoint.file,
            sizes_before=endpoint.sizes,
        )
        for endpoint in gone
    ]
    return tuple(sorted(changes, key=_rank))


def standing(after: Result, changes: Sequence[EndpointChange]) -> tuple[EndpointChange, ...]:
    """The endpoints that answer requests and are none of `changes`: they cost what they did."""
    told = {(change.method, change.path, change.file) for change in changes}
    return tuple(
        EndpointChange(
            method=each.method,
            path=each.path,
            before=each.cost,
            after=each.cost,
            file=each.file,
            line=each.line,
            runs_on=each.runs_on,
            sizes=each.sizes,
            sizes_before=each.sizes,
        )
        for each in after.endpoints
        if each.method != "WEBSOCKET" and (each.method, each.path, each.file) not in told
    )


def _rank(change: EndpointChange) -> tuple[object, ...]:
    """What grew most comes first, of equal growth the dearest, then what only moved."""
    grew = growth(change)
    return (not change.changed, -grew, -price(change.after), change.previous is None, change.ref)


_Key = Callable[[Endpoint], object]


def _pairs(
    before: Sequence[Endpoint], after: Sequence[Endpoint], diff: Diff
) -> tuple[list[Endpoint | None], list[Endpoint]]:
    """For each endpoint of `after` its partner, and the endpoints of `before` that have none."""
    renames = diff.renames

    def old_file(endpoint: Endpoint) -> str:
        return renames.get(endpoint.file, endpoint.file)

    keys: list[tuple[_Key, _Key]] = [
        (lambda old: (old.method, old.path, old.file), lambda new: (new.method, new.path, old_file(new))),
        (_route, _route),
        (_handler, _handler),
        (
            lambda old: (old.method, old.file, _name(old)) if old.symbol else None,
            lambda new: (new.method, old_file(new), _name(new)) if new.symbol else None,
        ),
        (_named_body, _named_body),
        (_body, _body),
    ]
    partners: list[Endpoint | None] = [None] * len(after)
    left = list(before)
    for old_key, new_key in keys:
        pool: dict[object, list[Endpoint]] = defaultdict(list)
        for endpoint in left:
            if (key := old_key(endpoint)) is not None:
                pool[key].append(endpoint)
        for number, endpoint in enumerate(after):
            if partners[number] is None and (candidates := pool.get(new_key(endpoint))):
                partners[number] = candidates.pop(0)
        taken = {id(partner) for partner in partners if partner is not None}
        left = [endpoint for endpoint in left if id(endpoint) not in taken]
    fresh = [number for number, partner in enumerate(partners) if partner is None]
    for number, endpoint in _rewritten(tuple(left), [(number, after[number]) for number in fresh], renames):
        partners[number] = endpoint
        left.remove(endpoint)
    return partners, left


def _rewritten(
    gone: Sequence[Endpoint], fresh: Sequence[tuple[int, Endpoint]], renames: Mapping[str, str]
) -> Iterator[tuple[int, Endpoint]]:
    """Endpoints that are new, by number, with those whose handler they were before it was renamed and rewritten in part:
    of their file, and calling mostly the same. The likest first."""
    if len(gone) * len(fresh) > _MOST_COMPARED:
        return
    found: list[tuple[float, int, Endpoint]] = []
    called = {number: Counter(new.calls) for number, new in fresh}
    for old in gone:
        had = Counter(old.calls)
        for number, new in fresh:
            if old.method != new.method or old.file != renames.get(new.file, new.file):
                continue
            both = (had & called[number]).total()
            share = 2 * both / (len(old.calls) + len(new.calls)) if both else 0.0
            if share >= _ALIKE and both >= _LEAST_CALLS:
                found.append((share, number, old))
    paired: set[int] = set()
    for _, number, old in sorted(found, key=lambda each: (-each[0], each[1])):
        if number not in paired and id(old) not in paired:
            paired |= {number, id(old)}
            yield number, old


def _route(endpoint: Endpoint) -> object:
    return endpoint.method, endpoint.path


def _handler(endpoint: Endpoint) -> object:
    return (endpoint.method, endpoint.symbol) if endpoint.symbol else None


def _named_body(endpoint: Endpoint) -> object:
    return (endpoint.method, _name(endpoint), endpoint.body) if endpoint.body else None


def _body(endpoint: Endpoint) -> object:
    return (endpoint.method, endpoint.body) if endpoint.body else None


def _name(endpoint: Endpoint) -> str:
    return endpoint.symbol.rpartition(".")[2]


def growth(change: EndpointChange) -> float:
    """How much dearer the endpoint became; blocking the loop outweighs any number of queries."""
    return price(change.after) - price(change.before)


def repeated(changes: Iterable[EndpointChange]) -> frozenset[EndpointRef]:
    """The endpoints that ask others once for each of something now, and asked a number of times before."""
    return frozenset(
        ref
        for ref, before, after in _moved(changes)
        if weigh(after.external_calls) >= UNKNOWN_SIZE > weigh(before.external_calls)
    )


def steeper(changes: Iterable[EndpointChange]) -> frozenset[EndpointRef]:
    """The endpoints whose queries or calls grow with the power of another size now: `N` became `N²` or `N*M`."""
    return frozenset(
        ref
        for ref, before, after in _moved(changes)
        if any(
            weigh(getattr(after, name)) >= _STEEPER * max(UNKNOWN_SIZE, weigh(getattr(before, name)))
            for name in ("queries", "external_calls")
        )
    )


def _moved(changes: Iterable[EndpointChange]) -> Iterator[tuple[EndpointRef, Cost, Cost]]:
    """The endpoints that were there before, with both costs."""
    for change in changes:
        if change.before is not None and change.after is not None:
            yield change.ref, change.before, change.after
