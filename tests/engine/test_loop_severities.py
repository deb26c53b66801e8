"""How much the rules of the event loop say: what is bounded, unproven or far away counts less."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Finding, Options, Severity
from tests.engine.projects import one, project, sources


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


HELPED = """
    import platform
    import time

    import redis
    import requests
    from fastapi import FastAPI
    from shop.others import other, settings

    app = FastAPI()
    store = redis.Redis()
    _RATES = {{}}

    {helper}

    @app.get("/rates")
    async def rates(day: str):
        await other()
        return fetch(day)
    """


def helped(helper: str) -> Finding:
    """What FP103 says of an endpoint that calls `fetch`."""
    return found(HELPED.format(helper=helper.strip().replace("\n", "\n    ")), "FP103")


EACH_TIME = """
def fetch(day):
    return requests.get("https://rates.example", timeout=5).json()
"""
KEPT = """
def fetch(day):
    kept = _RATES.get(day)
    if kept is not None:
        return kept
    _RATES[day] = requests.get("https://rates.example", timeout=5).json()
    return _RATES[day]
"""
FAILING = """
def fetch(day):
    try:
        return _RATES[day]
    except KeyError:
        requests.post("https://errors.example", timeout=5)
"""
FAILING_AND_WAITING = FAILING.replace('requests.post("https://errors.example", timeout=5)', "time.sleep(1)")
ASKED = """
def fetch(day, fresh=False):
    if fresh:
        return requests.get("https://rates.example", timeout=5).json()
    return _RATES[day]
"""
QUICK = """
def fetch(day):
    return store.get(day)
"""
FOUND_FIRST = """
def fetch(day):
    row = load(day)
    if row is not None:
        return row
    return requests.get("https://rates.example", timeout=5).json()
"""


def test_a_helper_that_waits_each_time_is_critical() -> None:
    assert (helped(EACH_TIME).severity, helped(EACH_TIME).confidence) == (
        Severity.CRITICAL,
        Confidence.CERTAIN,
    )
    assert helped(FOUND_FIRST).severity == Severity.CRITICAL


@pytest.mark.usefixtures("at_any_severity")
def test_what_happens_now_and_then_weighs_less_and_says_when() -> None:
    kept, failing = helped(KEPT), helped(FAILING)
    asked = found(
        HELPED.format(helper=ASKED.strip().replace("\n", "\n    ")).replace(
            "fetch(day)\n    ", "fetch(day, bool(day))\n    "
        ),
        "FP103",
    )

    assert (kept.severity, kept.confidence) == (Severity.MEDIUM, Confidence.LIKELY)
    assert "whenever the answer is not cached yet" in kept.message
    assert (failing.severity, failing.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert "after a failure" in failing.message
    assert helped(FAILING_AND_WAITING).confidence is Confidence.POSSIBLE
    assert (asked.severity, asked.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ("if day is None:", "raise LookupError(day)"),
        ("if platform.system() == 'Darwin':", "return 0"),
        ("if settings.debug:", "return 0"),
    ],
    ids=["gives up", "another system", "a developer"],
)
def test_what_a_helper_does_where_servers_do_not_get_is_a_hint(condition: str, body: str) -> None:
    arm = f"""
def fetch(day):
    {condition}
        requests.get("https://rates.example", timeout=5)
        {body}
    return _RATES[day]
"""

    assert helped(arm).confidence is Confidence.POSSIBLE
    assert helped(arm.replace(condition, "if len(day) > 4:").replace("raise", "return")).confidence is (
        Confidence.CERTAIN
    )


POOLED = """
class Client:
    def __init__(self, day):
        self.rates = requests.get("https://rates.example", timeout=5).json()

def fetch(day):
    if day not in _RATES:
        _RATES[day] = Client(day)
    return _RATES[day]
"""
FILLED = """
def fill():
    _RATES.update(requests.get("https://rates.example", timeout=5).json())

def fetch(day):
    if day not in _RATES:
        fill()
    return _RATES[day]
"""


TAKEN = """
def fetch(day):
    if day in _RATES:
        tell(_RATES[day])
        return
    rate = requests.get("https://rates.example", timeout=5).json()
    _RATES[day] = rate
    tell(rate)
