"""Where each instance has one request at a time: on AWS Lambda, behind Mangum or the adapter that speaks HTTP to a server,
on Cloud Run where its services are told so, and on Modal unless its functions say otherwise."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.reading.regexes import regex
from rules.engine.service.unserved import what_commands_start

if TYPE_CHECKING:
    from rules.engine.project import Project

_MANGUM = "mangum.Mangum"
_ADAPTER = regex(r"^[^\S\r\n]*(?:COPY|ENV)\b.*(?:lambda-adapter|\bAWS_LWA_)", re.MULTILINE)

_DESCRIBED = regex(
    r"\b(?:containerConcurrency|container_concurrency|max_instance_request_concurrency|maxInstanceRequestConcurrency)[\"']?\s*[:=]\s*[\"']?(\d+)"
)
_DEPLOYED = regex(r"gcloud\s+(?:(?:alpha|beta)\s+)?run\s+(?:deploy|services\s+update)\b")
_OPTION = regex(r"--concurrency[=\s]+[\"']?(\d+)")


def single_entry(path: str, project: Project) -> str:
    """What says that a file serves one request at a time, as a sentence goes on after its name; empty when nothing does."""
    if entry := lambda_entry(path, project):
        return f"`{entry}` is for Lambda, where an instance has one request at a time"
    if entry := _run_singly(project) or _on_modal(project, path):
        return f"`{entry}` gives each container one request at a time"
    return ""


@once
def _run_singly(project: Project) -> str:
    """A file that describes containers of Cloud Run which take one request at a time, where none takes more."""
    found = {path: set(each.facts.concurrency) for path, each in project.resolver.modules.items()}
    for path, text in project.documents.items():
        told = {int(number) for number in _DESCRIBED.findall(text)}
        if _DEPLOYED.search(text):
            told |= {int(number) for number in _OPTION.findall(text)}
        found[path] = told
    if set().union(*found.values()) != {1}:
        return ""
    return min(path for path, told in found.items() if told)


@once
def _on_modal(project: Project, path: str) -> str:
    """The file that serves another on Modal, where no command starts a program that imports that too."""
    modules = project.resolver.modules
    serving = {each: set(module.facts.on_modal) for each, module in modules.items() if module.facts.on_modal}
    entries = [each for each in sorted(serving) if path in project.imported_from((each,))]
    if not entries or any(serving[each] != {1} for each in entries):
        return ""
    for _, name in what_commands_start(project):
        started = [each for each in modules if f"/{each.removesuffix('.py')}".endswith(f"/{name}")]
        if not started or path in project.imported_from(started):
            return ""
    return entries[0]


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
