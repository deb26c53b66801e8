from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import (
    Confidence,
    Effort,
    Hop,
    Impact,
    Invalid,
    ProjectMatch,
    ProjectRule,
    Severity,
    Valid,
)

if TYPE_CHECKING:
    from rules.engine.linking.deployment import Command
    from rules.engine.project import Project

_DEFAULTS = {"uvicorn": 5, "fastapi": 5, "hypercorn": 5, "gunicorn": 2}
_FLAGS = {
    "uvicorn": ("--timeout-keep-alive",),
    "hypercorn": ("--keep-alive",),
    "gunicorn": ("--keep-alive",),
    "fastapi": (),
}
_PROXY = {"nginx.conf": "upstream shop {\n    server shop:8000;\n    keepalive 32;\n}\n"}


class KeepAliveMismatch(ProjectRule):
    """A server that closes idle connections before its proxy does makes the proxy send requests into closed ones: sporadic 502s.

    uvicorn closes a connection after 5 idle seconds, nginx with `keepalive` keeps it for 60. In the moment both disagree the
    proxy sends a request on a connection that is going away, and answers 502; requests that change something are not
    even repeated.

    ## Instead
    Let the server keep connections longer than whoever is in front: `--timeout-keep-alive 75` behind nginx's 60
    seconds.

    ## Trade-offs
    Idle connections stay open a little longer.

    ## Monitor
    502 answers of the proxy, connection resets.

    ## When to ignore it
    When the proxy in the repository is not the one in front of this server.
    """

    code = "FP618"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "502 answers of the proxy"

    invalid = (
        Invalid(
            """
            FROM python:3.13-slim
            CMD ["uvicorn", "shop.main:app", "--workers", "4"]
            """,
            path="Dockerfile",
            documents=_PROXY,
        ),
    )
    valid = (
        Valid(
            """
            FROM python:3.13-slim
            CMD ["uvicorn", "shop.main:app", "--workers", "4", "--timeout-keep-alive", "75"]
            """,
            path="Dockerfile",
            documents=_PROXY,
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        deployment = project.deployment
        proxy = max(deployment.proxies, key=lambda proxy: proxy.seconds, default=None)
        if proxy is None:
            return
        for command in deployment.commands:
            if command.production is False or command.server not in _DEFAULTS or command.is_template:
                continue
            seconds = _seconds(command, project)
            if seconds is None or seconds >= proxy.seconds:
                continue
            yield ProjectMatch(
                command.path,
                command.line,
                f"`{command.runs}` closes idle connections after {seconds} s, {proxy.kind} keeps them for {proxy.seconds} s: now"
                " and then a request meets a closed one and becomes a 502.",
                confidence=Confidence.POSSIBLE,
                related=(Hop(proxy.path, proxy.line, proxy.kind),),
                impact=Impact(
                    summary="a failed request (bad gateway) now and then on connections that were idle for about as long as the server keeps them",
                    formula="server keep-alive > proxy keep-alive",
                    assumptions={"server_seconds": seconds, "proxy_seconds": proxy.seconds},
                ),
                instead=f"Let the server keep them for longer than {proxy.kind} does: `--timeout-keep-alive {proxy.seconds + 15}`."
                if command.server == "uvicorn"
                else "",
            )


def _seconds(command: Command, project: Project) -> int | None:
    given = command.option(*_FLAGS[command.server])
    if given is not None:
        return int(given.text) if re.fullmatch(r"[0-9]{1,9}", given.text) else None
    if command.server == "gunicorn" and "keepalive" in project.deployment.gunicorn:
        return project.deployment.gunicorn["keepalive"].number
    if command.server == "gunicorn" and command.option("-c", "--config") and not project.deployment.gunicorn:
        return None
    return _DEFAULTS[command.server]
