"""Which names a file has at all, as checksums: small enough to be kept of every file."""

from __future__ import annotations

import ast
from array import array
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Walk

_LONGEST = 120
_SEPARATED = regex(r"[.:/-]")
_DOTTED = regex(r"[A-Za-z_][\w.:/-]*")


def of_file(walk: Walk) -> bytes:
    """Checksums of the names that a file reads, sets or has in short strings; imports and `__all__` use nothing."""
    # One pass over all nodes for each class takes a third of one pass for all classes.
    nodes: Iterable[Any] = walk.parents
    name, attribute, constant = ast.Name, ast.Attribute, ast.Constant
    names: set[str] = {node.id for node in nodes if node.__class__ is name}
    names |= {node.attr for node in nodes if node.__class__ is attribute}
    for node in [node for node in nodes if node.__class__ is constant]:
        text = node.value
        if text.__class__ is not str or len(text) > _LONGEST or not _DOTTED.fullmatch(text):
            continue
        if not _is_exported(walk.parents[node], walk):
            names.update((text,) if text.isidentifier() else _SEPARATED.split(text))
    return array("I", sorted([crc32(each.encode(errors="replace")) for each in names])).tobytes()


def _is_exported(parent: ast.AST, walk: Walk) -> bool:
    match walk.parents.get(parent):
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AugAssign(target=ast.Name(id="__all__")):
            return True
    return False
