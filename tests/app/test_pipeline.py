"""What a review does when the world does not hold still, on the stand-in."""

from __future__ import annotations

import asyncio

import pytest

from app import pipeline, verdict
from app.analysis import Analysis, AnalysisError, Comparison, Request
from app.github.models import ReviewComment
from app.pipeline import web_address
from app.records import HeadReview
from app.review.reconcile import Plan, reconcile
from app.verdict import Gathered, shared
from tests.fakegithub import FakeGitHub

from .service import FAST, FILES, SLOW, Service


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in progress is shown after what is long for these tests."""
    monkeypatch.setattr("app.pipeline.PROGRESS_SECONDS", 0.3)


async def _until_called(github: FakeGitHub, operation: str) -> None:
    await github.until(lambda: github.calls(operation), 20)


@pytest.mark.usefixtures("early")
async def test_a_long_analysis_shows_a_run_in_progress_and_completes_that_one(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(60.0, "git/get-tree")
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")

    await _until_called(service.github, "checks/create")
    begun = service.run(repo, pull)
    assert begun.status == "in_progress"
    service.github.faults.active.remove(fault)
    await service.idle()

    done = service.run(repo, pull)
    assert (done.id, done.status, done.conclusion) == (begun.id, "completed", "failure")


async def test_a_run_in_progress_whose_answer_was_lost_is_found_and_completed(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(2.5, "git/get-tree")
    service.github.faults.commit_then_status(502, "checks/create", times=1)
    service.github.faults.status(502, "checks/list-for-ref", times=4)
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))

    pull = await service.github.open_pr(repo, "slow")
    await service.idle()

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "failure")
    service.github.faults.active.remove(fault)


@pytest.mark.usefixtures("early")
async def test_a_newer_push_ends_the_older_review_and_closes_its_run(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(60.0, "git/get-tree")
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    first = pull.head_sha
    await _until_called(service.github, "checks/create")
    service.github.faults.active.remove(fault)

    await service.github.push(repo, pull.number, FAST)
    await service.idle()

    (older,) = service.github.check_runs(repo, first)
    assert (older.status, older.conclusion) == ("completed", "cancelled")
    assert service.run(repo, pull).conclusion == "success"
    assert service.github.reviews(repo, pull.number) == []


@pytest.mark.usefixtures("early")
async def test_a_commit_pushed_back_after_it_was_superseded_is_answered_anew(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(60.0, "git/get-tree")
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    first = pull.head_sha
    await _until_called(service.github, "checks/create")
    service.github.faults.active.remove(fault)
    await service.github.push(repo, pull.number, FAST)
    await service.idle()

    await service.github.push(repo, pull.number, {}, sha=first)
    await service.idle()

    assert pull.head_sha == first
    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "failure")


@pytest.mark.usefixtures("early")
async def test_a_pull_request_closed_meanwhile_is_left_alone(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(60.0, "git/get-tree")
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    await _until_called(service.github, "checks/create")
    service.github.faults.active.remove(fault)

    await service.github.pr_event(repo, pull.number, "closed")
    await service.idle()

    assert service.run(repo, pull).conclusion == "cancelled"
    assert service.github.reviews(repo, pull.number) == []


async def test_a_fault_of_ours_never_blocks(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Analysis, request: Request) -> Comparison:
        raise RuntimeError("with secret insides")

    monkeypatch.setattr(Analysis, "compare", fail)
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "neutral")
    assert "RuntimeError" in run.output["summary"]
    assert "insides" not in run.output["summary"]
    assert service.github.may_merge(repo, pull.number)

    await service.github.rerequest(repo, run.id)
    await service.idle()
    recorded = await service.jobs.work.store.recorded(action="fault")  # type: ignore[attr-defined]  # the pipeline's
    assert len(recorded) == 2


async def test_a_fault_blocks_where_the_owner_chose_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Analysis, request: Request) -> Comparison:
        raise RuntimeError

    monkeypatch.setattr(Analysis, "compare", fail)
    repo = service.shop()
    await service.github.push_base(repo, {".github/fastperf.toml": 'on_fault = "failure"\n'})

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"


async def test_an_analysis_that_dies_once_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Analysis.compare, [AnalysisError("the analysis process keeps ending")]

    async def fail_once(self: Analysis, request: Request) -> Comparison:
        if failures:
            raise failures.pop()
        return await real(self, request)

    monkeypatch.setattr(Analysis, "compare", fail_once)
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_too_large_a_change_is_skipped_and_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "MOST_FILES", 0)
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert (run.conclusion, run.output["title"]) == ("neutral", "not reviewed")
    assert "1 Python files" in run.output["summary"]


async def test_the_configuration_of_the_pull_request_itself_changes_nothing(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(
        repo, "slow", SLOW | {".github/fastperf.toml": 'ignore = ["FP"]\nfail_on = "never"\n'}
    )

    assert service.run(repo, pull).conclusion == "failure"


async def test_a_rate_limit_is_waited_for_and_nothing_is_lost(service: Service) -> None:
    repo = service.shop()
    service.github.faults.secondary("repos/compare-commits", retry_after=1)

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_a_place_that_github_refuses_is_said_in_the_check_run(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misplace(*arguments: object, **options: object) -> Plan:
        plan = reconcile(*arguments, **options)  # type: ignore[arg-type]  # handed through
        (comment,) = plan.post
        wrong = ReviewComment(
            "shop/main.py", 1, comment.body.replace("<!-- fastperf:f=", "<!-- fastperf:f=x")
        )
        return Plan((comment, wrong), plan.fixed, plan.body, plan.folded)

    monkeypatch.setattr(pipeline, "reconcile", misplace)
    repo = service.shop()
    expected = service.github.expect(422, "pulls/create-review")

    pull = await service.reviewed(repo, "slow", SLOW)

    assert expected.met
    assert len(service.github.reviews(repo, pull.number)) == 1
    assert len(service.github.review_comments(repo, pull.number)) == 1
    run = service.run(repo, pull)
    assert [annotation["start_line"] for annotation in run.annotations] == [1]


async def test_two_pull_requests_with_one_head_share_its_run_and_the_worst_wins(service: Service) -> None:
    repo = service.shop()
    first = await service.reviewed(repo, "slow", SLOW)
    advisory = {".github/fastperf.toml": 'advisory_branches = ["next"]\n'}
    repo.git.commit("next", advisory, parent=repo.git.ref("main"))
    second = await service.github.open_pr(repo, "slow", "next")
    await service.idle()

    assert first.head_sha == second.head_sha
    run = service.run(repo, second)
    assert run.conclusion == "failure"
    assert f"#{first.number}" in run.output["title"]

    await service.github.push(repo, first.number, {"README.md": "A fine shop.\n"})
    await service.idle()
    assert first.head_sha == second.head_sha  # one branch
    summary = service.run(repo, second).output["summary"]
    assert sum(f"## #{pull.number}:" in summary for pull in (first, second)) == 1

    await service.github.pr_event(repo, first.number, "closed")
    await service.github.comment(repo, second.number, "/fastperf rescan", user="octo")
    await service.idle()
    assert service.run(repo, second).conclusion == "neutral"


async def test_two_pull_requests_with_one_head_that_come_at_once_share_its_run_too(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("next", SLOW, parent=repo.git.ref("main"))

    for number in range(3):  # nothing is new against one base, all of it against the other
        repo.git.commit(f"docs-{number}", {"README.md": f"Edition {number}.\n"}, parent=repo.git.ref("next"))
        mild = await service.github.open_pr(repo, f"docs-{number}", "next")
        await service.github.open_pr(repo, f"docs-{number}", "main")
        await service.idle()

        run = service.run(repo, mild)
        assert run.conclusion == "failure"
        assert run.output["summary"].count("This commit is also the head of other pull requests.") == 1


async def test_a_project_is_fetched_once_and_then_known_by_its_blobs(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)
    trees = len(service.github.calls("git/get-tree"))
    assert trees == 1

    await service.github.push_base(repo, {"shop/other.py": "ANSWER = 42\n"})
    other = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, other).conclusion == "failure"
    assert len(service.github.calls("git/get-tree")) == trees + 1
    assert service.github.calls("repos/download-tarball-archive") == []
    assert service.run(repo, pull).conclusion == "success"


async def test_a_large_project_comes_as_one_archive(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.project.MOST_SINGLE_FILES", 0)
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW)

    assert len(service.github.calls("repos/download-tarball-archive")) == 1
    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.review_comments(repo, pull.number)) == 1


async def test_a_head_without_a_commit_in_common_with_its_base_is_answered(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("orphan", {"shop/other.py": "ANSWER = 42\n"})
    expected = service.github.expect(404, "repos/compare-commits")

    pull = await service.github.open_pr(repo, "orphan")
    await service.idle()

    assert expected.met
    run = service.run(repo, pull)
    assert (run.status, run.conclusion, run.output["title"]) == ("completed", "neutral", "not reviewed")
    assert "no commit in common" in run.output["summary"]


async def test_a_symbolic_link_is_no_source(service: Service) -> None:
    repo = service.shop()

    repo.git.commit("link", {"shop/again.py": ("120000", "../shared/again.py")}, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "link")
    await service.idle()

    run = service.run(repo, pull)
    assert (run.conclusion, run.output["title"]) == ("success", "no new performance problems")


async def test_a_pull_request_from_a_fork_is_reviewed(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    fork.git.commit("slow", SLOW, parent=fork.git.ref("main"))

    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.review_comments(repo, pull.number)) == 1


async def test_an_app_that_is_removed_forgets(service: Service) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=FILES)
    installation = service.github.install("octo", [repo])
    pull = await service.reviewed(repo, "fast", FAST)
    assert service.run(repo, pull).conclusion == "success"
    position = len(service.github.log)

    await service.github.installed(installation, "deleted")
    await service.idle()

    assert service.calls_since(position) == []


async def test_unknown_hosts_are_never_asked(service: Service) -> None:
    """Whatever a payload says, addresses are made of names alone."""
    repo = service.shop()
    await service.reviewed(repo, "fast", FAST)
    delivery = next(made for made in service.github.deliveries if made.event == "pull_request")
    payload = dict(delivery.payload)
    payload["repository"] = dict(payload["repository"], url="http://127.0.0.1:9/evil")

    await service.github.deliver("pull_request", payload)
    await service.idle()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://ghe.example/api/v3", "https://ghe.example"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
    ],
)
def test_people_see_github_elsewhere_than_programs(api: str, web: str) -> None:
    assert web_address(api) == web


def test_a_shared_summary_keeps_githubs_limit() -> None:
    said = Gathered(
        status="report", head_sha="a" * 40, conclusion="success", title="fine", summary="é" * 30_000
    )
    others = [HeadReview(number, "neutral", "so so", "x" * 4_000) for number in (1, 3)]

    spoken = shared(said, [*others, HeadReview(2, "success", "fine", "")], 2)

    assert spoken.conclusion == "neutral"
    assert spoken.title == "so so (in #1)"
    assert len(spoken.summary.encode()) <= 65_535


async def test_budgets_and_profiles_of_the_base_branch_count(service: Service) -> None:
    repo = service.shop()
    await service.github.push_base(
        repo,
        {
            ".github/fastperf.toml": 'profile = "seen.txt"\n[[budget]]\nmatch = "/*"\nblocks = false\n',
            "seen.txt": "order (shop/main.py:1);gone (shop/main.py:2);lost (shop/main.py:3);left (shop/main.py:4) 900\n",
        },
    )

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert "### Budgets" in run.output["summary"]
    assert "seen.txt" in run.output["summary"]
    assert "it changes nothing" in run.output["summary"]
