"""What the stand-in knows: accounts, repositories, pull requests and all that hangs on them."""

from __future__ import annotations

import base64
import datetime
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from .gitrepo import GitRepo

Role = Literal["admin", "maintain", "write", "triage", "read", "none"]
T = TypeVar("T")
PASSING = frozenset({"success", "neutral", "skipped"})


@dataclass(eq=False)
class User:
    id: int
    login: str
    type: str = "User"
    kind = "U"


@dataclass(eq=False)
class App:
    id: int
    slug: str
    name: str
    client_id: str
    owner: User
    permissions: dict[str, str]
    events: list[str]
    bot: User
    kind = "A"


@dataclass(eq=False)
class Installation:
    id: int
    app: App
    account: User
    repos: list[Repo]
    permissions: dict[str, str]
    events: list[str]
    selection: str = "selected"
    suspended_at: str | None = None
    deleted: bool = False
    created_at: str = ""
    kind = "I"


@dataclass(eq=False)
class Token:
    value: str
    installation: Installation
    permissions: dict[str, str]
    repos: list[Repo] | None
    """None: every repository of the installation."""
    expires: float
    minted: float
    revoked: bool = False
    by_fault: bool = False
    """Ended by a fault knob: the 401 that follows is no mistake of the app."""


@dataclass(eq=False)
class Reaction:
    id: int
    user: User
    content: str
    created_at: str
    kind = "REA"


@dataclass(eq=False)
class IssueComment:
    id: int
    repo: Repo
    number: int
    user: User
    body: str
    created_at: str
    updated_at: str
    by_app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    kind = "IC"


@dataclass(eq=False)
class ReviewComment:
    id: int
    repo: Repo
    pull: Pull
    review: Review
    user: User
    body: str
    path: str
    commit_id: str
    original_commit_id: str
    line: int | None
    original_line: int | None
    side: str
    start_line: int | None
    original_start_line: int | None
    start_side: str | None
    subject_type: str
    diff_hunk: str
    position: int | None
    original_position: int | None
    created_at: str
    updated_at: str
    in_reply_to: ReviewComment | None = None
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    kind = "PRRC"

    @property
    def thread(self) -> Thread:
        return next(thread for thread in self.pull.threads if self in thread.comments)


@dataclass(eq=False)
class Thread:
    id: int
    pull: Pull
    comments: list[ReviewComment]
    resolved_by: User | None = None
    kind = "PRRT"

    @property
    def first(self) -> ReviewComment:
        return self.comments[0]

    @property
    def is_resolved(self) -> bool:
        return self.resolved_by is not None

    @property
    def is_outdated(self) -> bool:
        return self.first.subject_type == "line" and self.first.line is None


@dataclass(eq=False)
class Review:
    id: int
    pull: Pull
    user: User
    body: str
    state: str
    commit_id: str
    submitted_at: str | None
    comments: list[ReviewComment] = field(default_factory=list)
    by_app: App | None = None
    original: bool = False
    """Made as a review, not the shell around a single comment or an answer."""
    minimized: str | None = None
    kind = "PRR"


@dataclass(eq=False)
class Pull:
    id: int
    repo: Repo
    number: int
    title: str
    body: str
    author: User
    head_repo: Repo | None
    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    """The base branch's commit when head or base last changed."""
    draft: bool
    created_at: str
    updated_at: str
    state: str = "open"
    merged_at: str | None = None
    closed_at: str | None = None
    merge_commit_sha: str | None = None
    mergeable: bool = True
    labels: list[Label] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """Every head there was, oldest first."""
    kind = "PR"

    @property
    def comments(self) -> list[ReviewComment]:
        found = [comment for thread in self.threads for comment in thread.comments]
        return sorted(found, key=lambda comment: comment.id)

    @property
    def head_label(self) -> str:
        owner = self.head_repo.owner.login if self.head_repo else "unknown"
        return f"{owner}:{self.head_ref}"


