"""Functions that start a task and hand it to their caller, without a reference of their own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from rules.engine.reading.walking import walk

_HEARING = "add_done_callback"
_ASKED = frozenset({_HEARING, "set_name"})
"""What a task is asked without anybody keeping it."""


def hands_out_task(function: ast.FunctionDef, started: Sequence[ast.Call]) -> bool:
    """Whether `function` returns the one task that it has `started`, and puts it nowhere: who drops it, loses it."""
    if len(started) != 1:
        return False
    nodes = list(walk(function))
    returned = [node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    if started[0] in returned:
        return True
    names = [
        node.targets[0].id
        for node in nodes
        if isinstance(node, ast.Assign) and node.value is started[0] and isinstance(node.targets[0], ast.Name)
    ]
    if len(names) != 1:
        return False
    uses = [
        node
        for node in nodes
        if isinstance(node, ast.Name) and node.id == names[0] and isinstance(node.ctx, ast.Load)
    ]
    asked = set(map(id, barely_asked(nodes)))
    given_back = {id(value) for value in returned}
    return any(id(use) in given_back for use in uses) and all(id(use) in (asked | given_back) for use in uses)


def heard(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What tells a callback when it is done: `task` of `task.add_done_callback(report)`."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == _HEARING:
            yield node.value


def barely_asked(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What is only named or asked to tell when it is done: `task.add_done_callback(report)` refers to the callback, not to the
    task."""
    for node in nodes:
        match node:
            case ast.Attribute(value=value, attr=name) if name in _ASKED:
                yield value
            case ast.Call(func=ast.Name(id="hasattr"), args=[ast.Name() as value, *_]):
                yield value
