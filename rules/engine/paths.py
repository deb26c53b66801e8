"""What files are for, by their paths."""

from __future__ import annotations

import re

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|tests?_?(?:utils?|helpers?|support|fixtures?|data)|testing_?(?:utils?|helpers?))/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest|fixtures)\.py$"
)
_MIGRATION = re.compile(
    r"(?:^|/)(?:alembic|migrations?)(?:/.*)?/[^/]+\.py$|(?:^|/)versions/(?:[0-9a-f]{6,}|[^/]*(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z]))[^/]*\.py$"
)


def place_of(path: str) -> str:
    """What a file is for, by its path: `app`, `test` or `migration`."""
    if _TEST.search(path):
        return "test"
    return "migration" if _MIGRATION.search(path) else "app"
