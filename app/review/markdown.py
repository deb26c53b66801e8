"""Markdown that GitHub renders as meant: escaped tokens, fences that hold, texts that fit.

Every name, path and message comes from somebody's pull request, so it is hostile until it went through
`code`, `prose`, `plain`, `html` or `fence`.
"""

from __future__ import annotations

import html as _html
import re
from collections.abc import Callable, Sequence

import msgspec

from rules.engine.finding import Impact

LIMIT = 65_535
"""What GitHub takes in one text, in characters and in UTF-8 bytes. Bytes are never fewer, so they decide."""

_JOINER = "\u200d"  # zero width: breaks a mention without being seen
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPECIAL = re.compile(r"[\\`*\[\]~|$#]|(?<![^\W_])_|_(?![^\W_])")
"""What means something in Markdown; `_` does not within a word."""
_BLOCK_START = re.compile(r"(?:[-+=]|\d{1,9}(?=[.)]))")
_MENTION = re.compile(r"@(?=[\w-])")
_REFERENCE = re.compile(r"(?:(?<=#)|(?<=\bGH-))(?=\d)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)|(?<=\bxmpp)(?=:)", re.IGNORECASE)
_TICKS = re.compile(r"`+")
_CLAUSE_END = re.compile(r"[:;] ")
"""Where a long sentence may be left: before `: ` and `; `."""
_ANOTHER = re.compile(r"[:;] |, or ")
"""Where a sentence goes on to how it is done, or to another way."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])")


def has_bidi(text: str) -> bool:
    """Whether `text` holds characters that make it read otherwise than it runs."""
    return not _BIDI.isdisjoint(text)


def one_line(text: str) -> str:
    """`text` on one line, with invisible and direction-changing characters spelled out."""
    return "".join(map(_visible, " ".join(text.split())))


def _visible(character: str) -> str:
    if character in _BIDI or character == "\ufeff" or (not character.isprintable() and character != _JOINER):
        return f"\\u{ord(character):04x}"
    return character


def plain(text: str, *, inside: bool = False) -> str:
    """Text without any markup: no emphasis, link, tag, mention, issue reference or automatic address.

    `inside`: it never stands at the start of a line, where it could begin a list.
    """
    escaped = _html.escape(one_line(text), quote=False)
    escaped = _MENTION.sub(f"@{_JOINER}", escaped)
    escaped = _REFERENCE.sub(_JOINER, escaped)
    escaped = _ADDRESS.sub(_JOINER, escaped)
    escaped = _SPECIAL.sub(lambda found: "\\" + found[0], escaped)
    start = (
        None if inside else _BLOCK_START.match(escaped)
    )  # would begin a list or a heading at the start of a line
    if start is None:
        return escaped
    end = start.end()
    return f"{escaped[:end]}\\{escaped[end:]}" if escaped[0].isdigit() else f"\\{escaped}"


def code(text: str, *, cell: bool = False) -> str:
    """Inline code. `cell`: inside a table, where a bar would end the cell."""
    content = one_line(text)
    if not content:
        return ""
    ticks = "`" * (max((len(run) for run in _TICKS.findall(content)), default=0) + 1)
    if content.startswith("`") or content.endswith("`"):
        content = f" {content} "
    if cell:
        content = content.replace("|", "\\|")
    return f"{ticks}{content}{ticks}"


def prose(text: str, *, cell: bool = False, inside: bool = False) -> str:
    """Our own sentence about their code: code spans stay, everything else becomes plain text.

    `inside`: it never stands at the start of a line.
    """
    line = " ".join(text.split())
    parts: list[str] = []
    position = 0
    while position < len(line):
        opening = _TICKS.search(line, position)
        if opening is None:
            break
        closing = _closing(line, opening.end(), opening[0])
        if closing < 0:
            parts.append(_between(line[position : opening.end()], inside or any(parts)))
            position = opening.end()
            continue
        parts.append(_between(line[position : opening.start()], inside or any(parts)))
        content = line[opening.end() : closing]
        if len(content) > 2 and content[0] == content[-1] == " " and content.strip():
            content = content[1:-1]
        parts.append(code(content, cell=cell))
        position = closing + len(opening[0])
    parts.append(_between(line[position:], inside or any(parts)))
    return "".join(parts)


def _closing(line: str, start: int, ticks: str) -> int:
    """Where a run of exactly `ticks` starts, -1 when there is none."""
    for found in _TICKS.finditer(line, start):
        if found[0] == ticks:
            return found.start()
    return -1


def _between(text: str, inside: bool) -> str:
    """`plain`, keeping a blank at either end."""
    if not text:
        return ""
    inner = plain(text, inside=inside)
    if not inner:
        return " "
    return (" " if text[0] == " " else "") + inner + (" " if text[-1] == " " else "")


def html(text: str) -> str:
    """Our sentence inside an HTML element such as `<summary>`: code spans become `<code>`, the rest is text."""
    parts = re.split(r"`([^`]+)`", one_line(text))
    rendered = []
    for index, part in enumerate(parts):
        escaped = _html.escape(part, quote=False)
        if index % 2:
            rendered.append(f"<code>{escaped}</code>")
        else:
            escaped = _MENTION.sub(f"@{_JOINER}", escaped)
            rendered.append(_ADDRESS.sub(_JOINER, _REFERENCE.sub(_JOINER, escaped)))
    return "".join(rendered)


def link(text: str, url: str) -> str:
    """A link with plain text, or the text alone when there is no address."""
    return f"[{plain(text)}]({url})" if url else plain(text)


def fence(content: str, info: str = "") -> str:
    """A fenced block that nothing in `content` can end. Line ends become `\\n`; `content` may be empty."""
    longest = max((len(run) for run in _TICKS.findall(content)), default=0)
    ticks = "`" * max(3, longest + 1)
    body = content.replace("\r\n", "\n").replace("\r", "\n")
    if body and not body.endswith("\n"):
        body += "\n"
    return f"{ticks}{info}\n{body}{ticks}"


def details(summary: str, content: str) -> str:
    """A folded part. `summary` is already HTML, `content` markdown."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n</details>"


