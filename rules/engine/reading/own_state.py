"""What methods ask of their own object before they act: `if self.content: return self.read()`, and in `read` what is done only
where `self.content` is empty, which then never happens."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.reading.index import Index

_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
MARK = "."
"""Before the name of an attribute where the name of a parameter may stand."""


def asked(index: Index, attribute: ast.Attribute) -> str:
    """A name for `self.content` in the condition that asks it; empty unless several methods of the class ask it, and the
    one around it leaves it as it is."""
    method = index.scope_at(attribute).node
    owner = index.parents.get(method)
    if not isinstance(method, _METHODS) or not isinstance(owner, ast.ClassDef):
        return ""
    if owner not in index.asked_of_self:
        index.asked_of_self[owner] = _asked_by_several(owner)
    if attribute.attr not in index.asked_of_self[owner] or _sets(method, attribute.attr):
        return ""
    return f"{MARK}{attribute.attr}"


def is_of_self(index: Index, call: ast.Call) -> bool:
    """Whether a call of a method of the same object is made in a class whose methods ask the same things of it."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="self")):
            return any(index.asked_of_self.values())
    return False


def _asked_by_several(owner: ast.ClassDef) -> frozenset[str]:
    counts: Counter[str] = Counter()
    for method in owner.body:
        if isinstance(method, _METHODS):
            tests = (node.test for node in walk(method) if isinstance(node, ast.If | ast.IfExp))
            counts.update({name for test in tests for name in _named(test)})
    return frozenset(name for name, count in counts.items() if count > 1)


def _named(test: ast.expr) -> set[str]:
    return {
        node.attr
        for node in walk(test)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }


def _sets(method: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load)
        for node in walk(method)
    )
