"""What runs in a worker process: limits first, then one task after the other from standard input.

The process that starts it gives it no credentials and may kill it at any time; see `app.analysis.pool`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import os
import resource
import signal
import sys
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import msgspec

import rules
from app.analysis import confinement, telling
from app.analysis.archive import ArchiveError, ArchiveLimitError, members
from app.analysis.blobs import blob_sha
from app.analysis.documents import is_document, is_python, takes_part
from app.analysis.messages import (
    LONGEST_FRAME,
    Began,
    Branched,
    Compare,
    Comparison,
    Diagnose,
    Diagnosed,
    Done,
    Examine,
    Extract,
    Extracted,
    Failed,
    Frame,
    Ready,
    Refused,
    Request,
    Stage,
    Task,
    Told,
    Unpack,
    Unpacked,
)
from rules import ModuleFacts, SourceError
from rules.engine import diagnosis, growth, registry
from rules.engine.costs import measured
from rules.engine.evidence.heat import Since
from rules.engine.finding import Finding, Options, Result
from rules.engine.project import Project
from rules.engine.reading import sharing
from rules.engine.reading.edits import Lines
from rules.engine.reading.trees import Trees
from rules.engine.two_versions import Versions, with_known_costs

FACTS_KEPT_BYTES = 64_000_000
MOST_LINKED = 3
"""Linked projects that stay in memory between reviews: the next one of the same repository differs in a few files."""
MOST_LINKED_LINES = 250_000
"""All of them together, but for the one at hand."""
TASKS_BETWEEN = 64
"""From one collection of garbage to the next: what a task leaves goes without a collector, but for a few cycles."""
MOST_SOURCES = 4096
"""Of which it is known which facts are theirs."""
OPEN_FILES = 64
PR_SET_PDEATHSIG = 1
SHARED = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
MOST_DIAGNOSED = 5
PROOF_COST = 2.5
"""What trying a fix costs, in analyses of its file."""
_NO_KEY = (0, -1)
DEEPEST = 12
WIDEST = 40
"""Of a cost tree, which a comment shows less of."""


class Limits(msgspec.Struct):
    """`file_seconds` is CPU time for one stage of one file, `task_seconds` for one whole task; archives lie in `archives`."""

    memory_bytes: int
    file_seconds: float
    task_seconds: float
    archives: str = ""


def confine(limits: Limits, parent: int) -> None:
    """Give up, for good, what a parser does not need, and die when the parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it died before we asked to be told
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    confinement.deny()


def libraries() -> list[str]:
    """The folders that an import may still read: ours, the interpreter's, and those of the libraries they use."""
    here = Path(__file__).resolve().parents[2]
    ours = [str(here / name) for name in ("app", "rules")]  # not all of it: a checkout may hold anything
    shared = [*os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep), f"{sys.base_prefix}/lib", *SHARED]
    imported = (path for path in sys.path[1:] if Path(path).resolve() != here)
    return [path for path in (*ours, *imported, *shared) if path]


