"""Where a finding is about a query and a column, or about what grows and what is made, its path leads from the one to the other."""

from rules.engine.analysis import analyze
from rules.engine.finding import Finding, Options
from tests.engine.projects import sources

MODELS = """
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payments"
    __table_args__ = (Index("ix_payments_created", "created_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    reference: Mapped[str]
"""
MAIN = """
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Payment

app = FastAPI()
_names = {}


def get_session() -> Session: ...


@app.get("/payments/{reference}")
def payment(reference: str, session: Session = Depends(get_session)) -> int:
    return session.scalars(select(Payment).where(Payment.reference == reference)).one().id


@app.get("/names/{user_id}")
def name_of(user_id: int) -> str:
    if user_id not in _names:
        _names[user_id] = load(user_id)
    return _names[user_id]
"""


def said(code: str) -> Finding:
    found = analyze(sources({"main.py": MAIN, "models.py": MODELS}), options=Options(select=(code,)))
    [finding] = found.result.findings
    return finding


def test_a_column_without_an_index_is_reached_from_its_query_by_way_of_the_indexes_of_its_table() -> None:
    assert [(hop.path, hop.symbol) for hop in said("FP206").call_path] == [
        ("main.py", "payment"),
        ("models.py", "Payment.__table_args__"),
        ("models.py", "Payment.reference"),
    ]


def test_what_grows_leads_to_where_it_is_made() -> None:
    finding = said("FP704")

    assert [(hop.line, hop.symbol) for hop in finding.call_path] == [
        (finding.line, "name_of"),
        (MAIN.splitlines().index("_names = {}"), "_names"),
    ]


CLIENTS = """
from openai import OpenAI


def get_client() -> OpenAI:
    return OpenAI()
"""
QUESTIONS = """
from fastapi import FastAPI

from clients import get_client

app = FastAPI()


def ask(text: str) -> str:
    client = get_client()
    return client.responses.create(model="gpt-5-mini", input=text).output_text


@app.post("/questions")
def question(text: str) -> str:
    return ask(text)
"""


def test_a_client_that_a_function_returns_is_reached_from_where_a_request_drops_it() -> None:
    found = analyze(
        sources({"main.py": QUESTIONS, "clients.py": CLIENTS}), options=Options(select=("FP603",))
    )
    [finding] = found.result.findings

    assert [(hop.path, hop.symbol) for hop in finding.call_path] == [
        ("main.py", "ask"),
        ("clients.py", "OpenAI"),
    ]
    assert finding.call_path[0].line == QUESTIONS.splitlines().index("    client = get_client()")
