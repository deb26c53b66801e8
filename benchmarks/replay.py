"""What does one review cost when the project is known? The last changes of a real project, analysed again.

    python -m benchmarks.replay REPOSITORY [LAST]
    python -m benchmarks.replay --anew REPOSITORY [LAST]

REPOSITORY is a clone, bare or not. The facts of every file are made once beforehand, as the App keeps them. For each of
the last changes that touched Python, in their order, a worker then gets the very message that the App sends for a review, and answers
it: the touched files before and after in the context of all facts, the fixes of what is new, what only comparing tells,
and which other files are affected. Reading the message, writing the answer and collecting garbage count. The first
review, which links the project, is printed by itself. Prints CPU milliseconds, beside those of a fixed piece of work done
between the reviews, which tell how fast the machine was meanwhile, and writes `results/replay.json`.

With `--anew` each review is answered a second time by a worker that knows the facts of untouched files and nothing else:
it reads the touched ones whole and links both versions from the ground up. Prints where the two answers differ, which is
nowhere.
"""

from __future__ import annotations

import gc
import io
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from app.analysis import worker
from app.analysis.documents import is_document, is_python
from app.analysis.messages import Compare, Request
from app.localgit import Commit, LocalRepository
from rules import Analysis, ModuleFacts, SourceError, Succession, extract
from rules.engine import registry
from rules.engine.finding import Options
from rules.engine.linking.graph import place_of
from rules.engine.project import Project

RESULTS = Path(__file__).parent / "results" / "replay.json"
PROOF_SECONDS = 18.0
CPU_SECONDS = 1e6
"""Of one task; a worker's limit is no matter here."""


class ReviewFailedError(Exception):
    """The worker did not answer with a review."""


