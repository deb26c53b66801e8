"""The launcher: puts fastperf's own folder first on the path, then starts the command line.

The packages are called `app` and `rules`, as are many packages of the projects we look at.
In the wheel they lie inside `fastperf/`, so that nothing of ours is installed under those names.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib's imports could be the project's files

if "__path__" not in globals():
    # In a checkout this is a module: the plugin of pytest, `fastperf/pytest.py` in the wheel, lies elsewhere.
    __path__ = [os.path.join(HERE, "app", "plugin")]  # noqa: PTH118 - as above


def main() -> None:
    """Run the command line (`fastperf --help`)."""
    sys.path[:] = own_path(sys.path, os.environ.get("PYTHONPATH", ""))
    from app.cli import main as command_line

    command_line()


def own_path(entries: list[str], python_path: str) -> list[str]:
    """`entries` so that no module of the project we stand in is taken for a library of ours.

    Our folder comes first, what PYTHONPATH added comes last, the current folder not at all.
    """
    current = os.getcwd()  # noqa: PTH109 - as above
    added = {os.path.abspath(entry) for entry in python_path.split(os.pathsep) if entry}  # noqa: PTH100 - as above
    installed, later = [], []
    for entry in entries:
        place = os.path.abspath(entry)  # noqa: PTH100 - as above
        if place not in (HERE, current):
            (later if place in added else installed).append(entry)
    return [HERE, *installed, *later]


if __name__ == "__main__":
    main()
