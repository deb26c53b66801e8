from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import (
    Confidence,
    Effort,
    Hop,
    Impact,
    Invalid,
    Match,
    ProjectMatch,
    ProjectRule,
    Severity,
    Valid,
)
from rules.engine.service.one_at_a_time import lambda_entry

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.deployment import Command, Setting
    from rules.engine.module import Module
    from rules.engine.project import Project

_RELOADING = Impact(
    summary="one process, a watcher on every file, and a restart with dropped requests whenever a file is written",
    formula="",
)


class SingleWorkerProdCommand(ProjectRule):
    """A production command with auto-reload, or with one process on several cores, leaves most of the machine unused.

    `--reload` and `fastapi dev` run one process beside a watcher of all files, and start over, dropping requests, whenever one
    changes; workers are ignored. Without `--workers` one process uses one core, and one blocked event loop is the whole
    service.

    ## Instead
    Start about one process per core: `fastapi run app/main.py --workers 4`, or `uvicorn app.main:app --workers
    4`; one each where an orchestrator runs several replicas.

    ## Trade-offs
    Each process has its own memory, caches and connection pools.

    ## Monitor
    Processor use per core, event-loop lag.

    ## When to ignore it
    When the orchestrator starts one process per container and several containers.
    """

    code = "FP711"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "processor use per core"

    invalid = (
        Invalid(
            """
            FROM python:3.13-slim
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0", "--reload"]
            """,
            path="Dockerfile",
        ),
    )
    valid = (
        Valid(
            """
            FROM python:3.13-slim
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0", "--workers", "4"]
            """,
            path="Dockerfile",
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        deployment = project.deployment
        for command in deployment.production:
            reload = _reload(command)
            if reload and _has_other_arm(command, deployment.production):
                continue
            if reload:
                yield ProjectMatch(
                    command.path,
                    command.line,
                    f"`{reload}` in a production command: one process, and every changed file restarts it.",
                    confidence=Confidence.POSSIBLE
                    if _is_started_otherwise(command, deployment.commands)
                    or lambda_entry(command.path, project)
                    else Confidence.CERTAIN,
                    impact=_RELOADING,
                    instead=f"Leave `{reload}` out of this command; reload in development only.",
                )
            elif _is_single(command, project):
                yield ProjectMatch(
                    command.path,
                    command.line,
                    f"`{command.runs}` starts one process: it uses one core, however many the machine has.",
                    severity=Severity.INFO,
                    confidence=Confidence.POSSIBLE,
                    impact=Impact(
                        summary="throughput of processor-bound work grows with the number of processes"
                    ),
                )

    def concerns(self, callee: Callee) -> bool:
        return callee.name == "uvicorn.run"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`uvicorn.run(…, reload=True)` in a file that production starts."""
        if module.qualified_name(node.func) != "uvicorn.run":
            return
        reload = next((keyword.value for keyword in node.keywords if keyword.arg == "reload"), None)
        if not (isinstance(reload, ast.Constant) and reload.value is True):
            return
        started = next(
            (setting for setting in module.project.deployment.programs if _starts(setting, module)), None
        )
        if started is not None:
            yield Match(
                node,
                "`reload=True` in a file that production starts: one process, and every changed file restarts it.",
                confidence=Confidence.LIKELY,
                related=(Hop(started.path, started.line, f"python {started.value}"),),
                impact=_RELOADING,
                instead="Take `reload` from the environment, off by default.",
            )


def _reload(command: Command) -> str:
    if command.server == "fastapi" and len(command.words) > 1 and command.words[1].text == "dev":
        return "fastapi dev"
    flag = command.has("--reload")
    return flag.text if flag is not None and flag.text != "--reload=false" else ""


def _has_other_arm(command: Command, others: tuple[Command, ...]) -> bool:
    """Whether the same script starts the same application without reloading too: one arm is for developers."""
    return command.kind == "script" and any(
        each.path == command.path and each.application == command.application and not _reload(each)
        for each in others
    )


def _is_started_otherwise(command: Command, others: tuple[Command, ...]) -> bool:
    """Whether something beside it starts the same application without reloading, so that this one may be for developers.
    What a cluster is told counts for its development stage too: that has another command than the image's, so production
    has one of its own."""
    folder = command.path.rpartition("/")[0]
    return any(
        not _reload(each)
        and (each.production or each.kind == "kubernetes")
        and (each.application in ("", command.application) or each.application.startswith("$"))
        and (each.path.rpartition("/")[0] == folder or each.kind in ("kubernetes", "compose", "procfile"))
        for each in others
    )


def _is_single(command: Command, project: Project) -> bool:
    """Whether nothing anywhere starts more: no workers, no replicas, nothing that is not plainly written."""
    deployment = project.deployment
    if (
        command.server not in ("uvicorn", "fastapi", "gunicorn")
        or deployment.replicas
        or deployment.serverless
    ):
        return False
    return deployment.workers(command) is None and not command.is_template


def _starts(setting: Setting, module: Module) -> bool:
    """Whether a document's `python main.py` is this file: the one beside the document, where there is one."""
    started = setting.value or ""
    if not started.endswith(".py"):
        return module.name in (started, f"{started}.__main__")
    wanted = started.removeprefix("./").lstrip("/")
    folder = setting.path.rpartition("/")[0]
    beside = f"{folder}/{wanted}" if folder else wanted
    if beside in module.project.files:
        return module.path == beside
    if module.path == wanted or wanted.endswith(f"/{module.path}"):
        return True
    return module.path.endswith(f"/{wanted}") and not _is_served_beside(setting, module)


def _is_served_beside(setting: Setting, module: Module) -> bool:
    """Whether documents in the file's own folder start the application, so that another's `main.py` is another file."""
    folder = module.path.rpartition("/")[0]
    return setting.path.rpartition("/")[0] != folder and any(
        command.path.rpartition("/")[0] == folder for command in module.project.deployment.production
    )
