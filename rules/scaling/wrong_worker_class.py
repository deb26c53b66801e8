from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.rule import Effort, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.deployment import Command
    from rules.engine.project import Project

_IMAGES = regex(r"tiangolo/(?:uvicorn|meinheld)-gunicorn")
_APP = {"shop/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}


class WrongWorkerClass(ProjectRule):
    """gunicorn's default worker speaks WSGI: it cannot serve an ASGI application, every request fails.

    Without a worker class gunicorn calls the FastAPI application as if it were WSGI, and every request ends in an error
    500. The class `uvicorn.workers.UvicornWorker` still works, but it moved to a package of its own.

    ## Instead
    Name the worker: `gunicorn app.main:app -k uvicorn_worker.UvicornWorker` (package `uvicorn-worker`), or start
    `uvicorn app.main:app --workers 4` and drop gunicorn.

    ## Monitor
    Responses with status 5xx right after a deployment.

    ## When to ignore it
    When the application given to gunicorn is wrapped into a WSGI application by other means.
    """

    code = "FP712"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "responses with status 5xx after a deployment"

    invalid = (
        Invalid(
            """
            FROM python:3.13-slim
            CMD ["gunicorn", "shop.main:app", "--workers", "4"]
            """,
            path="Dockerfile",
            documents=_APP,
        ),
    )
    valid = (
        Valid(
            """
            FROM python:3.13-slim
            CMD ["gunicorn", "shop.main:app", "--workers", "4", "-k", "uvicorn_worker.UvicornWorker"]
            """,
            path="Dockerfile",
            documents=_APP,
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        deployment = project.deployment
        settings = deployment.gunicorn
        managed = any(image.value and _IMAGES.search(image.value) for image in deployment.images)
        for command in deployment.commands:
            if command.server != "gunicorn" or command.production is False or command.is_template:
                continue
            given = command.option("-k", "--worker-class")
            if given is not None or managed or "worker_class" in settings:
                continue
            if any(setting.name == "GUNICORN_CMD_ARGS" for setting in deployment.environment):
                continue
            if command.option("-c", "--config") is not None and not settings:
                continue  # in a file that we do not see
            application = _application(command, project)
            if application:
                yield ProjectMatch(
                    command.path,
                    command.line,
                    f"`{command.runs}` has no worker class: gunicorn's default speaks WSGI, so the FastAPI application"
                    f" `{application}` answers every request with an error.",
                )


def _application(command: Command, project: Project) -> str:
    """The FastAPI application that a command serves, when it is one of the project."""
    for word in command.words:
        module, colon, name = word.text.strip("\"'").partition(":")
        if not colon or not name:
            continue
        beside = posixpath.join(posixpath.dirname(command.path), f"{module.replace('.', '/')}.py")
        for path, own in project.routing.routers:
            if beside in project.files and path != beside:
                continue  # `main:app` of another service's folder
            linked = project.resolver.modules[path]
            known = (
                module == linked.name
                or module.endswith(f".{linked.name}")
                or linked.name.endswith(f".{module}")
            )
            if known and own == name and project.routing.routers[path, own].is_app:
                return word.text
    return ""
