from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.github.errors import Invalid, Unavailable
from app.github.models import Posted, ReviewComment, Thread
from app.github.reviews import _is_about_anchors, _marker_of
from tests.app.github.shop import Shop, comment, opened
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import Review

BODY = "2 new problems <!-- fastperf:review head -->"


def submitted(shop: Shop) -> list[Review]:
    return [review for review in shop.hub.reviews(shop.repo, shop.number) if review.state != "PENDING"]


async def create(shop: Shop, *comments: ReviewComment, body: str = BODY) -> Posted:
    return await shop.client.reviews.create(shop.number, commit_id=shop.head, body=body, comments=comments)


async def test_a_review_holds_all_its_comments_and_never_judges(shop: Shop) -> None:
    first, second = comment(21, "slow", start=20), comment(1, "slower", "shop/new.py")
    removed = ReviewComment("shop/api.py", 20, "a guard is gone", side="LEFT")

    posted = await create(shop, first, second, removed)

    (review,) = submitted(shop)
    assert posted == Posted(review.id, (first, second, removed), ())
    assert (review.state, review.commit_id, review.body) == ("COMMENTED", shop.head, BODY)
    assert [(said.path, said.start_line, said.line, said.side, said.body) for said in review.comments] == [
        ("shop/api.py", 20, 21, "RIGHT", "slow"),
        ("shop/new.py", None, 1, "RIGHT", "slower"),
        ("shop/api.py", None, 20, "LEFT", "a guard is gone"),
    ]
    assert shop.operations() == ["graphql", "pulls/create-review"]


async def test_a_review_that_stands_is_not_posted_again(shop: Shop) -> None:
    first, second = comment(20), comment(21, "other")
    posted = await create(shop, first)

    again = await create(shop, first, second)

    assert again == Posted(posted.review_id, (first,), (second,))
    assert await shop.client.reviews.find(shop.number, "<!-- fastperf:review head -->") == posted.review_id
    assert await shop.client.reviews.find(shop.number, "<!-- fastperf:review other -->") is None
    assert len(submitted(shop)) == 1


async def test_nothing_is_said_about_a_commit_that_is_no_longer_the_head(shop: Shop) -> None:
    reviewed = shop.head
    head = await shop.hub.push(shop.repo, shop.number, {"x.py": "x = 1\n"}, tell=False)

    posted = await shop.client.reviews.create(
        shop.number, commit_id=reviewed, body=BODY, comments=[comment(21)]
    )

    assert posted == Posted(None, (), (), moved_to=head)
    assert submitted(shop) == []


@pytest.mark.parametrize(
    ("bad", "calls"),
    [
        ([comment(45)], 5),
        ([comment(21, start=2)], 5),
        ([comment(1, path="not/in/the/diff.py")], 5),
        ([comment(45), comment(46, "other"), comment(3, path="shop/gone.py")], 10),
    ],
    ids=["line", "start", "path", "three"],
)
async def test_one_comment_in_a_wrong_place_does_not_silence_the_others(
    shop: Shop, bad: list[ReviewComment], calls: int
) -> None:
    shop.hub.expect(422, "pulls/create-review")
    good = [comment(20), comment(21, "b"), comment(1, "c", "shop/new.py"), comment(2, "d", "shop/new.py")]

    posted = await create(shop, *good[:2], *bad, *good[2:])

    (review,) = submitted(shop)  # one review, one e-mail
    assert posted == Posted(review.id, tuple(good), tuple(bad))
    assert [said.body for said in review.comments] == ["slow", "b", "c", "d"]
    assert len(shop.hub.reviews(shop.repo, shop.number)) == 1  # no probe is left behind
    assert len(shop.hub.calls("pulls/create-review")) == calls


async def test_no_review_is_posted_when_no_comment_has_a_place(shop: Shop) -> None:
    shop.hub.expect(422, "pulls/create-review")
    bad = [comment(45), comment(46)]

    assert await create(shop, *bad) == Posted(None, (), tuple(bad))
    assert shop.hub.reviews(shop.repo, shop.number) == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.booleans(), min_size=1, max_size=15))
async def test_exactly_the_comments_with_a_place_are_posted(shop: Shop, places: list[bool]) -> None:
    shop.hub.expect(422, "pulls/create-review")
    shop.pull.reviews.clear()
    shop.pull.threads.clear()
    comments = [
        comment(20 + index % 2 if good else 45, f"number {index}") for index, good in enumerate(places)
    ]
    good = tuple(each for each, fine in zip(comments, places, strict=True) if fine)

    posted = await create(shop, *comments)

    if sum(not fine for fine in places) <= 5:  # beyond, trying may end: fewer are posted, never a wrong one
        assert posted.posted == good
    assert set(posted.posted) <= set(good)
    assert set(posted.posted) | set(posted.refused) == set(comments)
    assert len(submitted(shop)) == bool(posted.posted)


@pytest.mark.parametrize("fault", ["commit_then_status", "commit_then_drop", "truncate", "empty"])
async def test_a_review_that_went_through_though_the_answer_was_lost_is_not_repeated(
    shop: Shop, fault: str
) -> None:
    shop.hub.faults.add(fault, "pulls/create-review", status=502)

    posted = await create(shop, comment(21))

    (review,) = submitted(shop)
    assert posted.review_id == review.id
    assert shop.operations() == ["graphql", "pulls/create-review", "graphql"]


