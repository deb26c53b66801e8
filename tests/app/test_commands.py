"""What people may ask for in a comment, in a thread and by a button, on the stand-in."""

from __future__ import annotations

import pytest

from app.analysis import AnalysisError
from tests.fakegithub.state import IssueComment, Pull, Repo

from .service import FAST, SLOW, Service


async def _slow(service: Service, config: str = "") -> tuple[Repo, Pull]:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    if config:
        await service.github.push_base(repo, {".github/fastperf.toml": config})
    return repo, await service.reviewed(repo, "slow", SLOW)


async def _say(service: Service, repo: Repo, pull: Pull, body: str, user: str = "octocat") -> IssueComment:
    comment = await service.github.comment(repo, pull.number, body, user=user)
    await service.idle()
    return (
        next(each for each in service.github.comments(repo, pull.number) if each.body == body)
        if comment
        else comment
    )


def _answers(service: Service, repo: Repo, pull: Pull) -> list[str]:
    return [
        each.body for each in service.github.comments(repo, pull.number) if "fastperf:answer" in each.body
    ]


async def test_an_ignored_finding_no_longer_blocks_and_is_listed_with_its_reason(service: Service) -> None:
    repo, pull = await _slow(service)
    code = service.github.review_comments(repo, pull.number)[0].body.split("/rules/")[1][:5]
    assert service.run(repo, pull).conclusion == "failure"

    asked = f"/fastperf ignore {code} the carrier answers in a millisecond\r\n/fastperf ignore {code} shop/main.py read once"
    comment = await _say(service, repo, pull, asked)

    recorded = await service.jobs.work.store.recorded(action="ignore")  # type: ignore[attr-defined]  # the pipeline's
    assert len(recorded) == 2
    assert service.github.reactions(comment) == ["eyes"]
    run = service.run(repo, pull)
    assert run.conclusion == "success"
    assert run.output["title"] == "no new performance problems · 1 ignored"
    assert "Ignored by `octocat`: the carrier answers in a millisecond" in run.output["summary"]
    (thread,) = service.github.review_comments(repo, pull.number)
    assert thread.body.startswith("**Ignored at ")
    assert _answers(service, repo, pull) == []

    await _say(service, repo, pull, f"/fastperf unignore {code}")
    assert service.run(repo, pull).conclusion == "failure"
    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()
    assert len(service.github.reviews(repo, pull.number)) == 2  # said again, with the next commit


async def test_who_ignores_what_is_not_there_is_told_so(service: Service) -> None:
    repo, pull = await _slow(service)

    await _say(service, repo, pull, "/fastperf ignore FP104 shop/mian.py measured")

    (answer,) = _answers(service, repo, pull)
    assert answer.startswith("Noted, but this pull request has no new FP104 at `shop/mian.py` to ignore")
    assert service.run(repo, pull).conclusion == "failure"


async def test_a_command_that_fails_for_good_is_answered_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, pull = await _slow(service)

    async def broken(*_: object) -> None:
        raise AnalysisError("the analysis process keeps ending")

    monkeypatch.setattr("app.surveys.Surveys.audit", broken)
    comment = await _say(service, repo, pull, "/fastperf audit")

    assert service.github.reactions(comment) == ["confused"]
    (answer,) = _answers(service, repo, pull)
    assert answer.startswith("`/fastperf audit` failed for a fault of fastperf's own.")


