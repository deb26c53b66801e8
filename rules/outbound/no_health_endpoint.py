from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project

_HEALTH = regex(r"health|ready|readiness|livez?\b|liveness|alive|heartbeat|ping\b|status", re.IGNORECASE)
_SERVED = {"Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "app.main:app"]\n'}


class NoHealthEndpoint(ProjectRule):
    """Without a health endpoint nothing takes a hung instance out of rotation: its share of the requests fails.

    A load balancer that only sees an open port keeps sending requests to a process whose event loop is blocked.

    ## Instead
    Add an endpoint such as `/livez` that answers from memory, and name it in the deployment's health check.

    ## Monitor
    Failures of the health check, restarts.

    ## When to ignore it
    When the platform watches by other means.
    """

    code = "FP614"
    severity = Severity.INFO
    advice = True
    effort = Effort.MINUTES
    watch = "failures of the health check"

    invalid = (
        Invalid(
            """
            @app.get("/orders")
            def orders() -> list[int]:
                return []
            """,
            documents=_SERVED,
        ),
    )
    valid = (
        Valid(
            """
            @app.get("/healthz")
            def healthz() -> str:
                return "ok"
            """,
            documents=_SERVED,
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        place = application(project)
        if place is None or not project.deployment.production:
            return
        if any(_HEALTH.search(endpoint.ref.path) for endpoint in project.routing.endpoints):
            return
        yield ProjectMatch(
            *place,
            "No endpoint is a health check: a hung instance stays in rotation.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(summary="one hung instance of n fails one request in n until somebody restarts it"),
            text="no health endpoint",
        )
