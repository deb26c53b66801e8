"""What a review asks of GitHub: counted, bounded, paced, and nobody else's."""

from __future__ import annotations

import time

import pytest

from app.github.limits import Limits
from app.pipeline import Pipeline
from app.server import METRICS
from tests.fakegithub.state import Pull, Repo

from .conftest import Starting
from .recorded_work import RecordedWork, review
from .service import FAST, FILES, SLOW, Service


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes long, and to show that is a write more."""
    monkeypatch.setattr("app.pipeline.PROGRESS_SECONDS", 600.0)


def _measured(service: Service, name: str) -> tuple[float, float]:
    """How many reviews were counted, and what they spent together."""
    registry = service.app[METRICS].registry
    count = registry.get_sample_value(f"fastperf_review_{name}_count") or 0.0
    return count, registry.get_sample_value(f"fastperf_review_{name}_sum") or 0.0


async def _spent(service: Service, repo: Repo, pull: Pull, files: dict[str, str]) -> dict[str, float]:
    before = {name: _measured(service, name) for name in ("calls", "points", "writes")}
    points = sum(service.github.limits.spent.values())
    position = len(service.github.log)

    await service.github.push(repo, pull.number, files)
    await service.idle()

    after = {name: _measured(service, name) for name in before}
    assert all(after[name][0] == before[name][0] + 1 for name in before), "one review"
    spent = {name: after[name][1] - before[name][1] for name in before}
    assert spent["calls"] == len(service.calls_since(position))
    assert spent["points"] == sum(service.github.limits.spent.values()) - points
    return spent


async def test_a_clean_push_costs_four_calls_eight_points_and_one_write(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)

    spent = await _spent(service, repo, pull, {"shop/main.py": FAST["shop/main.py"] + "\n\nANSWER = 42\n"})

    assert spent == {"calls": 4, "points": 8, "writes": 1}


async def test_new_and_fixed_findings_cost_no_more_than_they_must(service: Service) -> None:
    """State, change, contents, the helper's contents, the owner's leave (once an hour), a look, the review, what stands of it, and the check;
    then, as no file is changed any more, state, change, check and the mark of what is fixed."""
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)

    noisy = await _spent(service, repo, pull, SLOW)
    mended = await _spent(service, repo, pull, FILES)

    assert noisy == {"calls": 9, "points": 17, "writes": 2}
    assert mended == {"calls": 4, "points": 12, "writes": 2}
    assert len(service.github.reviews(repo, pull.number)) == 1  # one notification


async def test_a_loud_installation_that_must_wait_keeps_nobody_else_waiting(service: Service) -> None:
    loud = service.github.add_repo("loud/shop", private=True, files=FILES)
    service.github.install("loud", [loud])
    quiet = service.shop()
    await service.reviewed(loud, "fast", FAST)
    await service.reviewed(quiet, "fast", FAST)
    service.github.faults.secondary("repos/compare-commits", retry_after=8)
    loud.git.commit("slow", SLOW, parent=loud.git.ref("main"))
    waiting = await service.github.open_pr(loud, "slow")
    await service.github.until(lambda: not service.github.faults.active)

    began = time.monotonic()
    quiet.git.commit("slow", SLOW, parent=quiet.git.ref("main"))
    pull = await service.github.open_pr(quiet, "slow")
    await service.github.until(
        lambda: [run for run in service.github.check_runs(quiet, pull.head_sha) if run.conclusion], 8
    )

    assert time.monotonic() - began < 8
    assert not [run for run in service.github.check_runs(loud, waiting.head_sha) if run.conclusion]
    await service.idle()
    assert service.run(loud, waiting).conclusion == "failure"
    service.github.assert_clean()


async def test_the_sweep_looks_at_the_others_while_one_must_wait(service: Service) -> None:
    loud = service.github.add_repo("loud/shop", private=True, files=FILES)
    service.github.install("loud", [loud])
    quiet = service.shop()
    for repo in (loud, quiet):
        repo.git.commit("fast", FAST, parent=repo.git.ref("main"))
        await service.github.open_pr(repo, "fast", tell=False)
    service.github.faults.secondary("graphql", retry_after=7)

    await service.jobs.sweep_now()
    await service.idle()

    answered = [repo.full_name for repo in (loud, quiet) if service.github.check_runs(repo)]
    assert len(answered) == 1


def _headers(remaining: int, limit: int = 5000) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(time.time() + 600),
        "x-ratelimit-resource": "core",
    }


def test_the_tightest_budget_tells_how_much_is_used() -> None:
    limits = Limits()
    assert limits.used() == 0
    limits.observe(_headers(4000), refused=False)
    assert limits.used() == pytest.approx(0.2)
    for _ in range(200):
        limits.write_turn()
    assert limits.used() == pytest.approx(0.4)


async def test_pushes_wait_for_each_other_once_calls_are_scarce(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)
    work.pressed = {review("a").repository.installation_id}

    await jobs.request_review(review("a"))
    await jobs.request_review(review("b"))
    assert await jobs.status(review("a").id) == await jobs.status(review("b").id) == "DELAYED"
    await jobs.request_review(review("c", force=True))  # somebody waits for this one
    await jobs.idle()

    assert work.count("gather") == 1


async def test_an_installation_is_pressed_by_its_own_use_alone(service: Service) -> None:
    repo = service.shop()
    await service.reviewed(repo, "fast", FAST)
    (installation,) = service.github.state.installations
    assert isinstance(service.jobs.work, Pipeline)
    assert not service.jobs.work.is_pressed(installation)

    service.jobs.work.github.limits(installation).observe(_headers(1000), refused=False)

    assert service.jobs.work.is_pressed(installation)
    assert not service.jobs.work.is_pressed(installation + 1)
