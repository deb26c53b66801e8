from __future__ import annotations

import msgspec
import pytest

from app.review import comments, marker
from app.review.commands import parse
from app.review.markdown import LIMIT
from app.review.reconcile import fixed_body, reconcile, tokens
from app.review.report import Report
from rules.engine.finding import EndpointRef, Finding, Skipped, Suppressed

from .builders import HEAD, diff, finding, numbered, orders_diff, report, result, thread, tracking

NEXT = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def first() -> Report:
    return report(after=result(tracking()), changes=orders_diff())


def said() -> str:
    return first().comments[0].body


def test_a_first_review_posts_its_comments_with_one_line_above() -> None:
    plan = reconcile(first(), [], HEAD)

    assert plan.post == first().comments
    assert plan.fixed == ()
    assert plan.body == (
        "1 critical new. 1 suggestion can be applied with one click. Costs, patch and next steps are in the "
        f"`fastperf` check.\n<!-- fastperf:review sha={HEAD} -->"
    )
    assert parse(plan.body) == ()


def test_a_posted_finding_is_never_posted_again() -> None:
    for state in ({}, {"resolved": True}, {"outdated": True, "line": None}, {"human_replies": 2}):
        plan = reconcile(first(), [thread(said(), **state)], NEXT)

        assert plan.post == ()
        assert plan.body == ""
        assert plan.fixed == ()


def test_a_fixed_finding_is_marked_fixed() -> None:
    (done,) = reconcile(report(), [thread(said())], NEXT).fixed

    assert done.body.startswith("**Fixed in `0a1b2c3`.**\n\n<details><summary>what it was</summary>")
    assert not comments.has_suggestion(first().comments[0]) or "```suggestion" not in done.body
    assert done.body.endswith(f"<!-- fastperf:f=9c1e5a7700aa sha={HEAD} fixed={NEXT} -->")
    assert fixed_body(done, HEAD) == done.body


@pytest.mark.parametrize("state", [{"human_replies": 1}, {"resolved": True}])
def test_threads_that_people_dealt_with_are_left_alone(state: dict[str, object]) -> None:
    assert reconcile(report(), [thread(said(), **state)], NEXT).fixed == ()


def test_a_thread_is_marked_fixed_once() -> None:
    (done,) = reconcile(report(), [thread(said())], NEXT).fixed

    assert reconcile(report(), [done], NEXT).fixed == ()


def test_a_fixed_finding_that_comes_back_is_said_again_unless_a_person_resolved_it() -> None:
    (done,) = reconcile(report(), [thread(said())], NEXT).fixed

    assert reconcile(first(), [done], HEAD).post == first().comments
    assert reconcile(first(), [msgspec.structs.replace(done, resolved=True)], HEAD).post == ()


def test_what_could_not_be_read_this_time_is_not_called_fixed() -> None:
    skipped = report(skipped=[Skipped("orders/api.py", "too large")])
    broken = report(faults=["The analysis ran out of time."])
    at = thread(said(), path="orders/api.py")

    assert reconcile(skipped, [at], NEXT).fixed == ()
    assert reconcile(broken, [at], NEXT).fixed == ()
    assert len(reconcile(report(), [at], NEXT).fixed) == 1


def test_what_was_resolved_stays_so_when_its_thread_is_gone() -> None:
    new = report(after=result(tracking()), changes=orders_diff())
    (comment,) = reconcile(new, [], NEXT).post

    assert reconcile(new, [], NEXT, resolved=tokens(comment)).post == ()


def test_a_silenced_finding_is_not_called_fixed() -> None:
    silenced = report(
        after=result(suppressed=(Suppressed("FP103", "orders/api.py", 12, "tiny"),)), changes=orders_diff()
    )
    (done,) = reconcile(silenced, [thread(said(), path="orders/api.py")], NEXT).fixed

    assert done.body.startswith("**Silenced in `0a1b2c3`.**")


def test_a_finding_that_is_old_by_now_keeps_its_thread() -> None:
    merged = report(before=result(tracking()), after=result(tracking()), changes=orders_diff())

    assert reconcile(merged, [thread(said())], NEXT).fixed == ()


def test_a_cause_is_said_once_also_when_more_endpoints_join() -> None:
    def members(count: int) -> Report:
        many = [
            finding(20, endpoint=EndpointRef("GET", f"/e{number}"), cause="user", fingerprint=f"f{number}")
            for number in range(count)
        ]
        return report(after=result(*many), changes=numbered("shop/api.py", 20))

    posted = thread(members(3).comments[0].body)

    assert reconcile(members(5), [posted], NEXT).post == ()
    assert reconcile(members(1), [posted], NEXT).fixed == ()
    assert len(reconcile(members(0), [posted], NEXT).fixed) == 1