@pytest.mark.parametrize("fault", ["status", "drop"])
async def test_a_review_that_did_not_go_through_is_posted_after_a_look(shop: Shop, fault: str) -> None:
    shop.hub.faults.add(fault, "pulls/create-review", status=503)

    posted = await create(shop, comment(21))

    (review,) = submitted(shop)
    assert posted.review_id == review.id
    assert shop.operations() == ["graphql", "pulls/create-review", "graphql", "pulls/create-review"]


async def test_a_fault_that_stays_is_handed_on(shop: Shop) -> None:
    shop.hub.faults.status(502, "pulls/create-review", times=None)

    with pytest.raises(Unavailable):
        await create(shop, comment(21))

    assert len(shop.hub.calls("pulls/create-review")) == 3


async def test_a_pending_review_of_ours_is_cleared_away(shop: Shop) -> None:
    reviews = shop.client.reviews
    from app.github.reviews import _Draft

    await reviews._write(_Draft(shop.number, shop.head, BODY, None), [comment(20)], submit=False)

    posted = await create(shop, comment(21))

    (review,) = shop.hub.reviews(shop.repo, shop.number)
    assert (posted.review_id, review.state) == (review.id, "COMMENTED")


async def test_a_pending_review_that_appears_meanwhile_is_cleared_away(shop: Shop) -> None:
    shop.hub.expect(422, "pulls/create-review")
    from tests.fakegithub import ops_reviews

    def appear() -> None:
        bot = shop.hub.app.bot
        ops_reviews.new_review(shop.hub.state, shop.pull, bot, body="", event=None, commit=shop.head)

    shop.hub.faults.call(appear, "pulls/create-review")

    posted = await create(shop, comment(21))

    assert [review.id for review in submitted(shop)] == [posted.review_id]


async def test_a_review_that_github_refuses_for_another_reason_is_an_error(shop: Shop) -> None:
    shop.hub.expect(422, "pulls/create-review")

    with pytest.raises(Invalid):
        await create(shop, comment(21, "x" * 70_000))


async def posted_threads(shop: Shop) -> tuple[Thread, ...]:
    await create(shop, comment(20, "first"), comment(21, "second"))
    return (await shop.client.pulls.state(shop.number)).threads


async def test_fixed_findings_say_so_and_are_folded_in_one_call(shop: Shop) -> None:
    threads = await posted_threads(shop)
    reviews = shop.client.reviews
    shop.hub.log.clear()

    assert await reviews.mark_all_fixed([(thread, f"fixed: {thread.body}") for thread in threads]) == 2

    assert shop.operations() == ["graphql"]
    after = (await shop.client.pulls.state(shop.number)).threads
    assert [(thread.body, thread.minimized) for thread in after] == [
        ("fixed: first", True),
        ("fixed: second", True),
    ]
    shop.hub.log.clear()
    await reviews.mark_fixed(after[0], "fixed: first")
    assert shop.operations() == []


async def test_a_comment_that_somebody_deleted_does_not_keep_the_others_from_being_marked(
    shop: Shop,
) -> None:
    threads = await posted_threads(shop)
    gone = next(each for each in shop.pull.threads if each.first.id == threads[0].comment_id)
    shop.pull.threads.remove(gone)
    del shop.hub.state._nodes[threads[0].comment_node_id]

    marked = await shop.client.reviews.mark_all_fixed([(thread, "fixed") for thread in threads])

    assert marked == 1
    (left,) = (await shop.client.pulls.state(shop.number)).threads
    assert (left.body, left.minimized) == ("fixed", True)


async def test_marking_goes_on_after_a_fault(shop: Shop) -> None:
    threads = await posted_threads(shop)
    shop.hub.faults.commit_then_status(502, "graphql")

    assert await shop.client.reviews.mark_all_fixed([(threads[0], "fixed")]) == 1


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Pull request review thread line must be part of the diff", True),
        ("Pull request review thread diff hunk can't be blank", True),
        ("PullRequestReviewComment pull_request_review_thread.line custom", True),
        ("Path could not be resolved", True),
        ("User can only have one pending review per pull request", False),
        ("No commit found for SHA: 123", False),
        ("Body is too long (maximum is 65536 characters)", False),
    ],
)
def test_it_is_known_whether_a_refusal_is_about_places(reason: str, expected: bool) -> None:
    assert _is_about_anchors(Invalid("422", reasons=(reason,))) is expected


def test_the_marker_is_the_last_of_ours_in_the_body() -> None:
    body = "<!-- fastperf:a -->\n<!-- else -->\n<!-- fastperf:review sha=1 -->"

    assert _marker_of(body) == "<!-- fastperf:review sha=1 -->"
    assert _marker_of("no marker <!-- other -->") is None


async def test_a_review_without_a_marker_is_not_repeated_after_a_fault(fakegithub: FakeGitHub) -> None:
    async with opened(fakegithub) as shop:
        shop.hub.faults.commit_then_drop("pulls/create-review")
        with pytest.raises(Unavailable):
            await create(shop, comment(21), body="no marker")
        assert len(submitted(shop)) == 1
