"""How much the rules of the event loop say: what is bounded, unproven or far away counts less."""

from __future__ import annotations

import pytest

from rules.engine.finding import Confidence, Finding, Severity
from tests.engine.projects import one, project


def found(text: str, code: str) -> Finding:
    (finding,) = one(text, select=(code,)).result.findings
    return finding


@pytest.mark.usefixtures("at_any_severity")
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


@pytest.mark.parametrize(
    ("command", "confidence"),
    [
        ('["kill", "-9", number]', Confidence.POSSIBLE),
        ('["/bin/hostname"]', Confidence.POSSIBLE),
        ('("xdg-open", number)', Confidence.POSSIBLE),
        ('f"kill -9 {number}"', Confidence.POSSIBLE),
        ('f"kill -9 {number} && make"', Confidence.CERTAIN),
        ('"uptime | mail"', Confidence.CERTAIN),
        ('f"{number} kill"', Confidence.CERTAIN),
        ('["git", "pull"]', Confidence.CERTAIN),
        ("command", Confidence.CERTAIN),
    ],
)
def test_a_program_that_is_done_at_once_is_a_hint(command: str, confidence: Confidence) -> None:
    text = f"""
import subprocess
from fastapi import FastAPI

app = FastAPI()

@app.post("/")
async def root(number: str, command: list[str]) -> None:
    subprocess.run({command}, check=True)
    await app.state.other()
"""

    assert found(text, "FP101").confidence is confidence


@pytest.mark.parametrize(
    ("asked", "severity"),
    [("verify_id_token(token)", Severity.MEDIUM), ("get_user(token)", Severity.CRITICAL)],
)
def test_keys_that_a_library_keeps_are_seldom_fetched(asked: str, severity: Severity) -> None:
    text = f"""
from fastapi import FastAPI
from firebase_admin import auth

app = FastAPI()

@app.get("/")
async def root(token: str) -> dict[str, str]:
    await app.state.other()
    return auth.{asked}
"""

    assert found(text, "FP101").severity is severity


PLAIN = """
    import time

    async def poll():
        time.sleep(1)
    """


def weights(files: dict[str, str], path: str) -> tuple[Severity, Confidence, bool]:
    (finding,) = (each for each in project(files).result.findings if each.path == path)
    return finding.severity, finding.confidence, finding.gates


def test_a_loop_that_no_request_is_seen_on_weighs_a_step_less_and_is_a_hint_in_tools() -> None:
    api = """
    from fastapi import FastAPI
    from shop.mail import poll
    from shop.tasks.clean import poll as clean
    app = FastAPI()
    KNOWN = [poll, clean]

    @app.get("/")
    async def index(): ...
    """
    files = {
        "shop/__init__.py": "",
        "shop/api.py": api,
        "shop/mail.py": PLAIN,
        "shop/tasks/clean.py": PLAIN,
        "harness/run.py": PLAIN,
    }

    assert weights(files, "shop/mail.py") == (Severity.MEDIUM, Confidence.POSSIBLE, False)
    assert weights(files, "shop/tasks/clean.py") == (Severity.LOW, Confidence.POSSIBLE, False)
    assert weights(files, "harness/run.py") == (Severity.LOW, Confidence.POSSIBLE, False)


def test_a_worker_that_runs_tasks_on_one_loop_stands_still_with_all_of_them() -> None:
    worker = """
    import time

    import dramatiq
    from fastapi import FastAPI
    app = FastAPI()

    async def fetch():
        time.sleep(1)

    @dramatiq.actor
    async def scan():
        await fetch()
    """

    assert weights({"app.py": worker}, "app.py") == (Severity.LOW, Confidence.LIKELY, False)


def test_what_a_queue_worker_runs_stops_no_request() -> None:
    worker = """
    import time

    from fastapi import FastAPI
    from rq import Queue
    app = FastAPI()
    queue = Queue()

    async def scan():
        time.sleep(1)

    @app.post("/scan")
    def start():
        queue.enqueue(scan)
    """

    assert weights({"app.py": worker}, "app.py") == (Severity.LOW, Confidence.POSSIBLE, False)


