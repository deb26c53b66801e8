"""The processes that read strangers' code.

Each is a fresh interpreter with an explicit environment and hard limits, on two pipes. A native parser may
crash or never end: then the process is gone, the file it was at is named, and the work goes on without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import itertools
import math
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from types import MappingProxyType

import msgspec

from app.analysis.filenames import NAMELESS, is_utf8, shown
from app.analysis.messages import (
    LONGEST_FRAME,
    Began,
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
from rules.engine.finding import Finding, Options, Result, Skipped

MEMORY_BYTES = 1_500_000_000
START_SECONDS = 60.0
GONE_SECONDS = 5.0
"""Between a worker's closed pipe and its end."""
WALL_FACTOR = 5.0
"""Wall time a file may take for each second of CPU time it may take: the machine may be busy."""
PROOF_SHARE = 0.3
"""Of the time one request may take: for trying fixes."""
TASKS_PER_WORKER = 500
RESTING_BYTES = 600_000_000
"""A worker that once held more than this is replaced after its task."""
CHUNK_BYTES = 1_000_000
ATTEMPTS = 3
"""How often a task is tried again when its worker died and no file can be blamed."""

MOST_SOURCES = 1_500
MOST_SOURCE_BYTES = 12_000_000
"""Files of one review that are analysed in two versions, and the bytes of their larger versions."""

NO_OPTIONS = Options()

HERE = Path(__file__).resolve().parent.parent.parent
"""The folder with our packages `app` and `rules`."""
BOOT = """\
import sys, json
here, elsewhere, parent, limits = sys.argv[1:]
sys.path[:] = [here, *sys.path, *json.loads(elsewhere)]
from app.analysis.worker import main
main(int(parent), limits)
"""

# Ends that a file itself brings about: these are not tried again with it.
_FATAL = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGABRT,
    signal.SIGILL,
    signal.SIGFPE,
    signal.SIGPROF,
    signal.SIGXCPU,
}


class AnalysisError(Exception):
    """The analysis cannot be had, by a fault of ours or of the machine. Its text is fit for the summary."""


class DiedError(Exception):
    """A worker ended within a task. `path` is the file it was at, if any; `blamed` when the file did it."""

    def __init__(self, reason: str, at: Began | None, *, blamed: bool) -> None:
        super().__init__(reason)
        self.reason, self.blamed = reason, blamed
        self.path = at.path if at is not None else None
        self.stage: Stage = at.stage if at is not None else "read"
        self.blob = at.blob if at is not None else ""


class OverrunError(Exception):
    """The task as a whole took too long."""


