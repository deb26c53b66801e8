"""A server, or two, under a schedule of faults, and the judge of what they leave behind.

All randomness comes from one seed; time does not, so that a seed repeats the schedule and not the very interleaving.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from app.jobs.admin import JobsAdmin
from tests.app.process import ROOT, AppProcess, environment_for
from tests.app.recovery import children_of
from tests.app.service import FILES, SLOW
from tests.fakegithub import FakeGitHub
from tests.fakegithub.github import PERMISSIONS
from tests.fakegithub.state import CheckRun, Pull, Repo

from .line import Line, server_of
from .prepared_servers import Server

LAUNCHER: Final = ROOT / "tests" / "chaos" / "launcher.py"
PACE: Final = 1.0
QUIET_SECONDS: Final = 120.0
"""How long the last jobs may take after the last fault."""
DEATH_SECONDS: Final = 20.0
"""How long to wait for a process to come to the point where it ends."""
AFTERWARDS_SECONDS: Final = 2.0
"""What it may still do when its check run is complete."""
FIRST_START: Final = re.compile(r" (CREATE|ALTER) |fastperf_schema|_new$| other$|schedules$")
FIRST_DEATHS: Final = (
    *("after CREATE fastperf_schema", "before UPDATE fastperf_schema", "committed UPDATE fastperf_schema"),
    *("after CREATE workflow_status", "after ALTER workflow_status#2"),
)
"""Before the tables of the program, and of the job engine, are all there."""
MOST_DEATHS: Final = 3
"""In a row, before everything may come to rest: the engine gives a job up that ended five processes."""
CALLS: Final = (
    *("repos/compare-commits", "graphql", "checks/create", "checks/update", "pulls/create-review"),
    *("git/get-tree", "repos/download-tarball-archive", "apps/create-installation-access-token"),
)
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
WOUNDS: Final = ("drop", "commit_then_drop", "status", "commit_then_status", "truncate")


class Prepared(AppProcess):
    """A server of a hatchery's."""

    def __init__(self, environment: Mapping[str, str], servers: str) -> None:
        super().__init__(environment)
        self._servers = servers

    async def spawn(self) -> Server:
        return await Server.start(self._servers, self.environment)


