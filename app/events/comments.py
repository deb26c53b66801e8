"""Comments of people in a pull request's conversation: only those with a command are work."""

from __future__ import annotations

from gidgethub import routing, sansio

from app.events import IgnoredError
from app.github.models import Repository
from app.jobs import Jobs
from app.review import commands
from app.work import CommandJob

router = routing.Router()


@router.register("issue_comment", action="created")
async def obey(event: sansio.Event, jobs: Jobs) -> None:
    """Edited comments are no commands, and neither is what a bot says: two could talk for ever."""
    issue, comment = event.data["issue"], event.data["comment"]
    if not issue.get("pull_request"):
        raise IgnoredError("not a pull request")
    author = comment.get("user") or {}
    if author.get("type") == "Bot" or comment.get("performed_via_github_app"):
        raise IgnoredError("written by a program")
    body = str(comment.get("body") or "")
    if not commands.parse(body):
        raise IgnoredError("no command")
    await jobs.request_command(
        CommandJob(
            repository=Repository.from_payload(event.data),
            number=int(issue["number"]),
            trigger=f"comment-{int(comment['id'])}",
            author=str(author["login"]),
            pull_author=str((issue.get("user") or {}).get("login", "")),
            body=body,
            comment_id=int(comment["id"]),
        )
    )