def test_a_lifespan_is_known_by_the_application_it_takes() -> None:
    text = """
    import time
    from contextlib import asynccontextmanager

    from fastapi import FastAPI

    @asynccontextmanager
    async def prepared(app: FastAPI):
        time.sleep(1)
        yield

    @asynccontextmanager
    async def opened(path: str):
        time.sleep(1)
        yield

    def create(lifespan=None):
        return FastAPI(lifespan=lifespan or prepared)
    """

    assert [finding.line for finding in one(text).result.findings] == [13]


def test_one_conversation_on_the_loop_is_one_finding_at_its_first_real_step() -> None:
    text = """
    import smtplib
    from fastapi import Depends, FastAPI
    from sqlalchemy.orm import Session

    app = FastAPI()

    async def other(): ...

    @app.post("/orders")
    async def create(session: Session = Depends(Session)):
        await other()
        try:
            session.commit()
            found = session.get(int, 1)
        except ValueError:
            session.rollback()
        with smtplib.SMTP("mail.example") as server:
            server.login("me", "secret")
            server.sendmail("me", "you", "hello")
        return found
    """
    queries = found(text, "FP102")
    mail = found(text, "FP101")

    assert (queries.line, mail.line) == (14, 17)
    assert "The same happens on lines 13 and 16." in queries.message
    assert "The same happens on lines 18 and 19." in mail.message


def test_a_commit_after_a_helper_is_no_finding_of_its_own() -> None:
    text = """
    from fastapi import Depends, FastAPI
    from sqlalchemy.orm import Session

    app = FastAPI()

    async def other(): ...

    def load(session: Session):
        return session.get(int, 1)

    @app.post("/orders")
    async def create(session: Session = Depends(Session)):
        await other()
        found = load(session)
        session.commit()
        return found
    """
    findings = one(text, select=("FP102", "FP103")).result.findings

    assert [(finding.code, finding.line) for finding in findings] == [("FP103", 14)]


def test_the_unkept_tasks_of_a_function_are_one_finding_that_names_all_lines() -> None:
    text = """
    import asyncio
    from fastapi import FastAPI

    app = FastAPI()

    async def work(number: int): ...

    @app.post("/orders")
    async def create(loud: bool):
        asyncio.create_task(work(1))
        if loud:
            asyncio.ensure_future(work(2))
    """
    tasks = found(text, "FP113")

    assert (tasks.line, tasks.severity) == (10, Severity.HIGH)
    assert "The same holds on line 12." in tasks.message


@pytest.mark.usefixtures("at_any_severity")
def test_a_call_that_fills_a_cache_in_the_endpoint_itself_weighs_less() -> None:
    text = """
    import requests
    from fastapi import FastAPI

    app = FastAPI()
    _CACHE = {}

    async def other(): ...

    def fetch():
        return requests.get("https://rates.example", timeout=5)

    @app.get("/rates")
    async def rates(day: str):
        await other()
        kept = _CACHE.get(day)
        if kept is None:
            with open(day):
                kept = fetch()
        return kept
    """

    assert (found(text, "FP103").severity, found(text, "FP103").confidence) == (
        Severity.MEDIUM,
        Confidence.LIKELY,
    )


@pytest.mark.usefixtures("at_any_severity")
def test_a_sleep_after_a_failure_is_high() -> None:
    text = """
    import time
    from fastapi import FastAPI

    app = FastAPI()

    async def other(): ...

    @app.get("/rates")
    async def rates(day: str):
        try:
            return await other()
        except TimeoutError:
            time.sleep(1)
    """

    assert (found(text, "FP101").severity, found(text, "FP101").confidence) == (
        Severity.HIGH,
        Confidence.LIKELY,
    )


STOPS = """
import time
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def read() -> None:
    time.sleep(1)
"""


