"""Webhooks: payloads, signatures, one try of ten seconds, a log, redelivery with the same GUID."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

import aiohttp

from .auth import EVENT_PERMISSION
from .call import Event
from .spec import lay_over
from .state import Delivery, Installation, MergeGroup, Repo, node_id

if TYPE_CHECKING:
    from .server import World

JSON = dict[str, Any]
TIMEOUT = 10.0


def build(world: World, event: Event, installation: Installation | None) -> JSON:
    """The payload of an event: the schema's skeleton, a recorded example over it, the real values over both."""
    skeleton = world.spec.webhook_skeleton(event.name, event.action)
    example = world.spec.example(event.name, event.action)
    for key in (
        "organization",
        "enterprise",
        "installation",
        "changes",
        "assignee",
        "label",
        "requester",
        "repository",
    ):
        example.pop(key, None)
    real = _real(world, event, installation)
    merged: JSON = lay_over(lay_over(skeleton, example), real)
    if event.repo is None:
        merged.pop("repository", None)
    return merged


def _real(world: World, event: Event, installation: Installation | None) -> JSON:
    render, parts = world.render, event.parts
    real: JSON = {"sender": render.user(event.sender)}
    if event.action is not None:
        real["action"] = event.action
    if event.repo is not None:
        real["repository"] = _repository(world, event.repo)
        if event.repo.owner.type == "Organization":
            real["organization"] = _organization(world, event.repo)
    if installation is not None:
        real["installation"] = {"id": installation.id, "node_id": node_id(installation)}
    pull = parts.get("pull")
    if pull is not None and event.name == "issue_comment":
        real["issue"] = render.issue(pull)
    elif pull is not None:
        full = event.name == "pull_request"
        made = render.pull(pull, "pull-request" if full else "pull-request-simple")
        for end in ("head", "base"):
            if made[end]["repo"] is not None:
                source = pull.head_repo if end == "head" else pull.repo
                made[end]["repo"] = _repository(world, source)
        real["pull_request"] = made
        if full:
            real["number"] = pull.number
    if "comment" in parts:
        real["comment"] = render.issue_comment(parts["comment"])
    if "review_comment" in parts:
        real["comment"] = render.review_comment(parts["review_comment"])
    if "review" in parts:
        real["review"] = render.review(parts["review"]) | {"state": parts["review"].state.lower()}
    if "thread" in parts:
        thread = parts["thread"]
        comments = [render.review_comment(comment) for comment in thread.comments]
        real["thread"] = {"node_id": node_id(thread), "comments": comments}
    if "check_run" in parts:
        run = parts["check_run"]
        suite = render.check_suite(run.suite)
        del suite["latest_check_runs_count"], suite["check_runs_url"]
        if event.action == "rerequested":
            # The payload shows the suite as it was when the button was pressed.
            suite |= {"status": "completed", "conclusion": run.suite.settled or "failure"}
        real["check_run"] = render.check_run(run) | {"check_suite": suite}
    if "check_suite" in parts:
        real["check_suite"] = render.check_suite(parts["check_suite"])
        del real["check_suite"]["repository"]
    if "label" in parts:
        real["label"] = render.label(parts["pull"].repo, parts["label"])
    if "merge_group" in parts:
        real["merge_group"] = _merge_group(world, parts["merge_group"])
    if "installation" in parts:
        real["installation"] = render.installation(parts["installation"])
    for key in ("repositories", "repositories_added", "repositories_removed"):
        if key in parts:
            real[key] = [_short(repo) for repo in parts[key]]
    return real | dict(parts.get("extra", {}))


def _repository(world: World, repo: Repo) -> JSON:
    return world.render.repository(repo, "repository-webhooks") | {"has_discussions": False}


def _organization(world: World, repo: Repo) -> JSON:
    login, url = repo.owner.login, f"{world.render.api}/orgs/{repo.owner.login}"
    lists = ("repos", "events", "hooks", "issues")
    return {
        "login": login,
        "id": repo.owner.id,
        "node_id": node_id(repo.owner),
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in lists},
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{world.render.html}/avatars/{repo.owner.id}",
        "description": None,
    }


def _merge_group(world: World, group: MergeGroup) -> JSON:
    commit = group.repo.git.commit_info(group.head_sha)
    assert commit is not None
    return {
        "head_sha": group.head_sha,
        "head_ref": group.head_ref,
        "base_sha": group.base_sha,
        "base_ref": group.base_ref,
        "head_commit": world.render.simple_commit(commit),
    }


