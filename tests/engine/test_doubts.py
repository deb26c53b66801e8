"""What is true but seldom worth a comment is left to the summary."""

from __future__ import annotations

import pytest

from rules import Options, analyze
from rules.engine.finding import Confidence, Severity
from tests.engine.test_loop_severities import found

NOTIFY = """
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

async def notify_shop(order_id: int):
    await client.post("https://chat.example/hook", json={"order": order_id})

async def read(order_id: int):
    return order_id

"""


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("handler", "confidence"),
    [
        (
            '@app.post("/orders")\nasync def order(order_id: int):\n    await notify_shop(order_id)\n    return order_id\n',
            Confidence.LIKELY,
        ),
        (
            '@app.post("/webhooks/stock")\nasync def stock(order_id: int):\n    await notify_shop(order_id)\n    return 1\n',
            Confidence.POSSIBLE,
        ),
        (
            '@app.post("/orders")\nasync def order(order_id: int):\n    try:\n        return await read(order_id)\n'
            "    except ValueError:\n        await notify_shop(order_id)\n        return None\n",
            Confidence.POSSIBLE,
        ),
    ],
    ids=["a person waits", "a machine is answered", "after a failure"],
)
def test_a_wait_that_nobody_feels_is_only_possible(handler: str, confidence: Confidence) -> None:
    assert found(NOTIFY + handler, "FP401").confidence is confidence


def test_a_whole_file_may_be_a_small_one() -> None:
    text = """
from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI()

@app.get("/files")
def files(path: str):
    with open(path, "rb") as file:
        content = file.read()
    return Response(content, media_type="application/pdf")
"""

    assert found(text, "FP506").confidence is Confidence.POSSIBLE


def test_a_helper_of_the_same_object_may_go_on_with_its_session() -> None:
    text = """
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))

def audit(line: str):
    with SessionLocal() as session:
        session.execute(text("insert into log values (:line)"), {"line": line})

class Orders:
    def __init__(self, session: Session):
        self.session = session

    def by_helper(self):
        self.session.execute(text("select 1"))
        self.note("read")

    def note(self, line: str):
        audit(line)

@app.get("/orders")
def orders(session: Session = Depends(SessionLocal)):
    return Orders(session).by_helper()
"""

    assert found(text, "FP221").confidence is Confidence.POSSIBLE


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("given", "confidence"), [("timeout=5", Confidence.CERTAIN), ("auth=(name, word)", Confidence.POSSIBLE)]
)
def test_a_client_with_credentials_of_its_call_cannot_be_shared(given: str, confidence: Confidence) -> None:
    text = f"""
import httpx
from fastapi import FastAPI

app = FastAPI()

@app.get("/cameras")
async def cameras(name: str, word: str):
    async with httpx.AsyncClient({given}) as client:
        return (await client.get("https://camera.example")).json()
"""

    assert found(text, "FP603").confidence is confidence


def test_a_wait_before_the_loop_of_a_websocket_is_once_for_each_client() -> None:
    text = """
import requests
from fastapi import FastAPI, WebSocket

app = FastAPI()

@app.websocket("/logs")
async def logs(socket: WebSocket):
    who = requests.get("https://login.example", timeout=5).text
    while True:
        await socket.send_text(who)
"""

    once = found(text, "FP106")
    assert "once for each client" in once.message
    assert once.severity is Severity.CRITICAL


def test_what_an_endless_loop_does_not_repeat_is_not_said_to_go_on() -> None:
    text = """
import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()

async def answers(tools: list[str]):
    for tool in tools:
        if tool.startswith("approved"):
            yield requests.get("https://tools.example", timeout=5).text

@app.post("/answers")
async def stream(tools: list[str]) -> StreamingResponse:
    return StreamingResponse(answers(tools))
"""
    match = found(text, "FP106")

    assert "once for each item" in match.message
    assert match.severity is Severity.HIGH


@pytest.mark.parametrize(("version", "count"), [("2.9.0", 1), ("1.10.19", 0)])
def test_the_fast_serializer_is_there_since_pydantic_2(version: str, count: int) -> None:
    text = """
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()

class Order(BaseModel):
    id: int

@app.get("/one")
async def one(order: Order):
    return JSONResponse(content=jsonable_encoder(order))
"""
    analysis = analyze(
        {"main.py": text.encode()},
        documents={"requirements.txt": f"pydantic=={version}\n"},
        options=Options(select=("FP504",)),
    )

    assert len(analysis.result.findings) == count


THREADED = """
from threading import Thread

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))

class Base(DeclarativeBase):
    pass

class Server(Base):
    __tablename__ = "servers"
    id: Mapped[int] = mapped_column(primary_key=True)

def decorator(func):
    def wrapper(*args, **kwargs):
        RUN
    return wrapper

@decorator
def restart(number: int):
    with SessionLocal() as session:
        session.scalars(select(Server).where(Server.id == number)).first()

@app.post("/restart")
def restart_all(numbers: list[int]):
    for number in numbers:
        restart(number)
"""


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("return func(*args, **kwargs)", "runs once per item of `numbers`"),
        ("Thread(target=func, args=args, kwargs=kwargs).start()", "starts a thread per item of `numbers`"),
    ],
    ids=["called", "in a thread"],
)
def test_what_a_decorator_gives_to_a_thread_is_not_waited_for_by_the_caller(run: str, said: str) -> None:
    analysis = analyze({"main.py": THREADED.replace("RUN", run).encode()}, options=Options(select=("FP202",)))

    (finding,) = analysis.result.findings
    assert said in finding.message


