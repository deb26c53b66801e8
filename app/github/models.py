"""GitHub's objects as we use them. Payloads end here: inside the program there are only these values.

All are frozen msgspec structs, so that they pass through jobs as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Conclusion = Literal["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]
Side = Literal["LEFT", "RIGHT"]


class Repository(msgspec.Struct, frozen=True):
    """A repository seen through one installation. Identity is `id`; names change."""

    installation_id: int
    id: int
    owner: str
    name: str
    private: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Repository:
        """From any delivery that carries `repository` and `installation`. Raises KeyError when it does not."""
        repository = payload["repository"]
        return cls(
            installation_id=int(payload["installation"]["id"]),
            id=int(repository["id"]),
            owner=str(repository["owner"]["login"]),
            name=str(repository["name"]),
            private=bool(repository.get("private", False)),
        )


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request as a delivery described it; the head may have moved since."""

    repository: Repository
    number: int
    head_sha: str
    base_sha: str
    base_ref: str
    draft: bool = False
    author: str = ""
    author_is_bot: bool = False

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> PullRequest:
        """From a `pull_request` delivery."""
        return cls.described(payload["pull_request"], Repository.from_payload(payload))

    @classmethod
    def described(cls, pull: Mapping[str, Any], repository: Repository) -> PullRequest:
        """As GitHub's REST interface describes one, which a delivery has a copy of."""
        user = pull.get("user") or {}
        return cls(
            repository=repository,
            number=int(pull["number"]),
            head_sha=str(pull["head"]["sha"]),
            base_sha=str(pull["base"]["sha"]),
            base_ref=str(pull["base"]["ref"]),
            draft=bool(pull.get("draft", False)),
            author=str(user.get("login", "")),
            author_is_bot=user.get("type") == "Bot",
        )


class ChangedFile(msgspec.Struct, frozen=True):
    """One file of a pull request. `patch` is absent for binary, huge and purely renamed files."""

    path: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    sha: str | None = None
    """Blob at the head."""
    patch: str | None = None
    previous_path: str | None = None
    additions: int = 0
    deletions: int = 0


class ReviewComment(msgspec.Struct, frozen=True):
    """An inline comment to post. `start_line` only for ranges (`start_line < line`)."""

    path: str
    line: int
    body: str
    side: Side = "RIGHT"
    start_line: int | None = None
    code: str = ""
    fingerprint: str = ""
    apart: tuple[ReviewComment, ...] = ()
    """What it would be as several comments, where it joins findings of several causes; never sent."""


class Annotation(msgspec.Struct, frozen=True):
    """A mark of the check run; may point at any line of the head commit."""

    path: str
    start_line: int
    end_line: int
    annotation_level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""


class Thread(msgspec.Struct, frozen=True):
    """A review thread that begins with a comment of ours."""

    id: str
    """GraphQL id of the thread."""
    comment_id: int
    """REST id of its first comment."""
    comment_node_id: str
    path: str
    line: int | None
    body: str
    resolved: bool
    outdated: bool
    minimized: bool
    human_replies: int


class CheckRun(msgspec.Struct, frozen=True):
    id: int
    head_sha: str
    external_id: str
    status: str
    conclusion: str | None


class PullState(msgspec.Struct, frozen=True):
    """What one round trip tells: where the head is, what we said there, how the project configures us."""

    head_sha: str
    base_sha: str
    base_ref: str
    is_draft: bool
    state: str
    author: str
    threads: tuple[Thread, ...]
    check_runs: tuple[CheckRun, ...]
    """Ours, on the head."""
    documents: Mapping[str, str | None]
    """Configuration at the base commit by name: `.github/fastperf.toml`, `pyproject.toml`, `.gitattributes`,
    `org:.github/fastperf.toml`; null where the file does not exist."""
    title: str = ""
    head_ref: str = ""
    author_is_bot: bool = False
    is_fork: bool = False
    """The head is a branch of another repository, or of none any more."""
    merged_at: float = 0.0
    """When it was merged; 0 while it is not."""


class Queued(msgspec.Struct, frozen=True):
    """A pull request in a merge queue."""

    number: int
    commit: str
    """What the queue made of it, on top of those before it; empty while it waits."""
    title: str
    head_ref: str
    is_fork: bool


class Compared(msgspec.Struct, frozen=True):
    """What a pull request changes between the merge base and the head."""

    merge_base_sha: str
    files: tuple[ChangedFile, ...]
    complete: bool
    """False when GitHub does not list all of them (more than 3000)."""


class Tree(msgspec.Struct, frozen=True):
    """The files of a commit: symbolic links and submodules are left out."""

    entries: Mapping[str, str]
    """Path -> blob."""
    sizes: Mapping[str, int]
    """Path -> bytes."""
    truncated: bool
    """True when GitHub left out some (more than 100,000 or 7 MB)."""


class Posted(msgspec.Struct, frozen=True):
    """What became of a review."""

    review_id: int | None
    """None when there was nothing left to post."""
    posted: tuple[ReviewComment, ...]
    refused: tuple[ReviewComment, ...]
    """Comments whose place GitHub does not take: say them in the check run."""
    moved_to: str | None = None
    """The head, when it is no longer the commit that was reviewed: nothing was posted."""


class Action(msgspec.Struct, frozen=True):
    """A button of the check run: label up to 20 characters, description 40, identifier 20."""

    label: str
    description: str
    identifier: str


class Output(msgspec.Struct, frozen=True):
    """What a check run shows. `summary` and `text` hold up to 65,535 characters, and as many bytes."""

    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


class OpenPull(msgspec.Struct, frozen=True):
    """An open pull request and our check runs on its head."""

    pull: PullRequest
    check_runs: tuple[CheckRun, ...]
    opened: float
    """In seconds since 1970."""


class OpenHeads(msgspec.Struct, frozen=True):
    """How many pull requests are open in a repository, and the heads of those updated last, by number."""

    total: int
    newest: tuple[tuple[int, str], ...]


class App(msgspec.Struct, frozen=True):
    """The app as it is registered at GitHub."""

    id: int
    slug: str
    name: str
    html_url: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


class Installation(msgspec.Struct, frozen=True):
    """The app on one account. `suspended` ones answer nothing."""

    id: int
    account: str
    permissions: Mapping[str, str]
    suspended: bool


class Delivery(msgspec.Struct, frozen=True):
    """One webhook delivery as GitHub's log has it. A redelivery has the same `guid` and another `id`."""

    id: int
    guid: str
    delivered_at: str
    """ISO 8601, UTC."""
    status: str
    status_code: int
    event: str
    action: str | None
    installation_id: int | None
