"""What was found in files of a version of a project that is at hand again: as the base of the next push of a change, or of the
next change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from rules.engine.finding import Options, Skipped, Suppressed
from rules.engine.placing import Placed
from rules.engine.reading.facts import ModuleFacts


class CheckedFile(Struct, frozen=True):
    """What checking one file said. Neither its source stays nor its tree: the matches have no nodes."""

    digest: bytes
    """Of its source."""
    placed: Sequence[Placed]
    skipped: Sequence[Skipped]
    suppressed: Sequence[Suppressed]


def digest_of(source: bytes) -> bytes:
    return hashlib.sha256(source).digest()


class Checked(Struct):
    """A version of a project, and what was found in the files of it that somebody gave to check."""

    facts: Mapping[str, ModuleFacts]
    documents: Mapping[str, str]
    options: Options
    files: dict[str, CheckedFile] = field(default_factory=dict)

    def is_of(self, other: Checked) -> bool:
        """Whether both are of the very same version."""
        return (self.options, self.facts, self.documents) == (other.options, other.facts, other.documents)