class Connection:
    """Frames over two binary streams."""

    def __init__(self, read: BinaryIO, write: BinaryIO, limits: Limits) -> None:
        self._read, self._write, self._limits = read, write, limits
        self._decoder = msgspec.msgpack.Decoder(Task)
        self._encoder = msgspec.msgpack.Encoder()
        self.current = ""
        """The file begun last."""
        self.spent: defaultdict[str, float] = defaultdict(float)
        """CPU seconds that each file took in the last analysis, all of its stages together."""
        self._since = 0.0

    def receive(self) -> Task | None:
        """The next task, or None when the parent hung up."""
        header = self._read.read(4)
        if len(header) < 4:
            return None
        length = int.from_bytes(header)
        if length > LONGEST_FRAME:
            raise ValueError("frame too long")
        task: Task = self._decoder.decode(self._read.read(length))
        return task

    def send(self, frame: Frame) -> None:
        """Or, of a frame that cannot be sent, what `telling` leaves of it: the parent gets its answer in any case."""
        try:
            body = self._encoded(frame)
        except Exception as error:  # one answer: the next one is none the worse for it
            if (told := telling.instead(frame, error)) is None:
                return
            try:
                body = self._encoded(told)
            except Exception as another:  # it is no single file's doing
                body = self._encoded(telling.failed(another))
        self._write.write(len(body).to_bytes(4) + body)
        self._write.flush()

    def _encoded(self, frame: Frame) -> bytes:
        body = self._encoder.encode(frame)
        if len(body) > LONGEST_FRAME:
            raise ValueError("frame too long")
        return body

    def begin(self, path: str, stage: Stage, blob: str = "") -> None:
        """Say which file comes now, and let the kernel end this process if it takes too long.

        An empty path says that no file comes now, but work on all of them.
        """
        now = time.process_time()
        if self.current:
            self.spent[self.current] += now - self._since
        self.current, self._since = path, now
        self.send(Began(path, stage, blob))
        signal.setitimer(signal.ITIMER_PROF, self._limits.file_seconds if path else 0)

    def affords_proof(self, path: str) -> bool:
        """Whether trying a fix in this file is likely to end before the kernel ends it."""
        limit = self._limits.file_seconds
        return not limit or self.spent[path] * PROOF_COST < limit

    @contextlib.contextmanager
    def task(self) -> Iterator[None]:
        """The time one task may take, all files together."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + self._limits.task_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        self.current = ""
        self.spent.clear()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


class FactsCache:
    """Facts decoded before, by the hash of their encoding, so that a base tree is decoded once."""

    def __init__(self, most_bytes: int = FACTS_KEPT_BYTES) -> None:
        self._decoder = msgspec.msgpack.Decoder(ModuleFacts)
        self._kept: OrderedDict[tuple[int, int], tuple[ModuleFacts, int]] = OrderedDict()
        self._most, self._size = most_bytes, 0
        self._by_source: OrderedDict[tuple[int, int], tuple[int, int]] = OrderedDict()
        """By the hash of a source, that of its facts' encoding: the next push has most of these files too."""
        self._linked: list[rules.Succession] = []
        self.trees = Trees()
        self._tasks = 0

    def decode(self, encoded: bytes) -> ModuleFacts:
        key = _key(encoded)
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return found[0]
        facts = sharing.share(self._decoder.decode(encoded))
        self._keep(key, facts)
        return facts

    def of_source(self, source: bytes) -> ModuleFacts | None:
        """The facts of a file that a review had lately."""
        found = self._kept.get(self._by_source.get(_key(source), _NO_KEY))
        return found[0] if found is not None else None

    def remember(
        self, source: bytes, encoded: bytes, facts: ModuleFacts, former: ModuleFacts | None = None
    ) -> None:
        """Keep the facts of a file of a review, and their encoding, which comes back with the next ones. Of its `former`
        version they were kept before."""
        key = _key(encoded)
        if key not in self._kept:
            self._keep(key, sharing.share(facts, former))
        self._by_source[_key(source)] = key
        if len(self._by_source) > MOST_SOURCES:
            self._by_source.popitem(last=False)

    def _keep(self, key: tuple[int, int], facts: ModuleFacts) -> None:
        self._kept[key] = (facts, key[1])
        self._size += key[1]
        while self._size > self._most and len(self._kept) > 1:
            _, (_, size) = self._kept.popitem(last=False)
            self._size -= size

    def succession(self, others: Mapping[str, ModuleFacts], options: Options) -> rules.Succession:
        """A linked project near to these files: one of the last, or a new one that is none yet."""
        near = [
            (distance, kept)
            for kept in self._linked
            if (distance := kept.follows(others, options)) is not None
        ]
        found = min(near, key=lambda each: each[0])[1] if near else rules.Succession()
        self._linked = [found, *(kept for kept in self._linked if kept is not found)]
        lines = 0
        for position, kept in enumerate(self._linked):
            lines += kept.lines
            if position and (position >= MOST_LINKED or lines > MOST_LINKED_LINES):
                for gone in self._linked[position:]:
                    gone.end()
                del self._linked[position:]
                break
        return found

    def tidy(self) -> None:
        """After a task: what stays is kept out of the collector's sight, now and then the garbage is collected."""
        self._tasks += 1
        for succession in self._linked:
            succession.forget()
        if self._tasks % TASKS_BETWEEN == 0:
            gc.unfreeze()
            gc.collect()
        gc.freeze()