def test_an_example_beside_an_application_is_a_hint() -> None:
    beside = project({"examples/chat/main.py": STOPS, "shop/main.py": STOPS}, select=("FP101",))
    alone = project({"examples/chat/main.py": STOPS}, select=("FP101",))
    shown = project({"docs/shop/main.py": STOPS, "shop/docs/main.py": STOPS}, select=("FP101",))

    (example, own) = sorted(beside.result.findings, key=lambda each: each.path)
    assert (example.severity, example.confidence, example.gates) == (
        Severity.HIGH,
        Confidence.POSSIBLE,
        False,
    )
    assert (own.severity, own.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)
    assert alone.result.findings[0].confidence == Confidence.CERTAIN
    assert {each.path: each.confidence for each in shown.result.findings} == {
        "docs/shop/main.py": Confidence.POSSIBLE,
        "shop/docs/main.py": Confidence.CERTAIN,
    }


def test_a_loop_of_its_own_thread_stops_no_request() -> None:
    finding = found(
        """
        import asyncio
        import threading
        import time
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/")
        async def read() -> str:
            return ""

        class Coordinator:
            def __init__(self) -> None:
                self.thread = threading.Thread(target=self.serve)
                self.loop = asyncio.new_event_loop()

            def serve(self) -> None:
                self.loop.create_task(self.coordinate())
                self.loop.run_forever()

            async def coordinate(self) -> None:
                time.sleep(1)
        """,
        "FP101",
    )

    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "nothing else on its loop goes on" in finding.message
    assert finding.impact is not None
    assert "what else runs on its loop" in finding.impact.summary
    assert "requests" not in finding.impact.summary


@pytest.mark.parametrize(
    ("asking", "advice"),
    [
        (
            "boto3.client('s3').head_object(Bucket='b', Key=key)",
            "Hand `head` to a worker thread: `await asyncio.to_thread(head, …)`; or use `aioboto3` for"
            " `boto3.client.head_object` in `head`.",
        ),
        (
            "firebase_admin.auth.get_user(key)",
            "Hand `head` to a worker thread: `await asyncio.to_thread(head, …)`.",
        ),
    ],
)
def test_a_thread_is_advised_once(asking: str, advice: str) -> None:
    text = f"""
    import boto3
    import firebase_admin.auth
    from fastapi import FastAPI

    app = FastAPI()

    def head(key: str) -> int:
        return {asking}

    @app.get("/files")
    async def files(key: str) -> int:
        return head(key)
    """

    assert found(text, "FP103").instead == advice


@pytest.mark.parametrize(
    ("reached", "advised"),
    [
        (
            "@app.get('/')\nasync def read(session: Session):\n    return find(session)",
            "Use `AsyncSession` for `Session.get` in `find`; or hand `find` to a worker thread, with a session of its own.",
        ),
        (
            "@app.get('/')\nasync def read(session: Session):\n    await wait()\n    return session.get(Order, 1)",
            "Use `AsyncSession` for `session.get`, or a plain `def` that FastAPI runs in a thread.",
        ),
        (
            "@app.middleware('http')\nasync def read(request, call_next):\n    make().get(Order, 1)\n    return await call_next(request)",
            "Use `AsyncSession` for `make().get`, and await it.",
        ),
        (
            "@app.get('/')\nasync def read():\n    return ask()",
            "Hand `ask` to a worker thread: `await asyncio.to_thread(ask, …)`; or use `redis.asyncio` for `Redis.get` in `ask`.",
        ),
    ],
)
def test_advice_names_the_call_and_fits_where_it_stands(reached: str, advised: str) -> None:
    text = f"""\
import asyncio
import redis
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker
from shop.models import Order, wait

app = FastAPI()
make = sessionmaker()
store = redis.Redis()

def find(session: Session):
    return session.get(Order, 1)

def ask():
    return store.get("key")

{reached}
"""
    codes = ("FP102", "FP103", "FP105")
    (told,) = [each.instead for each in project({"app.py": text}, select=codes).result.findings]

    assert told == advised
