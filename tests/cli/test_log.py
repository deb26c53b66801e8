from __future__ import annotations

import asyncio
import json
from pathlib import Path

from app.github.models import Repository
from app.store import Store
from tests.cli.program import fastperf

SHOP = Repository(7, 1, "octo", "shop")


def test_the_record_is_shown_newest_first_and_told_apart_by_repository(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fastperf.db'}"

    async def fill() -> None:
        store = Store(url)
        await store.start()
        await store.record("1", SHOP, 4, "ada", "ignore", "FP103 cached\x1b[31m upstream")
        await store.record("1", SHOP, 4, "ada", "ignore", "the same once more")
        await store.record("2", SHOP, 5, "bob", "pause")
        await store.record("3", Repository(7, 2, "octo", "other"), 1, "eve", "pause")
        await store.close()

    asyncio.run(fill())
    environment = {"FASTPERF_DATABASE_URL": url}

    text = fastperf("log", "--repo", "octo/shop", folder=tmp_path, environment=environment)
    document = fastperf(
        "log", "--output-format", "json", "--number", "4", folder=tmp_path, environment=environment
    )

    assert text.returncode == 0, text.stderr
    first, second = text.stdout.splitlines()
    assert first.endswith("  octo/shop#5  bob  pause")
    assert "octo/shop#4  ada  ignore: FP103 cached" in second
    assert "\x1b" not in second
    assert [(entry["actor"], entry["detail"][:5]) for entry in json.loads(document.stdout)] == [
        ("ada", "FP103")
    ]


def test_a_database_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    environment = {"FASTPERF_DATABASE_URL": f"sqlite:///{tmp_path}/missing/fastperf.db"}

    done = fastperf("log", folder=tmp_path, environment=environment)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fastperf: the record cannot be read: ")


def test_looking_into_no_record_says_so_and_makes_no_file(tmp_path: Path) -> None:
    environment = {"FASTPERF_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"}

    done = fastperf("log", folder=tmp_path, environment=environment)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing is recorded there.\n"
    assert list(tmp_path.iterdir()) == []
