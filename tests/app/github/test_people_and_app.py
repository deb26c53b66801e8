"""Reactions, comments and permissions; the app, its installations and its deliveries."""

from __future__ import annotations

import datetime

import pytest

from app.github.app import EVENTS, PERMISSIONS, missing
from app.github.errors import Gone, Suspended, Unavailable
from app.github.models import App
from tests.app.github.shop import Shop, comment
from tests.fakegithub.client import receiver
from tests.fakegithub.state import Role

MARKER = "<!-- fastperf:answer 1 -->"


async def test_a_reaction_is_given_once_however_often_we_try(shop: Shop) -> None:
    asked = await shop.hub.comment(shop.repo, shop.number, "/fastperf rescan", "alice", tell=False)
    shop.hub.faults.commit_then_status(502, "reactions/create-for-issue-comment")

    await shop.client.comments.react(asked.id, "eyes")
    await shop.client.comments.react(asked.id, "eyes")
    await shop.client.comments.react(asked.id, "rocket")

    assert shop.hub.reactions(asked) == ["eyes", "rocket"]


async def test_a_reply_in_a_thread_is_answered_there(shop: Shop) -> None:
    await shop.client.reviews.create(
        shop.number, commit_id=shop.head, body="1 new <!-- fastperf:r -->", comments=[comment(21)]
    )
    (thread,) = shop.hub.threads(shop.repo, shop.number)
    asked = await shop.hub.review_reply(shop.repo, shop.number, thread.first.id, "/fastperf help", "alice")

    await shop.client.comments.react(asked.id, "eyes", in_review=True)
    identity = await shop.client.comments.reply(shop.number, thread.first.id, "the help")

    assert shop.hub.reactions(asked) == ["eyes"]
    assert [(said.id, said.body) for said in thread.comments[2:]] == [(identity, "the help")]


async def test_an_answer_is_given(shop: Shop) -> None:
    identity = await shop.client.comments.create(shop.number, "the help")

    (said,) = shop.hub.comments(shop.repo, shop.number)
    assert (said.id, said.body) == (identity, "the help")
    assert shop.operations() == ["issues/create-comment"]


@pytest.mark.parametrize("fault", ["commit_then_status", "commit_then_drop", "status", "drop"])
async def test_a_marked_answer_is_given_once_through_a_fault(shop: Shop, fault: str) -> None:
    shop.hub.faults.add(fault, "issues/create-comment", status=502)

    identity = await shop.client.comments.create(shop.number, f"help {MARKER}", marker=MARKER)

    (said,) = shop.hub.comments(shop.repo, shop.number)
    assert said.id == identity


async def test_an_answer_that_stands_is_not_given_again(shop: Shop) -> None:
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    await shop.hub.comment(shop.repo, shop.number, f"quoted {MARKER}", "mallory", tell=False)
    comments = shop.client.comments

    first = await comments.create(shop.number, f"help {MARKER}", marker=MARKER, since=since)
    second = await comments.create(shop.number, f"help {MARKER}", marker=MARKER, since=since)

    assert first == second
    assert len(shop.hub.comments(shop.repo, shop.number)) == 2


async def test_an_answer_that_is_too_long_is_not_sent(shop: Shop) -> None:
    with pytest.raises(ValueError, match="65535 allowed"):
        await shop.client.comments.create(shop.number, "é" * 40_000)


@pytest.mark.parametrize("role", ["admin", "maintain", "write", "triage", "read"])
async def test_it_is_known_what_a_person_may_do(shop: Shop, role: Role) -> None:
    shop.hub.user("alice")
    shop.repo.roles["alice"] = role

    assert await shop.client.comments.permission("alice") == role


async def test_a_stranger_may_nothing(shop: Shop) -> None:
    shop.hub.user("stranger")
    shop.hub.expect(404, "repos/get-collaborator-permission-level")

    assert await shop.client.comments.permission("stranger") in {"none", "read"}
    assert await shop.client.comments.permission("nobody-of-that-name") == "none"


