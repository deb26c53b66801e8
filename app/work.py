"""What can be wished for, as values that survive a restart, and who does it.

`app.events` makes these of deliveries, `app.jobs` keeps them, `app.pipeline` does the work.
"""

from __future__ import annotations

import zlib
from typing import Any, Final, Literal, Protocol

import msgspec

from app.github.models import Repository

Outcome = dict[str, Any]
"""What a step leaves in the database: plain JSON values, never source files. `status` is always there."""


LANES: Final = 3
"""Reviews of one installation at once, fewer than a machine does: a loud one never has all places."""


def _numbered(job_id: str, waits: int) -> str:
    return f"{job_id}+{waits}" if waits else job_id


class ReviewJob(msgspec.Struct, frozen=True, kw_only=True):
    """Review a pull request at whatever its head is when the job runs."""

    repository: Repository
    number: int
    trigger: str
    """The delivery's GUID, `comment-<id>` or `sweep-<sha>-<when>`: the same wish twice is one job."""
    head_sha: str = ""
    base_sha: str = ""
    """What the delivery said, so that the first questions need not wait for an answer; the job asks anew."""
    force: bool = False
    """Review even though the head has a completed check run already."""
    quiet: bool = False
    """Answer by the check run alone: the pull request was there before we were."""
    waits: int = 0
    """How often GitHub asked for patience: each time the job ends, and this one comes back later in its place."""

    def answers(self, other: ReviewJob) -> bool:
        """Whether doing this one is doing the other: it looks as closely, and speaks as freely."""
        return (self.force or not other.force) and (other.quiet or not self.quiet)

    @property
    def key(self) -> str:
        """One running review for each."""
        return f"{self.repository.id}#{self.number}"

    @property
    def lane(self) -> str:
        """Reviews of one lane run one after the other: a pull request keeps to one, an installation has few."""
        return f"{self.repository.installation_id}/{zlib.crc32(self.key.encode()) % LANES}"

    @property
    def id(self) -> str:
        return _numbered(f"review:{self.key}:{self.trigger}", self.waits)

    @property
    def prefix(self) -> str:
        return f"review:{self.key}:"


class CommandJob(msgspec.Struct, frozen=True, kw_only=True):
    """A comment with a command (`/fastperf …`), or a pressed button of the check run."""

    repository: Repository
    number: int
    """0 when GitHub did not say (the button of a pull request from a fork): its head does."""
    trigger: str
    author: str
    """Who asks: their permission is looked up when the job runs."""
    pull_author: str
    body: str
    comment_id: int | None = None
    """The comment to react to."""
    thread_id: int | None = None
    """The comment that began the review thread in which it was said."""
    head_sha: str = ""
    """The commit whose check run had the button."""
    button: str = ""
    """Which one; empty for a comment."""
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"command:{self.repository.id}#{self.number}:{self.trigger}", self.waits)


class RerunJob(msgspec.Struct, frozen=True, kw_only=True):
    """Someone asked GitHub to run the check again on a commit."""

    repository: Repository
    head_sha: str
    numbers: tuple[int, ...]
    """Pull requests that GitHub named; empty for forks."""
    trigger: str
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"rerun:{self.repository.id}@{self.head_sha}:{self.trigger}", self.waits)


class MergeGroupJob(msgspec.Struct, frozen=True, kw_only=True):
    """A merge queue waits for the check run on the commit that it would merge."""

    repository: Repository
    head_sha: str
    base_sha: str
    base_ref: str
    trigger: str
    head_ref: str = ""
    """The queue's branch: its name ends with the pull request that it is for."""
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"{self.prefix}{self.trigger}", self.waits)

    @property
    def prefix(self) -> str:
        return f"group:{self.repository.id}@{self.head_sha}:"


class ForgetJob(msgspec.Struct, frozen=True, kw_only=True):
    """An installation, or some repositories of it, are ours no more."""

    installation_id: int
    repository_ids: tuple[int, ...]
    """Empty: all of the installation."""
    trigger: str
    reason: Literal["deleted", "suspended", "transferred", "privatized"] = "deleted"
    """Deleted: all we stored goes. Suspended: jobs stop. Transferred: what was stored under any owner goes.
    Privatized: so do the reports that people may have had a link to."""
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"forget:{self.installation_id}:{self.trigger}", self.waits)


class ArriveJob(msgspec.Struct, frozen=True, kw_only=True):
    """An installation is ours now, or again, or has more repositories: their open heads wait for an answer."""

    installation_id: int
    trigger: str
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"arrive:{self.installation_id}:{self.trigger}", self.waits)


class ThreadJob(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody resolved a thread, or took that back."""

    repository: Repository
    number: int
    trigger: str
    writer: str
    """Who began the thread: only ours count."""
    body: str
    """Of its first comment."""
    resolved: bool
    waits: int = 0

    @property
    def id(self) -> str:
        return _numbered(f"thread:{self.repository.id}#{self.number}:{self.trigger}", self.waits)


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep found undone."""

    reviews: tuple[ReviewJob, ...] = ()
    redelivered: int = 0


class Work(Protocol):
    """The steps of each job. Each may run twice, so each looks before it writes.

    `gather` returns an outcome whose `status` is `report` when there is something to publish, `limited`
    (with `until`, a UNIX time) when GitHub asked for patience, anything else when the job ends there.
    Errors that are worth another try are told by `is_transient`.
    """

    async def gather(self, job: ReviewJob) -> Outcome: ...

    async def publish(self, job: ReviewJob, gathered: Outcome, *, again: bool) -> Outcome: ...

    async def clean_up(self, job: ReviewJob, gathered: Outcome) -> Outcome: ...

    async def conclude_fault(self, job: ReviewJob, reason: str) -> Outcome: ...

    async def command(self, job: CommandJob) -> ReviewJob | None: ...

    async def refuse_command(self, job: CommandJob) -> Outcome: ...

    async def rerun(self, job: RerunJob) -> tuple[ReviewJob, ...]: ...

    async def merge_group(self, job: MergeGroupJob) -> Outcome: ...

    async def conclude_group_fault(self, job: MergeGroupJob, reason: str) -> Outcome: ...

    async def forget(self, job: ForgetJob) -> Outcome: ...

    async def thread(self, job: ThreadJob) -> Outcome: ...

    async def sweep(self) -> Swept: ...

    async def arrive(self, job: ArriveJob) -> Swept: ...

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        """Note that this machine lives; returns the machines that do."""
        ...

    def is_pressed(self, installation_id: int) -> bool:
        """Whether so much of an installation's budget at GitHub is used that pushes had better wait for each other."""
        ...

    async def leave(self, machine_id: str) -> None:
        """Note that this machine is gone."""
        ...

    def is_transient(self, error: BaseException) -> bool: ...

    def limited_until(self, error: BaseException) -> float | None:
        """When GitHub wants to hear from us again, if `error` says so (UNIX time)."""
        ...
