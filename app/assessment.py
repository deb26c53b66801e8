"""What a change costs: its files in both versions, the project around them, and the report on the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from app.analysis import Analysis, Comparison, Request
from app.analysis.archive import LARGEST_FILE
from app.analysis.bumps import bumped
from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_link, is_python, roots, text_of
from app.analysis.pool import without
from app.concurrency import together
from app.github.client import RepositoryClient
from app.github.models import ChangedFile, Compared, Repository, Thread
from app.project import Projects
from app.review import exclusions, parts
from app.review.config import Config
from app.review.diff import Diff
from app.review.links import Links
from app.review.paths import says_generated
from app.review.reading import FILE, PYPROJECT, ConfigError
from app.review.report import Report
from app.review.wishes import Wishes
from app.web.metrics import Metrics
from rules.engine.finding import Edit, Result, Skipped
from rules.engine.fingerprints import core_of
from rules.engine.reading import edits

MOST_ROUNDS: Final = 3
"""Of asking for the sources of untouched files."""
MOST_WANTED: Final = 100
NO_WISHES: Final = Wishes()


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and what it was made of."""

    report: Report
    python: bool
    """Whether the change touches any Python at all."""
    request: Request | None = None
    comparison: Comparison | None = None


class Assessor:
    """Reads and analyses changes. `links_to` are the addresses of GitHub's pages and of ours."""

    def __init__(
        self,
        analysis: Analysis,
        projects: Projects,
        metrics: Metrics,
        *,
        links_to: tuple[str, str],
    ) -> None:
        self._analysis = analysis
        self._projects = projects
        self._metrics = metrics
        self._web_url, self._public_url = links_to

    def links(self, client: RepositoryClient, commit: str) -> Links:
        return Links(self._web_url, client.repository.full_name, commit, self._public_url)

    async def assess(
        self,
        client: RepositoryClient,
        compared: Compared,
        head_sha: str,
        config: Config,
        base_ref: str,
        *,
        tip_sha: str,
        wishes: Wishes = NO_WISHES,
        revert: bool = False,
        advise: bool = False,
        threads: Sequence[Thread] = (),
        quiet: bool = False,
    ) -> Assessed:
        """The report on a change. `config` is the repository's own; those in its folders are read here."""
        if any(is_python(path) or is_document(path) for path in _paths(compared)):
            nested = await self._projects.configurations(client, compared.merge_base_sha, tip_sha)
            moved = {file.path: file.previous_path for file in compared.files if file.previous_path}
            config = config.with_parts(nested).with_moved(moved)
        diff = Diff.of(compared.files)
        links = self.links(client, head_sha)
        relevant = [file for file in compared.files if _matters(file, config)]
        advisory = (revert and config.advises_reverts) or config.is_advisory(base_ref)
        excluded = exclusions.by_path(compared.files, config)
        if not relevant:
            nothing = Result()
            report = Report.of(
                nothing, nothing, diff, config, links, excluded=excluded, advisory=advisory, wishes=wishes
            )
            return Assessed(report=report, python=_has_python(compared))
        with self._metrics.timed("read"):
            request, skipped = await self._request(client, compared, relevant, head_sha, config)
            generated = exclusions.by_header(request.before, request.after, request.renamed)
            request = msgspec.structs.replace(
                without(request, {skip.path for skip in generated}), advise=advise
            )
        with self._metrics.timed("analyse"):
            comparison, request = await self._compare(client, compared.merge_base_sha, request)
            if tip_sha != compared.merge_base_sha and comparison.is_worse:
                comparison.tip = await self._standing(client, tip_sha, relevant, request, comparison, config)
            comparison.bumped = await bumped(self._analysis, request, comparison)
        await self._keep_facts(client.repository, compared, comparison)
        report = Report.of(
            comparison.before,
            comparison.after,
            diff,
            config,
            links,
            skipped=skipped,
            excluded=(*excluded, *generated),
            excerpts=comparison.excerpts,
            tip=comparison.tip,
            bumped=comparison.bumped,
            advisory=advisory,
            wishes=wishes,
            coming=_coming(config, request.documents_after, diff),
            roots=roots(request.documents_after),
            advise=advise,
            threads=threads,
            quiet=quiet,
        )
        return Assessed(report=report, python=True, request=request, comparison=comparison)

    async def mend(self, assessed: Assessed) -> dict[str, bytes]:
        """The changed files with all fixes of the report's patch in them, proven together.

        Empty when there is nothing to mend, or when the fixes do not hold together: each was proven by itself.
        """
        request, comparison, report = assessed.request, assessed.comparison, assessed.report
        if request is None or comparison is None or not report.edits:
            return {}
        by_path: dict[str, list[Edit]] = {}
        for edit in report.edits:
            by_path.setdefault(edit.path, []).append(edit)
        if not by_path.keys() <= request.after.keys():
            return {}
        mended = {path: edits.apply(request.after[path], changes) for path, changes in by_path.items()}
        after = msgspec.structs.replace(request, after=request.after | mended)
        proof = await self._analysis.compare(after)
        left, before = _counted(proof.after), _counted(comparison.after)
        gone = _counted(comparison.after, only=frozenset(report.mended))
        return mended if left <= before - gone else {}

    async def _request(
        self,
        client: RepositoryClient,
        compared: Compared,
        relevant: list[ChangedFile],
        head_sha: str,
        config: Config,
    ) -> tuple[Request, list[Skipped]]:
        """Wave 2: the changed files in both versions, and the project around them."""
        base_sha = compared.merge_base_sha
        old = [file.previous_path or file.path for file in relevant if file.status not in {"added", "copied"}]
        new = [file.path for file in relevant if file.status != "removed"]
        touched = {file.path for file in compared.files} | {
            file.previous_path for file in compared.files if file.previous_path
        }

        def wants(path: str) -> bool:
            return path not in touched and (not is_python(path) or not config.excludes(path))

        brought = [
            file.path for file in compared.files if file.path == config.observed and file.status != "removed"
        ]
        contents, project = await together(
            client.contents.texts(
                [(base_sha, path) for path in (*old, *config.evidence)]
                + [(head_sha, path) for path in dict.fromkeys((*new, *brought))]
            ),
            self._projects.at(client, base_sha, wants, [path for path in old if is_python(path)]),
        )
        before = {path: contents.get((base_sha, path)) for path in old}
        after = {path: contents.get((head_sha, path)) for path in new}
        skipped = [
            Skipped(path, "the file is too large")
            for path, content in after.items()
            if content is not None and is_python(path) and len(content) > LARGEST_FILE
        ]
        sources = _sources(before, skipped, config)
        request = Request(
            before=sources,
            after=_sources(after, skipped, config),
            others=dict(project.facts),
            known={path: facts for path, facts in project.known.items() if path in sources},
            documents_before=dict(project.documents) | _texts(before),
            documents_after=dict(project.documents) | _texts(after),
            options=config.options_with({path: contents.get((base_sha, path)) for path in config.evidence}),
            observed=next(
                (
                    (path, content.decode(errors="replace"))
                    for path in brought
                    if (content := contents.get((head_sha, path))) is not None
                ),
                None,
            ),
            removed=[file.path for file in relevant if file.status == "removed"],
            renamed={
                file.path: file.previous_path
                for file in relevant
                if file.status == "renamed" and file.previous_path
            },
        )
        return request, skipped

    async def _compare(
        self, client: RepositoryClient, base_sha: str, request: Request
    ) -> tuple[Comparison, Request]:
        """Analyse; give the analysis the untouched sources it asks for, which are the same in both versions.

        Returns the last request too.
        """
        for _ in range(MOST_ROUNDS):
            comparison = await self._analysis.compare(request)
            wanted = [path for path in comparison.wanted if path in request.others][:MOST_WANTED]
            if not wanted:
                break
            contents = await client.contents.texts([(base_sha, path) for path in wanted])
            sources = {path: content for (_, path), content in contents.items() if content is not None}
            request = request.with_sources(sources)
        return comparison, request

    async def _standing(
        self,
        client: RepositoryClient,
        tip_sha: str,
        relevant: Sequence[ChangedFile],
        request: Request,
        comparison: Comparison,
        config: Config,
    ) -> Result | None:
        """What the base branch says by now of the changed files: one call more, and only when there is news.

        None when the files stand there as at the merge base.
        """
        paths = {path for file in relevant for path in (file.path, file.previous_path) if path}
        wanted = [path for path in sorted(paths) if is_python(path) and not config.excludes(path)]
        contents = await client.contents.texts([(tip_sha, path) for path in wanted])
        tip = {path: content for (_, path), content in contents.items()}
        if all(request.before.get(path) == content for path, content in tip.items()):
            return None
        return await self._analysis.standing(request, comparison, tip)

    async def _keep_facts(self, repository: Repository, compared: Compared, comparison: Comparison) -> None:
        """When this change is merged, its files will be part of somebody's project."""
        shas = {file.path: file.sha for file in compared.files if file.sha}
        facts = {shas[path]: facts for path, facts in comparison.facts.items() if path in shas}
        await self._projects.keep_facts(repository, facts)


