from __future__ import annotations

import msgspec

from app.review import grouping
from rules.engine.finding import Confidence, EndpointRef, Finding, Hop, Severity

from .builders import endpoint, finding


def reaching(
    line: int, symbol: str, leaf_line: int = 7, leaf_path: str = "shop/clients.py", **changes: object
) -> Finding:
    path = (Hop("shop/api.py", line, "ask"), Hop(leaf_path, leaf_line, symbol))
    values = {
        "code": "FP103",
        "leaf": symbol,
        "cause": f"{leaf_path}:{leaf_line}",
        "call_path": path,
    } | changes
    return finding(line, **values)


def lines(entries: tuple[grouping.Entry, ...]) -> list[list[int]]:
    return [[each.line for each in entry.findings] for entry in entries]


def test_one_leaf_is_one_entry_and_three_calls_of_one_function_in_one_module_are() -> None:
    same = [reaching(1, "requests.get"), reaching(2, "requests.get")]
    assert lines(grouping.entries(same)) == [[1, 2]]

    others = [reaching(line, "requests.get", leaf_line=line) for line in (1, 2, 3)]
    assert lines(grouping.entries(others[:2])) == [[1], [2]]
    assert lines(grouping.entries(others)) == [[1, 2, 3]]
    elsewhere = [reaching(line, "requests.get", leaf_path=f"shop/{line}.py") for line in (1, 2, 3)]
    assert lines(grouping.entries(elsewhere)) == [[1], [2], [3]]


def test_a_design_is_the_library_whose_sessions_all_wait_for_wherever_they_do() -> None:
    names = ("sqlalchemy.orm.Session.get", "sqlmodel.Session.exec", "sqlalchemy.orm.Query.all")
    found = [reaching(line, name, leaf_path=f"shop/{line}.py") for line, name in enumerate(names, 1)]

    (entry,) = grouping.entries(found)
    assert entry.design == "sqlalchemy"
    assert grouping.decision(entry.first).startswith("`AsyncSession`")
    hint = reaching(9, names[0], confidence=Confidence.POSSIBLE)
    assert lines(grouping.entries([*found, hint])) == [[1, 2, 3], [9]]
    other = reaching(9, "pymongo.collection.Collection.find_one")
    assert lines(grouping.entries([*found, other])) == [[1, 2, 3], [9]]


def test_functions_that_make_a_call_themselves_are_mended_one_by_one() -> None:
    def sleeping(line: int) -> Finding:
        path = (Hop("shop/api.py", line, "slow"), Hop("shop/api.py", line + 1, "time.sleep"))
        told = f"`slow_{line}` awaits nothing and calls `time.sleep`."
        return finding(line, code="FP104", leaf="time.sleep", call_path=path, message=told)

    assert lines(grouping.entries([sleeping(line) for line in (10, 20, 30)])) == [[10], [20], [30]]


def test_what_is_written_three_times_in_one_file_in_the_same_words_is_one_entry() -> None:
    def counting(line: int, **changes: object) -> Finding:
        return finding(
            line, code="FP209", **{"cause": "", "message": "`len(rows)` loads every row."} | changes
        )

    assert lines(grouping.entries([counting(1), counting(2)])) == [[1], [2]]
    assert lines(grouping.entries([counting(1), counting(2), counting(3)])) == [[1, 2, 3]]
    others = [counting(4, path="shop/other.py"), counting(5, message="`len(all)` loads every row.")]
    assert lines(grouping.entries([counting(1), counting(2), *others])) == [[1], [2], [4], [5]]


def test_the_costliest_place_is_worded_and_the_entry_stands_where_it_does() -> None:
    cheap = reaching(1, "requests.get", endpoint=EndpointRef("GET", "/cheap"))
    dear = reaching(5, "requests.get", endpoint=EndpointRef("GET", "/dear"))
    between = finding(3, code="FP601")
    costs = (endpoint("GET /cheap", queries="1"), endpoint("GET /dear", queries="N"))

    assert lines(grouping.entries([cheap, between, dear], costs)) == [[3], [5, 1]]


def test_what_is_alone_on_the_line_of_something_worse_is_told_there() -> None:
    worse, other = finding(3, Severity.CRITICAL), finding(3, code="FP601", fingerprint="other")
    hint = finding(3, code="FP115", confidence=Confidence.POSSIBLE, fingerprint="hint")

    entries = grouping.entries([other, worse, hint])
    assert [(entry.first, entry.also) for entry in entries] == [(worse, (other,)), (hint, ())]
    assert grouping.without(entries[0], {("shop/api.py", worse.fingerprint)}) == grouping.Entry((other,))
    assert (
        grouping.without(entries[0], {("shop/api.py", each.fingerprint) for each in (worse, other)}) is None
    )


def test_a_design_is_counted_where_the_endpoint_itself_waits_on_the_event_loop() -> None:
    waiting = [
        endpoint(f"GET /{at}", blocking=("sqlalchemy.orm.Query.all",)) for at in range(grouping.HOUSE_STYLE)
    ]
    assert len(grouping.house(waiting)["sqlalchemy"]) == grouping.HOUSE_STYLE
    in_threads = [msgspec.structs.replace(each, runs_on="thread") for each in waiting]
    assert grouping.house([waiting[0], *in_threads[1:]]) == {}
