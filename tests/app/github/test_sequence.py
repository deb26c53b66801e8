"""What one review asks of GitHub: in how many calls, and in how many waves."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.github.errors import Forbidden, RateLimited
from app.github.models import Output
from tests.app.github.shop import Shop, comment


async def gather(shop: Shop) -> None:
    client = shop.client
    compared, state = await asyncio.gather(
        client.pulls.compare(shop.pull.base_sha, shop.head, number=shop.number),
        client.pulls.state(shop.number),
    )
    assert state.head_sha == shop.head
    present = [file for file in compared.files if file.status != "removed"]
    await client.contents.texts(
        [(shop.head, file.path) for file in present]
        + [(compared.merge_base_sha, file.path) for file in compared.files if file.status != "added"]
    )


async def test_a_clean_push_costs_four_calls_in_three_waves(shop: Shop) -> None:
    await shop.client.pulls.state(shop.number)  # the token is warm, and the stand-in knows the document
    shop.hub.faults.latency(0.05)
    shop.hub.log.clear()

    await gather(shop)
    await shop.client.checks.create(shop.head, "pr-1", Output("clean", "nothing new"), conclusion="success")

    assert sorted(shop.operations()) == ["checks/create", "graphql", "graphql", "repos/compare-commits"]
    assert shop.hub.waves() == 3
    assert [entry for entry in shop.hub.log if entry.status >= 400] == []


async def test_a_review_is_posted_in_the_wave_of_its_check(shop: Shop) -> None:
    await gather(shop)
    shop.hub.log.clear()

    await asyncio.gather(
        shop.client.reviews.create(
            shop.number, commit_id=shop.head, body="1 new <!-- fastperf:r -->", comments=[comment(21)]
        ),
        shop.client.checks.create(shop.head, "pr-1", Output("1 high new", "s"), conclusion="failure"),
    )

    assert sorted(shop.operations()) == ["checks/create", "graphql", "pulls/create-review"]


@pytest.mark.parametrize("op", ["repos/compare-commits", "graphql"])
@pytest.mark.parametrize("kind", ["primary", "secondary", "secondary without a time", "429"])
async def test_a_limit_stops_us_until_it_ends(shop: Shop, op: str, kind: str) -> None:
    faults = shop.hub.faults
    if kind == "primary":
        faults.primary(op, reset_in=120)
    else:
        faults.secondary(
            op,
            retry_after=None if "without" in kind else 90,
            status=429 if kind == "429" else 403,
        )
    pulls = shop.client.pulls

    async def ask() -> None:
        if op == "graphql":
            await pulls.state(shop.number)
        else:
            await pulls.compare(shop.pull.base_sha, shop.head, number=shop.number)

    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await ask()

        expected = {"primary": 120, "secondary without a time": 60}.get(kind, 90)
        assert expected - 8 < caught.value.until - time.time() < expected + 3

    assert shop.operations() == [op]


async def test_a_limit_that_ends_soon_is_waited_for(shop: Shop) -> None:
    shop.hub.faults.secondary("checks/create", retry_after=1)

    run = await shop.client.checks.create(shop.head, "pr-1")

    assert run.status == "in_progress"
    assert shop.operations() == ["checks/create", "checks/create"]


async def test_a_permission_that_was_taken_away_is_named(shop: Shop) -> None:
    shop.installation.permissions["checks"] = "read"
    shop.hub.expect(403, "checks/create")
    narrowing = shop.hub.expect(422, "apps/create-installation-access-token")

    with pytest.raises(Forbidden, match="checks=write"):
        await shop.client.checks.create(shop.head, "pr-1")
    assert narrowing.met == 1, "what was not granted is asked for once"
