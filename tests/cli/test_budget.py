"""Budgets from the command line: told, frozen, turned one way, and gating a review."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.program import fastperf
from tests.cli.repositories import Repository

API = """
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders")
async def list_orders(session: AsyncSession):
    return (await session.scalars(select(1))).all()

@app.get("/health")
async def health():
    return "ok"
"""
QUERY = "    return (await session.scalars(select(1))).all()\n"
DEARER = API.replace(QUERY, "    await session.scalars(select(2))\n" + QUERY)
DEAREST = API.replace(
    QUERY, "    await session.scalars(select(2))\n    await session.scalars(select(3))\n" + QUERY
)
PROJECT = '[project]\nname = "shop"\nversion = "1"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "shop")
    repository.commit({"shop/api.py": API, "pyproject.toml": PROJECT})
    return repository


def test_freezing_writes_todays_costs_which_then_hold(shop: Repository) -> None:
    done = fastperf("budget", "--freeze", folder=shop.path)
    assert (done.returncode, done.stderr) == (0, "")

    text = (shop.path / "pyproject.toml").read_text()
    assert text.startswith(PROJECT)
    assert tomllib.loads(text)["tool"]["fastperf"]["budget"] == [
        {"match": "GET /health", "queries": 0, "external_calls": 0, "blocks": False},
        {"match": "GET /orders", "queries": 1, "external_calls": 0, "blocks": False},
    ]
    held = fastperf("budget", "--output-format", "json", folder=shop.path)
    assert held.returncode == 0
    assert [entry["holds"] for entry in json.loads(held.stdout)["budgets"]] == [True, True]
    assert fastperf("budget", "--freeze", folder=shop.path).returncode == 0
    assert (shop.path / "pyproject.toml").read_text() == text


def test_a_frozen_budget_is_never_loosened_by_itself(shop: Repository) -> None:
    fastperf("budget", "--freeze", folder=shop.path)
    shop.write({"shop/api.py": DEARER})

    again = fastperf("budget", "--freeze", folder=shop.path)

    assert "1 cost more than what was frozen before, which stays" in again.stdout
    told = fastperf("budget", folder=shop.path)
    assert told.returncode == 1
    assert "queries 2" in told.stdout
    assert fastperf("check", "--select", "FP005", folder=shop.path).returncode == 1
    assert fastperf("budget", "--freeze", "--loosen", folder=shop.path).returncode == 0
    assert fastperf("budget", folder=shop.path).returncode == 0


def test_freezing_uses_the_file_that_decides_and_leaves_the_rest_of_it(shop: Repository) -> None:
    own = '# ours\n[[budget]]\nmatch = "/orders"\nqueries = 9\n'
    shop.write({".github/fastperf.toml": own})

    fastperf("budget", "--freeze", folder=shop.path)

    text = (shop.path / ".github/fastperf.toml").read_text()
    assert text.startswith(own)
    assert len(tomllib.loads(text)["budget"]) == 3
    assert (shop.path / "pyproject.toml").read_text() == PROJECT


def test_breaking_a_budget_fails_the_review_and_its_summary_shows_it(shop: Repository) -> None:
    fastperf("budget", "--freeze", folder=shop.path)
    shop.commit(message="Freeze")
    shop.git("switch", "--quiet", "--create", "feature")
    shop.commit({"shop/api.py": DEARER})

    done = fastperf("review", "--base", "main", "--output-format", "json", folder=shop.path)

    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["conclusion"] == "failure"
    assert "FP005" in [finding["code"] for finding in report["findings"]]
    assert "### Budgets" in report["summary"]
    assert "queries ≤ 1, external calls ≤ 0, never blocks" in report["summary"]
    assert "**queries 2**" in report["summary"]


def test_another_name_for_a_parameter_does_not_leave_the_budget(shop: Repository) -> None:
    by_number = API.replace('"/orders"', '"/orders/{number}"')
    shop.commit({"shop/api.py": by_number})
    fastperf("budget", "--freeze", folder=shop.path)
    shop.commit({"shop/api.py": DEARER.replace('"/orders"', '"/orders/{order_number}"')})

    done = fastperf("budget", "--output-format", "json", folder=shop.path)

    assert done.returncode == 1
    assert [entry["holds"] for entry in json.loads(done.stdout)["budgets"]] == [False, True]


@pytest.mark.parametrize(
    "tables", ['[tool]\nfastperf = { fail_on = "never" }\n', "[tool.fastperf]\nbudget = []\n"]
)
def test_a_file_that_cannot_take_budgets_stays_as_it_is(shop: Repository, tables: str) -> None:
    shop.commit({"pyproject.toml": PROJECT + tables})

    done = fastperf("budget", "--freeze", folder=shop.path)

    assert done.returncode == 2
    assert "nothing was written" in done.stderr
    assert (shop.path / "pyproject.toml").read_text() == PROJECT + tables


def test_what_was_beyond_its_budget_before_counts_only_when_it_goes_further(shop: Repository) -> None:
    fastperf("budget", "--freeze", folder=shop.path)
    shop.commit({"shop/api.py": DEARER}, message="Break it")
    shop.git("switch", "--quiet", "--create", "same")
    shop.commit({"shop/api.py": DEARER + "\n\nSTARTED = 1\n"})
    shop.git("switch", "--quiet", "--create", "further", "main")
    shop.commit({"shop/api.py": DEAREST})

    same = fastperf("review", "--base", "main", "--head", "same", "--output-format", "json", folder=shop.path)
    further = fastperf(
        "review", "--base", "main", "--head", "further", "--output-format", "json", folder=shop.path
    )

    assert json.loads(same.stdout)["new"] == 0
    assert same.returncode == 0
    assert "FP005" in [finding["code"] for finding in json.loads(further.stdout)["findings"]]
    assert further.returncode == 1


@pytest.mark.parametrize("bound", ['queries = "many!"', "queries = -1", "external_calls = true"])
def test_a_bound_that_is_none_is_a_mistake_on_its_line(shop: Repository, bound: str) -> None:
    shop.write({".github/fastperf.toml": f'[[budget]]\nmatch = "/orders"\n{bound}\n'})

    done = fastperf("budget", folder=shop.path)

    assert done.returncode == 2
    assert "fastperf.toml:3" in done.stderr
