from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project

_HANGS = Impact(
    summary="a worker whose event loop hangs stays in rotation and fails every request it gets, until somebody restarts it",
    formula="hung workers / workers = share of failing requests",
)


class WorkerTimeout(ProjectRule):
    """gunicorn with `timeout 0` never replaces a worker that hangs: its share of the requests fails until somebody notices.

    The timeout is a heartbeat of the worker's event loop, not a limit on requests: long awaits do not touch it. What it catches
    is a loop that is blocked for good, by a deadlock or a call without a timeout.

    ## Instead
    Give the worker a limit, `--timeout 60`, above the longest time the loop may be blocked (start-up included),
    and `--graceful-timeout 30`.

    ## Trade-offs
    A worker that blocks its loop for longer is killed with the requests it serves.

    ## Monitor
    Worker restarts, requests in flight per worker.

    ## When to ignore it
    When a liveness probe asks every worker.
    """

    code = "FP713"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "worker restarts and requests in flight per worker"

    invalid = (
        Invalid(
            """
            web: gunicorn shop.main:app -k uvicorn_worker.UvicornWorker --workers 4 --timeout 0
            """,
            path="Procfile",
        ),
    )
    valid = (
        Valid(
            """
            web: gunicorn shop.main:app -k uvicorn_worker.UvicornWorker --workers 4 --timeout 60
            """,
            path="Procfile",
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        deployment = project.deployment
        served = [command for command in deployment.commands if command.server == "gunicorn"]
        told = False
        for command in served:
            given = command.option("--timeout", "-t")
            told = told or given is not None
            if given is not None and given.text == "0" and command.production is not False:
                yield ProjectMatch(
                    command.path,
                    given.line,
                    f"`--timeout 0` of `{command.runs}`: a worker that hangs is never replaced.",
                    impact=_HANGS,
                )
        setting = deployment.gunicorn.get("timeout")
        if setting is not None and setting.number == 0 and served and not told:
            yield ProjectMatch(
                setting.path,
                setting.line,
                "`timeout = 0`: a worker that hangs is never replaced.",
                impact=_HANGS,
            )
