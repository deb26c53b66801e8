"""What took the place of lines that a change removed, as far as the diff shows it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from app.review.diff import Diff, Line, Run
from rules.engine.finding import Finding

_AWAIT = re.compile(r"\bawait\b")
_AT_ONCE = re.compile(r"\bin_\(|\bIN \(|\b(?:selectin|joined|subquery)load\(|[\"']\$in[\"']|__in\b|\bANY\(")
"""How one query asks for many rows in place of many queries for one each."""
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NAMED = re.compile(r"\s*([A-Za-z_]\w*)(?::[^=]+)?\s*=(?!=)")
_PAUSE = re.compile(r"\bsleep\(\s*(\d+(?:\.\d*)?|\.\d+)\s*\)")
_ON = 3
"""Lines from an `await` on in which a call may go on."""
_LONG_NAME = 5
"""From so many letters on a name within another one is no chance: `charge`, `charge_async`."""
_TIMES, _SECONDS = 2, 1
"""So many times as long, and by so much, and a pause is longer than it was."""


class Replaced:
    """The changes of one diff around the calls of findings at the merge base. `renames`: head path -> base path."""

    def __init__(self, diff: Diff, renames: Mapping[str, str]) -> None:
        self._diff = diff
        self._head_path = {before: path for path, before in renames.items()}
        self._runs: dict[str, Sequence[Run]] = {}
        self._gone: dict[int, Sequence[tuple[Run, Sequence[Line]]]] = {}
        self._mended: dict[int, Sequence[Sequence[frozenset[int]]]] = {}

    def stands(self, old: Finding) -> bool:
        """Whether its line is still there."""
        entry = self._diff.files.get(self._path(old))
        return entry is None or entry.head_line(old.line) is not None

    def is_mended(self, old: Finding, new: Finding, *, in_loop: bool) -> bool:
        """Whether what `old` speaks of was mended: its call is awaited now, its loop asks for all rows at once, and not on the
        lines of `new`. Then `new` is no other shape of it."""
        mended = self._mended.get(id(old))
        if mended is None:
            mended = self._mended[id(old)] = [
                [*(_asking_at_once(run) if in_loop else _awaiting(run, gone, old.leaf))]
                for run, gone in self._gone_of(old)
            ]
        if not (mended and all(mended)):
            return False
        own = _lines(new, self._path(old))
        if in_loop:
            own |= {line for run, _ in self._gone_of(old) for line in _feeding(run, own)}
        return all(any(own.isdisjoint(lines) for lines in each) for each in mended)

    def pauses_longer(self, old: Finding, new: Finding) -> bool:
        """Whether the change writes a much longer `time.sleep` where a shorter one stood."""
        if new.leaf != "time.sleep" or old.leaf != new.leaf:
            return False
        own = _lines(new, self._path(old))
        for run, gone in self._gone_of(old):
            before, now = _longest(gone), _longest([line for line in run.added if line.new in own])
            if before is not None and now is not None and now >= max(_TIMES * before, before + _SECONDS):
                return True
        return False

    def _path(self, old: Finding) -> str:
        return self._head_path.get(old.path, old.path)

    def _gone_of(self, old: Finding) -> Sequence[tuple[Run, Sequence[Line]]]:
        """The runs of changes that took lines of a finding away, with these."""
        known = self._gone.get(id(old))
        if known is None:
            lines = _lines(old, old.path)
            taken = ((run, [line for line in run.removed if line.old in lines]) for run in self._of(old))
            known = self._gone[id(old)] = [(run, gone) for run, gone in taken if gone]
        return known

    def _of(self, old: Finding) -> Sequence[Run]:
        path = self._path(old)
        if path not in self._runs:
            entry = self._diff.files.get(path)
            self._runs[path] = [*entry.runs()] if entry is not None else []
        return self._runs[path]


def _lines(finding: Finding, path: str) -> frozenset[int]:
    """The lines of a file on which a finding has calls."""
    found = {hop.line for hop in (*finding.call_path, *finding.places) if hop.path == path}
    if finding.path == path:
        found |= {*range(finding.line, finding.end_line + 1), *finding.siblings}
    return frozenset(found)


def _awaiting(run: Run, gone: Sequence[Line], leaf: str) -> Sequence[frozenset[int]]:
    """Lines with an `await` of what the removed lines called, and with its name, where there are as many of them: two calls of
    which one is awaited now leave one."""
    called = {name for line in gone for name in _CALLED.findall(line.text)}
    last = leaf.rpartition(".")[2]
    wanted = {last} if last in called else called
    found = [*_awaited(run, wanted)]
    calls = sum(not wanted.isdisjoint(_CALLED.findall(line.text)) for line in gone)
    return found if len({min(lines) for lines in found}) >= calls else []


def _awaited(run: Run, wanted: Collection[str]) -> Iterator[frozenset[int]]:
    """Lines of an `await` and of one of the names that it waits for."""
    for number, line in enumerate(run.added):
        if (found := _AWAIT.search(line.text)) is None:
            continue
        for other in run.added[number : number + _ON]:
            text = other.text[found.end() :] if other is line else other.text
            if any(_is_of(name, word) for word in _WORD.findall(text) for name in wanted):
                yield frozenset({line.new or 0, other.new or 0})


def _is_of(name: str, word: str) -> bool:
    return name == word or (len(name) >= _LONG_NAME and name in word)


def _asking_at_once(run: Run) -> Iterator[frozenset[int]]:
    return (frozenset({line.new or 0}) for line in run.added if _AT_ONCE.search(line.text))


def _feeding(run: Run, own: frozenset[int]) -> Iterator[int]:
    """The added lines before a query on which the statement is made that it is given: `query = select(Owner).where(…)`."""
    given = {word for line in run.added if line.new in own for word in _WORD.findall(line.text)}
    name, depth = "", 0
    for line in run.added:
        indented = len(line.text) - len(line.text.lstrip())
        if (found := _NAMED.match(line.text)) is not None and (not name or indented <= depth):
            name, depth = found[1], indented
        elif line.text.strip() and indented < depth:
            name = ""
        if name in given:
            yield line.new or 0


def _longest(lines: Sequence[Line]) -> float | None:
    return max((float(found) for line in lines for found in _PAUSE.findall(line.text)), default=None)
