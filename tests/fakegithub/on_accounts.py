"""What people do with accounts, repositories and installations."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .gitrepo import Content, GitRepo
from .stage import Stage
from .state import Delivery, Installation, Repo, User


class OnAccounts(Stage):
    """Repositories, forks, the app's installations."""

    def user(self, login: str, kind: str | None = None) -> User:
        return self.state.user(login, kind)

    def personal_token(self, login: str) -> str:
        """A personal access token: with it a client of somebody else's acts as that person."""
        token = f"ghp_{secrets.token_hex(18)}"
        self.state.personal[token] = self.state.user(login)
        return token

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
        """Something done to a repository: renamed (`name="…"`), transferred (`owner="…"`, `installation=`, the new
        owner's), privatized, publicized, deleted."""
        found = self._repo(repo)
        extra: dict[str, Any] = {}
        if action == "renamed":
            extra["changes"] = {"repository": {"name": {"from": found.name}}}
            self.rename(found, changes["name"])
        elif action == "transferred":
            extra["changes"] = {"owner": {"from": {"user": self.world.render.user(found.owner)}}}
            self._transfer(found, changes["owner"], changes["installation"])
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

    def _transfer(self, repo: Repo, owner: str, installation: Installation) -> None:
        repo.former_names.append(repo.full_name)
        repo.owner = self.state.user(owner)
        for other in self.state.installations.values():
            other.repos = [each for each in other.repos if each is not repo]
        installation.repos.append(repo)

    def register(self, manifest: Mapping[str, Any]) -> str:
        """What GitHub's registration page does with an app's manifest: the code to convert within an hour."""
        code = secrets.token_hex(20)
        self.state.manifests[code] = {"made": self.state.clock(), "manifest": dict(manifest)}
        return code

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
