"""Merge queues: the commit that would be merged wants a completed check run of its own."""

from __future__ import annotations

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import Repository
from app.jobs import Jobs
from app.work import MergeGroupJob

router = routing.Router()


@router.register("merge_group", action="checks_requested")
async def check_group(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_merge_group(_job(event))


@router.register("merge_group", action="destroyed")
async def drop_group(event: sansio.Event, jobs: Jobs) -> None:
    """Merged or given up: nobody waits for its check run any more."""
    if not await jobs.end_merge_group(_job(event)):
        raise IgnoredError("no job waits for the group")


def _job(event: sansio.Event) -> MergeGroupJob:
    group = event.data["merge_group"]
    return MergeGroupJob(
        repository=Repository.from_payload(event.data),
        head_sha=str(group["head_sha"]),
        base_sha=str(group["base_sha"]),
        base_ref=str(group["base_ref"]).removeprefix("refs/heads/"),
        head_ref=str(group["head_ref"]).removeprefix("refs/heads/"),
        trigger=event.delivery_id,
    )
