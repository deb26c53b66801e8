"""Branches that move, and what that does to the pull requests on them: heads, trial merges, comments' places, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import ops_checks, rules
from .call import Event
from .state import Pull, Repo, ReviewComment, User

if TYPE_CHECKING:
    from .server import World


def opened(
    world: World,
    repo: Repo,
    head: str | Repo,
    base: str | None,
    branch: str | None,
    title: str,
    body: str,
    draft: bool,
    author: str | None,
) -> Pull:
    source = head if isinstance(head, Repo) else repo
    ref = branch or (head if isinstance(head, str) else source.default_branch)
    base = base or repo.default_branch
    head_sha, base_sha = source.git.ref(ref), repo.git.ref(base)
    if head_sha is None or base_sha is None:
        raise ValueError(f"no such branch: {ref if head_sha is None else base}")
    now = world.state.now()
    login = author or (source.owner.login if source is not repo else "octocat")
    number = max(repo.pulls, default=0) + 1
    pull = Pull(
        id=world.state.next_id(),
        repo=repo,
        number=number,
        title=title,
        body=body,
        author=world.state.user(login),
        head_repo=source,
        head_ref=ref,
        base_ref=base,
        head_sha=head_sha,
        base_sha=base_sha,
        draft=draft,
        created_at=now,
        updated_at=now,
        heads=[head_sha],
    )
    repo.pulls[number] = world.state.remember(pull)
    moved(world, pull)
    return pull


def moved(world: World, pull: Pull) -> None:
    """After head or base moved: refs of the pull request and the trial merge."""
    git = pull.repo.git
    git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)
    merged = git.merge(pull.base_sha, pull.head_sha, f"Merge {pull.head_sha} into {pull.base_sha}")
    pull.mergeable = merged is not None
    if merged is not None:
        pull.merge_commit_sha = merged
        git.set_ref(f"refs/pull/{pull.number}/merge", merged)
    pull.updated_at = world.state.now()


def arrived(world: World, pull: Pull, sha: str) -> None:
    """The pull request's branch is at another commit."""
    pull.head_sha = sha
    pull.heads.append(sha)
    moved(world, pull)
    reanchor(world, pull)


def suite_event(world: World, pull: Pull, before: str | None) -> list[Event]:
    """A push opens the app's check suite; pushes to forks are not seen."""
    if pull.head_repo is not pull.repo:
        return []
    installation = world.state.installation_of(pull.repo)
    if installation is None or installation.permissions.get("checks") != "write":
        return []
    suite = ops_checks.suite_for(world.state, pull.repo, world.app, pull.head_sha, before=before)
    return [Event("check_suite", "requested", pull.repo, pull.author, {"check_suite": suite})]


def advance(world: World, repo: Repo, branch: str, sha: str, sender: User) -> list[Event]:
    """Somebody, or an app, put a commit on a branch by the API: what GitHub tells of it."""
    repo.git.set_ref(f"refs/heads/{branch}", sha)
    pusher = {"name": sender.login, "email": f"{sender.login}@users.noreply.github.invalid"}
    extra: Mapping[str, Any] = {"ref": f"refs/heads/{branch}", "after": sha, "pusher": pusher}
    events = [Event("push", None, repo, sender, {"extra": extra})]
    for pull in world.state.pulls_from(repo, branch):
        before = pull.head_sha
        arrived(world, pull, sha)
        events += suite_event(world, pull, before)
        told = {"pull": pull, "extra": {"before": before, "after": sha}}
        events.append(Event("pull_request", "synchronize", pull.repo, sender, told))
    return events


def reanchor(world: World, pull: Pull) -> None:
    """After a push each comment moves with its line, or loses it."""
    files = rules.files_at(pull, pull.head_sha)
    for comment in pull.comments:
        if comment.subject_type == "file":
            continue
        if comment.line is not None or comment.original_line is not None:
            _reanchor(world, pull, comment, files)


def _reanchor(world: World, pull: Pull, comment: ReviewComment, files: Sequence[Any]) -> None:
    git = pull.repo.git
    file = next((f for f in files if comment.path in (f.path, f.previous)), None)
    line = start = None
    if file is not None:
        if comment.side == "LEFT":
            old_base = git.merge_base(pull.base_sha, comment.original_commit_id)
            old = git.entry(old_base, file.old_path) if old_base else None
            new_sha = file.old_sha
        else:
            old = git.entry(comment.original_commit_id, comment.path)
            new_sha = file.new_sha
        if old is not None and new_sha is not None and comment.original_line is not None:
            line = git.moved_line(old[1], new_sha, comment.original_line)
            if comment.original_start_line is not None:
                start = git.moved_line(old[1], new_sha, comment.original_start_line)
                line = None if start is None else line
        if line is not None and file.hunk(line, comment.side) is None:
            line = None
    comment.line = line
    comment.start_line = start if line is not None else None
    comment.position = file.position(line, comment.side) if file is not None and line is not None else None
    if line is not None and file is not None:
        comment.path = file.path if comment.side == "RIGHT" else comment.path
    if world.reanchor_commit and line is not None:
        comment.commit_id = pull.head_sha


def merged(world: World, pull: Pull, message: str = "") -> str | None:
    """Merge a pull request into its base; the new commit, none when they conflict."""
    git = pull.repo.git
    tip = git.ref(pull.base_ref) or pull.base_sha
    merged_sha = git.merge(tip, pull.head_sha, message or f"Merge pull request #{pull.number}")
    if merged_sha is not None:
        git.set_ref(f"refs/heads/{pull.base_ref}", merged_sha)
        pull.merge_commit_sha = merged_sha
    now = world.state.now()
    pull.state, pull.closed_at, pull.merged_at, pull.updated_at = "closed", now, now, now
    return merged_sha
