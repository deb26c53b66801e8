"""Which files of a project matter to its performance, besides its Python modules."""

from __future__ import annotations

import re

LARGEST_DOCUMENT = 4_000_000

_NAMES = re.compile(
    r"""(?x)
    pyproject\.toml | setup\.cfg | \.gitattributes | uv\.lock | poetry\.lock | pdm\.lock | Pipfile(\.lock)?
    | (.*[-_.])?requirements([-_.].*)?\.(txt|in) | constraints.*\.txt
    | (.+\.)?Dockerfile(\..+)? | Containerfile | Procfile | fly(\..+)?\.toml | (docker-)?compose([-.].+)?\.ya?ml
    | gunicorn.*\.py
    """
)


def is_document(path: str) -> bool:
    """Whether the analysis wants the text of this file (deploy files, requirements, configuration)."""
    folder, _, name = path.rpartition("/")
    if name == "fastperf.toml":
        return folder == ".github" or folder.endswith("/.github")
    if folder.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in")):
        return True
    return _NAMES.fullmatch(name) is not None


def is_python(path: str) -> bool:
    return path.endswith(".py")
