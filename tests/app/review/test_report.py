from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.models import ChangedFile
from app.review.amounts import weigh
from app.review.comments import cost_words
from app.review.config import Config
from app.review.costs import EndpointChange, compare
from app.review.diff import Diff
from app.review.markdown import LIMIT
from app.review.reconcile import reconcile
from app.review.report import Report
from rules.engine.finding import (
    WORST_CASE,
    Confidence,
    Cost,
    Effort,
    Endpoint,
    EndpointRef,
    Finding,
    Hop,
    Impact,
    Result,
    Severity,
    Skipped,
    Suppressed,
)

from .builders import (
    HEAD,
    changed,
    diff,
    endpoint,
    finding,
    fix,
    numbered,
    orders_diff,
    report,
    result,
    roundtrip,
    thread,
    tracking,
)
from .test_markdown import HOSTILE, MENTION, READER

LINE = numbered("shop/api.py", 20)


def configured(text: str) -> Config:
    return Config.parse({".github/fastperf.toml": text}, codes={"FP101", "FP201"})


def test_the_first_application_brings_a_checklist_and_later_changes_do_not() -> None:
    lacks = (
        finding(severity=Severity.INFO, code="FP614", message="None of the 3 endpoints is a health check."),
    )
    first = msgspec.structs.replace(result(endpoints=(endpoint("GET /orders"),)), advice=lacks)
    grown = msgspec.structs.replace(
        result(endpoints=(endpoint("GET /orders"), endpoint("GET /stock"))), advice=lacks
    )

    new, later = (
        report(before=before, after=after, changes=LINE)
        for before, after in ((result(), first), (first, grown))
    )

    assert "### Checklist for a new service\n- [ ] None of the 3 endpoints is a health check." in new.summary
    assert (new.conclusion, new.title, new.new) == ("success", "no new performance problems", ())
    assert "Checklist" not in later.summary


