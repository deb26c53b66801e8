"""Work that writes down what the jobs ask of it, for tests of the job engine alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from app.github.models import Repository
from app.work import (
    ArriveJob,
    CommandJob,
    ForgetJob,
    MergeGroupJob,
    Outcome,
    RerunJob,
    ReviewJob,
    Swept,
    ThreadJob,
)

REPOSITORY = Repository(installation_id=1, id=7, owner="octo", name="shop")


def review(trigger: str, number: int = 1, *, force: bool = False) -> ReviewJob:
    return ReviewJob(repository=REPOSITORY, number=number, trigger=trigger, force=force)


class PassingError(Exception):
    pass


class LimitError(Exception):
    def __init__(self, until: float) -> None:
        super().__init__("limited")
        self.until = until


class RecordedWork:
    """`gate` holds analyses until it is set; `fail` maps a step to errors it raises, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.gathering = asyncio.Event()
        self.fail: dict[str, list[Exception]] = {}
        self.again: list[bool] = []
        self.next_review: ReviewJob | None = None
        self.swept = Swept()
        self.machines: frozenset[str] = frozenset({"local"})
        self.pressed: set[int] = set()
        """Installations whose budget is nearly used up."""
        self.most_at_once: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self.on_publish: Callable[[], None] | None = None

    def count(self, step: str) -> int:
        return sum(name == step for name, _ in self.done)

    def _do(self, step: str, identity: str) -> None:
        self.done.append((step, identity))
        if errors := self.fail.get(step):
            raise errors.pop(0)

    async def gather(self, job: ReviewJob) -> Outcome:
        self._now[job.key] += 1
        self.most_at_once[job.key] = max(self.most_at_once[job.key], self._now[job.key])
        self.gathering.set()
        try:
            await self.gate.wait()
            self._do("gather", job.id)
            return {"status": "report", "head_sha": "f" * 40}
        finally:
            self._now[job.key] -= 1

    async def publish(self, job: ReviewJob, gathered: Outcome, *, again: bool) -> Outcome:
        self.again.append(again)
        if self.on_publish is not None:
            self.on_publish()
        self._do("publish", job.id)
        return {"status": "published"}

    async def clean_up(self, job: ReviewJob, gathered: Outcome) -> Outcome:
        self._do("clean_up", f"{job.id} {gathered['status']}")
        return {"status": "done"}

    async def conclude_fault(self, job: ReviewJob, reason: str) -> Outcome:
        self._do("fault", reason)
        return {"status": "done"}

    async def command(self, job: CommandJob) -> ReviewJob | None:
        self._do("command", job.id)
        return self.next_review

    async def refuse_command(self, job: CommandJob) -> Outcome:
        self._do("refuse_command", job.id)
        return {"status": "fault"}

    async def rerun(self, job: RerunJob) -> tuple[ReviewJob, ...]:
        self._do("rerun", job.id)
        return tuple(review(job.trigger, number, force=True) for number in job.numbers)

    async def merge_group(self, job: MergeGroupJob) -> Outcome:
        self._do("merge_group", job.id)
        return {"status": "done"}

    async def thread(self, job: ThreadJob) -> Outcome:
        self._do("thread", job.id)
        return {"status": "done"}

    async def forget(self, job: ForgetJob) -> Outcome:
        self._do("forget", job.id)
        return {"status": "done"}

    async def conclude_group_fault(self, job: MergeGroupJob, reason: str) -> Outcome:
        self._do("group_fault", f"{job.id} {reason}")
        return {"status": "fault"}

    async def arrive(self, job: ArriveJob) -> Swept:
        self._do("arrive", str(job.installation_id))
        return self.swept

    async def sweep(self) -> Swept:
        self._do("sweep", "")
        return self.swept

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        return self.machines

    async def leave(self, machine_id: str) -> None:
        self.machines -= {machine_id}

    def is_transient(self, error: BaseException) -> bool:
        return isinstance(error, PassingError)

    def is_pressed(self, installation_id: int) -> bool:
        return installation_id in self.pressed

    def limited_until(self, error: BaseException) -> float | None:
        return error.until if isinstance(error, LimitError) else None
