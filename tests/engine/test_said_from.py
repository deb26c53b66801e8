"""What a rule says of old code in the summary only, a change that brings it hears on its line."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine import registry
from rules.engine.finding import Confidence, Options, Severity
from rules.engine.rule import Rule
from tests.engine.projects import sources
from tests.test_rules_contract import analysed, with_prelude

API = """
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shop.db import get_session

app = FastAPI()

class Base(DeclarativeBase): ...

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)

def of(session: Session, number: str) -> Order | None:
    return session.scalar(select(Order).where(Order.number == number))

@app.post("/orders")
def orders(numbers: list[str], session: Session = Depends(get_session)) -> list[object]:
    return [of(session, number) for number in numbers]
"""
ROWS = "session.scalars(select(Order)).all()"
LISTED = API.replace("@app.post", "@app.get").replace("in numbers]", f"in {ROWS}]")


@pytest.mark.parametrize(
    ("severity", "confidence", "when_new"),
    [
        ("medium", Confidence.POSSIBLE, True),
        ("high", Confidence.CERTAIN, False),
        ("info", Confidence.POSSIBLE, True),
    ],
)
def test_less_severe_findings_are_hints_until_a_change_brings_them(
    severity: str, confidence: Confidence, when_new: bool
) -> None:
    options = Options(select=("FP202",), severity={"FP202": Severity(severity)})
    [found] = analyze(sources({"shop/api.py": LISTED}), options=options).result.findings

    assert found.severity is Severity(severity)
    assert (found.confidence is Confidence.POSSIBLE) == (confidence is Confidence.POSSIBLE)
    assert (found.when_new is not None) == when_new


GATING = [
    rule
    for rule in registry.rules()
    if rule.gates and rule.severity.rank < rule.said_from.rank and rule.invalid
]


@pytest.mark.parametrize("rule", GATING, ids=[rule.code for rule in GATING])
def test_a_change_hears_of_all_that_blocks_a_merge(rule: Rule) -> None:
    [example, *_] = rule.invalid
    before, code = with_prelude(example.code, example.fixed or "")
    [found, *_], _ = analysed(rule, before + code, example)

    assert found.confidence is Confidence.POSSIBLE
    assert found.when_new in (Confidence.CERTAIN, Confidence.LIKELY)
    assert found.gates


FORM = "class Form(BaseModel):\n    numbers: list[str]\n\n@app."


@pytest.mark.parametrize(
    ("route", "taken", "source", "is_many"),
    [
        ('post("/orders")', "numbers: list[str]", "numbers", False),
        ('get("/orders")', "numbers: Annotated[list[str], Query()]", "enumerate(numbers)", False),
        ('post("/orders")', "form: Form", "form.numbers", False),
        ('post("/orders/import")', "form: Form", "form.numbers", False),
        ('get("/orders")', "page: int = 1", ROWS, True),
        ('get("/shops/{shop}/orders")', "shop: int", ROWS, True),
        ('get("/shops/{shop}")', "shop: int", ROWS, False),
        ('post("/orders")', "page: int = 1", ROWS, False),
        ('delete("/orders/all")', "page: int = 1", ROWS, False),
        ('get("/orders/all")', "form: Annotated[Form, Query()]", "form.numbers", False),
    ],
)
def test_a_loop_is_said_of_old_code_where_it_goes_over_the_rows_of_a_list_that_is_asked_for(
    route: str, taken: str, source: str, is_many: bool
) -> None:
    text = (
        API.replace(
            "from fastapi import",
            "from typing import Annotated\nfrom pydantic import BaseModel\nfrom fastapi import Query,",
        )
        .replace('@app.post("/orders")', f"{FORM}{route}")
        .replace("numbers: list[str], session: Session =", f"{taken}, session: Session =")
        .replace("in numbers]", f"in {source}]")
    ).replace("of(session, number) for", "of(session, str(number)) for")
    [found] = analyze(sources({"shop/api.py": text}), options=Options(select=("FP202",))).result.findings

    a_few_of_a_form = source == "form.numbers" and "import" not in route
    assert found.severity is (Severity.LOW if a_few_of_a_form else Severity.HIGH)
    assert (found.confidence is not Confidence.POSSIBLE) == is_many
    assert (found.when_new is None) == is_many


@pytest.mark.parametrize(
    ("route", "severity", "confidence", "when_new"),
    [
        ("/orders/import", Severity.MEDIUM, Confidence.POSSIBLE, Confidence.CERTAIN),
        ("/orders/pictures", Severity.HIGH, Confidence.POSSIBLE, Confidence.CERTAIN),
    ],
)
def test_uploads_are_hints_until_a_change_brings_them(
    route: str, severity: Severity, confidence: Confidence, when_new: Confidence | None
) -> None:
    api = f"""
