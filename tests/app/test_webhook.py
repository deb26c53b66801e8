from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import make_mocked_request

from app.jobs import Jobs, QueueUnavailableError
from app.web.metrics import Metrics
from app.webhook import LARGEST_BODY, Webhook

from .recorded_work import RecordedWork
from .signed_deliveries import GUID, OTHER, SECRET, Deliverer, pull_request, sign


async def test_a_signed_pull_request_is_accepted_and_reviewed(deliver: Deliverer) -> None:
    assert await deliver("pull_request", pull_request()) == 202
    await _until(deliver.work, "clean_up")


async def test_either_live_secret_signs(deliver: Deliverer) -> None:
    body = json.dumps(pull_request()).encode()

    assert await deliver("pull_request", body, headers={"X-Hub-Signature-256": sign(body, OTHER)}) == 202


BODY = json.dumps(pull_request()).encode()


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="empty"),
        pytest.param(sign(BODY, "another-secret-altogether"), id="foreign"),
        pytest.param(
            "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(), id="sha1 in the 256 header"
        ),
        pytest.param(sign(BODY).upper(), id="upper case"),
        pytest.param("sha256=" + sign(BODY)[7:].upper(), id="upper case hex"),
        pytest.param(sign(BODY)[:-1], id="truncated"),
        pytest.param(sign(BODY) + "0", id="too long"),
        pytest.param(sign(BODY)[7:], id="without prefix"),
        pytest.param("sha256= " + sign(BODY)[7:], id="space inside"),
        pytest.param("sha256=" + "é" * 64, id="non-ascii"),
        pytest.param("sha256=" + "０" * 64, id="full-width digits"),
        pytest.param(sign(BODY) + ", " + sign(BODY), id="two in one"),
        pytest.param(sign(BODY + b" "), id="of another body"),
    ],
)
async def test_a_bad_signature_is_401_and_nothing_is_parsed(
    deliver: Deliverer, signature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.webhook.payload", _must_not_parse)

    assert await deliver("pull_request", BODY, headers={"X-Hub-Signature-256": signature}) == 401


def _must_not_parse(body: bytes, content_type: str) -> dict[str, Any]:
    raise AssertionError("an unsigned body was parsed")


@pytest.mark.parametrize("extra", [{}, {"X-Hub-Signature": "sha1=" + "0" * 40}], ids=["none", "sha1 only"])
async def test_a_missing_signature_is_401(deliver: Deliverer, extra: dict[str, str]) -> None:
    headers = {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": GUID, **extra}
    async with deliver.session.post(deliver.url, data=BODY, headers=headers) as answer:
        assert answer.status == 401


async def test_two_signature_headers_are_401(deliver: Deliverer) -> None:
    headers = [("X-GitHub-Event", "pull_request"), ("X-GitHub-Delivery", GUID)]
    headers += [("X-Hub-Signature-256", sign(BODY))] * 2
    async with deliver.session.post(deliver.url, data=BODY, headers=headers) as answer:
        assert answer.status == 401


async def test_githubs_own_signature_example_holds() -> None:
    webhook = Webhook.__new__(Webhook)
    webhook._secrets = (b"It's a Secret to Everybody",)

    assert webhook.is_genuine(
        b"Hello, World!", ["sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"]
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"{", id="cut"),
        pytest.param(b'{"a":' + b"[" * 200_000, id="depth bomb"),
        pytest.param(b'{"action":NaN}', id="NaN"),
        pytest.param(b'{"action":' + b"9" * 10_000 + b"}", id="huge integer"),
        pytest.param(b'{"action":"\xff"}', id="not utf-8"),
        pytest.param(b'{"action":{"a":1}}', id="action is an object"),
        pytest.param(b'{"action":["a"]}', id="action is a list"),
        pytest.param(b'{"action":7}', id="action is a number"),
        pytest.param(b'{"action":"opened","installation":{"id":1}}', id="nothing in it"),
        pytest.param(
            b'{"action":"opened","installation":{"id":1},"repository":[]}', id="repository is a list"
        ),
        pytest.param(
            b'{"action":"opened","installation":{"id":1},"repository":null}', id="repository is null"
        ),
    ],
)
async def test_a_signed_malformed_body_is_400(deliver: Deliverer, body: bytes) -> None:
    assert await deliver("pull_request", body) == 400
    assert deliver.work.done == []


