from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.advice import application, uses
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project

_TOOLS = (
    "opentelemetry*",
    "prometheus*",
    "starlette-exporter",
    "starlette-prometheus",
    "sentry-sdk",
    "ddtrace",
    "datadog*",
    "newrelic",
    "elastic-apm",
    "elasticapm",
    "logfire",
    "scout-apm",
    "appsignal",
    "statsd",
    "aws-xray-sdk",
    "aws-lambda-powertools",
    "google-cloud-trace",
    "applicationinsights",
    "azure-monitor-opentelemetry",
    "apitally",
    "pyinstrument",
    "highlight-io",
    "honeybadger",
    "rollbar",
)
_ENOUGH = 5
"""Endpoints, below which a project is a trial."""


class NoInstrumentation(ProjectRule):
    """Nothing measures the endpoints: which of them is slow, and why, is a guess until somebody complains.

    Duration per endpoint, statements per request, event-loop lag and time spent waiting for a connection tell which of the
    advice here pays off, and whether a change made it better.

    ## Instead
    Measure with `opentelemetry-instrumentation-fastapi` and the instrumentation of the database driver and the
    HTTP client, or with `prometheus-fastapi-instrumentator` for metrics alone.

    ## Trade-offs
    Some tens of microseconds per request and a place to send the data to.

    ## Monitor
    p50, p95 and p99 per endpoint; error rate; event-loop lag.

    ## When to ignore it
    When a proxy or a mesh measures, and that is enough.
    """

    code = "FP721"
    severity = Severity.INFO
    advice = True
    effort = Effort.HOURS
    watch = "p50, p95 and p99 per endpoint"

    invalid = (
        Invalid(
            """
            @app.get("/1")
            def one() -> int:
                return 1

            @app.get("/2")
            def two() -> int:
                return 2

            @app.get("/3")
            def three() -> int:
                return 3

            @app.get("/4")
            def four() -> int:
                return 4

            @app.get("/5")
            def five() -> int:
                return 5
            """,
            documents={"requirements.txt": "fastapi\n"},
        ),
    )
    valid = (
        Valid(
            """
            @app.get("/1")
            def one() -> int:
                return 1
            """,
            documents={"requirements.txt": "fastapi\nopentelemetry-instrumentation-fastapi\n"},
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        place = application(project)
        count = len(project.routing.endpoints)
        if place is None or count < _ENOUGH or uses(project, _TOOLS):
            return
        yield ProjectMatch(
            *place,
            f"Nothing measures the {count} endpoints: no tracing, metrics or error reporting is installed.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(summary="nothing gets faster by it; everything else here can be told apart"),
            text="no instrumentation",
        )
