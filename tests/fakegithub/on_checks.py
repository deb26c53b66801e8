"""What people do with checks and merge queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import ops_checks
from .stage import Stage
from .state import App, CheckRun, Delivery, MergeGroup, Repo, merge_blockers


class OnChecks(Stage):
    """Re-runs, buttons, branch protection, merge groups."""

    async def rerequest(self, repo: Repo | str, run_id: int, user: str = "octocat") -> list[Delivery]:
        """Somebody presses Re-run."""
        found = self._repo(repo)
        run = found.run(run_id)
        assert run is not None
        run.suite.requeued = True
        for number, pull in found.pulls.items():
            if pull.head_sha == run.head_sha:
                self.allow_review(found, number)
        return await self._tell("check_run", "rerequested", found, self.state.user(user), check_run=run)

    async def rerequest_suite(self, repo: Repo | str, suite_id: int, user: str = "octocat") -> list[Delivery]:
        """Somebody presses Re-run all checks."""
        found = self._repo(repo)
        suite = next(suite for suite in found.check_suites if suite.id == suite_id)
        suite.requeued = True
        for number, pull in found.pulls.items():
            if pull.head_sha == suite.head_sha:
                self.allow_review(found, number)
        return await self._tell("check_suite", "rerequested", found, self.state.user(user), check_suite=suite)

    async def press(
        self, repo: Repo | str, run_id: int, identifier: str, user: str = "octocat"
    ) -> list[Delivery]:
        """Somebody presses a button of a check run. Raises ValueError when there is no such button."""
        found = self._repo(repo)
        run = found.run(run_id)
        if (
            run is None
            or run.status != "completed"
            or identifier not in [a["identifier"] for a in run.actions]
        ):
            raise ValueError(f"no button {identifier!r}")
        extra = {"requested_action": {"identifier": identifier}}
        return await self._tell(
            "check_run", "requested_action", found, self.state.user(user), check_run=run, extra=extra
        )

    def foreign_check(
        self,
        repo: Repo | str,
        sha: str,
        name: str,
        conclusion: str | None = "success",
        slug: str = "other-app",
    ) -> CheckRun:
        """A check run of another app."""
        bot = self.state.user(f"{slug}[bot]")
        other = next(
            (s.app for r in self.state.repos.values() for s in r.check_suites if s.app.slug == slug), None
        )
        if other is None:
            other = self.state.remember(
                App(self.state.next_id() % 1_000_000, slug, slug, f"Iv1.{slug}", self.app.owner, {}, [], bot)
            )
        values: dict[str, Any] = (
            {"status": "in_progress"} if conclusion is None else {"conclusion": conclusion}
        )
        return ops_checks.add_run(
            self.state, self._repo(repo), other, name=name, head_sha=sha, details_url="", values=values
        )

    # Merging

    def may_merge(self, repo: Repo | str, number: int) -> bool:
        """Whether branch protection lets the pull request be merged."""
        return not self.merge_blockers(repo, number)

    def merge_blockers(self, repo: Repo | str, number: int) -> list[str]:
        """Why it may not, in words."""
        pull = self._pull(repo, number)
        return merge_blockers(pull.repo, pull)

    async def merge_group(
        self, repo: Repo | str, numbers: Sequence[int], *, tell: bool = True, squash: bool = False
    ) -> MergeGroup:
        """Queue pull requests together: one commit over the base for each, and `checks_requested`."""
        found = self._repo(repo)
        group: MergeGroup = await self.server.run(lambda: self._group(found, numbers, squash))
        if tell:
            await self.queue_told(group)
        return group

    async def queue_told(self, group: MergeGroup) -> None:
        """The app is asked for a check on the group."""
        await self._tell("merge_group", "checks_requested", group.repo, merge_group=group)

    def _group(self, repo: Repo, numbers: Sequence[int], squash: bool) -> MergeGroup:
        pulls = [repo.pulls[number] for number in numbers]
        base_ref = pulls[0].base_ref
        base_sha = repo.git.ref(base_ref)
        assert base_sha is not None
        head = base_sha
        commits: list[str] = []
        for pull in pulls:
            message = f"{pull.title} (#{pull.number})" if squash else f"Merge pull request #{pull.number}"
            merged = repo.git.merge(head, pull.head_sha, message, squash=squash)
            if merged is None:
                raise ValueError(f"#{pull.number} conflicts")
            head = merged
            commits.append(head)
        ref = f"refs/heads/gh-readonly-queue/{base_ref}/pr-{numbers[-1]}-{base_sha}"
        repo.git.set_ref(ref, head)
        group = MergeGroup(repo, head, ref, base_sha, f"refs/heads/{base_ref}", pulls, commits)
        repo.merge_groups.append(group)
        return group

    async def destroy_group(self, group: MergeGroup, reason: str = "dequeued") -> list[Delivery]:
        """End a merge group: merged, invalidated or dequeued."""
        group.repo.git.set_ref(group.head_ref, None)
        return await self._tell(
            "merge_group", "destroyed", group.repo, merge_group=group, extra={"reason": reason}
        )

    def group_may_merge(self, group: MergeGroup) -> bool:
        """Whether every required check passed on the group's own commit."""
        from .state import check_state

        return all(
            check_state(group.repo, group.head_sha, n) == "success" for n in group.repo.required_checks
        )
