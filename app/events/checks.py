"""Check runs: somebody pressed a button of ours, or asked GitHub to run the checks again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import Repository
from app.jobs import Jobs
from app.work import CommandJob, MergeGroupJob, RerunJob

router = routing.Router()

_QUEUE = re.compile(r"gh-readonly-queue/(?P<base_ref>.+)/pr-\d+-(?P<base_sha>[0-9a-f]{40})")
"""The branch of a merge group, which says all that its event did."""
BUTTONS = frozenset({"rescan", "ignore", "apply"})
"""The first two are the commands of their names."""


@router.register("check_run", action="rerequested")
async def rerun_check(event: sansio.Event, jobs: Jobs) -> None:
    check = event.data["check_run"]
    if check["name"] != "fastperf":
        raise IgnoredError("not our check run")
    await _run_again(event, check, check["check_suite"]["head_branch"], jobs)


@router.register("check_suite", action="rerequested")
async def rerun_suite(event: sansio.Event, jobs: Jobs) -> None:
    suite = event.data["check_suite"]
    await _run_again(event, suite, suite["head_branch"], jobs)


@router.register("check_run", action="requested_action")
async def press_button(event: sansio.Event, jobs: Jobs) -> None:
    """A button asks the same question about permission as a command."""
    check = event.data["check_run"]
    identifier = event.data["requested_action"]["identifier"]
    if check["name"] != "fastperf" or identifier not in BUTTONS:
        raise IgnoredError("not a button of ours")
    numbers = _numbers(event, check)
    await jobs.request_command(
        CommandJob(
            repository=Repository.from_payload(event.data),
            number=numbers[0] if len(numbers) == 1 else 0,
            trigger=event.delivery_id,
            author=str(event.data["sender"]["login"]),
            pull_author="",
            body=f"/fastperf {identifier}",
            head_sha=str(check["head_sha"]),
            button=identifier,
        )
    )


async def _run_again(
    event: sansio.Event, check: Mapping[str, Any], head_branch: str | None, jobs: Jobs
) -> None:
    group = _QUEUE.fullmatch(head_branch or "")
    if group is None:
        await jobs.request_rerun(_rerun(event, check))
        return
    await jobs.request_merge_group(
        MergeGroupJob(
            repository=Repository.from_payload(event.data),
            head_sha=str(check["head_sha"]),
            base_sha=group["base_sha"],
            base_ref=group["base_ref"],
            head_ref=group[0],
            trigger=event.delivery_id,
        )
    )


def _rerun(event: sansio.Event, check: Mapping[str, Any]) -> RerunJob:
    return RerunJob(
        repository=Repository.from_payload(event.data),
        head_sha=str(check["head_sha"]),
        numbers=_numbers(event, check),
        trigger=event.delivery_id,
    )


def _numbers(event: sansio.Event, check: Mapping[str, Any]) -> tuple[int, ...]:
    """Empty for pull requests from forks: GitHub does not name those. In a fork it names the ones of its parent."""
    here = event.data["repository"]["id"]
    pulls: Iterable[Mapping[str, Any]] = check.get("pull_requests") or ()
    return tuple(int(pull["number"]) for pull in pulls if pull["base"]["repo"]["id"] == here)
