"""Guards that a change removed: the `timeout=`, `selectinload`, `limit` or cache whose loss brings a finding about.

Such a finding is said on the line that is gone, for there the author sees what to put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from app.review.diff import Diff, FileDiff, Line
from rules.engine.finding import Finding, Hop

_NEAR = 2
"""Lines between a finding and the lines that its guard stood on, when both belong to one change."""
_FAR = 120
"""As much when nothing else of the finding was changed."""
_LONGEST = 80
_SOURCES = (".py", ".pyi", ".sql")
_OPEN, _CLOSE = "([{", ")]}"
_OF_THE_CALL = re.compile(r"(\w+_)?timeout")
"""Guards that are arguments of the very call, or of what makes its client."""
_OF_QUERIES = frozenset({"limit", "fetch", "slice", "paginate", "top"})
"""Guards that are words of everyday names too: `limit: int` that becomes `size: int` guards nothing."""


class Lost(msgspec.Struct, frozen=True):
    """A guard that is gone. `line` is at the merge base, `text` what it said there."""

    path: str
    line: int
    text: str


class _Loss(msgspec.Struct, frozen=True):
    lost: Lost
    first: int
    last: int
    """Head lines that took the place of the removed ones; `last < first` when none did."""
    callee: str = ""
    """The name that was called with it, where it was an argument and the diff shows that."""


def lost(finding: Finding, diff: Diff, places: Sequence[Hop]) -> Lost | None:
    """The guard whose removal made a new finding, if it was that.

    It counts when a guard of the finding's rule vanished right where one of its `places` is; or, when the
    change touched none of them, nearby in one of their files, or as the only such loss of the whole change.
    """
    if not finding.guards:
        return None
    if (near := lost_there(finding, diff, places)) is not None:
        return near
    extents = _extents(finding, places)
    if any(diff.touched(path, line) for path, start, end in extents for line in range(start, end + 1)):
        return None
    for path, start, _ in extents:
        losses = [loss for loss in _losses_of(finding, path, diff) if abs(loss.first - start) <= _FAR]
        if losses:
            return min(losses, key=lambda loss: abs(loss.first - start)).lost
    everywhere = [loss for path in diff.files for loss in _losses_of(finding, path, diff)]
    return everywhere[0].lost if len(everywhere) == 1 else None


def lost_there(finding: Finding, diff: Diff, places: Sequence[Hop]) -> Lost | None:
    """A guard of the finding's rule that vanished right where one of its `places` is."""
    for path, start, end in _extents(finding, places):
        near = [
            loss
            for loss in _losses_of(finding, path, diff)
            if loss.first <= end + _NEAR and start - _NEAR <= max(loss.last, loss.first)
        ]
        if near:
            return min(near, key=lambda loss: abs(loss.first - start)).lost
    return None


def _extents(finding: Finding, places: Sequence[Hop]) -> list[tuple[str, int, int]]:
    return [(place.path, place.line, _last(finding, place)) for place in places]


def _losses_of(finding: Finding, path: str, diff: Diff) -> list[_Loss]:
    return [loss for loss in _losses(path, finding.guards, diff) if _is_of(finding, loss)]


def _is_of(finding: Finding, loss: _Loss) -> bool:
    """Whether the guard was one of what the finding calls: the timeout of one client is none of another's."""
    if not loss.callee or not finding.leaf:
        return True
    return loss.callee in finding.leaf.split(".") or _OF_THE_CALL.fullmatch(loss.callee.lower()) is not None


def _last(finding: Finding, place: Hop) -> int:
    own = (place.path, place.line) == (finding.path, finding.line)
    return max(place.line, finding.end_line) if own else place.line


def _losses(path: str, guards: Sequence[str], diff: Diff) -> Iterator[_Loss]:
    """Each run of changed lines of a file that took a guard away; none when the file only moved it, or is no code."""
    entry = diff.files.get(path)
    if entry is None or not entry.hunks or not path.endswith(_SOURCES):
        return
    for guard in guards:
        pattern = _pattern(guard)
        if _count(entry, "added", pattern) >= _count(entry, "removed", pattern):
            continue
        for run in entry.runs():
            kept = sum(_found(run.added, _pattern(each)) for each in _alike(guard, guards))
            if kept >= _found(run.removed, pattern):
                continue
            for line in run.removed:
                if line.old is not None and (found := pattern.search(_code(line.text))) is not None:
                    excerpt = _excerpt(line.text, found.start(), found.end())
                    callee = _callee(entry, line, found.start()) if _OF_THE_CALL.fullmatch(guard) else ""
                    yield _Loss(Lost(path, line.old, excerpt), run.first, run.last, callee)
                    break


def _pattern(guard: str) -> re.Pattern[str]:
    """A guard as a word of its own; of everyday words only a call, a value or a number in SQL."""
    after = rf"(?=\(|=(?!=|{guard}\b)|\s+[\d:$%?{{])" if guard in _OF_QUERIES else r"(?!\w)"
    return re.compile(rf"(?<!\w){re.escape(guard)}{after}")


def _alike(guard: str, guards: Sequence[str]) -> Sequence[str]:
    """What guards as well as it does: `.slice(0, 20)` in place of `.limit(20)`."""
    return guards if guard in _OF_QUERIES or guard == "LIMIT" else (guard,)


def _found(lines: Iterable[Line], pattern: re.Pattern[str]) -> int:
    return sum(len(pattern.findall(_code(line.text))) for line in lines)


def _count(entry: FileDiff, kind: str, pattern: re.Pattern[str]) -> int:
    return _found((line for hunk in entry.hunks for line in hunk.lines if line.kind == kind), pattern)


def _callee(entry: FileDiff, at: Line, start: int) -> str:
    """What was called with the argument that begins there, by the old lines that the diff shows."""
    hunk = next(hunk for hunk in entry.hunks if at in hunk.lines)
    depth = 0
    before = [
        line.text for line in hunk.lines if line.old is not None and at.old is not None and line.old < at.old
    ]
    for text in (at.text[:start], *reversed(before)):
        code = _code(text)
        for position in range(len(code) - 1, -1, -1):
            if code[position] in _CLOSE:
                depth += 1
            elif code[position] in _OPEN:
                if not depth:
                    return _last_name(code[:position]) if code[position] == "(" else ""
                depth -= 1
    return ""


def _last_name(code: str) -> str:
    code = code.rstrip()
    start = len(code)
    while start and (code[start - 1].isalnum() or code[start - 1] == "_"):
        start -= 1
    return code[start:]


def _code(text: str) -> str:
    """The line without a comment at its end, as far as that can be told from one line."""
    quote = ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            return text[:position]
    return text


def _excerpt(text: str, start: int, end: int) -> str:
    """The guard as it was written: the decorator, the keyword argument, or the call."""
    code = _code(text).rstrip()
    if code.lstrip().startswith("@"):
        return _short(code.strip())
    rest = code[end:]
    if re.match(r"\s*=(?!=)", rest):
        return _short(code[start : end + _until(rest, ",")].rstrip(" ,"))
    if start and code[start - 1] == ".":
        start -= 1
    if rest.startswith("("):
        return _short(code[start : end + _call(rest)])
    return _short(code[start:end])


def _until(text: str, separator: str) -> int:
    """Where an argument ends: at a separator or a closing bracket outside all brackets and strings."""
    depth, quote = 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            if not depth:
                return position
            depth -= 1
        elif character == separator and not depth:
            return position
    return len(text)


def _call(text: str) -> int:
    """The length of the brackets that `text` begins with, all of it when they do not close on this line."""
    end = _until(text[1:], "")
    return end + 2 if end < len(text) - 1 else len(text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
