"""Reviews of a pull request, their comments and threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import rules
from .call import Call, Reply, operation
from .errors import ApiError, not_found, unprocessable, validation
from .rules import Anchor
from .state import Pull, Review, ReviewComment, State, Thread, User

EVENTS = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}


def new_review(state: State, pull: Pull, user: User, *, body: str, event: str | None, commit: str) -> Review:
    """A review without comments; without an event it is pending."""
    status = EVENTS[event] if event else "PENDING"
    review = Review(state.next_id(), pull, user, body, status, commit, state.now() if event else None)
    pull.reviews.append(state.remember(review))
    return review


def add_comment(state: State, review: Review, place: Anchor, body: str) -> ReviewComment:
    """A comment that begins a thread."""
    now = state.now()
    comment = ReviewComment(
        id=state.next_id(),
        repo=review.pull.repo,
        pull=review.pull,
        review=review,
        user=review.user,
        body=body,
        path=place.path,
        commit_id=review.commit_id,
        original_commit_id=review.commit_id,
        line=place.line,
        original_line=place.line,
        side=place.side,
        start_line=place.start_line,
        original_start_line=place.start_line,
        start_side=place.start_side,
        subject_type="file" if place.line is None else "line",
        diff_hunk=place.hunk,
        position=place.position,
        original_position=place.position,
        created_at=now,
        updated_at=now,
    )
    state.remember(comment)
    review.comments.append(comment)
    review.pull.threads.append(state.remember(Thread(state.next_id(), review.pull, [comment])))
    return comment


def reply(state: State, first: ReviewComment, user: User, body: str) -> ReviewComment:
    """An answer in a thread; it comes with a review of its own, as on GitHub."""
    review = new_review(state, first.pull, user, body="", event="COMMENT", commit=first.pull.head_sha)
    now = state.now()
    comment = ReviewComment(
        id=state.next_id(),
        repo=first.repo,
        pull=first.pull,
        review=review,
        user=user,
        body=body,
        path=first.path,
        commit_id=first.commit_id,
        original_commit_id=first.original_commit_id,
        line=first.line,
        original_line=first.original_line,
        side=first.side,
        start_line=first.start_line,
        original_start_line=first.original_start_line,
        start_side=first.start_side,
        subject_type=first.subject_type,
        diff_hunk=first.diff_hunk,
        position=first.position,
        original_position=first.original_position,
        created_at=now,
        updated_at=now,
        in_reply_to=first,
    )
    state.remember(comment)
    review.comments.append(comment)
    first.thread.comments.append(comment)
    return comment


def visible(pull: Pull, user: User) -> list[Review]:
    """Pending reviews are seen by their author alone."""
    return [review for review in pull.reviews if review.state != "PENDING" or review.user is user]


def _review(call: Call) -> Review:
    identity = call.number("review_id")
    found = next((review for review in visible(call.pull, call.user) if review.id == identity), None)
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> ReviewComment:
    identity = call.number("comment_id")
    for pull in call.repo.pulls.values():
        for comment in pull.comments:
            if comment.id == identity:
                return comment
    raise not_found()


def _announce(call: Call, review: Review) -> None:
    call.emit("pull_request_review", "submitted", pull=review.pull, review=review)
    for comment in review.comments:
        call.emit("pull_request_review_comment", "created", pull=review.pull, review_comment=comment)


def _repeats(pull: Pull, user: User, commit: str, comments: Sequence[dict[str, Any]]) -> list[str]:
    """What a careful app never does: answer one head twice, say the same on the same line again."""
    found = []
    submitted = [r for r in pull.reviews if r.user is user and r.state != "PENDING" and r.original]
    if any(review.commit_id == commit for review in submitted):
        found.append(f"second review of #{pull.number} at {commit[:7]}")
    for comment in comments:
        for thread in pull.threads:
            first = thread.first
            same = (first.path, first.line, first.body) == (
                comment["path"],
                comment.get("line"),
                comment["body"],
            )
            if same and first.user is user and not thread.is_outdated:
                found.append(f"same comment again on {first.path}:{first.line}")
    return found


@operation("pulls/create-review")
def create_review(call: Call) -> Reply:
    pull, sent = call.pull, call.body or {}
    event, body = sent.get("event"), sent.get("body") or ""
    comments: list[dict[str, Any]] = sent.get("comments", [])
    commit = sent.get("commit_id") or pull.head_sha
    if any(review.state == "PENDING" and review.user is call.user for review in pull.reviews):
        raise unprocessable(rules.ONE_PENDING)
    if event in ("APPROVE", "REQUEST_CHANGES") and pull.author is call.user:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable(f"Review Can not {verb} your own pull request")
    rules.commit_of_pull(pull, commit)
    rules.review_body(event, body, len(comments))
    for comment in comments:
        if len(comment["body"]) > rules.BODY_LIMIT or not comment["body"].strip():
            raise unprocessable("Pull request review thread comments body is too long or blank")
    places = rules.anchors(rules.files_at(pull, commit), comments)
    call.world.repeated(pull, _repeats(pull, call.user, commit, comments))
    review = new_review(call.state, pull, call.user, body=body, event=event, commit=commit)
    review.by_app, review.original = call.world.app, True
    for place, comment in zip(places, comments, strict=True):
        add_comment(call.state, review, place, comment["body"])
    if event:
        _announce(call, review)
    return Reply(call.render.review(review))


@operation("pulls/list-reviews")
def list_reviews(call: Call) -> Reply:
    body, headers = call.page([call.render.review(review) for review in visible(call.pull, call.user)])
    return Reply(body, headers=headers)


@operation("pulls/get-review")
def get_review(call: Call) -> Reply:
    return Reply(call.render.review(_review(call)))


@operation("pulls/update-review")
def update_review(call: Call) -> Reply:
    review = _review(call)
    if review.user is not call.user:
        raise ApiError(403, "Resource not accessible by integration")
    review.body = call.body["body"]
    return Reply(call.render.review(review))


@operation("pulls/submit-review")
def submit_review(call: Call) -> Reply:
    review = _review(call)
    if review.state != "PENDING":
        raise unprocessable("Can not submit a review that is not pending")
    rules.review_body(call.body["event"], call.body.get("body") or review.body, len(review.comments))
    review.state, review.submitted_at = EVENTS[call.body["event"]], call.state.now()
    review.body = call.body.get("body") or review.body
    _announce(call, review)
    return Reply(call.render.review(review))


@operation("pulls/dismiss-review")
def dismiss_review(call: Call) -> Reply:
    review = _review(call)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    review.state = "DISMISSED"
    call.emit("pull_request_review", "dismissed", pull=review.pull, review=review)
    return Reply(call.render.review(review))


@operation("pulls/delete-pending-review")
def delete_review(call: Call) -> Reply:
    review = _review(call)
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    pull = review.pull
    pull.reviews.remove(review)
    pull.threads = [thread for thread in pull.threads if thread.first.review is not review]
    return Reply(call.render.review(review))


@operation("pulls/list-comments-for-review")
def list_comments_for_review(call: Call) -> Reply:
    made = [call.render.review_comment(comment, "review-comment") for comment in _review(call).comments]
    body, headers = call.page(made)
    return Reply(body, headers=headers)


@operation("pulls/list-review-comments")
def list_review_comments(call: Call) -> Reply:
    since = call.query.get("since", "")
    found = [
        comment
        for comment in call.pull.comments
        if comment.updated_at >= since and (comment.review.state != "PENDING" or comment.user is call.user)
    ]
    if call.query.get("direction") == "desc":
        found.reverse()
    body, headers = call.page([call.render.review_comment(comment) for comment in found])
    return Reply(body, headers=headers)


@operation("pulls/create-review-comment")
def create_review_comment(call: Call) -> Reply:
    pull, sent = call.pull, call.body
    rules.body(sent["body"], "PullRequestReviewComment")
    if "in_reply_to" in sent:
        first = next(
            (c for c in pull.comments if c.id == sent["in_reply_to"] and c.in_reply_to is None), None
        )
        if first is None:
            raise validation("PullRequestReviewComment", "in_reply_to", "invalid")
        comment = reply(call.state, first, call.user, sent["body"])
    else:
        rules.commit_of_pull(pull, sent["commit_id"])
        if sent.get("subject_type") != "file" and "line" not in sent and "position" not in sent:
            raise ApiError(422, 'Invalid request.\n\n"line" wasn\'t supplied.')
        place = rules.single(rules.files_at(pull, sent["commit_id"]), sent)
        review = new_review(call.state, pull, call.user, body="", event="COMMENT", commit=sent["commit_id"])
        comment = add_comment(call.state, review, place, sent["body"])
    call.emit("pull_request_review_comment", "created", pull=pull, review_comment=comment)
    return Reply(call.render.review_comment(comment), 201)


@operation("pulls/create-reply-for-review-comment")
def create_reply(call: Call) -> Reply:
    first = _comment(call)
    if first.pull is not call.pull or first.in_reply_to is not None:
        raise not_found()
    rules.body(call.body["body"], "PullRequestReviewComment")
    comment = reply(call.state, first, call.user, call.body["body"])
    call.emit("pull_request_review_comment", "created", pull=call.pull, review_comment=comment)
    return Reply(call.render.review_comment(comment), 201)


@operation("pulls/get-review-comment")
def get_review_comment(call: Call) -> Reply:
    return Reply(call.render.review_comment(_comment(call)))


@operation("pulls/update-review-comment")
def update_review_comment(call: Call) -> Reply:
    comment = _comment(call)
    if comment.user is not call.user:
        raise ApiError(403, "Resource not accessible by integration")
    rules.body(call.body["body"], "PullRequestReviewComment")
    edit(call.state, comment, call.body["body"])
    return Reply(call.render.review_comment(comment))


def edit(state: State, comment: ReviewComment, body: str) -> None:
    comment.body, comment.updated_at = body, state.now()


@operation("pulls/delete-review-comment")
def delete_review_comment(call: Call) -> Reply:
    comment = _comment(call)
    thread = comment.thread
    thread.comments.remove(comment)
    if not thread.comments:
        comment.pull.threads.remove(thread)
    comment.review.comments.remove(comment)
    call.emit("pull_request_review_comment", "deleted", pull=comment.pull, review_comment=comment)
    return Reply(status=204)
