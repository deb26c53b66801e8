"""Project advice: said once about the whole, silent as soon as the project has what it lacks, never a finding."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Options, Result

DOCKERFILE = 'FROM python:3.13-slim\nCMD ["uvicorn", "main:app", "--workers", "4"]\n'
HEAD = "import bcrypt\nimport httpx\nfrom fastapi import FastAPI\n\napp = FastAPI()\nclient = httpx.AsyncClient()\n"
ENDPOINTS = "".join(
    f'\n\n@app.get("/{name}")\nasync def {name}() -> str:\n    return (await client.get("https://{name}.example")).text\n'
    for name in ("rates", "taxes", "carriers", "stock")
)
LOGIN = '\n\n@app.post("/login")\ndef login(word: str, stored: bytes) -> bool:\n    return bcrypt.checkpw(word.encode(), stored)\n'


def result(
    *, requirements: str = "", more: str = "", dockerfile: str = DOCKERFILE, ignore: str = ""
) -> Result:
    return analyze(
        {"main.py": (HEAD + ENDPOINTS + LOGIN + more).encode()},
        documents={"requirements.txt": f"fastapi\nuvicorn\n{requirements}", "Dockerfile": dockerfile},
        options=Options(ignore=(ignore,) if ignore else ()),
    ).result


def codes(found: Result) -> list[str]:
    return [finding.code for finding in found.advice]


def test_a_bare_project_gets_each_piece_of_advice_once_and_no_finding_of_it() -> None:
    found = result()

    assert codes(found) == ["FP609", "FP614", "FP615", "FP617", "FP619", "FP715", "FP721"]
    assert not set(codes(found)) & {finding.code for finding in found.findings}


@pytest.mark.parametrize(
    ("code", "requirements", "more", "dockerfile"),
    [
        ("FP609", "purgatory\n", "", DOCKERFILE),
        ("FP614", "", '\n\n@app.get("/healthz")\ndef healthz() -> str:\n    return "ok"\n', DOCKERFILE),
        ("FP614", "", "", "FROM python:3.13-slim\n"),
        ("FP615", "slowapi\n", "", DOCKERFILE),
        ("FP617", "tenacity==9.0\n", "", DOCKERFILE),
        ("FP619", "", "", DOCKERFILE.replace('"4"]', '"4", "--limit-concurrency", "200"]')),
        ("FP715", "uvicorn[standard]\n", "", DOCKERFILE),
        ("FP721", "opentelemetry-instrumentation-fastapi\n", "", DOCKERFILE),
    ],
)
def test_advice_is_silent_when_the_project_has_it(
    code: str, requirements: str, more: str, dockerfile: str
) -> None:
    assert code not in codes(result(requirements=requirements, more=more, dockerfile=dockerfile))


def test_advice_can_be_ignored_and_keeps_its_fingerprint() -> None:
    first, moved = result(), result(more="\n\nVERSION = 1\n")

    assert "FP609" not in codes(result(ignore="FP609"))
    assert [finding.fingerprint for finding in first.advice] == [
        finding.fingerprint for finding in moved.advice
    ]


def test_a_project_without_endpoints_gets_no_advice() -> None:
    documents = {"requirements.txt": "fastapi\nuvicorn\n"}

    assert analyze({"main.py": b"def f() -> None: ..."}, documents=documents).result.advice == ()


def test_advice_costs_nothing_where_nobody_asks_for_it() -> None:
    source = {"main.py": (HEAD + ENDPOINTS).encode()}

    assert analyze(source, documents={"requirements.txt": "fastapi\n"}, advise=False).result.advice == ()
