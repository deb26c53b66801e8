"""The drawing of load against response time."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest

from app.review.answered import Answered
from app.review.answers import Answer
from app.review.costs import EndpointChange
from app.review.record import Record
from app.web import load_chart, reports
from rules.engine.costs.capacity import Site, capacities
from rules.engine.finding import Cost, Endpoint

BEFORE, AFTER = Cost("2"), Cost("2 + N", "1")


def record(*changes: EndpointChange, site: Site | None = None) -> Record:
    return Record(
        repository="octo/shop",
        number=1,
        head_sha="a" * 40,
        conclusion="neutral",
        title="1 new",
        endpoints=changes,
        site=site or Site(),
    )


def change(before: Cost | None = BEFORE, after: Cost | None = AFTER, path: str = "/orders") -> EndpointChange:
    return EndpointChange(method="GET", path=path, before=before, after=after)


def points(drawing: str, kind: str) -> list[tuple[float, float]]:
    found = re.search(rf'class="{kind}" points="([^"]+)"', drawing)
    assert found
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found[1].split(" "))]


def test_a_dearer_endpoint_hits_its_wall_sooner() -> None:
    (curve,) = load_chart.curves(record(change()))

    ElementTree.fromstring(curve.drawing)
    before, after = points(curve.drawing, "before"), points(curve.drawing, "after")
    assert after[-1][0] < before[-1][0]
    for line in (before, after):
        assert all(0 <= x <= load_chart.WIDTH and 0 <= y <= load_chart.HEIGHT for x, y in line)
        assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)
    assert re.fullmatch(
        r"before at most [\d,.]+ requests/s \(.+\); after at most [\d,.]+ requests/s \(.+\)", curve.words
    )


def test_a_new_endpoint_has_one_curve_and_one_that_is_gone_or_the_same_has_none() -> None:
    (curve,) = load_chart.curves(record(change(before=None), change(after=None), change(after=BEFORE)))

    assert 'class="before"' not in curve.drawing
    assert curve.words.startswith("at most ")


def test_endpoints_that_a_change_leaves_alone_are_drawn_too_the_tightest_first() -> None:
    light, heavy = change(BEFORE, BEFORE, "/light"), change(AFTER, AFTER, "/heavy")
    kept = msgspec.structs.replace(record(change(), light), standing=(heavy,))

    assert [curve.name for curve in load_chart.curves(kept)] == ["GET /orders"]
    assert [curve.name for curve in load_chart.others(kept)] == ["GET /heavy", "GET /light"]
    page = reports.render(Record.decode(kept.encode()))
    assert page.count('class="load"') == 3
    assert "2 endpoints that cost what they did" in page


@pytest.mark.parametrize("cost", [Cost(), Cost("N·M + 9N²", "N", blocking=("requests.get",), unbounded=True)])
def test_any_cost_can_be_drawn(cost: Cost) -> None:
    drawing = load_chart.load_and_latency(None, load_chart._capacity(change(), cost, Site()))

    ElementTree.fromstring(drawing)
    assert "nan" not in drawing


def test_the_page_of_a_review_shows_the_curves_and_old_records_have_none() -> None:
    page = reports.render(Record.decode(record(change(path="/<b>")).encode()))
    assert 'class="load"' in page
    assert "GET /&lt;b&gt;" in page

    old = msgspec.structs.replace(record(change()), site=None)
    assert 'class="load"' not in reports.render(old)


def test_the_page_of_an_answer_on_scaling_draws_each_endpoint_and_marks_the_load() -> None:
    found = capacities(
        [Endpoint("GET", path, "api.py", 1, "loop", AFTER) for path in ("/orders", "/<b>")], Site()
    )
    answer = Answer("short", ceilings=tuple(found), wanted=100)
    assert answer.is_cut

    answered = Answered.of([answer], ["/fastperf scale 10x"], "octo/shop", 1, "a" * 40)
    page = reports.render_answer(Answered.decode(answered.encode()))

    assert page.count('class="load"') == page.count('class="wanted"') == 2
    assert "GET /&lt;b&gt;" in page
    assert 'class="load"' not in reports.render_answer(
        Answered.of([Answer("short", "whole")], ["/fastperf audit"], "octo/shop", 1, "a" * 40)
    )