def _key(content: bytes) -> tuple[int, int]:
    """Hashed with the secret of this process: nobody can aim at what another has."""
    return hash(content), len(content)


def compare(task: Compare, connection: Connection, cache: FactsCache) -> Comparison:
    request = task.request
    others = {path: cache.decode(encoded) for path, encoded in request.others.items() if takes_part(path)}
    succession = cache.succession(others, request.options)
    known = {path: cache.decode(encoded) for path, encoded in request.known.items()}
    for path, facts in known.items():
        cache.remember(request.before[path], request.known[path], facts)
    before = analyze(
        request.before,
        others,
        request.documents_before,
        request.options,
        connection,
        known=known,
        succession=succession,
        trees=cache.trees,
        followed=True,
    )
    after = analyze(
        request.after,
        others,
        request.documents_after,
        request.options,
        connection,
        known=_known_after(request, known, cache),
        advise=request.advise or not before.result.endpoints,
        succession=succession,
        since=Since(before.light, request.renamed, request.observed) if before.light is not None else None,
        trees=cache.trees,
        former=before,
    )
    before.passed(succession)
    said = [finding for finding in after.result.findings if _is_commented(finding)]
    new = _in_turn(said, {finding.fingerprint: finding for finding in before.result.findings})
    result = prove(new, after, task.unproven, connection, task.proof_seconds)
    versions = Versions(before.project, after.project, request.renamed)
    result = growth.told(result, versions, request.after)
    earlier = msgspec.structs.replace(
        before.result, endpoints=with_known_costs(versions, before.result.endpoints)
    )
    given = request.before.keys() | request.after.keys()
    encoded = dict(_encoded(after.facts))
    for path, made in encoded.items():
        cache.remember(request.after[path], made, after.facts[path], known.get(path))
    return Comparison(
        before=earlier,
        after=result,
        facts=encoded,
        wanted=sorted(rules.affected(before, after) - given),
        excerpts=excerpts(result, request),
    )


def _known_after(
    request: Request, known: Mapping[str, ModuleFacts], cache: FactsCache
) -> dict[str, ModuleFacts]:
    """Facts of files after the change that are known from before, or from a review before."""
    found: dict[str, ModuleFacts] = {}
    for path, source in request.after.items():
        facts = known.get(path) if source == request.before.get(path) else cache.of_source(source)
        if facts is not None:
            found[path] = facts
    return found


def _encoded(facts: Mapping[str, ModuleFacts]) -> Iterator[tuple[str, bytes]]:
    """Without those that hold half a character: they are read anew when they are needed."""
    for path, found in facts.items():
        with contextlib.suppress(UnicodeEncodeError, OverflowError):
            yield path, msgspec.msgpack.encode(found)


def examine(task: Examine, connection: Connection, cache: FactsCache) -> Result:
    others = {path: cache.decode(encoded) for path, encoded in task.others.items() if takes_part(path)}
    advise = bool(task.options.select)
    analysis = analyze(task.sources, others, task.documents, task.options, connection, advise=advise)
    return prove(
        analysis.result.findings,
        analysis,
        task.unproven,
        connection,
        tell=task.tell,
        counts=lambda finding: task.hints or not finding.is_hint,
    )


def diagnose(task: Diagnose, connection: Connection, cache: FactsCache) -> list[Diagnosed]:
    connection.begin("", "analyze")
    facts = {path: cache.decode(encoded) for path, encoded in task.others.items() if takes_part(path)}
    project = Project(facts, task.documents, task.options)
    found = diagnosis.find(project, task.method, task.path)
    return [_diagnosed(diagnosis.diagnose(project, endpoint)) for endpoint in found[:MOST_DIAGNOSED]]


def _diagnosed(found: diagnosis.Diagnosis) -> Diagnosed:
    queries, external = found.written(found.amount)
    return Diagnosed(
        method=found.method,
        path=found.path,
        queries=queries,
        external_calls=external,
        unbounded=found.amount.unbounded,
        blocking=list(found.blocking),
        sizes={letter: name for name, letter in found.sizes.items()},
        branches=[_branched(branch, found, 1) for branch in found.branches],
    )


