"""How much the rules of the event loop say: what is bounded, unproven or far away counts less."""

from __future__ import annotations

from rules.engine.finding import Confidence, Finding, Severity
from tests.engine.projects import one


def found(text: str, code: str) -> Finding:
    (finding,) = one(text, select=(code,)).result.findings
    return finding


def test_an_upload_written_on_the_loop_weighs_more_than_one_file_read() -> None:
    upload = found(
        """
        from fastapi import FastAPI, UploadFile
        app = FastAPI()

        @app.post("/covers")
        async def save(path: str, cover: UploadFile):
            with open(path, "wb") as target:
                target.write(await cover.read())
        """,
        "FP115",
    )
    read = found(
        """
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/covers")
        async def read(path: str):
            return open(path).read()
        """,
        "FP115",
    )

    assert (upload.severity, upload.confidence) == (Severity.MEDIUM, Confidence.LIKELY)
    assert (read.severity, read.confidence) == (Severity.LOW, Confidence.POSSIBLE)


def test_chunks_written_in_a_loop_weigh_as_an_upload() -> None:
    chunks = found(
        """
        from fastapi import FastAPI
        from shop.files import download
        app = FastAPI()

        @app.get("/mirror")
        async def mirror(path: str):
            with open(path, "wb") as target:
                async for chunk in download():
                    target.write(chunk)
        """,
        "FP115",
    )

    assert chunks.severity == Severity.MEDIUM
    assert "again and again" in chunks.message


def test_a_hash_that_no_request_is_seen_to_reach_is_no_gate() -> None:
    lonely = found(
        """
        import bcrypt

        async def store(password: bytes):
            return bcrypt.hashpw(password, bcrypt.gensalt())
        """,
        "FP701",
    )

    assert (lonely.severity, lonely.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert not lonely.gates


def test_holding_the_interpreter_offers_no_thread() -> None:
    text = """
    import json
    from fastapi import FastAPI, UploadFile
    app = FastAPI()

    @app.post("/catalog")
    async def replace(file: UploadFile):
        return json.loads(await file.read())
    """
    analysis = one(text, select=("FP701",))
    (finding,) = analysis.result.findings

    assert analysis.prove(finding).fix is None
    assert "process pool" in finding.instead


def test_middleware_and_plain_code_never_report_one_call_twice() -> None:
    text = """
    import time
    from fastapi import FastAPI
    app = FastAPI()

    @app.middleware("http")
    async def slow(request, call_next):
        time.sleep(1)
        return await call_next(request)
    """

    assert [finding.code for finding in one(text, select=("FP1",)).result.findings] == ["FP105"]


def test_a_plain_def_answers_for_the_files_of_its_body_too() -> None:
    text = """
    import shutil, time
    from fastapi import FastAPI
    app = FastAPI()

    @app.get("/slow")
    async def slow(path: str):
        time.sleep(1)
        shutil.rmtree(path)
    """

    assert [finding.code for finding in one(text, select=("FP1",)).result.findings] == ["FP104"]
