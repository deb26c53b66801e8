"""FP227 speaks only where a replica is known and nobody asks it."""

from __future__ import annotations

import pytest

from rules import analyze

HEAD = """
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine(DATABASE_URL))

def get_session():
    with SessionLocal() as session:
        yield session
"""
REPLICA = "\nreplica_engine = create_engine(REPLICA_URL)\n"
ENDPOINT = """
@app.{method}("/{name}")
def {name}(session: Session = Depends({session})) -> list[int]:
    return session.scalars(select({name}.id)).all()
"""
NAMES = ("orders", "customers", "products")


def advice(
    more: str, *, names: tuple[str, ...] = NAMES, session: str = "get_session", method: str = "get"
) -> list[str]:
    endpoints = "".join(ENDPOINT.format(method=method, name=name, session=session) for name in names)
    result = analyze({"main.py": (HEAD + more + endpoints).encode()}).result
    return [finding.message for finding in result.advice if finding.code == "FP227"]


def test_a_replica_that_no_reading_endpoint_asks_is_advice() -> None:
    (message,) = advice(REPLICA)

    assert "`replica_engine` names a read replica" in message
    assert "all 3 GET endpoints" in message


@pytest.mark.parametrize(
    "more",
    [
        "",
        "\nsecond_engine = create_engine(OTHER_URL)\n",
        "\nread_only = True\n",
        "\ncache_replica = create_cache()\n",
        REPLICA
        + "\nclass Routing(Session):\n    def get_bind(self, mapper=None):\n        return replica_engine\n",
    ],
    ids=["no replica", "another engine", "a flag", "another replica", "a session that routes"],
)
def test_no_advice_without_a_replica_or_with_routing(more: str) -> None:
    assert advice(more) == []


def test_no_advice_where_the_endpoints_ask_the_replica_or_are_few_or_write() -> None:
    dependency = (
        REPLICA
        + "\ndef get_replica_session():\n    with Session(replica_engine) as session:\n        yield session\n"
    )

    assert advice(dependency, session="get_replica_session") == []
    assert advice(REPLICA, names=NAMES[:2]) == []
    assert advice(REPLICA, method="post") == []
