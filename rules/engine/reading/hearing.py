"""Which coroutines nobody need listen to: what tells of its errors itself, and what is over at once."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_nodes, walk

_WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_SWALLOWING = regex(
    r"suppress|(?:log|catch|swallow|report|ignore|capture|guard)\w*_(?:errors?|exceptions?)|(?:errors?|exceptions?)_\w*logged"
)
"""Context managers that hand no error on, by their names."""
_AROUND = (ast.If, ast.With, ast.AsyncWith, ast.For, ast.While)


def waits_for_nothing(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    """Whether no part of a coroutine gives the event loop a turn. One that does nothing stands for others, which may."""
    is_written = any(
        not isinstance(each, ast.Pass)
        and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in function.body
    )
    return is_written and not any(
        isinstance(node, _WAITS) or (isinstance(node, ast.comprehension) and node.is_async)
        for node in own_nodes(function)
    )


def is_caught(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    """Whether loguru's `@logger.catch` stands around a coroutine: it logs what goes wrong, and hands it on only if asked to."""
    for decorator in function.decorator_list:
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else ()
        if (
            isinstance(made, ast.Attribute)
            and made.attr == "catch"
            and "log" in last_name(made.value).lower()
            and not any(
                each.arg == "reraise"
                and not (isinstance(each.value, ast.Constant) and each.value.value is False)
                for each in keywords
            )
        ):
            return True
    return False


def only_fills_queue(function: ast.AsyncFunctionDef | ast.FunctionDef) -> str:
    """The name of the queue where putting something into it is all that a coroutine waits for; empty where there is more."""
    names = set()
    for node in own_nodes(function):
        match node:
            case ast.Await(value=ast.Call(func=ast.Attribute(value=queue, attr="put"))) if (
                "queue" in last_name(queue).lower()
            ):
                names.add(last_name(queue))
            case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.Yield() | ast.YieldFrom():
                return ""
            case ast.comprehension(is_async=1):
                return ""
    return names.pop() if len(names) == 1 else ""


def waits_inside(function: ast.AsyncFunctionDef | ast.FunctionDef) -> set[str] | None:
    """The names of what a coroutine takes by `async with self.lock:` where it waits for nothing else but `asyncio.sleep`;
    None where there is more, or nothing at all: that stands for others."""
    names: set[str] = set()
    waits = False
    for node in own_nodes(function):
        match node:
            case ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"))):
                waits = True
            case ast.AsyncWith(items=items) if all(
                isinstance(each.context_expr, ast.Name | ast.Attribute) for each in items
            ):
                waits = True
                names.update(last_name(each.context_expr) for each in items)
            case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.Yield() | ast.YieldFrom():
                return None
            case ast.comprehension(is_async=1):
                return None
    return names if waits else None


def lets_nothing_out(block: Iterable[ast.stmt]) -> bool:
    """Whether all that a block waits for stands in a `try` that hands no error on.

    What fails on the way there, a line for the log or a name for something, fails for everybody and is seen early.
    """
    tried = False
    for each in block:
        if isinstance(each, ast.Try):
            if not _keeps_all(each):
                return False
            tried = True
        elif isinstance(each, (ast.With, ast.AsyncWith)) and _swallows(each):
            tried = True
        elif isinstance(each, _AROUND):
            outcome = _outcome(each)
            if outcome is False:
                return False
            tried = tried or outcome is True
        elif _waits(each):
            return False
    return tried


def _outcome(around: ast.If | ast.With | ast.AsyncWith | ast.For | ast.While) -> bool | None:
    """Whether the block of a statement lets nothing out; None where it waits for nothing. Arms of one `if` are nested, thousands in
    generated code: the last one is looked at first."""
    arms: list[tuple[list[ast.stmt], list[ast.stmt]]] = []
    while True:
        otherwise: list[ast.stmt] = getattr(around, "orelse", [])
        match otherwise:
            case [ast.If() as below]:
                arms.append((around.body, []))
                around = below
            case _:
                arms.append((around.body, otherwise))
                break
    outcome: bool | None = None
    for body, otherwise in reversed(arms):
        block = [*body, *otherwise]
        outcome = _joined(block, outcome)
    return outcome


def _joined(block: list[ast.stmt], outcome: bool | None) -> bool | None:
    """The outcome of a block with that of the arm behind it."""
    if outcome is False:
        return False
    if outcome and not any(map(_waits, block)):
        return all(_keeps_all(each) for each in block if isinstance(each, ast.Try))
    if lets_nothing_out(block):
        return True
    return False if any(map(_waits, block)) else None


def _waits(statement: ast.stmt) -> bool:
    """For anything but time, which always comes."""
    return any(
        isinstance(node, _WAITS) and not (isinstance(node, ast.Await) and last_name(node.value) == "sleep")
        for node in walk(statement)
    )


def _swallows(block: ast.With | ast.AsyncWith) -> bool:
    """`with suppress(Exception):`, `with log_errors(logger):`."""
    made = block.items[0].context_expr
    return isinstance(made, ast.Call) and _SWALLOWING.fullmatch(last_name(made.func)) is not None


def _keeps_all(attempt: ast.Try) -> bool:
    for handler in attempt.handlers:
        if handler.type is None or last_name(handler.type) in ("Exception", "BaseException"):
            return not any(isinstance(inner, ast.Raise) for inner in _always(handler.body))
    return False


def _always(block: Iterable[ast.stmt]) -> Iterable[ast.AST]:
    """What a block does in any case: what stands under `if raise_exceptions:` somebody has to ask for."""
    for each in block:
        if isinstance(each, ast.If) and isinstance(each.test, ast.Name) and not each.orelse:
            continue
        yield from walk(each)
