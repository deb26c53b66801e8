"""The life of pull requests at random: people, GitHub and our own restarts do what they like, in any order.

A hypothesis state machine drives the app on the stand-in. After every step nothing may have been said twice and no
rule of GitHub's been broken; whenever things calm down, each open head has exactly one completed check run with the
verdict its code deserves.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import random
import re
import shutil
import tempfile
import threading
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from hypothesis import HealthCheck, Phase, Verbosity, reject, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition, HypothesisDeprecationWarning
from hypothesis.reporting import with_reporter
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app import logs, pipeline
from app.applying import HEADLINE
from app.github.client import GitHub
from app.github.models import Repository
from app.records import Entry
from app.review import marker
from app.store import COULD_NOT
from tests.app.service import FAST, FILES, SLOW, Service, application, migrate, settings_for
from tests.fakegithub import FakeGitHub
from tests.fakegithub.github import PERMISSIONS
from tests.fakegithub.state import CheckRun, Pull, Repo, Thread

Value = TypeVar("Value")

MOST_PULLS = 3
MOST_TWINS = 2
STEP_SECONDS = 120.0
SECTION = re.compile(r"^## #(\d+): ", re.MULTILINE)
"""Of another pull request, in the summary of a commit that several have."""
NOBODY = "http://127.0.0.1:9/webhook"
"""Where deliveries go while the app is down: GitHub cannot connect."""
TWO = {
    "shop/main.py": "import asyncio\nimport time\n\n"
    + SLOW["shop/main.py"]
    + '\n\n@app.get("/nap")\nasync def nap() -> None:\n    await asyncio.sleep(0)\n    time.sleep(1)\n'
}
VARIANTS: dict[str, dict[str, str]] = {
    "fast": FAST,
    "slow": SLOW,
    "two": TWO,
    "plain": {"shop/main.py": FILES["shop/main.py"]},
}
WAITS = re.compile(rb"async def order\(.*\n.*: status_of\(number\)")
SLEEPS = re.compile(rb"\n    time\.sleep\(1\)")
BAD = {"main": (WAITS, SLEEPS), "next": (SLEEPS,)}
"""What is new and blocks, by the base: the slow call stands on the second one already."""
ASKING = ("/fastperf rescan", "/fastperf unignore FP104", "/fastperf resume")
COMMANDS = (
    *ASKING,
    "/fastperf ignore FP104 measured",
    "/fastperf pause",
    "/fastperf help",
    "/fastperf dance",
)
OPERATIONS = (
    "graphql", "repos/compare-commits", "checks/*", "checks/create", "checks/update", "pulls/create-review",
    "issues/create-comment", "reactions/*", "apps/create-installation-access-token", "git/get-tree", "*",
)  # fmt: skip
FAULTS = (
    "500",
    "502",
    "503",
    "520",
    "truncate",
    "empty",
    "drop",
    "commit_then_status",
    "commit_then_drop",
    "403",
    "429",
)
DELIVERED = ("at once", "twice", "late", "never")


@functools.cache
def template() -> Path:
    """A database with all tables, which takes the engine a second to make."""
    path = Path(tempfile.mkdtemp(prefix="life-")) / "fastperf.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


TROUBLE: list[str] = []
"""What broke in this process: hypothesis may say instead that it could not repeat it."""


def noted(judging: Callable[[Life], None]) -> Callable[[Life], None]:
    @functools.wraps(judging)
    def judge(life: Life) -> None:
        try:
            judging(life)
        except Exception:
            TROUBLE.append(traceback.format_exc())
            raise

    return judge


class Stage:
    """A loop in a thread of its own, on which the app, the stand-in and their deliveries live."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.folder = Path(tempfile.mkdtemp(prefix="life-"))
        for part in template().parent.iterdir():
            shutil.copy(part, self.folder / part.name)
        self.github: FakeGitHub
        self.service: Service
        self._runner: web.AppRunner | None = None

    def run(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(STEP_SECONDS)
        except Exception:
            TROUBLE.append(traceback.format_exc())
            raise

    async def open(self) -> None:
        self.github = await FakeGitHub(root=self.folder / "github").__aenter__()
        self.github.limits.secondary = False  # a life of hours in a minute
        await self.start()

    async def start(self) -> None:
        """The app anew, on what the last one left in the database."""
        app = application(settings_for(self.github, f"sqlite:///{self.folder / 'fastperf.db'}"))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.github.webhook_url = f"{url}/webhook"
        self.service = Service(self.github, app, url)
        for installation in (None, *self.github.state.installations):
            self.work.github.limits(installation).burst = 10**9

    @property
    def work(self) -> pipeline.Pipeline:
        work = self.service.jobs.work
        assert isinstance(work, pipeline.Pipeline)
        return work

    async def stop(self) -> None:
        await self.github.settle()
        assert self._runner is not None
        await self._runner.cleanup()

    async def close(self) -> None:
        if self._runner is not None:
            await self.stop()
        if hasattr(self, "github"):
            await self.github.close()

    def end(self) -> None:
        self.run(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Life(RuleBasedStateMachine):
    """One repository, up to three pull requests, and up to two more that begin with the head of another."""

    steps = 0
    """Taken in all lives of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.returned: set[str] = set()
        """Commits that somebody pushed back."""
        self.asked: Counter[int] = Counter()
        """Pull request -> how often somebody gave us a reason to speak: pushes, and wishes to hear it again."""
        self.faulty = False

    def teardown(self) -> None:
        try:
            if hasattr(self.stage, "service"):
                self._calm()
        finally:
            self.stage.end()

    @staticmethod
    def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody waits for seconds here, and reviews show their progress early."""
        monkeypatch.setattr("app.pipeline.PROGRESS_SECONDS", 0.2)
        impatient = functools.partial(GitHub, pauses=(0.02, 0.05, 0.1), pause=0.05)
        monkeypatch.setattr("app.server.GitHub", impatient)

    # What happens

    @initialize(which=st.integers(0, 2**30))
    def begin(self, which: int) -> None:
        if (
            not which
        ):  # hypothesis begins with the simplest life, in which the same thing happens all the time
            reject()
        self.stage.run(self.stage.open())
        self.repo: Repo = self.github.add_repo(
            "octo/shop", private=True, files=FILES, required_checks=["fastperf"]
        )
        self.repo.roles["octocat"] = "write"
        granted = PERMISSIONS | {"contents": "write"}
        self.github.app.permissions = dict(granted)
        self.github.install("octo", [self.repo], permissions=granted)
        self.repo.git.commit("next", SLOW, parent=self.repo.git.ref("main"))
        self.fork = self.github.fork(self.repo, "maria")
        for installation in self.github.state.installations:
            self.stage.work.github.limits(installation).burst = 10**9
        # The head moves between our look and our word, which GitHub refuses then.
        self.github.expect(422, "pulls/create-review")
        self.github.expect("STALE_DATA", "graphql")  # and before the fixes are committed

    @precondition(lambda self: len(self.repo.pulls) < MOST_PULLS)
    @rule(
        variant=st.sampled_from(sorted(VARIANTS)),
        forked=st.booleans(),
        draft=st.booleans(),
        how=st.sampled_from(DELIVERED),
    )
    def open(self, variant: str, forked: bool, draft: bool, how: str) -> None:
        where = self.fork if forked else self.repo
        branch = f"branch-{len(self.repo.pulls)}"
        main = self.repo.git.ref("main")
        where.git.commit(branch, self._files(variant), parent=main)
        self._deliver("pull_request", how)
        pull = self._run(
            self.github.open_pr(self.repo, where if forked else branch, branch=branch, draft=draft)
        )
        self.asked[pull.number] += 1

    @precondition(lambda self: self._open_pulls() and len(self.repo.pulls) < MOST_PULLS + MOST_TWINS)
    @rule(data=st.data(), base=st.sampled_from(sorted(BAD)), how=st.sampled_from(DELIVERED))
    def open_with_the_head_of_another(self, data: st.DataObject, base: str, how: str) -> None:
        other = self._some(data, self._open_pulls())
        branch, where = f"twin-{len(self.repo.pulls)}", other.head_repo
        assert where is not None
        where.git.set_ref(f"refs/heads/{branch}", other.head_sha)
        self._deliver("pull_request", how)
        head = branch if where is self.repo else where
        pull = self._run(self.github.open_pr(self.repo, head, base, branch=branch))
        self.asked[pull.number] += 1

    @precondition(lambda self: self._open_pulls())
    @rule(data=st.data(), how=st.sampled_from(DELIVERED))
    def choose_the_other_base(self, data: st.DataObject, how: str) -> None:
        pull = self._some(data, self._open_pulls())
        (base,) = BAD.keys() - {pull.base_ref}
        self._deliver("pull_request", how)
        self.github.allow_review(self.repo, pull.number)
        self.asked[pull.number] += 1
        self._run(self.github.pr_event(self.repo, pull.number, "edited", base=base))

    @precondition(lambda self: self._open_pulls())
    @rule(
        data=st.data(),
        variant=st.sampled_from(sorted(VARIANTS)),
        force=st.booleans(),
        how=st.sampled_from(DELIVERED),
    )
    def push(self, data: st.DataObject, variant: str, force: bool, how: str) -> None:
        pull = self._some(data, self._open_pulls())
        self._deliver("pull_request", how)
        self._run(self.github.push(self.repo, pull.number, self._files(variant), force=force))
        self.asked[pull.number] += 1

    @precondition(lambda self: any(len(pull.heads) > 1 for pull in self._open_pulls()))
    @rule(data=st.data())
    def push_an_old_commit_back(self, data: st.DataObject) -> None:
        pull = self._some(data, [pull for pull in self._open_pulls() if len(pull.heads) > 1])
        sha = data.draw(st.sampled_from(sorted(set(pull.heads))))
        if sha != pull.head_sha:
            # What is said of a commit that was answered before is said again only where somebody asks.
            self.github.allow_review(self.repo, pull.number)
            self._run(self.github.push(self.repo, pull.number, {}, sha=sha))
            self.returned.add(sha)
            self.asked[pull.number] += 1

    @precondition(lambda self: self._open_pulls())
    @rule(
        data=st.data(),
        text=st.sampled_from(COMMANDS),
        user=st.sampled_from(("octocat", "stranger")),
        how=st.sampled_from(DELIVERED),
    )
    def command(self, data: st.DataObject, text: str, user: str, how: str) -> None:
        pull = self._some(data, self._open_pulls())
        self._deliver("issue_comment", how)
        self._run(self.github.comment(self.repo, pull.number, text, user=user))
        self.asked[pull.number] += text in ASKING

    @precondition(lambda self: self._threads())
    @rule(
        data=st.data(),
        text=st.sampled_from(("Are you sure?", "/fastperf ignore cached upstream", "/fastperf unignore")),
    )
    def answer(self, data: st.DataObject, text: str) -> None:
        thread = self._some(data, self._threads())
        if "unignore" in text:
            self.github.allow_review(self.repo, thread.pull.number)
            self.asked[thread.pull.number] += 1
        self._run(self.github.review_reply(self.repo, thread.pull.number, thread.first.id, text))

    @precondition(lambda self: self._threads())
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        thread = self._some(data, self._threads())
        self._run(self.github.resolve(self.repo, thread, resolved=not thread.is_resolved))

    @precondition(lambda self: self._buttons())
    @rule(data=st.data(), user=st.sampled_from(("octocat", "stranger")))
    def press(self, data: st.DataObject, user: str) -> None:
        run, button = self._some(data, self._buttons())
        self._allow(run)
        self._run(self.github.press(self.repo, run.id, button, user))

    @precondition(lambda self: self._buttons("apply"))
    @rule(data=st.data())
    def apply_fixes(self, data: st.DataObject) -> None:
        run, button = self._some(data, self._buttons("apply"))
        self._allow(run)
        self._run(self.github.press(self.repo, run.id, button, "octocat"))

    @precondition(lambda self: self._runs(completed=True))
    @rule(data=st.data(), suite=st.booleans())
    def run_again(self, data: st.DataObject, suite: bool) -> None:
        run = self._some(data, self._runs(completed=True))
        self._allow(run)
        if suite:
            self._run(self.github.rerequest_suite(self.repo, run.suite.id))
        else:
            self._run(self.github.rerequest(self.repo, run.id))

    @precondition(lambda self: self.repo.pulls)
    @rule(
        data=st.data(),
        action=st.sampled_from(("closed", "reopened", "ready_for_review", "converted_to_draft")),
        how=st.sampled_from(DELIVERED),
    )
    def change(self, data: st.DataObject, action: str, how: str) -> None:
        pull = self._some(data, list(self.repo.pulls.values()))
        possible = {
            "closed": pull.state == "open",
            "reopened": pull.state == "closed",
            "ready_for_review": pull.draft and pull.state == "open",
            "converted_to_draft": not pull.draft and pull.state == "open",
        }
        if not possible[action]:
            return
        self._deliver("pull_request", how)
        if action in ("reopened", "ready_for_review"):
            self.asked[pull.number] += 1
            self.github.allow_review(self.repo, pull.number)
        self._run(self.github.pr_event(self.repo, pull.number, action))

    @rule(number=st.integers(0, 3))
    def move_the_base(self, number: int) -> None:
        self._run(self.github.push_base(self.repo, {"README.md": f"Edition {number}.\n"}))

    @precondition(lambda self: [pull for pull in self._open_pulls() if pull.mergeable])
    @rule(data=st.data())
    def queue(self, data: st.DataObject) -> None:
        pull = self._some(data, [pull for pull in self._open_pulls() if pull.mergeable])
        self._run(self.github.merge_group(self.repo, [pull.number]))

    @precondition(lambda self: self.github.deliveries)
    @rule(data=st.data())
    def deliver_an_old_one_again(self, data: st.DataObject) -> None:
        delivery = self._some(data, self.github.deliveries[-40:])
        self._run(self.github.redeliver(delivery))

    @rule(
        kind=st.sampled_from(FAULTS),
        operation=st.sampled_from(OPERATIONS),
        after=st.integers(0, 2),
        times=st.integers(1, 2),
    )
    def fail(self, kind: str, operation: str, after: int, times: int) -> None:
        """GitHub falters. Only so much at once: what stays broken is another story."""
        faults = self.github.faults
        if len(faults.active) >= 3:
            return
        self.faulty = True
        if kind in ("403", "429"):
            faults.secondary(operation, retry_after=1, status=int(kind), after=after, times=1)
        elif kind.isdigit():
            faults.status(int(kind), operation, after=after, times=times)
        else:
            faults.add(kind, operation, after=after, times=times)

    @rule()
    def restart(self) -> None:
        """In the middle of whatever it does. What GitHub told the last process to wait for has passed by then."""
        self._run(self._restart())

    async def _restart(self) -> None:
        self.github.webhook_url = NOBODY
        await self.stage.stop()
        waits = (until - self.github.state.clock() for _, until in self.github.limits.blocked.values())
        await asyncio.sleep(max([0.0, *waits]))
        await self.stage.start()

    @rule()
    def calm(self) -> None:
        self._calm()

    # What must hold

    @invariant()
    @noted
    def nothing_is_broken_or_said_twice(self) -> None:
        Life.steps += 1
        self.github.assert_clean()
        for number in self.repo.pulls:
            spoken = Counter(
                (token, thread.first.path)
                for thread in self.github.threads(self.repo, number)
                if thread.first.user is self.github.app.bot and not thread.first.minimized
                for token in _said(thread)
                if not thread.is_resolved
            )
            assert not [key for key, times in spoken.items() if times > 1], spoken
            reviews = [each for each in self.github.reviews(self.repo, number) if each.state != "PENDING"]
            assert len(reviews) <= self.asked[number], "more notifications than reasons"
            answers = Counter(
                comment.body.rpartition("\n")[2]
                for comment in self.github.comments(self.repo, number)
                if comment.user is self.github.app.bot
            )
            assert not [mark for mark, times in answers.items() if times > 1], answers
        per_commit = Counter(run.head_sha for run in self.github.check_runs(self.repo))
        assert not [sha for sha, runs in per_commit.items() if runs > 1], per_commit

    @noted
    def _calm(self) -> None:
        """GitHub works, every delivery has come or is asked for again: then all is answered, and rightly."""
        self.github.faults.clear()
        self._run(self._rest())
        waived = self.stage.run(self._waived())
        for pull in self._open_pulls():
            (run,) = self.github.check_runs(self.repo, pull.head_sha)
            assert run.status == "completed", f"#{pull.number}: {run.status}"
            assert run.conclusion != "cancelled", f"#{pull.number}"
            self._judge(run, waived)
        for run in self.github.check_runs(self.repo):
            assert run.status == "completed", f"{run.head_sha}: left {run.status}"
        recorded = [line.detail.split()[3].rstrip(":") for line in self.stage.run(self._applied())]
        assert len(set(recorded)) == len(recorded), recorded
        for pull in self._open_pulls():
            commit = pull.head_repo.git.commit_info(pull.head_sha) if pull.head_repo else None
            if commit and commit.message.startswith(HEADLINE) and pull.head_sha not in self.returned:
                assert pull.head_sha in recorded, (pull.head_sha, recorded)

    async def _rest(self) -> None:
        await self.stage.service.idle()
        self.stage.work.sweeping.forget()
        await self.stage.service.jobs.sweep_now()
        await self.stage.service.idle()

    async def _applied(self) -> list[Entry]:
        return await self.stage.work.store.recorded(action="apply", limit=1000)

    async def _waived(self) -> set[int]:
        """Pull requests on which somebody waived something."""
        (installation,) = self.github.state.installations
        repository = Repository(installation, self.repo.id, "octo", "shop")
        wishes = {
            number: await self.stage.work.store.wishes(repository, number) for number in self.repo.pulls
        }
        return {number for number, wish in wishes.items() if wish.waivers}

    def _judge(self, run: CheckRun, waived: set[int]) -> None:
        """The run says what the worst of the pull requests deserves that have the commit as their head."""
        having = [pull for pull in self._open_pulls() if pull.head_sha == run.head_sha]
        bad = {pull.number for pull in having if self._is_bad(pull)}
        told = [pull.number for pull in having], run.output
        if run.output["title"].startswith(COULD_NOT) and self.faulty:
            assert run.conclusion == "neutral", told
        elif not bad:
            assert run.conclusion == "success", told
        elif bad - waived:
            assert run.conclusion == "failure", told
        sections = {int(number) for number in SECTION.findall(run.output["summary"])}
        assert sections <= {pull.number for pull in having}, told
        assert len(sections) == len(having) - 1, told

    # Small things

    @property
    def github(self) -> FakeGitHub:
        return self.stage.github

    def _run(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        return self.stage.run(coroutine)

    def _files(self, variant: str) -> dict[str, str]:
        self.edition = getattr(self, "edition", 0) + 1
        return VARIANTS[variant] | {"NEWS.md": f"Edition {self.edition}.\n"}

    def _is_bad(self, pull: Pull) -> bool:
        assert pull.head_repo is not None
        entry = pull.head_repo.git.entry(pull.head_sha, "shop/main.py")
        code = pull.head_repo.git.blob(entry[1]) if entry else None
        assert code is not None
        return any(problem.search(code) for problem in BAD[pull.base_ref])

    def _deliver(self, event: str, how: str) -> None:
        kinds = {"twice": "hook_dup", "late": "hook_reorder", "never": "hook_drop"}
        if how in kinds:
            self.github.faults.add(kinds[how], event)

    def _allow(self, run: CheckRun) -> None:
        for pull in self.repo.pulls.values():
            if pull.head_sha == run.head_sha:
                self.github.allow_review(self.repo, pull.number)
                self.asked[pull.number] += 1

    def _some(self, data: st.DataObject, things: list[Value]) -> Value:
        return things[data.draw(st.integers(0, len(things) - 1))]

    def _open_pulls(self) -> list[Pull]:
        return [pull for pull in self.repo.pulls.values() if pull.state == "open"]

    def _threads(self) -> list[Thread]:
        return [
            thread for pull in self._open_pulls() for thread in self.github.threads(self.repo, pull.number)
        ]

    def _runs(self, *, completed: bool = False) -> list[CheckRun]:
        """On heads; with `completed` those that GitHub offers to run again."""
        heads = {pull.head_sha for pull in self._open_pulls()}
        return [
            run
            for run in self.github.check_runs(self.repo)
            if run.head_sha in heads and (run.status == "completed" or not completed)
        ]

    def _buttons(self, wanted: str = "") -> list[tuple[CheckRun, str]]:
        return [
            (run, action["identifier"])
            for run in self._runs(completed=True)
            for action in run.actions
            if wanted in ("", action["identifier"])
        ]


def _said(thread: Thread) -> tuple[str, ...]:
    mark = marker.read(thread.first.body)
    return mark.fingerprints if mark is not None else ()


def live(*, lives: int, steps: int) -> None:
    """Raises what breaks, having told the life up to there and its seed.

    The same lives each time, unless `FASTPERF_EXPLORE` is set; `FASTPERF_SEED` begins with that one. Each is a run of
    hypothesis for itself: what is possible next depends on what the app did meanwhile, which no seed decides.
    """
    logs.configure("critical")
    explore = random.SystemRandom().randrange(2**32) if "FASTPERF_EXPLORE" in os.environ else 0
    first = int(os.environ.get("FASTPERF_SEED", explore))
    chosen = settings(
        max_examples=1,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),  # to shrink a failure would take hours
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        verbosity=Verbosity.debug,
    )
    before = Life.steps
    for number in range(first, first + lives):
        story: deque[str] = deque(maxlen=4 * steps)
        try:
            with with_reporter(story.append), warnings.catch_warnings():
                # The app rolls its dice in a thread of its own, where hypothesis sees them.
                warnings.simplefilter("ignore", HypothesisDeprecationWarning)
                run_state_machine_as_test(seed(number)(Life), settings=chosen)
        except BaseException as error:
            if isinstance(error, FlakyStrategyDefinition) and not TROUBLE:
                continue  # hypothesis wanted to live it twice; a life is never the same again
            told = "\n".join(line for line in story if line.startswith("state"))
            print(f"{told}\nlife {number}, after {Life.steps - before} steps", *TROUBLE, sep="\n")  # noqa: T201 - what led there
            raise
    print(f"{Life.steps - before} steps in {lives} lives from {first}")  # noqa: T201 - for whoever lets it run long