def _short(repo: Repo) -> JSON:
    return {
        "id": repo.id,
        "node_id": node_id(repo),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def listener(world: World, event: Event) -> tuple[bool, Installation | None]:
    """Whether the app hears of an event, and through which installation.

    It does when it is installed there, subscribed, and holds the event's permission.
    """
    installation = event.parts.get("installation")
    if installation is None and event.repo is not None:
        installation = world.state.installation_of(event.repo)
    if event.name == "ping":
        return True, None
    if installation is None:
        return False, None
    always = EVENT_PERMISSION.get(event.name, "metadata") is None
    if installation.suspended_at and not always:
        return False, installation
    need = EVENT_PERMISSION.get(event.name, "metadata")
    held = installation.permissions.get(need, "") if need else "read"
    if event.name == "check_suite" and event.action in ("requested", "rerequested"):
        return held == "write", installation
    if event.name == "check_run" and event.action in ("rerequested", "requested_action"):
        return held == "write", installation
    subscribed = always or event.name in installation.events
    return bool(held) and subscribed, installation


class Hooks:
    """Sends deliveries, one after another in the order they were made unless a knob says otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.timeout = TIMEOUT
        self._session: aiohttp.ClientSession | None = None
        self._held: list[Delivery] = []

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def prepare(self, event: Event) -> Delivery | None:
        """The delivery of an event, entered in the log; None when the app does not hear of it."""
        world = self.world
        heard, installation = listener(world, event)
        if not heard or world.webhook_url is None:
            return None
        payload = build(world, event, installation)
        orphaned = event.parts.get("pull") is not None and event.parts["pull"].head_repo is None
        for fault in world.spec.webhook_faults(event.name, event.action, payload):
            if orphaned and fault.where in ("pull_request/head/repo", "pull_request/head/user"):
                continue  # GitHub sends null for a deleted fork, whatever its documents say
            world.schema_fault(f"{event.name}.{event.action}: {fault.where}: {fault.message}")
        return self.enter(event.name, event.action, payload, installation, event.repo)

    def enter(
        self,
        event: str,
        action: str | None,
        payload: JSON,
        installation: Installation | None = None,
        repo: Repo | None = None,
        *,
        guid: str | None = None,
        redelivery: bool = False,
    ) -> Delivery:
        """A delivery with its body and signatures."""
        world = self.world
        body = json.dumps(payload, separators=(",", ":")).encode()
        kind = "application/json"
        if world.content_type == "form":
            body = urllib.parse.urlencode({"payload": body.decode()}).encode()
            kind = "application/x-www-form-urlencoded"
        guid = guid or str(uuid.uuid4())
        secret = world.secrets[0].encode()
        headers = {
            "Accept": "*/*",
            "Content-Type": kind,
            "User-Agent": "GitHub-Hookshot/0fa1ce0",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-ID": str(world.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
        }
        identity = world.state.next_id()
        delivery = Delivery(
            identity, guid, event, action, installation, repo, headers, payload, body, redelivery
        )
        delivery.delivered, delivery.delivered_at = world.state.clock(), world.state.now()
        world.state.deliveries.append(delivery)
        return delivery

    def again(self, old: Delivery) -> Delivery:
        """A redelivery: the same GUID and body, a new entry in the log."""
        return self.enter(
            old.event, old.action, old.payload, old.installation, old.repo, guid=old.guid, redelivery=True
        )

    async def send(self, delivery: Delivery) -> None:
        """Try once, and note what came of it."""
        faults = self.world.faults
        if faults.take(delivery.event, "hook_drop"):
            delivery.status, delivery.status_code = "failed to connect to host", 0
            return
        if faults.take(delivery.event, "hook_reorder"):
            self._held.append(delivery)
            return
        await self._post(delivery)
        if faults.take(delivery.event, "hook_dup"):
            await self._post(delivery)
        held, self._held = self._held, []
        for late in held:
            await self._post(late)

    async def flush(self) -> None:
        """Send what a `hook_reorder` still holds back."""
        held, self._held = self._held, []
        for late in held:
            await self._post(late)

    async def _post(self, delivery: Delivery) -> None:
        assert self.world.webhook_url is not None
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        started = time.perf_counter()
        try:
            async with self._session.post(
                self.world.webhook_url,
                data=delivery.body,
                headers=delivery.request_headers,
                timeout=aiohttp.ClientTimeout(total=self.timeout),
                allow_redirects=False,
            ) as response:
                delivery.response_body = (await response.text(errors="replace"))[:65_536]
                delivery.status_code = response.status
                delivery.status = (
                    "OK" if response.status < 400 else f"Invalid HTTP Response: {response.status}"
                )
                delivery.response_headers = dict(response.headers)
        except TimeoutError:
            delivery.status, delivery.status_code = "timed out", 0
        except (aiohttp.ClientError, OSError):
            delivery.status, delivery.status_code = "failed to connect to host", 0
        delivery.duration = time.perf_counter() - started