class Worker:
    """One process. Not reusable after any exception: `end` it."""

    def __init__(self, process: asyncio.subprocess.Process, file_deadline: float) -> None:
        self._process, self._file_deadline = process, file_deadline
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Frame)
        self.tasks = 0
        self.worn = False

    @classmethod
    async def start(cls, *, memory_bytes: int, file_deadline: float, deadline: float) -> Worker:
        elsewhere, archives = await asyncio.to_thread(lambda: (_dependencies(), _temporary()))
        limits = {
            "memory_bytes": memory_bytes,
            "file_seconds": file_deadline,
            "task_seconds": deadline,
            "archives": archives,
        }
        spawning = asyncio.create_task(
            asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-B", "-W", "ignore", "-c", BOOT),
                str(HERE),
                msgspec.json.encode(elsewhere).decode(),
                str(os.getpid()),
                msgspec.json.encode(limits).decode(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment(os.environ),
                cwd="/",
                start_new_session=True,
                limit=1 << 20,
            )
        )
        try:
            process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # asyncio loses a process whose pipes are not connected yet: wait for them, then end it.
            await cls(await spawning, file_deadline).end()
            raise
        worker = cls(process, file_deadline)
        try:
            async with asyncio.timeout(START_SECONDS):
                frame = await worker._receive()
        except (TimeoutError, EOFError) as error:
            await worker.end()
            raise AnalysisError("the analysis process does not start") from error
        except BaseException:
            await worker.end()
            raise
        assert isinstance(frame, Ready), frame  # noqa: S101 - the first frame by construction
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(
        self,
        task: Task,
        deadline: float,
        on_frame: Callable[[Extracted | Refused], None],
        on_finding: Callable[[Finding], None] = lambda finding: None,
    ) -> Done:
        """Have a task done within `deadline` seconds. Raises DiedError, OverrunError or AnalysisError."""
        self.tasks += 1
        at: Began | None = None
        patience = self._file_deadline * WALL_FACTOR
        loop = asyncio.get_running_loop()
        last = loop.time() + deadline
        try:
            async with asyncio.timeout_at(last):
                await self._send(task)
            while True:
                now = loop.time()
                until = last if at is None else min(last, now + patience)
                async with asyncio.timeout_at(until):
                    frame = await self._receive()
                match frame:
                    case Began():
                        at = frame if frame.path else None
                    case Extracted() | Refused():
                        on_frame(frame)
                        at = None
                    case Told():
                        on_finding(frame.finding)
                    case Done():
                        self.worn = self.tasks >= TASKS_PER_WORKER or frame.peak_bytes > RESTING_BYTES
                        return frame
                    case Failed():
                        raise AnalysisError(frame.reason)
                    case Ready():
                        raise AnalysisError("the analysis process spoke out of turn")
        except TimeoutError:
            await self.end()
            if at is None or loop.time() >= last:
                raise OverrunError from None
            raise DiedError(f"parser limit: no answer within {patience:g} s", at, blamed=True) from None
        except (EOFError, ConnectionError):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GONE_SECONDS):
                    await self._process.wait()  # it is ending by itself: how is what we want to know
            await self.end()
            raise self._died(at) from None

    async def end(self) -> None:
        """Kill the process and wait for it to be gone."""
        if self._process.returncode is None:
            # Not the process object's `kill`: it may reap what asyncio is waiting for.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    def _died(self, at: Began | None) -> DiedError:
        code = self._process.returncode
        ended = signal.Signals(-code) if code is not None and -code in set(signal.Signals) else None
        if ended in {signal.SIGPROF, signal.SIGXCPU}:
            reason = f"parser limit: more than {self._file_deadline:g} s of CPU time"
        elif ended in {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}:
            reason = "parser limit: nested too deeply or too large"
        else:
            reason = "parser limit: the process that read it ended"
        return DiedError(reason, at, blamed=ended in _FATAL)

    async def _send(self, task: Task) -> None:
        stdin = self._process.stdin
        assert stdin is not None, "made with a pipe"  # noqa: S101 - tells mypy
        body = self._encoder.encode(task)
        stdin.write(len(body).to_bytes(4) + body)
        await stdin.drain()

    async def _receive(self) -> Frame:
        stdout = self._process.stdout
        assert stdout is not None, "made with a pipe"  # noqa: S101 - tells mypy
        length = int.from_bytes(await stdout.readexactly(4))
        try:
            if length > LONGEST_FRAME:
                raise AnalysisError("the analysis process sent too much")
            frame: Frame = self._decoder.decode(await stdout.readexactly(length))
        except AnalysisError:
            self.worn = True  # what comes next would be the middle of something
            raise
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            self.worn = True  # as above
            raise AnalysisError(f"the analysis process sent nonsense ({type(error).__name__})") from None
        return frame


Suspects = dict[tuple[str | None, Stage], int]
"""How often a worker ended at a file."""


class Slot:
    """A place for one worker, filled when needed."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.filling: asyncio.Task[None] | None = None
        """What makes the worker; nobody's cancellation ends it, so that no process is lost on the way."""