def test_a_second_place_of_a_mistake_in_a_function_is_said_when_a_later_push_brings_it() -> None:
    def commits(*lines: int) -> Report:
        many = [finding(line, code="FP212", symbol="save", fingerprint=f"f{line}") for line in lines]
        return report(after=result(*many), changes=numbered("shop/api.py", lines))

    (comment,) = commits(12, 20).comments
    posted = thread(commits(12).comments[0].body)

    assert tokens(comment) == ("f12", "f20")
    assert [each.fingerprint for each in reconcile(commits(12, 20), [posted], NEXT).post] == ["f20"]
    assert reconcile(commits(12, 20), [thread(comment.body)], NEXT).post == ()


def test_what_was_folded_once_stays_folded() -> None:
    many = [finding(line, fingerprint=f"f{line}") for line in range(1, 21)]
    changes = numbered("shop/api.py", tuple(range(1, 21)))
    start = reconcile(report(after=result(*many), changes=changes), [], HEAD)
    threads = [thread(comment.body, id=comment.fingerprint) for comment in start.post]

    assert len(start.post) == 15
    assert len(start.folded) == 5
    later = report(
        after=result(*many[10:], finding(30, fingerprint="later")),
        changes=numbered("shop/api.py", (*range(11, 21), 30)),
    )
    again = reconcile(later, threads, NEXT, folded=start.folded)
    assert [comment.fingerprint for comment in again.post] == ["later"]
    assert again.folded == start.folded
    assert len(again.fixed) == 10


def test_a_quiet_review_posts_nothing_but_still_marks_what_is_fixed() -> None:
    assert reconcile(first(), [], HEAD, quiet=True) == reconcile(report(), [], HEAD)
    assert len(reconcile(report(), [thread(said())], NEXT, quiet=True).fixed) == 1


def test_threads_without_our_marker_are_not_ours_to_edit() -> None:
    assert (
        reconcile(report(), [thread("see <!-- fastperf:f=1 sha=abcd --> above"), thread("")], NEXT).fixed
        == ()
    )


def test_a_fixed_text_is_never_too_long() -> None:
    long = "x" * (LIMIT - 120) + "\n" + marker.write(("a",), HEAD)

    assert (
        fixed_body(thread(long), NEXT) == f"**Fixed in `0a1b2c3`.**\n{marker.write(('a',), HEAD, fixed=NEXT)}"
    )


def _comment_on(one: Finding) -> str:
    (comment,) = report(after=result(one), changes=numbered(one.path, one.line)).comments
    return comment.body


def test_an_equal_finding_in_another_file_is_said_and_the_first_one_stays_said() -> None:
    """Their numbers change places: the new one comes first in the order of paths."""
    old = finding(12, path="shop/b.py", fingerprint="x")
    said_before = thread(_comment_on(old), path="shop/b.py")
    renumbered = msgspec.structs.replace(old, fingerprint="x-2")
    copy = finding(12, path="shop/a.py", fingerprint="x")
    lines = [f"line {number}\n" for number in range(1, 40)]
    after = "".join([*lines[:11], "changed\n", *lines[12:]])
    changes = diff({path: ("".join(lines), after) for path in ("shop/a.py", "shop/b.py")})
    now = report(after=result(copy, renumbered), changes=changes)

    plan = reconcile(now, [said_before], NEXT)

    assert [comment.path for comment in plan.post] == ["shop/a.py"]
    assert plan.fixed == ()


def test_a_finding_whose_file_was_renamed_stays_said() -> None:
    one = finding(12, path="shop/b.py", fingerprint="x")
    before = thread(_comment_on(msgspec.structs.replace(one, path="shop/a.py")), path="shop/a.py")

    plan = reconcile(report(after=result(one), changes=numbered("shop/b.py", 12)), [before], NEXT)

    assert (plan.post, plan.fixed) == ((), ())


def test_a_finding_that_came_back_is_said_once() -> None:
    (done,) = reconcile(report(), [thread(said())], NEXT).fixed
    again = thread(said(), id="PRRT_2")

    plan = reconcile(first(), [done, again], HEAD)

    assert (plan.post, plan.fixed) == ((), ())
