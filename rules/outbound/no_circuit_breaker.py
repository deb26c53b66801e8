from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application, reaching_out, uses
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project

_BREAKERS = ("purgatory*", "aiobreaker", "pybreaker", "circuitbreaker", "aiomisc", "lasier", "fastapi-cb")
_MANY = 3


class NoCircuitBreaker(ProjectRule):
    """When a dependency is down, each request still waits for its timeout before it fails, and holds its thread or connection.

    A circuit breaker remembers that the last calls failed and fails the next ones at once for a while, so that a slow dependency
    does not become a slow service.

    ## Instead
    Put a breaker around the client (`purgatory`, `aiobreaker`, `pybreaker`), and give an answer for the
    meantime: a cached value, an empty list, a 503 with `Retry-After`.

    ## Trade-offs
    Some calls fail that would have come through; the thresholds need watching.

    ## Monitor
    Error rate and p99 of each dependency.

    ## When to ignore it
    When timeouts are short and calls are few.
    """

    code = "FP609"
    severity = Severity.INFO
    advice = True
    effort = Effort.DAYS
    watch = "error rate and p99 of each dependency"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient()

            @app.get("/rates")
            async def rates() -> str:
                return (await client.get("https://rates.example")).text

            @app.get("/taxes")
            async def taxes() -> str:
                return (await client.get("https://taxes.example")).text

            @app.get("/carriers")
            async def carriers() -> str:
                return (await client.get("https://carriers.example")).text
            """
        ),
    )
    valid = (
        Valid(
            """
            client = httpx.AsyncClient()

            @app.get("/rates")
            async def rates() -> str:
                return (await client.get("https://rates.example")).text
            """
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        place = application(project)
        if place is None or uses(project, _BREAKERS):
            return
        found = list(reaching_out(project))
        if len(found) < _MANY:
            return
        yield ProjectMatch(
            *place,
            f"{len(found)} endpoints wait for other services (`{found[0][0].ref}` for `{found[0][1]}`) and nothing stops asking one"
            " that is down.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(
                summary="while a dependency is down: one timeout per request → an immediate answer",
                formula="requests · timeout → 0",
            ),
            text="no circuit breaker",
        )
