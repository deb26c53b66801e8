"""Images in which each instance has one request at a time: of AWS Lambda, with the adapter that speaks HTTP to a server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.project import Project

_ADAPTER = regex(r"^[^\S\r\n]*(?:COPY|ENV)\b.*(?:lambda-adapter|\bAWS_LWA_)", re.MULTILINE)


def lambda_image(path: str, project: Project) -> str:
    """The image that serves a file on Lambda; empty when something else serves it too, or nobody knows."""
    return _lambda_image(project, path.rpartition("/")[0])


@once
def _lambda_image(project: Project, folder: str) -> str:
    serving = {command.path for command in project.deployment.commands if command.production is not False}
    near = {path for path in serving if f"{folder}/".startswith(path[: path.rfind("/") + 1])}
    images = sorted(near or serving)
    if not images or not all(_ADAPTER.search(project.documents.get(path, "")) for path in images):
        return ""
    return images[0]
