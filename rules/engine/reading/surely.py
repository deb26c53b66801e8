"""Calls that a function makes in any case, before everything on later lines: where one fails, nothing of that is ever done."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_PERHAPS = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension)
_PLAIN = (ast.Name, ast.Attribute, ast.Constant)
"""Arguments that are at hand: nothing that takes time stands on their lines."""


def is_made_first(index: Index, call: ast.Call, scope: Scope) -> bool:
    """Whether a call stands in a statement of the function's own body, is made whenever that is run, and nothing that is worked
    out before it stands on a line behind its first."""
    if call.end_lineno != call.lineno and not (
        all(isinstance(each, _PLAIN) for each in (*call.args, *(keyword.value for keyword in call.keywords)))
        and _is_on_one_line(call.func)
    ):
        return False
    child: ast.AST = call
    parent = index.parents.get(child)
    while parent is not None and not isinstance(parent, ast.stmt):
        match parent:
            case ast.IfExp(test=first) | ast.BoolOp(values=[first, *_]) if child is not first:
                return False
            case ast.Compare(comparators=[_, *later]) if child in later:
                return False
            case _ if isinstance(parent, _PERHAPS):
                return False
        child, parent = parent, index.parents.get(parent)
    match parent:
        case ast.Expr() | ast.Return() | ast.Raise():
            pass
        case ast.Assign(value=given) | ast.AnnAssign(value=given) | ast.AugAssign(value=given):
            if child is not given:
                return False
        case ast.If(test=first) | ast.For(iter=first) | ast.AsyncFor(iter=first) | ast.Match(subject=first):
            if child is not first:
                return False
        case ast.With(items=[entered, *_]) | ast.AsyncWith(items=[entered, *_]):
            if child is not entered:
                return False
        case _:
            return False
    return index.parents.get(parent) is scope.node


def _is_on_one_line(called: ast.expr) -> bool:
    """Whether all that takes time before what it gives is called stands on the first line: not `store.build(⏎…⏎).save`."""
    return not any(
        isinstance(each, ast.Call | ast.Await) and each.end_lineno != called.lineno for each in walk(called)
    )