def test_a_clean_pull_request_succeeds_in_silence() -> None:
    made = report(
        before=result(endpoints=(endpoint("GET /orders", queries="2"),)),
        after=result(endpoints=(endpoint("GET /orders", queries="2"),)),
        changes=LINE,
    )

    assert (made.conclusion, made.title) == ("success", "no new performance problems")
    assert made.comments == made.annotations == ()
    assert made.text == ""
    assert made.summary == (
        "## No new performance problems\n\n"
        "### Performance assessment\n"
        "| endpoint | queries | external calls | waits in a row | blocks the loop |\n"
        "|---|---|---|---|---|\n"
        "| `GET /orders` | 2 | 0 | 0 | no |\n\n"
        f"<sub>{WORST_CASE}</sub>"
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
    ("instead", "title"),
    [
        ("Wait in a thread: `await to_thread(f)`. It is free.", "Wait in a thread"),
        (
            "Ask once for all (`in_(…)`; in batches); pick from a dictionary.",
            "Ask once for all (`in_(…)`; in batches)",
        ),
        ("Set `a: int`, then commit.", "Set `a: int`, then commit"),
        ("motor: pymongo.", "motor: pymongo"),
        ("Use a client; or hand it to a thread: `to_thread`.", "Use a client"),
        ("Hand it to a thread, or use a client.", "Hand it to a thread"),
        (
            "Ask once for all (`in_(…)`, or in batches), then pick.",
            "Ask once for all (`in_(…)`, or in batches), then pick",
        ),
    ],
)
def test_a_recommendation_is_short_where_the_finding_says_it_whole(instead: str, title: str) -> None:
    (item,) = report(after=result(finding(instead=instead)), changes=LINE).recommendations

    assert item.title == title


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("2", "0", "2"), ("2 + N", "1", "3 + N"), "queries **2 → 2 + N**, external calls **0 → 1**"),
        (("2", "1", "2"), ("5", "1", "3"), "queries **2 → 5**, waits in a row **2 → 3**"),
        (None, ("2 + 3N·M", "1 + N·M", "3 + 4N·M"), "queries **2 + 3N·M**, external calls **1 + N·M**"),
        (
            None,
            ("9 + 3N + M + 4K + L + 2N·M", "0", "9 + 3N + M + 4K + L + 2N·M"),
            "queries **2N·M and 5 smaller terms**",
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


def test_a_finding_that_was_there_before_never_blocks_a_merge() -> None:
    old, new = finding(12, fingerprint="old"), finding(20, Severity.LOW, fingerprint="new")
    made = report(result(old), result(old, new), LINE)

    assert made.conclusion == "neutral"
    assert made.new == (new,)
    assert made.existing == (old,)
    assert made.title == "1 low new"


@pytest.mark.parametrize(
    ("changes", "config", "others", "conclusion", "title"),
    [
        ({}, "", {}, "failure", "1 high new"),
        ({"severity": Severity.MEDIUM}, "", {}, "neutral", "1 medium new"),
        ({"severity": Severity.MEDIUM}, "fail_on = 'medium'", {}, "failure", "1 medium new"),
        ({"gates": False}, "", {}, "neutral", "1 high new"),
        ({"confidence": Confidence.POSSIBLE}, "", {}, "neutral", "no new performance problems · 1 hint"),
        ({"confidence": Confidence.LIKELY}, "", {}, "failure", "1 high new"),
        ({}, "fail_on = 'never'", {}, "neutral", "1 high new"),
        ({}, "mode = 'advise'", {}, "neutral", "1 high new · would have failed"),
        ({}, "mode = 'observe'", {}, "success", "no new performance problems"),
        ({}, "", {"advisory": True}, "neutral", "1 high new · would have failed"),
        ({}, "", {"faults": ["x"]}, "failure", "review incomplete · 1 high new"),
        ({}, "", {"tip": result(finding(line=20, fingerprint="it"))}, "success", "no new performance problems"),
        ({"severity": Severity.LOW}, "on_fault = 'action_required'", {"faults": ["x"]}, "action_required", "review incomplete · 1 low new"),
        ({"line": 3}, "", {}, "failure", "1 high new"),
    ],
)  # fmt: skip
def test_conclusions(
    changes: dict[str, object], config: str, others: dict[str, object], conclusion: str, title: str
) -> None:
    one = finding(**{"line": 20, "fingerprint": "it", **changes})  # type: ignore[arg-type]  # values by name
    made = report(after=result(one), changes=LINE, config=configured(config), **others)

    assert (made.conclusion, made.title) == (conclusion, title)


@pytest.mark.parametrize(
    ("config", "others", "conclusion"),
    [
        ("", {"faults": ["The analysis ran out of time."]}, "neutral"),
        ("on_fault = 'failure'", {"faults": ["The analysis ran out of time."]}, "failure"),
        ("", {"skipped": [Skipped("shop/big.py", "too large")]}, "neutral"),
        (
            "on_skip = 'action_required'",
            {"skipped": [Skipped("shop/big.py", "too large")]},
            "action_required",
        ),
    ],
)
def test_faults_and_skipped_files_conclude_as_chosen(
    config: str, others: dict[str, object], conclusion: str
) -> None:
    made = report(config=configured(config), **others)

    assert made.conclusion == conclusion
    assert made.title != "no new performance problems"


def test_a_fault_says_what_to_do() -> None:
    made = report(faults=["The analysis ran out of time."])

    assert made.summary == (
        "## This review is incomplete\n\nThe analysis ran out of time. That is ours: `/fastperf rescan` tries again."
    )


def test_only_skipped_files_of_the_change_count() -> None:
    skipped = (Skipped("shop/api.py", "not UTF-8"), Skipped("other.py", "too large"))
    made = report(after=result(skipped=skipped), changes=LINE)

    assert made.title == "no new performance problems · 1 changed file skipped"
    assert made.conclusion == "neutral"
    assert "2 files skipped" in made.summary
    assert "`other.py`: too large" in made.summary


def test_findings_of_a_skipped_file_are_not_fixed() -> None:
    gone = finding(path="a.py")
    renamed = Diff.of([ChangedFile("b.py", "renamed", previous_path="a.py")])

    assert report(result(gone), result()).fixed == (gone,)
    assert report(result(gone), result(skipped=(Skipped("b.py", "x"),)), renamed).fixed == ()


def test_a_finding_without_a_line_is_an_annotation() -> None:
    one = finding(
        3, Severity.CRITICAL,
        call_path=(Hop("shop/api.py", 3, "f"), Hop("lib.py", 9, "requests.get")),
    )  # fmt: skip
    made = report(after=result(one, finding(5, Severity.MEDIUM), finding(6, Severity.LOW)), changes=LINE)

    assert made.comments == ()
    assert [(entry.start_line, entry.annotation_level) for entry in made.annotations] == [
        (3, "failure"), (5, "warning"), (6, "notice"),
    ]  # fmt: skip
    assert made.annotations[0].title == "Critical · FP101 blocking-call-in-async"
    assert "shop/api.py:3 → lib.py:9" in made.annotations[0].message


def test_unsure_and_observed_findings_are_in_the_summary_only() -> None:
    hint = finding(20, Severity.INFO, message="a hint")
    unsure = finding(20, Severity.HIGH, confidence=Confidence.POSSIBLE, fingerprint="u")
    watched = finding(20, code="FP201", fingerprint="w", message="a watched one")
    made = report(
        after=result(hint, unsure, watched), changes=LINE, config=configured("mode = { FP2 = 'observe' }")
    )

    assert made.comments == made.annotations == ()
    assert made.title == "no new performance problems · 2 hints"
    assert "2 hints · 1 observed" in made.summary
    assert "a watched one" in made.summary


def test_comments_beyond_the_most_are_folded_into_the_summary() -> None:
    many = [finding(line, fingerprint=f"f{line}") for line in range(1, 8)]
    made = report(
        after=result(*many),
        changes=numbered("shop/api.py", tuple(range(1, 8))),
        config=configured("max_comments = 3"),
    )

    assert [comment.line for comment in made.comments] == [1, 2, 3]
    assert made.folded == ("f4", "f5", "f6", "f7")
    assert made.annotations == ()
    assert "4 new problems without a comment" in made.summary


def test_two_suggestions_never_want_the_same_line() -> None:
    one = finding(20, fix=fix(("shop/api.py", 20, 20, "one\n")), fingerprint="1")
    two = finding(20, fix=fix(("shop/api.py", 19, 20, "two\n")), fingerprint="2", code="FP601")
    made = report(after=result(one, two), changes=LINE)

    assert [body.count("```suggestion") for body in (comment.body for comment in made.comments)] == [1]
    assert made.patch.count("+one") == 1
    assert "+two" not in made.patch
    assert "1 fix changes the same lines" in made.summary


def test_a_click_is_promised_where_there_is_something_to_click() -> None:
    made = report(after=result(tracking()), changes=orders_diff())
    (said,) = made.comments
    here, outdated = thread(said.body), thread(said.body, outdated=True)

    for promised, others in (
        (True, {}),
        (False, {"quiet": True}),
        (True, {"quiet": True, "threads": (outdated, here)}),
        (False, {"threads": (outdated,)}),
    ):
        told = report(after=result(tracking()), changes=orders_diff(), **others)
        assert ("One click on the pull request mends it" in told.summary) is promised, others
        assert ("one click on the line" in told.summary) is promised, others
        assert "patch" in told.summary


def test_what_a_file_that_was_not_read_serves_is_not_called_removed() -> None:
    before, after = result(endpoints=(endpoint("GET /orders"),)), Result()
    unread = msgspec.structs.replace(after, skipped=(Skipped("shop/api.py", "syntax error"),))

    assert "removed" in report(before, after, LINE).summary
    made = report(before, unread, LINE)
    assert "removed" not in made.summary
    assert "1 file skipped</summary>\n\n- `shop/api.py`: syntax error" in made.summary


def test_a_severity_cap_keeps_an_endpoint_from_blocking() -> None:
    config = configured("[[endpoint]]\nmatch = 'GET /orders'\nseverity_cap = 'low'\n")
    made = report(after=result(finding(20)), changes=LINE, config=config)

    assert (made.conclusion, made.title) == ("neutral", "1 low new")


def test_a_finding_that_got_worse_is_new() -> None:
    before, after = finding(20, Severity.LOW, fingerprint="x"), finding(20, Severity.HIGH, fingerprint="x")
    made = report(result(before), result(after), LINE)

    assert (made.new, made.grown, made.conclusion) == ((after,), ("x",), "failure")


def test_old_findings_on_touched_lines_are_nearby_and_do_not_count() -> None:
    near, far = finding(20, fingerprint="near"), finding(30, fingerprint="far")
    through = finding(
        31, fingerprint="through", call_path=(Hop("shop/api.py", 31, "f"), Hop("shop/api.py", 20, "g"))
    )
    made = report(result(near, far, through), result(near, far, through), LINE)

    assert made.nearby == (near, through)
    assert made.conclusion == "success"
    assert "2 old findings near your change" in made.summary


def test_suppressions_are_listed_and_those_added_here_are_marked() -> None:
    suppressed = (
        Suppressed("FP101", "shop/api.py", 20, "warm-up"),
        Suppressed("FP101", "shop/api.py", 30, ""),
    )
    made = report(after=result(suppressed=suppressed), changes=LINE)

    assert "2 suppressions, 1 added" in made.summary
    assert "**added here**: warm-up" in made.summary
    assert "no reason given" in made.summary


def test_mistakes_in_the_configuration_are_annotated_on_their_line() -> None:
    made = report(config=configured("\nfial_on = 1\n"))

    assert [(entry.path, entry.start_line, entry.annotation_level) for entry in made.annotations] == [
        (".github/fastperf.toml", 2, "warning")
    ]
    assert "1 configuration error" in made.summary
    assert made.conclusion == "success"
    assert report(config=Config.parse({}, "fial_on = 1")).annotations == ()


def test_recommendations_are_ranked_by_impact_per_effort() -> None:
    slow = finding(20, Severity.CRITICAL, effort=Effort.DAYS, instead="Rewrite it.", fingerprint="1")
    quick = finding(20, Severity.HIGH, effort=Effort.MINUTES, instead="Add a timeout.", fingerprint="2")
    twin = finding(21, Severity.HIGH, effort=Effort.MINUTES, instead="Add a timeout.", fingerprint="3")
    made = report(after=result(slow, quick, twin), changes=LINE)

    assert [item.title for item in made.recommendations] == ["Add a timeout", "Rewrite it"]
    assert [place.line for place in made.recommendations[0].places] == [20, 21]


@pytest.mark.parametrize(
    ("codes", "answer"),
    [
        (("FP101", "FP401"), "[context]\np95_ms = 20"),
        (("FP401", "FP101"), "[context]\np95_ms = 2000"),
        (("FP101", "FP601"), "[context]\nerror_rate = 0.05"),
        (("FP101", "FP301"), "[context]\nrps = 500"),
        (("FP301", "FP101"), "[context]\nworkers = 1"),
        (
            ("FP101", "FP102"),
            "[[endpoint]]\nmatch = '*'\nrps = 2\n[[endpoint]]\nmatch = 'GET /cart'\nrps = 90",
        ),
        (("FP101", "FP401"), "[[endpoint]]\nmatch = 'GET /cart'\nerror_rate = 0.2"),
        (("FP101", "FP102"), "[[endpoint]]\nmatch = 'GET /cart'\np95_ms = 900"),
    ],
)
def test_what_is_told_of_production_ranks_what_to_do(codes: tuple[str, str], answer: str) -> None:
    first, second = (
        finding(20, code=code, instead=code, fingerprint=code, endpoint=EndpointRef("GET", path))
        for code, path in zip(codes, ("/orders", "/cart"), strict=True)
    )

    before = report(after=result(first, second), changes=LINE)
    told = report(after=result(first, second), changes=LINE, config=configured(answer))

    assert [item.code for item in before.recommendations] == sorted(codes)
    ranked = [item.code for item in told.recommendations]
    assert ranked == [codes[1], codes[0]]


def test_questions_ask_for_assumptions_that_the_project_has_not_answered() -> None:
    one = finding(20, impact=Impact(summary="x", assumptions={"concurrency": 32, "http_latency_ms": 100}))
    open_ = report(after=result(one), changes=LINE)
    answered = report(
        after=result(one), changes=LINE, config=configured("[context]\nconcurrency = 8\nworkers = 2")
    )

    assert [item.key for item in open_.questions] == ["concurrency", "http_latency_ms", "workers"]
    assert [item.key for item in answered.questions] == ["http_latency_ms"]
    assert "`[tool.fastperf.context] concurrency`) — 32 is assumed" in open_.summary


def test_what_the_projects_files_tell_or_what_changes_nothing_is_not_asked() -> None:
    constant = finding(20, impact=Impact(summary="x", assumptions={"threads": 40, "rows": 100}))
    looped = finding(20, code="FP201", impact=Impact(summary="x"))

    assert [item.key for item in report(after=result(constant), changes=LINE).questions] == ["workers"]
    assert [item.key for item in report(after=result(looped), changes=LINE).questions] == ["database"]
    told = msgspec.structs.replace(result(constant, looped), told=("database", "workers"))
    assert report(after=told, changes=LINE).questions == ()


@pytest.mark.parametrize(
    ("codes", "key", "value"),
    [
        (("FP501", "FP701"), "p95_ms", 50),
        (("FP501", "FP704"), "rps", 500),
        (("FP501", "FP617"), "error_rate", 0.05),
    ],
)
def test_what_ranks_is_asked_where_it_would_change_the_order(
    codes: tuple[str, str], key: str, value: float
) -> None:
    first, second = (finding(20, code=code, instead=code, fingerprint=code) for code in codes)

    alone = report(after=result(second), changes=LINE)
    both = report(after=result(first, second), changes=LINE)
    told = report(after=result(first, second), changes=LINE, config=configured(f"[context]\n{key} = {value}"))

    assert key not in [item.key for item in alone.questions]
    assert key in [item.key for item in both.questions]
    assert key not in [item.key for item in told.questions]
    assert [item.code for item in told.recommendations] != [item.code for item in both.recommendations]


def test_the_summary_has_its_five_parts_in_order() -> None:
    text = report(after=result(tracking(), endpoints=(endpoint("GET /x"),)), changes=orders_diff()).summary
    headings = [line for line in text.split("\n") if line.startswith("#")]

    assert headings == [
        "## 1 new problem blocks this merge",
        "### Performance assessment",
        "### Recommendations",
        "### Implementation",
        "### Monitoring",
        "### Next steps",
    ]


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


def test_the_contract_has_its_keys_and_shapes() -> None:
    made = report(
        before=result(endpoints=(endpoint("GET /orders", queries="2"),)),
        after=result(tracking(), endpoints=(endpoint("GET /orders", queries="2 + N"),)),
        changes=orders_diff(),
    )
    document = json.loads(json.dumps(made.contract()))

    assert set(document) == {
        "version", "conclusion", "title", "summary", "new", "fixed", "existing", "nearby", "findings", "comments",
        "annotations", "recommendations", "questions", "suppressed", "waived", "endpoints", "skipped", "statistics",
    }  # fmt: skip
    assert (document["version"], document["new"], document["fixed"]) == (1, 1, 0)
    assert list(document["comments"][0]) == ["path", "line", "side", "body", "code", "fingerprint"]
    assert document["endpoints"] == [
        {
            "method": "GET", "path": "/orders",
            "before": {"queries": "2", "external_calls": "0", "serial_waits": "0", "blocking": [], "unbounded": False},
            "after": {"queries": "2 + N", "external_calls": "0", "serial_waits": "0", "blocking": [], "unbounded": False},
        }
    ]  # fmt: skip
    assert "places" not in document["findings"][0]


def test_a_range_has_its_start_in_the_contract() -> None:
    one = finding(20, fix=fix(("shop/api.py", 19, 20, "x\n")))
    (comment,) = report(after=result(one), changes=LINE).contract()["comments"]

    assert (comment["start_line"], comment["line"]) == (19, 20)


def test_a_report_is_stored_as_json() -> None:
    made = report(after=result(tracking(), finding(20)), changes=orders_diff(), faults=["x"])

    assert roundtrip(made) == made


def huge(count: int, text: str) -> Report:
    many = [
        finding(
            number, path=f"shop/{text}{number % 400}.py", message=f"`{text}` {number} " + "waits " * 40,
            instead=f"Call {text} {number % 300} another way. " * 9, metric=f"metric {number}", trade_offs=text * 30,
            endpoint=EndpointRef("GET", f"/{text}/{number}"), fingerprint=f"f{number}",
            fix=fix((f"shop/{text}{number % 400}.py", number, number, f"x = '{text}'\n" * 5)),
        )
        for number in range(1, count)
    ]  # fmt: skip
    endpoints = tuple(endpoint(f"GET /{text}/{number}", queries=f"{number} + N") for number in range(count))
    changes = Diff.of([ChangedFile(entry.path, "added") for entry in many])
    texts = {entry.path: dict.fromkeys(range(1, count), "old\n") for entry in many}
    suppressed = tuple(Suppressed("FP101", f"shop/{text}{number}.py", 1, text * 9) for number in range(count))
    return report(
        after=result(*many, endpoints=endpoints, suppressed=suppressed), changes=changes, excerpts=texts
    )


@pytest.mark.parametrize(("count", "text"), [(3, "a"), (60, "é"), (400, "🔴"), (2500, "語"), (900, "`|<@a>")])
def test_texts_stay_within_github_s_limits_with_whole_fences_and_tables(count: int, text: str) -> None:
    made = huge(count, text)

    for markdown in (made.summary, made.text):
        assert len(markdown.encode()) <= LIMIT
        fences = [line for line in markdown.split("\n") if line.startswith("```")]
        assert len(fences) % 2 == 0
        assert markdown.count("<details>") == markdown.count("</details>")
        for line in markdown.split("\n"):
            if line.startswith("| `"):
                assert line.endswith("|")
    assert "### Recommendations" in made.summary
    assert "### Next steps" in made.summary
    assert len(made.title) <= 255
    assert all(len(entry.title) <= 255 for entry in made.annotations)


hostile = st.sampled_from(HOSTILE) | st.text(max_size=20)


@settings(max_examples=40, deadline=None)
@given(hostile, hostile.map(lambda text: text.replace("\0", "") or "x"), hostile, hostile)
def test_hostile_names_make_no_mention_link_or_tag_in_the_summary(
    message: str, path: str, route: str, reason: str
) -> None:
    def one(fingerprint: str) -> Finding:
        return finding(
            20, path=path, message=message, instead=reason, metric=message, trade_offs=reason,
            endpoint=EndpointRef("GET", route), fingerprint=fingerprint,
            impact=Impact(summary=message, assumptions={reason: message}),
        )  # fmt: skip

    made = report(
        before=result(one("old"), endpoints=(endpoint("GET /x", symbol="s"),)),
        after=result(
            one("old"), one("new"), endpoints=(endpoint(f"GET {route}", symbol="s", queries=message, blocking=(reason,)),),
            suppressed=(Suppressed("FP101", path, 20, reason),), skipped=(Skipped(path, reason),),
        ),
        changes=diff({path: ("a\n" * 20, "a\n" * 19 + "b\n" + "a\n")}),
        faults=[reason],
        config=configured(f"'{''.join(character for character in route if character.isprintable() and character != chr(39))}' = 1"),
    )  # fmt: skip
    for text in (made.summary, made.text):
        for token in READER.parse(text):
            assert token.type != "html_block" or token.content.startswith(
                ("<details><summary>", "</details>")
            )
            for child in token.children or []:
                if child.type == "text":
                    assert not MENTION.search(child.content)
                elif child.type == "link_open":
                    assert str(child.attrs["href"]).startswith(
                        ("https://fastperf.example/", "https://github.com/acme/")
                    )
                elif child.type == "html_inline":
                    assert child.content in ("<sub>", "</sub>")
                assert child.type != "image"


def test_what_the_project_does_everywhere_is_one_comment_and_marks() -> None:
    old = tuple(finding(line, leaf="sqlalchemy.orm.Session.get") for line in range(1, 6))
    new = tuple(
        finding(line, leaf="sqlalchemy.orm.Session.scalars", code="FP103", gates=False) for line in (20, 30)
    )
    other = finding(25, leaf="requests.get", severity=Severity.MEDIUM)
    changes = numbered("shop/api.py", (20, 25, 30))

    said = report(result(*old), result(*old, *new, other), changes)

    assert [(comment.line, comment.code) for comment in said.comments] == [(20, "FP103"), (25, "FP101")]
    assert [(mark.start_line, mark.title.split()[2]) for mark in said.annotations] == [(30, "FP103")]


@pytest.mark.parametrize("mode", ["gate", "advise"])
def test_what_blocks_has_a_comment_wherever_the_change_brings_it(mode: str) -> None:
    old = tuple(finding(line, leaf="sqlalchemy.orm.Session.get") for line in range(1, 6))
    usual = [finding(line, leaf="sqlalchemy.orm.Session.get") for line in (10, 20)]
    habit = [finding(line, code="FP602") for line in (25, 30, 35)]
    trifle = finding(40, severity=Severity.LOW)
    config = configured(f'fail_on = "low"\nmode = "{mode}"')

    said = report(
        result(*old),
        result(*old, *usual, *habit, trifle),
        numbered("shop/api.py", (10, 20, 25, 30, 35, 40)),
        config=config,
    )

    assert [comment.line for comment in said.comments] == [10, 20, 25, 30, 35, 40]
    assert said.annotations == ()
    assert said.conclusion == ("failure" if mode == "gate" else "neutral")


def test_what_was_there_a_few_times_is_said_at_each_new_place() -> None:
    old = tuple(finding(line, leaf="sqlalchemy.orm.Session.get") for line in range(1, 5))
    new = tuple(finding(line, leaf="sqlalchemy.orm.Session.get") for line in (20, 30))

    said = report(result(*old), result(*old, *new), numbered("shop/api.py", (20, 30)))

    assert [comment.line for comment in said.comments] == [20, 30]


def test_what_would_be_a_hint_is_noted_where_a_change_brings_it_and_blocks_nobody() -> None:
    one, two = (
        finding(
            line,
            confidence=Confidence.POSSIBLE,
            when_new=Confidence.LIKELY,
            gates=True,
            severity=Severity.HIGH,
        )
        for line in (20, 30)
    )
    changes = numbered("shop/api.py", (20, 30))

    said = report(after=result(one, two), changes=changes)

    assert said.comments == ()
    assert [(mark.start_line, mark.annotation_level) for mark in said.annotations] == [
        (20, "notice"),
        (30, "notice"),
    ]
    assert (said.conclusion, said.blocking) == ("neutral", ())
    assert "2 new problems without a comment" in said.summary
    assert report(result(one), result(one), changes).annotations == ()


def test_what_a_change_brings_gets_a_comment_where_the_rule_says_so_or_where_it_was_less() -> None:
    hint = {"confidence": Confidence.POSSIBLE, "when_new": Confidence.CERTAIN}
    heavy = finding(20, code="FP701", severity=Severity.HIGH, gates=True, **hint)
    less, more = (finding(30, severity=severity, **hint) for severity in (Severity.LOW, Severity.HIGH))
    changes = numbered("shop/api.py", (20, 30))

    said = report(result(less), result(heavy, more), changes)

    assert [comment.line for comment in said.comments] == [20, 30]
    assert said.conclusion == "failure"


def test_a_habit_is_said_twice_and_a_call_that_two_rules_find_once() -> None:
    new = [finding(line, code="FP601", leaf="requests.get", gates=False) for line in (10, 20, 30)]
    new += [finding(40, code=code, leaf="requests.get") for code in ("FP104", "FP106")]

    said = report(after=result(*new), changes=numbered("shop/api.py", (10, 20, 30, 40)))

    assert [(comment.line, comment.code) for comment in said.comments] == [
        (10, "FP601"),
        (20, "FP601"),
        (40, "FP104"),
    ]
    assert [mark.start_line for mark in said.annotations] == [30]


@pytest.mark.parametrize(
    ("impact", "told"),
    [
        (
            Impact(
                "At 32 concurrent requests and 100 ms upstream: about 10 → 260 requests/s; one alone gets no faster",
                assumptions={"concurrency": 32, "http_latency_ms": 100.0},
            ),
            "about 10 → 260 requests/s (at 32 concurrent requests and 100 ms upstream)",
        ),
        (
            Impact(
                "12 times faster, measured on 2 cores with 100 rows: 79 → 6.4 ms",
                assumptions={"cores": 2},
                measured=True,
            ),
            "12 times faster (measured on 2 cores with 100 rows: 79 → 6.4 ms)",
        ),
        (
            Impact("For 100 rows: 5 → 1 ms", assumptions={"rows": 100, "db_round_trip_ms": 1.5}),
            "5 → 1 ms (for 100 rows; assumes `db_round_trip_ms = 1.5`)",
        ),
        (Impact("Errors become answers"), "errors become answers"),
        (Impact(), ""),
    ],
)
def test_a_recommendation_says_the_figure_first_and_its_grounds_last(impact: Impact, told: str) -> None:
    (item,) = report(after=result(finding(impact=impact)), changes=LINE).recommendations

    assert item.expected == told


def test_two_comments_on_one_line_tell_once_what_its_endpoints_cost() -> None:
    reached = (EndpointRef("GET", "/orders"), EndpointRef("GET", "/parcels"))
    made = report(
        after=result(
            *(
                finding(12, code=code, endpoints=reached, cause=code, fingerprint=code)
                for code in ("FP201", "FP601")
            ),
            finding(13, code="FP202", endpoints=reached, cause="FP202", fingerprint="FP202"),
            endpoints=tuple(endpoint(str(ref), queries="N") for ref in reached),
        ),
        changes=numbered("shop/api.py", (12, 13)),
    )

    assert [comment.line for comment in made.comments if "Costliest" in comment.body] == [12, 13]
    assert [comment.line for comment in made.comments] == [12, 13]
    assert "\n\nAlso here: **🟠 High · " in made.comments[0].body


def test_many_endpoints_that_two_comments_reach_are_named_in_the_first() -> None:
    reached = tuple(EndpointRef("GET", f"/orders/{number}") for number in range(9))
    made = report(
        after=result(
            *(
                finding(line, code=code, endpoints=reached, cause=code, fingerprint=code)
                for line, code in ((12, "FP201"), (13, "FP601"), (20, "FP720"))
            ),
            endpoints=tuple(endpoint(str(ref), queries="N") for ref in reached),
        ),
        changes=numbered("shop/api.py", (12, 13, 20)),
    )

    first, second, third = (comment.body for comment in made.comments)
    assert "Costliest, each at most: " in first
    assert "all 10" in first
    assert "The same endpoints as at [shop/api.py:12](" in second
    assert "Costliest" not in second
    assert "all 10" in third  # whose costs are no round trips


def test_a_summary_begins_at_the_line_that_changed() -> None:
    told = "`get` runs on the event loop: nobody is served. The same happens on lines 5 and 12."
    one = finding(
        3, siblings=(5, 12), places=tuple(Hop("shop/api.py", line, "") for line in (3, 5, 12)), message=told
    )

    summary = report(after=result(one), changes=numbered("shop/api.py", 12)).summary

    place, other = (f"(https://github.com/acme/shop/blob/{HEAD}/shop/api.py#L{line})" for line in (3, 5))
    assert (
        f"As [shop/api.py:3]{place} does already: `get` runs on the event loop: nobody is served." in summary
    )
    assert f"The same happens on line [5]{other}. [shop/api.py:12](" in summary
    assert "shop/api.py:12](" in summary.split("\n\n")[1]


def test_hints_in_the_same_words_are_one_row_of_the_summary() -> None:
    hints = [finding(line, confidence=Confidence.POSSIBLE, fingerprint=str(line)) for line in (12, 13, 20)]
    other = finding(21, confidence=Confidence.POSSIBLE, message="Another one.", fingerprint="other")

    elsewhere = finding(7, path="shop/web.py", confidence=Confidence.POSSIBLE, fingerprint="elsewhere")

    summary = report(
        after=result(*hints, other, elsewhere), changes=numbered("shop/api.py", (12, 13, 20, 21))
    ).summary

    assert "5 hints" in summary
    assert " · [shop/web.py:7](" in summary
    assert summary.count("`requests.get` runs on the event loop") == 1
    assert "#L12) and lines [13](" in summary
    assert "Another one." in summary


def test_what_costs_no_round_trips_names_endpoints_without_their_queries() -> None:
    reached = (EndpointRef("GET", "/orders"), EndpointRef("GET", "/parcels"))
    made = report(
        after=result(
            finding(
                12,
                code="FP720",
                endpoints=reached,
                message="`user` computes a hash for every request to 61 endpoints.",
            ),
            endpoints=tuple(endpoint(str(ref), queries="N") for ref in reached),
        ),
        changes=numbered("shop/api.py", 12),
    )

    (comment,) = made.comments
    assert "Through `GET /orders` · `GET /parcels`" in comment.body
    assert "queries" not in comment.body
    assert "reach it" not in comment.body


@pytest.mark.parametrize(
    ("first", "second", "title", "places"),
    [
        (
            "Hand `a` to a worker thread.",
            "Hand `b` to a worker thread.",
            "Hand `a` to a worker thread, and 1 other alike",
            2,
        ),
        (
            "Drop `self.session.refresh(order)`: nothing of it is read.",
            "Drop `self.session.refresh(item)`: nothing of it is read.",
            "Drop `self.session.refresh(order)`, and 1 other alike",
            2,
        ),
        ("Drop `async` from `a`.", "Drop `async` from `b`.", "Drop `async` from `a`, and 1 other alike", 2),
        (
            "Use `X` for `a.get`, and await it.",
            "Use `X` for `b.get`, and await it.",
            "Use `X` for `a.get`, and 1 other alike",
            2,
        ),
        (
            "Use `X` for `a.get`, and await it.",
            "Use `Y` for `a.get`, and await it.",
            "Use `X` for `a.get`",
            1,
        ),
    ],
)
def test_the_same_advice_about_other_calls_is_one_recommendation(
    first: str, second: str, title: str, places: int
) -> None:
    made = report(
        after=result(
            finding(12, code="FP103", instead=first, fingerprint="a"),
            finding(30, code="FP103", instead=second, fingerprint="b"),
        ),
        changes=numbered("shop/api.py", (12, 30)),
    )

    assert (made.recommendations[0].title, len(made.recommendations[0].places)) == (title, places)


def test_a_shared_cause_whose_endpoints_cost_what_they_did_names_no_costliest() -> None:
    reached = (EndpointRef("GET", "/orders"), EndpointRef("GET", "/parcels"))
    endpoints = tuple(endpoint(str(ref), queries="1") for ref in reached)
    made = report(
        result(endpoints=endpoints),
        result(finding(12, endpoints=reached, cause="x"), endpoints=endpoints),
        changes=numbered("shop/api.py", (12,)),
    )

    assert "Through `GET /orders` · `GET /parcels`" in made.comments[0].body


def test_a_trade_off_that_is_none_is_not_told() -> None:
    made = report(
        after=result(finding(12, trade_offs="None: whoever needs it switches it on.")),
        changes=numbered("shop/api.py", (12,)),
    )

    assert "None" not in made.comments[0].body
    assert "Check the trade-off" not in made.summary


def test_the_next_steps_leave_a_trade_off_to_the_comment_that_tells_it() -> None:
    found = result(*(finding(line, trade_offs="Takes a thread.") for line in (12, 13)))
    said, placeless = (
        report(after=found, changes=numbered("shop/api.py", lines)).summary for lines in ((12,), (30,))
    )

    assert "Check the trade-off" not in said
    assert "Check the trade-off of FP101: takes a thread." in placeless


def test_the_summary_says_no_sentence_twice() -> None:
    made = report(
        after=result(
            *(
                finding(
                    line,
                    code=code,
                    cause="",
                    instead=f"Ask for {code} all at once.",
                    impact=Impact(
                        summary="At 32 concurrent requests: twice as many", assumptions={"concurrency": 32}
                    ),
                    fingerprint=code,
                )
                for line, code in ((12, "FP103"), (13, "FP202"))
            )
        ),
        changes=numbered("shop/api.py", (12, 13)),
    )

    for told in ("Ask for FP103 all at once", "Ask for FP202 all at once", "twice as many"):
        assert made.summary.count(told) == 1
    assert "expected: as in 1" in made.summary
    assert (
        "Examples before and after: [FP103](https://fastperf.example/rules/FP103#examples) (recommendation 1)"
        in made.summary
    )
    assert "Follow recommendations 1 and 2, in this order (minutes each)." in made.summary


def test_what_is_done_by_hand_is_shown_in_the_code_at_hand() -> None:
    drawn = "-    owner = owner_of(session, order.owner_id)\n+    owner = found.get(order.owner_id)\n"
    made = report(
        after=result(
            finding(12, code="FP202", symbol="list_orders", sketch=drawn, fingerprint="a"),
            finding(20, code="FP202", instead="Take it apart.", sketch="", fingerprint="b"),
        ),
        changes=numbered("shop/api.py", (12, 20)),
    )

    assert "what the change looks like in <code>list_orders</code>" in made.summary
    assert f"```diff\n{drawn}```" in made.summary
    assert [f"```diff\n{drawn}```" in comment.body for comment in made.comments] == [True, False]


def test_a_patch_is_not_shown_again_in_pieces() -> None:
    made = report(
        after=result(
            finding(12, fix=fix(("shop/api.py", 12, 12, "mended\n")), fingerprint="a"),
            finding(30, fix=fix(("shop/api.py", 30, 30, "mended too\n")), fingerprint="b"),
        ),
        changes=numbered("shop/api.py", (10, 11)),
        excerpts={"shop/api.py": {12: "old\n", 30: "older\n"}},
    )

    assert made.summary.count("+mended\n") == 1


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


def sessions(line: int, number: int = 490, *, gates: bool = True) -> Finding:
    leaf = Hop("shop/crud.py", number, "sqlalchemy.orm.Session.scalar")
    return finding(
        line,
        Severity.CRITICAL,
        code="FP103",
        name="blocking-call-through-helper",
        message=f"`crud.load_{line}` reaches `sqlalchemy.orm.Session.scalar` on the event loop.",
        instead=f"Use `AsyncSession` for `Session.scalar` in `crud.load_{line}`; or hand it to a worker thread.",
        endpoint=EndpointRef("GET", f"/new/{line}"),
        call_path=(Hop("shop/api.py", line, "load"), leaf),
        places=(Hop("shop/api.py", line, "load"), leaf),
        leaf=leaf.symbol,
        cause=f"shop/crud.py:{number}",
        gates=gates,
        impact=Impact(summary="at 32 concurrent requests: others wait"),
    )


def waiting(count: int) -> tuple[Endpoint, ...]:
    return tuple(
        endpoint(f"GET /old/{at}", file="shop/old.py", blocking=("sqlalchemy.orm.Query.all",))
        for at in range(count)
    )


@pytest.mark.parametrize("gates", [True, False])
def test_one_more_of_how_a_project_is_built_is_told_as_one_decision_and_noted_unless_it_blocks(
    gates: bool,
) -> None:
    new = [sessions(line, line, gates=gates) for line in (12, 14, 16)]
    changes = numbered("shop/api.py", (12, 14, 16))
    made = report(result(endpoints=waiting(11)), result(*new, endpoints=waiting(11)), changes)

    commented, noted = ([12, 14, 16], []) if gates else ([], [12, 14, 16])
    assert [comment.line for comment in made.comments] == commented
    assert [annotation.start_line for annotation in made.annotations] == noted
    assert made.conclusion == ("failure" if gates else "neutral")
    (item,) = made.recommendations
    assert item.title == "Decide once how endpoints wait for `sqlalchemy`: 11 more do so on the event loop"
    assert (item.effort, len(item.places)) == (Effort.DAYS, 3)
    assert (
        "until then, in this change: use `AsyncSession` for `Session.scalar` in `crud.load_12`"
        in made.summary
    )
    assert (
        "Mend this change as recommendation 1 says; how all endpoints wait is a decision of its own."
        in made.summary
    )
    assert "by hand" not in made.summary.partition("### Next steps")[2]

    few = report(result(endpoints=waiting(9)), result(*new, endpoints=waiting(9)), changes)
    assert [comment.line for comment in few.comments] == [12, 14, 16]
    assert all("**Expected**" in comment.body for comment in few.comments)


def test_a_problem_without_a_comment_is_told_by_its_recommendation_alone() -> None:
    made = report(
        after=result(finding(12), finding(14, instead="Do that.", message="Another one waits.")),
        changes=numbered("shop/api.py", (12, 14)),
        config=configured("max_comments = 1\n"),
    )

    assert "1 new problem without a comment" in made.summary
    assert "- 🟠 `FP101`, recommendation 2: [shop/api.py:14]" in made.summary
    assert "Another one waits." not in made.summary


def test_a_hint_has_no_severity_to_be_shown() -> None:
    made = report(
        after=result(finding(12, Severity.CRITICAL, confidence=Confidence.POSSIBLE)),
        changes=numbered("shop/api.py", 12),
    )

    assert "- ⚪ [`shop/api.py:12`]" in made.summary or "- ⚪ [shop/api.py:12]" in made.summary
    assert "🔴" not in made.summary


def test_two_problems_of_a_line_are_one_comment_that_is_told_apart_where_one_was_said() -> None:
    both = [finding(12, cause="a", fingerprint="1"), finding(12, code="FP601", cause="b", fingerprint="2")]
    made = report(after=result(*both), changes=numbered("shop/api.py", 12))
    (comment,) = made.comments

    assert reconcile(made, [], HEAD).post == (comment,)
    (alone,) = report(after=result(both[0]), changes=numbered("shop/api.py", 12)).comments
    (left,) = reconcile(made, [thread(alone.body)], HEAD).post
    assert (left.line, left.code) == (12, "FP601")
    assert "Also here" not in left.body
    assert reconcile(made, [thread(comment.body)], HEAD).post == ()


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
