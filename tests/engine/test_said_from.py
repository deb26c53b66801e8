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
    [found] = analyze(sources({"shop/api.py": API}), options=options).result.findings

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


def test_a_list_that_somebody_types_in_is_news_only_when_a_change_brings_the_loop() -> None:
    form = "class Form(BaseModel):\n    numbers: list[str]\n    ids: list[str]\n\n@app.post"
    text = (
        API.replace("from fastapi", "from pydantic import BaseModel\nfrom fastapi")
        .replace("@app.post", form)
        .replace("numbers: list[str], session: Session =", "form: Form, session: Session =")
    )
    options = Options(select=("FP202",))
    [typed] = analyze(
        sources({"shop/api.py": text.replace("in numbers]", "in form.numbers]")}), options=options
    ).result.findings
    [sent] = analyze(
        sources({"shop/api.py": text.replace("in numbers]", "in form.ids]")}), options=options
    ).result.findings

    assert (typed.severity, typed.confidence, typed.when_new) == (
        Severity.HIGH,
        Confidence.POSSIBLE,
        Confidence.LIKELY,
    )
    assert (sent.severity, sent.confidence, sent.when_new) == (Severity.HIGH, Confidence.LIKELY, None)


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
