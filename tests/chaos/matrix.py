"""`make crash-matrix`: kill -9 at every point that a server comes to, one after the other, on both databases.

The points are not listed anywhere: each act of people is played once, and what the server wrote meanwhile (to GitHub,
to the database, to its analysis) names them. Then the act is played again for each point that no act before it had,
and the server ends there. Ends with status 1 when a point was not come to again, or anything is not as it must be.
"""

from __future__ import annotations

import asyncio
import functools
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from app.store import Store
from tests.app.service import FILES, SLOW
from tests.app.test_applying import SLEEPS
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import MergeGroup, Pull, Repo

from .storm import FIRST_START, Machine, Storm, seen_points

AGAIN: Final = 3
"""How often an act is played for one point: a thread may be quicker this time."""
EVERY_OTHER_SECOND: Final = "*/2 * * * * *"
DEATH_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.3


class Act(NamedTuple):
    """Something that is asked of a server, of a pull request that `ready` finds or makes."""

    name: str
    ready: Callable[[Matrix], Awaitable[Pull | None]]
    do: Callable[[Matrix, Pull | None], Awaitable[object]]


class Matrix:
    """What people do in one storm, and at which points the server was killed meanwhile."""

    def __init__(self, storm: Storm, say: Callable[[str], None], until: float = math.inf) -> None:
        """After `until`, on the monotonic clock, no further point is begun with."""
        self.storm = storm
        self._say, self._until = say, until
        self.groups: list[MergeGroup] = []
        self.paused: set[int] = set()
        self.mended: set[int] = set()
        """Pull requests whose button *Apply fixes* was pressed."""
        self.missed: list[str] = []
        """Points that were not come to again."""
        self.left: list[str] = []
        """Points for which there was no time."""
        self.second: Repo | None = None
        """A repository that comes and goes."""

    async def play(self, acts: Sequence[Act]) -> None:
        """Each act twice, and once more for each point that comes every time, and in no act before it."""
        known: set[str] = set()
        once: dict[str, str] = {}
        for act in acts:
            first = await self._points_of(act)
            second = await self._points_of(act)
            once.update(dict.fromkeys(first, act.name))  # some may be another act's every time
            points = [point for point in second if point not in known]
            known.update(points)
            await self._each(act.name, points, functools.partial(self._dies_at, act))
        self.missed += [
            f"{point} ({act}, the first time alone)" for point, act in once.items() if point not in known
        ]
        await self._end()

    async def start(self, empty: Sequence[str], workers: str, servers: str) -> None:
        """First starts on an empty database, until its tables are there; the last one must go well."""
        tried, database = empty
        github, folder = self.storm.github, self.storm.folder
        points = folder / "first-points"
        scout = Machine(github, tried, "scout", folder, points, workers, servers)
        await scout.start()
        await scout.end()
        names = dict.fromkeys(name for name in points.read_text().splitlines() if FIRST_START.search(name))
        machine = Machine(github, database, "first", folder, None, workers, servers)
        await self._each("a first start", list(names), machine.start_and_die)
        await machine.start()
        await machine.end()

    async def _each(self, act: str, points: Sequence[str], dies: Callable[[str], Awaitable[bool]]) -> None:
        began, missed = time.monotonic(), len(self.missed)
        for number, point in enumerate(points):
            if time.monotonic() > self._until:
                self.left += [f"{point} ({act})" for point in points[number:]]
                break
            if await dies(point):
                self.storm.counts["kill -9 at a point"] += 1
            else:
                self.missed.append(f"{point} ({act})")
        self.storm.counts["points"] += len(points)
        self._say(
            f"{act}: {len(points)} points, {len(self.missed) - missed} missed, {len(self.left)} left, "
            f"{time.monotonic() - began:.0f} s"
        )

    async def _points_of(self, act: Act) -> list[str]:
        file = self.storm.points_file
        assert file is not None
        pull = await act.ready(self)
        await self.storm.rest()
        file.write_text("")
        await act.do(self, pull)
        await self.storm.rest()
        return seen_points(file)

    async def _dies_at(self, act: Act, point: str) -> bool:
        machine = self.storm.machines[0]
        for _ in range(AGAIN):
            pull = await act.ready(self)
            machine.order(point)
            await act.do(self, pull)
            if await self._died(machine):
                await self.storm.bury(machine)
                return True
            machine.order("")
        return False

    async def _died(self, machine: Machine) -> bool:
        """Whether it does before all is done."""
        until = time.monotonic() + DEATH_SECONDS
        quiet = 0
        while quiet < 2 and time.monotonic() < until:
            if await machine.died(LOOK_SECONDS):
                return True
            await self.storm.github.server.hooks.flush()
            quiet = 0 if await asyncio.to_thread(self.storm.open_jobs) else quiet + 1
        return False

    async def _end(self) -> None:
        """What is undone by people is done, so that all pull requests can be judged."""
        await self.storm.rest()
        for number in self.paused:
            await self.storm.github.comment(self.storm.shop, number, "/fastperf resume")
        await self.storm.rest()
        for group in self.groups:
            runs = self.storm.github.check_runs(group.repo, group.head_sha)
            if [run.status for run in runs] != ["completed"]:
                self.storm.violations.append(f"merge group {group.head_sha[:7]}: {runs}")
        self.storm.violations += await self._judge_commits()

    async def _judge_commits(self) -> list[str]:
        """One for each button that was pressed, and one line of it in the record."""
        store = Store(self.storm.database)
        await store.start()
        try:
            lines = Counter(entry.number for entry in await store.recorded(limit=10_000, action="apply"))
        finally:
            await store.close()
        wrong = []
        for number in sorted(self.mended):
            pull, git = self.storm.shop.pulls[number], self.storm.shop.git
            made = [git.commit_info(sha) for sha in git.log(pull.head_sha, exclude=pull.base_sha)]
            commits = sum(commit is not None and commit.author_name == "fastperf" for commit in made)
            if (commits, lines[number]) != (1, 1):
                wrong.append(f"#{number}: {commits} commits of fixes, {lines[number]} lines of them")
        return wrong

    # What the acts need

    async def anything(self) -> Pull | None:
        return None

    async def said(self) -> Pull:
        """An open pull request whose problem was said and stands."""
        await self.storm.rest()
        for pull in reversed(self.storm.shop.pulls.values()):
            if self._stands(pull):
                return pull
        return await self.fresh()

    def _stands(self, pull: Pull) -> bool:
        others = self.storm.forgiven | self.paused
        runs = self.storm.runs(pull)
        return (
            pull.state == "open"
            and self.storm.slow[pull.head_sha]
            and pull.number not in others
            and [run.status for run in runs] == ["completed"]
            and any(not comment.thread.is_resolved for comment in pull.comments)
        )

    async def fresh(self) -> Pull:
        pull = await self.storm.open(slow=True)
        await self.storm.rest()
        return pull

    async def mendable(self) -> Pull:
        """One with problems whose fixes are proven."""
        pull = await self.storm.open(slow=True, more=SLEEPS)
        await self.storm.rest()
        return pull

    async def forgiven(self) -> Pull:
        await self.storm.rest()
        if not self.storm.forgiven:
            await self.ignore(await self.said())
            await self.storm.rest()
        return self.storm.shop.pulls[max(self.storm.forgiven)]

    async def at_rest(self) -> Pull:
        """A pull request that is paused."""
        await self.storm.rest()
        if not self.paused:
            await self.pause(await self.said())
            await self.storm.rest()
        return self.storm.shop.pulls[max(self.paused)]

    async def there(self) -> None:
        """The second repository is ours."""
        (installation,) = self.storm.github.state.installations.values()
        await self.storm.rest()
        if self.second is None:
            self.second = self.storm.github.add_repo("octo/second", private=True, files=FILES)
            self.second.git.commit("slow", SLOW, parent=self.second.git.ref("main"))
            await self.storm.github.open_pr(self.second, "slow", tell=False)
        if self.second not in installation.repos:
            await self.storm.github.change_repositories(installation, add=[self.second])
            await self.storm.rest()

    async def new_here(self) -> None:
        """The second repository is, and nothing of it was reviewed aloud."""
        await self.away()
        await self.there()

    async def away(self) -> None:
        await self.there()
        await self.leave(None)
        await self.storm.rest()

    async def sweeping(self) -> None:
        """The server sweeps all the time."""
        machine = self.storm.machines[0]
        if not machine.sweeps:
            machine.sweeps = EVERY_OTHER_SECOND
            await machine.end()
            await self.storm.start_again(machine)

    # The acts

    async def open(self, _: Pull | None) -> None:
        await self.storm.open(slow=True)

    async def open_slowly(self, _: Pull | None) -> None:
        """So that it shows a check run in progress."""
        self.storm.be_slow_once()
        await self.storm.open(slow=True)

    async def open_in_a_new_project(self, _: Pull | None) -> None:
        self.storm.counts["commits"] += 1
        number = self.storm.counts["commits"]
        await self.storm.github.push_base(
            self.storm.shop, {f"shop/limits_{number}.py": f"LIMIT = {number}\n"}
        )
        await self.storm.open(slow=True)

    async def mend(self, pull: Pull | None) -> None:
        assert pull is not None
        await self.storm.push(pull, slow=False)

    async def run_again(self, pull: Pull | None) -> None:
        assert pull is not None
        await self.storm.run_again(pull)

    async def say(self, pull: Pull | None, text: str) -> int:
        assert pull is not None
        await self.storm.github.comment(self.storm.shop, pull.number, text)
        return pull.number

    async def ask(self, pull: Pull | None) -> None:
        await self.say(pull, "/fastperf help")

    async def ignore(self, pull: Pull | None) -> None:
        self.storm.forgiven.add(await self.say(pull, "/fastperf ignore FP104 measured"))

    async def unignore(self, pull: Pull | None) -> None:
        self.storm.forgiven.discard(await self.say(pull, "/fastperf unignore FP104"))

    async def pause(self, pull: Pull | None) -> None:
        self.paused.add(await self.say(pull, "/fastperf pause"))

    async def resume(self, pull: Pull | None) -> None:
        self.paused.discard(await self.say(pull, "/fastperf resume"))

    async def resolve(self, pull: Pull | None) -> None:
        assert pull is not None
        thread = next(comment.thread for comment in pull.comments if not comment.thread.is_resolved)
        await self.storm.github.resolve(self.storm.shop, thread)

    async def apply(self, pull: Pull | None) -> None:
        assert pull is not None
        self.mended.add(pull.number)
        (run,) = self.storm.runs(pull)
        await self.storm.github.press(self.storm.shop, run.id, "apply")

    async def queue(self, pull: Pull | None) -> None:
        assert pull is not None
        self.groups.append(await self.storm.github.merge_group(self.storm.shop, [pull.number]))

    async def merge(self, pull: Pull | None) -> None:
        """And take it back at once, so that what is slow is new in the next one."""
        assert pull is not None
        await self.storm.github.pr_event(self.storm.shop, pull.number, "merged")
        await self.storm.github.push_base(self.storm.shop, {"shop/main.py": FILES["shop/main.py"]})

    async def arrive(self, _: Pull | None) -> None:
        (installation,) = self.storm.github.state.installations.values()
        assert self.second is not None
        await self.storm.github.change_repositories(installation, add=[self.second])

    async def open_there(self, _: Pull | None) -> None:
        """The first one that is reviewed aloud is told what the project lacks."""
        assert self.second is not None
        branch = f"branch-{len(self.second.pulls)}"
        self.second.git.commit(branch, SLOW | {"README.md": branch}, parent=self.second.git.ref("main"))
        await self.storm.github.open_pr(self.second, branch)

    async def leave(self, _: Pull | None) -> None:
        (installation,) = self.storm.github.state.installations.values()
        assert self.second is not None
        await self.storm.github.change_repositories(installation, remove=[self.second])

    async def lose_a_delivery(self, _: Pull | None) -> None:
        """And wait until a sweep has asked for it."""
        self.storm.github.faults.add("hook_drop", "pull_request", times=1)
        pull = await self.storm.open(slow=True)
        until = time.monotonic() + DEATH_SECONDS
        while time.monotonic() < until and not await self.storm.machines[0].died(LOOK_SECONDS):
            if any(run.status == "completed" for run in self.storm.runs(pull)):
                return