from fastapi import FastAPI, UploadFile
from shop.files import store

app = FastAPI()

@app.post("{route}")
async def receive(file: UploadFile) -> None:
    store(await file.read())
"""
    [found] = analyze(sources({"shop/api.py": api}), options=Options(select=("FP505",))).result.findings

    assert (found.severity, found.confidence, found.when_new) == (severity, confidence, when_new)


STORED = """
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

URL = "{url}"
engine = create_engine(URL)
Local = sessionmaker(engine)
app = FastAPI()

def load(number: int) -> object:
    with Local() as session:
        return session.execute(text("select 1"))

@app.get("/direct")
async def direct(number: int) -> object:
    await app.router.startup()
    with Local() as session:
        return session.execute(text("select 1"))

@app.get("/through")
async def through(number: int) -> object:
    await app.router.startup()
    return load(number)

@app.get("/plain")
async def plain(number: int) -> object:
    return load(number)
"""


@pytest.mark.parametrize(
    ("url", "confidences"),
    [
        ("sqlite:///shop.db", {Confidence.POSSIBLE}),
        ("postgresql://shop", {Confidence.CERTAIN, Confidence.LIKELY}),
    ],
)
def test_a_statement_that_sqlite_answers_is_a_hint_until_a_change_brings_it(
    url: str, confidences: set[Confidence]
) -> None:
    found = analyze(
        sources({"shop/api.py": STORED.format(url=url)}),
        documents={"requirements.txt": "fastapi\nsqlalchemy\n"},
        options=Options(select=("FP102", "FP103", "FP104")),
    ).result.findings

    assert {each.code for each in found} == {"FP102", "FP103", "FP104"}
    assert {each.confidence for each in found} <= confidences
    assert Confidence.POSSIBLE not in {each.when_new or each.confidence for each in found}


@pytest.mark.parametrize(
    ("app", "is_said"),
    [
        ("", True),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root() -> None: ...\n", False),
    ],
)
def test_what_stops_the_loop_of_a_library_is_said(app: str, is_said: bool) -> None:
    report = "import time\n\nasync def report() -> None:\n    time.sleep(1)\n"
    [found] = analyze(
        sources({"shop/report.py": report, "shop/api.py": app}), options=Options(select=("FP101",))
    ).result.findings

    assert (found.confidence is not Confidence.POSSIBLE) == is_said


@pytest.mark.parametrize(
    ("taken", "caller", "is_said"),
    [
        ("args: argparse.Namespace", "", False),
        ("name", "async def run(args: argparse.Namespace) -> None:\n    await report(args.name)\n", False),
        ("name", "async def run(args: Arguments) -> None:\n    await report(args.name)\n", True),
        (
            "name",
            "async def run(args: argparse.Namespace) -> None:\n    await report(args.name)\n"
            "async def other() -> None:\n    await report('')\n",
            True,
        ),
    ],
)
def test_what_a_command_line_does_on_its_loop_is_a_hint(taken: str, caller: str, is_said: bool) -> None:
    report = f"import argparse, time\n\nasync def report({taken}) -> None:\n    time.sleep(1)\n{caller}"
    [found] = analyze(sources({"shop/report.py": report}), options=Options(select=("FP101",))).result.findings

    assert (found.confidence is not Confidence.POSSIBLE) == is_said


@pytest.mark.parametrize(
    ("folder", "is_said"),
    [("shop", True), ("scripts", False), ("backend/scripts", False), ("transcripts", True)],
)
def test_what_serves_in_a_folder_of_scripts_is_a_hint_until_a_change_brings_it(
    folder: str, is_said: bool
) -> None:
    app = "import time\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/')\nasync def root() -> None:\n    time.sleep(1)\n"
    [found] = analyze(sources({f"{folder}/api.py": app}), options=Options(select=("FP101",))).result.findings

    assert (found.confidence is not Confidence.POSSIBLE) == is_said
    assert (found.when_new or found.confidence) is not Confidence.POSSIBLE


@pytest.mark.parametrize(("route", "is_said"), [("/orders", True), ("/orders/backup", False)])
def test_what_an_operator_waits_for_who_saves_everything_is_a_hint_until_a_change_brings_it(
    route: str, is_said: bool
) -> None:
    app = (
        "import requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n"
        f"@app.post('{route}')\ndef save() -> None:\n    requests.post('https://shop.example')\n"
    )
    [found] = analyze(sources({"shop/api.py": app}), options=Options(select=("FP601",))).result.findings

    assert (found.confidence is not Confidence.POSSIBLE) == is_said
    assert (found.when_new or found.confidence) is not Confidence.POSSIBLE


KEPT = """
from typing import Annotated

