"""What people hold against bots that review, and why they will not hold it against this one: a test for each complaint."""

from __future__ import annotations

import re

import pytest

from app.server import METRICS
from tests.fakegithub.ops_reviews import add_comment
from tests.fakegithub.rules import Anchor
from tests.fakegithub.state import Pull, Repo, Review, ReviewComment, State

from .service import FAST, FILES, SLOW, Service

HEAD = "import time\n\nimport requests\nfrom fastapi import FastAPI\n\nfrom shop.carriers import status_of\n\napp = FastAPI()\n"


def _many(count: int) -> dict[str, str]:
    """An application with so many problems, each of its own."""
    endpoints = (
        f'\n\n@app.get("/slow/{number}")\nasync def slow_{number}() -> None:\n    time.sleep({number + 1})\n'
        for number in range(count)
    )
    return {"shop/main.py": HEAD + "".join(endpoints)}


def _said(service: Service, repo: Repo, pull: Pull) -> list[ReviewComment]:
    return service.github.review_comments(repo, pull.number)


async def _push(service: Service, repo: Repo, pull: Pull, files: dict[str, str]) -> None:
    await service.github.push(repo, pull.number, files)
    await service.idle()


async def test_01_new_comments_on_every_push(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)

    for number in range(3):
        await _push(service, repo, pull, {"README.md": f"Edition {number}.\n"})

    assert len(service.github.reviews(repo, pull.number)) == len(_said(service, repo, pull)) == 1


