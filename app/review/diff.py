"""What a pull request changed, line by line, and where GitHub takes a comment.

Built from the `patch` texts of GitHub's file list (or of `git diff`). RIGHT are added and context lines at
the head, LEFT are deleted lines at the merge base; any other anchor makes GitHub refuse the whole review.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.github.models import ChangedFile, Side

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_NEWLINE = "\\"


@dataclass(frozen=True)
class Line:
    """One line of a hunk. `text` is without its `\\n` (a `\\r` before it stays); numbers start at 1."""

    kind: Literal["added", "removed", "context"]
    text: str
    old: int | None
    """Line at the merge base, none for an added line."""
    new: int | None
    """Line at the head, none for a removed line."""
    ends: bool = True
    """False for the last line of a file that does not end with a newline."""

    @property
    def raw(self) -> str:
        """The line with its newline, as the file has it."""
        return self.text + "\n" if self.ends else self.text


@dataclass(frozen=True)
class Hunk:
    """`old_start` and `new_start` as in its header: with a length of 0 they name the line before."""

    old_start: int
    old_length: int
    new_start: int
    new_length: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Run:
    """Neighbouring changed lines of which some were removed. `first..last` are the head lines that took their place; `last` is
    less than `first` where none did."""

    first: int
    last: int
    removed: tuple[Line, ...]
    added: tuple[Line, ...]


@dataclass(frozen=True)
class FileDiff:
    """The hunks of one file. `known` is false when GitHub left the patch out (binary, too large)."""

    path: str
    status: str
    previous_path: str | None
    hunks: tuple[Hunk, ...]
    known: bool
    _right: Mapping[int, tuple[int, Line]] = field(repr=False, default_factory=dict)
    _left: Mapping[int, tuple[int, Line]] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, changed: ChangedFile) -> FileDiff:
        hunks = parse_patch(changed.patch or "")
        right: dict[int, tuple[int, Line]] = {}
        left: dict[int, tuple[int, Line]] = {}
        for number, hunk in enumerate(hunks):
            for line in hunk.lines:
                if line.new is not None:
                    right[line.new] = (number, line)
                elif line.old is not None:
                    left[line.old] = (number, line)
        unchanged = changed.additions == changed.deletions == 0 and changed.status in ("renamed", "copied")
        return cls(
            path=changed.path,
            status=changed.status,
            previous_path=changed.previous_path,
            hunks=hunks,
            known=changed.patch is not None or unchanged,
            _right=right,
            _left=left,
        )

    def at(self, line: int, side: Side) -> tuple[int, Line] | None:
        """Hunk number and line, when GitHub takes a comment there."""
        return (self._right if side == "RIGHT" else self._left).get(line)

    def runs(self) -> Iterator[Run]:
        """Each run of changed lines that took some away, in their order."""
        for hunk in self.hunks:
            following = hunk.new_start if hunk.new_length else hunk.new_start + 1
            removed: list[Line] = []
            added: list[Line] = []
            for line in (*hunk.lines, None):
                if line is not None and line.kind == "removed":
                    removed.append(line)
                elif line is not None and line.kind == "added":
                    added.append(line)
                    following = (line.new or following) + 1
                else:
                    if removed:
                        yield Run(following - len(added), following - 1, tuple(removed), tuple(added))
                    removed, added = [], []
                    if line is not None and line.new is not None:
                        following = line.new + 1

    def base_line(self, line: int) -> int | None:
        """The line at the merge base that became head line `line`; none when it was added or is unknown."""
        if not self.known:
            return None
        shift = 0
        for hunk in self.hunks:
            first = hunk.new_start if hunk.new_length else hunk.new_start + 1
            if line < first:
                break
            if line < first + hunk.new_length:
                return self._right[line][1].old if line in self._right else None
            shift += hunk.old_length - hunk.new_length
        return line + shift

    def head_line(self, line: int) -> int | None:
        """The head line that merge-base line `line` became; none when it was removed or is unknown."""
        if not self.known:
            return None
        shift = 0
        for hunk in self.hunks:
            first = hunk.old_start if hunk.old_length else hunk.old_start + 1
            if line < first:
                break
            if line < first + hunk.old_length:
                return next((entry.new for entry in hunk.lines if entry.old == line), None)
            shift += hunk.new_length - hunk.old_length
        return line + shift


@dataclass(frozen=True)
class Diff:
    """All changed files by their path at the head (a removed file: its path at the base)."""

    files: Mapping[str, FileDiff]

    @classmethod
    def of(cls, files: Iterable[ChangedFile]) -> Diff:
        return cls({changed.path: FileDiff.of(changed) for changed in files})

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(self.files)

    @property
    def renames(self) -> dict[str, str]:
        """Path at the head -> path at the base."""
        return {
            path: entry.previous_path
            for path, entry in self.files.items()
            if entry.status == "renamed" and entry.previous_path
        }

    def commentable(self, path: str, line: int, side: Side = "RIGHT") -> bool:
        """Whether GitHub takes a comment on that line."""
        return self.hunk(path, line, side) is not None

    def hunk(self, path: str, line: int, side: Side = "RIGHT") -> int | None:
        """Number of the hunk (from 0) that holds the line, none when it is not commentable."""
        entry = self.files.get(path)
        found = entry.at(line, side) if entry else None
        return found[0] if found else None

    def commentable_range(self, path: str, start: int, end: int) -> bool:
        """Whether `start..end` (inclusive, head lines) all lie in one hunk."""
        hunks = {self.hunk(path, line) for line in range(start, end + 1)}
        return len(hunks) == 1 and None not in hunks

    def touched(self, path: str, line: int) -> bool:
        """Whether the pull request added or changed this head line."""
        entry = self.files.get(path)
        if entry is None:
            return False
        if entry.status == "added" and not entry.known:
            return True
        found = entry.at(line, "RIGHT")
        return found is not None and found[1].kind == "added"

    def line(self, path: str, line: int) -> Line | None:
        """The head line as the diff shows it, if it does."""
        entry = self.files.get(path)
        found = entry.at(line, "RIGHT") if entry else None
        return found[1] if found else None

    def added_lines(self, path: str) -> frozenset[int]:
        """Head lines that were added or changed."""
        return frozenset(line.new for line in self._lines(path) if line.kind == "added" and line.new)

    def removed_lines(self, path: str) -> frozenset[int]:
        """Merge-base lines that were removed or changed; commentable on the LEFT side."""
        return frozenset(line.old for line in self._lines(path) if line.kind == "removed" and line.old)

    def removed_within(self, path: str, start: int, end: int) -> int | None:
        """The first merge-base line deleted between head lines `start` and `end` without an added line there."""
        entry = self.files.get(path)
        for hunk in entry.hunks if entry else ():
            following = hunk.new_start if hunk.new_length else hunk.new_start + 1
            for line in hunk.lines:
                if line.new is not None:
                    following = line.new + 1
                elif start < following <= end and line.old is not None:
                    return line.old
        return None

    def base_place(self, path: str, line: int) -> tuple[str, int] | None:
        """Path and line at the merge base of a head line; none when the line is new or unknown."""
        entry = self.files.get(path)
        if entry is None:
            return path, line
        if entry.status == "added":
            return None
        old = entry.base_line(line)
        return None if old is None else (entry.previous_path or path, old)

    def _lines(self, path: str) -> Iterable[Line]:
        entry = self.files.get(path)
        for hunk in entry.hunks if entry else ():
            yield from hunk.lines


def parse_patch(patch: str) -> tuple[Hunk, ...]:
    """The hunks of one file's patch. Text that belongs to no hunk is skipped; a cut-off last hunk keeps what it has."""
    hunks: list[Hunk] = []
    rows = patch.split(
        "\n"
    )  # only \n: lines may hold \r, form feeds and other characters that end lines elsewhere
    position = 0
    while position < len(rows):
        header = _HEADER.match(rows[position])
        position += 1
        if header is None:
            continue
        old_start, new_start = int(header[1]), int(header[3])
        old_length = int(header[2]) if header[2] is not None else 1
        new_length = int(header[4]) if header[4] is not None else 1
        old = old_start if old_length else old_start + 1
        new = new_start if new_length else new_start + 1
        old_end, new_end = old + old_length, new + new_length
        lines: list[Line] = []
        while position < len(rows):
            row = rows[position]
            if row.startswith(_NO_NEWLINE):
                if lines:
                    last = lines[-1]
                    lines[-1] = Line(last.kind, last.text, last.old, last.new, ends=False)
                position += 1
                continue
            if old >= old_end and new >= new_end:
                break
            if row.startswith("+") and new < new_end:
                lines.append(Line("added", row[1:], None, new))
                new += 1
            elif row.startswith("-") and old < old_end:
                lines.append(Line("removed", row[1:], old, None))
                old += 1
            elif (row.startswith(" ") or (not row and position < len(rows) - 1)) and old < old_end:
                # some tools strip the blank of an empty context line
                lines.append(Line("context", row[1:], old, new))
                old, new = old + 1, new + 1
            else:
                break
            position += 1
        hunks.append(Hunk(old_start, old_length, new_start, new_length, tuple(lines)))
    return tuple(hunks)


