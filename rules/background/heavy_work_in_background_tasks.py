from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop, Impact
from rules.engine.graph import Node
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module

_OUTSIDE = frozenset({"http", "llm", "sdk", "mail", "net"})


class HeavyWorkInBackgroundTasks(Rule):
    """Heavy work in `BackgroundTasks` runs in the process that serves requests, and is lost when that restarts.

    The response is sent, but the work still takes the same processor, the same 40 threads and the same connections. A
    deployment ends it half-way, nobody tries again, and nobody sees that it is missing.

    ## Instead
    Put it into a queue with workers of its own (arq, taskiq, Celery, dramatiq, RQ): they scale by themselves, try again,
    and survive a deployment.

    ## Trade-offs
    One more process and a broker to run; the work must be safe to run twice.

    ## Monitor
    Duration of background work; event-loop lag; CPU of the web workers after the response.

    ## When to ignore it
    When it is rare, short, and nobody misses it.
    """

    code = "FP402"
    severity = Severity.MEDIUM
    effort = Effort.DAYS
    watch = "duration of background work, event-loop lag"

    invalid = (
        Invalid(
            """
            import pandas

            def import_prices(path: str) -> None:
                table = pandas.read_csv(path)
                table.groupby("number").sum()

            @app.post("/imports")
            def start(path: str, tasks: BackgroundTasks) -> None:
                tasks.add_task(import_prices, path)
            """
        ),
    )
    valid = (
        Valid(
            """
            def log(path: str) -> None:
                print(path)

            @app.post("/imports")
            def start(path: str, tasks: BackgroundTasks) -> None:
                tasks.add_task(log, path)
            """
        ),
    )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        offload = module.offload(node)
        if (
            offload is None
            or offload.kind != "background"
            or not node.args
            or not module.in_request_path(node)
        ):
            return
        for target in module.project.graph.runs(module.value(node.args[0])):
            heavy = _heavy(target, module)
            if heavy is None:
                continue
            why, hop = heavy
            yield Match(
                node,
                f"`{module.segment(node.args[0])}` {why} in the process that serves requests, and is lost when that restarts.",
                confidence=Confidence.LIKELY,
                related=(hop,),
                impact=Impact(
                    "the same work, outside the processes that answer requests",
                    "no CPU, threads or connections of the web workers",
                ),
            )
            return


def _heavy(target: Node, module: Module) -> tuple[str, Hop] | None:
    """(what the work does, where) when it computes for long or calls out once per item."""
    summary = module.project.summaries.of(target)
    for leaf in summary.cpu:
        blocking = leaf.blocking
        if (
            blocking is not None
            and blocking.kind == Kind.CPU
            and blocking.severity in ("high", "critical")
            and blocking.seconds is None
        ):
            place = leaf.path[-1]
            return f"computes with `{leaf.callable}`", Hop(place.path, place.line, leaf.callable)
    pending, seen = [(target, 0)], {target}
    while pending:
        current, depth = pending.pop()
        for leaf_call in current.leaves:
            if (
                leaf_call.call.loops
                and leaf_call.external is not None
                and leaf_call.external.kind in _OUTSIDE
            ):
                return f"calls `{leaf_call.name}` once per item", Hop(
                    current.path, leaf_call.call.line, leaf_call.name
                )
        for edge in current.edges:
            if edge.kind == "call" and edge.target not in seen and depth < 3:
                seen.add(edge.target)
                external = [
                    leaf
                    for leaf in module.project.summaries.of(edge.target).external
                    if leaf.kind in _OUTSIDE
                ]
                if edge.call.loops and external:
                    return f"calls `{external[0].callable}` once per item", Hop(
                        current.path, edge.call.line, edge.target.symbol
                    )
                pending.append((edge.target, depth + 1))
    return None
