"""The benchmark that holds fixes to their promises notices each way to break one."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.fixes.proof import Tree, violations
from rules import Edit, Finding, ProvenFix, Safety

SOURCE = b"""\
import asyncio
import time

import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders")
async def orders() -> list[int]:
    time.sleep(1)  # politeness
    await asyncio.sleep(0)
    return [1]
"""
OTHER = b"""\
from app.main import orders


def again() -> object:
    return orders
"""


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree({"app/__init__.py": b"", "app/main.py": SOURCE, "app/other.py": OTHER}, {})


@pytest.fixture(scope="module")
def finding(tree: Tree) -> Finding:
    (found,) = (each for each in tree.analysis.result.findings if each.code == "FP101")
    return tree.analysis.prove(found)


def with_line(finding: Finding, text: str, line: int = 12) -> Finding:
    return msgspec.structs.replace(
        finding, fix=ProvenFix(Safety.UNSAFE, (Edit("app/main.py", line, line, text),))
    )


@pytest.mark.parametrize("whole", [False, True])
def test_the_engines_own_fix_keeps_every_promise(tree: Tree, finding: Finding, whole: bool) -> None:
    assert violations(tree, finding, whole=whole) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    time.sleep(1)  # politeness\n", "it changes nothing"),
        ("    await asyncio.sleep(1)\n", "it drops a comment: # politeness"),
        ("    await anyio.sleep(1)  # politeness\n", "not bound: anyio"),
        ("    await asyncio.sleep(1  # politeness\n", "it does not parse"),
        ("    await asyncio.sleep(1)  # politeness\r\n", "it brings another line end into the file"),
        ("    time.sleep(2)  # politeness\n", "its finding is still said"),
        ('    requests.get("https://a.example")  # politeness\n', "new: app/main.py:12 FP601"),
    ],
)
def test_a_broken_promise_is_named(tree: Tree, finding: Finding, text: str, said: str) -> None:
    assert any(said in each for each in violations(tree, with_line(finding, text)))


def test_an_early_use_of_a_new_name_is_noticed(tree: Tree, finding: Finding) -> None:
    early = with_line(finding, "app = FastAPI(title=late)\nlate = ''\n", line=7)

    assert "`late` is bound on line 8 and read on line 7" in violations(tree, early)
