"""What is kept of a long answer for its page, beside the report of the commit that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Self

import msgspec

from app.review.answers import Answer
from app.review.markdown import Section, fitting
from rules.engine.costs.capacity import Capacity

LONGEST: Final = 200_000
NO_ROOM: Final = "This answer has no room beside the others: ask for it in a comment of its own."


class Part(msgspec.Struct, frozen=True):
    """The answer to one command, in Markdown."""

    text: str
    quotes: bool
    """It quotes files of the project: for people who may read those."""
    ceilings: tuple[Capacity, ...] = ()
    wanted: float = 0.0


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """All answers to one comment, whole."""

    repository: str
    number: int
    head_sha: str
    asked: tuple[str, ...]
    """The commands, as they were written."""
    parts: tuple[Part, ...]

    @classmethod
    def of(
        cls, answers: Iterable[Answer], asked: Iterable[str], repository: str, number: int, head_sha: str
    ) -> Self:
        given = list(answers)
        sections = [Section((each.whole or each.short, each.short, NO_ROOM)) for each in given]
        return cls(
            repository=repository,
            number=number,
            head_sha=head_sha,
            asked=tuple(asked),
            parts=tuple(
                Part(text, each.quotes, each.ceilings, each.wanted)
                for text, each in zip(fitting(sections, LONGEST), given, strict=True)
            ),
        )

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Answered:
        """Raises msgspec.MsgspecError for one of another form."""
        return msgspec.msgpack.decode(data, type=Answered)
