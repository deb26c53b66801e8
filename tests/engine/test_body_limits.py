"""What stands before an application and refuses large bodies."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence

API = b"""
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.post("/invoices")
async def upload(file: UploadFile) -> int:
    content = await file.read()
    return len(content)
"""


@pytest.mark.parametrize(
    ("written", "confidence"),
    [
        ("client_max_body_size 10m;", Confidence.POSSIBLE),
        ("client_max_body_size ${MOST};", Confidence.POSSIBLE),
        ("client_max_body_size 5G;", Confidence.CERTAIN),
        ("client_max_body_size 0;", Confidence.CERTAIN),
        ("client_max_body_size 10m;\n    client_max_body_size 0;", Confidence.CERTAIN),
        ("# client_max_body_size 10m;", Confidence.CERTAIN),
        ("", Confidence.CERTAIN),
    ],
)
def test_an_upload_behind_a_proxy_with_a_limit_is_a_hint(written: str, confidence: Confidence) -> None:
    proxy = f"server {{\n    {written}\n    location / {{ proxy_pass http://app:8000; }}\n}}\n"

    result = analyze({"shop/api.py": API}, documents={"docker/nginx.conf": proxy}).result

    assert [found.confidence for found in result.findings if found.code == "FP505"] == [confidence]
