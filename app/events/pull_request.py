"""Pull requests: whatever happened to one, the wish is the same: review it as it is now."""

from __future__ import annotations

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import PullRequest
from app.jobs import Jobs
from app.work import ReviewJob

router = routing.Router()


@router.register("pull_request", action="opened")
@router.register("pull_request", action="synchronize")
@router.register("pull_request", action="reopened")
@router.register("pull_request", action="converted_to_draft")
@router.register("pull_request", action="closed")
async def request_review(event: sansio.Event, jobs: Jobs) -> None:
    """Also when it was closed or became a draft: the job sees that and ends what was begun."""
    await jobs.request_review(_review(event))


@router.register("pull_request", action="ready_for_review")
async def request_comments(event: sansio.Event, jobs: Jobs) -> None:
    """As a draft it had a check run and no comments."""
    await jobs.request_review(_review(event, force=True))


@router.register("pull_request", action="edited")
async def request_review_against_new_base(event: sansio.Event, jobs: Jobs) -> None:
    changes = event.data.get("changes")
    if not isinstance(changes, dict) or "base" not in changes:
        raise IgnoredError("the base did not change")
    await jobs.request_review(_review(event, force=True))


def _review(event: sansio.Event, *, force: bool = False) -> ReviewJob:
    pull = PullRequest.from_payload(event.data)
    return ReviewJob(
        repository=pull.repository,
        number=pull.number,
        trigger=event.delivery_id,
        head_sha=pull.head_sha,
        base_sha=pull.base_sha,
        force=force,
    )
