"""Where a key stands in a TOML text. The standard parser says what a text means, not where."""

from __future__ import annotations

from rules.engine.reading.regexes import regex

_KEY = regex(
    r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_TABLE = regex(r"\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_PART = regex(r""""((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_STRING = regex(r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'")

Path = tuple[str | int, ...]


class KeyLines:
    """Lines of the keys below `prefix` in a TOML text that is known to be valid.

    A path names keys and, for arrays of tables, positions from 0: `("endpoint", 1, "match")`. Keys inside inline
    tables have the line of the key that holds them.
    """

    def __init__(self, text: str, prefix: tuple[str, ...]) -> None:
        self._lines = _scan(text)
        self._prefix = prefix

    def line(self, path: Path) -> int:
        """The line of a key, or of the nearest table or key around it; 1 when there is none."""
        full: Path = (*self._prefix, *path)
        while full and full not in self._lines:
            full = full[:-1]
        return self._lines.get(full, 1)


def _scan(text: str) -> dict[Path, int]:
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quote = ""  # the delimiter of the multi-line string we are in
    depth = 0  # open brackets of a multi-line array
    for number, row in enumerate(text.split("\n"), start=1):
        row = row.rstrip("\r")
        outside = not quote and depth == 0
        value = row
        if outside:
            header = _TABLE.match(row)
            key = _KEY.match(row)
            if header and not key:
                name: Path = _parts(header[2])
                table = _resolve(name, counts)
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                _note(found, table, number)
                continue
            if key:
                _note(found, (*table, *_parts(key[1])), number)
                value = row[key.end() :]
        quote, depth = _rest(value, quote, depth)
    return found


def _note(found: dict[Path, int], path: Path, number: int) -> None:
    for length in range(1, min(len(path), 8) + 1):
        found.setdefault(path[:length], number)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(found[found.lastindex or 0] for found in _PART.finditer(name))


def _resolve(name: Path, counts: dict[Path, int]) -> Path:
    """`[endpoint.x]` after `[[endpoint]]` belongs to its last element."""
    resolved: Path = ()
    for position, part in enumerate(name):
        resolved = (*resolved, part)
        if position < len(name) - 1 and resolved in counts:
            resolved = (*resolved, counts[resolved])
    return resolved


def _rest(value: str, quote: str, depth: int) -> tuple[str, int]:
    """State after the rest of a line: the multi-line string and the arrays that stay open."""
    position = 0
    while position < len(value):
        if quote:
            end = value.find(quote, position)
            if end < 0:
                return quote, depth
            escaped = quote == '"""' and _backslashes(value, end) % 2
            position = end + (1 if escaped else len(quote))
            quote = quote if escaped else ""
            continue
        three = value[position : position + 3]
        if three in ('"""', "'''"):
            quote, position = three, position + 3
            continue
        character = value[position]
        if character == "#":
            break
        if character in "\"'":
            string = _STRING.match(value, position)
            position = string.end() if string else len(value)
            continue
        depth += (character in "[{") - (character in "]}")
        position += 1
    return quote, max(0, depth)


def _backslashes(value: str, end: int) -> int:
    count = 0
    while end - count > 0 and value[end - count - 1] == "\\":
        count += 1
    return count
