from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
import time_machine

from app.github.models import Repository
from app.records import HeadReview, LeftHead
from app.retention import DAY
from app.store import COULD_NOT, DOCUMENT, MACHINE_SECONDS, Store

SHOP = Repository(installation_id=1, id=7, owner="octo", name="shop")
SAID = HeadReview(3, "failure", "1 high new", "## 1 new problem")
OTHER = Repository(installation_id=2, id=8, owner="hexa", name="shop")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    await store.start()
    yield store
    await store.close()


async def test_blobs_are_kept_by_repository_and_kind(store: Store) -> None:
    many = {f"{index:040x}": b"facts %d" % index for index in range(1000)}
    await store.keep_blobs(SHOP, many, "1")
    await store.keep_blobs(SHOP, {"a" * 40: b"text"}, DOCUMENT)

    assert await store.blobs(SHOP, [*many, "f" * 40], "1") == many
    assert await store.blobs(SHOP, ["a" * 40], DOCUMENT) == {"a" * 40: b"text"}
    assert await store.blobs(SHOP, many, "2") == {}


async def test_one_tenant_never_sees_what_another_stored(store: Store) -> None:
    await store.keep_blobs(SHOP, {"a" * 40: b"facts"}, "1")
    await store.keep_tree(SHOP, "c" * 40, {"app.py": "a" * 40})

    assert await store.blobs(OTHER, ["a" * 40], "1") == {}
    assert await store.tree(OTHER, "c" * 40) is None


async def test_keeping_twice_is_keeping_once(store: Store) -> None:
    for tree in ({"a.py": "1"}, {"a.py": "2", "ü.py": "3"}):
        await store.keep_tree(SHOP, "c" * 40, tree)

    assert await store.tree(SHOP, "c" * 40) == {"a.py": "2", "ü.py": "3"}


async def test_reviews_and_begun_checks_are_known_by_head(store: Store) -> None:
    await store.keep_review(SHOP, "a" * 40, SAID)
    await store.begin_check(SHOP, 3, "a" * 40)
    await store.begin_check(SHOP, 3, "b" * 40)
    await store.end_check(SHOP, 3, "a" * 40)

    assert await store.reviews(SHOP, "a" * 40) == [SAID]
    assert await store.reviewed(SHOP, 3, "a" * 40)
    assert not await store.reviewed(SHOP, 4, "a" * 40)
    assert [each.head_sha for each in await store.left_heads(SHOP, 3)] == ["a" * 40, "b" * 40]
    assert await store.left_heads(SHOP, 3, "a" * 40) == [LeftHead("b" * 40, frozenset(), begun=True)]
    assert await store.shared_heads() == []
    await store.keep_review(SHOP, "a" * 40, msgspec.structs.replace(SAID, number=4, title=COULD_NOT))
    assert not await store.reviewed(SHOP, 4, "a" * 40)  # a fault of ours is no review
    assert await store.left_heads(SHOP, 3, "b" * 40) == [LeftHead("a" * 40, frozenset({4}), begun=False)]
    assert sorted(await store.shared_heads()) == [(SHOP.id, "a" * 40, 3), (SHOP.id, "a" * 40, 4)]
    await store.drop_reviews(SHOP, "a" * 40, [3])
    assert not await store.reviewed(SHOP, 3, "a" * 40)
    assert await store.begun_checks(SHOP, 3) == {"b" * 40}
    assert await store.begun_checks(SHOP, 4) == frozenset()


async def test_what_was_folded_stays_folded(store: Store) -> None:
    assert await store.folded(SHOP, 3) == ()
    for folded in (("a",), ("a", "b")):
        await store.keep_folded(SHOP, 3, folded)

    assert await store.folded(SHOP, 3) == ("a", "b")


async def test_an_installation_that_leaves_takes_all_with_it(store: Store) -> None:
    for repository in (SHOP, OTHER):
        await store.keep_blobs(repository, {"a" * 40: b"facts"}, "1")
        await store.keep_tree(repository, "c" * 40, {"app.py": "a" * 40})
        await store.keep_review(repository, "a" * 40, SAID)
        await store.begin_check(repository, 3, "a" * 40)

    await store.forget(SHOP.installation_id)

    assert await store.blobs(SHOP, ["a" * 40], "1") == {}
    assert await store.tree(SHOP, "c" * 40) is None
    assert not await store.reviewed(SHOP, 3, "a" * 40)
    assert await store.begun_checks(SHOP, 3) == frozenset()
    assert await store.blobs(OTHER, ["a" * 40], "1") == {"a" * 40: b"facts"}


async def test_one_repository_may_leave_alone(store: Store) -> None:
    second = Repository(installation_id=1, id=9, owner="octo", name="second")
    for repository in (SHOP, second):
        await store.keep_blobs(repository, {"a" * 40: b"facts"}, "1")

    await store.forget(1, [SHOP.id])

    assert await store.blobs(SHOP, ["a" * 40], "1") == {}
    assert await store.blobs(second, ["a" * 40], "1") == {"a" * 40: b"facts"}


async def test_what_is_old_goes(store: Store) -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        await store.keep_blobs(SHOP, {"a" * 40: b"old"}, "1")
        clock.shift(20 * DAY)
        await store.keep_blobs(SHOP, {"b" * 40: b"new"}, "1")
        clock.shift(20 * DAY)
        await store.retain(30)

    assert await store.blobs(SHOP, ["a" * 40, "b" * 40], "1") == {"b" * 40: b"new"}


async def test_a_silent_machine_counts_as_dead(store: Store) -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        await store.heartbeat("one")
        clock.shift(MACHINE_SECONDS - 1)
        assert await store.heartbeat("two") == {"one", "two"}
        clock.shift(2)
        assert await store.heartbeat("two") == {"two"}


async def test_a_database_that_cannot_be_written_is_noticed(store: Store, tmp_path: Path) -> None:
    await store.ping()
    await asyncio.to_thread(_drop_machines, tmp_path)

    with pytest.raises(sa.exc.SQLAlchemyError):
        await store.ping()


def _drop_machines(folder: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{folder}/store.db")
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE fastperf_machines"))
    engine.dispose()


async def test_what_was_said_is_known_as_long_as_the_pull_request_is_reviewed(store: Store) -> None:
    """What a person deleted must not be said again because a month went by."""
    with time_machine.travel("2026-01-01", tick=False) as clock:
        await store.keep_said(SHOP, 3, ["a"])
        await store.keep_said(SHOP, 4, ["b"])
        clock.shift(210 * DAY)
        await store.keep_said(SHOP, 3, [])
        clock.shift(210 * DAY)
        await store.retain(30)

    assert await store.said(SHOP, 3) == {"a"}
    assert await store.said(SHOP, 4) == frozenset()