def from_git(text: str) -> tuple[ChangedFile, ...]:
    """The files of a `git diff` (default prefixes `a/`, `b/`; `-M` for renames) as GitHub would list them.

    Patches start at their first hunk header as GitHub's do. Blob names are kept when complete (`--full-index`).
    """
    files: list[ChangedFile] = []
    rows = text.split("\n")
    starts = [number for number, row in enumerate(rows) if row.startswith("diff --git ")]
    for start, end in itertools.pairwise([*starts, len(rows)]):
        block = rows[start:end]
        if end == len(rows) and block and not block[-1]:
            block = block[:-1]
        files.append(_from_block(block))
    return tuple(files)


def _from_block(block: list[str]) -> ChangedFile:
    first_hunk = next((number for number, row in enumerate(block) if row.startswith("@@ ")), len(block))
    status: Literal["added", "removed", "modified", "renamed", "copied"] = "modified"
    old, new = _header_paths(block[0])
    sha = None
    for row in block[1:first_hunk]:
        if row.startswith("new file mode"):
            status = "added"
        elif row.startswith("deleted file mode"):
            status = "removed"
        elif row.startswith("rename from "):
            status, old = "renamed", _unquote(row.removeprefix("rename from "))
        elif row.startswith("copy from "):
            status, old = "copied", _unquote(row.removeprefix("copy from "))
        elif row.startswith(("rename to ", "copy to ")):
            new = _unquote(row.split(" to ", 1)[1])
        elif row.startswith("--- ") and row != "--- /dev/null":
            old = _unquote(row[4:].removesuffix("\t")).removeprefix("a/")
        elif row.startswith("+++ ") and row != "+++ /dev/null":
            new = _unquote(row[4:].removesuffix("\t")).removeprefix("b/")
        elif row.startswith("index "):
            blob = row.split()[1].partition("..")[2]
            sha = blob if len(blob) >= 40 and blob.strip("0") else None
    hunks = block[first_hunk:]
    patch = "\n".join(hunks) if hunks else None
    lines = [line for hunk in parse_patch(patch or "") for line in hunk.lines]
    return ChangedFile(
        path=old if status == "removed" else new,
        status=status,
        sha=sha,
        patch=patch,
        previous_path=old if status in ("renamed", "copied") else None,
        additions=sum(line.kind == "added" for line in lines),
        deletions=sum(line.kind == "removed" for line in lines),
    )


def _header_paths(row: str) -> tuple[str, str]:
    """Both paths of `diff --git a/x b/x`; only needed where no other line names them, so they are equal."""
    rest = row.removeprefix("diff --git ")
    if rest.startswith('"'):
        half = rest[: (len(rest) - 1) // 2]
        path = _unquote(half).removeprefix("a/")
        return path, path
    path = rest[: (len(rest) - 1) // 2].removeprefix("a/")
    return path, path


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _unquote(name: str) -> str:
    """A file name as git prints it: C-quoted in double quotes when it holds special characters."""
    if not (name.startswith('"') and name.endswith('"') and len(name) >= 2):
        return name
    raw = bytearray()
    for found in re.finditer(r"\\([0-7]{3})|\\(.)|([^\\]+)", name[1:-1], re.DOTALL):
        octal, escape, literal = found.groups()
        if octal:
            raw.append(int(octal, 8) & 0xFF)
        elif escape:
            raw += _ESCAPES.get(escape, escape).encode()
        else:
            raw += literal.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")
