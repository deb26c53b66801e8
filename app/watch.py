"""Waiting for the next change of a project's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter, watch

from app.analysis.documents import is_document, is_python

START_MS: Final = 200
"""The watcher is sure to be at work after so long."""


class _Analysable(DefaultFilter):
    """Python and the documents that the engine reads; not what tools and editors leave behind."""

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and (is_python(path) or is_document(Path(path).name))


def changes(root: Path) -> Iterator[list[str]]:
    """First an empty list, when nothing can be missed any more; then paths below `root` that changed together, again
    and again. Ends when the user interrupts."""
    started = False
    for changed in watch(
        root, watch_filter=_Analysable(), raise_interrupt=False, yield_on_timeout=True, rust_timeout=START_MS
    ):
        if changed or not started:
            started = True
            yield sorted({Path(path).relative_to(root).as_posix() for _, path in changed})