async def test_missing_headers_are_400(deliver: Deliverer) -> None:
    headers = {"X-Hub-Signature-256": sign(BODY), "Content-Type": "application/json"}
    for more in ({"X-GitHub-Delivery": GUID}, {"X-GitHub-Event": "pull_request"}):
        async with deliver.session.post(deliver.url, data=BODY, headers=headers | more) as answer:
            assert answer.status == 400
    assert await deliver("pull_request", pull_request(), content_type="text/plain") == 400
    assert await deliver("pull_request", pull_request(), guid="../../etc") == 400


async def test_a_body_that_is_not_encoded_as_it_says_is_400(deliver: Deliverer) -> None:
    assert await deliver("pull_request", pull_request(), headers={"Content-Encoding": "gzip"}) == 400


async def test_form_encoded_deliveries_are_understood(deliver: Deliverer) -> None:
    form = "application/x-www-form-urlencoded"

    assert await deliver("pull_request", urlencode({"payload": BODY}).encode(), content_type=form) == 202
    assert await deliver("pull_request", b"other=1", content_type=form) == 400
    assert await deliver("pull_request", b"payload=%7B&payload=%7B", content_type=form) == 400


async def test_a_strangers_events_leave_no_series_behind() -> None:
    metrics = Metrics()
    webhook = Webhook(cast("Jobs", None), [SECRET], metrics)
    stranger = {"X-GitHub-Event": "made_up", "Content-Length": str(LARGEST_BODY + 1)}

    assert (await webhook.handle(make_mocked_request("POST", "/webhook", stranger))).status == 413

    assert b"made_up" not in metrics.text()


async def test_what_is_larger_than_github_sends_is_413(deliver: Deliverer) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 65536 + 1):
            yield b" " * 65536

    async with deliver.session.post(deliver.url, data=body()) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome."}),
        ("star", {"action": "created"}),
        ("pull_request", pull_request("labeled")),
        ("pull_request", pull_request("edited", changes={"title": {"from": "x"}})),
        ("pull_request", pull_request("opened", installation=None)),
        ("check_run", {"action": "rerequested", "installation": {"id": 1}, "check_run": {"name": "other"}}),
    ],
)
async def test_what_asks_nothing_is_200_without_work(
    deliver: Deliverer, event: str, payload: dict[str, Any]
) -> None:
    assert await deliver(event, payload) == 200
    await asyncio.sleep(0.1)
    assert deliver.work.done == []


async def test_the_same_guid_changes_nothing(deliver: Deliverer) -> None:
    assert await deliver("pull_request", pull_request()) == 202
    await _until(deliver.work, "clean_up")
    before = list(deliver.work.done)

    assert await deliver("pull_request", pull_request()) == 202
    assert await deliver("pull_request", pull_request(number=4), guid="another") == 202
    await _until(deliver.work, "clean_up", 2)

    assert deliver.work.done[: len(before)] == before
    assert deliver.work.count("gather") == 2


async def test_a_queue_that_cannot_take_the_job_is_503(
    deliver: Deliverer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise QueueUnavailableError("the disk is full")

    monkeypatch.setattr("app.jobs.Jobs._enqueue", refuse)

    assert await deliver("pull_request", pull_request()) == 503


async def _until(work: RecordedWork, step: str, times: int = 1) -> None:
    async with asyncio.timeout(10):
        while work.count(step) < times:  # noqa: ASYNC110 - the work is done by threads of the engine
            await asyncio.sleep(0.02)