"""


@pytest.mark.usefixtures("at_any_severity")
def test_objects_that_the_process_keeps_are_made_once_and_a_store_is_filled_now_and_then() -> None:
    local = POOLED.replace("    if day", "    _RATES = {}\n    if day")

    assert (helped(POOLED).severity, helped(POOLED).confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "the first time" not in helped(local).message
    assert (helped(FILLED).severity, helped(FILLED).confidence) == (Severity.MEDIUM, Confidence.LIKELY)
    assert helped(FILLED.replace("return _RATES[day]", "return day")).severity is Severity.CRITICAL
    assert helped(TAKEN).severity is Severity.MEDIUM
    assert helped(TAKEN.replace("_RATES[day] = rate", "_RATES[1] = rate")).severity is Severity.CRITICAL


def test_a_table_that_is_there_from_the_second_time_on_is_a_hint() -> None:
    begun = """
def fetch(day):
    import sqlite3
    rates = sqlite3.connect("rates.db")
    rates.execute("CREATE TABLE IF NOT EXISTS rates (day TEXT)")
"""
    asked = begun + '    return rates.execute("SELECT day FROM rates").fetchone()\n'

    assert helped(begun).as_new().confidence is Confidence.POSSIBLE
    new = helped(asked).as_new()
    assert (new.severity, new.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)


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


def test_so_it_is_where_a_helper_runs_it() -> None:
    text = """
import subprocess
from fastapi import FastAPI

app = FastAPI()

def show(folder: str) -> None:
    subprocess.run(["{program}", folder])

@app.post("/")
async def root(folder: str) -> None:
    show(folder)
"""

    assert found(text.format(program="open"), "FP104").confidence is Confidence.POSSIBLE
    assert found(text.format(program="make"), "FP104").confidence is Confidence.CERTAIN


def test_a_call_that_the_other_arm_hands_to_a_thread_is_a_hint() -> None:
    text = HELPED.replace(
        "return fetch(day)",
        "pool.submit(fetch) if waits else None\n        if waits:\n"
        "            pool.submit(fetch)\n        else:\n            fetch()",
    ).replace("day: str", "waits: bool")
    helper = EACH_TIME.strip().replace("day", "").replace("\n", "\n    ")

    assert found(text.format(helper=helper), "FP103").confidence is Confidence.POSSIBLE


def test_what_a_call_says_not_to_do_is_not_said() -> None:
    text = HELPED.format(helper=ASKED.strip().replace("\n", "\n    "))

    assert one(text, select=("FP103",)).result.findings == ()


def test_a_store_that_answers_at_once_is_medium() -> None:
    assert helped(QUICK).severity == Severity.MEDIUM


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


def test_a_helper_is_named_by_its_work_not_by_what_it_does_on_failure() -> None:
    both = helped(
        """
def fetch(day):
    try:
        return requests.get("https://rates.example", timeout=5).json()
    except ValueError:
        return requests.post("https://errors.example", timeout=5)
"""
    )

    assert "`requests.get`" in both.message


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


def test_one_call_of_a_helper_is_one_finding_whatever_it_reaches() -> None:
    both = helped(
        """
def fetch(day):
    time.sleep(1)
    return requests.get("https://rates.example", timeout=5).json()
"""
    )

    assert (
        "It also reaches `requests.get`." in both.message or "It also reaches `time.sleep`." in both.message
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


def when_new(files: dict[str, str], code: str) -> dict[str, Confidence | None]:
    """By file, the confidence of a finding that a change brings; all of them are possible where they stand for long."""
    found = project(files, select=(code,)).result.findings
    assert {finding.confidence for finding in found} == {Confidence.POSSIBLE}
    return {finding.path: finding.when_new for finding in found}


def test_what_nothing_is_seen_to_reach_is_said_while_it_is_written() -> None:
    serving = """
    from fastapi import FastAPI
    from shop import mail, rates
    from shop.cli import show
    app = FastAPI()
    KNOWN = [mail.poll, rates.load, show.load]

    @app.get("/")
    async def index(): ...
    """
    asked = """
    import requests

    def load():
        return requests.get("https://rates.example")
    """
    files = {
        "shop/__init__.py": "",
        "shop/api.py": serving,
        "shop/mail.py": PLAIN,
        "shop/rates.py": asked,
        "shop/cli/show.py": asked,
        "harness/run.py": PLAIN + asked,
    }

    assert when_new(files, "FP101") == {"shop/mail.py": Confidence.LIKELY, "harness/run.py": None}
    assert when_new(files, "FP601") == {
        "shop/rates.py": Confidence.LIKELY,
        "shop/cli/show.py": None,
        "harness/run.py": None,
    }


def test_a_cleanup_by_keys_is_said_while_it_is_written() -> None:
    text = """
    import redis
    from fastapi import FastAPI
    app = FastAPI()
    client = redis.Redis()

    @app.post("/forget")
    def forget():
        for key in client.scan_iter("user:*"):
            client.delete(key)
    """

    assert when_new({"app.py": text}, "FP307") == {"app.py": Confidence.LIKELY}


def test_a_file_that_a_request_names_is_said_while_it_is_written() -> None:
    def reading(path: str) -> dict[str, Confidence | None]:
        text = f"""
        from pathlib import Path
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/covers/{{name}}")
        async def read(name: str, settings: dict):
            target = Path("/data") / name
            return open({path}).read()
        """
        return when_new({"app.py": text}, "FP115")

    assert reading("target") == reading("f'/data/{name}'") == {"app.py": Confidence.LIKELY}
    assert reading("settings['terms']") == {"app.py": None}


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


_MODELS = """
import requests
from fastapi import FastAPI
from shop.filling import fill