class Machine:
    """One server process after another, under one name."""

    def __init__(
        self,
        github: FakeGitHub,
        database: str,
        name: str,
        folder: Path,
        points: Path | None,
        workers: str,
        servers: str = "",
    ) -> None:
        """`servers` is where to get a forked one (`prepared_servers`), if not a process that begins from nothing."""
        self.name = name
        self._servers = servers
        self._order = folder / f"{name}.order"
        self._environment = environment_for(
            github,
            database,
            FASTPERF_MACHINE_ID=name,
            FASTPERF_DRAIN_SECONDS="1",
            CHAOS_PACE=str(PACE),
            CHAOS_ORDER=str(self._order),
            CHAOS_POINTS=str(points or ""),
            CHAOS_WORKERS=workers,
            CHAOS_FRAGILE="1",
        )
        self.sweeps = ""
        """When a process that is started from now on looks for what is undone; empty: never."""
        self.process: AppProcess | None = None

    @property
    def url(self) -> str:
        return "" if self.process is None else f"{self.process.url}/webhook"

    async def start(self) -> None:
        self._order.write_text("")
        environment = {**self._environment, "CHAOS_SWEEP": self.sweeps}
        self.process = await self._process(environment).start()

    def _process(self, environment: Mapping[str, str]) -> AppProcess:
        return Prepared(environment, self._servers) if self._servers else AppProcess(environment, [LAUNCHER])

    async def start_and_die(self, point: str) -> bool:
        """Whether it comes to that point while it starts."""
        self._order.write_text(point)
        self.process = self._process(self._environment)
        try:
            await self.process.start()
        except RuntimeError:  # it ended before it listened, and not because it found something wrong
            return not any(line["event"] == "start_failed" for line in self.process.lines)
        await self.process.kill()
        return False

    def order(self, point: str) -> None:
        """Die at `point` (moment, and how often it may pass); an empty one takes the order back."""
        assert self.process is not None
        self._order.write_text(point)
        with contextlib.suppress(ProcessLookupError):
            self.process.signal(signal.SIGUSR1)

    def signal(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.signal(number)

    async def died(self, seconds: float) -> bool:
        assert self.process is not None
        try:
            await self.process.ended(seconds)
        except TimeoutError:
            return False
        return True

    async def end(self) -> None:
        if self.process is not None:
            await self.process.kill()


class Storm:
    """`counts` and `violations` are the result. Use it as an asynchronous context manager."""

    def __init__(
        self,
        github: FakeGitHub,
        database: str,
        folder: Path,
        seed: int,
        *,
        machines: int = 1,
        points: bool = False,
        workers: str = "",
        servers: str = "",
    ) -> None:
        """`workers` is how analysis processes begin, `servers` where the servers come from, if not as in production."""
        self.github = github
        self.database = database
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []
        self.line: Line | None = None
        self.points_file = folder / "points" if points else None
        self.folder = folder
        self._workers, self._servers = workers, servers
        self._names = [f"machine-{number}" for number in range(machines)]
        self.machines: list[Machine] = []
        self.repo: Repo | None = None
        self.slow: defaultdict[str, bool] = defaultdict(bool)
        """Whether the change at a head is a slow one; a commit of ours is none."""
        self.forgiven: set[int] = set()
        """Pull requests whose problem somebody ignored."""
        self.hostile: set[int] = set()
        """Those with a file that ends the process that reads it."""
        self.taken_back: set[str] = set()
        """Deliveries that came after the backup to which the database was restored."""
        self.first_deaths: Sequence[str] = ()
        """Points of the first starts, on an empty database: each of them ends there."""
        self._deaths = 0

    async def __aenter__(self) -> Storm:
        near = self.database
        if not self.database.startswith("sqlite"):
            self.line = await Line(server_of(self.database)).__aenter__()
            near = self.line.near(self.database)
        self.machines = [
            Machine(self.github, near, name, self.folder, self.points_file, self._workers, self._servers)
            for name in self._names
        ]
        self.repo = self.github.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
        self.repo.roles["octocat"] = "write"
        granted = PERMISSIONS | {"contents": "write"}
        self.github.app.permissions = dict(granted)
        self.github.install("octo", [self.repo], permissions=granted)
        self.github.expect(422, "pulls/create-review")  # the head moved in between
        for point in self.first_deaths:
            if not await self.machines[0].start_and_die(point):
                self.violations.append(f"no first start passes {point!r}")
            self.counts["kill -9 at a first start"] += 1
        for machine in self.machines:
            await machine.start()
        self._hand_over()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.github.webhook_url = None
        for machine in self.machines:
            await machine.end()
        if self.line is not None:
            await self.line.__aexit__(None, None, None)

    # What people do

    async def act(self) -> Pull:
        """Open a pull request, push to one, or run its check again; which one it was."""
        pulls = list(self.shop.pulls.values())
        choice = self.random.random()
        if not pulls or choice < 0.55:
            return await self.open()
        pull = self.random.choice(pulls)
        if choice < 0.9:
            await self.push(pull)
        else:
            await self.run_again(pull)
        return pull

    async def open(self, *, slow: bool | None = None, more: Mapping[str, str] = NOTHING) -> Pull:
        branch = f"branch-{len(self.shop.pulls)}"
        wanted = self.random.random() < 0.7 if slow is None else slow
        self.shop.git.commit(branch, {**self._files(wanted), **more}, parent=self.shop.git.ref("main"))
        pull = await self.github.open_pr(self.shop, branch)
        self.slow[pull.head_sha] = wanted
        return pull

    async def push(self, pull: Pull, *, slow: bool | None = None) -> None:
        wanted = self.random.random() < 0.5 if slow is None else slow
        head = await self.github.push(self.shop, pull.number, self._files(wanted))
        self.slow[head] = wanted

    def runs(self, pull: Pull) -> list[CheckRun]:
        """Our check runs on its head."""
        return self.github.check_runs(self.shop, pull.head_sha)

    async def run_again(self, pull: Pull) -> None:
        runs = [run for run in self.github.check_runs(self.shop, pull.head_sha) if run.status == "completed"]
        if runs:
            await self.github.rerequest(self.shop, runs[0].id)

    def _files(self, slow: bool) -> dict[str, str]:
        self.counts["commits"] += 1
        main = SLOW if slow else {"shop/main.py": FILES["shop/main.py"]}
        return {**main, "README.md": f"Version {self.counts['commits']}.\n"}

    @property
    def shop(self) -> Repo:
        assert self.repo is not None
        return self.repo

    # What happens to the machines

    async def die_at(self, point: str) -> bool:
        """Something is asked, and the machine that comes to `point` ends, and is started again; whether one did."""
        return await self._die_at(point, self.act())

    async def die_in_a_review(self, point: str) -> bool:
        """As `die_at`, with what leads to most points: a new problem, or one that a push removes."""
        open_pulls = [pull for pull in self.shop.pulls.values() if self.slow[pull.head_sha]]
        if "mutation" in point and open_pulls:
            await self.rest()  # its problem must have been said
            return await self._die_at(point, self._mend(open_pulls[-1]))
        if re.search("begun_checks|PATCH", point):
            self.be_slow_once()
        if re.search("blobs|trees", point):  # the project is known unless it changed
            self.counts["commits"] += 1
            extra = f"LIMIT = {self.counts['commits']}\n"
            await self.github.push_base(self.shop, {f"shop/limits_{self.counts['commits']}.py": extra})
        return await self._die_at(point, self.open(slow=True))

    def be_slow_once(self) -> None:
        """The next review takes so long that it shows a check run in progress."""
        self.github.faults.latency(2.5, "graphql", after=1, times=2)

    async def _mend(self, pull: Pull) -> Pull:
        await self.push(pull, slow=False)
        return pull

    async def _die_at(self, point: str, asking: Awaitable[Pull]) -> bool:
        for machine in self.machines:
            machine.order(point)
        pull = await asking
        victim = await self._comes_to_it(pull)
        for machine in self.machines:
            if machine is not victim:
                machine.order("")
        if victim is None:
            return False
        self.counts["kill -9 at a point"] += 1
        await self.bury(victim)
        return True

    async def _comes_to_it(self, pull: Pull) -> Machine | None:
        """The machine that dies before, or soon after, the review is done."""
        dying = {asyncio.create_task(machine.died(DEATH_SECONDS)): machine for machine in self.machines}
        done: set[asyncio.Task[bool]] = set()
        until = time.monotonic() + DEATH_SECONDS
        while not done and time.monotonic() < until:
            done, _ = await asyncio.wait(dying, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            runs = self.github.check_runs(self.shop, pull.head_sha)
            if not done and any(run.status == "completed" for run in runs):
                done, _ = await asyncio.wait(
                    dying, timeout=AFTERWARDS_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                break
        for task in dying.keys() - done:
            task.cancel()
        return next((dying[task] for task in done if task.result()), None)

    async def bury(self, victim: Machine) -> None:
        assert victim.process is not None
        for _ in range(100):
            if not children_of(victim.process.pid):
                break
            await asyncio.sleep(0.05)
        else:
            self.violations.append("analysis processes outlive their server")
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            await self.start_again(victim)
            await self.rest()
        else:
            await self.start_again(victim)

    async def start_again(self, machine: Machine) -> None:
        await machine.start()
        self._hand_over()

    def _hand_over(self) -> None:
        self.github.webhook_url = self.random.choice(self.machines).url

    async def kill(self) -> None:
        victim = self.random.choice(self.machines)
        self.github.webhook_url = victim.url
        acting = asyncio.create_task(self.act())
        await asyncio.sleep(self.random.random() * 1.5)
        victim.signal(signal.SIGKILL)
        await victim.died(DEATH_SECONDS)
        await acting
        await self.bury(victim)

    async def terminate(self) -> None:
        victim = self.random.choice(self.machines)
        await self.act()
        victim.signal(signal.SIGTERM)
        if not await victim.died(30):
            self.violations.append("SIGTERM did not end a server within 30 s")
            await victim.end()
        await self.start_again(victim)

    async def freeze(self) -> None:
        """For longer than the others wait before they take its jobs, or for less."""
        victim = self.random.choice(self.machines)
        self.github.webhook_url = victim.url
        await self.act()
        await asyncio.sleep(self.random.random())
        victim.signal(signal.SIGSTOP)
        self.github.webhook_url = self.random.choice(self.machines).url
        await asyncio.sleep(self.random.choice((0.5, 2.0, 7.0 * PACE if len(self.machines) > 1 else 3.0)))
        victim.signal(signal.SIGCONT)

    async def kill_analysis(self) -> None:
        await self.act()
        for machine in self.machines:
            assert machine.process is not None
            for child in children_of(machine.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    async def lose_database(self) -> None:
        await self.act()
        seconds = self.random.choice((0.3, 1.0, 3.0))
        if self.line is not None:
            if self.random.random() < 0.5:
                await self.line.cut()
            else:
                self.line.hush()
            await asyncio.sleep(seconds)
            await self.line.heal()
        else:
            await asyncio.to_thread(self._lock, seconds)

    def _lock(self, seconds: float) -> None:
        path = self.database.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.rollback()

    # What happens to GitHub

    async def wound_github(self) -> None:
        kind, operation = self.random.choice(WOUNDS), self.random.choice(CALLS)
        settings = {"status": 502} if kind.endswith("status") else {}
        self.github.faults.add(kind, operation, after=self.random.randrange(2), **settings)
        await self.act()

    async def slow_github(self) -> None:
        self.github.faults.latency((0.2, 1.5), self.random.choice(CALLS), times=2)
        await self.act()

    async def disturb_deliveries(self) -> None:
        self.github.faults.add(self.random.choice(("hook_dup", "hook_drop", "hook_reorder")), "pull_request")
        await self.act()

    # The course of things

    async def blow(
        self,
        seconds: float,
        points: Sequence[str] = (),
        more: Sequence[Callable[[Storm], Awaitable[None]]] = (),
    ) -> None:
        """Faults for so long, each while something is asked of the server; `more` are those of others."""
        others: list[Callable[[Storm], Awaitable[None]]] = [
            *(Storm.kill, Storm.terminate, Storm.freeze, Storm.kill_analysis, Storm.lose_database),
            *(Storm.wound_github, Storm.wound_github, Storm.slow_github, Storm.disturb_deliveries),
            *more,
        ]
        left = list(points)
        self.random.shuffle(left)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if points and self.random.random() < 0.6:
                left = left or list(points)
                if not await self.die_at(f"{left.pop()}#{self.random.choice((1, 1, 2))}"):
                    self.counts["points not reached"] += 1
            else:
                fault = self.random.choice(others)
                self.counts[fault.__name__.replace("_", " ")] += 1
                await fault(self)

    async def rest(self) -> None:
        """Ask for what was not acknowledged once more, as the sweep does, and wait until all jobs are done."""
        self._deaths = 0
        self._hand_over()
        await self.github.server.hooks.flush()
        for delivery in self._unacknowledged():
            self.counts["redelivered"] += 1
            await self.github.redeliver(delivery)
        until = time.monotonic() + QUIET_SECONDS
        while await asyncio.to_thread(self.open_jobs):
            if time.monotonic() > until:
                self.violations.append(f"jobs are not done: {await asyncio.to_thread(self.open_jobs)}")
                return
            await asyncio.sleep(0.1)

    def _unacknowledged(self) -> list[object]:
        answered = {d.guid for d in self.github.deliveries if 200 <= d.status_code < 300}
        seen: dict[str, object] = {}
        for delivery in self.github.deliveries:
            if delivery.guid not in answered:
                seen.setdefault(delivery.guid, delivery)
        return list(seen.values())

    def open_jobs(self) -> list[str]:
        with JobsAdmin(self.database) as admin:
            return [job.id for job in admin.jobs(most=1000)]

    async def judge(self) -> list[str]:
        """Let everything come to rest, and say what is not as it must be."""
        self.github.faults.clear()
        await self.rest()
        if self.taken_back:  # what the next sweeps would find, had GitHub not failed the first one
            await self.machines[0].end()
            await self.start_again(self.machines[0])
            await self.rest()
        self._count()
        for pull in self.shop.pulls.values():
            self._judge_pull(pull)
        self.violations += await asyncio.to_thread(self._judge_jobs)
        return self.violations

    def _count(self) -> None:
        self.counts["deliveries"] = len(self.github.deliveries)
        self.counts["acknowledged"] = sum(d.status_code == 202 for d in self.github.deliveries)
        self.counts["heads"] = len(self.slow)
        self.counts["checks"] = sum(len(self.github.check_runs(self.shop, head)) for head in self.slow)
        self.counts["reviews"] = sum(
            len(self.github.reviews(self.shop, number)) for number in self.shop.pulls
        )

    def _judge_pull(self, pull: Pull) -> None:
        name = f"#{pull.number}"
        for head in pull.heads:
            runs = self.github.check_runs(self.shop, head)
            if len(runs) > 1:
                self.violations.append(f"{name} at {head[:7]}: {len(runs)} check runs")
            if any(run.status != "completed" for run in runs):
                self.violations.append(f"{name} at {head[:7]}: a check run was left in progress")
        wanted = self._deserved(pull)
        said = [run.conclusion for run in self.github.check_runs(self.shop, pull.head_sha)]
        if said != [wanted]:
            self.violations.append(f"{name} at its head {pull.head_sha[:7]}: {said}, not {wanted}")
        reviews = self.github.reviews(self.shop, pull.number)
        twice = [head for head, count in Counter(review.commit_id for review in reviews).items() if count > 1]
        if twice:
            self.violations.append(f"{name}: reviewed twice at {', '.join(head[:7] for head in twice)}")
        if self.slow[pull.head_sha] and not self.github.review_comments(self.shop, pull.number):
            self.violations.append(f"{name}: its problem was said nowhere")

    def _deserved(self, pull: Pull) -> str:
        if self.slow[pull.head_sha] and pull.number not in self.forgiven:
            return "failure"
        return "neutral" if pull.number in self.hostile else "success"

    def _judge_jobs(self) -> list[str]:
        with JobsAdmin(self.database) as admin:
            jobs = {job.id: job for job in admin.jobs(finished=True, most=10_000)}
        lost = [f"{job.id} is {job.state}" for job in jobs.values() if job.state in ("failed", "given up")]
        for delivery in self.github.deliveries:
            if delivery.guid in self.taken_back:
                continue
            if delivery.event == "pull_request" and delivery.status_code == 202:
                repository, number = delivery.payload["repository"]["id"], delivery.payload["number"]
                if f"review:{repository}#{number}:{delivery.guid}" not in jobs:
                    lost.append(f"the delivery {delivery.guid} was acknowledged, and no job knows it")
        return lost


def seen_points(file: Path) -> list[str]:
    """The names of all moments that a process passed, each once; without those of a first start."""
    return sorted(name for name in set(file.read_text().splitlines()) if not FIRST_START.search(name))
