"""What rules about caches and jobs ask of the whole project: other files, documents, versions."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Finding, Options
from tests.engine.projects import sources

TASK = b"""
from celery import Celery
import requests

queue = Celery("shop")

@queue.task
def invoice(order_id: int) -> None:
    requests.post("https://invoices.example", json=order_id)
"""
ASYNC_TASK = b"""
from celery import Celery

queue = Celery("shop")

@queue.task
async def invoice(order_id: int) -> None: ...
"""


def found(code: str, files: dict[str, bytes], documents: dict[str, str] | None = None) -> list[Finding]:
    analysis = analyze(files, documents=documents, options=Options(select=(code,)))
    assert analysis.result.skipped == ()
    return list(analysis.result.findings)


def test_a_time_limit_in_another_file_or_on_the_command_line_counts() -> None:
    assert found("FP407", {"shop.py": TASK})
    assert not found("FP407", {"shop.py": TASK, "settings.py": b"task_time_limit = 600\n"})
    assert not found(
        "FP407", {"shop.py": TASK}, {"Procfile": "worker: celery -A shop worker --time-limit 600\n"}
    )


def test_settings_that_cannot_be_seen_leave_the_time_limit_open() -> None:
    loaded = TASK + b'queue.config_from_object("elsewhere.settings")\n'

    assert not found("FP407", {"shop.py": loaded})
    assert found("FP407", {"shop.py": loaded, "elsewhere/settings.py": b"broker_url = 'redis://'\n"})


def test_a_pool_that_awaits_makes_async_tasks_right() -> None:
    assert found("FP409", {"shop.py": ASYNC_TASK})
    assert not found("FP409", {"shop.py": ASYNC_TASK}, {"requirements.txt": "celery-aio-pool==0.1.0\n"})
    assert not found("FP409", {"shop.py": ASYNC_TASK, "pool.py": b"import celery_aio_pool\n"})


def test_a_result_that_another_file_reads_is_used() -> None:
    stored = TASK.replace(b'Celery("shop")', b'Celery("shop", backend="redis://redis/1")')

    assert found("FP413", {"shop.py": stored})
    assert not found("FP413", {"shop.py": stored, "api.py": b"from celery.result import AsyncResult\n"})


def test_entries_that_another_file_takes_out_do_not_pile_up() -> None:
    shop = b"""
from fastapi import FastAPI

app = FastAPI()
sessions: dict[str, str] = {}

@app.post("/login")
def login(token: str) -> None:
    sessions[token] = "user"
"""

    assert found("FP704", {"shop.py": shop})
    assert not found(
        "FP704",
        {"shop.py": shop, "end.py": b"import shop\n\ndef end() -> None:\n    shop.sessions.clear()\n"},
    )


def test_the_fate_of_a_session_in_a_background_task_follows_the_version_of_fastapi() -> None:
    shop = b"""
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

app = FastAPI()

def get_session():
    with Session() as session:
        yield session

def work(session: Session) -> None:
    session.execute(text("UPDATE orders SET seen = true"))

@app.post("/orders")
def order(tasks: BackgroundTasks, session: Session = Depends(get_session)) -> None:
    tasks.add_task(work, session)
"""

    (old,) = found("FP404", {"shop.py": shop}, {"requirements.txt": "fastapi==0.115.0\n"})
    (new,) = found("FP404", {"shop.py": shop}, {"requirements.txt": "fastapi==0.165.0\n"})

    assert "closed with the request" in old.message
    assert "stays checked out" in new.message


SESSION = """
import requests
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy.orm import Session
from shop.db import get_session

app = FastAPI()

def work(session: Session) -> None:
    {}

@app.post("/orders")
def order(tasks: BackgroundTasks, session: Session = Depends(get_session)) -> None:
    tasks.add_task(work, session)
"""
GIVEN = "from sqlalchemy.orm import Session\ndef get_session():\n    with Session() as session:\n        yield session\n"


@pytest.mark.parametrize(
    ("work", "fastapi", "expected"),
    [
        ("session.commit()", "fastapi==0.118.0", Confidence.POSSIBLE),
        ("session.commit()", "fastapi==0.117.0", Confidence.LIKELY),
        ("session.commit()", "fastapi", Confidence.LIKELY),
        (
            "requests.get('https://rates.example', timeout=5); session.commit()",
            "fastapi==0.118.0",
            Confidence.LIKELY,
        ),
        ("session.nobody_knows()", "fastapi==0.118.0", Confidence.LIKELY),
    ],
)
def test_a_session_that_stays_open_for_a_task_which_only_asks_the_database_is_a_hint(
    work: str, fastapi: str, expected: Confidence
) -> None:
    (found,) = analyze(
        sources({"shop/main.py": SESSION.format(work), "shop/db.py": GIVEN}),
        documents={"requirements.txt": f"{fastapi}\n"},
        options=Options(select=("FP404",)),
    ).result.findings

    assert found.confidence is expected
    assert found.as_new().confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("guard", "fastapi", "expected"),
    [
        ("get_current_superuser", "fastapi==0.118.0", Confidence.POSSIBLE),
        ("get_current_superuser", "fastapi>=0.115", Confidence.POSSIBLE),
        ("get_current_superuser", "fastapi==0.117.0", Confidence.LIKELY),
        ("get_current_user", "fastapi==0.118.0", Confidence.LIKELY),
    ],
)
def test_so_is_one_that_an_administrator_hands_to_a_task(
    guard: str, fastapi: str, expected: Confidence
) -> None:
    text = SESSION.format("requests.get('https://rates.example', timeout=5); session.commit()")
    text = text.replace("import get_session", f"import get_session\nfrom shop.users import {guard}")
    text = text.replace("BackgroundTasks, session", f"BackgroundTasks, user: str = Depends({guard}), session")
    (found,) = analyze(
        sources({"shop/main.py": text, "shop/db.py": GIVEN}),
        documents={"requirements.txt": f"{fastapi}\n"},
        options=Options(select=("FP404",)),
    ).result.findings

    assert found.confidence is expected
