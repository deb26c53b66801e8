from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.linking.graph import Node
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class BackgroundTaskWithoutErrorHandling(Rule):
    """An exception in one background task of a response drops all that were added after it.

    They run one after another in the order they were added. When the first fails because a mail server is away, the
    others never start, and the only trace is in the log.

    ## Instead
    Catch and log in each task what it can meet, or add first what may not be lost. What must happen belongs into a queue
    with retries.

    ## Monitor
    Errors of background tasks, by task.
    """

    code = "FP403"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "errors of background tasks"

    invalid = (
        Invalid(
            """
            def mail(order_id: int) -> None:
                requests.post("https://mail.example", json=order_id, timeout=5)

            def store(order_id: int) -> None:
                print(order_id)

            @app.post("/orders")
            def order(order_id: int, tasks: BackgroundTasks) -> None:
                tasks.add_task(mail, order_id)
                tasks.add_task(store, order_id)
            """
        ),
    )
    valid = (
        Valid(
            """
            def mail(order_id: int) -> None:
                try:
                    requests.post("https://mail.example", json=order_id, timeout=5)
                except requests.RequestException:
                    print("not sent")

            def store(order_id: int) -> None:
                print(order_id)

            @app.post("/orders")
            def order(order_id: int, tasks: BackgroundTasks) -> None:
                tasks.add_task(mail, order_id)
                tasks.add_task(store, order_id)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.offload is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not _adds(node, module) or not node.args:
            return
        function = module.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda):
            return
        later = next(
            (
                each
                for each in _added_in(function.node, module)
                if each.lineno > node.lineno and _may_follow(node, each, module)
            ),
            None,
        )
        if later is None or not later.args:
            return
        for target in module.project.graph.runs(module.value(node.args[0])):
            leaf = _unguarded(target)
            if leaf:
                yield Match(
                    node,
                    f"When `{leaf}` fails in `{module.segment(node.args[0])}`, `{module.segment(later.args[0])}`, added after it,"
                    " never runs.",
                    confidence=Confidence.LIKELY,
                )
                return


@once_for_node
def _added_in(function: ast.AST, module: Module) -> list[ast.Call]:
    """The calls of a function that add tasks."""
    return [each for each in walk(function) if isinstance(each, ast.Call) and _adds(each, module)]


def _adds(call: ast.Call, module: Module) -> bool:
    offload = module.offload(call)
    return offload is not None and offload.name.endswith(".add_task")


def _may_follow(first: ast.Call, second: ast.Call, module: Module) -> bool:
    """Whether one response can have both: they do not stand in two arms of one `if`."""
    arms = dict(_arms(first, module))
    return all(arms.get(branch, arm) == arm for branch, arm in _arms(second, module))


def _arms(call: ast.Call, module: Module) -> Iterator[tuple[ast.AST, bool]]:
    child: ast.AST = call
    current = module.parent(call)
    while current is not None:
        if isinstance(current, ast.If):
            yield current, child in current.body
        child, current = current, module.parent(current)


def _unguarded(target: Node) -> str:
    """A call out of the machine in the task itself that no `try` or condition stands around."""
    for leaf in target.leaves:
        if leaf.external is not None and leaf.external.kind != "queue" and "?" not in leaf.call.path:
            return leaf.name
    return ""
