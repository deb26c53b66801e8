"""Installations: what we may no longer see, we stop working on and forget."""

from __future__ import annotations

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.jobs import Jobs
from app.work import ForgetJob

router = routing.Router()


@router.register("installation", action="deleted")
async def forget(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_forget(
        ForgetJob(installation_id=_installation(event), repository_ids=(), trigger=event.delivery_id)
    )


@router.register("installation", action="suspend")
async def pause(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_forget(
        ForgetJob(
            installation_id=_installation(event),
            repository_ids=(),
            trigger=event.delivery_id,
            reason="suspended",
        )
    )


@router.register("installation", action="new_permissions_accepted")
async def drop_tokens(event: sansio.Event, jobs: Jobs) -> None:
    """A token keeps the grants it was made with."""
    await jobs.request_forget(
        ForgetJob(
            installation_id=_installation(event),
            repository_ids=(),
            trigger=event.delivery_id,
            reason="permissions",
        )
    )


@router.register("installation_repositories", action="removed")
async def forget_repositories(event: sansio.Event, jobs: Jobs) -> None:
    removed = tuple(int(repository["id"]) for repository in event.data["repositories_removed"])
    if not removed:
        raise IgnoredError("no repository was removed")
    await jobs.request_forget(
        ForgetJob(installation_id=_installation(event), repository_ids=removed, trigger=event.delivery_id)
    )


def _installation(event: sansio.Event) -> int:
    return int(event.data["installation"]["id"])
