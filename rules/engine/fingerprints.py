"""The identity of a finding across pushes.

A fingerprint is made of what stays when code moves: the rule, the qualified name of the enclosing function
within its module, and the node's text in one normal form. It holds no line and no path, so it survives lines
shifting, reformatting, and a file being renamed or a function moving to another file. Findings that would
be equal are numbered in the order of their places.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterable

from rules.engine.reading.facts import Function

_DIGITS = 20


SHORT_TEXT = 24
"""Code shorter than that is written in many places independently: equal texts say nothing."""


def core(code: str, symbol: str, node: ast.AST) -> str:
    """The fingerprint before equal ones are told apart: 20 hexadecimal digits.

    `symbol` is qualified within the module (`Orders.list`), empty at module level.
    """
    return core_of_text(code, symbol, normal_text(node))


def text_of(node: ast.AST) -> str:
    """What stays when code moves into another function: a digest of its text, empty when that is too common."""
    text = normal_text(node)
    if len(text) < SHORT_TEXT:
        return ""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def core_of_text(code: str, symbol: str, text: str) -> str:
    """As `core`, for a finding that is no node (a comment, a setting)."""
    return hashlib.sha256("\0".join((code, symbol, text)).encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def number(cores: Iterable[str]) -> list[str]:
    """Make `cores` unique. They come in the order of path, line and column; equal ones get `-2`, `-3`, …"""
    seen: dict[str, int] = {}
    numbered = []
    for item in cores:
        seen[item] = count = seen.get(item, 0) + 1
        numbered.append(item if count == 1 else f"{item}-{count}")
    return numbered


def core_of(fingerprint: str) -> str:
    """The fingerprint without its number: equal for findings that only their place tells apart."""
    core, _, number = fingerprint.rpartition("-")
    return core if core and number.isdigit() else fingerprint


def body_of(function: Function) -> str:
    """What stays of a function when it is renamed and moved: its length and what it calls, in order.

    Empty for one that calls nothing: many look like that.
    """
    called = called_in(function)
    if not called:
        return ""
    text = "\0".join(
        [
            str(function.end_line - function.line),
            *(parameter.name for parameter in function.parameters),
            "",
            *called,
        ]
    )
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def called_in(function: Function) -> tuple[str, ...]:
    """The last names of what a function calls, in order."""
    return tuple(call.ref.rpartition(".")[2].lstrip("@") for call in function.calls if call.ref)


def normal_text(node: ast.AST) -> str:
    """The node's code in one layout and quoting.

    Of a statement with a body only the header counts, of a function only its name: what a finding says about a
    function does not become another finding when a line inside changes.
    """
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return f"{type(node).__name__} {node.name}"
    if isinstance(node, ast.Module):
        return "Module"
    if hasattr(node, "body") and isinstance(node.body, list):
        node = _header(node)
    try:
        return f"{type(node).__name__} {ast.unparse(node)}"
    except (RecursionError, ValueError):  # deeper than the interpreter prints, or a constant it cannot print
        return type(node).__name__


def _header(node: ast.AST) -> ast.AST:
    header = copy.copy(node)
    for field, value in ast.iter_fields(node):
        if field == "body":
            header.body = [ast.Pass()]  # type: ignore[attr-defined]  # every node here has a body; ast.AST does not say so
        elif field in ("orelse", "finalbody", "handlers") and isinstance(value, list):
            setattr(header, field, [])
    if isinstance(header, ast.Try) or type(header).__name__ == "TryStar":
        return ast.Pass()
    return header
