from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.rule import Confidence, Effort, Impact, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project
_FOUR_WORKERS = {"Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "shop.main:app", "--workers", "4"]\n'}


class NoUvloop(ProjectRule):
    """Plain `uvicorn` runs on asyncio's own loop and parses HTTP in Python; its `standard` extra brings faster ones.

    uvloop and httptools are used by themselves when they are installed. The gain is small where requests wait for a database, a few
    percent to a fifth where they are short.

    ## Instead
    Require `uvicorn[standard]` (or `fastapi[standard]`), or `uvloop` and `httptools` themselves.

    ## Trade-offs
    Two compiled packages more; uvloop does not run on Windows.

    ## Monitor
    Requests per second of trivial endpoints.

    ## When to ignore it
    When processor time is no concern.
    """

    code = "FP715"
    severity = Severity.INFO
    advice = True
    effort = Effort.MINUTES
    watch = "requests per second of trivial endpoints"

    invalid = (
        Invalid(
            """
            fastapi
            uvicorn
            """,
            path="requirements.txt",
            documents=_FOUR_WORKERS,
        ),
    )
    valid = (
        Valid(
            """
            fastapi
            uvicorn[standard]
            """,
            path="requirements.txt",
            documents=_FOUR_WORKERS,
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        named = project.requirements
        if "uvicorn" not in named or "standard" in named["uvicorn"] or "uvloop" in named:
            return
        if {"standard", "all", "standard-no-fastapi-cloud-cli"} & named.get("fastapi", frozenset()):
            return
        if not any(command.server == "uvicorn" for command in project.deployment.production):
            return
        for path, text in sorted(project.documents.items()):
            if path.endswith((".lock", ".yml", ".yaml")):
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if re.match(r"""\s*["']?uvicorn\b(?!\.)["'\s]*(?:[=<>~!;,]|$)""", line):
                    yield ProjectMatch(
                        path,
                        number,
                        "`uvicorn` without its `standard` extra runs on asyncio's own loop and parses HTTP in Python.",
                        confidence=Confidence.LIKELY,
                        impact=Impact(
                            summary=(
                                f"{estimates.span(*estimates.STANDARD_TIMES)} times less processor time for a trivial"
                                " endpoint; not shown for endpoints that query"
                            ),
                            formula="0.06–0.1 ms of processor time less per request (loop and parser in C)",
                            assumptions={"endpoint": "trivial"},
                            measured=True,
                        ),
                    )
                    return
