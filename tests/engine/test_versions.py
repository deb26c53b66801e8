"""Which releases of a distribution a project allows."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options
from rules.engine.linking import versions
from rules.engine.linking.versions import Nearest
from tests.engine.projects import sources

EIGHT = (8, 0, 0)


def lists(requirement: str) -> dict[str, str]:
    return {"requirements.txt": f"fastapi\n{requirement}\n"}


@pytest.mark.parametrize(
    "requirement",
    [
        *(
            "redis==7.0.1",
            "redis[hiredis]==5.2.1",
            "redis~=7.1",
            "redis~=7.1.0",
            "redis>=5,<8",
            "redis>=5,<=7.4",
        ),
        *("Redis == 7.0.1  # for the queue", "redis==7.0.1; python_version < '3.13'"),
    ],
)
def test_a_pin_or_an_upper_bound_keeps_below_a_release(requirement: str) -> None:
    documents = lists(requirement)
    nearest = Nearest(documents, versions.declared(documents))

    assert nearest.keeps_below("shop/cache.py", "redis", EIGHT)


@pytest.mark.parametrize(
    "requirement",
    [
        "redis",
        "redis>=5",
        "redis==8.0.0",
        "redis>=5,<9",
        "redis~=8.0",
        "redis!=7.0",
        "redis>=5,!=7.1",
        "hiredis==3.0",
    ],
)
def test_nothing_else_keeps_below_it(requirement: str) -> None:
    documents = lists(requirement)
    nearest = Nearest(documents, versions.declared(documents))

    assert not nearest.keeps_below("shop/cache.py", "redis", EIGHT)


@pytest.mark.parametrize(("locked", "kept"), [("7.4.0", True), ("8.1.0", False)])
def test_a_lock_decides_over_a_range(locked: str, *, kept: bool) -> None:
    documents = {
        "pyproject.toml": '[tool.poetry.dependencies]\nredis = "^7.0"\n',
        "poetry.lock": f'[[package]]\nname = "redis"\nversion = "{locked}"\n',
    }

    assert Nearest(documents, {}).keeps_below("shop/cache.py", "redis", EIGHT) is kept


def test_the_nearest_document_decides() -> None:
    documents = {"shop/requirements.txt": "redis==7.0.1", "requirements.txt": "redis>=8"}
    nearest = Nearest(documents, {})

    assert nearest.keeps_below("shop/cache.py", "redis", EIGHT)
    assert not nearest.keeps_below("stock/cache.py", "redis", EIGHT)


SERVICE = """
import redis
from fastapi import FastAPI

app = FastAPI()
cache = redis.Redis(host="cache")

@app.get("/")
def root() -> str | None:
    return cache.get("root")
"""


@pytest.mark.parametrize(
    ("requirement", "when_new"), [("redis==7.0.1", Confidence.LIKELY), ("redis>=5", None)]
)
def test_a_change_hears_of_a_client_that_waits_for_ever_only_where_its_release_is_sure(
    requirement: str, when_new: Confidence | None
) -> None:
    analysis = analyze(
        sources({"shop/api.py": SERVICE}), documents=lists(requirement), options=Options(select=("FP601",))
    )
    [found] = analysis.result.findings

    assert (found.confidence, found.when_new) == (Confidence.POSSIBLE, when_new)
