from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.models import ChangedFile
from app.review.diff import Diff
from app.review.fingerprint import match
from rules.engine.finding import EndpointRef, Finding, Severity

from . import builders
from .builders import finding, result


def test_findings_are_new_fixed_or_existing_by_fingerprint() -> None:
    stays, goes, comes = (finding(fingerprint=name) for name in ("stays", "goes", "comes"))

    changes = match(result(stays, goes), result(stays, comes))

    assert changes.new == (comes,)
    assert changes.fixed == (goes,)
    assert changes.existing == (stays,)


def test_a_second_copy_of_a_finding_is_new() -> None:
    one, other = finding(3, fingerprint="same"), finding(9, fingerprint="same")

    changes = match(result(one), result(one, other), diff=builders.numbered("shop/api.py", 3))

    assert changes.new == (one,)  # of two equal findings the one on the changed line
    assert changes.existing == (other,)


def test_a_finding_that_got_worse_has_grown() -> None:
    before = finding(fingerprint="a", severity=Severity.MEDIUM)
    after = finding(fingerprint="a", severity=Severity.CRITICAL)

    assert match(result(before), result(after)).grown == (after,)
    assert match(result(after), result(before)).existing == (before,)


def test_a_renamed_file_makes_nothing_new() -> None:
    before, after = finding(path="a.py", fingerprint="x"), finding(path="b.py", fingerprint="x")
    other = finding(path="c.py", fingerprint="x")

    changes = match(result(before, other), result(other, after), {"b.py": "a.py"})

    assert changes.existing == (after, other)
    assert changes.new == changes.fixed == ()


def test_moved_code_makes_nothing_new() -> None:
    before, after = finding(path="a.py", fingerprint="x"), finding(path="b.py", fingerprint="x")

    assert match(result(before), result(after)).existing == (after,)


def test_a_renamed_function_makes_nothing_new_while_its_line_stands() -> None:
    before = finding(20, fingerprint="f.old")
    after = finding(20, fingerprint="f.new", symbol="renamed")

    assert match(result(before), result(after), diff=builders.numbered("shop/api.py", 18)).existing == (
        after,
    )
    changes = match(result(before), result(after), diff=builders.numbered("shop/api.py", 20))
    assert (changes.new, changes.fixed) == ((after,), (before,))


def test_a_renamed_function_in_a_renamed_file_is_followed() -> None:
    diff = Diff.of([ChangedFile("b.py", "renamed", previous_path="a.py")])
    before, after = finding(path="a.py", fingerprint="1"), finding(path="b.py", fingerprint="2")

    assert match(result(before), result(after), diff.renames, diff=diff).existing == (after,)


def test_what_stands_on_the_base_branch_already_is_not_new() -> None:
    merged = finding(fingerprint="came with the base")

    assert match(result(), result(merged), tip=[merged]).existing == (merged,)


def test_one_on_the_base_branch_does_not_excuse_two() -> None:
    one, other = finding(3, fingerprint="same"), finding(9, fingerprint="same-2")

    changes = match(
        result(),
        result(one, other),
        diff=builders.numbered("shop/api.py", 3),
        tip=[finding(8, fingerprint="same")],
    )

    assert (changes.new, changes.existing) == ((one,), (other,))


def test_what_grew_on_the_base_branch_too_has_not_grown() -> None:
    before, after = (
        finding(fingerprint="a", severity=Severity.LOW),
        finding(fingerprint="a", severity=Severity.HIGH),
    )

    assert match(result(before), result(after), tip=[after]).existing == (after,)
    assert match(result(before), result(after), tip=[before]).grown == (after,)


def test_an_equal_function_in_another_file_takes_no_blame_from_the_first() -> None:
    old = finding(path="b.py", fingerprint="x")
    copy, same = finding(path="a.py", fingerprint="x"), finding(path="b.py", fingerprint="x-2")

    changes = match(result(old), result(copy, same))

    assert (changes.new, changes.existing) == ((copy,), (same,))


def test_an_extracted_function_makes_nothing_new() -> None:
    before = finding(20, fingerprint="1", text="the call", symbol="list_orders")
    after = finding(33, fingerprint="2", text="the call", symbol="load")
    diff = builders.numbered("shop/api.py", (20, 33))

    assert match(result(before), result(after), diff=diff).existing == (after,)


def test_a_blocking_call_that_moves_into_a_helper_is_the_same_problem() -> None:
    diff = builders.numbered("shop/api.py", 12)
    direct = finding(12, code="FP102", fingerprint="1", leaf="requests.get")
    through = finding(12, code="FP103", fingerprint="2", leaf="requests.get")

    assert match(result(direct), result(through), diff=diff).existing == (through,)


def test_a_second_loop_on_the_way_to_the_same_call_is_new_while_the_first_one_stands() -> None:
    outer, inner = (
        finding(line, code="FP111", fingerprint=str(line), symbol=symbol, leaf="httpx.AsyncClient.get")
        for line, symbol in ((12, "convert"), (33, "rates"))
    )

    assert match(result(outer), result(inner), diff=builders.numbered("shop/api.py", 33)).new == (inner,)
    moved = match(result(outer), result(inner), diff=builders.numbered("shop/api.py", (12, 33)))
    assert moved.existing == (inner,)


