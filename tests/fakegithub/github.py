"""`FakeGitHub`: one running stand-in, what people do on it, and what a test may look at."""

from __future__ import annotations

import asyncio
import functools
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import gql, ops_checks, ops_issues, ops_reviews, rules, spec
from .call import Event
from .faults import Faults
from .gitrepo import Content, GitRepo
from .limits import Limits
from .render import Render
from .server import Entry, Expectation, Server, World
from .signin import People
from .state import (
    App,
    CheckRun,
    Delivery,
    Installation,
    IssueComment,
    Label,
    MergeGroup,
    Pull,
    Repo,
    Review,
    ReviewComment,
    State,
    Thread,
    User,
    merge_blockers,
)

PERMISSIONS = {
    "checks": "write",
    "pull_requests": "write",
    "contents": "read",
    "issues": "read",
    "metadata": "read",
    "merge_queues": "read",
}
EVENTS = [
    "pull_request", "pull_request_review_comment", "pull_request_review_thread", "check_run", "check_suite",
    "issue_comment", "merge_group", "repository",
]  # fmt: skip


@functools.cache
def _key() -> tuple[str, Any]:
    """The app's key, made once per process: text (PEM) and public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


class FakeGitHub:
    """GitHub on 127.0.0.1, as an asynchronous context manager.

    Give the app `url` (REST), `graphql_url`, `app_id`, `private_key` and `webhook_secret`, and set `webhook_url`.
    What people do (`open_pr`, `push`, `comment`…) changes the state and delivers the events, waiting for the app's
    answers to the deliveries; `settle()` waits for those that the app's own calls caused.

    `assert_clean()` raises AssertionError when the app, or the stand-in, broke a rule.
    """

    def __init__(
        self,
        *,
        root: Path | None = None,
        slug: str = "fastperf",
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] | None = None,
        webhook_url: str | None = None,
        skew: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._own_root = root is None
        self.root = root or Path(tempfile.mkdtemp(prefix="fakegithub-"))
        self.host, self.port = host, port
        pem, public = _key()
        state = State(self.root, skew)
        owner = state.user("fastperf-org", "Organization")
        app = App(
            id=1_000_000 + secrets.randbelow(1_000_000),
            slug=slug,
            name=slug,
            client_id=f"Iv1.{secrets.token_hex(8)}",
            owner=owner,
            permissions=dict(permissions or PERMISSIONS),
            events=list(EVENTS if events is None else events),
            bot=state.user(f"{slug}[bot]"),
        )
        self.world = World(
            state=state,
            spec=spec.load(),
            app=state.remember(app),
            private_key=pem,
            public_key=public,
            secrets=[secrets.token_hex(24)],
            webhook_url=webhook_url,
            render=Render(spec.load(), "", ""),
        )
        self.server = Server(self.world)
        self.url = ""
        self._runner: web.AppRunner | None = None

    # Life

    async def __aenter__(self) -> FakeGitHub:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def start(self, *, prepare: Callable[[web.Application], None] | None = None) -> str:
        """Listen; the REST root."""
        await self.server.run(gql.warm)
        app = self.server.application(prepare)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        await web.TCPSite(self._runner, self.host, 0).start()
        ports = [address[1] for address in self._runner.addresses]
        self.port, self.server.archive_port = ports
        self.url = f"http://{self.host}:{self.port}"
        self.world.render.api = self.url
        self.world.render.html = f"http://{self.host}:{self.port}/-"
        self.world.archive_root = f"http://{self.host}:{self.server.archive_port}"
        return self.url

    async def close(self) -> None:
        await self.server.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await asyncio.to_thread(self._clean)

    def _clean(self) -> None:
        for repo in self.state.repos.values():
            repo.git.close()
        if self._own_root:
            shutil.rmtree(self.root, ignore_errors=True)

    async def settle(self, seconds: float = 10.0) -> None:
        """Wait until no delivery is under way."""
        await self.server.hooks.flush()
        limit = time.monotonic() + seconds
        while self.server.tasks:
            if time.monotonic() > limit:
                raise TimeoutError("deliveries are still under way")
            await asyncio.wait(set(self.server.tasks), timeout=0.1)

    async def until(self, condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        """Wait until a condition on the state holds, and return its value. Raises TimeoutError."""
        limit = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > limit:
                raise TimeoutError(f"{condition} did not come true in {seconds} s")
            await asyncio.sleep(0.02)

    # What the app is told

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    @property
    def app(self) -> App:
        return self.world.app

    @property
    def app_id(self) -> str:
        return str(self.world.app.id)

    @property
    def private_key(self) -> str:
        return self.world.private_key

    @property
    def webhook_secret(self) -> str:
        return self.world.secrets[0]

    @property
    def client_secret(self) -> str:
        return self.world.people.client_secret

    @property
    def people(self) -> People:
        """Who is signed in, and what the app may do for people."""
        return self.world.people

    @property
    def webhook_url(self) -> str | None:
        return self.world.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.world.webhook_url = url

    # Settings

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def limits(self) -> Limits:
        return self.world.limits

    @property
    def skew(self) -> float:
        return self.state.skew

    @skew.setter
    def skew(self, seconds: float) -> None:
        self.state.skew = seconds

    def expect(self, status: int | str, op: str | None = None) -> Expectation:
        """Announce that the app will cause a 4xx (or a GraphQL error type); `met` counts how often it did."""
        expectation = Expectation(status, op)
        self.world.expected.append(expectation)
        return expectation

    def allow_review(self, repo: Repo | str, number: int) -> None:
        """Somebody asked for another review of the same head."""
        self.world.reviews_allowed.add((self._repo(repo).id, number))

    def expire_tokens(self) -> None:
        """All tokens minted so far end now."""
        for token in self.state.tokens.values():
            token.expires, token.by_fault = 0.0, True

    # Accounts and repositories

    def user(self, login: str, kind: str | None = None) -> User:
        return self.state.user(login, kind)

    def add_repo(
        self,
        full_name: str,
        *,
        private: bool = False,
        files: Mapping[str, Content] | None = None,
        path: Path | None = None,
        organization: bool = False,
        required_checks: Sequence[str] = (),
    ) -> Repo:
        """A repository with one commit of `files`, or with the history of the local git repository at `path`."""
        owner, name = full_name.split("/")
        account = self.state.user(owner, "Organization" if organization else None)
        identity = self.state.next_id()
        git = GitRepo(self.root / f"{identity}.git", source=path)
        repo = Repo(
            identity, account, name, private, git, self.state.now(), required_checks=list(required_checks)
        )
        if path is not None:
            head = git.git("symbolic-ref", "--short", "HEAD")
            repo.default_branch = head
        elif files is not None:
            git.commit("main", files, "Begin")
        self.state.repos[identity] = self.state.remember(repo)
        return repo

    def fork(self, repo: Repo | str, owner: str, *, private: bool | None = None) -> Repo:
        """A fork with the same branches; both share one object store."""
        parent = self._repo(repo)
        identity = self.state.next_id()
        git = GitRepo(self.root / f"{identity}.git", shared=parent.network.git)
        for ref, sha in parent.git.refs().items():
            git.set_ref(ref, sha)
        hidden = parent.private if private is None else private
        made = Repo(
            identity, self.state.user(owner), parent.name, hidden, git, self.state.now(), fork_of=parent
        )
        made.default_branch = parent.default_branch
        self.state.repos[identity] = self.state.remember(made)
        return made

    def rename(self, repo: Repo | str, name: str) -> None:
        found = self._repo(repo)
        found.former_names.append(found.full_name)
        found.name = name

    async def repository_event(self, repo: Repo | str, action: str, **changes: Any) -> list[Delivery]:
        """Something done to a repository: renamed (`name="…"`), privatized, publicized, deleted."""
        found = self._repo(repo)
        extra: dict[str, Any] = {}
        if action == "renamed":
            extra["changes"] = {"repository": {"name": {"from": found.name}}}
            self.rename(found, changes["name"])
        elif action in ("privatized", "publicized"):
            found.private = action == "privatized"
        elif action == "deleted":
            del self.state.repos[found.id]
        told = await self._tell("repository", action, found, found.owner, extra=extra)
        if action == "deleted":
            for installation in self.state.installations.values():
                installation.repos = [repo for repo in installation.repos if repo is not found]
            found.git.close()  # nobody else will: it is in no list any more
        return told

    def register(self, manifest: Mapping[str, Any]) -> str:
        """What GitHub's registration page does with an app's manifest: the code to convert within an hour."""
        code = secrets.token_hex(20)
        self.state.manifests[code] = {"made": self.state.clock(), "manifest": dict(manifest)}
        return code

    def _repo(self, repo: Repo | str) -> Repo:
        if isinstance(repo, Repo):
            return repo
        found = self.state.repo(repo)
        if found is None:
            raise KeyError(repo)
        return found

    def _pull(self, repo: Repo | str, number: int) -> Pull:
        return self._repo(repo).pulls[number]

    # Installing

    def install(
        self,
        account: str | None = None,
        repos: Sequence[Repo | str] = (),
        *,
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] | None = None,
        selection: str = "selected",
    ) -> Installation:
        """Install the app without telling it (`await installed(…)` tells)."""
        found = [self._repo(repo) for repo in repos]
        login = account or found[0].owner.login
        installation = Installation(
            id=self.state.next_id(),
            app=self.app,
            account=self.state.user(login),
            repos=found,
            permissions=dict(self.app.permissions if permissions is None else permissions),
            events=list(self.app.events if events is None else events),
            selection=selection,
            created_at=self.state.now(),
        )
        self.state.installations[installation.id] = self.state.remember(installation)
        return installation

    async def installed(self, installation: Installation, action: str = "created") -> list[Delivery]:
        """Tell of an installation: created, deleted, suspend, unsuspend, new_permissions_accepted."""
        if action == "deleted":
            installation.deleted = True
        elif action == "suspend":
            self.suspend(installation)
        elif action == "unsuspend":
            installation.suspended_at = None
        parts: dict[str, Any] = {"installation": installation}
        if action in ("created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"):
            parts["repositories"] = installation.repos
        return await self._tell("installation", action, None, installation.account, **parts)

    def suspend(self, installation: Installation) -> None:
        installation.suspended_at = self.state.now()
        for token in self.state.tokens.values():
            if token.installation is installation:
                token.by_fault = True

    async def change_repositories(
        self, installation: Installation, *, add: Sequence[Repo | str] = (), remove: Sequence[Repo | str] = ()
    ) -> list[Delivery]:
        """Add or remove repositories of an installation, and tell."""
        added, removed = [self._repo(r) for r in add], [self._repo(r) for r in remove]
        installation.repos = [r for r in installation.repos if r not in removed] + added
        parts: dict[str, Any] = {"installation": installation}
        parts |= {"repositories_added": added, "repositories_removed": removed}
        parts["extra"] = {"repository_selection": "selected", "requester": None}
        action = "added" if added else "removed"
        return await self._tell("installation_repositories", action, None, installation.account, **parts)

    # Deliveries

    async def _tell(
        self, name: str, action: str | None, repo: Repo | None, sender: User | None = None, **parts: Any
    ) -> list[Delivery]:
        event = Event(name, action, repo, sender or self.state.user("octocat"), parts)
        return await self.server.tell([event])

    async def deliver(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        installation: Installation | None = None,
        guid: str | None = None,
    ) -> Delivery:
        """Sign and send any payload as it is."""
        made = self.server.hooks.enter(event, payload.get("action"), payload, installation, guid=guid)
        await self.server.hooks.send(made)
        return made

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The same GUID and body again."""
        return await self.server.resend(delivery)

    async def ping(self) -> list[Delivery]:
        hook = {
            "type": "App",
            "id": 1,
            "name": "web",
            "active": True,
            "events": self.app.events,
            "config": {
                "content_type": self.world.content_type,
                "insecure_ssl": "0",
                "url": self.webhook_url or "",
            },
            "app_id": self.app.id,
            "created_at": self.state.now(),
            "updated_at": self.state.now(),
            "deliveries_url": f"{self.url}/app/hook/deliveries",
            "ping_url": f"{self.url}/app/hook/pings",
        }
        return await self._tell(
            "ping", None, None, extra={"hook_id": 1, "hook": hook, "zen": "Keep it logically awesome."}
        )

    # Pull requests

    async def open_pr(
        self,
        repo: Repo | str,
        head: str | Repo = "feature",
        base: str | None = None,
        *,
        branch: str | None = None,
        title: str = "Change something",
        body: str = "",
        draft: bool = False,
        author: str | None = None,
        tell: bool = True,
    ) -> Pull:
        """Open a pull request from a branch (`head`), or from a branch of a fork (`head` the fork, `branch` its branch)."""
        made = await self.server.run(
            lambda: self._open(self._repo(repo), head, base, branch, title, body, draft, author)
        )
        pull: Pull = made
        if tell:
            await self._pushed(pull, None)
            await self.pr_event(pull.repo, pull.number, "opened")
        return pull

    def _open(
        self,
        repo: Repo,
        head: str | Repo,
        base: str | None,
        branch: str | None,
        title: str,
        body: str,
        draft: bool,
        author: str | None,
    ) -> Pull:
        source = head if isinstance(head, Repo) else repo
        ref = branch or (head if isinstance(head, str) else source.default_branch)
        base = base or repo.default_branch
        head_sha, base_sha = source.git.ref(ref), repo.git.ref(base)
        if head_sha is None or base_sha is None:
            raise ValueError(f"no such branch: {ref if head_sha is None else base}")
        now = self.state.now()
        login = author or (source.owner.login if source is not repo else "octocat")
        number = max(repo.pulls, default=0) + 1
        pull = Pull(
            id=self.state.next_id(),
            repo=repo,
            number=number,
            title=title,
            body=body,
            author=self.state.user(login),
            head_repo=source,
            head_ref=ref,
            base_ref=base,
            head_sha=head_sha,
            base_sha=base_sha,
            draft=draft,
            created_at=now,
            updated_at=now,
            heads=[head_sha],
        )
        repo.pulls[number] = self.state.remember(pull)
        self._moved(pull)
        return pull

    def _moved(self, pull: Pull) -> None:
        """After head or base moved: refs of the pull request and the trial merge."""
        git = pull.repo.git
        git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)
        merged = git.merge(pull.base_sha, pull.head_sha, f"Merge {pull.head_sha} into {pull.base_sha}")
        pull.mergeable = merged is not None
        if merged is not None:
            pull.merge_commit_sha = merged
            git.set_ref(f"refs/pull/{pull.number}/merge", merged)
        pull.updated_at = self.state.now()

    async def push(
        self,
        repo: Repo | str,
        number: int,
        files: Mapping[str, Content],
        message: str = "Push",
        *,
        force: bool = False,
        sha: str | None = None,
        tell: bool = True,
    ) -> str:
        """Push one more commit to the pull request's branch; the new head.

        With `force` the commit replaces the branch's own commits (it grows from the merge base); `sha` puts the
        branch on an existing commit instead.
        """
        pull = self._pull(repo, number)
        before = pull.head_sha
        await self.server.run(lambda: self._push(pull, files, message, force, sha))
        if tell:
            await self._pushed(pull, before)
            await self._tell(
                "pull_request",
                "synchronize",
                pull.repo,
                pull.author,
                pull=pull,
                extra={"before": before, "after": pull.head_sha},
            )
        return pull.head_sha

    def _push(
        self, pull: Pull, files: Mapping[str, Content], message: str, force: bool, sha: str | None
    ) -> None:
        assert pull.head_repo is not None
        git = pull.head_repo.git
        parent = git.merge_base(pull.base_sha, pull.head_sha) if force else pull.head_sha
        if sha is not None:
            git.set_ref(f"refs/heads/{pull.head_ref}", sha)
        else:
            sha = git.commit(pull.head_ref, files, message, parent=parent)
        pull.head_sha = sha
        pull.heads.append(sha)
        self._moved(pull)
        self.reanchor(pull)

    async def push_base(
        self, repo: Repo | str, files: Mapping[str, Content], branch: str | None = None
    ) -> str:
        """Commit to a base branch, as a merge by somebody else does. Pull requests keep their `base.sha` until they
        change; GitHub sends no pull_request event."""
        found = self._repo(repo)
        name = branch or found.default_branch
        sha: str = await self.server.run(lambda: found.git.commit(name, files, "Move the base"))
        pusher = {"name": "octocat", "email": "octocat@users.noreply.github.invalid"}
        await self._tell(
            "push", None, found, extra={"ref": f"refs/heads/{name}", "after": sha, "pusher": pusher}
        )
        return sha

    async def _pushed(self, pull: Pull, before: str | None) -> None:
        """A push opens the app's check suite; pushes to forks are not seen."""
        if pull.head_repo is not pull.repo:
            return
        installation = self.state.installation_of(pull.repo)
        if installation is None or installation.permissions.get("checks") != "write":
            return
        suite = await self.server.run(
            lambda: ops_checks.suite_for(self.state, pull.repo, self.app, pull.head_sha, before=before)
        )
        await self._tell("check_suite", "requested", pull.repo, pull.author, check_suite=suite)

    def reanchor(self, pull: Pull) -> None:
        """After a push each comment moves with its line, or loses it."""
        files = rules.files_at(pull, pull.head_sha)
        for comment in pull.comments:
            if comment.subject_type == "file":
                continue
            if comment.line is not None or comment.original_line is not None:
                self._reanchor(pull, comment, files)

    def _reanchor(self, pull: Pull, comment: ReviewComment, files: Sequence[Any]) -> None:
        git = pull.repo.git
        file = next((f for f in files if comment.path in (f.path, f.previous)), None)
        line = start = None
        if file is not None:
            if comment.side == "LEFT":
                old_base = git.merge_base(pull.base_sha, comment.original_commit_id)
                old = git.entry(old_base, file.old_path) if old_base else None
                new_sha = file.old_sha
            else:
                old = git.entry(comment.original_commit_id, comment.path)
                new_sha = file.new_sha
            if old is not None and new_sha is not None and comment.original_line is not None:
                line = git.moved_line(old[1], new_sha, comment.original_line)
                if comment.original_start_line is not None:
                    start = git.moved_line(old[1], new_sha, comment.original_start_line)
                    line = None if start is None else line
            if line is not None and file.hunk(line, comment.side) is None:
                line = None
        comment.line = line
        comment.start_line = start if line is not None else None
        comment.position = (
            file.position(line, comment.side) if file is not None and line is not None else None
        )
        if line is not None and file is not None:
            comment.path = file.path if comment.side == "RIGHT" else comment.path
        if self.world.reanchor_commit and line is not None:
            comment.commit_id = pull.head_sha

    async def pr_event(
        self, repo: Repo | str, number: int, action: str, *, sender: str | None = None, **changes: Any
    ) -> list[Delivery]:
        """Something done to a pull request: opened, reopened, closed, merged, ready_for_review, converted_to_draft,
        edited (`base="other"` or `title="…"`), labeled (`label="…"`)."""
        pull = self._pull(repo, number)
        extra: dict[str, Any] = {}
        parts: dict[str, Any] = {"pull": pull}
        await self.server.run(lambda: self._change(pull, action, changes, extra, parts))
        user = self.state.user(sender) if sender else pull.author
        name = "closed" if action == "merged" else action
        return await self._tell("pull_request", name, pull.repo, user, extra=extra, **parts)

    def _change(
        self,
        pull: Pull,
        action: str,
        changes: Mapping[str, Any],
        extra: dict[str, Any],
        parts: dict[str, Any],
    ) -> None:
        now = self.state.now()
        pull.updated_at = now
        if action in ("closed", "merged"):
            pull.state, pull.closed_at = "closed", now
        if action == "merged":
            self._merge(pull, now)
        elif action == "reopened":
            pull.state, pull.closed_at = "open", None
        elif action == "ready_for_review":
            pull.draft = False
        elif action == "converted_to_draft":
            pull.draft = True
        elif action == "labeled":
            label = self.state.remember(Label(self.state.next_id(), changes["label"]))
            pull.labels.append(label)
            parts["label"] = label
        elif action == "edited":
            said: dict[str, Any] = {}
            if "title" in changes:
                said["title"], pull.title = {"from": pull.title}, changes["title"]
            if "base" in changes:
                base_sha = pull.repo.git.ref(changes["base"])
                if base_sha is None:
                    raise ValueError(f"no such branch: {changes['base']}")
                said["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
                pull.base_ref, pull.base_sha = changes["base"], base_sha
                self._moved(pull)
                self.reanchor(pull)
            extra["changes"] = said

    def _merge(self, pull: Pull, now: str) -> None:
        git = pull.repo.git
        tip = git.ref(pull.base_ref) or pull.base_sha
        merged = git.merge(tip, pull.head_sha, f"Merge pull request #{pull.number}")
        if merged is not None:
            git.set_ref(f"refs/heads/{pull.base_ref}", merged)
            pull.merge_commit_sha = merged
        pull.merged_at = now

    async def comment(
        self, repo: Repo | str, number: int, body: str, user: str = "octocat", *, tell: bool = True
    ) -> IssueComment:
        """Somebody writes in the conversation. A command there may ask for another review of the same head."""
        pull = self._pull(repo, number)
        made = ops_issues.add_comment(self.state, pull.repo, number, self.state.user(user), body)
        if any(word in body for word in ("/fastperf rescan", "/fastperf unignore", "/fastperf resume")):
            self.allow_review(pull.repo, number)
        if tell:
            await self._tell("issue_comment", "created", pull.repo, made.user, comment=made, pull=pull)
        return made

    async def review_reply(
        self, repo: Repo | str, number: int, comment_id: int, body: str, user: str = "octocat"
    ) -> ReviewComment:
        """Somebody answers in a review thread."""
        pull = self._pull(repo, number)
        first = next(c for c in pull.comments if c.id == comment_id).thread.first
        made = ops_reviews.reply(self.state, first, self.state.user(user), body)
        await self._tell(
            "pull_request_review_comment", "created", pull.repo, made.user, pull=pull, review_comment=made
        )
        return made

    async def resolve(
        self, repo: Repo | str, thread: Thread, user: str = "octocat", *, resolved: bool = True
    ) -> None:
        """Somebody resolves (or unresolves) a thread."""
        thread.resolved_by = self.state.user(user) if resolved else None
        action = "resolved" if resolved else "unresolved"
        await self._tell(
            "pull_request_review_thread",
            action,
            thread.pull.repo,
            self.state.user(user),
            pull=thread.pull,
            thread=thread,
        )

    # Checks

    async def rerequest(self, repo: Repo | str, run_id: int, user: str = "octocat") -> list[Delivery]:
        """Somebody presses Re-run."""
        found = self._repo(repo)
        run = found.run(run_id)
        assert run is not None
        run.suite.requeued = True
        for number, pull in found.pulls.items():
            if pull.head_sha == run.head_sha:
                self.allow_review(found, number)
        return await self._tell("check_run", "rerequested", found, self.state.user(user), check_run=run)

    async def rerequest_suite(self, repo: Repo | str, suite_id: int, user: str = "octocat") -> list[Delivery]:
        """Somebody presses Re-run all checks."""
        found = self._repo(repo)
        suite = next(suite for suite in found.check_suites if suite.id == suite_id)
        suite.requeued = True
        for number, pull in found.pulls.items():
            if pull.head_sha == suite.head_sha:
                self.allow_review(found, number)
        return await self._tell("check_suite", "rerequested", found, self.state.user(user), check_suite=suite)

    async def press(
        self, repo: Repo | str, run_id: int, identifier: str, user: str = "octocat"
    ) -> list[Delivery]:
        """Somebody presses a button of a check run. Raises ValueError when there is no such button."""
        found = self._repo(repo)
        run = found.run(run_id)
        if (
            run is None
            or run.status != "completed"
            or identifier not in [a["identifier"] for a in run.actions]
        ):
            raise ValueError(f"no button {identifier!r}")
        extra = {"requested_action": {"identifier": identifier}}
        return await self._tell(
            "check_run", "requested_action", found, self.state.user(user), check_run=run, extra=extra
        )

    def foreign_check(
        self,
        repo: Repo | str,
        sha: str,
        name: str,
        conclusion: str | None = "success",
        slug: str = "other-app",
    ) -> CheckRun:
        """A check run of another app."""
        bot = self.state.user(f"{slug}[bot]")
        other = next(
            (s.app for r in self.state.repos.values() for s in r.check_suites if s.app.slug == slug), None
        )
        if other is None:
            other = self.state.remember(
                App(self.state.next_id() % 1_000_000, slug, slug, f"Iv1.{slug}", self.app.owner, {}, [], bot)
            )
        values: dict[str, Any] = (
            {"status": "in_progress"} if conclusion is None else {"conclusion": conclusion}
        )
        return ops_checks.add_run(
            self.state, self._repo(repo), other, name=name, head_sha=sha, details_url="", values=values
        )

    # Merging

    def may_merge(self, repo: Repo | str, number: int) -> bool:
        """Whether branch protection lets the pull request be merged."""
        return not self.merge_blockers(repo, number)

    def merge_blockers(self, repo: Repo | str, number: int) -> list[str]:
        """Why it may not, in words."""
        pull = self._pull(repo, number)
        return merge_blockers(pull.repo, pull)

    async def merge_group(self, repo: Repo | str, numbers: Sequence[int], *, tell: bool = True) -> MergeGroup:
        """Queue pull requests together: one merge commit over the base, and `checks_requested`."""
        found = self._repo(repo)
        group: MergeGroup = await self.server.run(lambda: self._group(found, numbers))
        if tell:
            await self._tell("merge_group", "checks_requested", found, merge_group=group)
        return group

    def _group(self, repo: Repo, numbers: Sequence[int]) -> MergeGroup:
        pulls = [repo.pulls[number] for number in numbers]
        base_ref = pulls[0].base_ref
        base_sha = repo.git.ref(base_ref)
        assert base_sha is not None
        head = base_sha
        for pull in pulls:
            merged = repo.git.merge(head, pull.head_sha, f"Merge pull request #{pull.number}")
            if merged is None:
                raise ValueError(f"#{pull.number} conflicts")
            head = merged
        ref = f"refs/heads/gh-readonly-queue/{base_ref}/pr-{numbers[-1]}-{base_sha}"
        repo.git.set_ref(ref, head)
        group = MergeGroup(repo, head, ref, base_sha, f"refs/heads/{base_ref}", pulls)
        repo.merge_groups.append(group)
        return group

    async def destroy_group(self, group: MergeGroup, reason: str = "dequeued") -> list[Delivery]:
        """End a merge group: merged, invalidated or dequeued."""
        group.repo.git.set_ref(group.head_ref, None)
        return await self._tell(
            "merge_group", "destroyed", group.repo, merge_group=group, extra={"reason": reason}
        )

    def group_may_merge(self, group: MergeGroup) -> bool:
        """Whether every required check passed on the group's own commit."""
        from .state import check_state

        return all(
            check_state(group.repo, group.head_sha, n) == "success" for n in group.repo.required_checks
        )

    # Faults in the middle of a run

    def force_push(
        self,
        repo: Repo | str,
        number: int,
        files: Mapping[str, Content],
        *,
        op: str,
        after: int = 0,
        tell: bool = True,
    ) -> None:
        """The head is replaced just before the app's next call of `op`, and the event follows."""
        pull = self._pull(repo, number)

        def strike() -> None:
            before = pull.head_sha
            self._push(pull, files, "Forced", True, None)
            if tell:
                extra = {"before": before, "after": pull.head_sha}
                event = Event(
                    "pull_request", "synchronize", pull.repo, pull.author, {"pull": pull, "extra": extra}
                )
                self._loop.call_soon_threadsafe(self.server.tell_later, [event])

        self._loop = asyncio.get_running_loop()
        self.faults.call(strike, op, after=after)

    # Looking

    @property
    def log(self) -> list[Entry]:
        return self.world.log

    @property
    def violations(self) -> list[str]:
        return self.world.violations

    @property
    def schema_faults(self) -> list[str]:
        return self.world.schema_faults

    @property
    def deliveries(self) -> list[Delivery]:
        return self.state.deliveries

    def calls(self, op: str | None = None) -> list[Entry]:
        """Requests in the log, of one operation if given."""
        return [entry for entry in self.log if op in (None, entry.operation)]

    def waves(self, entries: Sequence[Entry] | None = None) -> int:
        """How many times the app had to wait for answers before it asked again: requests that overlap are one wave."""
        count, until = 0, float("-inf")
        for entry in sorted(self.log if entries is None else entries, key=lambda entry: entry.started):
            if entry.started >= until:
                count += 1
                until = entry.ended
            else:
                until = min(until, entry.ended)
        return count

    def reviews(self, repo: Repo | str, number: int) -> list[Review]:
        """Reviews made as such (not the shells around single comments and answers), pending ones included."""
        return [review for review in self._pull(repo, number).reviews if review.original]

    def review_comments(self, repo: Repo | str, number: int) -> list[ReviewComment]:
        return self._pull(repo, number).comments

    def threads(self, repo: Repo | str, number: int) -> list[Thread]:
        return self._pull(repo, number).threads

    def check_runs(self, repo: Repo | str, sha: str | None = None) -> list[CheckRun]:
        """The app's check runs, on one commit if given."""
        found = self._repo(repo)
        return [run for run in found.check_runs if run.app is self.app and sha in (None, run.head_sha)]

    def comments(self, repo: Repo | str, number: int) -> list[IssueComment]:
        return [comment for comment in self._repo(repo).comments if comment.number == number]

    def reactions(self, comment: IssueComment | ReviewComment) -> list[str]:
        return [reaction.content for reaction in comment.reactions]

    def assert_clean(self) -> None:
        """Raises AssertionError listing every rule that was broken."""
        broken = [f"the stand-in broke a schema: {fault}" for fault in self.schema_faults]
        broken += [f"violation: {violation}" for violation in self.violations]
        if broken:
            raise AssertionError("\n".join(broken))
