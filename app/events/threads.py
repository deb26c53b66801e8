"""Threads of review comments: that somebody resolved one is remembered at once.

Reviews themselves need no ear: ours ask for nothing, so nobody can dismiss them, and what became of their comments is
asked for with the next review.
"""

from __future__ import annotations

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import Repository
from app.jobs import Jobs
from app.work import ThreadJob

router = routing.Router()

MARK = "<!-- fastperf:f="
"""Of comments on findings; whether it is ours is asked when the job runs."""


@router.register("pull_request_review_thread", action="resolved")
@router.register("pull_request_review_thread", action="unresolved")
async def remember(event: sansio.Event, jobs: Jobs) -> None:
    comments = event.data["thread"].get("comments") or ()
    first = comments[0] if comments else {}
    body, writer = str(first.get("body") or ""), first.get("user") or {}
    if writer.get("type") != "Bot" or MARK not in body:
        raise IgnoredError("not a thread of ours")
    await jobs.request_thread(
        ThreadJob(
            repository=Repository.from_payload(event.data),
            number=int(event.data["pull_request"]["number"]),
            trigger=event.delivery_id,
            writer=str(writer.get("login", "")),
            body=body,
            resolved=event.data["action"] == "resolved",
        )
    )
