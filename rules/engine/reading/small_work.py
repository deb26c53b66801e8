"""Work that its file shows to be little: a frame of constants written out, an empty document, a voice of half a megabyte, a
feed that was fetched before it is parsed."""

from __future__ import annotations

import ast
import re

from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_WRITES = frozenset({"to_csv", "to_excel", "to_json", "to_parquet", "to_pickle"})
NAMES = _WRITES | {"load", "Document", "parse"}
"""Final names of calls worth asking about."""
_WEIGHTS = regex(r"model|checkpoint|ckpt|weight|state_?dict|\bnet", re.IGNORECASE)
_PARTS = regex(r"voice|speaker|latent|embedding|tensor", re.IGNORECASE)
_FETCHED = frozenset(
    {"text", "content", "body", "data", "raw", "xml", "payload", "read", "decode", "getvalue"}
)
"""Names of what an answer holds, and of what gives it."""
_FEW = 50
"""Constants in the source."""


def is_small(index: Index, call: ast.Call, name: str, scope: Scope) -> bool:
    if name == "Document":  # of `docx`: empty unless a file is given
        return not call.args and not call.keywords and index.ref(call.func, scope).startswith("docx.")
    if name == "load":
        return index.ref(call.func, scope) == "torch.load" and _loads_part(call, scope)
    if name == "parse":
        return (
            index.ref(call.func, scope) == "feedparser.parse"
            and bool(call.args)
            and _is_there(call.args[0], scope)
        )
    made = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(made, ast.Name):
        made = _only_value(made.id, scope)
    if not isinstance(made, ast.Call) or last_name(made.func) != "DataFrame":
        return False
    given = [*made.args[:1], *(each.value for each in made.keywords if each.arg == "data")]
    return all(_is_written(each, scope) for each in given)


def _is_there(document: ast.expr, scope: Scope) -> bool:
    """Whether a document, which may also be an address, is what an answer held: `response.text`, `await body.read()`."""
    if isinstance(document, ast.Name):
        document = _only_value(document.id, scope) or document
    if isinstance(document, ast.Await):
        document = document.value
    return last_name(document.func if isinstance(document, ast.Call) else document) in _FETCHED


def _loads_part(call: ast.Call, scope: Scope) -> bool:
    """Whether what is loaded is named after something small, in the call or in the function around it."""
    said = f"{scope.symbol} {ast.unparse(call)}"
    return bool(_PARTS.search(said)) and not _WEIGHTS.search(said.replace("weights_only", ""))


def _is_written(value: ast.expr, scope: Scope) -> bool:
    """Whether the source itself has all of it."""
    if isinstance(value, ast.Name):
        found = _only_value(value.id, scope)
        if found is None:
            return False
        value = found
    nodes = list(walk(value))
    return len(nodes) <= 3 * _FEW and all(
        isinstance(node, (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.expr_context)) for node in nodes
    )


def _only_value(name: str, scope: Scope) -> ast.expr | None:
    bindings = scope.bindings.get(name, ())
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
    return value if isinstance(value, ast.expr) else None
