"""Files of a repository: many at once by one GraphQL document, byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from app.github import documents
from app.github.api import API
from app.github.errors import NotFound, Unavailable
from app.github.models import Repository, Tree

_PATHS_PER_DOCUMENT = 50
_BYTES_PER_DOCUMENT = 2_000_000
_UNKNOWN_SIZE = 20_000
_LONGEST_FILE = 2 * 1024 * 1024
_LONGEST_TARBALL = 1024 * 1024 * 1024
_FALLBACKS_AT_ONCE = 8

Wanted = tuple[str, str]
"""A commit and a path in it."""


class Contents:
    def __init__(self, api: API, repository: Repository) -> None:
        self._api = api
        self._repository = repository
        self._names = {"owner": repository.owner, "repo": repository.name}
        self._fallbacks = asyncio.Semaphore(_FALLBACKS_AT_ONCE)

    async def texts(
        self,
        wanted: Iterable[Wanted],
        *,
        sizes: Mapping[str, int] | None = None,
        limit: int = _LONGEST_FILE,
    ) -> dict[Wanted, bytes | None]:
        """The bytes of files at commits; None where there is no such file.

        One document for 50 files or about 2 MB, several documents at once. What GitHub cannot give exactly that
        way (binary, truncated, re-encoded, a part that failed) comes as a raw blob instead, and of that at most
        `limit` bytes: a longer file is cut, so a caller's own limit of fewer bytes still refuses it.
        `sizes` are bytes by path, where known.
        """
        batches = _batches(list(dict.fromkeys(wanted)), sizes or {})
        found: dict[Wanted, bytes | None] = {}
        for part in await asyncio.gather(*(self._batch(batch, limit) for batch in batches)):
            found.update(part)
        return found

    async def blob(self, sha: str, *, limit: int = _LONGEST_FILE) -> bytes:
        """The raw bytes of a blob, at most `limit`."""
        async with self._fallbacks:
            return await self._api.download(
                "/repos/{owner}/{repo}/git/blobs/{sha}", {**self._names, "sha": sha}, limit=limit
            )

    async def tree(self, commit: str) -> Tree:
        """All files of a commit with their blobs."""
        answer = await self._api.getitem(
            "/repos/{owner}/{repo}/git/trees/{commit}{?recursive}",
            {**self._names, "commit": commit, "recursive": "1"},
        )
        files = [entry for entry in answer["tree"] if entry["mode"] in {"100644", "100755"}]
        return Tree(
            entries={str(entry["path"]): str(entry["sha"]) for entry in files},
            sizes={str(entry["path"]): int(entry.get("size", 0)) for entry in files},
            truncated=bool(answer["truncated"]),
        )

    async def tarball(self, commit: str, destination: Path, *, limit: int = _LONGEST_TARBALL) -> None:
        """Write the commit's files as tar.gz to `destination`. Raises TooLarge beyond `limit` bytes."""
        with await asyncio.to_thread(destination.open, "wb") as file:
            await self._api.stream(
                "/repos/{owner}/{repo}/tarball/{commit}",
                {**self._names, "commit": commit},
                lambda chunk: _write(file, chunk),
                lambda: asyncio.to_thread(_rewind, file),
                limit=limit,
            )
            await asyncio.to_thread(file.flush)

    async def _batch(self, batch: Sequence[Wanted], limit: int) -> dict[Wanted, bytes | None]:
        expressions = {f"e{index}": f"{commit}:{path}" for index, (commit, path) in enumerate(batch)}
        try:
            answer = await self._api.graphql(
                documents.contents(len(batch)),
                owner=self._repository.owner,
                name=self._repository.name,
                **expressions,
            )
            repository = answer.part("repository")
        except Unavailable:  # too much for the ten seconds GitHub allows itself
            if len(batch) == 1:
                return {batch[0]: await self._by_path(batch[0], limit)}
            middle = len(batch) // 2
            halves = await asyncio.gather(
                self._batch(batch[:middle], limit), self._batch(batch[middle:], limit)
            )
            return {**halves[0], **halves[1]}
        failed = {error.path[1] for error in answer.errors if len(error.path) > 1}
        contents = await asyncio.gather(
            *(
                self._content(item, repository.get(f"f{index}"), f"f{index}" in failed, limit)
                for index, item in enumerate(batch)
            )
        )
        return dict(zip(batch, contents, strict=True))

    async def _content(
        self, wanted: Wanted, found: Mapping[str, Any] | None, failed: bool, limit: int
    ) -> bytes | None:
        if found is None:
            return await self._by_path(wanted, limit) if failed else None
        if found["__typename"] != "Blob":
            return None
        oid = str(found["oid"])
        if found["text"] is not None and not found["isTruncated"] and not found["isBinary"]:
            content = str(found["text"]).encode(errors="surrogatepass")
            if blob_sha(content, oid) == oid:  # else the text is not what the file says
                return content
        return await self.blob(oid, limit=limit)

    async def _by_path(self, wanted: Wanted, limit: int) -> bytes | None:
        commit, path = wanted
        segments = path.split("/")
        if not all(segments) or {".", ".."} & set(segments):  # git knows no such paths
            return None
        async with self._fallbacks:
            try:
                return await self._api.download(
                    "/repos/{owner}/{repo}/contents{/path*}{?ref}",
                    {**self._names, "path": segments, "ref": commit},
                    limit=limit,
                )
            except NotFound:
                return None


def blob_sha(content: bytes, like: str = "") -> str:
    """Git's name for a file's content, in the hash that `like` is a name of."""
    data = b"blob %d\0%b" % (len(content), content)
    if len(like) == 64:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _batches(wanted: Sequence[Wanted], sizes: Mapping[str, int]) -> list[list[Wanted]]:
    batches: list[list[Wanted]] = []
    room = 0
    for item in wanted:
        size = sizes.get(item[1], _UNKNOWN_SIZE)
        if not batches or len(batches[-1]) == _PATHS_PER_DOCUMENT or size > room:
            batches.append([])
            room = _BYTES_PER_DOCUMENT
        batches[-1].append(item)
        room -= size
    return batches


async def _write(file: IO[bytes], chunk: bytes) -> None:
    await asyncio.to_thread(file.write, chunk)


def _rewind(file: IO[bytes]) -> None:
    file.seek(0)
    file.truncate()
