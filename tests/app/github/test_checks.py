from __future__ import annotations

import pytest

from app.github.errors import Invalid, Unavailable
from app.github.models import Action, Annotation, CheckRun, Output
from tests.app.github.shop import Shop

ACTIONS = (Action("Re-scan", "Review this commit again", "rescan"),)


def marks(count: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation("shop/api.py", index, index, "warning", f"message {index}", "title")
        for index in range(1, count + 1)
    )


async def test_one_call_makes_a_completed_check_run(shop: Shop) -> None:
    run = await shop.client.checks.create(
        shop.head,
        "pr-1",
        Output("2 high new", "summary", "text", marks(3)),
        conclusion="failure",
        actions=ACTIONS,
        details_url="https://fastperf.example/reviews/1",
    )

    (made,) = shop.hub.check_runs(shop.repo, shop.head)
    assert run == CheckRun(made.id, shop.head, "pr-1", "completed", "failure")
    assert (made.name, made.details_url) == ("fastperf", "https://fastperf.example/reviews/1")
    assert [button["identifier"] for button in made.actions] == ["rescan"]
    assert shop.operations() == ["checks/create"]


async def test_a_run_in_progress_is_completed_later(shop: Shop) -> None:
    checks = shop.client.checks
    run = await checks.create(shop.head, "pr-1")
    assert run.status == "in_progress"
    assert await checks.find(shop.head, "pr-1") == run
    assert await checks.find(shop.head, "pr-2") is None

    done = await checks.complete(run, Output("clean", "nothing new"), conclusion="success")

    assert (done.status, done.conclusion) == ("completed", "success")
    assert await checks.find(shop.head, "pr-1") == done


async def test_a_run_of_another_app_is_not_ours(shop: Shop) -> None:
    shop.hub.foreign_check(shop.repo, shop.head, "fastperf")

    assert await shop.client.checks.list(shop.head) == []


@pytest.mark.parametrize("count", [0, 1, 50, 51, 120])
async def test_annotations_go_out_by_fifties(shop: Shop, count: int) -> None:
    await shop.client.checks.create(
        shop.head, "pr-1", Output("t", "s", annotations=marks(count)), conclusion="neutral"
    )

    (made,) = shop.hub.check_runs(shop.repo, shop.head)
    assert [entry["start_line"] for entry in made.annotations] == list(range(1, count + 1))
    assert made.conclusion == "neutral"
    assert len(shop.operations()) == max(1, -(-count // 50))


async def test_a_rescan_adds_only_the_annotations_that_are_new(shop: Shop) -> None:
    checks = shop.client.checks
    run = await checks.create(
        shop.head, "pr-1", Output("t", "s", annotations=marks(60)), conclusion="neutral"
    )

    await checks.complete(run, Output("t2", "s2", annotations=marks(130)), conclusion="failure")

    (made,) = shop.hub.check_runs(shop.repo, shop.head)
    assert [entry["start_line"] for entry in made.annotations] == list(range(1, 131))
    assert (made.conclusion, made.output["title"]) == ("failure", "t2")


@pytest.mark.parametrize("fault", ["commit_then_status", "commit_then_drop", "truncate", "status", "drop"])
@pytest.mark.parametrize("count", [0, 60])
async def test_a_fault_while_creating_ends_with_one_run_that_says_everything(
    shop: Shop, fault: str, count: int
) -> None:
    shop.hub.faults.add(fault, "checks/create", status=502)

    run = await shop.client.checks.create(
        shop.head, "pr-1", Output("t", "s", annotations=marks(count)), conclusion="failure"
    )

    (made,) = shop.hub.check_runs(shop.repo, shop.head)
    assert (run.id, run.conclusion) == (made.id, "failure")
    assert [entry["start_line"] for entry in made.annotations] == list(range(1, count + 1))


@pytest.mark.parametrize("fault", ["commit_then_status", "commit_then_drop", "truncate", "status", "drop"])
@pytest.mark.parametrize("after", [0, 1])
async def test_a_fault_while_annotating_repeats_no_annotation(shop: Shop, fault: str, after: int) -> None:
    run = await shop.client.checks.create(shop.head, "pr-1")
    shop.hub.faults.add(fault, "checks/update", after=after, status=502)

    await shop.client.checks.complete(run, Output("t", "s", annotations=marks(120)), conclusion="failure")

    (made,) = shop.hub.check_runs(shop.repo, shop.head)
    assert [entry["start_line"] for entry in made.annotations] == list(range(1, 121))
    assert made.conclusion == "failure"


async def test_a_fault_that_stays_is_handed_on(shop: Shop) -> None:
    shop.hub.faults.status(503, "checks/create", times=None)

    with pytest.raises(Unavailable):
        await shop.client.checks.create(shop.head, "pr-1")


@pytest.mark.parametrize(
    ("output", "what"),
    [
        (Output("", "s"), "title"),
        (Output("t", "s" * 65_536), "summary"),
        (Output("t", "é" * 32_768), "summary"),
        (Output("t", "s", "x" * 65_536), "text"),
        (Output("t", "s", annotations=(Annotation("a", 1, 1, "notice", "m" * 70_000),)), "message"),
        (Output("t", "s", annotations=(Annotation("a", 1, 1, "notice", "m", "t" * 256),)), "title"),
        (Output("t", "s", annotations=(Annotation("a", 3, 2, "notice", "m"),)), "lines"),
        (Output("t", "s", annotations=(Annotation("a", 0, 2, "notice", "m"),)), "lines"),
    ],
)
async def test_what_github_would_refuse_is_not_sent(shop: Shop, output: Output, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        await shop.client.checks.create(shop.head, "pr-1", output, conclusion="success")

    assert shop.operations() == []


@pytest.mark.parametrize(
    "actions",
    [
        ACTIONS * 4,
        (Action("x" * 21, "d", "i"),),
        (Action("l", "x" * 41, "i"),),
        (Action("l", "d", "x" * 21),),
    ],
)
async def test_buttons_that_github_would_refuse_are_not_sent(shop: Shop, actions: tuple[Action, ...]) -> None:
    with pytest.raises(ValueError, match="action"):
        await shop.client.checks.create(shop.head, "pr-1", Output("t", "s"), actions=actions)

    assert shop.operations() == []


async def test_the_longest_output_that_is_allowed_is_taken(shop: Shop) -> None:
    output = Output("t", "s" * 65_535, "é" * 32_767)

    run = await shop.client.checks.create(shop.head, "pr-1", output, conclusion="success")

    assert run.conclusion == "success"


async def test_a_commit_that_is_not_there_is_an_error(shop: Shop) -> None:
    shop.hub.expect(422, "checks/create")

    with pytest.raises(Invalid):
        await shop.client.checks.create("0" * 40, "pr-1", Output("t", "s"), conclusion="success")
