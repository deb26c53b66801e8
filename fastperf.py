"""The launcher: puts fastperf's own folder first on the path, then starts the command line.

The packages are called `app` and `rules`, as are many packages of the projects we look at.
In the wheel they lie inside `fastperf/`, so that nothing of ours is installed under those names.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)


def main() -> None:
    """Run the command line (`fastperf --help`)."""
    sys.path[:] = [HERE, *(entry for entry in sys.path if entry != HERE)]
    from app.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
