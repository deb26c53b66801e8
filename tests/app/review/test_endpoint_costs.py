"""Costs of endpoints before and after, as comments and tables tell them."""

from __future__ import annotations

import msgspec
import pytest

from app.review.amounts import weigh
from app.review.comments import cost_words
from app.review.costs import EndpointChange, compare
from app.review.diff import Diff
from rules.engine.finding import (
    WORST_CASE,
    Cost,
    Endpoint,
    EndpointRef,
    Result,
    Skipped,
)

from .builders import (
    LINE,
    changed,
    diff,
    endpoint,
    finding,
    report,
    result,
)


@pytest.mark.parametrize(("waits", "told"), [("3 + N", False), ("2 + N", True)])
def test_waits_have_a_column_where_they_are_not_one_for_each_query_and_call(waits: str, told: bool) -> None:
    before = endpoint("GET /orders", queries="2", serial_waits="2")
    after = endpoint("GET /orders", queries="2 + N", external_calls="1", serial_waits=waits)

    summary = report(
        before=result(endpoints=(before,)), after=result(endpoints=(after,)), changes=LINE
    ).summary

    assert ("| waits in a row |" in summary) is told
    assert (f"| 2 → **2 + N** | 0 → **1** | {f'2 → **{waits}** | ' if told else ''}no |") in summary


@pytest.mark.parametrize(("endpoints", "folded"), [(5, False), (6, True)])
def test_many_endpoints_that_cost_what_they_did_are_folded(endpoints: int, folded: bool) -> None:
    costs = result(
        endpoints=tuple(endpoint(f"GET /orders/{number}", queries="2") for number in range(endpoints))
    )

    summary = report(before=costs, after=costs, changes=LINE).summary

    assert ("<details><summary>6 touched endpoints cost what they did</summary>" in summary) is folded
    assert summary.count("| `GET /orders/") == endpoints


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("2", "0", "2"), ("2 + N", "1", "3 + N"), "queries **2 → 2 + N**, external calls **0 → 1**"),
        (("2", "1", "2"), ("5", "1", "3"), "queries **2 → 5**, waits in a row **2 → 3**"),
        (None, ("2 + 3N·M", "1 + N·M", "3 + 4N·M"), "queries **2 + 3N·M**, external calls **1 + N·M**"),
        (
            None,
            ("9 + 3N + M + 4K + L + 2N·M", "0", "9 + 3N + M + 4K + L + 2N·M"),
            "queries **2N·M and 5 more terms**",
        ),
    ],
)
def test_waits_are_told_where_they_are_not_one_for_each_query_and_call(
    before: tuple[str, str, str] | None, after: tuple[str, str, str], told: str
) -> None:
    old = Cost(*before) if before else None

    assert cost_words(EndpointChange(method="GET", path="/", before=old, after=Cost(*after))) == told


@pytest.mark.parametrize(("queries", "explained"), [("2", False), ("2 + N", True)])
def test_costs_are_told_to_be_worst_cases(queries: str, explained: bool) -> None:
    costs = result(endpoints=(endpoint("GET /orders", queries=queries),))

    summary = report(before=costs, after=costs, changes=LINE).summary

    assert WORST_CASE in summary
    assert ("N, M, … are lengths of loops" in summary) is explained


def test_what_a_file_that_was_not_read_serves_is_not_called_removed() -> None:
    before, after = result(endpoints=(endpoint("GET /orders"),)), Result()
    unread = msgspec.structs.replace(after, skipped=(Skipped("shop/api.py", "syntax error"),))

    assert "removed" in report(before, after, LINE).summary
    made = report(before, unread, LINE)
    assert "removed" not in made.summary
    assert "1 file skipped</summary>\n\n- `shop/api.py`: syntax error" in made.summary


def test_endpoints_are_matched_by_route_then_by_handler() -> None:
    before = result(endpoints=(
        endpoint("GET /a", symbol="m.a", queries="1"), endpoint("GET /old", symbol="m.b", queries="2"), endpoint("GET /gone", symbol="m.c"),
        endpoint("GET /far", file="far.py"),
    ))  # fmt: skip
    after = result(endpoints=(
        endpoint("GET /a", symbol="m.a", queries="1 + N"), endpoint("GET /new", symbol="m.b", queries="2"), endpoint("GET /fresh", symbol="m.d"),
        endpoint("GET /far", file="far.py"),
    ))  # fmt: skip
    changes = {change.path: change for change in compare(before, after, LINE)}

    assert set(changes) == {"/a", "/new", "/fresh", "/gone"}
    assert changes["/new"].previous == EndpointRef("GET", "/old")
    assert changes["/new"].before == changes["/new"].after
    assert changes["/fresh"].before is None
    assert changes["/gone"].after is None
    assert next(iter(changes)) == "/a"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"symbol": "m.a", "body": "x"}, {"file": "other.py", "symbol": "other.a", "body": "x"}),
        ({"symbol": "m.a", "body": "x"}, {"file": "other.py", "symbol": "other.renamed", "body": "x"}),
        ({"symbol": "m.a", "body": "x"}, {"symbol": "m.renamed", "body": "x"}),
        (
            {"symbol": "old.a", "file": "old.py", "body": "x"},
            {"symbol": "new.a", "file": "new.py", "body": "changed"},
        ),
    ],
    ids=["another file", "another file and name", "another name", "a renamed file, changed inside"],
)
def test_a_moved_endpoint_is_known_by_its_handler(old: dict[str, str], new: dict[str, str]) -> None:
    renamed = Diff.of([changed("new.py", "x", "x", previous="old.py")])
    before = result(endpoints=(_endpoint("GET /v1/orders", **old),))
    after = result(endpoints=(_endpoint("GET /v2/orders", **new),))

    (change,) = compare(before, after, renamed)

    assert (str(change.ref), str(change.previous)) == ("GET /v2/orders", "GET /v1/orders")
    assert change.before == change.after