def _coming(config: Config, documents: Mapping[str, str], diff: Diff) -> tuple[ConfigError, ...]:
    """Mistakes in the configuration that the change itself brings; it is in force once that is merged."""
    standing = [name for name in documents if name in (FILE, PYPROJECT) or parts.folder_of(name)]
    brought = [name for name in standing if name in diff.files]
    if not brought:
        return ()
    read = Config.parse({name: documents[name] for name in standing})
    return tuple(error for error in read.errors if error.path in brought and error not in config.errors)


def _counted(result: Result, only: frozenset[str] | None = None) -> Counter[tuple[str, str]]:
    """Findings by rule and core of their fingerprint, which an equal one elsewhere does not change."""
    return Counter(
        (finding.code, core_of(finding.fingerprint))
        for finding in result.findings
        if only is None or finding.fingerprint in only
    )


def _matters(file: ChangedFile, config: Config) -> bool:
    paths = {file.path, file.previous_path or file.path}
    return any(is_document(path) or (is_python(path) and not config.excludes(path)) for path in paths)


def _has_python(compared: Compared) -> bool:
    return any(map(is_python, _paths(compared)))


def _paths(compared: Compared) -> Iterator[str]:
    for file in compared.files:
        yield file.path
        if file.previous_path:
            yield file.previous_path


def _sources(
    contents: Mapping[str, bytes | None], skipped: list[Skipped], config: Config
) -> dict[str, bytes]:
    too_large = {skip.path for skip in skipped}
    return {
        path: content
        for path, content in contents.items()
        if content is not None
        and is_python(path)
        and not is_link(content)
        and path not in too_large
        and not config.excludes(path)
        and not says_generated(content)
    }


def _texts(contents: Mapping[str, bytes | None]) -> dict[str, str]:
    return {
        path: text_of(path, content)
        for path, content in contents.items()
        if content is not None and is_document(path) and len(content) <= LARGEST_DOCUMENT
    }
