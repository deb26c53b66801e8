"""What everything that people do on the stand-in needs: the world, its server, and telling the app."""

from __future__ import annotations

from typing import Any

from .call import Event
from .server import Server, World
from .state import App, Delivery, Pull, Repo, State, User


class Stage:
    """A running stand-in, as far as the parts of `FakeGitHub` share it."""

    world: World
    server: Server

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def app(self) -> App:
        return self.world.app

    def allow_review(self, repo: Repo | str, number: int) -> None:
        """Somebody asked for another review of the same head."""
        self.world.reviews_allowed.add((self._repo(repo).id, number))

    def _repo(self, repo: Repo | str) -> Repo:
        if isinstance(repo, Repo):
            return repo
        found = self.state.repo(repo)
        if found is None:
            raise KeyError(repo)
        return found

    def _pull(self, repo: Repo | str, number: int) -> Pull:
        return self._repo(repo).pulls[number]

    async def _tell(
        self, name: str, action: str | None, repo: Repo | None, sender: User | None = None, **parts: Any
    ) -> list[Delivery]:
        event = Event(name, action, repo, sender or self.state.user("octocat"), parts)
        return await self.server.tell([event])
