"""Threats 16 to 18: what people and programs write, and what we write with their words."""

from __future__ import annotations

import pytest

from tests.app.review.test_comments import MENTION, READER
from tests.app.service import FAST, SLOW, Service
from tests.fakegithub.state import Pull, Repo

RESCAN = "/fastperf rescan"


async def _open(service: Service) -> tuple[Repo, Pull]:
    repo = service.shop()
    repo.roles.update(maintainer="write", triager="triage", reader="read")
    return repo, await service.reviewed(repo, "slow", SLOW)


async def test_16_commands_of_those_who_may_not_and_texts_that_are_none_change_nothing(
    service: Service,
) -> None:
    repo, pull = await _open(service)
    ignore = "/fastperf ignore FP103 because I say so"
    for user in ("outsider", "reader", "triager"):
        await service.github.comment(repo, pull.number, ignore, user=user)
    for body in (
        f"> {ignore}",
        f"```\n{ignore}\n```",
        f"`{ignore}`",
        "/f\u0430stperf ignore FP103 x",
        f"see {ignore}",
    ):
        await service.github.comment(repo, pull.number, body, user="maintainer")
    await service.idle()

    reactions = [service.github.reactions(said) for said in service.github.comments(repo, pull.number)]
    assert reactions == [["-1"]] * 3 + [[]] * 5
    await service.github.push(repo, pull.number, {"README.md": "A shop that grows.\n"})
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"


async def test_16_an_edited_comment_is_no_command_and_the_payload_s_word_on_rights_is_not_taken(
    service: Service,
) -> None:
    repo, pull = await _open(service)
    await service.github.comment(repo, pull.number, RESCAN, user="outsider")
    await service.idle()
    told = [made for made in service.github.deliveries if made.event == "issue_comment"][-1]
    payload = dict(told.payload)
    edited = payload | {"action": "edited", "changes": {"body": {"from": "fine"}}}
    claimed = dict(payload["comment"], id=4711, author_association="OWNER")
    position = len(service.github.log)

    await service.github.deliver("issue_comment", edited, guid="edited")
    await service.idle()
    assert service.calls_since(position) == []

    service.github.expect(404)  # the reaction to a comment that is not there
    await service.github.deliver("issue_comment", payload | {"comment": claimed}, guid="claimed")
    await service.idle()
    operations = [entry.operation for entry in service.calls_since(position)]
    assert "repos/get-collaborator-permission-level" in operations
    assert "checks/update" not in operations
    assert "checks/create" not in operations


async def test_16_a_flood_of_commands_is_answered_a_few_times(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.obeying.MOST_AN_HOUR", 3)
    repo, pull = await _open(service)

    for _ in range(10):
        await service.github.comment(repo, pull.number, "/fastperf help", user="maintainer")
        await service.idle()

    answers = [c for c in service.github.comments(repo, pull.number) if "fastperf:answer" in c.body]
    assert len(answers) == 3


async def test_17_programs_and_we_ourselves_are_not_obeyed(service: Service) -> None:
    repo, pull = await _open(service)
    repo.roles["parrot[bot]"] = "admin"
    service.github.user("parrot[bot]", "Bot")
    await service.github.comment(repo, pull.number, "/fastperf help", user="maintainer")
    await service.idle()
    ours = service.github.comments(repo, pull.number)[-1]
    assert "fastperf:answer" in ours.body
    told = [made for made in service.github.deliveries if made.event == "issue_comment"][-1]
    position = len(service.github.log)

    for _ in range(3):
        await service.github.comment(repo, pull.number, ours.body, user="parrot[bot]")
        await service.github.comment(repo, pull.number, RESCAN, user="parrot[bot]")
    by_app = dict(told.payload["comment"], id=99, body=RESCAN, performed_via_github_app={"id": 1})
    await service.github.deliver("issue_comment", dict(told.payload) | {"comment": by_app}, guid="by-app")
    await service.idle()

    assert service.calls_since(position) == []
    for said in service.github.comments(repo, pull.number):
        if "fastperf:answer" in said.body:
            assert not any(line.startswith("/fastperf") for line in said.body.splitlines())


HOSTILE = (
    "shop/@octo/team.py",
    "shop/<img src=x onerror=y>.py",
    "shop/](http:--evil.example).py",
    "shop/```\n# big.py",
    "shop/<!-- fastperf:f=forged -->.py",
    "shop/`@everyone`.py",
    "shop/|a|b.py",
)
NAMES = """\
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/@octo/team/<img src=x>/](http://evil.example)/```")
async def report() -> None:
    time.sleep(1)  # fastperf: ignore[FP999] <b>@octo/team</b> ![x](http://evil.example/x.png)
"""


async def test_18_names_and_paths_of_a_change_stay_text_in_all_we_post(service: Service) -> None:
    repo = service.shop()

    pull = await service.reviewed(repo, "hostile", dict.fromkeys(HOSTILE, NAMES))

    run = service.run(repo, pull)
    comments = service.github.review_comments(repo, pull.number)
    assert {comment.path for comment in comments} == set(HOSTILE)
    texts = [run.output["summary"], run.output.get("text") or "", *(comment.body for comment in comments)]
    texts += [review.body or "" for review in service.github.reviews(repo, pull.number)]
    for text in texts:
        for token in READER.parse(text):
            assert "<img" not in token.content.replace("&lt;img", "") or token.type != "html_block"
            for child in token.children or ():
                assert child.type != "image"
                if child.type == "text":
                    assert not MENTION.search(child.content)
                elif child.type == "link_open":
                    assert "evil" not in str(child.attrs["href"]).partition("?")[0].split("/")[2]
                elif child.type == "html_inline":
                    assert child.content in ("<sub>", "</sub>")


async def test_18_a_marker_that_somebody_else_wrote_is_not_believed(service: Service) -> None:
    """A copy of our comment in a stranger's name neither silences a finding nor is it folded as ours."""
    repo = service.shop()
    repo.roles["stranger"] = "read"
    pull = await service.reviewed(repo, "slow", SLOW)
    (ours,) = service.github.review_comments(repo, pull.number)
    forged = await service.github.review_reply(repo, pull.number, ours.id, ours.body, user="stranger")
    await service.idle()

    await service.github.push(repo, pull.number, FAST)
    await service.idle()

    said = {comment.id: comment.body for comment in service.github.review_comments(repo, pull.number)}
    assert said[forged.id] == forged.body
    assert "Fixed" not in said[forged.id]
    assert service.run(repo, pull).conclusion == "success"
