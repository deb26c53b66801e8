"""The indexes that SQL files of a project give its tables: `supabase/migrations/0001_orders.sql`, `db/schema.sql`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from rules.engine.reading.regexes import regex

Indexes = dict[str, list[tuple[str, tuple[str, ...]]]]
"""Table -> (index name, columns), as `rules.engine.reading.migrations.Schema` has them."""

_NAME = r'[\w$."`\[\]]+'
_COMMENT = regex(r"--|/\*")
_BACK = regex(r"^--\s*(?:\+(?:goose|migrate)\s+down|migrate:down)", re.IGNORECASE | re.MULTILINE)
"""From here on a file says how to take back what it did."""
_STATEMENT = regex(
    rf"""(?xi)
    \b create \s+ (?:unique\s+)? index \s+ (?:concurrently\s+)? (?:if\s+not\s+exists\s+)? (?P<index>(?!on\b){_NAME})? \s* \b on \s+
        (?:only\s+)? (?P<indexed>{_NAME}) \s* (?:using\s+\w+\s*)? (?=\()
    | \b create \s+ (?:(?:global|local|temp|temporary|unlogged)\s+)* table \s+ (?:if\s+not\s+exists\s+)? (?P<table>{_NAME}) \s* (?=\()
    | \b alter \s+ table \s+ (?:if\s+exists\s+)? (?:only\s+)? (?P<altered>{_NAME}) \s
    | \b drop \s+ index \s+ (?:concurrently\s+)? (?:if\s+exists\s+)? (?P<dropped>{_NAME})
    | \b drop \s+ table \s+ (?:if\s+exists\s+)? (?P<gone>{_NAME})
    """
)
_KEY = regex(
    rf"""(?xi)
    (?:\b constraint \s+ (?P<name>{_NAME}) \s+)? \b (?:primary \s+ key | unique (?:\s+(?:key|index))? | (?:key|index) (?=\s+{_NAME}\s*\())
    (?:\s+(?!\()(?P<other>{_NAME}))? \s* (?=\()
    """
)
_INLINE = regex(r"\b(?:primary\s+key|unique)\b", re.IGNORECASE)
_MARK = regex("[(),]")
_MOST = 1_000_000
"""Characters of a file that are read: larger ones are mostly data."""
_NO_COLUMN = frozenset(
    {"constraint", "primary", "unique", "foreign", "check", "key", "index", "exclude", "like"}
)


def is_read(path: str) -> bool:
    return path.endswith(".sql") and not path.endswith((".down.sql", "/down.sql"))


def indexes(documents: Mapping[str, str]) -> Indexes:
    """What the SQL files leave behind, in the order of their names."""
    found: Indexes = {}
    named: dict[str, str] = {}
    for path in sorted(filter(is_read, documents)):
        text = documents[path][:_MOST]
        if back := _BACK.search(text):
            text = text[: back.start()]
        _apply(found, named, _without_comments(text))
    return found


def of_texts(texts: Iterable[str]) -> Indexes:
    """What SQL texts in code leave behind."""
    found: Indexes = {}
    named: dict[str, str] = {}
    for text in texts:
        _apply(found, named, _without_comments(text))
    return found


def _without_comments(text: str) -> str:
    kept, position = [], 0
    while begin := _COMMENT.search(text, position):
        kept.append(text[position : begin.start()])
        end = text.find("\n" if begin[0] == "--" else "*/", begin.end())
        position = end + (0 if begin[0] == "--" else 2) if end >= 0 else len(text)
    return " ".join([*kept, text[position:]])


def _apply(found: Indexes, named: dict[str, str], text: str) -> None:
    """Add what `text` does; `named` tells the tables of indexes by their names."""
    position = 0
    while statement := _STATEMENT.search(text, position):
        position = statement.end()
        if table := statement["indexed"]:
            parts, position = _parts(text, position)
            name, columns = _last(statement["index"] or ""), tuple(map(_column, parts))
            found.setdefault(_last(table), []).append((name, columns))
            named[name] = _last(table)
        elif table := statement["table"]:
            parts, position = _parts(text, position)
            for part in parts:
                found.setdefault(_last(table), []).extend(_of_definition(part))
        elif table := statement["altered"]:
            end = text.find(";", position)
            end = end if end >= 0 else len(text)
            found.setdefault(_last(table), []).extend(_keys(text[position:end]))
            position = end
        elif name := statement["dropped"]:
            if table := named.pop(_last(name), ""):
                found[table] = [each for each in found.get(table, ()) if each[0] != _last(name)]
        elif table := statement["gone"]:
            found.pop(_last(table), None)


def _of_definition(part: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What one line of a table's definition indexes: a key, or a column that is one."""
    words = part.split(None, 1)
    if not words:
        return
    if words[0].lower().partition("(")[0] in _NO_COLUMN:
        yield from _keys(part)
    elif _INLINE.search(part):
        yield "", (_last(words[0]),)


def _keys(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    position = 0
    while key := _KEY.search(text, position):
        parts, position = _parts(text, key.end())
        yield _last(key["name"] or key["other"] or ""), tuple(_column(each) for each in parts)


def _parts(text: str, start: int) -> tuple[list[str], int]:
    """What stands between the commas of the parentheses that open at `start`, and where they close."""
    found: list[str] = []
    depth, begin = 0, start + 1
    for mark in _MARK.finditer(text, start):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
            if not depth:
                return [*found, text[begin : mark.start()]], mark.end()
        elif depth == 1:
            found.append(text[begin : mark.start()])
            begin = mark.end()
    return found, len(text)


def _column(part: str) -> str:
    """`email` of `email DESC`; empty for an expression, as in `lower(email)`."""
    words = part.split()
    return "" if "(" in part or not words else _last(words[0])


def _last(name: str) -> str:
    """`orders` of `public."orders"`."""
    return name.strip('"`[]').rpartition(".")[2].strip('"`[]')
