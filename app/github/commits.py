"""Commits made by the app: only where an owner granted `contents: write`, only on the commit that was looked at."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from app.github import documents
from app.github.api import API
from app.github.models import Repository


class Commits:
    def __init__(self, api: API, repository: Repository) -> None:
        self._api = api
        self._repository = repository

    async def create(
        self, branch: str, expected_head: str, files: Mapping[str, bytes], *, headline: str, body: str
    ) -> str:
        """Replace whole files on top of `expected_head`; the new commit.

        Raises Conflict when the branch is elsewhere by now, Forbidden without the permission, Invalid when GitHub
        refuses (a protected branch), and Unavailable when nobody knows: then the branch's head tells.
        """
        additions = [
            {"path": path, "contents": base64.b64encode(content).decode()} for path, content in files.items()
        ]
        answer = await self._api.graphql(
            documents.COMMIT,
            repository=self._repository.full_name,
            branch=branch,
            head=expected_head,
            message={"headline": headline, "body": body},
            changes={"additions": additions},
        )
        return str(answer.part("createCommitOnBranch", "commit")["oid"])

    async def messages(self, since: str, until: str) -> list[tuple[str, str]]:
        """The commits that came after `since`, the oldest hundred of them, each with its message."""
        answer = await self._api.getitem(
            "/repos/{owner}/{repo}/compare/{base}...{head}{?per_page}",
            {
                "owner": self._repository.owner,
                "repo": self._repository.name,
                "base": since,
                "head": until,
                "per_page": "100",
            },
        )
        return [(str(each["sha"]), str(each["commit"]["message"])) for each in answer.get("commits") or ()]
