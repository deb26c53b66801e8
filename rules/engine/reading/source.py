"""Bytes of a file -> its text and its tree, within limits. What cannot be read says why, in words."""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rules.engine.reading import newer_syntax

MAX_BYTES = 512_000
MAX_LINES = 20_000

_HALVES = re.compile(r"\\[uU](?:0000)?[dD][89a-fA-F]")
_NUMBERS = re.compile(r"[0-9](?:(?<!\w[0-9])[0-9a-zA-Z_]{15,}|\.?[eE]\+?[0-9][0-9_]+)")
"""Text that may hold a literal no fact can be written with. One expression for both takes three times as long: each
begins with what is searched for quickly."""
_LARGE = re.compile(
    r"(?<!\w)(?:[0-9][0-9_]{15,}|0[xXoObB][0-9a-fA-F_]{14,}"
    r"|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)[eE]\+?[0-9][0-9_]+)"
)
"""Such a literal, told from the hashes that many a file has in its texts."""
_LARGEST = 2**53
_NEWER = "newer syntax"
"""Kept by a tree itself, as an attribute that no code can have."""
_HALF = re.compile("[\ud800-\udfff]")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOTEBOOK = re.compile(rb'\s*\{\s*"(?:cells|metadata|nbformat)"\s*:')
_LINK = re.compile(rb"(?:[-\w.]+/)+[-\w.]+\.py")
_LONGEST_LINK = 1_000
# Codecs that turn text into something else, or that do not give back what they read.
_NOT_TEXT = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf_7"})


class SourceError(Exception):
    """A file that cannot be analysed; `reason` says so to its author."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Source:
    """The text of one file.

    `raw` are the bytes as they came; `text` is decoded, without byte order mark, with its own line ends;
    `newline` is the first line end used ("\\n" when there is none).
    """

    def __init__(self, raw: bytes) -> None:
        """Raises SourceError when the bytes are no text within the limits."""
        if len(raw) > MAX_BYTES:
            raise SourceError(f"larger than {MAX_BYTES // 1000} kB")
        if stand_in := _stand_in(raw):
            raise SourceError(stand_in)
        if b"\0" in raw:
            raise SourceError("contains a NUL byte")
        self.raw = raw
        self.text = _decode(raw)
        first = _LINE_END.search(self.text)
        self.newline = first.group() if first else "\n"
        self._matches: dict[re.Pattern[str], bool] = {}

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends, counted as Python counts them."""
        text = self.text
        lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
        if lines and not lines[-1]:
            lines.pop()
        return lines

    def column(self, line: int, offset: int) -> int:
        """The character column (from 1) of a byte offset of `ast` in `line` (from 1)."""
        if line > len(self.lines):
            return offset + 1
        text = self.lines[line - 1]
        if text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether the text has a match of `pattern` anywhere; looked up once for each pattern."""
        known = self._matches.get(pattern)
        if known is None:
            known = self._matches[pattern] = pattern.search(self.text) is not None
        return known

    def segment(self, node: ast.AST) -> str:
        """The text of a node, lines joined by "\\n"; empty for nodes without a place."""
        line: int | None = getattr(node, "lineno", None)
        if line is None:
            return ""
        end_line: int = node.end_lineno  # type: ignore[attr-defined]  # a node with lineno from parse has the rest too
        start = self.column(line, node.col_offset) - 1  # type: ignore[attr-defined]  # as above
        end = self.column(end_line, node.end_col_offset) - 1  # type: ignore[attr-defined]  # as above
        if line == end_line:
            return self.lines[line - 1][start:end]
        parts = [
            self.lines[line - 1][start:],
            *self.lines[line : end_line - 1],
            self.lines[end_line - 1][:end],
        ]
        return "\n".join(parts)


def _stand_in(raw: bytes) -> str:
    """What the bytes are when they only stand in the place of a module."""
    if raw.startswith(b"version https://git-lfs.github.com/spec/"):
        return "is a Git LFS pointer: its content is not in git"
    if _NOTEBOOK.match(raw):
        return "is a notebook"
    if len(raw) < _LONGEST_LINK and _LINK.fullmatch(raw):
        return "is a symbolic link"
    return ""


def parse(source: Source) -> ast.Module:
    """The tree of `source`. Raises SourceError for what this interpreter's grammar refuses."""
    if not is_within_limits(source):
        raise SourceError(f"longer than {MAX_LINES} lines")
    try:
        return tree_of(source.text)
    except SyntaxError as error:
        raise SourceError(f"syntax error on line {error.lineno or 1}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise SourceError("nested too deeply") from None
    except ValueError as error:
        raise SourceError(f"not readable as Python: {error}") from None


def is_within_limits(source: Source) -> bool:
    """Whether a text has no more lines than are looked at."""
    text = source.text
    return text.count("\n") + text.count("\r") <= 2 * MAX_LINES and len(source.lines) <= MAX_LINES


def own_tree_of(text: str) -> ast.Module:
    """The tree of a text in this interpreter's own grammar. Raises what `ast.parse` raises."""
    return _encodable(_parsed(text), text)


def is_newer(tree: ast.Module) -> bool:
    """Whether the tree is of a text that this interpreter's grammar refuses."""
    return _NEWER in vars(tree)


def tree_of(text: str) -> ast.Module:
    """The tree of a text, in this interpreter's grammar or a newer one. Raises what `ast.parse` raises."""
    try:
        return own_tree_of(text)
    except SyntaxError as refused:
        try:
            tree = newer_syntax.parse(text)
        except (SyntaxError, ValueError):
            tree = None
        if tree is None:
            raise refused from None
        vars(tree)[_NEWER] = True
        return _encodable(tree, text)


def _encodable(tree: ast.Module, text: str) -> ast.Module:
    """Half characters, which an escape may put into a string, and numbers beyond all use are replaced: no fact and no
    message could be written with them, and one file would end the review of all."""
    has_halves = ("\\u" in text or "\\U" in text) and _HALVES.search(text)
    if has_halves or (_NUMBERS.search(text) and _LARGE.search(text)):
        for node in _constants(tree):
            node.value = _usable(node.value)
    return tree


def _constants(tree: ast.Module) -> Iterator[ast.Constant]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Constant):
            yield node
            continue
        for value in vars(node).values():
            if value.__class__ is list:
                pending += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST):
                pending.append(value)


