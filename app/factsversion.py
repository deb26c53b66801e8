"""Which facts fit together: those that one and the same engine made."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import rules
from rules.engine.reading.facts import ENGINE_VERSION


@functools.cache
def facts_version() -> str:
    """The engine's version with a digest of its source, so that facts of another build are never read.

    Reads the engine's files once per process.
    """
    digest = hashlib.blake2b(digest_size=8)
    top = Path(rules.__file__).parent
    for folder in ("engine", "libraries"):
        for path in sorted((top / folder).rglob("*.py")):
            digest.update(path.relative_to(top).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{ENGINE_VERSION}-{digest.hexdigest()}"
