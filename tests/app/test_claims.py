"""Several machines that want to make the check run of one commit at one moment make one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.claims import Claims
from app.github.errors import Forbidden, NotFound, Unavailable
from app.github.models import CheckRun, Repository
from app.runs import external_id
from app.store import Store

REPOSITORY = Repository(1, 2, "octo", "shop")
SHA = "a" * 40


@pytest.fixture
async def machines(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Claims]]:
    """Two on one database; and the first of them after a restart."""
    monkeypatch.setattr(Store, "is_shared", True)
    monkeypatch.setattr("app.claims.LOOK_SECONDS", 0.01)
    stores = [Store(database) for _ in range(3)]
    for store in stores:
        await store.start()
    yield [Claims(store, name) for store, name in zip(stores, ("one", "two", "one"), strict=True)]
    for store in stores:
        await store.close()


class Hub:
    """Where runs are made; `answers` are what happens to each attempt."""

    def __init__(self, *answers: Exception | None) -> None:
        self.made: list[CheckRun] = []
        self.answers = list(answers)
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def make(self) -> CheckRun:
        self.calls += 1
        run = CheckRun(len(self.made) + 1, SHA, external_id(SHA), "completed", "success")
        await self.gate.wait()
        error = self.answers.pop(0) if self.answers else None
        if error is None or isinstance(error, Unavailable):
            self.made.append(run)
        if error is not None:
            raise error
        return run

    async def find(self) -> CheckRun:
        if not self.made:
            raise NotFound("none")
        return self.made[-1]


async def test_two_at_one_moment_make_one(machines: list[Claims]) -> None:
    hub = Hub()
    hub.gate.clear()
    tasks = [
        asyncio.create_task(machine.only(REPOSITORY, SHA, hub.find, hub.make)) for machine in machines[:2]
    ]
    await asyncio.sleep(0.1)
    hub.gate.set()
    found = await asyncio.gather(*tasks)

    assert hub.calls == 1
    assert {each.run.id for each in found} == {1}
    assert sorted(each.is_new for each in found) == [False, True]


async def test_who_made_nothing_holds_nobody_up(machines: list[Claims]) -> None:
    hub = Hub(Forbidden("no"))
    with pytest.raises(Forbidden):
        await machines[0].only(REPOSITORY, SHA, hub.find, hub.make)

    assert (await machines[1].only(REPOSITORY, SHA, hub.find, hub.make)).is_new


async def test_what_a_fault_hid_is_looked_for_by_who_comes_again(machines: list[Claims]) -> None:
    hub = Hub(Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await machines[0].only(REPOSITORY, SHA, hub.find, hub.make)

    again = await machines[2].only(REPOSITORY, SHA, hub.find, hub.make)

    assert (again.run.id, again.is_new, hub.calls) == (1, False, 1)


async def test_the_claim_of_a_dead_machine_ends(
    machines: list[Claims], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    hub.gate.clear()
    dying = asyncio.create_task(machines[0].only(REPOSITORY, SHA, hub.find, hub.make))
    await asyncio.sleep(0.1)
    dying.cancel()
    hub.gate.set()
    monkeypatch.setattr("app.claims.CLAIM_SECONDS", 0.3)

    assert (await machines[1].only(REPOSITORY, SHA, hub.find, hub.make)).is_new


async def test_a_run_that_is_no_more_is_made_anew(machines: list[Claims]) -> None:
    hub = Hub()
    await machines[0].only(REPOSITORY, SHA, hub.find, hub.make)
    await machines[1].void(REPOSITORY, SHA)

    assert (await machines[1].only(REPOSITORY, SHA, hub.find, hub.make)).run.id == 2
