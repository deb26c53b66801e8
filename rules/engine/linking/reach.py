"""Which files the service loads, going by imports: what begins with its endpoints and what those import."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from rules.engine.project import Project

_known: WeakKeyDictionary[Project, frozenset[str]] = WeakKeyDictionary()


def is_beside_service(path: str, project: Project) -> bool:
    """Whether neither a file with endpoints nor what it imports loads this one: training, preparation, tools.

    Imports by name are not seen, so that this lowers a claim and never silences it.
    """
    loaded = _known.get(project)
    if loaded is None:
        loaded = _known[project] = _loaded(project)
    return bool(loaded) and path not in loaded


def _loaded(project: Project) -> frozenset[str]:
    waiting = [endpoint.handler.path for endpoint in project.routing.endpoints]
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in found or path not in project.resolver.modules:
            continue
        found.add(path)
        waiting.extend(project.imports_of(path))
    return frozenset(found)
