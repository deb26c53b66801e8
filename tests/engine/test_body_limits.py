"""What stands before an application and refuses large bodies."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence

API = b"""
from fastapi import FastAPI, UploadFile
from shop.files import store

app = FastAPI()

@app.post("/invoices")
async def upload(file: UploadFile) -> None:
    store(await file.read())
"""


@pytest.mark.usefixtures("at_any_severity")
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


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("command", "confidence"), [("", Confidence.POSSIBLE), ("CMD uvicorn shop.api:app", Confidence.CERTAIN)]
)
def test_an_upload_on_lambda_alone_is_a_hint(command: str, confidence: Confidence) -> None:
    handler = b"from mangum import Mangum\nfrom shop.api import app\nhandler = Mangum(app)\n"
    files = {"shop/api.py": API, "shop/__init__.py": b"", "shop/handler.py": handler}

    result = analyze(files, documents={"Dockerfile": f"FROM python:3.12\n{command}\n"}).result

    assert [found.confidence for found in result.findings if found.code == "FP505"] == [confidence]
