"""What project advice needs: where the application is, what the project uses, which endpoints do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules.engine.linking.versions import normalised

if TYPE_CHECKING:
    from rules.engine.linking.routing import EndpointNode
    from rules.engine.project import Project


def application(project: Project) -> tuple[str, int] | None:
    """The place of the first application that has endpoints or routers."""
    if not project.routing.endpoints:
        return None
    apps = sorted(key for key, router in project.routing.routers.items() if router.is_app)
    for path, name in apps:
        for (other, _), node in project.graph.nodes.items():
            if other != path:
                continue
            for call in node.function.calls:
                if call.target.lstrip("@") == name or name == f"{node.symbol}.{call.line}":
                    return path, call.line
    return (apps[0][0], 1) if apps else None


def uses(project: Project, distributions: Iterable[str]) -> bool:
    """Whether the project names one of the distributions, or imports a package of that name. `x*` stands for a prefix."""
    names = set(project.requirements)
    for found in project.files.values():
        names.update(normalised(name) for name in found.imports)
    for wanted in distributions:
        if wanted.endswith("*"):
            if any(name.startswith(wanted[:-1]) for name in names):
                return True
        elif wanted in names:
            return True
    return False


def reaching_out(project: Project) -> Iterator[tuple[EndpointNode, str]]:
    """Endpoints that call something outside the machine, with the callable they reach."""
    for endpoint in project.routing.endpoints:
        summary = project.summaries.of(endpoint.handler)
        if summary.external:
            yield endpoint, summary.external[0].callable