REVIEWING: Final = (
    Act("a slow change", Matrix.anything, Matrix.open),
    Act("a review that takes long", Matrix.anything, Matrix.open_slowly),
    Act("a project that changed", Matrix.anything, Matrix.open_in_a_new_project),
    Act("a problem that is mended", Matrix.said, Matrix.mend),
)
ACTS: Final = (
    *REVIEWING,
    Act("a run asked for again", Matrix.said, Matrix.run_again),
    Act("a question", Matrix.said, Matrix.ask),
    Act("ignore", Matrix.said, Matrix.ignore),
    Act("unignore", Matrix.forgiven, Matrix.unignore),
    Act("pause", Matrix.said, Matrix.pause),
    Act("resume", Matrix.at_rest, Matrix.resume),
    Act("a resolved thread", Matrix.said, Matrix.resolve),
    Act("a button that applies fixes", Matrix.mendable, Matrix.apply),
    Act("a merge queue", Matrix.fresh, Matrix.queue),
    Act("a merge", Matrix.fresh, Matrix.merge),
    Act("a repository that comes", Matrix.away, Matrix.arrive),
    Act("a first review", Matrix.new_here, Matrix.open_there),
    Act("a repository that goes", Matrix.there, Matrix.leave),
    Act("a sweep", Matrix.sweeping, Matrix.lose_a_delivery),
)


async def crash_everywhere(
    database: str,
    empty: Sequence[str],
    folder: Path,
    *,
    seed: int,
    workers: str,
    servers: str,
    say: Callable[[str], None],
    until: float = math.inf,
) -> Matrix:
    """All of it, judged. `empty` are two more databases, for first starts; `say` hears how it goes."""
    async with FakeGitHub(root=folder / "github") as github:
        # Hundreds of lives pass in minutes here, and each forgets how fast the one before it wrote.
        github.limits.secondary = False
        async with Storm(
            github, database, folder, seed, points=True, workers=workers, servers=servers
        ) as storm:
            matrix = Matrix(storm, say, until)
            await matrix.play(ACTS)
            await storm.judge()
        await matrix.start(empty, workers, servers)
        await github.settle()
        storm.violations += [*github.violations, *github.schema_faults]
        return matrix
