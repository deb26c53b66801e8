"""A repository with a pull request in the stand-in GitHub, and our client of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.github.client import GitHub, RepositoryClient
from app.github.models import Repository, ReviewComment
from tests.fakegithub import Content, FakeGitHub, Pull, Repo
from tests.fakegithub.state import Installation

LINES = "".join(f"line {number}\n" for number in range(1, 61))
BEFORE: dict[str, Content] = {"shop/api.py": LINES, "shop/gone.py": "gone\n", "README.md": "shop\n"}
AFTER: dict[str, Content] = {
    "shop/api.py": LINES.replace("line 20\n", "line twenty\nline twenty and a half\n"),
    "shop/new.py": "a new file\nof two lines\n",
    "shop/gone.py": None,
}


class Clock:
    """A monotonic clock that can be moved ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Shop:
    hub: FakeGitHub
    github: GitHub
    clock: Clock
    repo: Repo
    installation: Installation
    pull: Pull

    @property
    def repository(self) -> Repository:
        return Repository(self.installation.id, self.repo.id, self.repo.owner.login, self.repo.name, True)

    @property
    def client(self) -> RepositoryClient:
        return self.github.repository(self.repository)

    @property
    def number(self) -> int:
        return self.pull.number

    @property
    def head(self) -> str:
        return self.pull.head_sha

    async def commit(self, branch: str, files: Mapping[str, Content], parent: str | None = None) -> str:
        return await asyncio.to_thread(self.repo.git.commit, branch, files, parent=parent)

    def operations(self) -> list[str]:
        """What was asked of the API, in order, tokens aside."""
        return [
            entry.operation
            for entry in self.hub.log
            if entry.operation != "apps/create-installation-access-token"
        ]


def comment(
    line: int, body: str = "slow", path: str = "shop/api.py", start: int | None = None
) -> ReviewComment:
    return ReviewComment(path=path, line=line, body=body, start_line=start)


@asynccontextmanager
async def opened(
    hub: FakeGitHub, before: Mapping[str, Content] | None = None, after: Mapping[str, Content] | None = None
) -> AsyncIterator[Shop]:
    """A private repository `octo/shop` and an open pull request of `after` on `before`."""

    def lay() -> tuple[Repo, Installation]:
        repo = hub.add_repo("octo/shop", private=True, files=BEFORE if before is None else before)
        repo.git.commit("feature", AFTER if after is None else after, parent=repo.git.ref("main"))
        return repo, hub.install("octo", [repo])

    repo, installation = await asyncio.to_thread(lay)
    pull = await hub.open_pr(repo, "feature", tell=False)
    clock = Clock()
    async with GitHub(
        app_id=hub.app_id,
        private_key=hub.private_key,
        api_url=hub.url,
        slug=hub.app.slug,
        timeout=60.0,  # the stand-in takes its time for the first document
        pauses=(0.01, 0.01),
        patience=2.0,
        pause=0.02,
        clock=clock,
    ) as github:
        github.limits(installation.id).burst = 10_000  # or the tests would take minutes
        yield Shop(hub, github, clock, repo, installation, pull)
