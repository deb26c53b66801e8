"""What goes over the pipes between the pool and its workers, and what callers of the pool see.

A frame is a four-byte big-endian length and one msgpack document.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.engine.finding import Bumped, Finding, Options, Result, Skipped

LONGEST_FRAME = 1 << 30

Stage = Literal["read", "analyze", "prove"]


class Request(msgspec.Struct, kw_only=True):
    """Two versions of a project. Paths are relative to the project root, with `/`.

    `before` and `after` hold the changed Python files at the merge base and at the head, `others` the
    encoded facts of all untouched files (valid for both versions), `known` those of files of `before`, as far as
    somebody made them, `renamed` new paths by old ones' names (new -> old). Facts of another engine version must not
    be sent.
    """

    before: dict[str, bytes]
    after: dict[str, bytes]
    others: dict[str, bytes] = {}
    known: dict[str, bytes] = {}
    documents_before: dict[str, str] = {}
    documents_after: dict[str, str] = {}
    options: Options = Options()
    removed: list[str] = []
    renamed: dict[str, str] = {}
    observed: tuple[str, str] | None = None
    """Path and text of what the change's own tests saw, if it brings that."""
    advise: bool = False
    """Say what the project lacks, though it had endpoints before."""

    def with_sources(self, sources: dict[str, bytes]) -> Request:
        """With the text of untouched files, which is the same in both versions."""
        return msgspec.structs.replace(
            self,
            before=self.before | sources,
            after=self.after | sources,
            others={path: facts for path, facts in self.others.items() if path not in sources},
            known=self.known | {path: self.others[path] for path in sources},
        )


class Comparison(msgspec.Struct, kw_only=True):
    """What two versions of a project say. New findings in `after` carry their proven fixes.

    `facts` are the encoded facts of the changed files at the head. `wanted` names untouched files whose
    findings may differ: call again with their source in both versions. `excerpts` holds the lines at the head that
    edits of proven fixes replace, and no other: path -> line number -> the line with its newline.
    """

    before: Result
    after: Result
    facts: dict[str, bytes] = {}
    wanted: list[str] = []
    excerpts: dict[str, dict[int, str]] = {}
    tip: Result | None = None
    """What the base branch says by now (`Analysis.standing`), if that was asked."""
    bumped: Bumped = Bumped()
    """What other versions bring (`app.analysis.bumps`), if that was asked."""

    @property
    def is_worse(self) -> bool:
        """Whether the head says anything that the merge base does not say, or not as loudly."""
        old = {(finding.fingerprint, finding.severity) for finding in self.before.findings}
        return any((finding.fingerprint, finding.severity) not in old for finding in self.after.findings)


class Unpacked(msgspec.Struct, kw_only=True):
    """A source archive, read. `blobs` has the git blob sha1 of every Python file, `facts` the encoded facts of those
    that have any, `documents` the text of deploy files, requirements and configuration. `complete` is false when a
    limit on number or size of files was reached."""

    blobs: dict[str, str] = {}
    facts: dict[str, bytes] = {}
    documents: dict[str, str] = {}
    skipped: list[Skipped] = []
    complete: bool = True


class Branched(msgspec.Struct, kw_only=True):
    """Something a request runs, with all of its cost for one run of what is around it."""

    name: str
    role: str
    path: str
    line: int
    queries: str
    external_calls: str
    loops: list[str] = []
    inside: list[Branched] = []


class Diagnosed(msgspec.Struct, kw_only=True):
    """The cost tree of one endpoint. `sizes` are the letters of its polynomials and what they count."""

    method: str
    path: str
    queries: str
    external_calls: str
    unbounded: bool
    blocking: list[str]
    sizes: dict[str, str]
    branches: list[Branched]


# To the worker.


class Compare(msgspec.Struct, tag="compare", kw_only=True):
    request: Request
    unproven: list[str] = []
    """Files in which no fix is tried, because trying one ended a worker."""
    proof_seconds: float
    """Wall time for trying fixes, all together. Findings whose turn does not come have none."""


class Examine(msgspec.Struct, tag="examine"):
    """One version: rules run on `sources`, `others` are facts of the rest. All findings get their fixes, or all but hints."""

    sources: dict[str, bytes]
    others: dict[str, bytes]
    documents: dict[str, str]
    options: Options
    unproven: list[str] = []
    tell: bool = False
    """Whether each finding is wanted as soon as its fix was tried, before the end (`Told`)."""
    hints: bool = True
    """Whether hints get their fixes too."""


class Extract(msgspec.Struct, tag="extract"):
    sources: dict[str, bytes]


class Diagnose(msgspec.Struct, tag="diagnose"):
    """The cost trees of the endpoints that `method` and `path` name, in a project that is known by its facts."""

    method: str
    path: str
    others: dict[str, bytes]
    documents: dict[str, str]
    options: Options


class Unpack(msgspec.Struct, tag="unpack"):
    archive: bytes
    """The archive itself; empty when `path` names a file that holds it."""
    path: str
    known: list[str]
    """Files not to be read (again)."""


Task = Compare | Diagnose | Examine | Extract | Unpack


# From the worker.


class Ready(msgspec.Struct, tag="ready"):
    """Sent once, when everything is imported and all limits hold."""


class Began(msgspec.Struct, tag="began"):
    """The worker turns to this file: what happens next is the file's doing."""

    path: str
    """Empty when it turns to no file in particular."""
    stage: Stage
    blob: str = ""


class Extracted(msgspec.Struct, tag="extracted"):
    path: str
    facts: bytes
    blob: str = ""


class Refused(msgspec.Struct, tag="refused"):
    """A file without facts, with the reason."""

    path: str
    reason: str
    blob: str = ""


class Told(msgspec.Struct, tag="told"):
    """A finding of a task that goes on, with its proven fix."""

    finding: Finding


class Done(msgspec.Struct, tag="done"):
    """The task's end. `peak_bytes` is the most memory this process ever held."""

    comparison: Comparison | None = None
    result: Result | None = None
    unpacked: Unpacked | None = None
    diagnosed: list[Diagnosed] | None = None
    peak_bytes: int = 0


class Failed(msgspec.Struct, tag="failed"):
    """An error of ours, not of the file: exception type and place, never source text."""

    reason: str


Frame = Ready | Began | Extracted | Refused | Told | Done | Failed
