"""A pull request from its opening to its merge, with everything that may befall it; an oracle after each step."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.review import marker
from tests.fakegithub.state import Pull, Repo, Thread

from .service import FAST, FILES, SLOW, Service

BOTH = {
    "shop/main.py": "import asyncio\nimport time\n\n"
    + SLOW["shop/main.py"]
    + '\n\n@app.get("/nap")\nasync def nap() -> None:\n    await asyncio.sleep(0)\n    time.sleep(1)\n'
}
"""Another problem, of another rule."""
MOVED = {"shop/main.py": None, "shop/web.py": BOTH["shop/main.py"]}


@dataclass
class Oracle:
    """What must hold whenever all is quiet, and what is expected to have been said so far."""

    service: Service
    repo: Repo
    pull: Pull
    notified: int = 0
    closed: set[str] = field(default_factory=set)

    async def expects(self, conclusion: str, *, notified: int = 0, comments: int | None = None) -> None:
        """Exactly one completed check on the head, this conclusion, so many notifications since the last step."""
        await self.service.idle()
        github = self.service.github
        github.assert_clean()
        for head in set(self.pull.heads):
            runs = github.check_runs(self.repo, head)
            assert len(runs) <= 1, f"{len(runs)} runs on {head[:7]}"
            assert all(run.status == "completed" for run in runs)
        assert self.service.run(self.repo, self.pull).conclusion == conclusion
        reviews = len(github.reviews(self.repo, self.pull.number))
        assert reviews == self.notified + notified, f"{reviews - self.notified} notifications"
        self.notified = reviews
        standing = [thread for thread in self.ours() if not thread.first.minimized and not thread.is_resolved]
        said = [token for thread in standing for token in _said(thread)]
        assert len(said) == len(set(said)), "said twice"
        if comments is not None:
            assert len(standing) == comments

    def ours(self) -> list[Thread]:
        bot = self.service.github.app.bot
        threads = self.service.github.threads(self.repo, self.pull.number)
        return [thread for thread in threads if thread.first.user is bot]


def _said(thread: Thread) -> tuple[str, ...]:
    mark = marker.read(thread.first.body)
    return mark.fingerprints if mark is not None else ()


async def test_open_push_fix_force_push_ignore_resolve_rename_base_change_queue_and_merge(
    service: Service,
) -> None:
    github = service.github
    repo = service.shop()
    repo.roles["octocat"] = "write"
    repo.git.commit("next", {"NEWS.md": "Next.\n"}, parent=repo.git.ref("main"))

    repo.git.commit("tracking", SLOW, parent=repo.git.ref("main"))
    pull = await github.open_pr(repo, "tracking")
    oracle = Oracle(service, repo, pull)
    await oracle.expects("failure", notified=1, comments=1)
    assert not github.may_merge(repo, pull.number)

    await github.push(repo, pull.number, {"README.md": "It tracks.\n"})
    await oracle.expects("failure", comments=1)

    await github.push(repo, pull.number, BOTH)
    await oracle.expects("failure", notified=1, comments=2)

    await github.push(repo, pull.number, SLOW)  # one of the two is mended
    await oracle.expects("failure", comments=1)

    await github.push(repo, pull.number, BOTH, force=True)  # and comes back with a rewritten history
    await oracle.expects("failure", notified=1, comments=2)

    first, second = sorted(
        (thread for thread in oracle.ours() if not thread.first.minimized), key=lambda thread: thread.first.id
    )
    await github.review_reply(
        repo, pull.number, first.first.id, "/fastperf ignore the carrier is on this host", user="octocat"
    )
    await oracle.expects("failure")

    await github.resolve(repo, second, user="octocat")  # which waives nothing
    await github.push(repo, pull.number, {"README.md": "It tracks well.\n"})
    await oracle.expects("failure")

    code = "FP104" if "FP104" in second.first.body else "FP101"
    await github.comment(repo, pull.number, f"/fastperf ignore {code} shop/main.py a nap", user="octocat")
    await oracle.expects("success")

    await github.comment(repo, pull.number, f"/fastperf unignore {code} shop/main.py", user="octocat")
    await oracle.expects("failure")

    await github.push(repo, pull.number, MOVED)  # the file gets another name: nothing is said again
    await oracle.expects("failure")

    await github.pr_event(repo, pull.number, "edited", base="next")
    await oracle.expects("failure")

    await github.repository_event(repo, "renamed", name="store")
    await github.push(repo, pull.number, {"README.md": "It tracks, under another name.\n"})
    await oracle.expects("failure")

    await github.pr_event(repo, pull.number, "converted_to_draft")
    await github.push(repo, pull.number, {"README.md": "A draft.\n"})
    await oracle.expects("failure")

    await github.pr_event(repo, pull.number, "ready_for_review")
    await github.push(repo, pull.number, {"shop/web.py": None, "shop/main.py": FAST["shop/main.py"]})
    await oracle.expects("success", comments=1)  # the thread in which people spoke stays as it is
    assert github.may_merge(repo, pull.number)

    group = await github.merge_group(repo, [pull.number])
    await oracle.expects("success")
    assert github.group_may_merge(group)
    await github.destroy_group(group, "merged")
    await github.pr_event(repo, pull.number, "merged")
    await oracle.expects("success")

    assert oracle.notified == 3
    comments = [each for each in github.comments(repo, pull.number) if each.user is github.app.bot]
    assert comments == []
    assert repo.git.entry(repo.git.ref("next") or "", "shop/main.py") is not None
    assert FILES["shop/main.py"] != FAST["shop/main.py"]