class Analysis:
    """The pool; one for a process. Use as an async context manager, or `start` and `close` it.

    `deadline` is wall time in seconds for one request, `file_deadline` CPU time for one file in it,
    `memory_bytes` the address space of each worker.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        deadline: float = 60.0,
        file_deadline: float = 2.0,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._deadline, self._file_deadline, self._memory_bytes = deadline, file_deadline, memory_bytes
        self._slots = [Slot() for _ in range(workers)]
        self._idle: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()
        self._started = self._closed = False

    async def start(self) -> None:
        """Start the workers. Raises AnalysisError when they do not come up."""
        if self._started:
            return
        self._started = True
        try:
            async with asyncio.TaskGroup() as group:
                for slot in self._slots:
                    group.create_task(self._fill(slot))
        except* AnalysisError as group_error:
            await self.close()
            raise group_error.exceptions[0] from None
        for slot in self._slots:
            self._idle.put_nowait(slot)

    async def close(self) -> None:
        """End all workers, whatever they are doing. Who asks from now on gets no answer: the process is at its end, and
        what is not done then is done after the next start."""
        self._closed = True
        for slot in self._slots:
            if slot.filling is not None:
                await asyncio.wait({slot.filling})
            await self._empty(slot)

    async def __aenter__(self) -> Analysis:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that are there now."""
        return tuple(slot.worker.pid for slot in self._slots if slot.worker and slot.worker.alive)

    async def compare(self, request: Request, *, fixes: bool = True) -> Comparison:
        """Analyse both versions; no fixes without `fixes`. A file that ends a worker is left out of both and listed as skipped.

        Raises AnalysisError when no answer is to be had.
        """

        def task(left_out: Mapping[str, Skipped], unproven: Set[str]) -> Compare:
            return Compare(
                request=without(request, left_out.keys()),
                unproven=sorted(unproven if fixes else request.after),
                proof_seconds=self._deadline * PROOF_SHARE,
            )

        files = request.before.keys() | request.after.keys()
        beyond = _beyond_limits(request) | _nameless(files)
        done, left_out = await self._careful(task, files, self._deadline, beyond)
        if done is None:
            return _with_skipped(Comparison(before=Result(), after=Result()), left_out)
        if done.comparison is None:
            raise AnalysisError("the analysis process gave no answer")
        return _with_skipped(done.comparison, left_out)

    async def examine(
        self,
        sources: Mapping[str, bytes],
        *,
        others: Mapping[str, bytes] = MappingProxyType({}),
        documents: Mapping[str, str] = MappingProxyType({}),
        options: Options = NO_OPTIONS,
        deadline: float = math.inf,
        fixes: bool = True,
        hints: bool = True,
        tell: Callable[[Finding], None] | None = None,
    ) -> Result:
        """Analyse one version; with `fixes`, every finding comes with its proven fix, hints only with `hints`. For the rest see
        `compare`.

        `tell` gets each finding as soon as its fix was tried; some twice, when a worker ended in between.
        """

        def task(left_out: Mapping[str, Skipped], unproven: Set[str]) -> Examine:
            return Examine(
                {path: source for path, source in sources.items() if path not in left_out},
                dict(others),
                dict(documents),
                options,
                sorted(unproven if fixes else sources),
                tell is not None,
                hints,
            )

        beyond = _nameless(sources)
        done, left_out = await self._careful(task, sources.keys(), deadline, beyond, on_finding=tell)
        result = done.result if done is not None else Result()
        if result is None:
            raise AnalysisError("the analysis process gave no answer")
        return msgspec.structs.replace(result, skipped=result.skipped + tuple(left_out.values()))

    async def standing(
        self, request: Request, comparison: Comparison, tip: Mapping[str, bytes | None]
    ) -> Result:
        """Which findings of `comparison` the base branch, which has moved on, has as well; its own, without fixes.

        `tip` holds the changed files as they are there (None where one is not). The rest of the project is taken
        as it is at the merge base, where `request` has it from. What the head only has in comparison with the
        merge base, and not with the tip, counts as standing there.
        """
        sources = {path: source for path, source in ({**request.before, **tip}).items() if source is not None}
        known = {path: facts for path, facts in request.known.items() if path not in tip}
        against = await self.compare(
            msgspec.structs.replace(request, before=sources, known=known), fixes=False
        )
        added = {finding.fingerprint for finding in against.after.findings}
        stands = (finding for finding in comparison.after.findings if finding.fingerprint not in added)
        return msgspec.structs.replace(against.before, findings=(*against.before.findings, *stands))

    async def diagnose(
        self,
        method: str,
        path: str,
        *,
        others: Mapping[str, bytes],
        documents: Mapping[str, str],
        options: Options,
    ) -> list[Diagnosed]:
        """The cost trees of the endpoints that are meant, in a project known by its facts. Raises AnalysisError."""

        def task(left_out: Mapping[str, Skipped], unproven: Set[str]) -> Diagnose:
            return Diagnose(method, path, dict(others), dict(documents), options)

        done, _ = await self._careful(task, frozenset(), self._deadline)
        return (done.diagnosed or []) if done is not None else []

    async def extract(self, sources: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[Skipped]]:
        """Encoded facts of each file that has any, and the files that have none, with the reason.

        A portion waits for a worker only when the one before it is done, so that others who ask meanwhile come between.
        """
        facts: dict[str, bytes] = {}
        nameless = _nameless(sources)
        skipped = list(nameless.values())
        sources = {path: source for path, source in sources.items() if path not in nameless}
        places = asyncio.Semaphore(len(self._slots))

        async def extracted(chunk: dict[str, bytes]) -> None:
            async with places:
                await self._extract(chunk, facts, skipped)

        try:
            async with asyncio.TaskGroup() as group:
                for chunk in _chunks(sources):
                    group.create_task(extracted(chunk))
        except* AnalysisError as errors:
            raise errors.exceptions[0] from None
        return facts, skipped

    async def unpack(self, archive: bytes | Path) -> Unpacked:
        """Facts and documents of a project from its `.tar.gz`. Raises AnalysisError when it is broken."""
        unpacked = Unpacked()
        suspects: Suspects = {}

        def keep(frame: Extracted | Refused) -> None:
            if frame.blob:
                unpacked.blobs[frame.path] = frame.blob
            if isinstance(frame, Extracted):
                unpacked.facts[frame.path] = frame.facts
            else:
                unpacked.skipped.append(Skipped(frame.path, frame.reason))

        if isinstance(archive, Path):
            path, content = str(await asyncio.to_thread(archive.absolute)), b""
        else:
            path, content = "", archive
        while True:
            known = [*unpacked.facts, *(skipped.path for skipped in unpacked.skipped)]
            try:
                done = await self._perform(Unpack(content, path, known), self._deadline * 10, keep)
            except OverrunError:
                unpacked.complete = False
                return unpacked
            except DiedError as death:
                if _to_blame(death, suspects) and death.path is not None:
                    unpacked.skipped.append(Skipped(death.path, death.reason))
                    unpacked.blobs[death.path] = death.blob
                continue
            if done.unpacked is None:
                raise AnalysisError("the analysis process gave no answer")
            unpacked.documents, unpacked.complete = done.unpacked.documents, done.unpacked.complete
            return unpacked

    async def _extract(
        self, sources: dict[str, bytes], facts: dict[str, bytes], skipped: list[Skipped]
    ) -> None:
        suspects: Suspects = {}
        left = dict(sources)

        def keep(frame: Extracted | Refused) -> None:
            del left[frame.path]
            if isinstance(frame, Extracted):
                facts[frame.path] = frame.facts
            else:
                skipped.append(Skipped(frame.path, frame.reason))

        while left:
            try:
                await self._perform(Extract(dict(left)), self._deadline * 10, keep)
            except OverrunError:
                reason = "time limit: the project takes too long to read"
                skipped.extend(Skipped(path, reason) for path in left)
                return
            except DiedError as death:
                if _to_blame(death, suspects) and death.path is not None:
                    del left[death.path]
                    skipped.append(Skipped(death.path, death.reason))

    async def _careful(
        self,
        task: Callable[[Mapping[str, Skipped], Set[str]], Task],
        files: Set[str],
        deadline: float,
        beyond: Mapping[str, Skipped] = MappingProxyType({}),
        on_finding: Callable[[Finding], None] | None = None,
    ) -> tuple[Done | None, dict[str, Skipped]]:
        """Have a task done, as often as it takes, without the files `beyond` limits and those that end workers.

        `task` makes it from the files to be left out and those in which no fix is to be tried. Returns what
        came of it, None when time ran out, and the files left out.
        """
        left_out = dict(beyond)
        unproven: set[str] = set()
        suspects: Suspects = {}
        end = asyncio.get_running_loop().time() + deadline
        while True:
            try:
                remaining = end - asyncio.get_running_loop().time()
                done = await self._perform(task(left_out, unproven), remaining, on_finding=on_finding)
                return done, left_out
            except OverrunError:
                reason = f"time limit: one review may take {deadline:g} s"
                return None, {path: Skipped(path, reason) for path in sorted(files)} | left_out
            except DiedError as death:
                if not _to_blame(death, suspects) or death.path is None:
                    continue
                if death.stage == "prove":
                    unproven.add(death.path)
                else:
                    left_out[death.path] = Skipped(death.path, death.reason)

    async def _perform(
        self,
        task: Task,
        deadline: float,
        on_frame: Callable[[Extracted | Refused], None] = lambda frame: None,
        on_finding: Callable[[Finding], None] | None = None,
    ) -> Done:
        if deadline <= 0:
            raise OverrunError
        async with self._worker() as worker:
            return await worker.ask(task, deadline, on_frame, on_finding or (lambda finding: None))

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        """A worker of one's own. Whatever goes wrong with it, the next caller gets a healthy one."""
        if not self._started:
            raise AnalysisError("the analysis was not started")
        slot = await self._idle.get()
        try:
            if self._closed:
                await asyncio.get_running_loop().create_future()
            if slot.worker is not None and (slot.worker.worn or not slot.worker.alive):
                await self._empty(slot)
            if slot.worker is None:
                await self._fill(slot)
            assert slot.worker is not None, "just filled"  # noqa: S101 - tells mypy
            try:
                yield slot.worker
            except AnalysisError:
                raise
            except BaseException:  # cancelled too: it may be in the middle of anything
                await asyncio.shield(self._empty(slot))
                raise
        finally:
            self._idle.put_nowait(slot)

    async def _fill(self, slot: Slot) -> None:
        if slot.filling is None or slot.filling.done():
            slot.filling = asyncio.create_task(self._start_in(slot))
        await asyncio.shield(slot.filling)

    async def _start_in(self, slot: Slot) -> None:
        slot.worker = await Worker.start(
            memory_bytes=self._memory_bytes, file_deadline=self._file_deadline, deadline=self._deadline * 10
        )

    async def _empty(self, slot: Slot) -> None:
        worker, slot.worker = slot.worker, None
        if worker is not None:
            await worker.end()


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """All that a worker gets of our environment: nothing, but for what the loader needs to find libraries."""
    return {"LANG": "C.UTF-8"} | {name: ours[name] for name in ("LD_LIBRARY_PATH",) if name in ours}


