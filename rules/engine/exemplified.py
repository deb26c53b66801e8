"""The names of a rule's example in what its card says: told to a reader who has other names, they are marked as such."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.rule import Rule

_SPAN = regex(r"`[^`]+`")
_START = regex(r"(?:^|[.!?])\s*$")
_WORD = regex(r"[A-Za-z_]\w*")
_LEADS = ("for example", "say", "such as", "like", "as in", "e.g.")
"""What already tells that an example follows."""
_EVERYBODYS = frozenset(
    {"app", "background_tasks", "client", "connection", "db", "engine", "key", "logger", "model", "request"}
    | {
        "response",
        "result",
        "router",
        "rows",
        "id",
        "self",
        "session",
        "settings",
        "task",
        "user",
        "limit",
        "work",
    }
    | {"load", "x", "file", "buffer", "queue", "url", "scope", "receive", "send", "ids", "items", "chunk"}
    | {"SessionLocal", "get_session"}
)
"""Names that stand for themselves: every project has them."""


def marked(text: str, rule: Rule) -> str:
    """`text` with "for example" before each piece of code that names what only the rule's example has."""
    own = _names(rule)
    if not own:
        return text
    pieces: list[str] = []
    last = 0
    for found in _SPAN.finditer(text):
        pieces.append(text[last : found.start()])
        last = found.end()
        sentence = re.split(r"[.;:!?]\s", "".join(pieces))[-1]
        if own.intersection(_WORD.findall(found[0])) and not any(lead in sentence.lower() for lead in _LEADS):
            starts = _START.search("".join(pieces))
            pieces.append("For example " if starts else "for example ")
        pieces.append(found[0])
    return "".join([*pieces, text[last:]])


def _names(rule: Rule) -> frozenset[str]:
    """What the examples of a rule define, or import from the shop that they are written for."""
    found: set[str] = set()
    codes = [code for example in rule.invalid for code in (example.code, example.fixed or "")]
    for code in (*codes, *(example.code for example in rule.valid)):
        found.update(_bound(code))
    return frozenset(name for name in found - _EVERYBODYS if not name.startswith("__"))


def _bound(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(textwrap.dedent(code))
    except SyntaxError:  # a document: its names are those of tools
        return
    for node in walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] == "shop":
                yield from _imported(names)


def _imported(names: Iterable[ast.alias]) -> Iterator[str]:
    for alias in names:
        yield alias.asname or alias.name
