"""Our Markdown as plain text for a terminal: what GitHub renders is laid out, what it hides is left out."""

from __future__ import annotations

import enum
import html
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

_FENCE = re.compile(r"\s*(`{3,})(\w*)$")
_TICKS = re.compile(r"`+")
_HIDDEN = re.compile(r"<!--(?:(?!<!--|-->).)*-->|</?(?:details|sub|sup)>")
_CODE_TAG = re.compile(r"</?code>")
_ASIDE = re.compile(r"(?<=\S )<sub>((?:(?!</?sub>).)*)</sub>")
_LABEL = re.compile(r"\*\*(Expected|Instead)\*\* ")
_SUMMARY = re.compile(r"<summary>((?:(?!</?summary>).)*)</summary>")
_LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\(([^\s\[]*?)\)")
_STRONG = re.compile(r"(?<![\\*])\*\*(?!\*)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BREAK = re.compile(r"<br ?/?>")
_HEADING = re.compile(r"#{1,6} ")
_RULER = re.compile(r"\|(?::?-+:?\|)+")
_BAR = re.compile(r"(?<!\\)\|")
_UNSEEN = "\u200d"
"""Breaks mentions and addresses on GitHub."""


class Kind(enum.Enum):
    TEXT = enum.auto()
    HEADING = enum.auto()
    CODE = enum.auto()


def plain_text(markdown: str) -> str:
    """What Markdown of ours says. Code stays as it is, in lines and in fenced blocks, whose fences go."""
    return "\n".join(line for _, line in plain_lines(markdown))


def plain_lines(markdown: str) -> Iterator[tuple[Kind, str]]:
    """The lines of `plain_text`. Outside code never two empty ones in a row, where what stood between them is hidden."""
    held, begun = False, False
    for kind, line in _lines(markdown):
        if kind is Kind.TEXT and not line.strip():
            held = begun
            continue
        if held:
            yield Kind.TEXT, ""
        yield kind, line
        held, begun = False, True


def _lines(markdown: str) -> Iterator[tuple[Kind, str]]:
    rows: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        if fence:
            if line.strip() == fence:
                fence = ""
            else:
                yield Kind.CODE, line
            continue
        if line.startswith("|"):
            rows.append(line)
            continue
        yield from ((Kind.TEXT, row) for row in _table(rows))
        rows = []
        if opening := _FENCE.match(line):
            fence = opening[1]
            if opening[2] == "suggestion":
                yield Kind.TEXT, "Suggestion:"
        elif heading := _HEADING.match(line):
            yield Kind.HEADING, unmarked(line[heading.end() :])
        else:
            yield from ((Kind.TEXT, told) for told in _told(line))
    yield from ((Kind.TEXT, row) for row in _table(rows))


def _told(line: str) -> Iterator[str]:
    shown = _HIDDEN.sub("", _ASIDE.sub(r"(\1)", _SUMMARY.sub(r"\1:", _LABEL.sub(r"\1: ", line))))
    if shown.strip() or not line.strip():
        yield from _BREAK.sub("\n", unmarked(shown)).split("\n")


def unmarked(text: str) -> str:
    """A line without emphasis, links, escapes and tags, but for what stands in a code span."""
    parts: list[str] = []
    position = 0
    for start, end in _spans(text):
        parts += [text[position:start], text[start:end]]
        position = end
    parts.append(text[position:])
    parts[::2] = map(_outside, parts[::2])
    return "".join(parts)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code spans begin and end: at a run of backticks that nothing escapes, and at the next one of its length."""
    runs = list(_TICKS.finditer(text))
    later: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        later.setdefault(len(runs[number][0]), []).append(number)
    done = -1
    for number, run in enumerate(runs):
        same = later[len(run[0])]
        same.pop()  # this one
        if number > done and same and not _is_escaped(text, run.start()):
            done = same[-1]
            yield run.start(), runs[done].end()


def _is_escaped(text: str, position: int) -> bool:
    start = position
    while start and text[start - 1] == "\\":
        start -= 1
    return (position - start) % 2 == 1


def _outside(text: str) -> str:
    bare = _LINK.sub(r"\1", _HIDDEN.sub("", _CODE_TAG.sub("`", text)))
    return html.unescape(_ESCAPE.sub(r"\1", _STRONG.sub("", bare))).replace(_UNSEEN, "")


def _table(rows: Sequence[str]) -> Iterator[str]:
    """Columns two spaces apart, figures to the right as the table has them."""
    cells = [
        [unmarked(_ASIDE.sub(r"(\1)", cell.strip())).replace("\\|", "|") for cell in _BAR.split(row)[1:-1]]
        for row in rows
        if not _RULER.fullmatch(row)
    ]
    ruler = next((row for row in rows if _RULER.fullmatch(row)), "")
    right = [column.endswith(":") for column in ruler.strip("|").split("|")]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=False)]
    for row in cells:
        padded = (
            " " * (width - cell_len(cell)) + cell if to_right else cell + " " * (width - cell_len(cell))
            for cell, width, to_right in zip(row, widths, right, strict=False)
        )
        yield "  ".join(padded).rstrip()
