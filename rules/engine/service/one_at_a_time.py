"""Where each instance has one request at a time: on AWS Lambda, behind Mangum or the adapter that speaks HTTP to a server."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.project import Project

_MANGUM = "mangum.Mangum"
_ADAPTER = regex(r"^[^\S\r\n]*(?:COPY|ENV)\b.*(?:lambda-adapter|\bAWS_LWA_)", re.MULTILINE)


def lambda_entry(path: str, project: Project) -> str:
    """The image, or the file with `Mangum(app)`, that serves a file on Lambda; empty when something else serves it too, or
    nobody knows."""
    folder = path.rpartition("/")[0]
    return _lambda_image(project, folder) or _handler(project, folder)


@once
def _handler(project: Project, folder: str) -> str:
    """A command that loads code anew whenever it changes serves a developer, not a production."""
    handlers = [path for path, module in project.resolver.modules.items() if _MANGUM in module.facts.modules]
    served = any(
        command.production is not False and command.has("--reload") is None
        for command in project.deployment.commands
    )
    if not handlers or served:
        return ""
    return max(handlers, key=lambda path: (len(posixpath.commonpath(["/" + folder, "/" + path])), path))


@once
def _lambda_image(project: Project, folder: str) -> str:
    serving = {command.path for command in project.deployment.commands if command.production is not False}
    near = {path for path in serving if f"{folder}/".startswith(path[: path.rfind("/") + 1])}
    images = sorted(near or serving)
    if not images or not all(_ADAPTER.search(project.documents.get(path, "")) for path in images):
        return ""
    return images[0]
