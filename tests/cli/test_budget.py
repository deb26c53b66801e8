"""Budgets from the command line: told, frozen, turned one way, and gating a review."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from app.budget import BEGIN
from tests.cli.program import called
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
    done = called("budget", "--freeze", folder=shop.path)
    assert (done.returncode, done.stderr) == (0, "")

    text = (shop.path / "pyproject.toml").read_text()
    assert text.startswith(PROJECT)
    assert tomllib.loads(text)["tool"]["fastperf"]["budget"] == [
        {"match": "GET /health", "queries": 0, "external_calls": 0, "blocks": False},
        {"match": "GET /orders", "queries": 1, "external_calls": 0, "blocks": False},
    ]
    held = called("budget", "--output-format", "json", folder=shop.path)
    assert held.returncode == 0
    assert [entry["holds"] for entry in json.loads(held.stdout)["budgets"]] == [True, True]
    assert called("budget", "--freeze", folder=shop.path).returncode == 0
    assert (shop.path / "pyproject.toml").read_text() == text


def test_a_frozen_budget_is_never_loosened_by_itself(shop: Repository) -> None:
    called("budget", "--freeze", folder=shop.path)
    shop.write({"shop/api.py": DEARER})

    again = called("budget", "--freeze", folder=shop.path)

    assert "1 cost more than what was frozen before, which stays" in again.stdout
    told = called("budget", folder=shop.path)
    assert told.returncode == 1
    assert "queries 2" in told.stdout
    assert called("check", "--select", "FP005", folder=shop.path).returncode == 1
    assert called("budget", "--freeze", "--loosen", folder=shop.path).returncode == 0
    assert called("budget", folder=shop.path).returncode == 0


def test_freezing_uses_the_file_that_decides_and_leaves_the_rest_of_it(shop: Repository) -> None:
    own = '# ours\n[[budget]]\nmatch = "/orders"\nqueries = 9\n'
    shop.write({".github/fastperf.toml": own})

    called("budget", "--freeze", folder=shop.path)

    text = (shop.path / ".github/fastperf.toml").read_text()
    assert text.startswith(own)
    assert len(tomllib.loads(text)["budget"]) == 3
    assert (shop.path / "pyproject.toml").read_text() == PROJECT


def test_breaking_a_budget_fails_the_review_and_its_summary_shows_it(shop: Repository) -> None:
    called("budget", "--freeze", folder=shop.path)
    shop.commit(message="Freeze")
    shop.git("switch", "--quiet", "--create", "feature")
    shop.commit({"shop/api.py": DEARER})

    done = called("review", "--base", "main", "--output-format", "json", folder=shop.path)

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
    called("budget", "--freeze", folder=shop.path)
    shop.commit({"shop/api.py": DEARER.replace('"/orders"', '"/orders/{order_number}"')})

    done = called("budget", "--output-format", "json", folder=shop.path)

    assert done.returncode == 1
    assert [entry["holds"] for entry in json.loads(done.stdout)["budgets"]] == [False, True]


@pytest.mark.parametrize(
    "tables",
    [
        '[tool]\nfastperf = { fail_on = "never" }\n',
        "[tool.fastperf]\nbudget = []\n",
        f"{BEGIN}\n[tool.ruff]\nline-length = 99\n",
    ],
)
def test_a_file_that_cannot_take_budgets_stays_as_it_is(shop: Repository, tables: str) -> None:
    shop.commit({"pyproject.toml": PROJECT + tables})

    done = called("budget", "--freeze", folder=shop.path)

    assert done.returncode == 2
    assert "nothing was written" in done.stderr
    assert (shop.path / "pyproject.toml").read_text() == PROJECT + tables


def test_what_was_beyond_its_budget_before_counts_only_when_it_goes_further(shop: Repository) -> None:
    called("budget", "--freeze", folder=shop.path)
    shop.commit({"shop/api.py": DEARER}, message="Break it")
    shop.git("switch", "--quiet", "--create", "same")
    shop.commit({"shop/api.py": DEARER + "\n\nSTARTED = 1\n"})
    shop.git("switch", "--quiet", "--create", "further", "main")
    shop.commit({"shop/api.py": DEAREST})

    same = called("review", "--base", "main", "--head", "same", "--output-format", "json", folder=shop.path)
    further = called(
        "review", "--base", "main", "--head", "further", "--output-format", "json", folder=shop.path
    )

    assert json.loads(same.stdout)["new"] == 0
    assert same.returncode == 0
    assert "FP005" in [finding["code"] for finding in json.loads(further.stdout)["findings"]]
    assert further.returncode == 1


def test_a_bound_that_is_none_is_a_mistake_on_its_line_with_its_key(shop: Repository) -> None:
    bounds = ('queries = "two"', 'queries = "TWO"', "queries = -1", 'external_calls = "2 + n"')
    tables = "".join(f'[[budget]]\nmatch = "/orders"\n{bound}\n' for bound in bounds)
    good = "".join(
        f'[[budget]]\nmatch = "/{n}"\nqueries = "{n}"\n' for n in ("2 + 3N", "N·M²", "4·N + 1", "7")
    )
    shop.write({".github/fastperf.toml": tables + good})

    done = called("budget", folder=shop.path)

    assert (done.returncode, done.stdout) == (2, "")
    told = done.stderr.splitlines()
    assert len(told) == len(bounds)
    for number, (line, bound) in enumerate(zip(told, bounds, strict=True)):
        key = bound.partition(" ")[0]
        expected = f"fastperf: .github/fastperf.toml:{3 * number + 3}: `[[budget]]`: `{key}`: a number or a cost such as"
        assert line.startswith(expected)


def frozen(file: Path) -> list[dict[str, object]]:
    document = tomllib.loads(file.read_text())
    found: list[dict[str, object]] = document["tool"]["fastperf"]["budget"]
    return found


def test_two_applications_with_one_route_each_keep_a_budget_of_their_own(shop: Repository) -> None:
    shop.write({"shop/admin.py": DEARER})

    called("budget", "--freeze", folder=shop.path)

    tables = [table for table in frozen(shop.path / "pyproject.toml") if table["match"] == "GET /orders"]
    assert {(table["file"], table["queries"]) for table in tables} == {
        ("shop/api.py", 1),
        ("shop/admin.py", 2),
    }
    assert called("budget", folder=shop.path).returncode == 0
    shop.write({"shop/api.py": DEARER})
    told = json.loads(called("budget", "--output-format", "json", folder=shop.path).stdout)
    assert [entry["holds"] for entry in told["budgets"]].count(False) == 1


def test_budgets_go_into_the_file_that_is_in_force_and_hide_none(shop: Repository) -> None:
    """One application has a configuration of its own, the other that of the repository."""
    own = PROJECT + '\n[tool.fastperf]\nfail_on = "low"\n'
    outer = PROJECT + "\n[tool.fastperf.context]\nworkers = 3\n"
    files = {"orders/pyproject.toml": own, "orders/api.py": API, "users/pyproject.toml": PROJECT}
    shop.commit({"pyproject.toml": outer, "users/api.py": API, **files})
    users, orders = shop.path / "users", shop.path / "orders"

    called("budget", "--freeze", folder=users)
    assert (users / "pyproject.toml").read_text() == PROJECT
    called("budget", "--freeze", folder=shop.path)

    assert {table.get("file") for table in frozen(orders / "pyproject.toml")} == {None}
    files_told = {table.get("file") for table in frozen(shop.path / "pyproject.toml")}
    assert files_told == {"users/api.py", "shop/api.py"}
    shop.write({"users/api.py": DEARER, "orders/api.py": DEARER})
    for folder, count in ((shop.path, 2), (users, 1), (orders, 1)):
        done = called("budget", "--output-format", "json", folder=folder)
        told = json.loads(done.stdout)
        assert [entry["holds"] for entry in told["budgets"]].count(False) == count
        assert told["unused"] == []
    assert "workers" in called("config", folder=users).stdout


def test_a_budget_that_no_endpoint_fits_is_told(shop: Repository) -> None:
    shop.write({".github/fastperf.toml": '[[budget]]\nmatch = "GET /order"\nqueries = 9\n'})

    assert "No endpoint fits: GET /order" in called("budget", folder=shop.path).stdout
