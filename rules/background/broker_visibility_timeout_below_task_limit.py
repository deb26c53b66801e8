from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Impact
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_VISIBLE, _LATE = regex("visibility_timeout"), regex("acks_late")
_LIMITS = frozenset({"task_time_limit", "time_limit", "CELERY_TASK_TIME_LIMIT", "CELERYD_TASK_TIME_LIMIT"})


class BrokerVisibilityTimeoutBelowTaskLimit(Rule):
    """Redis and SQS hand a message out again when it is not acknowledged in time: the task runs twice at once.

    With late acknowledgement the message counts as lost after `visibility_timeout` although its worker is still busy. A
    second worker starts the same task, then a third; the longest tasks take all the slots.

    ## Instead
    Make the `visibility_timeout` longer than the longest task may run, and longer than the longest `countdown`
    or `eta`.

    ## Trade-offs
    After a crash of a worker its messages come back that much later.

    ## Monitor
    Tasks that start twice with the same id.
    """

    code = "FP414"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "tasks that start twice with the same id"

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop", broker="redis://redis/0")
            queue.conf.update(
                task_acks_late=True,
                task_time_limit=7200,
                broker_transport_options={"visibility_timeout": 3600},
            )
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop", broker="redis://redis/0")
            queue.conf.update(
                task_acks_late=True,
                task_time_limit=3000,
                broker_transport_options={"visibility_timeout": 3600},
            )
            """
        ),
    )

    def check(self, node: ast.Dict, module: Module) -> Iterator[Match]:
        if not (module.source.matches(_VISIBLE) and module.source.matches(_LATE)):
            return
        visible = next(
            (
                _seconds(value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "visibility_timeout"
            ),
            None,
        )
        if visible is None or not _acknowledges_late(module.tree):
            return
        longest = max(_limits(module.tree), default=0)
        if longest > visible:
            yield Match(
                node,
                f"A task may run {longest:g} s, but after {visible:g} s its message is handed to another worker: it runs twice.",
                confidence=Confidence.LIKELY,
                impact=Impact(
                    f"every task longer than {visible:g} s runs once more each {visible:g} s",
                    "runs = 1 + ⌊duration / visibility_timeout⌋",
                    {"visibility_timeout_s": visible},
                ),
            )


@functools.lru_cache(maxsize=1)  # asked once per dictionary of a file
def _named_values(tree: ast.Module) -> tuple[tuple[str, ast.expr], ...]:
    """Settings as keywords, module-level names, attributes of `conf` and entries of a dictionary."""
    return tuple(_found_values(tree))


def _found_values(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in walk(tree):
        match node:
            case ast.keyword(arg=str(name), value=value):
                yield name, value
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                yield name, value
            case ast.Dict(keys=keys, values=values):
                for key, entry in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, entry


def _limits(tree: ast.Module) -> Iterator[float]:
    for name, value in _named_values(tree):
        if name in _LIMITS:
            seconds = _seconds(value)
            if seconds is not None:
                yield seconds


def _acknowledges_late(tree: ast.Module) -> bool:
    return any(
        name.lower().endswith("acks_late") and isinstance(value, ast.Constant) and value.value is True
        for name, value in _named_values(tree)
    )


def _seconds(value: ast.expr) -> float | None:
    """A number, also as a product: `60 * 60`."""
    match value:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            first, second = _seconds(left), _seconds(right)
            return first * second if first is not None and second is not None else None
    return None
