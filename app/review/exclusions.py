"""Changed files that a review leaves out on purpose, each with its reason. They never change a conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.github.models import ChangedFile
from app.review.config import Config
from app.review.paths import says_generated
from rules.engine.finding import Skipped


def by_path(files: Iterable[ChangedFile], config: Config) -> list[Skipped]:
    """Those that the configuration, `.gitattributes` or their names exclude, and notebooks."""
    left_out: list[Skipped] = []
    for file in files:
        if file.status == "removed":
            continue
        if file.path.endswith(".py") and (reason := config.exclusion(file.path)):
            left_out.append(Skipped(file.path, reason))
        elif file.path.endswith(".ipynb"):
            left_out.append(Skipped(file.path, "a notebook"))
    return left_out


def by_header(
    before: Mapping[str, bytes], after: Mapping[str, bytes], renamed: Mapping[str, str]
) -> list[Skipped]:
    """Those whose first comment says that a program wrote them, at the merge base already.

    A change cannot take a file out of its own review: what only the head says does not count.
    """
    return [
        Skipped(path, "generated: its first lines say so")
        for path, source in after.items()
        if says_generated(source) and says_generated(before.get(renamed.get(path, path), b""))
    ]