def _endpoint(name: str, body: str = "", **others: str) -> Endpoint:
    return msgspec.structs.replace(endpoint(name, queries="2", **others), body=body)


def test_two_applications_with_the_same_route_are_two_endpoints() -> None:
    before = result(
        endpoints=(endpoint("GET /health", file="a.py"), endpoint("GET /health", file="b.py", queries="1"))
    )
    after = result(
        endpoints=(endpoint("GET /health", file="a.py"), endpoint("GET /health", file="b.py", queries="2"))
    )

    (change,) = compare(before, after, LINE)

    assert (change.file, change.before, change.after) == ("b.py", Cost(queries="1"), Cost(queries="2"))


def test_the_cost_table_shows_the_costliest_moves_and_folds_the_rest() -> None:
    def tree(more: int) -> Result:
        return result(
            endpoints=(
                *(
                    endpoint(f"GET /things/{number:03}", queries=str(1 + more + number))
                    for number in range(300)
                ),
                endpoint("GET /worst", queries=f"{1 + more}N" if more else "1"),
                endpoint("GET /same", queries="1"),
            )
        )

    table = [line for line in report(tree(0), tree(1), LINE).summary.split("\n") if line.startswith("| ")]
    rows = table[1:]

    assert rows[0].startswith("| `GET /worst` | 1 → **2N** |")
    assert len(rows) == 22
    assert rows[-2] == "| 281 more | dearer |  |  |  |"
    assert rows[-1] == "| 1 other | unchanged |  |  |  |"


def test_endpoints_that_moved_alike_are_one_row() -> None:
    def tree(queries: str, *stops: str) -> Result:
        return result(
            endpoints=(
                *(endpoint(f"GET /things/{number}", queries=queries) for number in range(4)),
                *(
                    endpoint(f"GET /old/{number}", queries=str(number), blocking=("os.stat", *stops))
                    for number in range(3)
                ),
                *(endpoint(f"GET /two/{number}", queries=f"{queries}N") for number in range(2)),
            )
        )

    table = report(tree("1"), tree("2", "builtins.open"), LINE).summary.split("\n")

    assert [line for line in table if line.startswith("| `")] == [
        "| `GET /old/2`, `GET /old/1` and `GET /old/0` | unchanged |  |  | **`open`** |",
        "| `GET /two/0` | 1N → **2N** | 0 | 0 | no |",
        "| `GET /two/1` | 1N → **2N** | 0 | 0 | no |",
        "| `GET /things/0`, `GET /things/1` and 2 more | 1 → **2** | 0 | 0 | no |",
    ]


def test_of_a_new_endpoint_what_others_do_already_does_not_stand_out() -> None:
    new = endpoint("GET /new", blocking=("sqlalchemy.orm.Session.get",))
    quiet = report(after=result(endpoints=(new,)), changes=LINE).summary
    told = report(
        after=result(finding(20, endpoint=EndpointRef("GET", "/new")), endpoints=(new,)), changes=LINE
    ).summary

    assert "| `GET /new` <sub>new</sub> | 0 | 0 | `Session.get` |" in quiet
    assert "| `GET /new` <sub>new</sub> | 0 | 0 | **`Session.get`** |" in told


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("0", "1"),
        ("9", "N"),
        ("2 + N", "2 + 3N"),
        ("3N", "N*M"),
        ("N", "N²"),
        ("N²", "N³"),
        ("5 + N", "N·M"),
        ("?", "1"),
    ],
)
def test_costs_are_ordered_by_their_growth(small: str, large: str) -> None:
    assert weigh(small) < weigh(large)


def test_a_row_of_the_cost_table_names_what_newly_stops_the_loop_first() -> None:
    made = report(
        result(endpoints=(endpoint("GET /a", blocking=("builtins.open", "sqlalchemy.orm.Session.get")),)),
        result(
            endpoints=(
                endpoint(
                    "GET /a",
                    blocking=("builtins.open", "sqlalchemy.orm.Session.get", "requests.get", "time.sleep"),
                ),
            )
        ),
        LINE,
    )

    assert "| **`requests.get`**, **`time.sleep`**, `open` and 1 more |" in made.summary


def test_tables_of_several_projects_have_names_and_the_unchanged_endpoints_of_their_own() -> None:
    def tree(queries: str) -> Result:
        return result(
            endpoints=(
                endpoint("GET /a", file="one/api.py", queries=queries),
                endpoint("GET /b", file="one/api.py"),
                endpoint("GET /c", file="api.py", queries=queries),
                endpoint("GET /d", file="two/api.py"),
            )
        )

    files = dict.fromkeys(("one/api.py", "two/api.py", "api.py"), ("x = 1\n", "x = 2\n"))
    summary = report(tree("1"), tree("2"), diff(files), roots=("one", "two")).summary

    parts = summary.partition("### Performance assessment\n")[2].split("#### ")[1:]
    assert [part.split("\n")[0] for part in parts] == ["`one`", "Outside of these folders"]
    assert "| 1 other | unchanged |" in parts[0]
    assert "| 1 other | unchanged |" in parts[1]


def test_letters_are_explained_only_where_some_are_shown() -> None:
    gone = report(
        result(endpoints=(endpoint("GET /gone", queries="N"), endpoint("GET /a"))),
        result(endpoints=(endpoint("GET /a", queries="1"),)),
        LINE,
    )

    assert "| `GET /gone` | removed |" in gone.summary
    assert "N, M, …" not in gone.summary
