"""Proven fixes as text: a fenced diff for one finding, one patch that `git apply` takes for all.

Old lines come from the pull request's own diff, or from `excerpts`, which hold only lines inside edits. So
context lines appear only where the diff shows them anyway.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.review.diff import Diff
from app.review.markdown import has_bidi
from rules.engine.finding import Edit, ProvenFix

_CONTEXT = 3

Excerpts = Mapping[str, Mapping[int, str]]
"""Path -> line number -> that line of the head with its newline."""


@dataclass(frozen=True)
class Texts:
    """Lines of the head commit, as far as they are known."""

    diff: Diff
    excerpts: Excerpts

    def line(self, path: str, line: int) -> str | None:
        """The line with its newline."""
        shown = self.diff.line(path, line)
        if shown is not None:
            return shown.raw
        return self.excerpts.get(path, {}).get(line)

    def old(self, edit: Edit) -> list[str] | None:
        """The lines an edit replaces, none when one of them is not known."""
        lines = [self.line(edit.path, line) for line in range(edit.start_line, edit.end_line + 1)]
        known = [line for line in lines if line is not None]
        return known if len(known) == len(lines) else None

    def presentable(self, fix: ProvenFix) -> bool:
        """Whether a fix may be shown: its old lines are known, and nothing in it reads otherwise than it runs."""
        for edit in fix.edits:
            old = self.old(edit)
            if old and not edit.replacement and not old[-1].endswith("\n"):
                return False  # git keeps no newline at the end then
            if old is None or has_bidi(edit.replacement) or has_bidi("".join(old)) or has_bidi(edit.path):
                return False
        return bool(fix.edits)


def split_lines(text: str) -> list[str]:
    """Lines with their newlines; only `\\n` ends a line, as in git."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def preview(fix: ProvenFix, texts: Texts) -> str:
    """The edits of one fix as a diff for reading, without headers unless it touches several files."""
    paths = list(dict.fromkeys(edit.path for edit in fix.edits))
    parts: list[str] = []
    for path in paths:
        edits = sorted((edit for edit in fix.edits if edit.path == path), key=_place)
        if len(paths) > 1:
            parts.append(f"--- {_name(path)}\n")
        for number, edit in enumerate(edits):
            if number:
                parts.append("@@\n")
            parts += [_printed("-", line, mark=False) for line in texts.old(edit) or []]
            parts += [_printed("+", line, mark=False) for line in split_lines(edit.replacement)]
    return "".join(parts)


def combine(fixes: Iterable[ProvenFix]) -> tuple[tuple[Edit, ...], tuple[bool, ...]]:
    """Edits of all fixes that can be applied together, and for each fix whether it is among them.

    Equal edits (the same import twice) count once. A fix that overlaps an earlier one stays out, whole.
    """
    taken: dict[str, list[Edit]] = defaultdict(list)
    used: list[bool] = []
    for fix in fixes:
        fresh = [edit for edit in fix.edits if edit not in taken[edit.path]]
        clash = any(_overlap(edit, other) for edit in fresh for other in taken[edit.path])
        used.append(not clash)
        if not clash:
            for edit in fresh:
                taken[edit.path].append(edit)
    edits = tuple(edit for path in sorted(taken) for edit in sorted(taken[path], key=_place))
    return edits, tuple(used)


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start_line, edit.end_line


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits want the same line. Insertions at one place follow each other; one inside a range clashes."""
    first, second = sorted((one, other), key=_place)
    return second.start_line <= first.end_line


def render(edits: Sequence[Edit], texts: Texts) -> str:
    """A unified diff of edits that do not overlap (see `combine`) and whose old lines are known."""
    by_path: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_path[edit.path].append(edit)
    return "".join("".join(_file(path, sorted(part, key=_place), texts)) for path, part in by_path.items())


def command(patch: str) -> str:
    """What applies it. Lines outside the pull request's diff are not shown, so some hunks may have no context, which
    git takes for the end of the file unless it is told."""
    hunks = re.split(r"^(?:@@ |diff --git )", patch, flags=re.MULTILINE)
    bare = any(
        hunk.rstrip("\n").rpartition("\n")[2].startswith(("+", "-")) for hunk in hunks if hunk[:1] == "-"
    )
    return "git apply --unidiff-zero" if bare else "git apply"


def _file(path: str, edits: Sequence[Edit], texts: Texts) -> Iterator[str]:
    yield f"diff --git {_name(path, 'a/')} {_name(path, 'b/')}\n"
    yield f"--- {_name(path, 'a/')}{_tab(path)}\n"
    yield f"+++ {_name(path, 'b/')}{_tab(path)}\n"
    shift = 0
    for group in _groups(edits, texts):
        first, last = group[0].start_line, max(edit.end_line for edit in group)
        start = first
        while start > 1 and first - start < _CONTEXT and texts.line(path, start - 1) is not None:
            start -= 1
        end = last
        while end - last < _CONTEXT and texts.line(path, end + 1) is not None:
            end += 1
        body: list[str] = []
        old_count = new_count = 0
        cursor = start
        for edit in group:
            for line in range(cursor, edit.start_line):
                body.append(_printed(" ", texts.line(path, line) or ""))
                old_count, new_count = old_count + 1, new_count + 1
            removed = texts.old(edit) or []
            added = split_lines(edit.replacement)
            body += [_printed("-", line) for line in removed]
            body += [_printed("+", line) for line in added]
            old_count, new_count = old_count + len(removed), new_count + len(added)
            cursor = edit.end_line + 1
        for line in range(cursor, end + 1):
            body.append(_printed(" ", texts.line(path, line) or ""))
            old_count, new_count = old_count + 1, new_count + 1
        old_start = start if old_count else start - 1
        new_start = start + shift if new_count else start + shift - 1
        yield f"@@ -{old_start},{old_count} +{new_start},{new_count} @@\n"
        yield from body
        shift += new_count - old_count


def _groups(edits: Sequence[Edit], texts: Texts) -> Iterator[list[Edit]]:
    """Edits that share one hunk: so near that their context would meet, with every line between them known."""
    group: list[Edit] = []
    for edit in edits:
        if group:
            last = max(other.end_line for other in group)
            between = range(last + 1, edit.start_line)
            near = len(between) <= 2 * _CONTEXT
            if near and all(texts.line(edit.path, line) is not None for line in between):
                group.append(edit)
                continue
            yield group
        group = [edit]
    if group:
        yield group


def _printed(sign: str, line: str, *, mark: bool = True) -> str:
    if line.endswith("\n"):
        return sign + line
    return f"{sign}{line}\n" + ("\\ No newline at end of file\n" if mark else "")


def _name(path: str, prefix: str = "") -> str:
    """A file name as git reads it in a patch: C-quoted when it holds quotes or control characters."""
    if all(character >= " " and character not in '"\\\x7f' for character in path):
        return prefix + path
    quoted = "".join(
        f"\\{byte:03o}" if byte < 32 or byte >= 127 else f"\\{chr(byte)}" if byte in b'"\\' else chr(byte)
        for byte in (prefix + path).encode("utf-8", "surrogateescape")
    )
    return f'"{quoted}"'


def _tab(path: str) -> str:
    """git ends a name with a tab when it holds blanks, so that other tools see no date in it."""
    return "\t" if " " in path and not _name(path).startswith('"') else ""
