"""Deliveries: every payload satisfies GitHub's schema and the community's; who hears what; what can go wrong."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import pytest
from aiohttp import web

from tests.fakegithub.client import installed, receiver
from tests.fakegithub.github import PERMISSIONS, FakeGitHub

REVIEW = {"event": "COMMENT", "body": "b", "comments": [{"path": "a.py", "line": 1, "body": "slow"}]}


async def test_everything_that_people_do_is_told(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    repo = github.add_repo("octo/shop", private=True, files={"a.py": "one\n"}, organization=True)
    other = github.add_repo("octo/other", files={"a.py": "one\n"})
    for branch in ("feature", "release"):
        repo.git.commit(branch, {f"{branch}.py": "1\n", "a.py": "two\n"}, parent=repo.git.ref("main"))
    events = [*github.app.events, "pull_request_review", "push"]
    installation = github.install("octo", [repo], events=events)
    async with receiver(github) as hook:
        await github.installed(installation)
        await github.change_repositories(installation, add=[other])
        await github.change_repositories(installation, remove=[other])
        await github.open_pr(repo, "feature", draft=True)
        await github.push(repo, 1, {"a.py": "two\n"})
        for action in ("ready_for_review", "converted_to_draft", "closed", "reopened"):
            await github.pr_event(repo, 1, action)
        await github.pr_event(repo, 1, "labeled", label="slow")
        await github.pr_event(repo, 1, "edited", title="Better")
        await github.pr_event(repo, 1, "edited", base="release")
        assert hook.events[-1].data["changes"]["base"]["ref"] == {"from": "main"}
        async with installed(github, installation) as client:
            await client.post("/repos/octo/shop/pulls/1/reviews", data=REVIEW)
        await github.settle()
        [thread] = github.threads(repo, 1)
        await github.review_reply(repo, 1, thread.first.id, "why?")
        await github.resolve(repo, thread)
        await github.resolve(repo, thread, resolved=False)
        await github.comment(repo, 1, "hello")
        await github.push_base(repo, {"z.py": "1\n"})
        await github.merge_group(repo, [1])
        await github.pr_event(repo, 1, "merged")
        await github.ping()
        for action in ("privatized", "publicized"):
            await github.repository_event(repo, action)
        await github.repository_event(repo, "renamed", name="store")
        for action in ("suspend", "unsuspend", "new_permissions_accepted", "deleted"):
            await github.installed(installation, action)
        told = hook.names()
    assert told == [
        "installation.created",
        "installation_repositories.added",
        "installation_repositories.removed",
        "check_suite.requested",
        "pull_request.opened",
        "check_suite.requested",
        "pull_request.synchronize",
        "pull_request.ready_for_review",
        "pull_request.converted_to_draft",
        "pull_request.closed",
        "pull_request.reopened",
        "pull_request.labeled",
        "pull_request.edited",
        "pull_request.edited",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review_comment.created",
        "pull_request_review_thread.resolved",
        "pull_request_review_thread.unresolved",
        "issue_comment.created",
        "push.None",
        "merge_group.checks_requested",
        "pull_request.closed",
        "ping.None",
        "repository.privatized",
        "repository.publicized",
        "repository.renamed",
        "installation.suspend",
        "installation.unsuspend",
        "installation.new_permissions_accepted",
        "installation.deleted",
    ]


@pytest.mark.parametrize(
    ("missing", "silent"),
    [
        ("pull_requests", "pull_request.opened"),
        ("issues", "issue_comment.created"),
        ("merge_queues", "merge_group.checks_requested"),
        ("checks", "check_suite.requested"),
    ],
)
async def test_an_app_hears_only_what_it_has_permission_for(
    fakegithub: FakeGitHub, missing: str, silent: str
) -> None:
    repo = fakegithub.add_repo("octo/shop", files={"a.py": "one\n"})
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    held = {name: level for name, level in PERMISSIONS.items() if name != missing}
    installation = fakegithub.install("octo", [repo], permissions=held)
    async with receiver(fakegithub) as hook:
        await fakegithub.open_pr(repo, "feature")
        await fakegithub.comment(repo, 1, "hello")
        await fakegithub.merge_group(repo, [1])
        everything = {
            "check_suite.requested",
            "pull_request.opened",
            "issue_comment.created",
            "merge_group.checks_requested",
        }
        assert set(hook.names()) == everything - {silent}
        installation.repos.clear()
        count = len(hook.events)
        await fakegithub.comment(repo, 1, "hello")
        assert len(hook.events) == count


async def test_an_event_without_subscription_is_not_sent(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files={"a.py": "one\n"})
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    fakegithub.install("octo", [repo], events=["issue_comment"])
    async with receiver(fakegithub) as hook:
        await fakegithub.open_pr(repo, "feature")
        assert hook.names() == ["check_suite.requested"], "that one comes to every app that writes checks"


async def test_a_delivery_is_signed_over_its_raw_bytes(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    async with receiver(github):
        made = await github.deliver("ping", {"zen": "ü"})
        digest = hmac.new(github.webhook_secret.encode(), made.body, hashlib.sha256).hexdigest()
        assert made.request_headers["X-Hub-Signature-256"] == f"sha256={digest}"
        again = await github.redeliver(made)
        assert (again.guid, again.body, again.redelivery, again.status) == (made.guid, made.body, True, "OK")
        assert again.id != made.id
        github.world.content_type = "form"
        form = await github.deliver("ping", {"zen": "ü"})
        assert form.body.startswith(b"payload=%7B")


async def test_githubs_known_signature(fakegithub: FakeGitHub) -> None:
    # The vector of GitHub's documentation on validating deliveries.
    digest = hmac.new(b"It's a Secret to Everybody", b"Hello, World!", hashlib.sha256).hexdigest()
    assert digest == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


async def test_a_slow_or_absent_receiver_is_logged_and_never_tried_again(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    started = 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal started
        started += 1
        await asyncio.sleep(5)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", slow)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    github.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    github.server.hooks.timeout = 0.3
    late = await github.deliver("ping", {})
    await runner.cleanup()
    gone = await github.deliver("ping", {})
    assert (late.status, late.status_code, started) == ("timed out", 0, 1)
    assert (gone.status, gone.status_code) == ("failed to connect to host", 0)
    async with receiver(github, status=503):
        broken = await github.deliver("ping", {})
    assert (broken.status, broken.status_code) == ("Invalid HTTP Response: 503", 503)


async def test_deliveries_are_doubled_dropped_and_reordered(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    repo = github.add_repo("octo/shop", files={"a.py": "one\n"})
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    github.install("octo", [repo])
    async with receiver(github) as hook:
        github.faults.hook_reorder("pull_request")
        github.faults.hook_drop("check_suite")
        github.faults.hook_dup("issue_comment")
        await github.open_pr(repo, "feature")
        await github.push(repo, 1, {"a.py": "three\n"})
        await github.comment(repo, 1, "hello")
        assert hook.names() == [
            "check_suite.requested",
            "pull_request.opened",
            "pull_request.synchronize",
            "issue_comment.created",
            "issue_comment.created",
        ]
        assert len({event.delivery_id for event in hook.events}) == 4
    lost: list[Any] = [delivery for delivery in github.deliveries if delivery.status != "OK"]
    assert [(delivery.event, delivery.status_code) for delivery in lost] == [("check_suite", 0)]