async def test_the_app_knows_itself_and_what_it_lacks(shop: Shop) -> None:
    shop.github.slug = ""
    app = await shop.github.identify()

    assert shop.github.slug == shop.hub.app.slug
    assert (str(app.id), app.slug) == (shop.hub.app_id, shop.hub.app.slug)
    assert missing(app) == []
    less = App(1, "x", "X", "", {**PERMISSIONS, "checks": "read", "contents": "write"}, EVENTS[1:])
    assert missing(less) == ["permission checks: write", "event check_run"]
    assert missing(App(1, "x", "X", "", {}, ())) == [
        *(f"permission {name}: {level}" for name, level in PERMISSIONS.items()),
        *(f"event {event}" for event in EVENTS),
    ]


async def test_installations_and_their_repositories_are_listed(shop: Shop) -> None:
    (installation,) = await shop.github.app.installations()

    assert (installation.id, installation.account, installation.suspended) == (
        shop.installation.id,
        "octo",
        False,
    )
    assert missing(installation) == []
    assert await shop.github.app.repositories(installation.id) == [shop.repository]


async def test_deliveries_that_failed_are_in_the_log_and_asked_for_again(shop: Shop) -> None:
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    async with receiver(shop.hub) as hook:
        await shop.hub.pr_event(shop.repo, shop.number, "opened")
        hook.status = 500
        await shop.hub.pr_event(shop.repo, shop.number, "labeled", label="slow")
        hook.status = 202
        shop.hub.faults.hook_drop("pull_request")
        await shop.hub.pr_event(shop.repo, shop.number, "converted_to_draft")
        app = shop.github.app

        failed = [entry async for entry in app.deliveries(since) if entry.status != "OK"]
        assert [(entry.event, entry.action) for entry in failed] == [
            ("pull_request", "converted_to_draft"),
            ("pull_request", "labeled"),
        ]
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        assert [entry async for entry in app.deliveries(later)] == []

        heard = len(hook.events)
        for entry in failed:
            await app.redeliver(entry.id)
        await shop.hub.settle()

        assert [event.delivery_id for event in hook.events[heard:]] == [entry.guid for entry in failed]
        arrived = {entry.guid async for entry in app.deliveries(since) if entry.status == "OK"}
        assert arrived >= {entry.guid for entry in failed}


async def test_a_suspended_or_removed_installation_is_gone(shop: Shop) -> None:
    client = shop.client
    shop.hub.suspend(shop.installation)
    shop.hub.expect(403, "apps/create-installation-access-token")
    with pytest.raises(Suspended):
        await client.pulls.head(shop.number)

    shop.installation.suspended_at = None
    shop.github.forget(shop.installation.id)
    shop.installation.repos.clear()
    shop.hub.expect(422, "apps/create-installation-access-token")
    with pytest.raises(Gone):
        await client.pulls.head(shop.number)


async def test_a_token_that_ran_out_is_renewed_in_the_middle_of_a_job(shop: Shop) -> None:
    await shop.client.pulls.head(shop.number)
    shop.hub.expire_tokens()
    shop.hub.expect(401)
    shop.clock.ahead += 600

    assert await shop.client.pulls.head(shop.number) == shop.head


async def test_a_clock_five_minutes_off_does_no_harm(shop: Shop) -> None:
    for skew in (-300.0, 300.0):
        shop.hub.expect(401)
        shop.hub.skew = skew
        shop.github.forget(shop.installation.id)
        assert await shop.client.pulls.head(shop.number) == shop.head


async def test_a_token_does_for_its_own_repository_alone(shop: Shop) -> None:
    await shop.client.pulls.head(shop.number)

    (token,) = shop.hub.state.tokens.values()
    assert [repo.full_name for repo in token.repos or ()] == ["octo/shop"]


async def test_a_dropped_read_is_not_noticed(shop: Shop) -> None:
    shop.hub.faults.drop("pulls/get", times=2)

    assert await shop.client.pulls.head(shop.number) == shop.head

    shop.hub.faults.drop("pulls/get", times=None)
    with pytest.raises(Unavailable):
        await shop.client.pulls.head(shop.number)
