"""Questions to the database that a function asks one after another, though none needs another's answer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct, field

from rules.engine.data.round_trips import OTHER_STORES
from rules.engine.reading.walking import names_loaded, names_stored, own_calls, walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_SOME = 3
"""Fewer are no row."""
_BLOCKS = (ast.With, ast.AsyncWith, ast.Try)
_OWN = frozenset({"self", "cls", ""})


def reads_in_row(
    function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module, *, of_stores: bool = False
) -> list[list[ast.Call]]:
    """The calls that read, each time the function runs: first those that no answer before goes into, then the rows of those
    that need no answer of their own row, though one from before it, the longest first; none where the function writes too.
    With `of_stores` those of Redis and its like, else those of databases."""
    asks = _reads_store if of_stores else _reads
    calls = own_calls(function)
    if sum(asks(call, module) for call in calls) < _SOME or any(_writes(call, module) for call in calls):
        return []
    alone = _Row()
    rows = [_Row()]
    for statement in _statements(function.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        here = [] if _decides(statement) else [call for call in _calls(statement) if asks(call, module)]
        needed = [names_loaded(call) for call in here]
        alone.calls += [call for call, names in zip(here, needed, strict=True) if not names & alone.answers]
        if any(names & rows[-1].answers for names in needed):
            rows.append(_Row())
        rows[-1].calls += here
        made = _made_by(statement)
        is_answer = bool(here) or any(isinstance(part, ast.Await) for part in walk(statement))
        loaded = names_loaded(statement)
        for row in (alone, rows[-1]):
            if is_answer or loaded & row.answers:
                row.answers |= made
    found = [row.calls for row in sorted(rows, key=lambda row: -len(row.calls))]
    return [each for each in (alone.calls, *found) if len(each) >= _SOME]


class _Row(Struct):
    """Calls that need none of the others' answers."""

    calls: list[ast.Call] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)
    """The names of what they answered, and of what was made of it."""


def _made_by(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, and those of lists and dictionaries that it fills."""
    made = names_stored(statement)
    for each in walk(statement):
        match each:
            case ast.Expr(value=ast.Call(func=filled)):  # `by_day.setdefault(day, []).append(row)`
                made.add(_base(filled))
            case ast.Subscript(ctx=ast.Store()):
                made.add(_base(each))
    return made - _OWN


def _base(filled: ast.expr) -> str:
    while isinstance(filled, ast.Call | ast.Attribute | ast.Subscript):
        filled = filled.func if isinstance(filled, ast.Call) else filled.value
    return filled.id if isinstance(filled, ast.Name) else ""


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a body in their order, those of `with` and `try` blocks too."""
    found: list[ast.stmt] = []
    for statement in body:
        found += _statements(statement.body) if isinstance(statement, _BLOCKS) else [statement]
    return found


def _decides(statement: ast.stmt) -> bool:
    """Whether what stands in a statement may not run, or more than once."""
    return not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return)


def _calls(statement: ast.stmt) -> list[ast.Call]:
    inner = {
        part
        for each in walk(statement)
        if isinstance(
            each, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.IfExp
        )
        for part in walk(each)
    }
    return [each for each in walk(statement) if isinstance(each, ast.Call) and each not in inner]


def _reads(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    if query is not None:
        is_read = query.kind == "select" and query.driver not in OTHER_STORES
        return is_read and (not query.is_async or module.is_awaited(call))
    summary = module.summary(call)
    if summary is None or not summary.reads or summary.external:
        return False
    return not summary.is_async or module.is_awaited(call)  # what is not is gathered


def _reads_store(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    return (
        query is not None
        and query.kind == "select"
        and query.driver in OTHER_STORES
        and query.is_async
        and module.is_awaited(call)
    )


def _writes(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    if query is not None:
        return query.kind in ("write", "commit", "flush")
    summary = module.summary(call)
    return summary is not None and bool(summary.writes or summary.commits)
