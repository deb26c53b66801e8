from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application, uses
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project

_RETRIES = (
    "tenacity",
    "stamina",
    "backoff",
    "retry",
    "retrying",
    "httpx-retries",
    "aiohttp-retry",
    "urllib3-retry",
    "hyx",
)
_READS = frozenset({"get", "head", "options"})


class ExternalCallWithoutRetry(ProjectRule):
    """A read that fails once, for a dropped connection or a peer that restarts, fails the whole request; a second try would do.

    Connections are closed while idle, pods restart, load balancers answer 502 for a moment. Reads can be repeated without harm.

    ## Instead
    Let reads try again: `@retry(stop=stop_after_attempt(3), wait=wait_exponential_jitter(max=2))` of tenacity or
    `@stamina.retry(on=httpx.TransportError, attempts=3)`, within the caller's own timeout.

    ## Trade-offs
    More load on a peer in trouble: few attempts, growing pauses, and never for what is not idempotent.

    ## Monitor
    Attempts per call, error rate of the dependency.

    ## When to ignore it
    When the client, a proxy or a service mesh repeats by itself.
    """

    code = "FP617"
    severity = Severity.INFO
    advice = True
    effort = Effort.HOURS
    watch = "attempts per call and error rate of the dependency"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient()

            @app.get("/rates")
            async def rates() -> str:
                return (await client.get("https://rates.example")).text
            """
        ),
    )
    valid = (
        Valid(
            """
            from tenacity import retry, stop_after_attempt, wait_exponential_jitter

            client = httpx.AsyncClient()

            @retry(stop=stop_after_attempt(3), wait=wait_exponential_jitter(max=2))
            async def fetch() -> str:
                return (await client.get("https://rates.example")).text

            @app.get("/rates")
            async def rates() -> str:
                return await fetch()
            """
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        place = application(project)
        if place is None or uses(project, _RETRIES):
            return
        reads: dict[str, str] = {}
        for endpoint in project.routing.endpoints:
            for leaf in project.summaries.of(endpoint.handler).external:
                if leaf.callable.rpartition(".")[2] in _READS:
                    reads.setdefault(str(endpoint.ref), leaf.callable)
        if not reads or any(
            call.ref.endswith(("Retry", "HTTPTransport", "AsyncHTTPTransport"))
            for node in project.graph.nodes.values()
            for call in node.function.calls
        ):
            return
        endpoint_name, callable_name = next(iter(reads.items()))
        who = (
            f"`{endpoint_name}` and {len(reads) - 1} more read"
            if len(reads) > 1
            else f"`{endpoint_name}` reads"
        )
        yield ProjectMatch(
            *place,
            f"{who} from {'other services' if len(reads) > 1 else 'another service'} (`{callable_name}`), and nothing tries"
            " a second time.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(
                summary="with 1 % of calls failing for a moment: 1 % failed requests → 0.01 % with one retry",
                formula="p → p² for independent failures",
                assumptions={"failing": 0.01},
            ),
            text="no retries",
        )
