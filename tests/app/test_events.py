"""Events about repositories and merge queues, on the stand-in."""

from __future__ import annotations

import pytest

from app.github.models import Repository
from app.pipeline import Pipeline
from app.store import Store

from .service import FILES, SLOW, Service

QUIET = {
    **FILES,
    "shop/carriers.py": "def status_of(number: str) -> str:\n    return number\n",
}
CALLS = {
    "shop/main.py": FILES["shop/main.py"].replace(
        '    return {"number": number}\n', '    return {"number": number, "status": status_of(number)}\n'
    )
}
BLOCKS = {"shop/carriers.py": FILES["shop/carriers.py"]}


def _store(service: Service) -> Store:
    assert isinstance(service.jobs.work, Pipeline)
    return service.jobs.work.store


async def test_two_clean_pull_requests_that_are_bad_together_hear_of_it_once_each(service: Service) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=QUIET, required_checks=["fastperf"])
    service.github.install("octo", [repo])
    one = await service.reviewed(repo, "calls", CALLS)
    other = await service.reviewed(repo, "blocks", BLOCKS)
    assert (service.run(repo, one).conclusion, service.run(repo, other).conclusion) == ("success", "success")

    group = await service.github.merge_group(repo, [one.number, other.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "failure"
    for pull, partner in ((one, other), (other, one)):
        (comment,) = service.github.comments(repo, pull.number)
        assert comment.body.startswith(
            f"**The merge queue stopped here**: merged together with #{partner.number}, "
        )
        assert "requests.get" in comment.body
        assert service.github.reviews(repo, pull.number) == []

    await service.github.destroy_group(group)
    again = await service.github.merge_group(repo, [one.number, other.number])
    await service.idle()
    assert not service.github.group_may_merge(again)
    assert [len(service.github.comments(repo, pull.number)) for pull in (one, other)] == [1, 1]


async def test_a_destroyed_group_is_not_reviewed(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    fault = service.github.faults.latency(1.0, "repos/compare-commits")
    group = await service.github.merge_group(repo, [pull.number])

    (told,) = await service.github.destroy_group(group)
    service.github.faults.active.remove(fault)
    await service.idle()

    assert told.status_code == 202
    assert service.github.check_runs(repo, group.head_sha) == []


async def test_a_renamed_repository_is_reviewed_under_its_new_name(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)

    (told,) = await service.github.repository_event(repo, "renamed", name="store")
    assert told.status_code == 200
    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_a_deleted_repository_is_forgotten(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    store = _store(service)
    (installation,) = service.github.state.installations
    known = Repository(installation, repo.id, "octo", "shop")
    assert await store.reviews(known, pull.head_sha)

    await service.github.repository_event(repo, "deleted")
    await service.idle()

    assert await store.reviews(known, pull.head_sha) == []
    assert await store.tree(known, pull.base_sha) is None


async def test_a_repository_that_becomes_private_loses_the_reports_that_had_links(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    store = _store(service)
    report = service.run(repo, pull).details_url.partition("/reviews/")[2].partition("?")[0]
    assert await store.report(report) is not None

    await service.github.repository_event(repo, "privatized")
    await service.idle()

    assert await store.report(report) is None


@pytest.mark.parametrize(
    ("policy", "conclusion", "title"),
    [("write", "neutral", "would have failed"), ("maintain", "failure", "critical new")],
)
async def test_a_revert_is_advised_and_not_stopped(
    service: Service, policy: str, conclusion: str, title: str
) -> None:
    """Unless waiving takes more than what giving a branch its name takes."""
    repo = service.shop()
    await service.github.push_base(repo, {".github/fastperf.toml": f'waive_by = "{policy}"\n'})
    repo.git.commit("revert-7-fast", SLOW, parent=repo.git.ref("main"))

    pull = await service.github.open_pr(repo, "revert-7-fast", title='Revert "Answer at once"')
    await service.idle()

    run = service.run(repo, pull)
    assert run.conclusion == conclusion
    assert run.output["title"].endswith(title)


async def test_a_bot_gets_a_check_and_no_comments_and_a_coding_agent_both(service: Service) -> None:
    repo = service.shop()
    service.github.user("renovate[bot]", "Bot")
    service.github.user("copilot-swe-agent[bot]", "Bot")
    for branch in ("bump", "agent"):
        repo.git.commit(branch, SLOW | {"README.md": branch}, parent=repo.git.ref("main"))

    bot = await service.github.open_pr(repo, "bump", author="renovate[bot]")
    agent = await service.github.open_pr(repo, "agent", author="copilot-swe-agent[bot]")
    await service.idle()

    assert [service.run(repo, pull).conclusion for pull in (bot, agent)] == ["failure", "failure"]
    assert service.github.reviews(repo, bot.number) == []
    assert len(service.github.reviews(repo, agent.number)) == 1


async def test_the_organisation_s_defaults_hold_where_a_project_has_none(service: Service) -> None:
    defaults = service.github.add_repo(
        "octo/.github", files={".github/fastperf.toml": 'fail_on = "never"\nmax_comments = 0\n'}
    )
    repo = service.shop()
    service.github.install("octo", [repo, defaults])

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "neutral"
    assert service.github.reviews(repo, pull.number) == []
