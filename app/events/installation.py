"""Installations: what we may no longer see, we stop working on and forget."""

from __future__ import annotations

from typing import Literal

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.jobs import Jobs
from app.work import ArriveJob, ForgetJob

router = routing.Router()


@router.register("installation", action="deleted")
async def forget(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_forget(
        ForgetJob(installation_id=_installation(event), repository_ids=(), trigger=event.delivery_id)
    )


@router.register("installation", action="created")
@router.register("installation", action="unsuspend")
@router.register("installation", action="new_permissions_accepted")
@router.register("installation_repositories", action="added")
async def look_at_what_is_open(event: sansio.Event, jobs: Jobs) -> None:
    """Nobody told us of the pull requests that were open before, and some wait for a permission."""
    await jobs.request_arrival(ArriveJob(installation_id=_installation(event), trigger=event.delivery_id))


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


@router.register("installation_repositories", action="removed")
async def forget_repositories(event: sansio.Event, jobs: Jobs) -> None:
    removed = tuple(int(repository["id"]) for repository in event.data["repositories_removed"])
    if not removed:
        raise IgnoredError("no repository was removed")
    await jobs.request_forget(
        ForgetJob(installation_id=_installation(event), repository_ids=removed, trigger=event.delivery_id)
    )


@router.register("repository", action="deleted")
async def forget_repository(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_forget(_of_repository(event, "deleted"))


@router.register("repository", action="transferred")
async def forget_under_the_old_owner(event: sansio.Event, jobs: Jobs) -> None:
    """The new owner's installation begins anew: what the old one's people asked for is not theirs."""
    await jobs.request_forget(_of_repository(event, "transferred"))


@router.register("repository", action="privatized")
async def withdraw_reports(event: sansio.Event, jobs: Jobs) -> None:
    await jobs.request_forget(_of_repository(event, "privatized"))


@router.register("repository", action="renamed")
@router.register("installation_target", action="renamed")
async def keep(event: sansio.Event, jobs: Jobs) -> None:
    """Everything is stored by id, and GitHub follows old names for the jobs that have one."""
    raise IgnoredError("known by its id, whatever its name")


def _of_repository(event: sansio.Event, reason: Literal["deleted", "transferred", "privatized"]) -> ForgetJob:
    return ForgetJob(
        installation_id=_installation(event),
        repository_ids=(int(event.data["repository"]["id"]),),
        trigger=event.delivery_id,
        reason=reason,
    )


def _installation(event: sansio.Event) -> int:
    return int(event.data["installation"]["id"])
