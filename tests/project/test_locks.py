"""Lock files are portable: they name packages, versions and hashes, and no place to get them from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))


def requirements(lock: Path) -> list[str]:
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_no_address(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links|--extra-index|@ file", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_each_requirement_is_pinned_and_hashed(lock: Path) -> None:
    assert requirements(lock)
    for requirement in requirements(lock):
        assert re.match(r"^[a-z0-9._-]+(\[[a-z,]+\])?==\S+", requirement, re.IGNORECASE), requirement
        assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.txt", ()), ("requirements-dev.txt", ("dev",))], ids=["runtime", "dev"]
)
def test_every_declared_dependency_is_locked(lock: str, groups: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for group in groups:
        declared += project["optional-dependencies"][group]
    for own in [item for item in declared if item.startswith("fastperf[")]:  # our own extras
        declared.remove(own)
        for extra in own.partition("[")[2].rstrip("]").split(","):
            declared += project["optional-dependencies"][extra]
    names = {re.split(r"[\[<>=!~ ]", item, maxsplit=1)[0].lower() for item in declared}
    locked = {re.split(r"[\[=]", item, maxsplit=1)[0].lower() for item in requirements(ROOT / lock)}
    assert names <= locked
