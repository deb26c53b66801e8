"""`make chaos`: faults by a seeded schedule for a given time, on SQLite and on PostgreSQL, and what they left.

Ends with status 1 when anything is not as it must be: one completed check run for each head, one review at most,
every acknowledged delivery done, no check run left in progress, no process left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from pathlib import Path

from tests.fakegithub import FakeGitHub

from .postgres import empty_database, running
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
        await storm.blow(seconds, seen_points(storm.points_file))
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of faults, for each database")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    wrong = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        if options.database != "postgresql":
            (folder / "one").mkdir()
            storm = asyncio.run(
                blow(f"sqlite:///{folder}/fastperf.db", folder / "one", seed, options.seconds, 1)
            )
            tell("One machine on SQLite", storm)
            wrong += len(storm.violations)
        if options.database != "sqlite":
            (folder / "two").mkdir()
            url = empty_database(stack.enter_context(running(folder / "postgres")))
            storm = asyncio.run(blow(url, folder / "two", seed, options.seconds, 2))
            tell("Two machines on PostgreSQL", storm)
            wrong += len(storm.violations)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
