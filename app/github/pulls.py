"""Pull requests: what they change, and everything about them that one question can tell."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.github import documents
from app.github.api import API
from app.github.errors import Forbidden, NotFound, Unsupported
from app.github.models import (
    ChangedFile,
    CheckRun,
    Compared,
    OpenPull,
    PullRequest,
    PullState,
    Queued,
    Repository,
    Thread,
)

_QUEUE = re.compile(r"/pr-(\d{1,9})-[0-9a-f]{7,64}\Z")
_MERGED = re.compile(r"\AMerge pull request #(\d{1,9})\b|\(#(\d{1,9})\)\Z")
_FILES_IN_COMPARE = 300
_FILES_PER_PAGE = 100
_MOST_FILES = 3000
_PAGES_AT_ONCE = 5
_MOST_THREAD_PAGES = 10
_LONGEST_DOCUMENT = 1024 * 1024


class Group(NamedTuple):
    """A merge group: what it changes, the pull requests that its branch and commits name, its commits."""

    compared: Compared
    named: frozenset[int]
    commits: frozenset[str]


class Pulls:
    def __init__(self, api: API, repository: Repository, app_id: int, slug: str) -> None:
        self._api = api
        self._repository = repository
        self._app_id = app_id
        self._slug = slug
        self._names = {"owner": repository.owner, "repo": repository.name}
        self._where = {"owner": repository.owner, "name": repository.name}

    async def compare(self, base_sha: str, head_sha: str, *, number: int) -> Compared:
        """The merge base and the changed files with patches: one call for up to 300 files.

        Beyond that the files are those of the pull request's present head, up to 3000.
        """
        return await self._compared(await self._compare(base_sha, head_sha, commits=1), number)

    async def _compare(self, base_sha: str, head_sha: str, *, commits: int) -> Mapping[str, Any]:
        """The files come whole with the first page of commits, however few of those are wanted."""
        answer: Mapping[str, Any] = await self._api.getitem(
            "/repos/{owner}/{repo}/compare/{base}...{head}{?per_page}",
            {**self._names, "base": base_sha, "head": head_sha, "per_page": str(commits)},
        )
        return answer

    async def _compared(self, answer: Mapping[str, Any], number: int | None) -> Compared:
        files = tuple(_file(file) for file in answer.get("files") or ())
        complete = True
        if len(files) >= _FILES_IN_COMPARE:
            files = await self._files(number) if number else files
            complete = number is not None and len(files) < _MOST_FILES
        return Compared(str(answer["merge_base_commit"]["sha"]), files, complete)

    async def state(self, number: int) -> PullState:
        """Head, threads of ours, configuration and our check runs, in one document.

        The configuration is that of the base branch now, so that no pull request brings its own.
        """
        answer = await self._api.graphql(documents.STATE, **self._where, number=number, app=self._app_id)
        pull = answer.whole().part("repository", "pullRequest")
        base = (pull.get("baseRef") or {}).get("target") or {}
        return PullState(
            head_sha=str(pull["headRefOid"]),
            base_sha=str(base.get("oid") or pull["baseRefOid"]),
            base_ref=str(pull["baseRefName"]),
            is_draft=bool(pull["isDraft"]),
            merged_at=_time(pull.get("mergedAt")),
            state=str(pull["state"]).lower(),
            author=str((pull.get("author") or {}).get("login", "")),
            author_is_bot=(pull.get("author") or {}).get("__typename") == "Bot",
            title=str(pull["title"]),
            head_ref=str(pull["headRefName"]),
            is_fork=bool(pull["isCrossRepository"]),
            threads=tuple(await self._threads(number, pull["reviewThreads"])),
            check_runs=tuple(_check_runs(pull)),
            documents=await self._documents(base, answer.data.get("org")),
        )

    async def group(self, base_sha: str, head_sha: str, head_ref: str) -> Group:
        """What a merge group would merge, in one call for up to 300 files and a hundred commits."""
        answer = await self._compare(base_sha, head_sha, commits=100)
        compared = await self._compared(answer, None)
        named = {number for number in (self.last_of(head_ref),) if number}
        commits = answer.get("commits") or ()
        for commit in commits:
            subject = str(commit["commit"]["message"]).partition("\n")[0]
            named |= {int(found[1] or found[2]) for found in _MERGED.finditer(subject)}
        return Group(compared, frozenset(named), frozenset(str(commit["sha"]) for commit in commits))

    async def queued(self, branch: str) -> list[Queued]:
        """The merge queue of a branch, in its order; empty where there is none, or GitHub does not say."""
        try:
            answer = await self._api.graphql(documents.QUEUE, **self._where, branch=branch)
            entries = answer.whole().part("repository", "mergeQueue", "entries")
        except (Forbidden, NotFound, Unsupported):
            return []
        nodes = sorted((node for node in entries["nodes"] if node), key=lambda node: int(node["position"]))
        return [
            Queued(
                number=int(pull["number"]),
                commit=str((node["headCommit"] or {}).get("oid", "")),
                title=str(pull["title"]),
                head_ref=str(pull["headRefName"]),
                is_fork=bool(pull["isCrossRepository"]),
            )
            for node in nodes
            if (pull := node["pullRequest"])
        ]

    @staticmethod
    def last_of(head_ref: str) -> int:
        """The pull request that a queue's branch is named after; 0 when it is not."""
        found = _QUEUE.search(head_ref)
        return int(found[1]) if found else 0

    async def get(self, number: int) -> PullRequest:
        answer = await self._api.getitem(
            "/repos/{owner}/{repo}/pulls/{number}", {**self._names, "number": str(number)}
        )
        return PullRequest.described(answer, self._repository)

    async def head(self, number: int) -> str:
        """The head commit now."""
        return (await self.get(number)).head_sha

    async def replaced(self, number: int) -> list[str]:
        """Heads that force-pushes took off the branch, the last first, as far as GitHub still has them."""
        answer = await self._api.graphql(documents.REPLACED, **self._where, number=number)
        events = answer.whole().part("repository", "pullRequest", "timelineItems")["nodes"]
        heads = [str(event["beforeCommit"]["oid"]) for event in events if event and event.get("beforeCommit")]
        return heads[::-1]

    async def list_open(self) -> list[PullRequest]:
        pulls = self._api.getiter(
            "/repos/{owner}/{repo}/pulls{?state,per_page}",
            {**self._names, "state": "open", "per_page": "100"},
        )
        return [PullRequest.described(pull, self._repository) async for pull in pulls]

    async def list_open_with_check_runs(self) -> list[OpenPull]:
        """Open pull requests, the last updated first, each with our check runs on its head: a call per 50."""
        found: list[OpenPull] = []
        after: str | None = None
        while True:
            answer = await self._api.graphql(documents.OPEN, **self._where, app=self._app_id, after=after)
            connection = answer.whole().part("repository", "pullRequests")
            found += [self._open(node) for node in connection["nodes"] if node]
            if not connection["pageInfo"]["hasNextPage"]:
                return found
            after = connection["pageInfo"]["endCursor"]

    async def _files(self, number: int) -> tuple[ChangedFile, ...]:
        files: list[ChangedFile] = []
        pages = range(1, _MOST_FILES // _FILES_PER_PAGE + 1)
        for first in range(0, len(pages), _PAGES_AT_ONCE):
            batch = pages[first : first + _PAGES_AT_ONCE]
            answers = await asyncio.gather(*(self._page(number, page) for page in batch))
            for answer in answers:
                files += [_file(file) for file in answer]
            if len(answers[-1]) < _FILES_PER_PAGE:
                break
        return tuple(files)

    async def _page(self, number: int, page: int) -> list[Any]:
        answer = await self._api.getitem(
            "/repos/{owner}/{repo}/pulls/{number}/files{?per_page,page}",
            {**self._names, "number": str(number), "per_page": str(_FILES_PER_PAGE), "page": str(page)},
        )
        return list(answer)

    async def _threads(self, number: int, connection: Mapping[str, Any]) -> list[Thread]:
        """Threads that began with a comment of ours. Whoever quotes our marker is not us."""
        threads: list[Thread] = []
        for _ in range(_MOST_THREAD_PAGES):
            threads += filter(None, (self._thread(node) for node in connection["nodes"] if node))
            if not connection["pageInfo"]["hasNextPage"]:
                break
            answer = await self._api.graphql(
                documents.MORE_THREADS,
                **self._where,
                number=number,
                after=connection["pageInfo"]["endCursor"],
            )
            connection = answer.whole().part("repository", "pullRequest", "reviewThreads")
        return threads

    def _thread(self, node: Mapping[str, Any]) -> Thread | None:
        comments = [comment for comment in node["comments"]["nodes"] if comment]
        if not comments or not is_ours(comments[0], self._slug):
            return None
        first = comments[0]
        unseen = max(0, int(node["comments"]["totalCount"]) - len(comments))
        return Thread(
            id=str(node["id"]),
            comment_id=int(first["databaseId"]),
            comment_node_id=str(first["id"]),
            path=str(node["path"]),
            line=node["line"],
            body=str(first["body"]),
            resolved=bool(node["isResolved"]),
            outdated=bool(node["isOutdated"]),
            minimized=bool(first["isMinimized"]),
            human_replies=unseen + sum(not is_ours(comment, self._slug) for comment in comments),
        )

    async def _documents(
        self, base: Mapping[str, Any], organisation: Mapping[str, Any] | None
    ) -> dict[str, str | None]:
        blobs = {
            name: (base.get(f"d{index}") or {}).get("object")
            for index, name in enumerate(documents.CONFIGURATION)
        }
        blobs[documents.ORGANISATION] = (organisation or {}).get("object")
        return {name: await self._text(blob) for name, blob in blobs.items()}

    async def _text(self, blob: Mapping[str, Any] | None) -> str | None:
        if not blob:
            return None
        if not blob["isTruncated"] and blob["text"] is not None:
            return str(blob["text"])
        raw = await self._api.download(
            "/repos/{owner}/{repo}/git/blobs/{sha}",
            {**self._names, "sha": str(blob["oid"])},
            limit=_LONGEST_DOCUMENT,
        )
        return raw.decode(errors="replace")

    def _open(self, node: Mapping[str, Any]) -> OpenPull:
        author = node.get("author") or {}
        pull = PullRequest(
            repository=self._repository,
            number=int(node["number"]),
            head_sha=str(node["headRefOid"]),
            base_sha=str(node["baseRefOid"]),
            base_ref=str(node["baseRefName"]),
            draft=bool(node["isDraft"]),
            author=str(author.get("login", "")),
            author_is_bot=author.get("__typename") == "Bot",
        )
        return OpenPull(pull, tuple(_check_runs(node)), _time(node.get("createdAt")))


def is_ours(comment: Mapping[str, Any], slug: str) -> bool:
    """Whether our app wrote it. GraphQL calls a bot by the app's slug, REST adds `[bot]`."""
    if comment.get("viewerDidAuthor"):
        return True
    author = comment.get("author") or {}
    return bool(slug) and author.get("__typename") == "Bot" and author.get("login") in {slug, f"{slug}[bot]"}


def _file(file: Mapping[str, Any]) -> ChangedFile:
    return ChangedFile(
        path=str(file["filename"]),
        status=file["status"],
        sha=file.get("sha"),
        patch=file.get("patch"),
        previous_path=file.get("previous_filename"),
        additions=int(file.get("additions", 0)),
        deletions=int(file.get("deletions", 0)),
    )


def _time(text: str | None) -> float:
    """GitHub's time in seconds; 0 for none."""
    return datetime.datetime.fromisoformat(text).timestamp() if text else 0.0


def _check_runs(pull: Mapping[str, Any]) -> Iterator[CheckRun]:
    for node in pull["commits"]["nodes"]:
        commit = node["commit"]
        for suite in (commit.get("checkSuites") or {}).get("nodes") or ():
            for run in (suite.get("checkRuns") or {}).get("nodes") or ():
                yield CheckRun(
                    id=int(run["databaseId"]),
                    head_sha=str(commit["oid"]),
                    external_id=str(run["externalId"] or ""),
                    status=str(run["status"]).lower(),
                    conclusion=run["conclusion"] and str(run["conclusion"]).lower(),
                )
