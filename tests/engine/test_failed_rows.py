"""What could not be taken over is given out once in a while; errors of everything else may be what a service is for."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options

API = """
import io
import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("{}")
def errors(number: int) -> StreamingResponse:
    content = b"".join(part for part in requests.get("https://shop.example", timeout=3))
    return StreamingResponse(io.BytesIO(content))
"""


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("/imports/{number}/errors", Confidence.POSSIBLE),
        ("/imports/{number}/errors/excel", Confidence.POSSIBLE),
        ("/imports/{number}/failed_rows.csv", Confidence.POSSIBLE),
        ("/imports/errors/orders", Confidence.CERTAIN),
        ("/projects/{number}/errors", Confidence.CERTAIN),
        ("/errors", Confidence.CERTAIN),
    ],
)
def test_lists_of_what_could_not_be_taken_over_are_hints(route: str, expected: Confidence) -> None:
    source = API.replace("{}", route).encode()
    [found] = analyze({"shop/main.py": source}, options=Options(select=("FP507",))).result.findings

    assert found.confidence is expected
