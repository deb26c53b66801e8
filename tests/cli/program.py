"""Running the command line as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LAUNCHER = Path(__file__).resolve().parents[2] / "fastperf.py"


def fastperf(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `fastperf` in `folder`, its output in a pipe."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERF_")}
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *map(str, arguments)],
        cwd=folder,
        env=inherited | dict(environment or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