def _branched(branch: diagnosis.Branch, found: diagnosis.Diagnosis, depth: int) -> Branched:
    queries, external = found.written(branch.amount)
    inside = branch.inside[:WIDEST] if depth < DEEPEST else ()
    return Branched(
        name=branch.name,
        role=branch.role,
        path=branch.path,
        line=branch.line,
        queries=queries,
        external_calls=external,
        loops=list(branch.loops),
        inside=[_branched(each, found, depth + 1) for each in inside],
    )


def analyze(
    sources: Mapping[str, bytes],
    others: Mapping[str, ModuleFacts],
    documents: Mapping[str, str],
    options: Options,
    connection: Connection,
    *,
    advise: bool = False,
    known: Mapping[str, ModuleFacts] = MappingProxyType({}),
    succession: rules.Succession | None = None,
    since: Since | None = None,
    trees: Trees | None = None,
    followed: bool = False,
    former: rules.Analysis | None = None,
) -> rules.Analysis:
    """The engine's `analyze`, announced file by file. Advice is for a project's first application, or by its code."""
    connection.spent.clear()
    return rules.analyze(
        sources,
        others=others,
        documents=documents,
        options=options,
        advise=advise,
        known=known,
        begin=lambda path: connection.begin(path, "analyze"),
        succession=succession,
        since=since,
        trees=trees,
        followed=followed,
        former=former,
    )


def prove(
    findings: Sequence[Finding],
    analysis: rules.Analysis,
    unproven: Iterable[str],
    connection: Connection,
    seconds: float = math.inf,
    *,
    tell: bool = False,
    counts: Callable[[Finding], bool] = lambda finding: True,
) -> Result:
    """The result of `analysis`; these findings, as far as they count, portion by portion until time is over, with their fix."""
    left_alone = {*unproven, *(path for path in analysis.facts if not connection.affords_proof(path))}
    proven: dict[int, Finding] = {}
    end = time.monotonic() + seconds
    for portion in rules.portions(
        findings,
        whole_files=tell,
        soon=tell or seconds < math.inf,
        counts=lambda finding: counts(finding) and analysis.has_fix(finding),
    ):
        wanted = [finding for finding in portion if finding.path not in left_alone and counts(finding)]
        if wanted and time.monotonic() <= end:
            done = analysis.prove_all(
                wanted,
                begin=lambda path: connection.begin(path, "prove"),
                goes_on=lambda: time.monotonic() <= end,
            )
            proven.update(zip(map(id, wanted), done, strict=True))
        for finding in portion if tell else ():
            connection.send(Told(proven.get(id(finding), finding)))
    told = tuple(proven.get(id(finding), finding) for finding in analysis.result.findings)
    return msgspec.structs.replace(analysis.result, findings=told)


def _is_commented(finding: Finding) -> bool:
    """Whether it may become a comment, with its fix: what only the summary mentions has no use for one."""
    return finding.as_new().speaks


def _in_turn(findings: Iterable[Finding], old: Mapping[str, Finding]) -> list[Finding]:
    """Those that are new or may have grown: the worst of each file, then the second of each, so that no file takes the time of
    others."""
    turns: Counter[str] = Counter()
    order: list[tuple[int, Finding]] = []
    for finding in sorted(findings, key=lambda finding: -finding.severity.rank):
        was = old.get(finding.fingerprint)
        if was is None or _may_have_grown(was, finding):
            order.append((turns[finding.path], finding))
            turns[finding.path] += 1
    return [finding for _, finding in sorted(order, key=lambda entry: entry[0])]


def _may_have_grown(old: Finding, new: Finding) -> bool:
    """Whether a finding says something else than it did: which of them are worse is decided later."""
    return (old.message, old.in_itself, old.loops, old.leaves, old.speaks, len(old.siblings)) != (
        *(new.message, new.in_itself, new.loops, new.leaves, new.speaks, len(new.siblings)),
    )


