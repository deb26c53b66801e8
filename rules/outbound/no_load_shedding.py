from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project


class NoLoadShedding(ProjectRule):
    """A server that accepts every request under overload lets all of them time out; one that refuses some serves the rest.

    uvicorn has no limit on requests in progress. When more arrive than it serves, the queue grows, every answer gets slower, and
    clients give up and ask again.

    ## Instead
    Refuse what is too much: `--limit-concurrency 200` answers 503 beyond that. Set it near the number at which
    p99 is still good, and let the load balancer try another instance.

    ## Trade-offs
    Some requests are refused that would have been served late.

    ## Monitor
    Requests in progress, answers 503, p99.

    ## When to ignore it
    When the platform bounds concurrency (Fly's `hard_limit`, Cloud Run, a gateway).
    """

    code = "FP619"
    severity = Severity.INFO
    advice = True
    effort = Effort.MINUTES
    watch = "requests in progress and p99 under load"

    invalid = (
        Invalid(
            """
            @app.get("/orders")
            def orders() -> list[int]:
                return []
            """,
            documents={
                "Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "app.main:app", "--workers", "4"]\n'
            },
        ),
    )
    valid = (
        Valid(
            """
            @app.get("/orders")
            def orders() -> list[int]:
                return []
            """,
            documents={
                "Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "app.main:app", "--limit-concurrency", "200"]\n'
            },
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        deployment = project.deployment
        commands = [command for command in deployment.production if command.server == "uvicorn"]
        if not commands or application(project) is None or deployment.serverless:
            return
        if any(command.option("--limit-concurrency") or command.is_template for command in commands):
            return
        if any("hard_limit" in text or "containerConcurrency" in text for text in project.documents.values()):
            return
        command = commands[0]
        yield ProjectMatch(
            command.path,
            command.line,
            f"`{command.runs}` accepts any number of requests at once: under overload all of them get slow together.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(
                summary="at twice the load it can serve: every request times out → half are served in time",
                formula="served in time = min(1, capacity / load)",
            ),
            text="no load shedding",
        )
