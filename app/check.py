"""What `fastperf check` does: one version of a project on disk, analysed, and mended if asked to."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

import rules
from app import foldercache
from app.analysis.documents import is_document, is_python, takes_part, text_of
from app.discovery import Project
from app.foldercache import FolderCache
from app.localgit import LocalRepository
from app.printable import file_lines
from rules import ModuleFacts, SourceError
from rules.engine.evidence import heat
from rules.engine.finding import Edit, Endpoint, Finding, Options, Result, Safety, Skipped, Statistics
from rules.engine.reading import edits

LARGE_BYTES = 8_000_000
"""From here on several processes are worth what they cost: each starts, links the project and reads files anew."""
KEPT_LINES = 120_000
"""Trees of so many lines stay in memory, some 1.3 kB a line: a program that is run once may take more than a server."""
FEWEST_PROCESSES, MOST_PROCESSES = 3, 8
"""Of so many: two take twice the processor time of one, and end no sooner."""
MOST_ROUNDS = 20
"""Of fixing: a fix may only show when another was made."""

Advance = Callable[[int], None]
"""Told how many more files are done."""
Say = Callable[[Finding, Sequence[str]], None]
"""Told of a finding, with the lines of its file, as soon as its fix was tried."""
Foresee = Callable[[Result], None]
"""Told of all findings, none with its fix yet, before the first is said; not where several processes find them."""
Fixes = Literal["all", "problems", "none"]
"""Of which findings fixes are proven: lists that tell of hints in brief show none of theirs, and most of the time goes there."""


class Scan(msgspec.Struct, kw_only=True):
    """What a project says. `result` holds findings in the files that were asked about."""

    result: Result
    sources: dict[str, bytes]
    documents: Mapping[str, str] = {}
    """Dockerfiles, requirements and the like: findings stand on their lines too."""

    def lines(self, path: str) -> Sequence[str]:
        if path in self.documents:
            return self.documents[path].splitlines()
        return file_lines(self.sources, path)


def scan(
    project: Project,
    options: Options,
    *,
    advance: Advance = lambda count: None,
    fixes: Fixes = "all",
    say: Say | None = None,
    foresee: Foresee = lambda result: None,
    cache: FolderCache | None = None,
    spent: list[object] | None = None,
) -> Scan:
    """Analyse a project. Findings come with their proven fix, as far as `fixes` asks for them.

    `say` hears of the findings in Python files beforehand, file by file, and `foresee` of all of them before that. What
    `cache` has is not worked out again.
    `spent` gathers what is done with, for a process that ends soon.
    """
    started = time.perf_counter()
    sources = project.read()
    documents = project.texts()
    tell = _Once(sources, say) if say is not None else None
    key = foldercache.key(sources, project.chosen, documents, options) if cache else ""
    known = _known(cache, key, fixes) if cache else None
    if known is None:
        result = analyze(
            sources,
            project.chosen,
            documents,
            options,
            advance=advance,
            fixes=fixes,
            tell=tell,
            foresee=foresee,
            cache=cache,
            spent=spent,
        )
        if cache:
            cache.keep_result(f"{key}-{fixes}", result)
    else:
        result = known
        advance(len(sources))
        if tell is not None:
            foresee(result)
            for finding in result.findings:
                tell(finding)
    result = msgspec.structs.replace(
        result,
        findings=tuple(_asked(project, result, options)),
        skipped=(*result.skipped, *project.unread(sources)),
    )
    return Scan(result=_finished(result, sources, started), sources=sources, documents=documents)


def _known(cache: FolderCache, key: str, fixes: Fixes) -> Result | None:
    """A result of earlier, with these fixes or more."""
    found = cache.result(f"{key}-{fixes}")
    return cache.result(f"{key}-all") if found is None and fixes == "problems" else found


def analyze(
    sources: Mapping[str, bytes],
    chosen: frozenset[str],
    documents: Mapping[str, str],
    options: Options,
    *,
    advance: Advance = lambda count: None,
    fixes: Fixes = "all",
    tell: Callable[[Finding], None] | None = None,
    foresee: Foresee = lambda result: None,
    cache: FolderCache | None = None,
    spent: list[object] | None = None,
) -> Result:
    """Run the rules on the chosen files of a project, in several processes when it is large."""
    stored = cache.facts(sources) if cache else {}
    mine = {path: source for path, source in sources.items() if path in chosen}
    rest = {path: source for path, source in sources.items() if path not in chosen and takes_part(path)}
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if processes >= FEWEST_PROCESSES and sum(map(len, sources.values())) > LARGE_BYTES:
        import asyncio  # only here: most projects are read without it

        return asyncio.run(
            _examine(mine, rest, documents, options, processes, advance, fixes, tell, cache, stored)
        )
    skipped: list[Skipped] = []
    known = foldercache.decoded(stored)
    others = dict(_facts(rest, known, skipped, advance))
    analysis = rules.analyze(
        _Counted(mine, advance),
        others=others,
        known=known,
        documents=documents,
        options=options,
        advise=bool(options.select),
        kept_lines=KEPT_LINES,
        mends=fixes != "none",
        spent=spent,
    )
    if spent is not None:
        spent.append(analysis)
    if cache:
        cache.keep_facts(sources, _encoded({**others, **analysis.facts}, stored))
    result = analysis.result
    foresee(result)
    findings: list[Finding] = []
    with _set_aside():
        for portion in rules.portions(
            result.findings,
            soon=tell is not None,
            counts=lambda finding: _is_proven(finding, fixes) and analysis.has_fix(finding),
        ):
            told = analysis.prove_all(portion, counts=lambda finding: _is_proven(finding, fixes))
            findings.extend(told)
            if tell is not None:
                for finding in told:
                    tell(finding)
    return msgspec.structs.replace(result, findings=tuple(findings), skipped=(*result.skipped, *skipped))


def _is_proven(finding: Finding, fixes: Fixes) -> bool:
    return fixes == "all" or (fixes == "problems" and not finding.is_hint)


@contextlib.contextmanager
def _set_aside() -> Iterator[None]:
    """While this lasts the collector leaves in peace what is there now: a linked project is large, and no garbage."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _asked(project: Project, result: Result, options: Options) -> Iterator[Finding]:
    """What the user asked for: documents in the folders that were named, project advice that was selected by its code."""
    for finding in result.findings:
        if finding.path in project.chosen or finding.path in project.asked:
            yield finding
    for finding in result.advice:
        if finding.code in options.select:
            yield finding