def excerpts(result: Result, request: Request) -> dict[str, dict[int, str]]:
    """The lines that proven fixes replace: what a diff in the summary shows, and no line more."""
    found: dict[str, dict[int, str]] = {}
    files: dict[str, Lines] = {}
    for finding in result.findings:
        for edit in finding.fix.edits if finding.fix else ():
            if edit.path not in files:
                files[edit.path] = Lines.of(request.after[edit.path])
            lines = files[edit.path]
            found.setdefault(edit.path, {}).update(
                (number, lines.contents[number - 1] + lines.ends[number - 1])
                for number in range(edit.start_line, edit.end_line + 1)
            )
    return found


def extract(path: str, source: bytes) -> Extracted | Refused:
    try:
        facts = msgspec.msgpack.encode(rules.extract(path, source))
    except SourceError as error:
        return Refused(path, error.reason)
    except Exception as error:  # one file, whatever is wrong with it, is one file
        return Refused(path, f"cannot be analysed ({type(error).__name__})")
    return Extracted(path, facts)


def extract_all(task: Extract, connection: Connection) -> None:
    for path, source in task.sources.items():
        connection.begin(path, "read")
        connection.send(extract(path, source))


def unpack(task: Unpack, connection: Connection) -> Unpacked:
    """Send the facts of each Python file; return the rest."""
    archive = Path(task.path) if task.path else task.archive
    known = frozenset(task.known)
    unpacked = Unpacked()
    try:
        for member in members(archive):
            if member.content is None:
                if member.path not in known:
                    connection.send(Refused(member.path, member.reason))
                continue
            if is_document(member.path):
                unpacked.documents[member.path] = member.content.decode(errors="replace")
            if is_python(member.path) and member.path not in known:
                blob = blob_sha(member.content)
                connection.begin(member.path, "read", blob)
                frame = extract(member.path, member.content)
                frame.blob = blob
                connection.send(frame)
                connection.begin("", "read")
    except ArchiveLimitError:
        unpacked.complete = False
    return unpacked


def perform(task: Task, connection: Connection, cache: FactsCache) -> Done | Failed:
    try:
        match task:
            case Compare():
                done = Done(comparison=compare(task, connection, cache))
            case Diagnose():
                done = Done(diagnosed=diagnose(task, connection, cache))
            case Examine():
                done = Done(result=examine(task, connection, cache))
            case Extract():
                extract_all(task, connection)
                done = Done()
            case Unpack():
                done = Done(unpacked=unpack(task, connection))
    except ArchiveError as error:
        return Failed(str(error))
    except (MemoryError, RecursionError) as error:
        if connection.current:
            os.abort()  # the file at hand did it: the parent goes on without it
        return Failed(_place(error))
    except Exception as error:  # one task: the parent gets an answer, the next task a worker
        return Failed(_place(error))
    done.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return done


def serve(connection: Connection, cache: FactsCache) -> bool:
    """Do the next task; False when there is none any more.

    What a review makes is large, lives until the answer is out and has few cycles: garbage is collected then.
    """
    gc.disable()
    task = connection.receive()
    if task is None:
        return False
    if isinstance(task, Extract | Unpack):
        gc.enable()
    with connection.task():
        answer = perform(task, connection, cache)
    connection.send(answer)
    del task, answer
    cache.tidy()
    return True


def _place(error: Exception) -> str:
    """The error's type and where it was raised; its text may quote the source it stumbled over."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(error).__name__
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {Path(code.co_filename).name}:{frame.tb_lineno} ({code.co_name})"


def main(parent: int, limits: str) -> None:
    """Serve until standard input ends. `parent` is the process that must be our parent, `limits` JSON of `Limits`."""
    bounds = msgspec.json.decode(limits, type=Limits)
    confine(bounds, parent)
    read = os.fdopen(os.dup(0), "rb")
    write = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stray in (0, 1):  # whatever prints must not speak into the protocol
        os.dup2(nowhere, stray)

    import libcst  # noqa: F401 - imported before the first task, so that no task pays for it

    registry.rules()  # as above: loads them
    measured.document()  # as above
    sharing.learn()  # as above
    gc.collect()
    gc.freeze()
    connection, cache = Connection(read, write, bounds), FactsCache()
    confinement.shut(libraries(), [bounds.archives] if bounds.archives else [])
    os.dup2(nowhere, 2)  # from here on only strangers' code could make it speak
    os.close(nowhere)
    connection.send(Ready())
    while serve(connection, cache):
        pass
