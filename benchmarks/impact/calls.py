"""Drives the calls of `benchmarks/impact/threads/` in the environments that have them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.impact.environments import environment
from benchmarks.impact.threads import packages

ROOT = Path(__file__).parents[2]
THREADS = Path(__file__).parent / "threads"
PLACES: Sequence[tuple[str, Sequence[str] | Path, Sequence[str]]] = (
    (
        ".venv-computing",
        packages.COMPUTING,
        ("hashing", "standard", "frames", "images", "documents", "serialising", "learnt", "science"),
    ),
    (".venv-waiting", THREADS / "waiting.txt", ("waiting", "statements")),
    (".venv-sdks", THREADS / "sdks.txt", ("sdks",)),
)
"""Environments, what they have (a list, or a lock with hashes), and the modules whose calls run in them."""


def measure() -> dict[str, dict[str, Any]]:
    """`{"threads": …, "unmeasured": …}`, by qualified name, as `rules/libraries` has them."""
    found: dict[str, dict[str, Any]] = {"threads": {}, "unmeasured": {}}
    for name, wanted, modules in PLACES:
        python = environment(name, wanted, with_uv=True)
        with tempfile.TemporaryDirectory() as folder:
            for module in modules:
                result = Path(folder, f"{module}.json")
                command = [
                    str(python),
                    "-W",
                    "ignore",
                    "-m",
                    "benchmarks.impact.threads",
                    str(result),
                    module,
                ]
                subprocess.run(command, cwd=ROOT, check=True)
                for part, seen in json.loads(result.read_text()).items():
                    found[part] |= seen
    return found


def among(document: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The parts of the document with these results among the old ones."""
    threads = {**document.get("threads", {}), **found["threads"]}
    unmeasured = {**document.get("unmeasured", {}), **found["unmeasured"]}
    return {
        "threads": dict(sorted(threads.items())),
        "unmeasured": {
            name: why
            for name, why in sorted(unmeasured.items())
            if not any(tried == name or tried.startswith(f"{name}.") for tried in threads)
        },
    }