app = FastAPI()

def model_of(name: str, **kwargs: object) -> str:
    {asked}
        requests.get("https://guard.example/health", timeout=5)
    return name

@app.get("/")
async def root(eager: bool) -> str:
    await app.router.startup()
    options = {options}
    {more}
    return model_of("small", {given})
"""
_ASKED = 'if kwargs.get("guarded"):'


@pytest.mark.parametrize(
    ("asked", "options", "more", "given", "is_said"),
    [
        (_ASKED, "{}", "", "", False),
        (_ASKED, "{}", "", "heat=1", False),
        (_ASKED, '{"heat": 1}', 'options["top"] = 2', "**options", False),
        (
            'guarded = app.debug and kwargs.get("guarded", False) is True\n    if guarded:',
            "{}",
            "",
            "",
            False,
        ),
        (_ASKED, '{"heat": 1}', "", "guarded=eager", True),
        (_ASKED, '{"guarded": eager}', "", "**options", True),
        (_ASKED, '{"heat": 1}', 'options["guarded"] = eager', "**options", True),
        (_ASKED, '{"heat": 1}', "fill(options)", "**options", True),
        (_ASKED, "app.options", "", "**options", True),
        ('kwargs.setdefault("guarded", True)\n    ' + _ASKED, "{}", "", "", True),
        ('if kwargs.get("guarded", True):', "{}", "", "", True),
        ('if not kwargs.get("guarded"):', "{}", "", "", True),
        ('guarded = app.debug or kwargs.get("guarded")\n    if guarded:', "{}", "", "", True),
        ('guarded = app.debug and kwargs.get("guarded")\n    if not guarded:', "{}", "", "", True),
    ],
)
def test_what_waits_for_a_keyword_that_no_call_gives_never_happens(
    asked: str, options: str, more: str, given: str, is_said: bool
) -> None:
    source = _MODELS.format(asked=asked, options=options, more=more, given=given)
    found = analyze({"shop/main.py": source.encode()}, options=Options(select=("FP103",))).result.findings

    assert any(each.confidence is not Confidence.POSSIBLE for each in found) == is_said


TABLE = """
import os

import pandas
from fastapi import FastAPI

app = FastAPI()
FOLDER = "data"

def names_in(path: str) -> list[str]:
    return pandas.{reader}(path)["name"].tolist()

@app.get("/names")
async def names({taken}) -> list[str]:
    {first}
    return {read}
"""
_HELPED, _DIRECT = (
    "names_in(os.path.join(FOLDER, 'names.csv'))",
    "pandas.read_csv('names.csv')['name'].tolist()",
)
_AWAITED = "await app.state.other()"


@pytest.mark.parametrize(
    ("taken", "reader", "first", "read", "confidence"),
    [
        ("", "read_csv", "pass", _HELPED, Confidence.POSSIBLE),
        ("", "read_csv", _AWAITED, _DIRECT, Confidence.POSSIBLE),
        ("shop: str", "read_csv", "pass", _HELPED, Confidence.CERTAIN),
        ("shop: str", "read_csv", _AWAITED, _DIRECT, Confidence.CERTAIN),
        ("", "read_sql", "pass", _HELPED, Confidence.CERTAIN),
    ],
)
def test_a_table_that_is_the_same_each_time_is_a_hint_until_a_change_brings_it(
    taken: str, reader: str, first: str, read: str, confidence: Confidence
) -> None:
    text = TABLE.format(taken=taken, reader=reader, first=first, read=read)
    table = found(text, "FP701" if first == _AWAITED else "FP104")

    assert table.confidence is confidence
    assert table.as_new().confidence is Confidence.CERTAIN
