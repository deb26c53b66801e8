"""What a `sleep` waits for: a tick of the clock, the next try of what failed, or simply its time."""

from __future__ import annotations

import ast
import re

from rules.engine.reading import facts
from rules.engine.reading.index import Index
from rules.engine.reading.quick_calls import is_brief
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS, Scope
from rules.engine.reading.surroundings import stops_at_success
from rules.engine.reading.walking import walk

_TRYING_AGAIN = regex(r"attempt|retr(?:y|ies)|tries", re.IGNORECASE)
_FAR = regex(r"deadline|timeout|until|end|limit|expir|finish|max", re.IGNORECASE)
_CLOCK = regex(r"time|now|clock|stamp|tick|millis|micro|nano|_ms", re.IGNORECASE)
_DAY = 86_400
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def of_sleep(index: Index, call: ast.Call, scope: Scope, flags: int) -> int:
    """Flags for a call of `sleep`: a tick of a clock or in a branch is nothing, a wait before the next try follows a failure.

    Many ticks are a wait: a loop that polls for something with them is no clock.
    """
    if is_brief(call, _written(index, call, scope)):
        loop = _loop_around(index, call)
        if loop is None:
            return facts.QUICK if flags & facts.CONDITIONAL else facts.BRIEF
        if _waits_for_clock(loop):
            return facts.QUICK
    return facts.FAILING if _is_between_tries(index, call) else 0


def milliseconds(index: Index, call: ast.Call, scope: Scope) -> int:
    """How long a call of `sleep` takes, where that is written down; 0 where it is not."""
    match _written(index, call, scope) or (call.args[0] if call.args else None):
        case ast.Constant(value=int(seconds) | float(seconds)) if 0 < seconds < _DAY:
            return round(seconds * 1000)
        case ast.BinOp(
            op=ast.Div(),
            left=ast.Constant(value=int(number) | float(number)),
            right=ast.Constant(value=int(by) | float(by)),
        ) if by and 0 < number / by < _DAY:
            return round(number / by * 1000)
    return 0


def _loop_around(index: Index, call: ast.Call) -> ast.AST | None:
    parent = index.parents.get(call)
    while parent is not None and not isinstance(parent, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
        if isinstance(parent, _LOOPS):
            return parent
        parent = index.parents.get(parent)
    return None


def _waits_for_clock(loop: ast.AST) -> bool:
    """`while now <= last: sleep(…); now = clock()`: it ends with the clock's next tick."""
    match loop:
        case ast.While(
            test=ast.Compare(
                left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], comparators=[right]
            )
        ):
            sides = {
                ast.unparse(side) for side in (left, right) if isinstance(side, (ast.Name, ast.Attribute))
            }
            if len(sides) != 2 or any(_FAR.search(side) for side in sides):
                return False
            return any(
                isinstance(each, ast.Assign)
                and _CLOCK.search(ast.unparse(each.value))
                and ast.unparse(each.targets[0]) in sides
                for each in loop.body
            )
    return False


def _written(index: Index, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The value of a constant of the module that is slept for."""
    argument = call.args[0] if call.args else None
    if not isinstance(argument, ast.Name) or argument.id in scope.bindings:
        return None
    bindings = index.module.bindings.get(argument.id, [])
    value = bindings[0].value if len(bindings) == 1 else None
    if isinstance(value, ast.AnnAssign):
        value = value.value
    return value if isinstance(value, ast.expr) else None


def _is_between_tries(index: Index, call: ast.Call) -> bool:
    """Whether a loop around ends with the first try that works, and `call` comes after one that did not."""
    child: ast.AST = call
    parent = index.parents.get(child)
    asked = False
    while parent is not None and not isinstance(parent, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
        if isinstance(parent, ast.If) and child is not parent.test:
            asked = asked or _asks_for_more(parent.test)
        if isinstance(parent, (ast.For, ast.While)) and child in parent.body:
            return asked or (stops_at_success(parent) and _is_after_try(parent, child))
        child, parent = parent, index.parents.get(parent)
    return False


def _is_after_try(loop: ast.For | ast.While, statement: ast.AST) -> bool:
    """Whether `statement` of the loop follows the `try` that ends it."""
    before = loop.body[: next(at for at, each in enumerate(loop.body) if each is statement)]
    return any(isinstance(each, ast.Try) and each.handlers for each in before)


def _asks_for_more(test: ast.expr) -> bool:
    """`if attempt < retries - 1:`"""
    return any(
        isinstance(node, (ast.Name, ast.Attribute)) and _TRYING_AGAIN.search(_named(node))
        for node in walk(test)
    )


def _named(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr
