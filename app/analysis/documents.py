"""Which files of a project matter to its performance, besides its Python modules."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex

LARGEST_DOCUMENT = 4_000_000

_NAMES = regex(
    r"""(?x)
    pyproject\.toml | \.?ruff\.toml | setup\.cfg | \.gitattributes | uv\.lock | poetry\.lock | pdm\.lock | Pipfile(\.lock)?
    | (.*[-_.])?requirements([-_.].*)?\.(txt|in) | constraints.*\.txt
    | (.+\.)?Dockerfile(\..+)? | Containerfile | Procfile | fly(\..+)?\.toml | (docker-)?compose([-.].+)?\.ya?ml
    | gunicorn.*\.py | Caddyfile | (.*[-_.])?nginx.*\.conf(\.template)? | default\.conf(\.template)?
    | supervisord?.*\.conf | .+\.service | render\.ya?ml | railway\.(toml|json) | nixpacks\.toml
    | serverless\.ya?ml | vercel\.json | zappa_settings\.json | samconfig\.toml
    | (docker-)?(entrypoint|start|run|serve|server|boot|launch|gunicorn|uvicorn)[-_.\w]*\.sh
    | (deployment|k8s).*\.ya?ml | Procfile\..+
    """
)
_SQL = regex(
    r"(?i)(?:.*/)?(?:(?:[^/]*[-_.])?(?:migrations?|supabase|schemas?|sql|db|database|initdb|flyway|ddl|postgres(?:ql)?|alembic)[^/]*/.*"
    r"|(?:[^/]*[-_.])?(?:schema|init|tables?|ddl|structure|setup|indexes|create)[^/]*)\.sql"
)
"""What makes tables and their indexes, by its folders or its name; the rest are mostly data and reports."""
_CLUSTER = frozenset(
    {
        "k8s",
        "kubernetes",
        "openshift",
        "manifests",
        "helm",
        "charts",
        "chart",
        "kustomize",
        "deploy",
        "deployment",
    }
)


_LINK = regex(rb"[^\s#'\"()=\[\]]{1,4096}\.py")


def is_link(content: bytes) -> bool:
    """Whether a changed `.py` file is a symbolic link: GitHub gives its target's name as its text, and no mode."""
    return _LINK.fullmatch(content) is not None


_PROJECT = frozenset(
    {
        "pyproject.toml",
        "requirements.txt",
        "setup.cfg",
        "Pipfile",
        "Dockerfile",
        "Containerfile",
        "Procfile",
        "fly.toml",
    }
)


def is_document(path: str) -> bool:
    """Whether the analysis wants the text of this file (deploy files, requirements, configuration)."""
    folder, _, name = path.rpartition("/")
    if name == "fastperf.toml":
        return folder == ".github" or folder.endswith("/.github")
    if folder.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in")):
        return True
    if name.endswith((".yaml", ".yml")) and not _CLUSTER.isdisjoint(folder.lower().split("/")):
        return True
    if name.endswith(".sql"):
        return _SQL.fullmatch(path) is not None
    return _NAMES.fullmatch(name) is not None


def text_of(path: str, content: bytes) -> str:
    """The text of a document. Requirements may be UTF-16, as one shell writes them and pip reads them; TOML may not."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not path.endswith(".toml"):
        return content.decode("utf-16", errors="replace")
    return content.removeprefix(codecs.BOM_UTF8).decode(errors="replace")


def is_python(path: str) -> bool:
    return path.endswith(".py")


def takes_part(path: str) -> bool:
    """Whether a file is part of what a project does: Python, and no test."""
    return is_python(path) and place_of(path) != "test"


def roots(documents: Iterable[str]) -> list[str]:
    """Folders below the repository's own that are projects: each has requirements or a deployment of its own."""
    return sorted(
        {
            folder
            for folder, _, name in (path.rpartition("/") for path in documents)
            if folder and name in _PROJECT
        }
    )
