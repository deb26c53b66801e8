"""Whole-line edits on a file's raw bytes: what they change is exactly what they say."""

from __future__ import annotations

import codecs
import io
import tokenize
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from rules.engine.finding import Edit
from rules.engine.reading.regexes import regex

_LINE = regex(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_NEAR = 3
"""Changed lines at most so far apart become one edit: one suggestion can hold them."""


class EditError(ValueError):
    """Edits overlap, lie outside the file, or the file does not survive decoding and encoding."""


class Lines(Struct, frozen=True):
    """A file as lines: `contents[i]` without its line end, `ends[i]` the line end (empty at most for the last)."""

    contents: tuple[str, ...]
    ends: tuple[str, ...]
    encoding: str
    bom: bytes

    @staticmethod
    def of(raw: bytes) -> Lines:
        """Raises EditError when the bytes cannot be decoded or would not come back the same."""
        return _lines(raw)

    @classmethod
    def read(cls, raw: bytes) -> Lines:
        """As `of`, anew."""
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
            bom = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            text = raw[len(bom) :].decode(encoding)
            faithful = text.encode(encoding) == raw[len(bom) :]
        except (SyntaxError, LookupError, ValueError) as error:
            raise EditError(f"cannot be decoded: {error}") from error
        if not faithful:
            raise EditError(f"does not survive its encoding {encoding}")
        if "\r" not in text:
            *contents, last = text.split("\n")
            ends = ["\n"] * len(contents)
            return cls(
                (*contents, last) if last else (*contents,), (*ends, "") if last else (*ends,), encoding, bom
            )
        pairs = [found.groups() for found in _LINE.finditer(text) if found[0]]
        return cls(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), encoding, bom)

    @property
    def newline(self) -> str:
        """The line end of most lines."""
        return max(("\n", "\r\n", "\r"), key=self.ends.count)

    def text(self, first: int, last: int) -> str:
        """Lines `first..last` (from 1, inclusive), each ended by `\\n`."""
        return "".join(f"{line}\n" for line in self.contents[first - 1 : last])

    def edit(self, path: str, first: int, last: int, new: Sequence[str]) -> Edit:
        """The edit that puts the lines `new` in the place of `first..last`; `last = first - 1` inserts."""
        if first > len(self.contents) and self.contents and not self.ends[-1]:
            first, new = len(self.contents), [self.contents[-1], *new]  # after a last line without an end
            last = first
        end = next((end for end in self.ends[first - 1 : max(first, last)] if end), self.newline)
        replacement = "".join(f"{line}{end}" for line in new)
        if new and last >= first and last == len(self.contents) and not self.ends[-1]:
            replacement = replacement.removesuffix(end)
        return Edit(path, first, last, replacement)

    def difference(self, path: str, first: int, last: int, new: Sequence[str]) -> list[Edit]:
        """The smallest edits that make `new` of the lines `first..last`, near ones joined.

        None is a mere insertion when there is a line that it can take along.
        """
        import difflib  # only here: most runs make no edits

        old = self.contents[first - 1 : last]
        hunks: list[list[int]] = []
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            if i1 == i2 and i1:
                i1, j1 = i1 - 1, j1 - 1
            elif i1 == i2 and i2 < len(old):
                i2, j2 = i2 + 1, j2 + 1
            if hunks and i1 - hunks[-1][1] <= _NEAR:
                hunks[-1][1], hunks[-1][3] = i2, j2
            else:
                hunks.append([i1, i2, j1, j2])
        return [self.edit(path, first + i1, first + i2 - 1, new[j1:j2]) for i1, i2, j1, j2 in hunks]

    def apply(self, edits: Iterable[Edit]) -> bytes:
        """The file's bytes with the edits made. Raises EditError when they overlap or leave the file."""
        lines = [content + end for content, end in zip(self.contents, self.ends, strict=True)]
        done = 0
        parts: list[str] = []
        for edit in sorted(edits, key=lambda edit: (edit.start_line, edit.end_line)):
            if not (
                done < edit.start_line <= len(lines) + 1
                and edit.start_line - 1 <= edit.end_line <= len(lines)
            ):
                raise EditError(f"lines {edit.start_line}..{edit.end_line} overlap or are not there")
            parts += [*lines[done : edit.start_line - 1], edit.replacement]
            done = edit.end_line
        try:
            return self.bom + "".join([*parts, *lines[done:]]).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise EditError(f"cannot be written in {self.encoding}") from error


@lru_cache(maxsize=4)
def _lines(raw: bytes) -> Lines:
    """The fixes of a file are made one after the other, each of the same lines."""
    return Lines.read(raw)


def apply(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """`raw` with the edits of one file made. Raises EditError."""
    return Lines.of(raw).apply(edits)


def joined(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The same edits, by line; those that touch each other are one."""
    result: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.path, edit.start_line, edit.end_line)):
        before = result[-1] if result else None
        if before and before.path == edit.path and edit.start_line == before.end_line + 1:
            result[-1] = Edit(
                edit.path, before.start_line, edit.end_line, before.replacement + edit.replacement
            )
        else:
            result.append(edit)
    return tuple(result)


def clash(one: Edit, other: Edit) -> bool:
    """Whether two edits of a file share a line or stand so that their order would matter."""
    return one.start_line <= max(other.end_line, other.start_line) and other.start_line <= max(
        one.end_line, one.start_line
    )


def one_click(edits: Sequence[Edit]) -> bool:
    """Whether the edits fit one suggestion: one range of lines, and at least one line in it."""
    return len(edits) == 1 and edits[0].end_line >= edits[0].start_line
