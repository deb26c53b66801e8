"""What two versions of a project cost, where one of them lets us know more than the other."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Cost
from rules.engine.two_versions import Versions, with_known_costs

UNKNOWN = """
from fastapi import Depends, FastAPI
import httpx

app = FastAPI()

class Embedder:
    def __init__(self, client):
        self.client = client

    async def embed(self, text):
        return await self.client.post("/embed", json=text, timeout=5)

def embedder() -> Embedder:
    return Embedder(None)

@app.get("/similar")
async def similar(text: str, embedder: Embedder = Depends(embedder)):
    return await embedder.embed(text)
"""
KNOWN = UNKNOWN.replace("(self, client)", "(self, client: httpx.AsyncClient)")
"""The same calls, of a client that is annotated."""
TWICE = KNOWN.replace(
    "return await embedder.embed(text)",
    "await httpx.AsyncClient().get('/x', timeout=5)\n    " + "return await embedder.embed(text)",
)


def costs(before: str, after: str) -> tuple[Cost, Cost]:
    """What the review takes for the cost before, and the cost after."""
    old, new = analyze({"app.py": before.encode()}), analyze({"app.py": after.encode()})
    versions = Versions(old.project, new.project, {})
    (earlier,), (now,) = with_known_costs(versions, old.result.endpoints), new.result.endpoints
    return earlier.cost, now.cost


def test_that_a_call_is_known_now_is_no_growth() -> None:
    before, after = costs(UNKNOWN, KNOWN)

    assert after.external_calls == "1"
    assert before == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (UNKNOWN.replace('await self.client.post("/embed", json=text, timeout=5)', "text"), KNOWN),
        (UNKNOWN.replace("await self.client.post", "self.client.post"), KNOWN),
        (KNOWN, TWICE),
    ],
    ids=["not called", "called otherwise", "one more"],
)
def test_what_was_not_called_is_growth(before: str, after: str) -> None:
    earlier, now = costs(before, after)

    assert int(now.external_calls) == int(earlier.external_calls) + 1
