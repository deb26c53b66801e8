"""What people do with pull requests: open, push, comment, resolve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from . import branches, ops_issues, ops_reviews
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
            lambda: branches.opened(
                self.world, self._repo(repo), head, base, branch, title, body, draft, author
            )
        )
        pull: Pull = made
        if tell:
            await self._suite(pull, None)
            await self.pr_event(pull.repo, pull.number, "opened")
        return pull

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
        """Push one more commit to the pull request's branch, and so to all that come from it; the new head.

        With `force` the commit replaces the branch's own commits (it grows from the merge base); `sha` puts the
        branch on an existing commit instead.
        """
        pull = self._pull(repo, number)
        moved = await self.server.run(lambda: self._push(pull, files, message, force, sha))
        if tell:
            await self._suite(pull, moved[pull])
            for each, before in moved.items():
                extra = {"before": before, "after": each.head_sha}
                await self._tell(
                    "pull_request", "synchronize", each.repo, each.author, pull=each, extra=extra
                )
        return pull.head_sha

    def _push(
        self, pull: Pull, files: Mapping[str, Content], message: str, force: bool, sha: str | None
    ) -> dict[Pull, str]:
        """The pull requests that moved, with their former heads."""
        assert pull.head_repo is not None
        git = pull.head_repo.git
        parent = git.merge_base(pull.base_sha, pull.head_sha) if force else pull.head_sha
        if sha is not None:
            git.set_ref(f"refs/heads/{pull.head_ref}", sha)
        else:
            sha = git.commit(pull.head_ref, files, message, parent=parent)
        moved = {
            each: each.head_sha for each in (pull, *self.state.pulls_from(pull.head_repo, pull.head_ref))
        }
        for each in moved:
            branches.arrived(self.world, each, sha)
        return moved

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

    async def _suite(self, pull: Pull, before: str | None) -> None:
        events = await self.server.run(lambda: branches.suite_event(self.world, pull, before))
        await self.server.tell(events)

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
            branches.merged(self.world, pull)
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
                branches.moved(self.world, pull)
                branches.reanchor(self.world, pull)
            extra["changes"] = said

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
