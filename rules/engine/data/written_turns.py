"""Loops that write a row in each turn besides: the look-up before it is the smaller part of what an item costs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.round_trips import OTHER_STORES, nearest, writes
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import walk
from rules.engine.service.traffic import brings_in

if TYPE_CHECKING:
    from rules.engine.module import Module

_SENT = frozenset({"commit", "flush", "write"})


def writes_besides(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether another call in a loop than `call`, and not one in a loop of its own, writes to a database each time or commits
    what was written, where something whole is brought in now and then: as many round trips as the look-ups, and dearer ones."""
    around = module.loops(call)
    if not isinstance(loop, ast.For | ast.AsyncFor) or len(around) > 1 or not brings_in(call, module):
        return False
    return any(
        isinstance(each, ast.Call)
        and each is not call
        and module.loops(each) == around
        and _sends(each, module)
        for statement in loop.body
        if not isinstance(statement, FUNCTIONS)
        for each in walk(statement)
    )


def _sends(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    if query is not None:
        return query.driver not in OTHER_STORES and (query.kind in _SENT or writes(call, module))
    summary = module.summary(call)
    if summary is None:
        return False
    # What a helper does whenever it is called: a row that it makes only if there is none is no more than another look-up.
    sure = (nearest(summary.writes), nearest(summary.commits, "commit", "flush"))
    return any(each is not None and not (each.sometimes or each.rarely) for each in sure)
