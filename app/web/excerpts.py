"""Source lines around findings, highlighted, made from files that the visitor may read."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from app.review.record import Record
from rules.engine.finding import Edit, Finding, ProvenFix

AROUND: Final = 3
"""Lines shown before and after a finding."""
MOST_LINES: Final = 24
"""Of one finding; a longer one is shown by its beginning."""
MOST_FILES: Final = 40
LARGEST_FILE: Final = 1024 * 1024
LARGEST_HIGHLIGHTED: Final = 400_000
"""Characters, of all files together: highlighting is slow, and the rest is as readable without."""


class Line(NamedTuple):
    number: int
    code: Markup
    marked: bool


class File(NamedTuple):
    """A file of the head commit: its lines as text, and as HTML."""

    lines: list[str]
    html: list[Markup]


Files = Mapping[str, File]


def paths(record: Record) -> list[str]:
    """The files whose lines the page shows, those with findings first."""
    found: dict[str, None] = {finding.path: None for finding in record.new}
    for finding in record.new:
        for hop in finding.call_path:
            found.setdefault(hop.path)
    return list(found)[:MOST_FILES]


def read(texts: Mapping[str, bytes | None]) -> dict[str, File]:
    """The files that are text, highlighted as long as there is room."""
    room = LARGEST_HIGHLIGHTED
    files: dict[str, File] = {}
    for path, content in texts.items():
        text = _decoded(content)
        if text is None:
            continue
        lines = text.split("\n")
        plain = len(text) > room
        room -= 0 if plain else len(text)
        files[path] = File(lines, [escape(line) for line in lines] if plain else _highlighted(path, text))
    return files


def around(finding: Finding, files: Files) -> list[Line]:
    """The lines of a finding and their neighbours; nothing when its file was not read."""
    return _lines(files, finding.path, finding.line, finding.end_line)


def hop(files: Files, path: str, line: int) -> Markup | None:
    """One line of a call path."""
    file = files.get(path)
    if file is None or not 0 < line <= len(file.html):
        return None
    return Markup(str(file.html[line - 1]).strip())  # noqa: S704 - it was escaped or highlighted before


def diff(fix: ProvenFix, files: Files) -> str:
    """The edits of a fix as a diff for reading; empty when a line is not known."""
    parts: list[str] = []
    several = len({edit.path for edit in fix.edits}) > 1
    for edit in sorted(fix.edits, key=lambda edit: (edit.path, edit.start_line)):
        old = _old(edit, files)
        if old is None:
            return ""
        if several:
            parts.append(f"--- {edit.path}:{edit.start_line}")
        parts += [f"-{line}" for line in old]
        parts += [f"+{line}" for line in edit.replacement.rstrip("\n").split("\n") if edit.replacement]
    return "\n".join(parts)


def _old(edit: Edit, files: Files) -> list[str] | None:
    file = files.get(edit.path)
    if edit.end_line < edit.start_line:
        return []
    if file is None or edit.end_line > len(file.lines):
        return None
    return file.lines[edit.start_line - 1 : edit.end_line]


def _lines(files: Files, path: str, first: int, last: int) -> list[Line]:
    file = files.get(path)
    if file is None or not 0 < first <= len(file.html):
        return []
    end = min(last + AROUND, len(file.html), first + MOST_LINES)
    return [
        Line(number, file.html[number - 1], first <= number <= last)
        for number in range(max(1, first - AROUND), end + 1)
    ]


def _decoded(content: bytes | None) -> str | None:
    if content is None or len(content) > LARGEST_FILE:
        return None
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None


def _highlighted(path: str, text: str) -> list[Markup]:
    """Each line as HTML of its own: a token that spans lines opens and closes on each."""
    from pygments import lex
    from pygments.lexers import get_lexer_for_filename
    from pygments.token import STANDARD_TYPES
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [escape(line) for line in text.split("\n")]
    lines: list[list[str]] = [[]]
    for kind, value in lex(text, lexer):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        name = STANDARD_TYPES[kind]
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if piece:
                shown = str(escape(piece))
                lines[-1].append(f'<span class="{name}">{shown}</span>' if name else shown)
    return [Markup("".join(parts)) for parts in lines]  # noqa: S704 - every piece is escaped above


def wanted(record: Record, names: Iterable[str]) -> list[tuple[str, str]]:
    """Commit and path, as `app.github.contents` takes them."""
    return [(record.head_sha, path) for path in names]