@pytest.mark.parametrize(
    ("ended", "severity"),
    [("print", Severity.MEDIUM), ("thread.join", Severity.HIGH)],
    ids=["goes on beside", "waited for"],
)
def test_nobody_waits_for_a_thread_that_is_not_joined(ended: str, severity: Severity) -> None:
    head, _, _ = THREADED.partition("def decorator")
    code = f"""{head}
@app.post("/restart")
def restart_all(numbers: list[int]):
    def work():
        with SessionLocal() as session:
            for number in numbers:
                session.scalars(select(Server).where(Server.id == number)).first()

    thread = Thread(target=work)
    thread.start()
    {ended}()
""".replace("sqlite://", "postgresql://")
    analysis = analyze({"main.py": code.encode()}, options=Options(select=("FP201",)))

    (finding,) = analysis.result.findings
    assert finding.severity is severity


SIDE = """
import sys
import time
from fastapi import FastAPI
from shop.settings import settings

app = FastAPI()

@app.get("/orders")
async def orders(name: str):
    windows = sys.platform == "win32"
    if {test}:
        time.sleep(1)
    else:
        return name
"""


@pytest.mark.parametrize(
    ("test", "confidence"),
    [
        ("name", Confidence.CERTAIN),
        ("not settings.TESTING", Confidence.CERTAIN),
        ('settings.environment == "production"', Confidence.CERTAIN),
        ("settings.TESTING and name", Confidence.POSSIBLE),
        ('settings.environment == "local"', Confidence.POSSIBLE),
        ('sys.platform == "win32"', Confidence.POSSIBLE),
        ('sys.platform == "darwin"', Confidence.POSSIBLE),
        ("windows", Confidence.POSSIBLE),
        ('"localhost" in settings.host', Confidence.POSSIBLE),
    ],
)
def test_what_production_does_not_do_is_only_possible(test: str, confidence: Confidence) -> None:
    assert found(SIDE.format(test=test), "FP101").confidence is confidence


def test_an_operator_waits_for_a_backup() -> None:
    text = """
import subprocess
from fastapi import FastAPI

app = FastAPI()

@app.post("{path}")
async def start():
    subprocess.run(["pg_dump", "shop"])
"""
    assert found(text.format(path="/admin/backups"), "FP101").severity is Severity.LOW
    assert found(text.format(path="/orders"), "FP101").severity is Severity.CRITICAL


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("version", "confidence"), [("0.112.0", Confidence.POSSIBLE), ("0.118.0", Confidence.LIKELY)]
)
def test_a_background_task_holds_what_fastapi_has_not_closed(version: str, confidence: Confidence) -> None:
    text = b"""
import requests
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
maker = sessionmaker(create_engine("postgresql+psycopg://shop"))

def get_session():
    with maker() as session:
        yield session

def tells(session: Session) -> None:
    session.execute(text("select 1"))
    requests.post("https://partner.example", timeout=5)

@app.post("/orders")
def order(tasks: BackgroundTasks, session: Session = Depends(get_session)) -> None:
    tasks.add_task(tells, session)
"""
    result = analyze({"shop.py": text}, documents={"requirements.txt": f"fastapi=={version}\n"}).result
    assert [each.confidence for each in result.findings if each.code == "FP218"] == [confidence]


ASKED = """
from pydantic import BaseModel
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from shop.models import Product
from shop.settings import read
app = FastAPI()
engine = create_engine("postgresql://")

class Basket(BaseModel):
    lines: list[int]

def fill(basket: Basket, numbers: list[int]) -> None:
    with Session(engine) as session:
        for number in {over}:
            session.scalars(select(Product).where(Product.id == number)).first()

@app.post("/baskets")
def store(basket: Basket, numbers: list[int]):
    fill(basket, numbers)
"""


@pytest.mark.parametrize(
    ("over", "severity"),
    [
        ("numbers", Severity.HIGH),
        ("basket.lines", Severity.HIGH),
        ("{{number + 1 for number in numbers}}", Severity.HIGH),
        ("session.scalars(select(Product.id))", Severity.HIGH),
        ("read('mirrors')", Severity.MEDIUM),
        ("app.state.shards", Severity.MEDIUM),
    ],
)
def test_a_query_per_item_is_high_where_the_items_are_seen_to_grow(over: str, severity: Severity) -> None:
    code = ASKED.format(over=over.replace("{{", "{").replace("}}", "}"))
    analysis = analyze({"main.py": code.encode()}, options=Options(select=("FP201",)))

    (finding,) = analysis.result.findings
    assert finding.severity is severity


def test_a_client_that_is_only_made_on_the_loop_is_not_said_to_stop_it() -> None:
    text = """
from fastapi import FastAPI
from google import genai
from google.genai import types

app = FastAPI()

@app.get("/texts")
async def texts(prompt: str):
    client = genai.Client(http_options=types.HttpOptions(api_version="v1alpha"))
    return await client.aio.models.generate_content(model="small", contents=prompt)
"""
    finding = found(text, "FP601")

    assert finding.severity is Severity.MEDIUM
    assert "this worker" not in finding.message
