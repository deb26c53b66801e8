"""Calls whose own arguments name the machine they run on: a sidecar, a port that is looked at."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

NAMES = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "urlopen"}
    | {"connect", "connect_ex", "create_connection", "open_connection"}
)
"""Final names of calls worth asking about."""
_KEYWORDS = frozenset({"url", "host", "address", "uri"})
_HERE = regex(r"(?:[a-z]{1,20}://)?(?:localhost|127(?:\.\d+){3}|\[?::1\]?)(?=[:/]|$)", re.IGNORECASE)
_FAR = 3


def is_local(index: Index, call: ast.Call, scope: Scope) -> bool:
    """Whether an address that is written down, here or where a name was given it, is this machine's."""
    given = [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS)]
    return any(_HERE.match(_beginning(index, value, scope)) for value in given)


def _beginning(index: Index, value: ast.expr, scope: Scope, far: int = 0) -> str:
    """What a text begins with, as far as it is written down."""
    match value:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case (
            ast.JoinedStr(values=[ast.FormattedValue(value=first), *_])
            | ast.BinOp(left=first, op=ast.Add() | ast.Mod())
            | ast.Call(func=ast.Attribute(value=first, attr="format"))
        ):
            return _beginning(index, first, scope, far + 1) if far < _FAR else ""
        case ast.Tuple(elts=[first, *_]):
            return _beginning(index, first, scope, far + 1) if far < _FAR else ""
        case ast.Name(id=name):
            bindings = scope.bindings.get(name) or index.module.bindings.get(name, [])
            written = bindings[0].value if len(bindings) == 1 else None
            if isinstance(written, ast.AnnAssign):
                written = written.value
            known = bindings and bindings[0].kind in ("value", "annotated")
            return (
                _beginning(index, written, scope, far + 1)
                if known and isinstance(written, ast.expr) and far < _FAR
                else ""
            )
    return ""
