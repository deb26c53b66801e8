"""From the delivery to the review and the completed check run, on the stand-in."""

from __future__ import annotations

import pytest

from tests.fakegithub import FakeGitHub

from .service import FAST, SLOW, Service


async def test_a_slow_change_gets_one_review_and_a_failing_check(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "failure")
    (review,) = service.github.reviews(repo, pull.number)
    assert review.commit_id == pull.head_sha
    (comment,) = service.github.review_comments(repo, pull.number)
    assert comment.path == "shop/main.py"
    assert comment.line == 10
    assert "requests.get" in comment.body
    assert "shop/carriers.py" in comment.body
    assert not service.github.may_merge(repo, pull.number)


async def test_a_clean_change_is_silent_and_costs_four_calls(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)  # fetches the project and a token
    assert service.run(repo, pull).conclusion == "success"
    position = len(service.github.log)

    await service.github.push(repo, pull.number, {"shop/main.py": FAST["shop/main.py"] + "\n\nANSWER = 42\n"})
    await service.idle()

    assert service.run(repo, pull).conclusion == "success"
    assert service.github.reviews(repo, pull.number) == []
    assert service.github.may_merge(repo, pull.number)
    calls = service.calls_since(position)
    assert len(calls) <= 4, [entry.operation for entry in calls]
    assert service.github.waves(calls) <= 3


async def test_the_second_delivery_of_a_guid_changes_nothing(service: Service) -> None:
    repo = service.shop()
    await service.reviewed(repo, "slow", SLOW)
    opened = [delivery for delivery in service.github.deliveries if delivery.event == "pull_request"]
    position = len(service.github.log)

    for delivery in opened:
        again = await service.github.redeliver(delivery)
        assert again.status_code == 202
    await service.idle()

    assert service.calls_since(position) == []


async def test_a_second_push_repeats_nothing_and_marks_fixed_what_is_fixed(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    first_head = pull.head_sha

    await service.github.push(repo, pull.number, {"README.md": "A better shop.\n"})
    await service.idle()
    assert len(service.github.reviews(repo, pull.number)) == 1
    assert service.run(repo, pull).conclusion == "failure"

    await service.github.push(repo, pull.number, FAST)
    await service.idle()
    (comment,) = service.github.review_comments(repo, pull.number)
    assert "Fixed" in comment.body
    assert service.run(repo, pull).conclusion == "success"
    assert service.github.may_merge(repo, pull.number)
    assert len(service.github.check_runs(repo, first_head)) == 1


async def test_a_change_without_python_is_answered(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "docs", {"README.md": "A fine shop.\n"})

    run = service.run(repo, pull)
    assert run.conclusion == "success"
    assert run.output["title"] == "no Python files changed"


async def test_a_draft_gets_a_check_and_its_comments_when_it_is_ready(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", SLOW, draft=True)
    assert service.run(repo, pull).conclusion == "failure"
    assert service.github.reviews(repo, pull.number) == []

    await service.github.pr_event(repo, pull.number, "ready_for_review")
    await service.idle()
    assert len(service.github.reviews(repo, pull.number)) == 1
    assert service.run(repo, pull).conclusion == "failure"


async def test_a_rescan_reviews_again_and_repeats_nothing(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    repo.roles["octocat"] = "write"
    runs = len(service.github.calls("checks/update"))

    await service.github.comment(repo, pull.number, "/fastperf rescan", user="octocat")
    await service.idle()

    (comment,) = service.github.comments(repo, pull.number)
    assert service.github.reactions(comment) == ["eyes"]
    assert len(service.github.calls("checks/update")) > runs
    assert len(service.github.reviews(repo, pull.number)) == 1
    assert service.run(repo, pull).conclusion == "failure"


async def test_a_stranger_gets_a_thumb_down_and_help_is_for_those_who_may_write(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)
    repo.roles["maria"] = "write"
    repo.roles["stranger"] = "read"

    await service.github.comment(repo, pull.number, "/fastperf help", user="stranger")
    await service.github.comment(repo, pull.number, "> /fastperf help", user="maria")
    await service.github.comment(repo, pull.number, "/fastperf help", user="maria")
    await service.idle()

    said = service.github.comments(repo, pull.number)
    assert [service.github.reactions(comment) for comment in said[:3]] == [["-1"], [], ["eyes"]]
    assert len(said) == 4
    assert "/fastperf rescan" in said[3].body


async def test_a_head_that_moves_while_we_look_is_not_commented_at(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow", tell=False)
    service.github.force_push(repo, pull.number, FAST, op="graphql", after=2)
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()

    assert service.github.reviews(repo, pull.number) == []
    assert service.run(repo, pull).conclusion == "success"


async def test_a_merge_group_is_answered(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "failure"
    assert not service.github.group_may_merge(group)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_faults_of_githubs_are_outlived(service: Service, status: int) -> None:
    repo = service.shop()
    for operation in ("graphql", "repos/compare-commits", "checks/create", "pulls/create-review"):
        service.github.faults.status(status, operation)

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_a_delivery_that_asks_nothing_costs_no_call(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)
    position = len(service.github.log)

    await service.github.pr_event(repo, pull.number, "edited", title="Another title")
    await service.github.comment(repo, pull.number, "Looks good to me")
    await service.github.ping()
    await service.idle()

    assert service.calls_since(position) == []


async def test_a_pressed_button_reviews_again(service: Service) -> None:
    repo = service.shop()
    repo.roles["maria"] = "write"
    pull = await service.reviewed(repo, "slow", SLOW)
    run = service.run(repo, pull)
    before = len(service.github.calls("checks/update"))

    await service.github.press(repo, run.id, "rescan", user="maria")
    await service.idle()

    assert len(service.github.calls("checks/update")) > before
    again = service.run(repo, pull)
    assert (again.id, again.status, again.conclusion) == (run.id, "completed", "failure")
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_a_sweep_finds_what_was_never_delivered(service: Service, fakegithub: FakeGitHub) -> None:
    repo = service.shop()
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await fakegithub.open_pr(repo, "slow", tell=False)

    await service.jobs.sweep_now()
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


@pytest.mark.parametrize("what", ["run", "suite"])
async def test_what_is_asked_for_again_is_answered_again(service: Service, what: str) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    run = service.run(repo, pull)
    before = len(service.github.calls("checks/update"))

    if what == "run":
        await service.github.rerequest(repo, run.id)
    else:
        await service.github.rerequest_suite(repo, run.suite.id)
    await service.idle()

    assert len(service.github.calls("checks/update")) > before
    again = service.run(repo, pull)
    assert (again.id, again.status, again.conclusion) == (run.id, "completed", "failure")
    assert len(service.github.reviews(repo, pull.number)) == 1
