"""The ready-made starter: nothing to say, everything in place, and it runs."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.cli.program import fastperf

STARTER = Path(__file__).parents[2] / "examples" / "starter"


def test_there_is_nothing_to_say_and_every_item_of_the_checklist_is_there() -> None:
    said = json.loads(fastperf("check", "--output-format", "json", folder=STARTER).stdout)
    assert said["findings"] == []
    assert said["skipped"] == []
    assert {f"{entry['method']} {entry['path']}" for entry in said["endpoints"]} >= {
        "GET /orders",
        "GET /orders/{order_id}/tracking",
        "GET /readyz",
    }

    listed = fastperf("check", "--checklist", folder=STARTER).stdout
    assert "✗" not in listed
    count = listed.rstrip().splitlines()[-1].split(" of ")
    assert int(count[0]) == int(count[1].split()[0]) > 20


class _Session:
    """A database that has one order."""

    async def scalar(self, statement: object) -> str:
        return "T-1"

    async def commit(self) -> None:
        pass


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The starter's application, imported from where it lies; only its settings come without their package."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(STARTER))
    standing_in(monkeypatch)
    from backend.database import session_of
    from backend.main import app

    async def session() -> AsyncIterator[_Session]:
        yield _Session()

    app.dependency_overrides[session_of] = session
    yield app
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "backend":
            del sys.modules[name]


def standing_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that only the starter has, by the little of them that it uses."""
    settings = types.ModuleType("pydantic_settings")
    settings.BaseSettings = object  # type: ignore[attr-defined]
    retries = types.ModuleType("tenacity")
    for name in ("retry_if_exception_type", "stop_after_attempt", "wait_random_exponential"):
        setattr(retries, name, lambda *_, **__: None)
    retries.retry = lambda **_: lambda function: function  # type: ignore[attr-defined]
    for name, module in (("pydantic_settings", settings), ("tenacity", retries)):
        if name not in sys.modules:
            monkeypatch.setitem(sys.modules, name, module)


def test_it_answers_and_leaves_a_failing_carrier_alone(app: FastAPI) -> None:
    asked: list[str] = []

    def carrier(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return (
            httpx2.Response(200, json={"status": "on its way"}) if len(asked) == 1 else httpx2.Response(500)
        )

    with TestClient(app) as client:
        app.state.carrier._client = httpx2.AsyncClient(
            transport=httpx2.MockTransport(carrier), base_url="https://carrier.example"
        )
        assert client.get("/livez").json() == {"status": "ok"}
        assert client.get("/orders/1/tracking").json() == {"status": "on its way"}
        answers = [client.get("/orders/1/tracking").status_code for _ in range(8)]
        assert answers == [503] * 8
        assert len(asked) == 1 + 5
        assert client.get("/orders?customer_id=1&limit=1000").status_code == 422
        assert "python_info" in client.get("/metrics").text
