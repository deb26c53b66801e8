"""Projects that one person runs on a machine of their own: nobody else waits there while a row is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said, once
from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.libraries.drivers import SERVER_DRIVERS

if TYPE_CHECKING:
    from rules.engine.project import Project
    from rules.engine.reading.facts import Argument, ModuleFacts

_SAYS_SO = regex(
    r"\blocal[- ]first\b|\bsingle[- ](?:user|owner)\b(?! interface)"
    r"|\bdesktop[- ](?:app|application|client|tool|assistant|companion)\b"
    r"|\b(?:emulator|simulator)\b(?= *(?:api|backend|server|service)?[.!]?$)|\bmock (?:server|service|api)\b",
    re.IGNORECASE,
)
"""What a tool for one person, or a stand-in for another system, calls itself."""
_DESCRIBED = regex(r"^description\s*=\s*\"([^\"\n]+)\"|^description\s*=\s*'([^'\n]+)'", re.MULTILINE)
_TELLING = frozenset({"fastapi", "uvicorn", "webbrowser", "webview", "pystray"})
"""Packages of which a file imports one that says what somebody starts."""
_WINDOWS = frozenset({"webbrowser.open", "webbrowser.open_new", "webbrowser.open_new_tab"})
"""What shows a page to whoever sits at the machine."""
_WINDOWED = frozenset({"webview", "pystray"})
_OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_ADDRESSES = _OWN_MACHINE | {"0.0.0.0", "::"}  # noqa: S104 - looked for, not bound
_DEPLOYING = regex(
    r"(?:.+\.)?Dockerfile(?:\..+)?|Containerfile|Procfile|fly(?:\..+)?\.toml|(?:docker-)?compose(?:[-.].+)?\.ya?ml"
    r"|.+\.service|render\.ya?ml|railway\.(?:toml|json)|serverless\.ya?ml|vercel\.json|samconfig\.toml|zappa_settings\.json"
)
"""The names of documents of what is served to others."""

_TITLE, _HOST, _WINDOW = "title", "host", "window"
_ASKED_FOR = ("rps", "concurrency")
"""Keys of the configuration that say how many ask."""


def taken_for_local(project: Project) -> str:
    """Why a project is taken for a tool on somebody's own machine, as a sentence goes on after "because"; empty where it is not,
    or where its configuration says how much it is asked."""
    options = project.options
    if any(key in each.context for each in (options, *options.parts.values()) for key in _ASKED_FOR):
        return ""
    return _reason(project)


@once
def _reason(project: Project) -> str:
    if SERVER_DRIVERS & project.requirements.keys():
        return ""  # its rows are somewhere else
    if any(_DEPLOYING.fullmatch(path.rpartition("/")[2]) for path in project.documents):
        return ""
    said = [each for each in _told(project) if isinstance(each, tuple)]
    for path, text in sorted(project.documents.items()):
        if path.rpartition("/")[2] != "pyproject.toml":
            continue
        if (found := _DESCRIBED.search(text)) and (words := _SAYS_SO.search(found[1] or found[2])):
            return f"`{path}` calls it `{words[0]}`"
    for kind, text in sorted(said):
        if kind == _TITLE and (words := _SAYS_SO.search(text)):
            return f"the application calls itself `{words[0]}`"
    hosts = {text for kind, text in said if kind == _HOST}
    if not hosts or hosts - _OWN_MACHINE:
        return ""
    windows = sorted(text for kind, text in said if kind == _WINDOW)
    return f"it serves `{min(hosts)}` only and opens a window (`{windows[0]}`)" if windows else ""


def _telling(path: str, facts: ModuleFacts) -> Iterator[tuple[str, str]]:
    if place_of(path) != "app":
        return
    for name, held in facts.members.items():
        if held[:1] == "'" and name.upper().endswith("HOST") and held[1:] in _ADDRESSES:
            yield _HOST, held[1:]
    if _TELLING.isdisjoint(facts.imports):
        return
    for package in _WINDOWED.intersection(facts.imports):
        yield _WINDOW, package
    for function in facts.functions:
        for call in function.calls:
            if call.ref in _WINDOWS:
                yield _WINDOW, call.ref
            elif call.ref in ("fastapi.FastAPI", "uvicorn.run", "uvicorn.Config"):
                yield from _of_call(call.ref, call.arguments or ())


def _of_call(ref: str, arguments: Sequence[Argument]) -> Iterator[tuple[str, str]]:
    for argument in arguments:
        if (
            argument.name in ("title", "description", "summary")
            and ref == "fastapi.FastAPI"
            and argument.literal
        ):
            yield _TITLE, argument.literal
        if argument.name == "host" and ref != "fastapi.FastAPI" and argument.literal:
            yield _HOST, argument.literal


_told = Said(_telling)
"""What the files of a project say of how it is started and what it is."""
