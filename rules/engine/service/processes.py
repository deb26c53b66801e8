"""Whether more than one process serves the application: the configuration's word, else what the deployment's files prove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.finding import Hop
from rules.engine.linking.deployment import Setting

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

_TOLD = "the configuration"


def is_told(project: Project) -> bool:
    """Whether the deployment's files say how many workers there are."""
    served = project.deployment
    return any((workers := served.workers(each)) and workers.number for each in served.production)


def several(module: Module) -> Setting | None:
    """What says so; its `value` is how many. Replicas count besides workers that are told."""
    found = module.project.deployment.several_processes()
    workers = round(estimates.assumption(module.options, "workers", 0))
    if not workers:
        return found
    if workers > 1:
        return Setting(_TOLD, 0, "workers", str(workers))
    return found if found is not None and found in module.project.deployment.replicas else None


def place_of(setting: Setting) -> Iterator[Hop]:
    """Where it stands in the project; the configuration may be anybody's."""
    if setting.line:
        yield Hop(setting.path, setting.line, setting.name)
