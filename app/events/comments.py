"""Comments of people in a pull request's conversation: only those with a command are work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import Repository
from app.jobs import Jobs
from app.review import commands
from app.work import CommandJob

router = routing.Router()


@router.register("issue_comment", action="created")
async def obey(event: sansio.Event, jobs: Jobs) -> None:
    """Edited comments are no commands, and neither is what a bot says: two could talk for ever.

    A coding agent may do what its rights allow, which on a pull request of its own is to have it reviewed again.
    """
    issue = event.data["issue"]
    if not issue.get("pull_request"):
        raise IgnoredError("not a pull request")
    await jobs.request_command(_command(event, issue, "comment"))


@router.register("pull_request_review_comment", action="created")
async def obey_in_thread(event: sansio.Event, jobs: Jobs) -> None:
    """A reply in the thread of a finding means that finding."""
    job = _command(event, event.data["pull_request"], "reply")
    thread = event.data["comment"].get("in_reply_to_id")
    await jobs.request_command(
        msgspec.structs.replace(job, thread_id=int(thread) if thread is not None else job.comment_id)
    )


def _command(event: sansio.Event, pull: Mapping[str, Any], kind: str) -> CommandJob:
    comment = event.data["comment"]
    author = comment.get("user") or {}
    login = str(author.get("login", ""))
    machine = author.get("type") == "Bot" or comment.get("performed_via_github_app")
    if machine and not commands.is_coding_agent(login):
        raise IgnoredError("written by a program")
    body = str(comment.get("body") or "").replace(
        "\0", "\N{REPLACEMENT CHARACTER}"
    )  # PostgreSQL has no such text
    if not commands.parse(body):
        raise IgnoredError("no command")
    return CommandJob(
        repository=Repository.from_payload(event.data),
        number=int(pull["number"]),
        trigger=f"{kind}-{int(comment['id'])}",
        author=login,
        pull_author=str((pull.get("user") or {}).get("login", "")),
        body=body,
        comment_id=int(comment["id"]),
    )