async def test_a_reply_in_a_thread_ignores_that_finding(service: Service) -> None:
    repo, pull = await _slow(service)
    (comment,) = service.github.review_comments(repo, pull.number)

    await service.github.review_reply(
        repo, pull.number, comment.id, "/fastperf ignore cached upstream", user="octocat"
    )
    await service.idle()

    assert service.run(repo, pull).conclusion == "success"
    reply = service.github.review_comments(repo, pull.number)[-1]
    assert service.github.reactions(reply) == ["eyes"]
    await service.github.review_reply(repo, pull.number, comment.id, "/fastperf explain", user="octocat")
    await service.idle()
    (answer,) = _answers(service, repo, pull)
    assert answer.startswith("### [FP104 async-endpoint-without-await-but-blocking]")
    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()
    assert service.run(repo, pull).conclusion == "success"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("/fastperf explain", "It is written `/fastperf explain FP101`."),
        ("/fastperf ignore FP103", "A reason is needed."),
        ("/fastperf ignore because I say so", "Which findings?"),
        ("/fastperf unignore FP103", "Nothing like that is ignored"),
        ("/fastperf ignore FP999 cached", "No rule is called `FP999`."),
        ("/fastperf dance", "`/fastperf help` lists the commands."),
    ],
)
async def test_what_cannot_be_done_is_answered_with_the_reason(
    service: Service, body: str, answer: str
) -> None:
    repo, pull = await _slow(service)

    comment = await _say(service, repo, pull, body)

    assert service.github.reactions(comment) == ["confused"]
    (said,) = _answers(service, repo, pull)
    assert answer in said
    assert service.run(repo, pull).conclusion == "failure"


@pytest.mark.parametrize(("policy", "user"), [("maintain", "octocat"), ("not_author", "author")])
async def test_who_may_ignore_is_the_owner_s_choice(service: Service, policy: str, user: str) -> None:
    repo, pull = await _slow(service, f'waive_by = "{policy}"\n')
    name = pull.author.login if user == "author" else user
    repo.roles[name] = "write"

    await _say(service, repo, pull, "/fastperf ignore FP103 please", user=name)

    (answer,) = _answers(service, repo, pull)
    assert f'waive_by = "{policy}"' in answer
    assert service.run(repo, pull).conclusion == "failure"


async def test_paused_comments_leave_the_check_as_it_is(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "docs", {"README.md": "A fine shop.\n"})
    await _say(service, repo, pull, "/fastperf pause\n/fastperf resume\n/fastperf pause")
    recorded = await service.jobs.work.store.recorded()  # type: ignore[attr-defined]  # the pipeline's
    assert [line.action for line in recorded] == ["pause", "resume", "pause", "command"]

    await service.github.push(repo, pull.number, SLOW)
    await service.idle()

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert "omments paused" in run.output["summary"]
    assert service.github.reviews(repo, pull.number) == []

    await _say(service, repo, pull, "/fastperf resume")
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_explain_and_config_answer_in_one_comment(service: Service) -> None:
    repo, pull = await _slow(service, 'fail_on = "critical"\nmax_coments = 3\n')

    await _say(service, repo, pull, "/fastperf explain FP103\n/fastperf explain FP999\n/fastperf config")

    (answer,) = _answers(service, repo, pull)
    assert "[FP103 blocking-call-through-helper](https://fastperf.example/rules/FP103)" in answer
    assert "No rule is called `FP999`." in answer
    assert 'fail_on = "critical"' in answer
    assert "`.github/fastperf.toml:2`" in answer


async def test_the_button_ignores_what_blocks_and_only_for_those_who_may(service: Service) -> None:
    repo, pull = await _slow(service)
    run = service.run(repo, pull)

    await service.github.press(repo, run.id, "ignore", user="stranger")
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"

    await service.github.press(repo, run.id, "ignore", user="octocat")
    await service.idle()
    assert service.run(repo, pull).conclusion == "success"
    assert "ignored by the button" in service.run(repo, pull).output["summary"]


async def test_a_flood_of_commands_is_not_obeyed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.obeying.MOST_AN_HOUR", 2)
    repo, pull = await _slow(service)

    for _ in range(3):
        await service.github.comment(repo, pull.number, "/fastperf help", user="octocat")
        await service.idle()

    assert len(_answers(service, repo, pull)) == 2


