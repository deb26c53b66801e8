from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop, Impact
from rules.engine.linking.graph import Node
from rules.engine.reading.facts import WHILE, Call
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_NOTICE = regex(
    r"(?:^|_)(?:send|notif\w*|e?mails?|messages?|alert\w*|sms|inform|warn|remind\w*|invit\w*|webhooks?|slack|telegram|discord|push)"
    r"(?:_|$)",
    re.IGNORECASE,
)
_TO_MANY = regex(
    r"(?:^|_)(?:all|every(?:one|body)?|bulk|mass|newsletters?|campaigns?|broadcast|digests?|batch|subscribers)(?:_|$)",
    re.IGNORECASE,
)
_BRIEF = ("cv2.", "PIL.")
"""One picture takes milliseconds."""
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
    said_from = Severity.HIGH
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

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.offload is not None

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
            light = _is_notice(target, why)
            yield Match(
                node,
                f"`{module.segment(node.args[0])}` {why} in the process that serves requests, and is lost when that restarts.",
                severity=Severity.INFO if light else self.severity,
                confidence=Confidence.POSSIBLE if light else Confidence.LIKELY,
                related=(hop,),
                impact=Impact(
                    "the same work, outside the processes that answer requests",
                    "no CPU, threads or connections of the web workers",
                ),
            )
            return


def _heavy(target: Node, module: Module) -> tuple[str, Hop] | None:
    """(what the work does, where) when it computes for long or calls out once per item."""
    for leaf in target.leaves:
        if _is_per_item(leaf.call) and leaf.external is not None and leaf.external.kind in _OUTSIDE:
            return f"calls `{leaf.name}` once per item", Hop(target.path, leaf.call.line, leaf.name)
    for edge in target.edges:
        if edge.kind == "call" and _is_per_item(edge.call):
            for outside in module.project.summaries.of(edge.target).external:
                if outside.kind in _OUTSIDE and not outside.by_choice:
                    return f"calls `{outside.callable}` once per item", Hop(
                        target.path, edge.call.line, edge.target.symbol
                    )
    summary = module.project.summaries.of(target)
    for found in summary.cpu:
        blocking = found.blocking
        if (
            blocking is not None
            and blocking.kind == Kind.CPU
            and blocking.severity in ("high", "critical")
            and blocking.seconds is None
            and not found.callable.startswith(_BRIEF)
            and not (found.cached or found.on_miss or found.rarely)
        ):
            place = found.path[-1]
            return f"computes with `{found.callable}`", Hop(place.path, place.line, found.callable)
    return None


def _is_notice(target: Node, why: str) -> bool:
    """Whether the work tells a few people something, which is what `BackgroundTasks` are for."""
    name = target.symbol.rpartition(".")[2]
    return why.startswith("calls") and bool(_NOTICE.search(name)) and not _TO_MANY.search(name)


def _is_per_item(call: Call) -> bool:
    """Inside a loop over data: not one that waits or tries again."""
    return call.loops > 0 and not call.flags & WHILE