@dataclass(eq=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    kind = "LA"


@dataclass(eq=False)
class CheckSuite:
    id: int
    repo: Repo
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    after: str | None
    created_at: str
    updated_at: str
    requeued: bool = False
    kind = "CS"

    @property
    def runs(self) -> list[CheckRun]:
        return [run for run in self.repo.check_runs if run.suite is self]

    @property
    def latest(self) -> list[CheckRun]:
        return list({run.name: run for run in self.runs}.values())

    @property
    def status(self) -> str:
        if self.requeued or not self.runs:
            return "queued"
        if all(run.status == "completed" for run in self.latest):
            return "completed"
        return "in_progress" if any(run.status == "in_progress" for run in self.latest) else "queued"

    @property
    def conclusion(self) -> str | None:
        return self.settled if self.status == "completed" else None

    @property
    def settled(self) -> str | None:
        """The conclusion that the newest runs amount to, whether or not the suite was asked to run again."""
        said = {str(run.conclusion) for run in self.latest}
        order = (
            "failure",
            "timed_out",
            "action_required",
            "cancelled",
            "stale",
            "neutral",
            "skipped",
            "success",
        )
        return next((value for value in order if value in said), None)


@dataclass(eq=False)
class CheckRun:
    id: int
    repo: Repo
    suite: CheckSuite
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    started_at: str | None
    completed_at: str | None
    details_url: str
    external_id: str
    output: dict[str, Any]
    annotations: list[dict[str, Any]]
    actions: list[dict[str, str]]
    kind = "CR"

    @property
    def app(self) -> App:
        return self.suite.app


@dataclass(eq=False)
class CommitStatus:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    user: User
    created_at: str
    kind = "SC"


@dataclass(eq=False)
class MergeGroup:
    repo: Repo
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str
    pulls: list[Pull]
    commits: list[str]
    """One for each of them, on top of the one before."""


@dataclass(eq=False)
class Repo:
    id: int
    owner: User
    name: str
    private: bool
    git: GitRepo
    created_at: str
    default_branch: str = "main"
    fork_of: Repo | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    required_checks: list[str] = field(default_factory=list)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[IssueComment] = field(default_factory=list)
    check_suites: list[CheckSuite] = field(default_factory=list)
    check_runs: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    merge_groups: list[MergeGroup] = field(default_factory=list)
    former_names: list[str] = field(default_factory=list)
    rulesets: list[tuple[str, int | None]] = field(default_factory=list)
    """Checks that rules of the default branch require, and the app they must come from."""
    pins: dict[str, int] = field(default_factory=dict)
    """The app that a check of `required_checks` must come from."""
    protected: set[str] = field(default_factory=set)
    """Branches that take no commits but by pull requests."""
    kind = "R"

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def network(self) -> Repo:
        return self.fork_of.network if self.fork_of else self

    def role(self, login: str) -> Role:
        """`write` for the owner's own account unless said otherwise; `read` for anybody on public repositories."""
        if login in self.roles:
            return self.roles[login]
        if login == self.owner.login:
            return "admin"
        return "none" if self.private else "read"

    def run(self, identity: int) -> CheckRun | None:
        return next((run for run in self.check_runs if run.id == identity), None)


@dataclass(eq=False)
class Delivery:
    id: int
    guid: str
    event: str
    action: str | None
    installation: Installation | None
    repo: Repo | None
    request_headers: dict[str, str]
    payload: dict[str, Any]
    body: bytes
    redelivery: bool = False
    delivered_at: str = ""
    delivered: float = 0.0
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass
class State:
    """All of it, and the clock. `skew` seconds are added to the machine's time."""

    root: Path
    skew: float = 0.0
    users: dict[str, User] = field(default_factory=dict)
    repos: dict[int, Repo] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    personal: dict[str, User] = field(default_factory=dict)
    """Personal access tokens, and whose they are."""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(3_000_000_001))
    _nodes: dict[str, Any] = field(default_factory=dict)

    def next_id(self) -> int:
        """Ids do not fit 32 bits, as GitHub's do not."""
        return next(self._ids)

    def clock(self) -> float:
        return time.time() + self.skew

    def now(self) -> str:
        return iso(self.clock())

    def user(self, login: str, kind: str | None = None) -> User:
        """The account of that name, made when it is new. `…[bot]` names are bots."""
        key = login.lower()
        if key not in self.users:
            kind = kind or ("Bot" if login.endswith("[bot]") else "User")
            self.users[key] = self.remember(User(self.next_id(), login, kind))
        return self.users[key]

    def remember(self, thing: T) -> T:
        self._nodes[node_id(thing)] = thing
        return thing

    def node(self, identity: str) -> Any:
        return self._nodes.get(identity)

    def repo(self, full_name: str) -> Repo | None:
        wanted = full_name.lower()
        return next((repo for repo in self.repos.values() if repo.full_name.lower() == wanted), None)

    def renamed(self, full_name: str) -> Repo | None:
        return next((repo for repo in self.repos.values() if full_name in repo.former_names), None)

    def pulls_from(self, repo: Repo, branch: str) -> list[Pull]:
        """Open pull requests that come from a branch."""
        return [
            pull
            for other in self.repos.values()
            for pull in other.pulls.values()
            if pull.state == "open" and pull.head_repo is repo and pull.head_ref == branch
        ]

    def installation_of(self, repo: Repo) -> Installation | None:
        return next((i for i in self.installations.values() if repo in i.repos and not i.deleted), None)


def iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(thing: Any) -> str:
    """An opaque id in GitHub's newer form: kind, underscore, base64."""
    raw = base64.urlsafe_b64encode(f"{thing.kind}:{thing.id}".encode()).decode().rstrip("=")
    return f"{thing.kind}_kwDO{raw}"


def check_state(repo: Repo, sha: str, name: str) -> str | None:
    """What a required check of that name says about a commit: the newest run or status; None when nothing does."""
    runs = [run for run in repo.check_runs if run.head_sha == sha and run.name == name]
    states = [status for status in repo.statuses if status.sha == sha and status.context == name]
    if runs and (runs[-1].status != "completed" or runs[-1].conclusion not in PASSING):
        return runs[-1].conclusion or runs[-1].status
    if states and states[-1].state != "success":
        return states[-1].state
    return "success" if runs or states else None


def merge_blockers(repo: Repo, pull: Pull) -> list[str]:
    """Why branch protection would refuse the merge; empty when it may happen."""
    reasons = []
    if pull.state != "open":
        reasons.append(f"the pull request is {pull.state}")
    if pull.draft:
        reasons.append("the pull request is a draft")
    if not pull.mergeable:
        reasons.append("the branches conflict")
    for name in repo.required_checks:
        found = check_state(repo, pull.head_sha, name)
        if found is None:
            reasons.append(f"required check {name!r} was never reported")
        elif found != "success":
            reasons.append(f"required check {name!r} is {found}")
    return reasons
