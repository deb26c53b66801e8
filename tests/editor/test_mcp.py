from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import TextContent

from tests.cli.program import LAUNCHER
from tests.cli.test_check import SHOP, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


@asynccontextmanager
async def agent(folder: Path) -> AsyncIterator[ClientSession]:
    """An agent that started fastperf as its tool server."""
    parameters = StdioServerParameters(command=sys.executable, args=[str(LAUNCHER), "mcp"], cwd=folder)
    async with stdio_client(parameters) as (reads, writes), ClientSession(reads, writes) as session:
        await session.initialize()
        yield session


async def ask(session: ClientSession, tool: str, **arguments: object) -> tuple[bool, str]:
    """Whether the call failed, and its text."""
    answer = await session.call_tool(tool, dict(arguments))
    (content,) = answer.content
    assert isinstance(content, TextContent)
    return bool(answer.is_error), content.text


async def test_the_tools_say_what_they_are_for(shop: Path) -> None:
    async with agent(shop) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}

    assert tools.keys() == {"check", "explain", "diagnose", "fix"}
    assert all(tool.description for tool in tools.values())
    assert {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint} == {
        "check",
        "explain",
        "diagnose",
    }


async def test_check_explain_and_diagnose_speak_of_the_project(shop: Path) -> None:
    async with agent(shop) as session:
        _, findings = await ask(session, "check", paths=[str(shop)])
        _, card = await ask(session, "explain", rule="FP103")
        _, tree = await ask(session, "diagnose", endpoint="GET /orders", path=str(shop))

    assert "FP103" in findings
    assert "shop/api.py:" in findings
    assert "blocking-call-through-helper" in card
    assert json.loads(tree)[0]["path"] == "/orders"


async def test_a_fix_is_a_patch_until_it_may_be_written(shop: Path) -> None:
    before = (shop / "shop/api.py").read_bytes()
    async with agent(shop) as session:
        _, patch = await ask(session, "fix", paths=[str(shop)], select=["FP103"], unsafe=True)
        assert "+++ b/shop/api.py" in patch
        assert (shop / "shop/api.py").read_bytes() == before
        _, written = await ask(session, "fix", paths=[str(shop)], select=["FP103"], unsafe=True, write=True)
        assert "0 left" in written
        _, left = await ask(session, "check", paths=[str(shop)], select=["FP103"])

    assert (shop / "shop/api.py").read_bytes() != before
    assert "no performance problems" in left


async def test_a_wrong_call_is_answered_in_words(shop: Path) -> None:
    calls: list[tuple[str, dict[str, object], str]] = [
        ("check", {"paths": ["nowhere"]}, "nowhere: no such file or directory"),
        ("check", {"paths": [], "select": ["FP9"]}, "no rule 'FP9'"),
        ("check", {"paths": [], "base": "HEAD"}, "git"),
        ("explain", {"rule": "FP000"}, "no rule 'FP000'"),
        ("diagnose", {"endpoint": "GET /nothing", "path": "."}, "no endpoint 'GET /nothing'"),
    ]
    async with agent(shop) as session:
        answers = [await ask(session, tool, **arguments) for tool, arguments, _ in calls]

    assert all(failed for failed, _ in answers)
    assert [said in text for (_, text), (_, _, said) in zip(answers, calls, strict=True)] == [True] * 5