def test_another_rule_on_the_same_call_is_new() -> None:
    diff = builders.numbered("shop/api.py", 12)
    loop = finding(12, code="FP201", fingerprint="1", leaf="sqlalchemy.orm.Session.execute")
    unbounded = finding(12, code="FP211", fingerprint="2", leaf="sqlalchemy.orm.Session.execute")

    assert match(result(loop), result(unbounded), diff=diff).new == (unbounded,)


findings = st.lists(
    st.builds(
        lambda name, path, line, severity: finding(line, severity, fingerprint=name, path=path),
        st.sampled_from("abc"), st.sampled_from(["a.py", "b.py"]), st.integers(1, 5), st.sampled_from(list(Severity)),
    ),
    max_size=8,
)  # fmt: skip


@settings(deadline=None)
@given(findings, findings)
def test_every_finding_is_counted_once(before: list[Finding], after: list[Finding]) -> None:
    changes = match(result(*before), result(*after))

    assert sorted([*changes.new, *changes.existing, *changes.grown], key=repr) == sorted(after, key=repr)
    assert len(before) - len(changes.fixed) == len(after) - len(changes.new)
    assert match(result(*before), result(*before)).new == ()


def test_one_more_line_of_a_problem_has_grown_when_the_change_brought_it() -> None:
    before = finding(3, fingerprint="a")
    after = finding(3, fingerprint="a", siblings=(9,))

    grown = match(result(before), result(after), diff=builders.numbered("shop/api.py", 9))
    seen = match(result(before), result(after), diff=builders.numbered("shop/api.py", 5))

    assert (grown.grown, grown.existing) == ((after,), ())
    assert (seen.grown, seen.existing) == ((), (after,))


def test_one_statement_more_where_a_function_waits_for_synchronous_sessions_anyway_is_no_news() -> None:
    def endpoint(leaf: str, *siblings: int, beside: str = "") -> Finding:
        leaves = (leaf, beside) if beside else (leaf,)
        return finding(3, code="FP104", fingerprint="a", leaf=leaf, siblings=siblings, leaves=leaves)

    def grown(before: Finding, after: Finding) -> tuple[Finding, ...]:
        return match(result(before), result(after), diff=builders.numbered("shop/api.py", 9)).grown

    session, request = "sqlalchemy.orm.Session.execute", "requests.get"
    assert grown(endpoint(session), endpoint(session, 9)) == ()
    assert grown(endpoint(session), endpoint(session, 9, beside="sqlmodel.Session.exec")) == ()
    other = endpoint(session, 9, beside=request)
    assert grown(endpoint(session), other) == (other,)
    assert grown(endpoint(session), endpoint(request, 9)) == (endpoint(request, 9),)
    assert grown(endpoint(request), endpoint(request, 9)) == (endpoint(request, 9),)


def test_another_service_in_place_of_the_database_is_news_where_the_change_brought_it() -> None:
    def endpoint(leaf: str, line: int) -> Finding:
        return finding(3, code="FP104", fingerprint="a", leaf=leaf, siblings=(line,), leaves=(leaf,))

    def grown(before: Finding, after: Finding) -> tuple[Finding, ...]:
        return match(result(before), result(after), diff=builders.numbered("shop/api.py", 9)).grown

    session, request = "sqlalchemy.orm.Session.execute", "requests.get"
    assert grown(endpoint(session, 9), endpoint(request, 9)) == (endpoint(request, 9),)
    assert grown(endpoint(session, 8), endpoint(request, 8)) == ()
    assert grown(endpoint("httpx.get", 9), endpoint(request, 9)) == ()
    assert grown(endpoint(request, 9), endpoint(request, 9)) == ()


def test_what_a_project_is_built_on_is_no_news_at_one_more_place() -> None:
    def driver(line: int, leaf: str = "databases.Database") -> Finding:
        return finding(line, code="FP229", leaf=leaf)

    changes = match(result(driver(3)), result(driver(3), driver(9), driver(12, "motor.Client")))

    assert changes.new == (driver(12, "motor.Client"),)
    assert changes.existing == (driver(3), driver(9))


def test_a_function_that_waits_for_sessions_does_not_begin_to_with_another_method() -> None:
    def waiting(line: int, code: str, method: str) -> Finding:
        return finding(line, symbol="delete", code=code, leaf=f"sqlalchemy.orm.Session.{method}")

    before, after = waiting(3, "FP104", "scalar"), waiting(4, "FP103", "scalars")
    changes = match(result(before), result(after))
    assert (changes.new, changes.fixed, changes.existing) == ((), (), (after,))

    other = waiting(9, "FP103", "get")
    assert match(result(before), result(after, other)).new == (other,)
    asked = finding(4, symbol="delete", code="FP103", leaf="requests.get")
    assert match(result(before), result(asked)).new == (asked,)


def test_an_endpoint_with_another_route_waits_for_sessions_as_it_did_and_no_other_does() -> None:
    old, new = EndpointRef("GET", "/old"), EndpointRef("GET", "/new")

    def waiting(endpoint: EndpointRef | None, symbol: str, method: str) -> Finding:
        return finding(
            symbol=symbol, endpoint=endpoint, code="FP104", leaf=f"sqlalchemy.orm.Session.{method}"
        )

    before, after = waiting(old, "f", "get"), waiting(new, "g", "scalars")
    assert match(result(before), result(after), moved={new: old}).existing == (after,)
    assert match(result(before), result(after)).new == (after,)
    nobody_s = waiting(None, "f", "get")
    assert match(result(nobody_s), result(after)).new == (after,)
    assert match(result(nobody_s), result(after), moved={new: old}).new == (after,)
