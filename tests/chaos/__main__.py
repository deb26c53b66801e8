"""`make chaos`: faults by a seeded schedule for a given time, on SQLite and on PostgreSQL, and what they left.

Ends with status 1 when anything is not as it must be: one completed check run for each head, one review at most,
every acknowledged delivery done, no check run left in progress, no process left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import math
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.app.prepared_workers import workshop
from tests.fakegithub import FakeGitHub

from . import matrix, operators
from .postgres import empty_database, running
from .prepared_servers import hatchery
from .storm import Storm, seen_points


async def blow(database: str, folder: Path, seed: int, seconds: float, machines: int) -> Storm:
    async with (
        FakeGitHub(root=folder / "github") as github,
        Storm(github, database, folder, seed, machines=machines, points=True) as storm,
    ):
        assert storm.points_file is not None
        storm.be_slow_once()
        pull = await storm.open(slow=True)
        await storm.rest()
        await storm.push(pull, slow=False)
        await storm.push(pull, slow=True)
        await storm.rest()
        await storm.blow(seconds, seen_points(storm.points_file), operators.FAULTS)
        await storm.judge()
        await github.settle()
        storm.violations += [*github.violations, *github.schema_faults]
        return storm


def tell(title: str, storm: Storm) -> None:
    print(f"\n{title}")
    for name, count in sorted(storm.counts.items()):
        print(f"  {count:6d}  {name}")
    print(f"  {len(storm.violations):6d}  violations")
    for violation in storm.violations:
        print(f"          {violation}")


async def crash(
    databases: Sequence[str], folder: Path, server: str, seed: int, workers: str, servers: str, seconds: float
) -> int:
    """All points of each database, side by side; how much was not as it must be."""
    places: dict[str, list[str]] = {}
    if "sqlite" in databases:
        places["SQLite"] = [f"sqlite:///{folder}/{number}.db" for number in range(3)]
    if "postgresql" in databases:
        places["PostgreSQL"] = [empty_database(server) for _ in range(3)]
    for name in places:
        (folder / name).mkdir()
    until = time.monotonic() + seconds
    outcomes = await asyncio.gather(
        *(
            matrix.crash_everywhere(
                database,
                empty,
                folder / name,
                seed=seed,
                workers=workers,
                servers=servers,
                say=functools.partial(print, f"{name}:", flush=True),
                until=until,
            )
            for name, (database, *empty) in places.items()
        )
    )
    wrong = 0
    for name, found in zip(places, outcomes, strict=True):
        tell(f"Every point on {name}", found.storm)
        for title, points in (("not come to again", found.missed), ("left for want of time", found.left)):
            print(f"  {len(points):6d}  points {title}")
            for point in points:
                print(f"          {point}")
        wrong += len(found.storm.violations) + len(found.missed) + len(found.left)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=None, help="of faults, for each database (60)")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument(
        "--every-point", action="store_true", help="kill -9 at each point instead, see `make crash-matrix`"
    )
    options = parser.parse_args()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    databases = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaving no server and no database behind
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True))
        )
        server = stack.enter_context(running(folder / "postgres")) if "postgresql" in databases else ""
        if options.every_point:
            workers = stack.enter_context(workshop(folder))
            servers = stack.enter_context(hatchery(folder))
            seconds = math.inf if options.seconds is None else options.seconds
            wrong = asyncio.run(crash(databases, folder, server, seed, workers, servers, seconds))
        else:
            wrong = storms(databases, folder, server, seed, options.seconds or 60.0)
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def storms(databases: Sequence[str], folder: Path, server: str, seed: int, seconds: float) -> int:
    """One after the other; how much was not as it must be."""
    wrong = 0
    for database in databases:
        (folder / database).mkdir()
        if database == "sqlite":
            title, url, machines = "One machine on SQLite", f"sqlite:///{folder}/fastperf.db", 1
        else:
            title, url, machines = "Two machines on PostgreSQL", empty_database(server), 2
        storm = asyncio.run(blow(url, folder / database, seed, seconds, machines))
        tell(title, storm)
        wrong += len(storm.violations)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