def _usable(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, float):
        return min(value, float(_LARGEST))
    if isinstance(value, int):
        return min(value, _LARGEST)
    return value


def readable(text: str) -> str:
    """The text without newer constructs that this interpreter would stumble over; what stays keeps its place."""
    try:
        _parsed(text)
    except SyntaxError:
        return newer_syntax.readable(text)
    except (ValueError, RecursionError, MemoryError):
        pass
    return text


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about their code are theirs
        return ast.parse(text)


def _decode(raw: bytes) -> str:
    """The text by PEP 263. Raises SourceError."""
    encoding = "utf-8"
    marked = raw.startswith(codecs.BOM_UTF8)
    if marked:
        raw = raw[len(codecs.BOM_UTF8) :]
    elif raw.isascii() and b"coding" not in raw[:400]:
        return raw.decode("ascii")
    for line in raw.split(b"\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found:
            encoding = found[1].decode("ascii", "replace")
            break
        if not _BLANK.match(line.rstrip(b"\r")):
            break
    try:
        codec = codecs.lookup(encoding)
    except LookupError:
        raise SourceError(f"unknown encoding {encoding}") from None
    if marked and codec.name != "utf-8":
        raise SourceError(f"has a UTF-8 mark but declares {encoding}")
    if codec.name.replace("-", "_") in _NOT_TEXT or not getattr(codec, "_is_text_encoding", True):
        raise SourceError(f"{encoding} is no text encoding")
    try:
        text = raw.decode(codec.name)
    except (UnicodeError, LookupError, ValueError):
        raise SourceError(f"is not valid {encoding}") from None

    return text
