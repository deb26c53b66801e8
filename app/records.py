"""What the store gives back: reviews, reports, lines of the record."""

from __future__ import annotations

import msgspec


class HeadReview(msgspec.Struct, frozen=True):
    """What a pull request's review says of a head commit."""

    number: int
    conclusion: str
    title: str
    summary: str


class LeftHead(msgspec.Struct, frozen=True):
    """A commit that was a pull request's head and is it no more."""

    head_sha: str
    others: frozenset[int]
    """Pull requests of which something was said there too."""
    begun: bool
    """A check run in progress may be there."""


class KeptReport(msgspec.Struct, frozen=True):
    """A report and whose it is."""

    repository_id: int
    data: bytes
    at: float


class KeptLine(msgspec.Struct, frozen=True):
    """One report in a list."""

    id: str
    repository_id: int
    data: bytes
    at: float


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the record: who did what to the gate. Lines are added, never changed."""

    repository: str
    number: int
    actor: str
    action: str
    detail: str
    at: float
