"""What stops the loop, or comes in one piece, where an instance has one request at a time."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options, Severity
from tests.engine.projects import sources


def test_an_instance_with_one_request_at_a_time_weighs_a_step_less_and_says_so() -> None:
    image = 'FROM python:3.13\nCOPY --from=adapter /lambda-adapter /opt/extensions/\nCMD ["uvicorn", "shop.main:app"]\n'
    files = {
        "shop/main.py": "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def wait():\n"
        "    time.sleep(1)\n    await later()\nasync def later(): ...\n"
    }

    options = Options(select=("FP101",))

    (alone,) = analyze(sources(files), documents={"Dockerfile": image}, options=options).result.findings
    (beside,) = analyze(
        sources(files),
        documents={"Dockerfile": image, "Procfile": "web: uvicorn shop.main:app\n"},
        options=options,
    ).result.findings

    assert (alone.severity, alone.gates, beside.severity) == (Severity.HIGH, False, Severity.CRITICAL)
    assert (alone.confidence, beside.confidence) == (Confidence.POSSIBLE, Confidence.CERTAIN)
    assert "one request at a time" in alone.message
    assert "Lambda" not in beside.message


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ({}, Confidence.POSSIBLE),
        (
            {"Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "shop.main:app", "--reload"]\n'},
            Confidence.POSSIBLE,
        ),
        ({"Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "shop.main:app"]\n'}, Confidence.CERTAIN),
    ],
    ids=["only Mangum", "reloading for a developer", "a server as well"],
)
def test_what_mangum_serves_has_one_request_at_a_time(
    documents: dict[str, str], expected: Confidence
) -> None:
    files = {
        "shop/main.py": "from fastapi import FastAPI\nfrom mangum import Mangum\nfrom shop.api import router\n"
        "app = FastAPI()\napp.include_router(router)\nhandler = Mangum(app)\n",
        "shop/api.py": "import time\nfrom fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\nasync def wait():\n"
        "    time.sleep(1)\n    await later()\n@router.get('/plain')\nasync def plain():\n    time.sleep(1)\nasync def later(): ...\n",
    }
    options = Options(select=("FP101", "FP104", "FP711"))

    found = analyze(sources(files), documents=documents, options=options).result.findings

    assert [(each.code, each.confidence) for each in found if each.path == "shop/api.py"] == [
        ("FP101", expected),
        ("FP104", expected),
    ]
    assert all(each.confidence is Confidence.POSSIBLE for each in found if each.code == "FP711")


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("entry", "expected"),
    [("handler = Mangum(app)\n", Confidence.POSSIBLE), ("", Confidence.LIKELY)],
    ids=["on Lambda", "on a server"],
)
def test_a_body_that_grows_comes_in_one_piece_on_lambda(entry: str, expected: Confidence) -> None:
    text = f"""
from fastapi import FastAPI, Request
{"from mangum import Mangum" if entry else ""}
app = FastAPI()

@app.post("/orders")
async def receive(request: Request) -> int:
    data = b""
    async for chunk in request.stream():
        data += chunk
    return len(data)

{entry}"""
    [found] = analyze(sources({"shop/main.py": text}), options=Options(select=("FP702",))).result.findings

    assert found.confidence is expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("handler = Mangum(app)\n", (Confidence.POSSIBLE, Confidence.CERTAIN)),
        ("", (Confidence.CERTAIN, None)),
    ],
    ids=["on Lambda", "on a server"],
)
def test_a_call_without_a_timeout_ends_with_its_function_on_lambda(
    entry: str, expected: tuple[Confidence, Confidence | None]
) -> None:
    text = f"""
import requests
from fastapi import FastAPI
{"from mangum import Mangum" if entry else ""}
app = FastAPI()

@app.get("/orders")
def read() -> str:
    return requests.get("https://stock.example").text

{entry}"""
    [found] = analyze(sources({"shop/main.py": text}), options=Options(select=("FP601",))).result.findings

    assert (found.confidence, found.when_new) == expected


_SINGLY = "run = Service(container_concurrency={}, timeout=10)\n"


@pytest.mark.parametrize(
    ("documents", "deployed", "is_said"),
    [
        ({}, "", True),
        ({}, _SINGLY.format(1), False),
        ({}, _SINGLY.format(80), True),
        ({}, _SINGLY.format(1) + _SINGLY.format(80), True),
        ({}, _SINGLY.format("LIMIT"), True),
        ({"deploy/service.yaml": "spec:\n  containerConcurrency: 1\n"}, "", False),
        ({"deploy/service.yaml": "spec:\n  containerConcurrency: 10\n"}, "", True),
        ({"Makefile": "gcloud run deploy shop --concurrency=1\n"}, "", False),
        ({"Procfile": "worker: celery -A shop worker --concurrency=1\n"}, "", True),
    ],
)
def test_where_an_instance_has_one_request_at_a_time_few_others_wait(
    documents: dict[str, str], deployed: str, is_said: bool
) -> None:
    app = (
        "import time, bcrypt\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n"
        "@app.get('/')\nasync def root() -> None:\n    await app.router.startup()\n    time.sleep(1)\n\n"
        "@app.get('/hash')\nasync def hashed(text: str) -> bytes:\n    await app.router.startup()\n"
        "    return bcrypt.hashpw(text.encode(), bcrypt.gensalt())\n"
    )
    found = analyze(
        {"shop/api.py": app.encode(), "stack/run.py": deployed.encode()},
        documents=documents,
        options=Options(select=("FP101", "FP701")),
    ).result.findings

    assert {each.code for each in found} == {"FP101", "FP701"}
    assert {each.confidence is not Confidence.POSSIBLE for each in found} == {is_said}
    assert is_said or any("one request at a time" in each.message for each in found)


_WEB = """
import modal

service = modal.App("shop")

{decorators}
@modal.asgi_app()
def web():
    from shop.api import app

    return app
"""


@pytest.mark.parametrize(
    ("decorators", "documents", "is_said"),
    [
        ("@service.function(image=image)", {}, False),
        ("@service.function()\n@modal.concurrent(max_inputs=1)", {}, False),
        ("@service.function()\n@modal.concurrent(max_inputs=100)", {}, True),
        ("@service.function()\n@modal.concurrent(target_inputs=100)", {}, True),
        ("@service.function(allow_concurrent_inputs=20)", {}, True),
        ("@service.function(allow_concurrent_inputs=LIMIT)", {}, True),
        ("@service.function(**OPTIONS)", {}, True),
        ("@service.function()", {"Procfile": "web: uvicorn shop.api:app\n"}, True),
        ("@service.function()", {"Procfile": "web: uvicorn elsewhere:app\n"}, True),
        ("@service.function()", {"Procfile": "web: uvicorn other.main:app\n"}, False),
    ],
)
def test_modal_gives_a_container_one_request_at_a_time_unless_told_otherwise(
    decorators: str, documents: dict[str, str], is_said: bool
) -> None:
    api = "import time\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/')\nasync def root():\n    time.sleep(1)\n"
    found = analyze(
        {
            "shop/api.py": api.encode(),
            "shop/deployed.py": _WEB.format(decorators=decorators).encode(),
            "other/main.py": api.replace("/')", "/other')").encode(),
        },
        documents=documents,
        options=Options(select=("FP101", "FP104")),
    ).result.findings
    said = {each.path: each.confidence is not Confidence.POSSIBLE for each in found}

    assert said == {"shop/api.py": is_said, "other/main.py": True}