async def test_02_one_more_of_the_same_in_each_round(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", _many(4))
    await _push(service, repo, pull, {"README.md": "More.\n"})

    assert len(service.github.reviews(repo, pull.number)) == 1
    assert len(_said(service, repo, pull)) == 4


async def test_03_too_chatty(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", _many(22))

    assert service.github.comments(repo, pull.number) == []
    assert len(_said(service, repo, pull)) == 15
    assert "new problems without a comment" in service.run(repo, pull).output["summary"]


async def test_04_mails_that_say_nothing(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "fast", FAST)

    assert service.github.comments(repo, pull.number) == []
    assert service.github.reviews(repo, pull.number) == []
    assert service.run(repo, pull).output["title"] == "no new performance problems"


async def test_05_a_second_comment_that_points_at_the_first(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "slow", _many(3))

    (review,) = service.github.reviews(repo, pull.number)
    assert len([line for line in review.body.split("\n") if line and not line.startswith("<!--")]) <= 3
    assert len(_said(service, repo, pull)) == 3


async def test_06_fixed_findings_stay_open(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", _many(2))
    answered = _said(service, repo, pull)[1]
    await service.github.review_reply(repo, pull.number, answered.id, "Are you sure?", user="maria")

    await _push(service, repo, pull, _many(0))

    fixed, kept, _ = _said(service, repo, pull)
    assert fixed.body.startswith(f"**Fixed in `{pull.head_sha[:7]}`.**")
    assert fixed.minimized == "RESOLVED"
    assert not kept.body.startswith("**Fixed")  # people talk there


async def test_07_stale_comments_when_nothing_is_left(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)

    await _push(service, repo, pull, FILES)

    (comment,) = _said(service, repo, pull)
    assert comment.minimized == "RESOLVED"
    assert service.run(repo, pull).conclusion == "success"


async def test_08_one_bad_line_loses_the_review(service: Service) -> None:
    """Whatever GitHub refuses about a review, its findings are told: here it takes none of the comments."""
    repo = service.shop()
    service.github.faults.status(422, "pulls/create-review", times=None)

    pull = await service.reviewed(repo, "slow", _many(3))

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert len(run.annotations) == 3


async def test_09_a_comment_that_is_silently_dropped(service: Service) -> None:
    """Every new problem that counts has a comment or a mark of the check run."""
    repo = service.shop()
    caller = {"shop/main.py": SLOW["shop/main.py"]}
    await service.github.push_base(
        repo, caller | {"shop/carriers.py": "def status_of(number: str) -> str:\n    return number\n"}
    )

    pull = await service.reviewed(repo, "blocks", {"shop/carriers.py": FILES["shop/carriers.py"]})

    run = service.run(repo, pull)
    assert run.output["title"] == "1 critical new"
    assert len(_said(service, repo, pull)) + len(run.annotations) == 1


@pytest.mark.parametrize("moved", [0, 1])
async def test_09_a_comment_that_lands_elsewhere_or_nowhere(
    service: Service, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """GitHub takes the review, and one of its comments stands on another line, or is not there."""
    repo = service.shop()

    taken: list[ReviewComment] = []

    def lose(state: State, review: Review, place: Anchor, body: str) -> ReviewComment:
        comment = add_comment(state, review, place, body)
        taken.append(comment)
        if len(taken) == 1 and moved:
            comment.original_line = comment.line = (comment.line or 0) + 1
        elif len(taken) == 1:
            review.comments.remove(comment)
            review.pull.threads.remove(comment.thread)
        return comment

    monkeypatch.setattr("tests.fakegithub.ops_reviews.add_comment", lose)
    pull = await service.reviewed(repo, "slow", _many(3))

    run = service.run(repo, pull)
    assert len(_said(service, repo, pull)) == 2
    (mark,) = run.annotations
    lines = {comment.line for comment in _said(service, repo, pull)} | {mark["end_line"]}
    assert len(lines) == 3
    assert (
        service.app[METRICS].registry.get_sample_value("fastperf_job_events_total", {"event": "astray"}) == 1
    )


async def test_10_comments_on_lines_the_change_did_not_touch(service: Service) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=FILES | _many(3))
    service.github.install("octo", [repo])
    touched = _many(3)["shop/main.py"].replace("time.sleep(2)", "time.sleep(2.5)") + "\n\n# the end\n"

    pull = await service.reviewed(repo, "touches", {"shop/main.py": touched})

    assert _said(service, repo, pull) == []  # one is no worse than before, the others were not touched
    assert service.run(repo, pull).conclusion == "success"


async def test_11_suggestions_that_break_the_code(service: Service) -> None:
    repo = service.shop()
    before = _many(1)["shop/main.py"].replace(
        "import time\n", "import asyncio\nimport time\n\nSTARTED = time.time()\n", 1
    )

    pull = await service.reviewed(repo, "slow", {"shop/main.py": before})

    (comment,) = _said(service, repo, pull)
    offered = re.search(r"```suggestion\n(.*?)```", comment.body, re.DOTALL)
    assert offered is not None
    lines = before.split("\n")
    first = comment.start_line or comment.line
    lines[first - 1 : comment.line] = offered[1].removesuffix("\n").split("\n")
    compile("\n".join(lines), "main.py", "exec")
    await _push(service, repo, pull, {"shop/main.py": "\n".join(lines)})
    assert service.run(repo, pull).conclusion == "success"


async def test_12_more_than_three_hundred_files(service: Service) -> None:
    repo = service.shop()
    files = {f"shop/part_{number}.py": f"PART = {number}\n" for number in range(310)}

    pull = await service.reviewed(repo, "large", files | SLOW)

    assert service.run(repo, pull).conclusion == "failure"
    assert len(_said(service, repo, pull)) == 1


async def test_13_blocked_for_abuse_while_posting(service: Service) -> None:
    repo = service.shop()
    service.github.faults.secondary("pulls/create-review", retry_after=1)

    pull = await service.reviewed(repo, "slow", _many(3))

    assert len(service.github.reviews(repo, pull.number)) == 1
    assert len(_said(service, repo, pull)) == 3
    service.github.assert_clean()


async def test_14_too_many_annotations_and_too_long_a_text(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.github.checks._ANNOTATIONS_PER_CALL", 8)
    repo = service.shop()
    mistakes = "".join(f"mistake_{number} = 1\n" for number in range(20))
    await service.github.push_base(repo, {".github/fastperf.toml": "max_comments = 0\n" + mistakes})

    pull = await service.reviewed(repo, "slow", _many(130))

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert sorted(mark["start_line"] for mark in run.annotations) == list(range(2, 22))
    assert len(run.output["summary"].encode()) <= 65_535
    assert run.output["summary"].count("```") % 2 == 0
    service.github.assert_clean()


async def test_15_the_merge_queue_waits_for_ever(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    assert service.github.group_may_merge(group)


async def test_16_a_lost_event_blocks_the_merge(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("fast", FAST, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "fast", tell=False)
    assert not service.github.may_merge(repo, pull.number)

    await service.jobs.sweep_now()
    await service.idle()

    assert service.github.may_merge(repo, pull.number)


async def test_17_a_stale_request_for_changes_blocks_for_ever(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    (review,) = service.github.reviews(repo, pull.number)
    assert review.state == "COMMENTED"

    await _push(service, repo, pull, FILES)

    assert service.github.may_merge(repo, pull.number)


async def test_18_old_runs_speak_of_old_heads(service: Service) -> None:
    repo = service.shop()
    fault = service.github.faults.latency(1.0, "repos/compare-commits")
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    await service.github.push(repo, pull.number, FAST)
    service.github.faults.active.remove(fault)
    await service.idle()

    assert service.github.reviews(repo, pull.number) == []
    assert service.run(repo, pull).conclusion == "success"


async def test_19_pull_requests_from_forks_are_left_out(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    fork.git.commit("slow", SLOW, parent=fork.git.ref("main"))

    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()

    assert len(_said(service, repo, pull)) == 1
    assert service.run(repo, pull).conclusion == "failure"


async def test_20_vendored_files_drafts_renames_and_bots_are_reviewed(service: Service) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=FILES | SLOW)
    service.github.install("octo", [repo])
    renamed = {"shop/web.py": SLOW["shop/main.py"], "vendor/main.py": _many(3)["shop/main.py"]}
    repo.git.commit("moves", renamed | {"shop/main.py": None}, parent=repo.git.ref("main"))

    pull = await service.github.open_pr(repo, "moves")
    await service.idle()

    assert _said(service, repo, pull) == []
    assert service.run(repo, pull).conclusion == "success"

    service.github.user("renovate[bot]", "Bot")
    repo.git.commit("bump", {"shop/slow.py": _many(1)["shop/main.py"]}, parent=repo.git.ref("main"))
    for draft, author in ((True, "maria"), (False, "renovate[bot]")):
        pull = await service.github.open_pr(repo, "bump", draft=draft, author=author)
        await service.idle()
        assert _said(service, repo, pull) == []
        assert service.run(repo, pull).conclusion == "failure"
        await service.github.pr_event(repo, pull.number, "closed")
        await service.idle()