class Replay:
    def __init__(self, repository: LocalRepository) -> None:
        self._repository = repository
        self._forgets = False
        self._facts: dict[str, bytes | None] = {}
        """By blob; None for what cannot be read."""
        self._cache = worker.FactsCache()
        self.answer = b""
        """What the worker said last."""
        registry.rules()  # as a worker does before its first task
        gc.collect()
        gc.freeze()

    def review(self, commit: Commit) -> tuple[int, float] | None:
        """The changed files and the worker's CPU milliseconds; None when no Python changed."""
        request = self._request(commit)
        if request is None:
            return None
        body = msgspec.msgpack.encode(Compare(request=request, proof_seconds=PROOF_SECONDS))
        read, write = io.BytesIO(len(body).to_bytes(4) + body), io.BytesIO()
        connection = worker.Connection(read, write, worker.Limits(0, 0.0, CPU_SECONDS))
        started = time.process_time()
        worker.serve(connection, self._cache)
        spent = time.process_time() - started
        self.answer = write.getvalue()
        answered = _last_frame(self.answer)
        if answered["type"] != "done":  # what fails is quick: its time would look good
            raise ReviewFailedError(f"{commit.id}: {answered.get('reason', answered['type'])}")
        return len(request.before.keys() | request.after.keys()), spent * 1000

    def again(self, commit: Commit) -> None:
        """As `review`, by a worker that forgets everything but the facts of untouched files."""
        kept, self._cache, self._forgets = self._cache, _Forgetful(), True
        with mock.patch.object(worker, "analyze", _whole):
            self.review(commit)
        self._cache, self._forgets = kept, False
        gc.collect()

    def _request(self, commit: Commit) -> Request | None:
        before, after = (self._tree(revision) for revision in (commit.parent, commit.id))
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        touched = {path for path in changed if _counts(path)}
        if not touched:
            return None
        blobs = self._repository.read(
            sha
            for tree in (before, after)
            for path, sha in tree.items()
            if path in touched or is_document(path)
        )
        shared = {path: sha for path, sha in after.items() if _counts(path) and path not in touched}
        old, new = ({p: blobs[t[p]] for p in touched if t.get(p) in blobs} for t in (before, after))
        old_texts, new_texts = (
            {
                p: blobs[sha].decode(errors="replace")
                for p, sha in t.items()
                if is_document(p) and sha in blobs
            }
            for t in (before, after)
        )
        return Request(
            before=old,
            after=new,
            others=self._known(shared),
            known={} if self._forgets else self._known({path: before[path] for path in old}),
            documents_before=old_texts,
            documents_after=new_texts,
        )

    def _tree(self, revision: str) -> dict[str, str]:
        tree = self._repository.tree(revision)
        return {
            path: entry.sha
            for path, entry in tree.items()
            if entry.is_file and (is_python(path) or is_document(path))
        }

    def _known(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        for sha, source in self._repository.read(
            {sha for sha in wanted.values() if sha not in self._facts}
        ).items():
            try:
                self._facts[sha] = msgspec.msgpack.encode(extract("", source))
            except SourceError:
                self._facts[sha] = None
        found = {path: self._facts.get(sha) for path, sha in wanted.items()}
        return {path: facts for path, facts in found.items() if facts is not None}


_analyze = worker.analyze


def _whole(*given: Any, **named: Any) -> Analysis:
    """As the worker's `analyze`, without what the version before leaves to the next one."""
    return _analyze(*given, **{**named, "former": None, "trees": None})


class _Anew(Succession):
    def move(
        self, files: Mapping[str, ModuleFacts], documents: Mapping[str, str], options: Options
    ) -> Project:
        return self._anew(files, documents, options)


class _Forgetful(worker.FactsCache):
    def succession(self, others: Mapping[str, ModuleFacts], options: Options) -> Succession:
        return _Anew()


def _compare(replay: Replay, commits: Iterator[Commit]) -> int:
    reviews = findings = differing = 0
    for commit in commits:
        if replay.review(commit) is None:
            continue
        followed = _said(replay.answer)
        replay.again(commit)
        anew = _said(replay.answer)
        reviews += 1
        findings += len(anew["comparison"]["after"]["findings"])
        if followed != anew:
            differing += 1
            print(f"{commit.id} differs")
    print({"reviews": reviews, "findings": findings, "differing": differing})
    return 1 if differing else 0


def _last_frame(answer: bytes) -> dict[str, Any]:
    """The last frame: those before it only announce files."""
    at = 0
    while (end := at + 4 + int.from_bytes(answer[at : at + 4])) < len(answer):
        at = end
    frame: dict[str, Any] = msgspec.msgpack.decode(answer[at + 4 :])
    return frame


def _said(answer: bytes) -> dict[str, Any]:
    """The last frame, without how long it took and how much memory."""
    said = _last_frame(answer)
    said.pop("peak_bytes", None)
    for version in ("before", "after"):
        said["comparison"][version].get("statistics", {}).pop("seconds", None)
    return said


def _last(repository: LocalRepository, count: int) -> list[Commit]:
    """The last commits that touched Python, as they came: what a change makes was never seen before."""
    found: list[Commit] = []
    for commit in repository.history("HEAD", count * 3):
        trees = [repository.tree(revision) for revision in (commit.parent, commit.id)]
        before, after = ({path: entry.sha for path, entry in tree.items() if _counts(path)} for tree in trees)
        if before != after:
            found.append(commit)
        if len(found) == count:
            break
    return found[::-1]


def _counts(path: str) -> bool:
    return is_python(path) and place_of(path) != "test"


def pace() -> float:
    """CPU milliseconds of a fixed piece of work, to tell a slow machine from slow code."""
    started = time.process_time()
    table: dict[int, tuple[int, int]] = {}
    total = 0
    for number in range(60_000):
        table[number & 255] = (number, total)
        total += len(table)
    return (time.process_time() - started) * 1000


def main(directory: Path, last: int, anew: bool) -> int:
    repository = LocalRepository(directory)
    replay = Replay(repository)
    if anew:
        return _compare(replay, iter(_last(repository, last)))
    reviews: list[tuple[int, float]] = []
    paces: list[float] = []
    for commit in _last(repository, last + 1):
        reviewed = replay.review(commit)
        if reviewed is not None:
            reviews.append(reviewed)
            paces.append(pace())
    (_, first), *reviews = reviews
    spent = sorted(milliseconds for _, milliseconds in reviews)
    record = {
        "project": directory.resolve().parent.name,
        "reviews": len(spent),
        "files_median": statistics.median(files for files, _ in reviews),
        "cpu_ms_first": round(first, 1),
        "cpu_ms_median": round(statistics.median(spent), 1),
        "cpu_ms_p95": round(spent[int(0.95 * (len(spent) - 1))], 1),
        "pace_ms_median": round(statistics.median(paces), 2),
    }
    print(record)
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--anew"]
    if len(given) not in {1, 2}:
        sys.exit(__doc__)
    sys.exit(main(Path(given[0]), int(given[1]) if len(given) == 2 else 40, "--anew" in sys.argv))
