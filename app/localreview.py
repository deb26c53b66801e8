"""What `fastperf review` does: the review of a pull request, from the objects of a local repository."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec

from app.analysis import Analysis, Comparison, Request
from app.analysis.archive import LARGEST_FILE
from app.analysis.blobs import blob_sha
from app.analysis.bumps import bumped
from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_python, roots, takes_part, text_of
from app.github.models import ChangedFile
from app.localgit import Entry, LocalRepository
from app.review import exclusions
from app.review.config import Config
from app.review.diff import Diff
from app.review.links import Links
from app.review.paths import says_generated
from app.review.report import Report
from rules.engine.finding import Skipped

PATIENCE = 600.0
"""Seconds for one analysis: longer than the App's, for nobody else waits for it."""
MOST_ROUNDS = 3
"""Of asking for more sources, as in a review on GitHub."""


class Gathered(msgspec.Struct, kw_only=True):
    """Everything a review is made of. Sources by path: `before` at the merge base, `after` at the head, `tip` on the
    base branch now, None where they are there as at the merge base."""

    merge_base: str
    head: str
    files: tuple[ChangedFile, ...]
    config: Config
    before: dict[str, bytes]
    after: dict[str, bytes]
    tip: dict[str, bytes | None] | None
    untouched: dict[str, str]
    """Python files that the change leaves alone: path -> blob id."""
    documents_before: dict[str, str]
    documents_after: dict[str, str]
    skipped: list[Skipped]
    excluded: list[Skipped]
    """Left out on purpose."""
    evidence: dict[str, bytes | None] = {}
    """Profiles that the configuration names, by path; as the base branch has them."""
    observed: tuple[str, str] | None = None
    """What the change's own tests saw, if it brings that."""


def gather(repository: LocalRepository, base: str, head: str) -> Gathered:
    """Read what a review needs. `base` and `head` are revisions; raises GitError when they are none."""
    base_id, head_id = repository.commit(base), repository.commit(head)
    merge_base = repository.merge_base(base_id, head_id)
    files = repository.changes(merge_base, head_id)
    old, new = repository.tree(merge_base), repository.tree(head_id)
    tip = old if merge_base == base_id else repository.tree(base_id)
    # As on GitHub, the configuration is the base's: a change cannot switch off its own gate.
    config = Config.parse(_documents(repository, tip)).with_moved(
        {file.path: file.previous_path for file in files if file.previous_path}
    )

    after = {file.path: new[file.path] for file in files if _is_source(file.path, new, config)}
    before = {
        path: old[path]
        for path in dict.fromkeys(file.previous_path or file.path for file in files)
        if _is_source(path, old, config)
    }
    touched = {file.path for file in files} | {file.previous_path for file in files}
    untouched = {
        path: entry.sha
        for path, entry in new.items()
        if path not in touched and takes_part(path) and _is_source(path, new, config)
    }
    changed = dict.fromkeys((*before, *after))
    current = {path: tip[path] for path in changed if _is_source(path, tip, config)}
    moved = any(old.get(path) != current.get(path) for path in changed)
    asked = [*before.values(), *after.values(), *(current.values() if moved else ())]
    contents = repository.read(entry.sha for entry in asked)
    skipped: list[Skipped] = []
    for path, entry in after.items():
        if entry.sha not in contents:
            skipped.append(Skipped(path, "its content is not in this repository"))
        elif len(contents[entry.sha]) > LARGEST_FILE:
            skipped.append(Skipped(path, "the file is too large"))
    renamed = {file.path: file.previous_path for file in files if file.previous_path}
    generated = exclusions.by_header(
        {path: contents[entry.sha] for path, entry in before.items() if entry.sha in contents},
        {path: contents[entry.sha] for path, entry in after.items() if entry.sha in contents},
        renamed,
    )
    unread = {skip.path for skip in (*skipped, *generated)}
    unread |= {renamed[skip.path] for skip in generated if skip.path in renamed}
    return Gathered(
        merge_base=merge_base,
        head=head_id,
        files=files,
        config=config,
        before={
            path: contents[entry.sha]
            for path, entry in before.items()
            if path not in unread and entry.sha in contents and not says_generated(contents[entry.sha])
        },
        after={
            path: contents[entry.sha]
            for path, entry in after.items()
            if path not in unread and not says_generated(contents[entry.sha])
        },
        tip={path: contents.get(tip[path].sha) if path in current else None for path in changed}
        if moved
        else None,
        untouched=untouched,
        documents_before=_documents(repository, old),
        documents_after=_documents(repository, new),
        skipped=skipped,
        excluded=[*exclusions.by_path(files, config), *generated],
        evidence=_evidence(repository, tip, config),
        observed=_observed(repository, new, touched, config),
    )


