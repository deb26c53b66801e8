"""Costs that a change puts on endpoints it does not touch, traced to the call that brought them."""

from __future__ import annotations

import textwrap

import pytest

from rules import Options, Result, analyze
from rules.engine import growth
from rules.engine.finding import Confidence, Finding
from rules.engine.two_versions import Versions

HEAD = """
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

app = FastAPI()

def helper(db: Session):
    HELPER

def user(db: Session):
    DEPENDENCY

@app.get("/a")
def a(current=Depends(user)):
    HANDLER

@app.get("/b")
def b(current=Depends(user)):
    return 1
"""


def source(dependency: str = "return 1", helper: str = "return 1", handler: str = "return 1") -> bytes:
    text = textwrap.dedent(HEAD)
    for name, body in (("DEPENDENCY", dependency), ("HELPER", helper), ("HANDLER", handler)):
        text = text.replace(name, textwrap.dedent(body).strip().replace("\n", "\n    "))
    return text.encode()


def grown(before: bytes, after: bytes, options: Options = Options()) -> tuple[Finding, ...]:  # noqa: B008 - frozen
    old = analyze({"app.py": before}, options=options)
    new = analyze({"app.py": after}, options=options)
    return growth.told(Result(), Versions(old.project, new.project, {}), {"app.py": after}).findings


def compared(before: bytes, after: bytes, options: Options = Options()) -> list[tuple[str, str, int]]:  # noqa: B008 - frozen
    """Code, message and number of endpoints of each growth."""
    found = grown(before, after, options)
    return [(finding.code, finding.message, len(finding.endpoints)) for finding in found]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (source(), source("return db.get(User, 1)"), "queries + 1 each"),
        (source(), source("for x in db.info:\n    db.get(User, x)"), "queries + N each"),
        (
            source("return db.get(User, 1)"),
            source("for x in db.info:\n    db.get(User, x)"),
            "queries + N each",
        ),
        (source("helper(db)"), source("helper(db)", "return db.get(User, 1)"), "queries + 1 each"),
        (source("return 1", "db.get(User, 1)"), source("helper(db)", "db.get(User, 1)"), "queries + 1 each"),
    ],
)
def test_a_dearer_dependency_is_told_once_for_all_its_endpoints(
    before: bytes, after: bytes, said: str
) -> None:
    ((code, message, endpoints),) = compared(before, after)

    assert (code, endpoints) == ("FP002", 2)
    assert message.startswith("`user` now runs ")
    assert message.endswith(f" per request: 2 endpoints, {said}.")


def test_a_query_in_a_branch_is_not_said_of_every_request() -> None:
    (one,) = compared(source(), source("if db.info:\n    return db.get(User, 1)"))
    (more,) = compared(source(), source("if db.info:\n    helper(db)", "db.get(User, 1)\ndb.get(Shop, 1)"))

    assert one[1] == "`user` now runs a query on some requests: 2 endpoints, queries + up to 1 each."
    assert more[1] == "`user` now runs up to 2 queries per request: 2 endpoints, queries + up to 2 each."


def test_what_happens_sometimes_or_is_asked_for_by_one_endpoint_more_is_for_the_summary() -> None:
    asking = source("return db.get(User, 1)")
    free = asking.replace(b"def b(current=Depends(user))", b"def b()")
    (always,) = grown(source(), asking)
    (sometimes,) = grown(source(), source("if db.info:\n    return db.get(User, 1)"))
    (exchanged,) = grown(free, asking)

    assert [always.confidence, sometimes.confidence] == [Confidence.CERTAIN, Confidence.POSSIBLE]
    assert (exchanged.confidence, len(exchanged.endpoints)) == (Confidence.POSSIBLE, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (source("db.get(User, 1)"), source("db.get(User, 2)")),
        (source("db.get(User, 1)"), source()),
        (source(), source("db.commit()")),
        (source(), source(handler="return current.session.get(User, 1)")),
        (source("db.get(User, 1)"), source("helper(db)", "db.get(User, 1)")),
        (source("db.get(User, 1)"), source("if db.info:\n    db.get(User, 1)\nelse:\n    db.get(Guest, 1)")),
    ],
    ids=["other query", "less", "only a commit", "in a handler", "moved to a helper", "one or the other"],
)
def test_what_costs_no_more_is_not_told(before: bytes, after: bytes) -> None:
    assert compared(before, after) == []


def test_what_only_opens_a_connection_is_no_query_more() -> None:
    opening = b"""
from contextlib import contextmanager

@contextmanager
def connected(db: Session):
    db.execute("SET TIME ZONE UTC")
    yield db
"""
    before = source("return 1") + opening
    after = source("with connected(db) as c:\n    return 1") + opening

    assert compared(before, after) == []


def test_a_rule_that_is_not_wanted_is_not_told() -> None:
    assert compared(source(), source("db.get(User, 1)"), Options(ignore=("FP0",))) == []


def test_one_under_many_endpoints_is_high() -> None:
    more = b"".join(
        f'\n@app.get("/c{number}")\ndef c{number}(current=Depends(user)):\n    return 1\n'.encode()
        for number in range(18)
    )
    old, new = analyze({"app.py": source() + more}), analyze({"app.py": source("db.get(User, 1)") + more})

    (finding,) = growth.told(Result(), Versions(old.project, new.project, {}), {}).findings

    assert (finding.severity, len(finding.endpoints), finding.gates) == ("high", 20, False)