def only_new(project: Project, revision: str, now: Scan, options: Options) -> Scan:
    """`now` without the findings that the project had at `revision` already. Raises GitError."""
    sources, documents = at_revision(LocalRepository(project.root), project.root, revision)
    # What is untouched and says nothing now needs no rules: only its facts count.
    changed = frozenset(path for path, source in sources.items() if now.sources.get(path) != source)
    suspects = frozenset(finding.path for finding in now.result.findings)
    then = analyze(sources, (changed | suspects) & sources.keys(), documents, options, fixes="none")
    known = {finding.fingerprint for finding in then.findings}
    findings = tuple(
        heat.unweakened(finding).as_new()
        for finding in now.result.findings
        if finding.fingerprint not in known
    )
    return msgspec.structs.replace(now, result=msgspec.structs.replace(now.result, findings=findings))


def at_revision(
    repository: LocalRepository, root: Path, revision: str
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The Python files and the documents below `root` as they were. Raises GitError."""
    prefix = _prefix(repository, root)
    tree = {
        path.removeprefix(prefix): entry.sha
        for path, entry in repository.tree(repository.commit(revision)).items()
        if entry.is_file and path.startswith(prefix)
    }
    wanted = {path: sha for path, sha in tree.items() if is_python(path) or is_document(path)}
    blobs = repository.read(wanted.values())
    sources = {path: blobs[sha] for path, sha in wanted.items() if is_python(path) and sha in blobs}
    documents = {
        path: text_of(path, blobs[sha]) for path, sha in wanted.items() if is_document(path) and sha in blobs
    }
    return sources, documents


def _prefix(repository: LocalRepository, root: Path) -> str:
    """What stands before the project's paths in its repository."""
    top = repository.top
    inside = root.relative_to(top.resolve()).as_posix() if top is not None else "."
    return "" if inside == "." else f"{inside}/"


class Fixed(msgspec.Struct, kw_only=True):
    """The files that fixing changed, before and after, and how many findings it mended."""

    before: dict[str, bytes]
    after: dict[str, bytes]
    count: int
    left: Scan


def fix(project: Project, options: Options, first: Scan, *, unsafe: bool) -> Fixed:
    """Apply fixes until none is left, in memory. Unsafe ones only with `unsafe`."""
    sources = dict(first.sources)
    documents = project.texts()
    current = first
    count = 0
    for _ in range(MOST_ROUNDS):
        wanted = [
            finding.fix.edits
            for finding in current.result.findings
            if finding.fix is not None and (unsafe or finding.fix.safety is Safety.SAFE)
        ]
        chosen, made = compatible(wanted)
        if not made:
            break
        for path, changes in chosen.items():
            sources[path] = edits.apply(sources[path], changes)
        count += made
        started = time.perf_counter()
        result = analyze(sources, project.chosen, documents, options)
        result = msgspec.structs.replace(result, findings=tuple(_asked(project, result, options)))
        current = Scan(result=_finished(result, sources, started), sources=dict(sources), documents=documents)
    changed = {path for path, source in sources.items() if source != first.sources[path]}
    return Fixed(
        before={path: first.sources[path] for path in sorted(changed)},
        after={path: sources[path] for path in sorted(changed)},
        count=count,
        left=current,
    )


def compatible(fixes: Sequence[Sequence[Edit]]) -> tuple[dict[str, list[Edit]], int]:
    """As many fixes as can be made at once, edits by file: none touches lines of another, equal edits are one."""
    chosen: dict[str, list[Edit]] = {}
    made = 0
    for fix_edits in fixes:
        new = [edit for edit in fix_edits if edit not in chosen.get(edit.path, [])]
        if any(edits.clash(edit, other) for edit in new for other in chosen.get(edit.path, [])):
            continue
        for edit in new:
            chosen.setdefault(edit.path, []).append(edit)
        made += 1
    return chosen, made


def diff(fixed: Fixed) -> str:
    """What fixing changes, as a patch."""
    import difflib  # only here: most runs show no patch

    parts: list[str] = []
    for path, before in fixed.before.items():
        old, new = (_patch_lines(content) for content in (before, fixed.after[path]))
        parts.extend(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
        )
    return "".join(parts)


def _patch_lines(content: bytes) -> list[str]:
    lines = content.decode(errors="surrogateescape").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _finished(result: Result, sources: Mapping[str, bytes], started: float) -> Result:
    """In the order of files and lines; what a profile saw much of stands before that."""
    order = sorted(
        result.findings,
        key=lambda finding: (-finding.heat, finding.path, finding.line, finding.column, finding.code),
    )
    return msgspec.structs.replace(
        result,
        findings=tuple(order),
        statistics=Statistics(
            files=len(sources),
            lines=sum(
                source.count(b"\n") + (not source.endswith(b"\n")) for source in sources.values() if source
            ),
            seconds=round(time.perf_counter() - started, 3),
        ),
    )


class _Once:
    """Says findings in Python files, each once."""

    def __init__(self, sources: Mapping[str, bytes], say: Say) -> None:
        self._sources, self._say = sources, say
        self._seen: set[tuple[str, str]] = set()

    def __call__(self, finding: Finding) -> None:
        if finding.path not in self._sources or (finding.path, finding.fingerprint) in self._seen:
            return
        self._seen.add((finding.path, finding.fingerprint))
        self._say(finding, file_lines(self._sources, finding.path))


class _FileByFile:
    """Passes findings on when all of their file are there, for several processes speak at once."""

    def __init__(self, tell: Callable[[Finding], None]) -> None:
        self._tell = tell
        self._waiting: list[Finding] = []

    def __call__(self, finding: Finding) -> None:
        if self._waiting and self._waiting[0].path != finding.path:
            self.flush()
        self._waiting.append(finding)

    def flush(self) -> None:
        for finding in self._waiting:
            self._tell(finding)
        self._waiting.clear()


class _Counted(Mapping[str, bytes]):
    """Sources that say when they are taken up."""

    def __init__(self, sources: Mapping[str, bytes], advance: Advance) -> None:
        self._sources, self._advance = sources, advance
        self._seen: set[str] = set()

    def __getitem__(self, path: str) -> bytes:
        source = self._sources[path]
        if path not in self._seen:
            self._seen.add(path)
            self._advance(1)
        return source

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _encoded(facts: Mapping[str, ModuleFacts], stored: Mapping[str, bytes]) -> dict[str, bytes]:
    """Without those that hold half a character: they are read anew when they are needed."""
    found: dict[str, bytes] = {}
    for path, each in facts.items():
        with contextlib.suppress(UnicodeEncodeError, OverflowError):
            found[path] = stored[path] if path in stored else msgspec.msgpack.encode(each)
    return found


def _facts(
    sources: Mapping[str, bytes],
    known: Mapping[str, ModuleFacts],
    skipped: list[Skipped],
    advance: Advance,
) -> Iterator[tuple[str, ModuleFacts]]:
    for path, source in sources.items():
        advance(1)
        if path in known:
            yield path, known[path]
            continue
        try:
            yield path, rules.extract(path, source)
        except SourceError as error:
            skipped.append(Skipped(path, error.reason))


async def _examine(
    mine: Mapping[str, bytes],
    rest: Mapping[str, bytes],
    documents: Mapping[str, str],
    options: Options,
    processes: int,
    advance: Advance,
    fixes: Fixes,
    tell: Callable[[Finding], None] | None,
    cache: FolderCache | None,
    stored: Mapping[str, bytes],
) -> Result:
    """First the facts of everything, then the rules on portions of equal size, in `processes` processes."""
    import asyncio

    from app.analysis import Analysis

    async with Analysis(processes, deadline=3600.0, file_deadline=20.0) as analysis:
        sources = {**mine, **rest}
        read, skipped = await analysis.extract(
            {path: source for path, source in sources.items() if path not in stored and takes_part(path)}
        )
        facts = {**stored, **read}
        if cache:
            cache.keep_facts(sources, facts)
        advance(len(rest))
        portions = _portions({path: mine[path] for path in mine if path in facts}, processes)

        async def examine(portion: Mapping[str, bytes]) -> Result:
            others = {path: encoded for path, encoded in facts.items() if path not in portion}
            passed_on = _FileByFile(tell) if tell is not None else None
            result = await analysis.examine(
                portion,
                others=others,
                documents=documents,
                options=options,
                fixes=fixes != "none",
                hints=fixes == "all",
                tell=passed_on,
            )
            if passed_on is not None:
                passed_on.flush()
            advance(len(portion))
            return result

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(examine(portion)) for portion in portions]
    results = [task.result() for task in tasks]
    return Result(
        findings=_unique(finding for result in results for finding in result.findings),
        endpoints=_unique_endpoints(endpoint for result in results for endpoint in result.endpoints),
        # A profile that does not fit is said by each portion.
        skipped=tuple(dict.fromkeys((*skipped, *(skip for result in results for skip in result.skipped)))),
        suppressed=tuple(suppressed for result in results for suppressed in result.suppressed),
        advice=_unique(finding for result in results for finding in result.advice),
        local=next((result.local for result in results if result.local), ""),
    )


def _unique(findings: Iterator[Finding]) -> tuple[Finding, ...]:
    return tuple({(f.code, f.path, f.line, f.column, f.fingerprint): f for f in findings}.values())


def _unique_endpoints(endpoints: Iterator[Endpoint]) -> tuple[Endpoint, ...]:
    return tuple({(e.method, e.path, e.file, e.line): e for e in endpoints}.values())


def _portions(sources: Mapping[str, bytes], count: int) -> list[dict[str, bytes]]:
    """About equal shares by size, the largest files dealt out first."""
    portions: list[dict[str, bytes]] = [{} for _ in range(count)]
    sizes = [0] * count
    for path in sorted(sources, key=lambda path: -len(sources[path])):
        least = sizes.index(min(sizes))
        portions[least][path] = sources[path]
        sizes[least] += len(sources[path])
    return [portion for portion in portions if portion]
