"""`docs/data-and-network.md`, row by row."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import connections
from app.server import build
from app.settings import Settings
from app.tables import metadata
from tests.fakegithub import FakeGitHub

from .process import ROOT
from .service import FILES, SLOW, Service, settings_for

DOCUMENT = (ROOT / "docs" / "data-and-network.md").read_text(encoding="utf-8")
STORED = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in DOCUMENT.partition("## What is stored")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ") and "---" not in line
][1:]
DAYS = "FASTPERF_RETENTION_DAYS"
NOBODYS = {"fastperf_machines", "fastperf_lost_deliveries", "fastperf_marks"}
"""Of the app as a whole."""


def ends() -> dict[str, str]:
    """How long each of our tables keeps its rows, as the document says."""
    found: dict[str, str] = {}
    above = ""
    for what, _, end in STORED:
        above = above if end == "as above" else end
        found |= dict.fromkeys(re.findall(r"`(fastperf_\w+)`", what), above)
    return found


def test_every_table_has_its_row() -> None:
    assert ends().keys() == {*metadata.tables, "fastperf_schema"}


async def test_rows_end_when_the_document_says_so(service: Service, database: str) -> None:
    def fill() -> None:
        engine = sa.create_engine(database)
        with engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table).values({c.name: _old(c) for c in table.columns}))
        engine.dispose()

    def kept() -> set[str]:
        engine = sa.create_engine(database)
        with engine.connect() as connection:
            return {
                table.name
                for table in metadata.sorted_tables
                if connection.scalar(
                    sa.select(sa.func.count()).where(table.c[_key(table)] == _old(_first(table)))
                )
            }

    store = service.jobs.work.store  # type: ignore[attr-defined]  # the pipeline has one
    await asyncio.to_thread(fill)
    await store.retain(30)
    stay = {name for name, end in ends().items() if "repository" in end}
    assert await asyncio.to_thread(kept) == stay

    await asyncio.to_thread(fill)
    await store.forget(7)
    assert await asyncio.to_thread(kept) <= NOBODYS, "an installation that leaves leaves rows"

    await asyncio.to_thread(fill)
    await store.forget_repositories([7])
    assert await asyncio.to_thread(kept) <= NOBODYS, "a repository that leaves leaves rows"


def _first(table: sa.Table) -> sa.Column[object]:
    return next(iter(table.columns))


def _key(table: sa.Table) -> str:
    return _first(table).name


def _old(column: sa.Column[object]) -> object:
    match column.type:
        case sa.BigInteger():
            return 7
        case sa.Float():
            return 1.0
        case sa.LargeBinary():
            return zlib.compress(b"{}")
        case _:
            return "old"


CANARIES = {"comment": "canaryincomment", "docstring": "canaryindocstring", "title": "canaryintitle"}
ELSEWHERE = f"""



def elsewhere() -> None:
    \'\'\'{CANARIES["docstring"]}\'\'\'
    # {CANARIES["comment"]}
"""
HIDDEN = FILES | {
    name: text + ELSEWHERE for name, text in FILES.items() if name in ("shop/main.py", "shop/carriers.py")
}


async def test_no_line_of_source_is_stored_but_those_that_a_fix_changes(
    service: Service, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=HIDDEN, required_checks=["fastperf"])
    service.github.install("octo", [repo])
    repo.git.commit("slow", {"shop/main.py": SLOW["shop/main.py"] + ELSEWHERE}, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow", title=CANARIES["title"])
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"

    stored = await asyncio.to_thread(lambda: b"\n".join(_everything(database.removeprefix("sqlite:///"))))
    for canary in CANARIES.values():
        assert canary.encode() not in stored
    assert b"status_of" in stored, "the scan sees nothing"
    logged = capsys.readouterr().err
    assert not any(canary in logged for canary in CANARIES.values())


def _everything(path: str) -> Iterator[bytes]:
    """Every value of every table, uncompressed where it is compressed."""
    with sqlite3.connect(path) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode()
                    try:
                        yield zlib.decompress(data)
                    except zlib.error:
                        yield data


OFFLINE = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"it went to the network: {event} {arguments[1:]}")
sys.addaudithook(refuse)
sys.path.insert(0, sys.argv.pop(1))
from app.cli import main
main()
"""


@pytest.mark.parametrize(
    "command", [["check", "--exit-zero"], ["audit"], ["scale"], ["diagnose", "GET /orders/{number}"]]
)
def test_local_commands_contact_nobody(tmp_path: Path, command: list[str]) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(ROOT), *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "it went to the network" not in done.stderr
    assert done.returncode in (0, 1), done.stderr


async def test_the_public_port_has_the_paths_that_are_listed_and_the_rest_is_of_people_who_signed_in(
    fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    settings: Settings = settings_for(
        fakegithub,
        f"sqlite:///{tmp_path}/fastperf.db",
        client_id="x",
        client_secret="x",
        operator_token="words of the operator",
    )
    resources = {resource.canonical for resource in build(settings).router.resources()}
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("| `PORT`"))
    listed = set(re.findall(r"`(/[^`]*)`", row))

    others = {_root(path) for path in resources} - {_root(path) for path in listed}
    assert {_root(path) for path in listed} <= {_root(path) for path in resources}
    assert others <= {"/sign-out", "/signed-in", "/operator"}


def _root(path: str) -> str:
    return "/" + path.split("/")[1]


def test_its_numbers_are_those_of_the_program() -> None:
    assert f"limited to {connections.MOST} at once" in DOCUMENT
    assert connections.HEADER_SECONDS == 10
    assert "within ten seconds" in DOCUMENT
    assert f"`{DAYS}` (30)" in DOCUMENT
    assert Settings.__dataclass_fields__["retention_days"].default == 30
