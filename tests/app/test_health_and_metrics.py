from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.web import health
from app.web.metrics import Metrics, MetricsPage


class Site:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self.fine = True
        self.hangs = False
        self.asked = 0
        self.url = ""

    async def probe(self) -> bool:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if not self.fine:
            raise OSError("disk")
        return True


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    site = Site()
    app = web.Application()
    app.router.add_get("/livez", health.live)
    app.router.add_get("/readyz", health.Ready({"database": site.probe}).handle)
    app.router.add_get("/metrics", MetricsPage(site.metrics).handle)
    app.router.add_get("/guarded", MetricsPage(site.metrics, "a-token-of-some-length").handle)
    server = TestServer(app)
    await server.start_server()
    site.url = str(server.make_url("/")).rstrip("/")
    yield site
    await server.close()


async def _get(url: str, **headers: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_alive_even_when_not_ready(site: Site) -> None:
    site.fine = False

    assert (await _get(f"{site.url}/livez"))[0] == 200
    status, text = await _get(f"{site.url}/readyz")
    assert status == 503
    assert "database" in text
    assert "disk" not in text


async def test_ready_when_every_probe_answers_in_time(site: Site) -> None:
    assert (await _get(f"{site.url}/readyz"))[0] == 200
    site.hangs = True
    assert (await _get(f"{site.url}/readyz"))[0] == 503


async def test_however_many_ask_at_once_the_database_is_asked_once_in_a_while(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 3600.0)
    async with ClientSession() as session:

        async def ask() -> int:
            async with session.get(f"{site.url}/readyz") as answer:
                return answer.status

        assert set(await asyncio.gather(*(ask() for _ in range(80)))) == {200}
        assert site.asked == 1
        monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
        site.fine = False
        assert await ask() == 503
    assert site.asked == 2


async def test_metrics_count_without_naming_anyone(site: Site) -> None:
    site.metrics.delivery("pull_request", 202, 0.004)
    site.metrics.queues({"reviews": 3})
    site.metrics.stage("analyse", 0.2)
    site.metrics.reviewed("success")
    site.metrics.call(201, "POST", 0.12)
    site.metrics.points("core", 4999)

    status, text = await _get(f"{site.url}/metrics")

    assert status == 200
    assert 'fastperf_deliveries_total{event="pull_request",status="202"} 1.0' in text
    assert 'fastperf_queue_jobs{queue="reviews"} 3.0' in text
    assert 'fastperf_github_calls_total{status="2xx"} 1.0' in text
    assert 'fastperf_acknowledgement_seconds_bucket{le="0.005"} 1.0' in text


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("", 401), ("Bearer wrong", 401), ("Bearer ü", 401), ("Bearer a-token-of-some-length", 200)],
)
async def test_metrics_behind_a_token(site: Site, authorization: str, status: int) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    assert (await _get(f"{site.url}/guarded", **headers))[0] == status
