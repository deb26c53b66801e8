"""Deliveries that failed are asked for again: what can succeed does, nothing is asked for for ever."""

from __future__ import annotations

import secrets
import time

import sqlalchemy as sa

from app import tables
from app.missed import PAUSES, Missed
from app.pipeline import Pipeline
from tests.fakegithub.state import Delivery, iso

from .service import FAST, Service


def _missed(service: Service) -> Missed:
    assert isinstance(service.jobs.work, Pipeline)
    return service.jobs.work.sweeping.missed


async def _later(service: Service, seconds: float) -> None:
    """As if so much time had passed since what was noted."""
    assert isinstance(service.jobs.work, Pipeline)
    statement = sa.update(tables.lost).values(due=tables.lost.c.due - seconds)
    await service.jobs.work.store.transact(lambda connection: connection.execute(statement))


def _attempts(service: Service, delivery: Delivery) -> int:
    return sum(each.guid == delivery.guid for each in service.github.deliveries)


async def test_10_what_a_wrong_secret_refused_arrives_once_it_is_mended(service: Service) -> None:
    """A comment, which no look at heads would find; two days old, when the secret is right again."""
    repo = service.shop()
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "fast", FAST)
    good = service.github.world.secrets[0]
    service.github.world.secrets[0] = secrets.token_hex(24)
    await service.github.comment(repo, pull.number, "/fastperf help", user="octocat")
    (refused,) = [each for each in service.github.deliveries if each.event == "issue_comment"]
    assert refused.status_code == 401
    refused.delivered -= 2 * 24 * 3600
    refused.delivered_at = iso(refused.delivered)

    await _missed(service).redeliver()
    await service.idle()
    assert service.github.comments(repo, pull.number)[1:] == []
    service.github.world.secrets[0] = good
    assert await _missed(service).redeliver() == 0  # it was asked for a moment ago
    await _later(service, PAUSES[1])
    assert await _missed(service).redeliver() == 1
    await service.idle()

    assert "fastperf:answer" in service.github.comments(repo, pull.number)[-1].body
    await _missed(service).redeliver()
    await _later(service, PAUSES[-1])
    assert await _missed(service).redeliver() == 0


async def test_10_one_delivery_is_not_asked_for_for_ever(service: Service) -> None:
    repo = service.shop()
    service.github.faults.hook_drop("pull_request", times=None)
    await service.reviewed(repo, "fast", FAST)
    (dropped,) = [each for each in service.github.deliveries if each.event == "pull_request"]

    for _ in range(len(PAUSES) + 3):
        await Missed(_missed(service)._github, _missed(service)._store).redeliver()  # as after a restart
        await service.idle()
        await _later(service, 25 * 3600)

    assert _attempts(service, dropped) == 1 + len(PAUSES)


async def test_10_a_long_log_is_read_once(service: Service) -> None:
    repo = service.shop()
    await service.reviewed(repo, "fast", FAST)
    (first,) = [each for each in service.github.deliveries if each.event == "pull_request"]
    yesterday = iso(time.time() - 86_400)
    for number in range(250):
        entry = service.github.server.hooks.enter("pull_request", "labeled", first.payload, guid=f"g{number}")
        entry.status, entry.status_code = "OK", 202
        entry.delivered_at = yesterday if number < 200 else entry.delivered_at

    def pages() -> int:
        return sum(each.operation == "apps/list-webhook-deliveries" for each in service.github.log)

    await _missed(service).redeliver()
    read = pages()
    for entry in service.github.deliveries:
        entry.delivered_at = iso(time.time() - 300 * 86_400)  # older than what is read once more
    await _missed(service).redeliver()

    assert read > 1
    assert pages() == read + 1
