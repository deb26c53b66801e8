"""Steering a stand-in that runs as a process of its own: JSON operations under `/_fake/`, and a client for them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from .github import FakeGitHub
from .gitrepo import Content
from .state import IssueComment, Pull, Repo, Review, Thread

JSON = dict[str, Any]
Action = Callable[[FakeGitHub, JSON], Awaitable[Any]]
ACTIONS: dict[str, Action] = {}


def action(handler: Action) -> Action:
    ACTIONS[handler.__name__] = handler
    return handler


def routes(github: FakeGitHub) -> Callable[[web.Application], None]:
    """Adds the control operations to the application of a stand-in."""

    async def handle(request: web.Request) -> web.Response:
        handler = ACTIONS.get(request.match_info["action"])
        if handler is None:
            return web.json_response({"error": "no such action", "actions": sorted(ACTIONS)}, status=404)
        data = await request.json() if request.can_read_body else {}
        try:
            return web.json_response(await handler(github, data))
        except (KeyError, ValueError, TypeError, StopIteration) as error:
            return web.json_response({"error": repr(error)}, status=400)

    def add(app: web.Application) -> None:
        app.router.add_route("*", "/_fake/{action}", handle)

    return add


def _files(files: Mapping[str, Any]) -> dict[str, Content]:
    """Text, null to remove, `{"base64": …}` for bytes, `["120000", "target"]` for other git modes."""
    made: dict[str, Content] = {}
    for path, content in files.items():
        if isinstance(content, dict):
            made[path] = base64.b64decode(content["base64"])
        elif isinstance(content, list):
            made[path] = (content[0], content[1])
        else:
            made[path] = content
    return made


def _pull(pull: Pull) -> JSON:
    return {
        "number": pull.number,
        "state": pull.state,
        "draft": pull.draft,
        "title": pull.title,
        "author": pull.author.login,
        "head_ref": pull.head_ref,
        "head_sha": pull.head_sha,
        "base_ref": pull.base_ref,
        "base_sha": pull.base_sha,
        "heads": pull.heads,
        "mergeable": pull.mergeable,
    }


def _review(review: Review) -> JSON:
    return {
        "id": review.id,
        "user": review.user.login,
        "state": review.state,
        "body": review.body,
        "commit_id": review.commit_id,
        "comments": [comment.id for comment in review.comments],
    }


def _thread(thread: Thread) -> JSON:
    first = thread.first
    return {
        "path": first.path,
        "line": first.line,
        "start_line": first.start_line,
        "side": first.side,
        "diff_hunk": first.diff_hunk,
        "resolved": thread.is_resolved,
        "outdated": thread.is_outdated,
        "comments": [
            {
                "id": comment.id,
                "user": comment.user.login,
                "body": comment.body,
                "minimized": comment.minimized,
                "commit_id": comment.commit_id,
                "original_commit_id": comment.original_commit_id,
                "original_line": comment.original_line,
            }
            for comment in thread.comments
        ],
    }


def _comment(comment: IssueComment) -> JSON:
    reactions = [reaction.content for reaction in comment.reactions]
    return {"id": comment.id, "user": comment.user.login, "body": comment.body, "reactions": reactions}


def _repo(github: FakeGitHub, repo: Repo) -> JSON:
    runs = [
        {
            "id": run.id,
            "name": run.name,
            "app": run.app.slug,
            "head_sha": run.head_sha,
            "status": run.status,
            "conclusion": run.conclusion,
            "external_id": run.external_id,
            "output": run.output,
            "annotations": run.annotations,
            "actions": run.actions,
        }
        for run in repo.check_runs
    ]
    pulls = {}
    for number, pull in repo.pulls.items():
        pulls[str(number)] = _pull(pull) | {
            "reviews": [_review(review) for review in github.reviews(repo, number)],
            "threads": [_thread(thread) for thread in pull.threads],
            "comments": [_comment(comment) for comment in github.comments(repo, number)],
            "may_merge": github.may_merge(repo, number),
            "merge_blockers": github.merge_blockers(repo, number),
        }
    return {
        "id": repo.id,
        "private": repo.private,
        "git": str(repo.git.path),
        "check_runs": runs,
        "pulls": pulls,
    }


@action
async def state(github: FakeGitHub, data: JSON) -> JSON:
    """Everything that people and the app did."""
    deliveries = [github.world.render.delivery(delivery) for delivery in github.deliveries]
    seen: JSON = {
        "repos": {repo.full_name: _repo(github, repo) for repo in github.state.repos.values()},
        "deliveries": deliveries,
        "installations": [
            {"id": i.id, "account": i.account.login, "repos": [repo.full_name for repo in i.repos]}
            for i in github.state.installations.values()
        ],
    }
    return {**seen, **await counters(github, data)}


@action
async def counters(github: FakeGitHub, data: JSON) -> JSON:
    """What the app did to the API, and whether it kept the rules."""
    calls: dict[str, int] = {}
    for entry in github.log:
        calls[entry.operation] = calls.get(entry.operation, 0) + 1
    return {
        "requests": len(github.log),
        "calls": calls,
        "points": dict(github.limits.spent),
        "violations": github.violations,
        "schema_faults": github.schema_faults,
        "under_way": len(github.server.tasks),
    }


@action
async def log(github: FakeGitHub, data: JSON) -> list[JSON]:
    return [
        {
            "operation": e.operation,
            "method": e.method,
            "path": e.path,
            "status": e.status,
            "ms": e.ms,
            "fault": e.fault,
        }
        for e in github.log[data.get("since", 0) :]
    ]


@action
async def add_repo(github: FakeGitHub, data: JSON) -> JSON:
    """`full_name`, and `files` or the `path` of a local git repository; `private`, `required_checks`, `roles`."""
    repo = github.add_repo(
        data["full_name"],
        private=data.get("private", False),
        files=_files(data["files"]) if "files" in data else None,
        path=Path(data["path"]) if "path" in data else None,
        organization=data.get("organization", False),
        required_checks=data.get("required_checks", ()),
    )
    repo.roles.update(data.get("roles", {}))
    return {"id": repo.id, "git": str(repo.git.path), "default_branch": repo.default_branch}


@action
async def set_repo(github: FakeGitHub, data: JSON) -> JSON:
    """`repo`, and `required_checks` or `roles`."""
    repo = github._repo(data["repo"])
    repo.required_checks[:] = data.get("required_checks", repo.required_checks)
    repo.roles.update(data.get("roles", {}))
    return {}


@action
async def fork(github: FakeGitHub, data: JSON) -> JSON:
    made = github.fork(data["repo"], data["owner"])
    return {"id": made.id, "full_name": made.full_name, "git": str(made.git.path)}


@action
async def install(github: FakeGitHub, data: JSON) -> JSON:
    """`repos`, `account`, `permissions`, `events`; with `tell` the app hears of it."""
    installation = github.install(
        data.get("account"),
        data.get("repos", []),
        permissions=data.get("permissions"),
        events=data.get("events"),
    )
    if data.get("tell"):
        await github.installed(installation)
    return {"id": installation.id}


@action
async def commit(github: FakeGitHub, data: JSON) -> JSON:
    """`repo`, `branch`, `files`, `message`; `parent` is a branch or sha (a new branch starts at the default one)."""
    git = github._repo(data["repo"]).git
    parent = data.get("parent")
    if parent is None and git.ref(data["branch"]) is None:
        parent = github._repo(data["repo"]).default_branch
    tip = git.ref(parent) if parent else None
    sha = git.commit(data["branch"], _files(data["files"]), data.get("message", "Change"), parent=tip)
    return {"sha": sha}


@action
async def open_pr(github: FakeGitHub, data: JSON) -> JSON:
    """`repo`, `head` (a branch), `fork` (the full name of a fork that has it), `base`, `title`, `draft`, `author`."""
    source = github._repo(data["fork"]) if "fork" in data else None
    options = {name: data[name] for name in ("title", "body", "draft", "author", "tell") if name in data}
    pull = await github.open_pr(
        data["repo"],
        source if source is not None else data["head"],
        data.get("base"),
        branch=data.get("head"),
        **options,
    )
    return _pull(pull)


@action
async def push(github: FakeGitHub, data: JSON) -> JSON:
    """`repo`, `number`, `files` (or `sha`, an existing commit), `message`, `force`."""
    options = {name: data[name] for name in ("message", "force", "sha", "tell") if name in data}
    return {"sha": await github.push(data["repo"], data["number"], _files(data.get("files", {})), **options)}


@action
async def push_base(github: FakeGitHub, data: JSON) -> JSON:
    return {"sha": await github.push_base(data["repo"], _files(data["files"]), data.get("branch"))}


@action
async def pr_event(github: FakeGitHub, data: JSON) -> JSON:
    """`repo`, `number`, `action`, and what changed (`title`, `base`, `label`)."""
    changes = {name: data[name] for name in ("title", "base", "label", "sender") if name in data}
    await github.pr_event(data["repo"], data["number"], data["action"], **changes)
    return {}


@action
async def comment(github: FakeGitHub, data: JSON) -> JSON:
    made = await github.comment(data["repo"], data["number"], data["body"], data.get("user", "octocat"))
    return {"id": made.id}


@action
async def review_reply(github: FakeGitHub, data: JSON) -> JSON:
    made = await github.review_reply(
        data["repo"], data["number"], data["comment_id"], data["body"], data.get("user", "octocat")
    )
    return {"id": made.id}


@action
async def rerequest(github: FakeGitHub, data: JSON) -> JSON:
    await github.rerequest(data["repo"], data["run_id"])
    return {}


@action
async def press(github: FakeGitHub, data: JSON) -> JSON:
    await github.press(data["repo"], data["run_id"], data["identifier"], data.get("user", "octocat"))
    return {}


@action
async def merge_group(github: FakeGitHub, data: JSON) -> JSON:
    group = await github.merge_group(data["repo"], data["numbers"])
    return {"head_sha": group.head_sha, "head_ref": group.head_ref, "base_sha": group.base_sha}


@action
async def deliver(github: FakeGitHub, data: JSON) -> JSON:
    """Sign and send any `payload` as `event`."""
    made = await github.deliver(data["event"], data["payload"], guid=data.get("guid"))
    return github.world.render.delivery(made)


@action
async def redeliver(github: FakeGitHub, data: JSON) -> JSON:
    """The delivery with that `id` or `guid` again."""
    old = next(d for d in github.deliveries if d.id == data.get("id") or d.guid == data.get("guid"))
    return github.world.render.delivery(await github.redeliver(old))


@action
async def faults(github: FakeGitHub, data: JSON) -> JSON:
    """Set a knob (`kind`, `op`, `after`, `times` and its settings), or `clear` all."""
    if data.get("clear"):
        github.faults.clear()
    if "kind" in data:
        settings = {
            name: value
            for name, value in data.items()
            if name not in ("kind", "op", "after", "times", "clear")
        }
        github.faults.add(
            data["kind"], data.get("op"), after=data.get("after", 0), times=data.get("times", 1), **settings
        )
    return {"active": [[f.kind, f.op, f.after, f.times, f.struck] for f in github.faults.active]}


@action
async def expire_tokens(github: FakeGitHub, data: JSON) -> JSON:
    github.expire_tokens()
    return {}


@action
async def configure(github: FakeGitHub, data: JSON) -> JSON:
    """`webhook_url`, `skew` (seconds), `secondary` (whether unannounced limits are kept), `token_delay`."""
    if "webhook_url" in data:
        github.webhook_url = data["webhook_url"]
    github.skew = data.get("skew", github.skew)
    github.limits.secondary = data.get("secondary", github.limits.secondary)
    github.world.token_delay = data.get("token_delay", github.world.token_delay)
    return {"webhook_url": github.webhook_url}


@action
async def expect(github: FakeGitHub, data: JSON) -> JSON:
    github.expect(data["status"], data.get("op"))
    return {}


@action
async def allow_review(github: FakeGitHub, data: JSON) -> JSON:
    github.allow_review(data["repo"], data["number"])
    return {}


@action
async def settle(github: FakeGitHub, data: JSON) -> JSON:
    await github.settle(data.get("seconds", 10.0))
    return {}


class ControlError(Exception):
    """A control operation was refused."""


class Control:
    """A client for the control operations: `await control.open_pr(repo="octo/shop", head="feature")`.

    `started` is what the process said of itself: url, graphql_url, app_id, private_key_file, webhook_secret.
    """

    def __init__(self, url: str, started: JSON | None = None) -> None:
        self.url = url
        self.started = started or {"url": url}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Control:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, name: str, **data: Any) -> Any:
        """Raises ControlError with what the stand-in said."""
        assert self._session is not None
        async with self._session.post(f"{self.url}/_fake/{name}", json=data) as response:
            body = await response.json()
            if response.status != 200:
                raise ControlError(f"{name}: {body}")
            return body

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in ACTIONS:
            raise AttributeError(name)

        async def call(**data: Any) -> Any:
            return await self.call(name, **data)

        return call

    async def until(self, condition: Callable[[JSON], Any], seconds: float = 20.0) -> Any:
        """Wait until a condition on `state` holds; its value. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                found = condition(await self.call("state"))
                if found:
                    return found
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[Control]:
    """Run `python -m tests.fakegithub` with these arguments, from the repository's root; ends with the block."""
    root = Path(__file__).parents[2]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakegithub", *arguments, stdout=asyncio.subprocess.PIPE, cwd=root
    )
    try:
        assert child.stdout is not None
        line = await asyncio.wait_for(child.stdout.readline(), 30)
        started = json.loads(line)
        async with Control(started["url"], started) as control:
            yield control
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
