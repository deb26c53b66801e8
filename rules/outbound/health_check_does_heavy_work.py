from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_outline
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.finding import EndpointRef
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

# Only what a balancer would ask: `/admin/search/health` is a page for people.
_PREFIX = r"(?:/(?:api|v\d+|internal|system|monitoring|ops|management|-|_+\w*))*"
_HEALTH = regex(
    rf"^{_PREFIX}/(?:health|healthz|health[-_]?check|heartbeat|ping|status/health)/?$", re.IGNORECASE
)
_ALIVE = regex(rf"^{_PREFIX}/(?:health/)?(?:livez?|liveness|alive)/?$", re.IGNORECASE)


class HealthCheckDoesHeavyWork(Rule):
    """A health check that asks others fails when they do: every healthy instance is restarted at once.

    Load balancers and Kubernetes ask every few seconds, each instance, with a timeout of a second or so. A check that calls
    another service makes that service's outage one's own, and its slowness a restart loop; a liveness check that needs
    the database restarts all instances when the database is busy, which helps nobody.

    ## Instead
    Let liveness answer from memory. Readiness asks what the instance itself cannot work without, with a short
    timeout, and remembers the answer for some seconds. What others do belongs into monitoring.

    ## Trade-offs
    An instance stays in rotation while a dependency is down; its requests fail one by one, which callers can handle.

    ## Monitor
    Restarts, duration and failures of the health check.

    ## When to ignore it
    When nothing but people reads the endpoint.
    """

    code = "FP613"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "restarts and duration of the health check"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient()

            @app.get("/health")
            async def health() -> dict[str, bool]:
                answer = await client.get("https://payments.example/health")
                return {"payments": answer.status_code == 200}
            """
        ),
    )
    valid = (
        Valid(
            """
            @app.get("/health")
            async def health() -> dict[str, str]:
                return {"status": "ok"}
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not node.decorator_list or str(module.role(node) or "") != "endpoint":
            return
        handler = module.graph_node(node)
        health = _health_checks(module.project).get(handler) if handler is not None else None
        if handler is None or health is None or _is_page(node):
            return
        summary = module.project.summaries.of(handler)
        if summary.external:
            yield self._said(node, summary.external[0], str(health), "asks", "fails when the other side does")
        elif summary.queries and _ALIVE.match(health.path):
            yield self._said(
                node,
                summary.queries[0],
                str(health),
                "needs",
                "restarts every instance when the database is busy",
            )

    def _said(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, leaf: Leaf, health: str, verb: str, then: str
    ) -> Match:
        return Match(
            node,
            f"`{health}` {verb} `{leaf.callable}`: the check {then}, for all instances at once.",
            # Whether all is ready may well depend on others; whether the process lives does not.
            confidence=Confidence.LIKELY if _is_about_life(health) else Confidence.POSSIBLE,
            call_path=leaf.path if len(leaf.path) > 1 else (),
            related=leaf.path[-1:],
            impact=Impact(
                summary="an outage of the dependency becomes a restart of every instance",
                formula="instances · checks per minute",
            ),
        )


def _is_about_life(health: str) -> bool:
    return _ALIVE.match(health.partition(" ")[2]) is not None


@once_for_outline
def _health_checks(project: Project) -> Mapping[Node, EndpointRef]:
    """The handlers of health checks, each with the first of its paths that is one."""
    found: dict[Node, EndpointRef] = {}
    for endpoint in project.routing.endpoints:
        ref = endpoint.ref
        if ref.method in ("GET", "HEAD") and (_HEALTH.match(ref.path) or _ALIVE.match(ref.path)):
            found.setdefault(endpoint.handler, ref)
    return found


def _is_page(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether people read the answer: a status page."""
    said = [node.returns, *node.decorator_list]
    return any("HTMLResponse" in ast.unparse(each) for each in said if each is not None)
