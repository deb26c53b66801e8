from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application, uses
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.routing import EndpointNode
    from rules.engine.project import Project

_LIMITERS = (
    "slowapi",
    "fastapi-limiter",
    "limits",
    "asgi-ratelimit",
    "starlette-ratelimit",
    "fastapi-guard",
    "pyrate-limiter",
    "fastapi-throttle*",
    "ratelimit*",
    "throttled*",
)
_HASHES = regex(r"bcrypt|argon2|passlib|scrypt|pbkdf2|pwdlib")
_MODELS = regex(r"^(?:openai|anthropic|litellm|cohere|mistralai|google\.gen|langchain|ollama|groq)\b")


class NoRateLimit(ProjectRule):
    """An expensive endpoint without a limit lets one client use up what all share: processor, model quota, memory.

    A log-in costs 60 to 500 ms of processor time for the password hash; a model call costs money and seconds. A few clients in a
    loop are enough.

    ## Instead
    Limit each client on those endpoints: slowapi or fastapi-limiter with Redis as its store, or the proxy's own
    (`limit_req`).

    ## Trade-offs
    Clients behind one address share a limit; answer 429 with `Retry-After`.

    ## Monitor
    Requests per client, answers 429.

    ## When to ignore it
    When a gateway in front limits already.
    """

    code = "FP615"
    severity = Severity.INFO
    advice = True
    effort = Effort.HOURS
    watch = "requests per client"

    invalid = (
        Invalid(
            """
            import bcrypt

            @app.post("/login")
            def login(password: str, stored: bytes) -> bool:
                return bcrypt.checkpw(password.encode(), stored)
            """
        ),
    )
    valid = (
        Valid(
            """
            @app.post("/orders")
            def create(total: int) -> int:
                return total
            """
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        place = application(project)
        if place is None or uses(project, _LIMITERS):
            return
        if any("limit_req" in text or "rate_limit" in text for text in project.documents.values()):
            return
        costly = [
            (endpoint, what) for endpoint in project.routing.endpoints if (what := _cost(endpoint, project))
        ]
        if costly:
            endpoint, what = costly[0]
            yield ProjectMatch(
                *place,
                f"`{endpoint.ref}` {what}, and nothing limits how often one client may ask"
                f"{f' ({len(costly)} such endpoints)' if len(costly) > 1 else ''}.",
                confidence=Confidence.POSSIBLE,
                impact=Impact(
                    summary="one client in a loop takes a share of the processors, or of the quota, that only ends with it"
                ),
                text="no rate limit",
            )


def _cost(endpoint: EndpointNode, project: Project) -> str:
    """What makes an endpoint expensive, in words that follow its name; empty when nothing does."""
    if endpoint.ref.method != "POST":
        return ""
    summary = project.summaries.of(endpoint.handler)
    for leaf in summary.cpu:
        if _HASHES.search(leaf.callable):
            return f"computes `{leaf.callable}`"
    for leaf in summary.external:
        if _MODELS.match(leaf.callable):
            return f"calls `{leaf.callable}`"
    return ""
