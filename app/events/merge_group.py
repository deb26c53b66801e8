"""Merge queues: the commit that would be merged wants a completed check run of its own."""

from __future__ import annotations

from gidgethub import routing, sansio

from app.github.models import Repository
from app.jobs import Jobs
from app.work import MergeGroupJob

router = routing.Router()


@router.register("merge_group", action="checks_requested")
async def check_group(event: sansio.Event, jobs: Jobs) -> None:
    group = event.data["merge_group"]
    await jobs.request_merge_group(
        MergeGroupJob(
            repository=Repository.from_payload(event.data),
            head_sha=str(group["head_sha"]),
            base_sha=str(group["base_sha"]),
            base_ref=str(group["base_ref"]).removeprefix("refs/heads/"),
            trigger=event.delivery_id,
        )
    )