import psycopg2
from fastapi import Depends, FastAPI, Response
from fastapi_cache.decorator import cache

from shop.store import cached_for, clear_cache, timed

app = FastAPI()
connection = psycopg2.connect("dbname=shop")

def wanted(status: str) -> str:
    return status

def rows(number: int) -> list[object]:
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM rows")
    return [one(cursor, each) for each in cursor.fetchall()]

def one(cursor: object, number: int) -> object:
    cursor.execute("SELECT * FROM others")
    return cursor.fetchone()

{helper}
@app.get("/rows")
{decorator}
async def report({taken}: int, response: Response) -> object:
    await app.router.startup()
    return {called}(response.status_code)
"""


@pytest.mark.parametrize(
    ("decorator", "taken", "called", "helper", "is_said"),
    [
        ("", "year", "rows", "", True),
        ("@cache(expire=60)", "year", "rows", "", False),
        ("@cached_for(60)", "year", "rows", "", False),
        ("@cached_for(60)", "settings: Annotated[str, Depends(wanted)], year", "rows", "", False),
        ("@cached_for(60)", "number", "rows", "", True),
        ("@cached_for(60)", "filters: Annotated[int, Depends(wanted)], year", "rows", "", True),
        ("@clear_cache", "year", "rows", "", True),
        ("@timed", "year", "rows", "", True),
        ("", "year", "kept", "@cached_for(60)\ndef kept(year):\n    return rows(year)\n", False),
        ("", "year", "kept", "@timed\ndef kept(year):\n    return rows(year)\n", True),
    ],
)
def test_what_only_misses_of_a_cache_pay_is_a_hint_until_a_change_brings_it(
    decorator: str, taken: str, called: str, helper: str, is_said: bool
) -> None:
    text = KEPT.format(decorator=decorator, taken=taken, called=called, helper=helper)
    found = analyze(sources({"shop/api.py": text}), options=Options(select=("FP103",))).result.findings

    assert {each.confidence is not Confidence.POSSIBLE for each in found} == {is_said}


@pytest.mark.parametrize(("decorator", "is_said"), [("", True), ("@cache(expire=60)\n", False)])
def test_queries_of_a_loop_that_only_misses_pay_are_a_hint_whatever_they_are_about(
    decorator: str, is_said: bool
) -> None:
    text = (
        LISTED.replace("def orders(", "def orders(shop: int, ")
        .replace("def orders", f"{decorator}def orders")
        .replace("app = FastAPI()", "from fastapi_cache.decorator import cache\napp = FastAPI()")
    )
    [found] = analyze(sources({"shop/api.py": text}), options=Options(select=("FP202",))).result.findings

    assert (found.confidence is not Confidence.POSSIBLE) == is_said
    assert (found.when_new or found.confidence) is not Confidence.POSSIBLE