def table(header: Sequence[str], align: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of rendered cells. `align`: `---` or `--:` for each column."""
    lines = [f"| {' | '.join(header)} |", f"|{'|'.join(align)}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def sentence(text: str, limit: int = 300) -> str:
    """The first sentence of our prose, of a longer one its first clauses: at most about `limit` characters, and never
    cut inside a code span."""
    line = " ".join(text.split("\n\n")[0].split())
    first = line
    for found in _SENTENCE_END.finditer(line):
        if line[: found.start()].count("`") % 2 == 0:
            first = line[: found.start()]
            break
    if len(first) > limit:
        ends = [
            at.start()
            for at in _CLAUSE_END.finditer(first, 0, limit)
            if first[: at.start()].count("`") % 2 == 0
        ]
        if ends:
            return first[: ends[-1]]
    return shorten(first, limit)


def begun(sentence: str, least: int) -> str:
    """The one thing that a sentence says first: up to a colon, a semicolon or another way to do it (`, or …`) behind
    `least` characters, outside code and brackets.
    """
    for found in _ANOTHER.finditer(sentence, least):
        before = sentence[: found.start()]
        if before.count("`") % 2 == 0 and before.count("(") == before.count(")"):
            return before
    return sentence


def sentences(text: str, limit: int = 300) -> str:
    """As many whole sentences of our prose as `limit` characters hold; of a first one that is longer, its beginning."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    ends = [found.start() for found in _SENTENCE_END.finditer(line) if found.start() <= limit]
    whole = [end for end in ends if line[:end].count("`") % 2 == 0]
    return line[: whole[-1]] if whole else shorten(line, limit)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters and `…`, cut between words and outside code spans."""
    if len(text) <= limit:
        return text
    cut = text[:limit].rsplit(" ", 1)[0]
    if cut.count("`") % 2:
        cut = cut[: cut.rindex("`")]
    return cut.rstrip(" ,;:") + " …"


def figure(value: float | int | str) -> str:
    """An assumption as people write it: `120`, not `120.0`."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def plural(count: int, noun: str, several: str = "") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {several or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """`2`, `2 and 3`, `1, 2 and 3`."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def lowered(text: str) -> str:
    """For use within a sentence: the first letter small, unless the first word is a name."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text.startswith("A ") else text


def size(text: str) -> int:
    """What GitHub counts, by its stricter measure (UTF-8 bytes)."""
    return len(text.encode("utf-8", "surrogatepass"))


class Section(msgspec.Struct, frozen=True):
    """A part of a text in several lengths, longest first; each is whole, so shortening cuts no fence or table."""

    forms: tuple[str, ...]
    rank: int = 0
    """Sections of the highest rank are shortened first."""


def fit(sections: Sequence[Section], limit: int = LIMIT, separator: str = "\n\n") -> str:
    """Join sections, each in the longest form with which the whole fits into `limit` bytes.

    Raises ValueError when even the shortest forms are too long: a mistake in the caller.
    """
    return separator.join(text for text in fitting(sections, limit, separator) if text)


def fitting(sections: Sequence[Section], limit: int = LIMIT, separator: str = "\n\n") -> list[str]:
    """The form of each section with which they fit together; for the rest see `fit`."""
    chosen = [0] * len(sections)
    sizes = [[size(form) for form in section.forms] for section in sections]

    def total() -> int:
        parts = [sizes[i][chosen[i]] for i in range(len(sections)) if sizes[i][chosen[i]]]
        return sum(parts) + size(separator) * max(0, len(parts) - 1)

    while total() > limit:
        shrinkable = [i for i in range(len(sections)) if chosen[i] + 1 < len(sections[i].forms)]
        if not shrinkable:
            raise ValueError(f"the shortest form takes {total()} bytes of {limit}")
        worst = max(shrinkable, key=lambda i: (sections[i].rank, sizes[i][chosen[i]]))
        chosen[worst] += 1
    return [section.forms[choice] for section, choice in zip(sections, chosen, strict=True)]


def grounds(impact: Impact, code: Callable[[str], str]) -> list[str]:
    """What an estimate rests on, and whose figures these are. A measurement names its machine itself."""
    assumed, told = (
        ", ".join(code(f"{name} = {figure(value)}") for name, value in each.items() if name != "cores")
        for each in impact.grounds()
    )
    parts = [f"assumes {assumed}"] if assumed else []
    return [*parts, f"{told} by your configuration"] if told else parts