async def compare(
    repository: LocalRepository,
    gathered: Gathered,
    analysis: Analysis,
    facts: dict[str, bytes] | None = None,
) -> Comparison:
    """Analyse both versions, in the context of the whole project; and the base branch's, where it has moved on.

    `facts` keeps the facts of blobs from one call to the next, for who reviews many changes of a project.
    """
    facts = {} if facts is None else facts
    unknown = {path: sha for path, sha in gathered.untouched.items() if sha not in facts}
    blobs = await asyncio.to_thread(repository.read, unknown.values())
    extracted, _ = await analysis.extract({path: blobs[sha] for path, sha in unknown.items() if sha in blobs})
    facts.update({unknown[path]: encoded for path, encoded in extracted.items()})
    others = {path: facts[sha] for path, sha in gathered.untouched.items() if sha in facts}
    request = Request(
        before=gathered.before,
        after=gathered.after,
        others=others,
        documents_before=gathered.documents_before,
        documents_after=gathered.documents_after,
        options=gathered.config.options_with(gathered.evidence),
        removed=[file.path for file in gathered.files if file.status == "removed"],
        renamed={file.path: file.previous_path for file in gathered.files if file.previous_path},
        observed=gathered.observed,
    )
    for _ in range(MOST_ROUNDS):
        comparison = await analysis.compare(request)
        facts.update({blob_sha(request.after[path]): made for path, made in comparison.facts.items()})
        missing = {path: gathered.untouched[path] for path in comparison.wanted if path in request.others}
        read = await asyncio.to_thread(repository.read, missing.values())
        wanted = {path: read[sha] for path, sha in missing.items() if sha in read}
        if not wanted:
            break
        request = request.with_sources(wanted)
    if gathered.tip is not None and comparison.is_worse:
        comparison.tip = await analysis.standing(request, comparison, gathered.tip)
    comparison.bumped = await bumped(analysis, request, comparison)
    return comparison


async def review(repository: LocalRepository, gathered: Gathered, links: Links, workers: int) -> Report:
    """The report that the change would get."""
    async with Analysis(workers, deadline=PATIENCE) as analysis:
        comparison = await compare(repository, gathered, analysis)
    return decide(gathered, comparison, links)


def decide(gathered: Gathered, comparison: Comparison, links: Links) -> Report:
    """What the review says."""
    return Report.of(
        comparison.before,
        comparison.after,
        Diff.of(gathered.files),
        gathered.config,
        links,
        skipped=gathered.skipped,
        excluded=gathered.excluded,
        excerpts=comparison.excerpts,
        tip=comparison.tip,
        bumped=comparison.bumped,
        roots=roots(gathered.documents_after),
    )


def _is_source(path: str, tree: dict[str, Entry], config: Config) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.is_file and is_python(path) and not config.excludes(path)


def _evidence(repository: LocalRepository, tree: dict[str, Entry], config: Config) -> dict[str, bytes | None]:
    wanted = {path: entry.sha for path in config.evidence if (entry := tree.get(path)) and entry.is_file}
    contents = repository.read(wanted.values())
    return {path: contents.get(sha) for path, sha in wanted.items()}


def _observed(
    repository: LocalRepository, tree: dict[str, Entry], touched: Collection[str | None], config: Config
) -> tuple[str, str] | None:
    path = config.observed
    entry = tree.get(path) if path in touched and path else None
    if path is None or entry is None or not entry.is_file:
        return None
    content = repository.read([entry.sha]).get(entry.sha)
    return (path, content.decode(errors="replace")) if content is not None else None


def _documents(repository: LocalRepository, tree: dict[str, Entry]) -> dict[str, str]:
    wanted = {path: entry.sha for path, entry in tree.items() if entry.is_file and is_document(path)}
    contents = repository.read(wanted.values())
    return {
        path: text_of(path, contents[sha])
        for path, sha in wanted.items()
        if sha in contents and len(contents[sha]) <= LARGEST_DOCUMENT
    }
