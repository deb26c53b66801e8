"""Our Markdown as plain text for a terminal: what GitHub renders is laid out, what it hides is left out."""

from __future__ import annotations

import enum
import functools
import html
import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

_SUMMARY = re.compile(r"<summary>((?:(?!</?summary>).)*)</summary>")
_LABELS = frozenset({"Expected", "Instead"})
"""Strong words that stand before what they name."""
_UNSEEN = "\u200d"
"""Breaks mentions and addresses on GitHub."""
_DEEPEST = 100
"""Of lists in lists, which count twice: the tree of an endpoint's costs."""


class Kind(enum.Enum):
    TEXT = enum.auto()
    HEADING = enum.auto()
    CODE = enum.auto()


def plain_text(markdown: str) -> str:
    """What Markdown of ours says. Code stays as it is, in lines and in fenced blocks, whose fences go."""
    return "\n".join(line for _, line in plain_lines(markdown))


def plain_lines(markdown: str) -> Iterator[tuple[Kind, str]]:
    """The lines of `plain_text`. Blocks are as far apart as they are written, by one empty line at the most."""
    ended, apart, begun = 0, False, False
    for first, last, lines in _blocks(_parser().parse(markdown)):
        apart = apart or first > ended
        ended = last
        for line in lines:
            if apart and begun:
                yield Kind.TEXT, ""
            yield line
            apart, begun = False, True


@functools.cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table")


_Block = tuple[int, int, list[tuple[Kind, str]]]
"""The lines of the source that a block takes, from the first to behind the last, and what it says."""


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    marker, depth = "", 0
    kind = Kind.TEXT
    table = (0, 0)
    rows: list[list[str]] = []
    right: list[bool] = []
    for token in tokens:
        first, last = token.map or (0, 0)
        match token.type:
            case "heading_open":
                kind = Kind.HEADING
            case "heading_close":
                kind = Kind.TEXT
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "list_item_open":
                sign = f"{token.info}{token.markup}" if token.info else token.markup
                marker = f"{'  ' * (depth - 1)}{sign} "
            case "fence" | "code_block":
                told = [(Kind.TEXT, "Suggestion:")] if token.info == "suggestion" else []
                yield first, last, [*told, *((Kind.CODE, line) for line in token.content.split("\n")[:-1])]
            case "hr":
                yield first, last, [(Kind.TEXT, "---")]
            case "html_block":
                yield first, last, [(Kind.TEXT, title) for title in _titles(token.content)]
            case "tr_open":
                rows.append([])
            case "th_open" if len(rows) == 1:
                right.append("right" in str(token.attrGet("style")))
            case "inline" if rows:
                rows[-1].append(_said(token))
            case "table_close":
                yield (*table, [(Kind.TEXT, row) for row in _table(rows, right)])
                rows, right = [], []
            case "table_open":
                table = first, last
            case "inline":
                lines = (marker + _said(token)).split("\n")
                marker = ""
                yield first, last, [(kind, line) for line in lines if line.strip()]


def _titles(markup: str) -> Iterator[str]:
    """What a folded part is called."""
    for found in _SUMMARY.finditer(markup):
        yield html.unescape(re.sub(r"</?code>", "`", found[1])).replace(_UNSEEN, "") + ":"


def _said(inline: Token) -> str:
    """Text without emphasis, links, escapes and tags; code in backticks, what is small print behind a text in brackets."""
    parts: list[str] = []
    asides: list[bool] = []
    label = False
    for token in inline.children or ():
        match token.type:
            case "text":
                parts.append(f":{token.content}" if label else token.content)
                label = False
            case "code_inline":
                parts.append(_spelled(token))
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "strong_close":
                label = bool(parts) and parts[-1] in _LABELS
            case "html_inline":
                parts.append(_tag(token.content, "".join(parts), asides))
    return "".join(parts).replace(_UNSEEN, "")


def _spelled(code: Token) -> str:
    pad = " " if code.content.startswith("`") or code.content.endswith("`") else ""
    return f"{code.markup}{pad}{code.content}{pad}{code.markup}"


def _tag(tag: str, before: str, asides: list[bool]) -> str:
    match tag.lower():
        case "<sub>":
            asides.append(before.endswith(" ") and bool(before.strip()) and not before[-2:-1].isspace())
            return "(" if asides[-1] else ""
        case "</sub>":
            return ")" if asides and asides.pop() else ""
        case "<br>" | "<br/>" | "<br />":
            return "\n"
        case "<code>" | "</code>":
            return "`"
    return ""


def _table(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Iterator[str]:
    """Columns two spaces apart, figures to the right as the table has them."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=False)]
    for row in rows:
        padded = (
            " " * (width - cell_len(cell)) + cell if to_right else cell + " " * (width - cell_len(cell))
            for cell, width, to_right in zip(row, widths, right, strict=False)
        )
        yield "  ".join(padded).rstrip()