async def test_diagnose_scale_and_audit_tell_of_the_project_with_the_change(service: Service) -> None:
    repo, pull = await _slow(service, "[context]\nrps = 50\n")

    await _say(
        service, repo, pull, "/fastperf diagnose GET /orders/{id}\n/fastperf scale 10x\n/fastperf audit"
    )

    (answer,) = _answers(service, repo, pull)
    assert "### `GET /orders/{number}`" in answer
    assert "external calls **1** · blocks the loop: `requests.get`" in answer
    assert "\n      - `requests.get`: 1 external [shop/carriers.py:9](" in answer
    assert "saturates first" in answer
    assert "cannot take 500 requests/s" in answer
    assert "1 finding in 3 files" in answer
    assert "Burn-down" not in answer


async def test_an_audit_shows_what_earlier_ones_counted(service: Service) -> None:
    repo, pull = await _slow(service)
    await _say(service, repo, pull, "/fastperf audit")
    quiet = await service.reviewed(repo, "quiet", FAST)

    await _say(service, repo, quiet, "/fastperf audit")

    (answer,) = _answers(service, repo, quiet)
    burn_down = answer.partition("#### Burn-down")[2]
    assert f"`{pull.head_sha[:10]}`" in burn_down
    assert f"`{quiet.head_sha[:10]}`" in burn_down
    assert burn_down.index(pull.head_sha[:10]) < burn_down.index(quiet.head_sha[:10])
    assert "1 fewer than on" in burn_down


async def test_an_endpoint_that_is_not_there_is_said_to_be_none(service: Service) -> None:
    repo, pull = await _slow(service)

    await _say(service, repo, pull, "/fastperf diagnose POST /nowhere")

    (answer,) = _answers(service, repo, pull)
    assert answer.startswith("There is no endpoint `POST /nowhere` at ")


async def test_the_button_works_for_a_pull_request_from_a_fork(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    fork = service.github.fork(repo, "maria")
    fork.git.commit("slow", SLOW, parent=fork.git.ref("main"))
    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()

    await service.github.press(repo, service.run(repo, pull).id, "ignore", user="octocat")
    await service.idle()

    assert service.run(repo, pull).conclusion == "success"


async def test_the_button_means_the_pull_request_in_which_something_blocks(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    repo.git.commit("next", SLOW, parent=repo.git.ref("main"))
    repo.git.commit("docs", {"README.md": "A fine shop.\n"}, parent=repo.git.ref("next"))
    for base in ("next", "main"):  # the first has nothing new
        pull = await service.github.open_pr(repo, "docs", base)
        await service.idle()

    await service.github.press(repo, service.run(repo, pull).id, "ignore", user="octocat")
    await service.idle()

    assert service.run(repo, pull).conclusion == "success"
    assert [_answers(service, repo, each) for each in repo.pulls.values()] == [[], []]


async def test_a_stranger_s_button_does_nothing_for_a_fork_either(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    fork.git.commit("slow", SLOW, parent=fork.git.ref("main"))
    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()
    position = len(service.github.log)

    await service.github.press(repo, service.run(repo, pull).id, "rescan", user="stranger")
    await service.idle()

    asked = [entry.operation for entry in service.calls_since(position)]
    assert "repos/get-collaborator-permission-level" in asked
    assert "checks/update" not in asked


async def test_a_coding_agent_may_have_its_own_pull_request_reviewed_again_and_no_more(
    service: Service,
) -> None:
    repo = service.shop()
    agent = service.github.user("copilot-swe-agent[bot]", "Bot").login
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow", author=agent)
    await service.idle()
    position = len(service.github.log)

    rescan = await _say(service, repo, pull, "/fastperf rescan", agent)
    ignore = await _say(service, repo, pull, "/fastperf ignore FP103 it is mine", agent)

    assert [service.github.reactions(each) for each in (rescan, ignore)] == [["eyes"], ["-1"]]
    assert "checks/update" in [entry.operation for entry in service.calls_since(position)]
    assert service.run(repo, pull).conclusion == "failure"
