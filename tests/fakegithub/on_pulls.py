"""What people do with pull requests: open, push, comment, resolve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from . import ops_checks, ops_issues, ops_reviews, rules
from .call import Event
from .gitrepo import Content
from .stage import Stage
from .state import Delivery, IssueComment, Label, Pull, Repo, ReviewComment, Thread


class OnPulls(Stage):
    """Pull requests and what is said on them."""

    async def open_pr(
        self,
        repo: Repo | str,
        head: str | Repo = "feature",
        base: str | None = None,
        *,
        branch: str | None = None,
        title: str = "Change something",
        body: str = "",
        draft: bool = False,
        author: str | None = None,
        tell: bool = True,
    ) -> Pull:
        """Open a pull request from a branch (`head`), or from a branch of a fork (`head` the fork, `branch` its branch)."""
        made = await self.server.run(
            lambda: self._open(self._repo(repo), head, base, branch, title, body, draft, author)
        )
        pull: Pull = made
        if tell:
            await self._pushed(pull, None)
            await self.pr_event(pull.repo, pull.number, "opened")
        return pull

    def _open(
        self,
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
        now = self.state.now()
        login = author or (source.owner.login if source is not repo else "octocat")
        number = max(repo.pulls, default=0) + 1
        pull = Pull(
            id=self.state.next_id(),
            repo=repo,
            number=number,
            title=title,
            body=body,
            author=self.state.user(login),
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
        repo.pulls[number] = self.state.remember(pull)
        self._moved(pull)
        return pull

    def _moved(self, pull: Pull) -> None:
        """After head or base moved: refs of the pull request and the trial merge."""
        git = pull.repo.git
        git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)
        merged = git.merge(pull.base_sha, pull.head_sha, f"Merge {pull.head_sha} into {pull.base_sha}")
        pull.mergeable = merged is not None
        if merged is not None:
            pull.merge_commit_sha = merged
            git.set_ref(f"refs/pull/{pull.number}/merge", merged)
        pull.updated_at = self.state.now()

    async def push(
        self,
        repo: Repo | str,
        number: int,
        files: Mapping[str, Content],
        message: str = "Push",
        *,
        force: bool = False,
        sha: str | None = None,
        tell: bool = True,
    ) -> str:
        """Push one more commit to the pull request's branch; the new head.

        With `force` the commit replaces the branch's own commits (it grows from the merge base); `sha` puts the
        branch on an existing commit instead.
        """
        pull = self._pull(repo, number)
        before = pull.head_sha
        await self.server.run(lambda: self._push(pull, files, message, force, sha))
        if tell:
            await self._pushed(pull, before)
            await self._tell(
                "pull_request",
                "synchronize",
                pull.repo,
                pull.author,
                pull=pull,
                extra={"before": before, "after": pull.head_sha},
            )
        return pull.head_sha

    def _push(
        self, pull: Pull, files: Mapping[str, Content], message: str, force: bool, sha: str | None
    ) -> None:
        assert pull.head_repo is not None
        git = pull.head_repo.git
        parent = git.merge_base(pull.base_sha, pull.head_sha) if force else pull.head_sha
        if sha is not None:
            git.set_ref(f"refs/heads/{pull.head_ref}", sha)
        else:
            sha = git.commit(pull.head_ref, files, message, parent=parent)
        pull.head_sha = sha
        pull.heads.append(sha)
        self._moved(pull)
        self.reanchor(pull)

    async def push_base(
        self, repo: Repo | str, files: Mapping[str, Content], branch: str | None = None
    ) -> str:
        """Commit to a base branch, as a merge by somebody else does. Pull requests keep their `base.sha` until they
        change; GitHub sends no pull_request event."""
        found = self._repo(repo)
        name = branch or found.default_branch
        sha: str = await self.server.run(lambda: found.git.commit(name, files, "Move the base"))
        pusher = {"name": "octocat", "email": "octocat@users.noreply.github.invalid"}
        await self._tell(
            "push", None, found, extra={"ref": f"refs/heads/{name}", "after": sha, "pusher": pusher}
        )
        return sha

    async def _pushed(self, pull: Pull, before: str | None) -> None:
        """A push opens the app's check suite; pushes to forks are not seen."""
        if pull.head_repo is not pull.repo:
            return
        installation = self.state.installation_of(pull.repo)
        if installation is None or installation.permissions.get("checks") != "write":
            return
        suite = await self.server.run(
            lambda: ops_checks.suite_for(self.state, pull.repo, self.app, pull.head_sha, before=before)
        )
        await self._tell("check_suite", "requested", pull.repo, pull.author, check_suite=suite)

    def reanchor(self, pull: Pull) -> None:
        """After a push each comment moves with its line, or loses it."""
        files = rules.files_at(pull, pull.head_sha)
        for comment in pull.comments:
            if comment.subject_type == "file":
                continue
            if comment.line is not None or comment.original_line is not None:
                self._reanchor(pull, comment, files)

    def _reanchor(self, pull: Pull, comment: ReviewComment, files: Sequence[Any]) -> None:
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
        comment.position = (
            file.position(line, comment.side) if file is not None and line is not None else None
        )
        if line is not None and file is not None:
            comment.path = file.path if comment.side == "RIGHT" else comment.path
        if self.world.reanchor_commit and line is not None:
            comment.commit_id = pull.head_sha

    async def pr_event(
        self, repo: Repo | str, number: int, action: str, *, sender: str | None = None, **changes: Any
    ) -> list[Delivery]:
        """Something done to a pull request: opened, reopened, closed, merged, ready_for_review, converted_to_draft,
        edited (`base="other"` or `title="…"`), labeled (`label="…"`)."""
        pull = self._pull(repo, number)
        extra: dict[str, Any] = {}
        parts: dict[str, Any] = {"pull": pull}
        await self.server.run(lambda: self._change(pull, action, changes, extra, parts))
        user = self.state.user(sender) if sender else pull.author
        name = "closed" if action == "merged" else action
        return await self._tell("pull_request", name, pull.repo, user, extra=extra, **parts)

    def _change(
        self,
        pull: Pull,
        action: str,
        changes: Mapping[str, Any],
        extra: dict[str, Any],
        parts: dict[str, Any],
    ) -> None:
        now = self.state.now()
        pull.updated_at = now
        if action in ("closed", "merged"):
            pull.state, pull.closed_at = "closed", now
        if action == "merged":
            self._merge(pull, now)
        elif action == "reopened":
            pull.state, pull.closed_at = "open", None
        elif action == "ready_for_review":
            pull.draft = False
        elif action == "converted_to_draft":
            pull.draft = True
        elif action == "labeled":
            label = self.state.remember(Label(self.state.next_id(), changes["label"]))
            pull.labels.append(label)
            parts["label"] = label
        elif action == "edited":
            said: dict[str, Any] = {}
            if "title" in changes:
                said["title"], pull.title = {"from": pull.title}, changes["title"]
            if "base" in changes:
                base_sha = pull.repo.git.ref(changes["base"])
                if base_sha is None:
                    raise ValueError(f"no such branch: {changes['base']}")
                said["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
                pull.base_ref, pull.base_sha = changes["base"], base_sha
                self._moved(pull)
                self.reanchor(pull)
            extra["changes"] = said

    def _merge(self, pull: Pull, now: str) -> None:
        git = pull.repo.git
        tip = git.ref(pull.base_ref) or pull.base_sha
        merged = git.merge(tip, pull.head_sha, f"Merge pull request #{pull.number}")
        if merged is not None:
            git.set_ref(f"refs/heads/{pull.base_ref}", merged)
            pull.merge_commit_sha = merged
        pull.merged_at = now

    async def comment(
        self, repo: Repo | str, number: int, body: str, user: str = "octocat", *, tell: bool = True
    ) -> IssueComment:
        """Somebody writes in the conversation. A command there may ask for another review of the same head."""
        pull = self._pull(repo, number)
        made = ops_issues.add_comment(self.state, pull.repo, number, self.state.user(user), body)
        if any(word in body for word in ("/fastperf rescan", "/fastperf unignore", "/fastperf resume")):
            self.allow_review(pull.repo, number)
        if tell:
            await self._tell("issue_comment", "created", pull.repo, made.user, comment=made, pull=pull)
        return made

    async def review_reply(
        self, repo: Repo | str, number: int, comment_id: int, body: str, user: str = "octocat"
    ) -> ReviewComment:
        """Somebody answers in a review thread."""
        pull = self._pull(repo, number)
        first = next(c for c in pull.comments if c.id == comment_id).thread.first
        made = ops_reviews.reply(self.state, first, self.state.user(user), body)
        await self._tell(
            "pull_request_review_comment", "created", pull.repo, made.user, pull=pull, review_comment=made
        )
        return made

    async def resolve(
        self, repo: Repo | str, thread: Thread, user: str = "octocat", *, resolved: bool = True
    ) -> None:
        """Somebody resolves (or unresolves) a thread."""
        thread.resolved_by = self.state.user(user) if resolved else None
        action = "resolved" if resolved else "unresolved"
        await self._tell(
            "pull_request_review_thread",
            action,
            thread.pull.repo,
            self.state.user(user),
            pull=thread.pull,
            thread=thread,
        )

    def force_push(
        self,
        repo: Repo | str,
        number: int,
        files: Mapping[str, Content],
        *,
        op: str,
        after: int = 0,
        tell: bool = True,
    ) -> None:
        """The head is replaced just before the app's next call of `op`, and the event follows."""
        pull = self._pull(repo, number)

        def strike() -> None:
            before = pull.head_sha
            self._push(pull, files, "Forced", True, None)
            if tell:
                extra = {"before": before, "after": pull.head_sha}
                event = Event(
                    "pull_request", "synchronize", pull.repo, pull.author, {"pull": pull, "extra": extra}
                )
                self._loop.call_soon_threadsafe(self.server.tell_later, [event])

        self._loop = asyncio.get_running_loop()
        self.world.faults.call(strike, op, after=after)
