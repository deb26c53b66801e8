"""A program that one person runs on a machine of their own is told by what it says of itself and how it starts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules import Result, analyze
from rules.engine.finding import Confidence, Options

_APP = b"""
import time
import webbrowser

import psycopg
import requests
import uvicorn
from fastapi import FastAPI

app = FastAPI(title="Notes")


@app.get("/notes")
async def notes() -> list[str]:
    with psycopg.connect("") as connection:
        return [row[0] for row in connection.execute("select text from notes").fetchall()]


@app.get("/weather")
async def weather() -> str:
    return requests.get("https://weather.example", timeout=5).text


def main() -> None:
    webbrowser.open("http://127.0.0.1:8000")
    uvicorn.run(app, host="127.0.0.1", port=8000)
"""
_ELSEWHERE = _APP.replace(b'uvicorn.run(app, host="127.0.0.1"', b'uvicorn.run(app, host="0.0.0.0"')


def _result(source: bytes, documents: Mapping[str, str], options: Options = Options()) -> Result:  # noqa: B008 - frozen
    return analyze({"notes/main.py": source}, documents=documents, options=options).result


def _waits(result: Result) -> dict[str, Confidence]:
    """How certain it is that each of the endpoints holds the loop."""
    return {found.symbol: found.confidence for found in result.findings if found.code == "FP104"}


@pytest.mark.parametrize(
    ("source", "documents", "because"),
    [
        (_APP, {}, "it serves `127.0.0.1` only and opens a window (`webbrowser.open`)"),
        (_APP, {"Dockerfile": "FROM python:3.13\n"}, ""),
        (_APP, {"deploy/notes.service": "[Service]\nExecStart=notes\n"}, ""),
        (_APP, {"requirements.txt": "fastapi\npsycopg\n"}, ""),
        (_APP.replace(b"    webbrowser.open(", b"    print("), {}, ""),
        (_ELSEWHERE, {}, ""),
        (
            _ELSEWHERE.replace(b'"Notes"', b'"Notes, local-first"'),
            {},
            "the application calls itself `local-first`",
        ),
        (
            _ELSEWHERE.replace(b'"Notes"', b'"5G core emulator"'),
            {},
            "the application calls itself `emulator`",
        ),
        (_ELSEWHERE.replace(b'"Notes"', b'"Runs of the emulator by team"'), {}, ""),
        (
            _ELSEWHERE,
            {"pyproject.toml": '[project]\nname = "notes"\ndescription = "A desktop app for notes"\n'},
            "`pyproject.toml` calls it `desktop app`",
        ),
        (
            _ELSEWHERE,
            {
                "pyproject.toml": '[project]\nname = "notes"\ndescription = "One single user interface for notes"\n'
            },
            "",
        ),
    ],
)
def test_what_says_that_one_person_runs_it(source: bytes, documents: Mapping[str, str], because: str) -> None:
    assert _result(source, documents).local == because


def test_a_host_may_have_a_name() -> None:
    named = _APP.replace(b"app = FastAPI", b'DEFAULT_HOST = "127.0.0.1"\napp = FastAPI').replace(
        b'host="127.0.0.1"', b"host=DEFAULT_HOST"
    )

    assert _result(named, {}).local
    assert not _result(named.replace(b'DEFAULT_HOST = "127.0.0.1"', b'DEFAULT_HOST = "0.0.0.0"'), {}).local


def test_a_statement_is_a_hint_there_and_a_wait_on_the_network_is_not() -> None:
    assert _waits(_result(_ELSEWHERE, {})) == {"notes": Confidence.CERTAIN, "weather": Confidence.CERTAIN}
    assert _waits(_result(_APP, {})) == {"notes": Confidence.POSSIBLE, "weather": Confidence.CERTAIN}


def test_a_change_that_brings_it_is_told_as_anywhere() -> None:
    [found] = [each for each in _result(_APP, {}).findings if each.code == "FP104" and each.symbol == "notes"]

    assert found.as_new().confidence is Confidence.CERTAIN
    assert found.gates


def test_who_says_how_much_it_is_asked_is_believed() -> None:
    told = _result(_APP, {}, Options(context={"rps": 50}))

    assert told.local == ""
    assert _waits(told)["notes"] is Confidence.CERTAIN


_LISTS = b"""
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from notes.models import Note, Tag

app = FastAPI(title="Notes, local-first")


def tags_of(session: Session, note: Note) -> list[Tag]:
    return list(session.scalars(select(Tag).where(Tag.note_id == note.id)))


@app.get("/notes")
def notes(session: Session) -> list[list[Tag]]:
    return [tags_of(session, note) for note in session.scalars(select(Note)).all()]


@app.post("/notes")
def add(notes: list[int], session: Session) -> list[list[Tag]]:
    return [tags_of(session, note) for note in session.scalars(select(Note)).all()]
"""
_MODELS = b"""
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(index=True)
"""


def test_a_query_for_each_of_a_list_that_is_asked_for_is_said_there() -> None:
    result = analyze({"notes/main.py": _LISTS, "notes/models.py": _MODELS}).result

    assert {found.symbol for found in result.findings if found.code == "FP202" and found.speaks} == {"notes"}
