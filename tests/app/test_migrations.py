"""Tables through the versions."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from app.github.models import Repository
from app.migrations import STEPS, SchemaError, Step, migrate
from app.records import HeadReview
from app.review.wishes import Waiver
from app.store import Store
from app.tables import metadata

from .service import SLOW, Service

SHOP = Repository(installation_id=1, id=7, owner="octo", name="shop")
OLDEST = """
CREATE TABLE fastperf_blobs (
    repository_id BIGINT NOT NULL, sha VARCHAR(64) NOT NULL, kind VARCHAR(64) NOT NULL,
    installation_id BIGINT NOT NULL, data BLOB NOT NULL, used_at FLOAT NOT NULL,
    PRIMARY KEY (repository_id, sha, kind));
CREATE TABLE fastperf_reviews (
    repository_id BIGINT NOT NULL, number BIGINT NOT NULL, head_sha VARCHAR(64) NOT NULL,
    installation_id BIGINT NOT NULL, conclusion VARCHAR(32) NOT NULL, at FLOAT NOT NULL,
    PRIMARY KEY (repository_id, number, head_sha));
CREATE TABLE fastperf_waivers (
    repository_id BIGINT NOT NULL, number BIGINT NOT NULL, code VARCHAR(16) NOT NULL, path VARCHAR(500) NOT NULL,
    token VARCHAR(128) NOT NULL, installation_id BIGINT NOT NULL, reason TEXT NOT NULL,
    author VARCHAR(255) NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (repository_id, number, code, path, token));
CREATE TABLE fastperf_machines (id VARCHAR(255) NOT NULL PRIMARY KEY, seen_at FLOAT NOT NULL);
INSERT INTO fastperf_reviews VALUES (7, 3, 'aaaa', 1, 'failure', 4102444800);
INSERT INTO fastperf_waivers VALUES (7, 3, 'FP101', 'shop/old.py', '', 1, 'measured', 'maria', 1);
INSERT INTO fastperf_machines VALUES ('local', 1);
"""
"""As the first version made them."""


@pytest.fixture
def oldest(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.executescript(OLDEST)
    return f"sqlite:///{tmp_path}/old.db"


DEEP = "/".join(f"é{number:018d}" for number in range(190)) + "/x.py"
"""A path of 4 kB, of which no compression makes less than an index takes."""


async def waive_at_any_depth(store: Store) -> None:
    """The waivers of an old database, and of paths as deep as there are, are kept and taken back."""
    await store.start()
    (old,) = (await store.wishes(SHOP, 3)).waivers
    new = Waiver(code="FP101", path=DEEP, reason="measured, too", author="maria", at=2.0)
    other = msgspec.structs.replace(new, path=f"{DEEP}i")

    for _ in range(2):
        await store.waive(SHOP, 3, [new, other])
    assert (await store.wishes(SHOP, 3)).waivers == (old, new, other)
    assert old.path == "shop/old.py"

    assert await store.unwaive(SHOP, 3, code="FP101", path=DEEP) == 1
    assert await store.unwaive(SHOP, 3, code="FP101", path="shop/old.py") == 1
    assert (await store.wishes(SHOP, 3)).waivers == (other,)
    await store.close()


async def test_a_waiver_may_be_for_a_path_of_any_length(oldest: str) -> None:
    await waive_at_any_depth(Store(oldest))


def version_of(url: str) -> int:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        (version,) = connection.execute("SELECT version FROM fastperf_schema").fetchone()
    return int(version)


async def test_the_oldest_tables_become_the_newest_and_keep_their_rows(oldest: str) -> None:
    for _ in range(2):  # a second start changes nothing
        store = Store(oldest)
        await store.start()

        assert await store.reviews(SHOP, "aaaa") == [HeadReview(3, "failure", "", "")]
        await store.keep_review(SHOP, "bbbb", HeadReview(3, "success", "fine", "Nothing to say."))
        assert await store.heartbeat("local") == {"local"}
        await store.close()

    assert await asyncio.to_thread(version_of, oldest) == STEPS[-1].version


async def test_old_and_new_tables_are_the_same_in_the_end(oldest: str, tmp_path: Path) -> None:
    fresh = f"sqlite:///{tmp_path}/fresh.db"
    columns = []
    for url in (oldest, fresh):
        store = Store(url)
        await store.start()
        await store.close()
        columns.append(await asyncio.to_thread(_columns, url))

    assert columns[0] == columns[1]


def _columns(url: str) -> dict[str, set[str]]:
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    found = {name: {column["name"] for column in inspector.get_columns(name)} for name in metadata.tables}
    engine.dispose()
    return found


async def test_a_step_that_fails_leaves_everything_as_it_was(oldest: str) -> None:
    def change(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE fastperf_reviews ADD COLUMN mood TEXT"))
        connection.execute(sa.text("ALTER TABLE there_is_none ADD COLUMN mood TEXT"))

    def attempt() -> set[str]:
        engine = sa.create_engine(oldest)
        with pytest.raises(sa.exc.OperationalError):
            migrate(engine, metadata, (*STEPS, Step(STEPS[-1].version + 1, change)))
        columns = {column["name"] for column in sa.inspect(engine).get_columns("fastperf_reviews")}
        engine.dispose()
        return columns

    assert "mood" not in await asyncio.to_thread(attempt)


@pytest.mark.parametrize("oldest_reader", [1, 99])
async def test_tables_of_a_newer_program_are_worked_on_only_if_it_says_so(
    oldest: str, oldest_reader: int
) -> None:
    store = Store(oldest)
    await store.start()
    await store.close()
    await asyncio.to_thread(_pretend, oldest, 99, oldest_reader)
    store = Store(oldest)

    if oldest_reader > 1:
        with pytest.raises(SchemaError, match="belongs to a newer fastperf"):
            await store.start()
    else:
        await store.start()
    await store.close()
    assert await asyncio.to_thread(version_of, oldest) == 99


def _pretend(url: str, version: int, oldest_reader: int) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "UPDATE fastperf_schema SET version = ?, oldest_reader = ?", (version, oldest_reader)
        )


async def test_a_server_goes_on_while_the_next_version_changes_the_tables(
    service: Service, database: str
) -> None:
    repo = service.shop()

    def change(connection: sa.Connection) -> None:
        connection.execute(
            sa.text("ALTER TABLE fastperf_reviews ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")
        )

    def deploy() -> None:
        engine = sa.create_engine(database)
        migrate(engine, metadata, (*STEPS, Step(STEPS[-1].version + 1, change)))
        engine.dispose()

    await asyncio.to_thread(deploy)
    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"
