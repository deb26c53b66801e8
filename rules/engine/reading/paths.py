"""What files are for, by their paths."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TypeVar

from rules.engine.reading.regexes import regex

Part = TypeVar("Part")

_TEST = regex(
    r"(?:^|/)(?:tests?|testing|tests?_?(?:utils?|helpers?|support|fixtures?|data)|testing_?(?:utils?|helpers?))/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest|fixtures)\.py$"
)
_MIGRATION = regex(
    r"(?:^|/)(?:alembic|migrations?)(?:/.*)?/[^/]+\.py$|(?:^|/)versions/(?:[0-9a-f]{6,}|[^/]*(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z]))[^/]*\.py$"
)

_EXAMPLE = regex(
    r"(?:^|/)(?:examples?|samples?|demos?|tutorials?|notebooks|cookbooks?|benchmarks?|evals?|(?:[^/]*[-_])?starter[-_]kit)/"
)


@functools.lru_cache(maxsize=16_384)
def is_example(path: str) -> bool:
    """Whether a file shows or tries what the project does: nothing of the project is there for it."""
    return _EXAMPLE.search(path) is not None


@functools.lru_cache(maxsize=16_384)  # each question about all files asks it for each
def place_of(path: str) -> str:
    """What a file is for, by its path: `app`, `test` or `migration`."""
    if _TEST.search(path):
        return "test"
    return "migration" if _MIGRATION.search(path) else "app"


def nearest(parts: Mapping[str, Part], path: str, otherwise: Part) -> Part:
    """What the innermost folder around `path`, or `path` itself, has in `parts`."""
    folder = path if parts else ""
    while folder:
        if folder in parts:
            return parts[folder]
        folder = folder.rpartition("/")[0]
    return otherwise
