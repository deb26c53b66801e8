"""What merged changes did to the cost of each endpoint: the line behind a report's figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from app.review.costs import EndpointChange
from app.review.record import Record
from rules.engine.finding import Cost, EndpointRef


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in a merged change. A cost is null where the endpoint was not there."""

    method: str
    path: str
    before: Cost | None = None
    after: Cost | None = None
    previous: EndpointRef | None = None
    """The route by which it was reached before."""

    @property
    def ref(self) -> EndpointRef:
        return EndpointRef(self.method, self.path)


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request that was merged, as its last review saw it."""

    number: int
    head_sha: str
    at: float
    moves: tuple[Move, ...] = ()

    def encoded_moves(self) -> bytes:
        return msgspec.msgpack.encode(self.moves)

    @staticmethod
    def decoded_moves(data: bytes) -> tuple[Move, ...]:
        return msgspec.msgpack.decode(data, type=tuple[Move, ...])


class Step(msgspec.Struct, frozen=True):
    """What the endpoint cost since a merged change; `number` is 0 for what it cost before the first one known."""

    number: int
    at: float
    cost: Cost | None


def moves(record: Record) -> tuple[Move, ...]:
    """What the review's change does to costs: endpoints that it leaves as they are do not count."""
    return tuple(
        Move(
            method=change.method,
            path=change.path,
            before=change.before,
            after=change.after,
            previous=change.previous,
        )
        for change in record.endpoints
        if change.changed
    )


def of(change: EndpointChange, merged: Sequence[Merged]) -> tuple[Step, ...]:
    """The steps of one endpoint, oldest first, back through the routes it had before; empty when it never moved."""
    wanted = change.previous or change.ref
    steps: list[Step] = []
    first: Move | None = None
    for entry in sorted(merged, key=lambda entry: entry.at, reverse=True):
        move = _of(wanted, entry.moves)
        if move is None:
            continue
        steps.append(Step(entry.number, entry.at, move.after))
        first = move
        wanted = move.previous or wanted
    if first is not None and first.before is not None:
        steps.append(Step(0, 0.0, first.before))
    return tuple(reversed(steps))


def _of(wanted: EndpointRef, known: Iterable[Move]) -> Move | None:
    return next((move for move in known if move.ref == wanted), None)
