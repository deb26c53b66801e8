"""Which names a file has at all, as checksums: small enough to be kept of every file."""

from __future__ import annotations

import ast
import functools
from array import array
from zlib import crc32

from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Walk

_LONGEST = 120
_KEPT = 20_000
_SEPARATED = regex(r"[.:/-]")
_DOTTED = regex(r"[A-Za-z_][\w.:/-]*")


def of_file(walk: Walk) -> bytes:
    """Checksums of the names that a file reads, sets or has in short strings; imports and `__all__` use nothing."""
    names = set(walk.names)
    for node in walk.all[ast.Constant]:
        text = node.value
        if text.__class__ is not str or text in names or len(text) > _LONGEST or not _DOTTED.fullmatch(text):
            continue
        if not _is_exported(walk.parents[node], walk):
            names.update((text,) if text.isidentifier() else _SEPARATED.split(text))
    return array("I", sorted(map(sum_of, names))).tobytes()


@functools.lru_cache(maxsize=_KEPT)
def sum_of(name: str) -> int:
    """The checksum of a name. Most names of a file are names of others too."""
    return crc32(name.encode(errors="replace"))


def has(mentions: bytes, name: str) -> bool:
    """Whether a name is among those of a file, as `of_file` gives them."""
    packed = _packed(name)
    return packed in mentions and sum_of(name) in array("I", mentions)


@functools.lru_cache(maxsize=1024)
def _packed(name: str) -> bytes:
    """The checksum of a name, as it stands in what is kept of a file."""
    return array("I", (sum_of(name),)).tobytes()


def _is_exported(parent: ast.AST, walk: Walk) -> bool:
    match walk.parents.get(parent):
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AugAssign(target=ast.Name(id="__all__")):
            return True
    return False
