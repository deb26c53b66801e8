"""The line of an endpoint's cost: what merged pull requests did to it, on the report of the next one."""

from __future__ import annotations

import time

from aiohttp import ClientSession

from app.review import history
from app.review.costs import EndpointChange
from app.review.history import Merged, Move
from app.review.record import Record
from app.web import reports
from rules.engine.finding import Cost, EndpointRef
from tests.app.service import FILES, SLOW, Service
from tests.app.test_reports import local
from tests.app.test_rule_pages import Page

DAY = 86_400.0


def moved(
    number: int, before: str | None, after: str | None, *, path: str = "/orders", was: str = ""
) -> Merged:
    cost = {
        name: Cost(value) if value is not None else None
        for name, value in (("before", before), ("after", after))
    }
    previous = EndpointRef("GET", was) if was else None
    move = Move(method="GET", path=path, previous=previous, **cost)
    return Merged(number=number, head_sha="a" * 40, at=number * DAY, moves=(move,))


def test_an_endpoint_is_followed_back_through_its_earlier_routes() -> None:
    merged = [
        moved(4, "3", "2 + N", path="/orders"),
        moved(3, "3", "3", path="/orders", was="/order-list"),
        moved(2, "1", "3", path="/order-list"),
        moved(1, None, "7", path="/other"),
    ]
    change = EndpointChange(
        method="GET",
        path="/v2/orders",
        before=Cost("2 + N"),
        after=Cost("2"),
        previous=EndpointRef("GET", "/orders"),
    )

    steps = history.of(change, merged)

    assert [(step.number, step.cost.queries if step.cost else None) for step in steps] == [
        (0, "1"),
        (2, "3"),
        (3, "3"),
        (4, "2 + N"),
    ]
    assert history.of(EndpointChange(method="GET", path="/new", before=None, after=Cost("1")), merged) == ()


def test_the_page_draws_the_line_and_names_the_changes() -> None:
    change = EndpointChange(method="GET", path="/orders", before=Cost("2 + N"), after=Cost("2"))
    record = Record(
        repository="octo/shop",
        number=9,
        head_sha="b" * 40,
        conclusion="success",
        title="1 fixed",
        endpoints=(change,),
    )

    text = reports.render(
        record,
        merged=[moved(9, "2", "5"), moved(4, "1", "2 + N"), moved(2, None, "1")],
        web_url="https://github.com",
    )

    assert text.count('<svg class="line"') == 1
    assert 'class="better"' in text
    assert "2 merged changes moved it before" in text
    assert 'href="https://github.com/octo/shop/pull/4"' in text
    assert "pull/9" in text.partition("merged changes")[0]
    assert "pull/9" not in text.partition("merged changes")[2]
    assert "1970-01-05</span>: queries 2 + N" in text
    assert "svg" in Page(text).tags
    assert '<svg class="line"' not in reports.render(record)


async def test_a_merged_change_is_a_step_and_a_closed_one_is_not(service: Service) -> None:
    repo = service.shop()
    slow = await service.reviewed(repo, "slow", SLOW)
    given_up = await service.reviewed(
        repo,
        "given-up",
        {"shop/main.py": SLOW["shop/main.py"].replace("status_of(number)", "status_of('1')")},
    )
    await service.github.pr_event(repo, given_up.number, "closed")
    for _ in range(2):
        await service.github.pr_event(repo, slow.number, "merged")
    await service.idle()

    mended = service.run(
        repo, await service.reviewed(repo, "mended", {"shop/main.py": FILES["shop/main.py"]})
    )

    async with ClientSession() as session, session.get(local(service, mended.details_url)) as answer:
        text = await answer.text()
    assert "1 merged change moved it before" in text
    assert f"pull/{slow.number}" in text
    assert f"pull/{given_up.number}" not in text
    store = service.jobs.work.store  # type: ignore[attr-defined]  # the pipeline has one
    (kept,) = await store.costs(repo.id, "main", time.time())
    assert kept.number == slow.number
    assert await store.costs(repo.id, "other", time.time()) == []
    assert await store.costs(repo.id, "main", 1.0) == []
