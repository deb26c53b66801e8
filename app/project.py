"""The rest of the project around a change: what its untouched files say, from the store where it knows them.

Facts are kept by blob, trees by commit. A first visit fetches the whole source once, as an archive that is
read in the analysis processes; later only what is missing. No source file is kept, only facts and documents.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from app.analysis import Analysis
from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_python, takes_part, text_of
from app.factsversion import facts_version
from app.github.client import RepositoryClient
from app.github.contents import blob_sha
from app.github.models import Repository
from app.review import parts
from app.store import DOCUMENT, Store

log = structlog.get_logger(__name__)

MOST_SINGLE_FILES: Final = 150
"""Beyond that many missing files the archive is cheaper."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, as far as an analysis wants to know it."""

    tree: Mapping[str, str]
    """Python files and documents: path -> blob."""
    facts: Mapping[str, bytes]
    """Python files: path -> encoded facts; without those that have none."""
    known: Mapping[str, bytes]
    """Facts of Python files beyond the wanted ones, as far as the store has them."""
    documents: Mapping[str, str]


class Projects:
    """Reads projects of any repository."""

    def __init__(self, store: Store, analysis: Analysis) -> None:
        self._store = store
        self._analysis = analysis

    async def at(
        self,
        client: RepositoryClient,
        commit: str,
        wants: Callable[[str], bool],
        perhaps: Iterable[str] = (),
    ) -> Project:
        """The project at a commit: facts and documents of the paths that `wants` lets through.

        Facts of the paths in `perhaps` come along where the store has them: nothing is fetched for them.
        """
        store, repository = self._store, client.repository
        tree = await self._tree(client, commit)
        sources = {path: sha for path, sha in tree.items() if takes_part(path) and wants(path)}
        beside = {path: tree[path] for path in perhaps if path in tree and path not in sources}
        texts = {path: sha for path, sha in tree.items() if is_document(path) and wants(path)}
        version = await asyncio.to_thread(facts_version)
        facts, documents = await asyncio.gather(
            store.blobs(repository, {*sources.values(), *beside.values()}, version),
            store.blobs(repository, texts.values(), DOCUMENT),
        )
        known = {path: facts[sha] for path, sha in beside.items() if facts.get(sha)}
        missing = {path: sha for path, sha in sources.items() if sha not in facts}
        missing |= {path: sha for path, sha in texts.items() if sha not in documents}
        if len(missing) > MOST_SINGLE_FILES:
            await self._unpack(client, commit)
            facts = await store.blobs(repository, sources.values(), version)
            documents = await store.blobs(repository, texts.values(), DOCUMENT)
            missing = {path: sha for path, sha in texts.items() if sha not in documents}
        if missing:
            more_facts, more_documents = await self._fetch(client, commit, missing)
            facts |= more_facts
            documents |= more_documents
        return Project(
            tree=tree,
            facts={path: facts[sha] for path, sha in sources.items() if facts.get(sha)},
            known=known,
            documents={
                path: text_of(path, documents[sha]) for path, sha in texts.items() if sha in documents
            },
        )

    async def configurations(self, client: RepositoryClient, merge_base: str, tip: str) -> dict[str, str]:
        """The texts of files in folders that may configure us, as the base branch has them now.

        While it has none at the merge base either, a branch that has moved on is not asked.
        """
        tree = await self._tree(client, merge_base)
        if tip != merge_base and any(parts.folder_of(path) for path in tree):
            tree = await self._tree(client, tip)
            merge_base = tip
        wanted = {path: sha for path, sha in tree.items() if parts.folder_of(path)}
        if not wanted:
            return {}
        texts = await self._store.blobs(client.repository, wanted.values(), DOCUMENT)
        if missing := {path: sha for path, sha in wanted.items() if sha not in texts}:
            texts |= (await self._fetch(client, merge_base, missing))[1]
        return {path: text_of(path, texts[sha]) for path, sha in wanted.items() if sha in texts}

    async def _tree(self, client: RepositoryClient, commit: str) -> dict[str, str]:
        """Python files and documents of a commit: path -> blob."""
        tree = await self._store.tree(client.repository, commit)
        if tree is None:
            listed = await client.contents.tree(commit)
            tree = {path: sha for path, sha in listed.entries.items() if is_python(path) or is_document(path)}
            if listed.truncated:
                tree |= await self._unpack(client, commit)
            await self._store.keep_tree(client.repository, commit, tree)
        return tree

    async def keep_facts(self, repository: Repository, facts: Mapping[str, bytes]) -> None:
        """Facts by blob, of files that an analysis has read anyway."""
        await self._store.keep_blobs(repository, facts, await asyncio.to_thread(facts_version))

    async def _fetch(
        self, client: RepositoryClient, commit: str, missing: Mapping[str, str]
    ) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Facts and documents by blob, of files that were never read."""
        contents = await client.contents.texts([(commit, path) for path in missing])
        found = {path: content for (_, path), content in contents.items() if content is not None}
        sources = {path: content for path, content in found.items() if is_python(path)}
        extracted, skipped = await self._analysis.extract(sources)
        # A file without facts is remembered as such, or it would be fetched for each review.
        facts = {missing[path]: extracted.get(path, b"") for path in sources}
        documents = {
            missing[path]: content
            for path, content in found.items()
            if path not in sources and len(content) <= LARGEST_DOCUMENT
        }
        await self._keep(client, facts, documents)
        if skipped:
            log.info("files_without_facts", files=len(skipped))
        return facts, documents

    async def _unpack(self, client: RepositoryClient, commit: str) -> dict[str, str]:
        """Read the whole archive into the store; what it holds, path -> blob."""
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="fastperf-")
        try:
            archive = Path(folder, "source.tar.gz")
            await client.contents.tarball(commit, archive)
            unpacked = await self._analysis.unpack(archive)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        texts = {path: text.encode() for path, text in unpacked.documents.items()}
        shas = {path: blob_sha(text) for path, text in texts.items()}
        facts = {sha: unpacked.facts.get(path, b"") for path, sha in unpacked.blobs.items()}
        await self._keep(client, facts, {shas[path]: text for path, text in texts.items()})
        if not unpacked.complete:
            log.warning("project_too_large", files=len(unpacked.blobs))
        return unpacked.blobs | shas

    async def _keep(
        self, client: RepositoryClient, facts: Mapping[str, bytes], documents: Mapping[str, bytes]
    ) -> None:
        await self.keep_facts(client.repository, facts)
        await self._store.keep_blobs(client.repository, documents, DOCUMENT)