@functools.cache
def _dependencies() -> list[str]:
    """Folders of the libraries that a worker uses, wherever this interpreter found them."""
    found: dict[str, None] = {}
    for name in ("msgspec", "libcst", "sqlglot"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found[str(Path(spec.origin).resolve().parent.parent)] = None
    return list(found)


def _temporary() -> str:
    """Where an archive is put that is to be read; empty where nothing can be put anywhere."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return ""


def _to_blame(death: DiedError, suspects: Suspects) -> bool:
    """Whether to go on without the file. A process that somebody else ended is tried once more first."""
    times = suspects[death.path, death.stage] = suspects.get((death.path, death.stage), 0) + 1
    if death.blamed and death.path is not None:
        return True
    if death.path is None and times >= ATTEMPTS:
        raise AnalysisError("the analysis process keeps ending")
    return times > 1


def _nameless(paths: Iterable[str]) -> dict[str, Skipped]:
    """The files whose names cannot be told to a worker."""
    return {path: Skipped(shown(path), NAMELESS) for path in paths if not is_utf8(path)}


def _beyond_limits(request: Request) -> dict[str, Skipped]:
    """The files for which a review has no room: changed ones come first, and of these the small ones."""
    before, after = request.before, request.after
    sizes = {
        path: max(len(before.get(path, b"")), len(after.get(path, b"")))
        for path in before.keys() | after.keys()
    }
    if len(sizes) <= MOST_SOURCES and sum(sizes.values()) <= MOST_SOURCE_BYTES:
        return {}
    left_out: dict[str, Skipped] = {}
    count = total = 0
    for path in sorted(sizes, key=lambda path: (before.get(path) == after.get(path), sizes[path], path)):
        if count >= MOST_SOURCES:
            left_out[path] = Skipped(path, f"limit: one review reads {MOST_SOURCES:,} files at most")
        elif total + sizes[path] > MOST_SOURCE_BYTES:
            left_out[path] = Skipped(
                path, f"limit: one review reads {MOST_SOURCE_BYTES // 1_000_000} MB of source at most"
            )
        else:
            count += 1
            total += sizes[path]
    return left_out


def without(request: Request, left_out: Set[str]) -> Request:
    """The request with neither version of these files."""
    if not left_out:
        return request
    gone = left_out | {old for new, old in request.renamed.items() if new in left_out}
    gone |= {new for new, old in request.renamed.items() if old in left_out}
    return msgspec.structs.replace(
        request,
        before={path: source for path, source in request.before.items() if path not in gone},
        after={path: source for path, source in request.after.items() if path not in gone},
    )


def _with_skipped(comparison: Comparison, left_out: Mapping[str, Skipped]) -> Comparison:
    skipped = tuple(left_out.values())
    return msgspec.structs.replace(
        comparison,
        before=msgspec.structs.replace(comparison.before, skipped=comparison.before.skipped + skipped),
        after=msgspec.structs.replace(comparison.after, skipped=comparison.after.skipped + skipped),
        wanted=[path for path in comparison.wanted if path not in left_out],
    )


def _chunks(sources: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    """The sources in portions of about `CHUNK_BYTES`."""
    sizes = itertools.accumulate(len(source) for source in sources.values())
    numbered = zip(sources.items(), (math.floor(size / CHUNK_BYTES) for size in sizes), strict=True)
    for _, chunk in itertools.groupby(numbered, key=lambda item: item[1]):
        yield dict(item for item, _ in chunk)
