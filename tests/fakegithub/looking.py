"""What a test may look at."""

from __future__ import annotations

from collections.abc import Sequence

from .server import Entry
from .stage import Stage
from .state import CheckRun, Delivery, IssueComment, Repo, Review, ReviewComment, Thread


class Looking(Stage):
    """The log, and what stands on pull requests."""

    @property
    def log(self) -> list[Entry]:
        return self.world.log

    @property
    def violations(self) -> list[str]:
        return self.world.violations

    @property
    def schema_faults(self) -> list[str]:
        return self.world.schema_faults

    @property
    def deliveries(self) -> list[Delivery]:
        return self.state.deliveries

    def calls(self, op: str | None = None) -> list[Entry]:
        """Requests in the log, of one operation if given."""
        return [entry for entry in self.log if op in (None, entry.operation)]

    def waves(self, entries: Sequence[Entry] | None = None) -> int:
        """How many times the app had to wait for answers before it asked again: requests that overlap are one wave."""
        count, until = 0, float("-inf")
        for entry in sorted(self.log if entries is None else entries, key=lambda entry: entry.started):
            if entry.started >= until:
                count += 1
                until = entry.ended
            else:
                until = min(until, entry.ended)
        return count

    def reviews(self, repo: Repo | str, number: int) -> list[Review]:
        """Reviews made as such (not the shells around single comments and answers), pending ones included."""
        return [review for review in self._pull(repo, number).reviews if review.original]

    def review_comments(self, repo: Repo | str, number: int) -> list[ReviewComment]:
        return self._pull(repo, number).comments

    def threads(self, repo: Repo | str, number: int) -> list[Thread]:
        return self._pull(repo, number).threads

    def check_runs(self, repo: Repo | str, sha: str | None = None) -> list[CheckRun]:
        """The app's check runs, on one commit if given."""
        found = self._repo(repo)
        return [run for run in found.check_runs if run.app is self.app and sha in (None, run.head_sha)]

    def comments(self, repo: Repo | str, number: int) -> list[IssueComment]:
        return [comment for comment in self._repo(repo).comments if comment.number == number]

    def reactions(self, comment: IssueComment | ReviewComment) -> list[str]:
        return [reaction.content for reaction in comment.reactions]

    def assert_clean(self) -> None:
        """Raises AssertionError listing every rule that was broken."""
        broken = [f"the stand-in broke a schema: {fault}" for fault in self.schema_faults]
        broken += [f"violation: {violation}" for violation in self.violations]
        if broken:
            raise AssertionError("\n".join(broken))
