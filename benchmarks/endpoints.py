"""Are the endpoints of real projects found, with their whole path?

    python -m benchmarks.endpoints MIRRORS

MIRRORS holds bare clones (`Netflix+dispatch/repo`). `endpoints.toml` names 100 route registrations at fixed commits and
what a person read of each: its method, and its path through every router, prefix and mount. Sources are read from the
clones and never copied here. Prints what differs and the share that is right; exit 1 below `LEAST`.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.analysis.documents import is_python
from app.localgit import LocalRepository
from rules import Endpoint, SourceError, extract
from rules.engine.linking.graph import place_of
from rules.engine.project import Project

HERE = Path(__file__).parent
LEAST = 0.95


def sources(repository: Path, commit: str) -> dict[str, bytes]:
    """The Python files of a commit."""
    local = LocalRepository(repository)
    wanted = {
        path: entry.sha
        for path, entry in local.tree(local.commit(commit)).items()
        if entry.is_file and is_python(path)
    }
    blobs = local.read(wanted.values())
    return {path: blobs[sha] for path, sha in wanted.items() if sha in blobs}


def endpoints(files: Mapping[str, bytes]) -> tuple[Endpoint, ...]:
    facts = {}
    for path, source in files.items():
        if place_of(path) == "test":
            continue
        try:
            facts[path] = extract(path, source)
        except SourceError:
            continue  # said by `check`; nothing can be found in it
    return Project(facts).endpoints


def wrong(routes: Sequence[str], found: Sequence[Endpoint]) -> list[str]:
    """The registrations whose method and path are not among the endpoints of their file (or, registered from
    elsewhere, of any file)."""
    known = {(endpoint.file, endpoint.method, endpoint.path) for endpoint in found}
    anywhere = {(method, path) for _, method, path in known}
    missed = []
    for route in routes:
        place, method, path = route.split(" ", 2)
        file = place.rpartition(":")[0]
        has_handlers = any(endpoint.file == file for endpoint in found)
        if (file, method, path) not in known and (has_handlers or (method, path) not in anywhere):
            missed.append(route)
    return missed


def main(mirrors: Path) -> int:
    projects = tomllib.loads((HERE / "endpoints.toml").read_text())["project"]
    count = right = 0
    for project in projects:
        repository = mirrors / project["mirror"] / "repo"
        missed = wrong(project["routes"], endpoints(sources(repository, project["commit"])))
        count += len(project["routes"])
        right += len(project["routes"]) - len(missed)
        print(f"{project['mirror']}: {len(project['routes']) - len(missed)} of {len(project['routes'])}")
        for route in missed:
            print(f"    {route}")
    print(f"{right} of {count} registrations found with method and path: {right / count:.1%}")
    return 0 if right >= LEAST * count else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
