"""What does one review cost when the project is known? The last changes of a real project, analysed again.

    python -m benchmarks.replay REPOSITORY [LAST]

REPOSITORY is a clone, bare or not. The facts of every file are made once beforehand, as the App keeps them, and one
linked project goes from review to review, as in a worker. For each of the last changes that touched Python, the engine
then does what a review asks of it: the touched files before and after in the context of all facts, the fixes of what is
new, what only comparing tells, and which other files are affected. The first review, which links the project, is
printed by itself. Prints CPU milliseconds of the engine, and writes `results/replay.json`; absolute figures depend on
the machine and on what else it does.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from app.analysis.documents import is_document, is_python
from app.localgit import Commit, LocalRepository
from rules import ModuleFacts, SourceError, Succession, affected, analyze, extract
from rules.engine import growth
from rules.engine.graph import place_of

RESULTS = Path(__file__).parent / "results" / "replay.json"


class Replay:
    def __init__(self, repository: LocalRepository) -> None:
        self._repository = repository
        self._facts: dict[str, ModuleFacts | None] = {}
        """By blob; None for what cannot be read."""
        self._succession = Succession()

    def review(self, commit: Commit) -> tuple[int, float] | None:
        """The changed files and the engine's CPU milliseconds; None when no Python changed."""
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
        others = self._known(shared)
        old, new = ({p: blobs[t[p]] for p in touched if t.get(p) in blobs} for t in (before, after))
        known = self._known({path: before[path] for path in old})
        old_texts, new_texts = (
            {
                p: blobs[sha].decode(errors="replace")
                for p, sha in t.items()
                if is_document(p) and sha in blobs
            }
            for t in (before, after)
        )
        started = time.process_time()
        line = self._succession
        had = analyze(old, others=others, documents=old_texts, advise=False, known=known, succession=line)
        has = analyze(new, others=others, documents=new_texts, advise=False, succession=line)
        had.passed(line)
        old_ones = {finding.fingerprint for finding in had.result.findings}
        has.prove_all([finding for finding in has.result.findings if finding.fingerprint not in old_ones])
        growth.told(has.result, had, has, renamed={}, sources=new)
        affected(had, has)
        line.settle()
        return len(touched), (time.process_time() - started) * 1000

    def _tree(self, revision: str) -> dict[str, str]:
        tree = self._repository.tree(revision)
        return {
            path: entry.sha
            for path, entry in tree.items()
            if entry.is_file and (is_python(path) or is_document(path))
        }

    def _known(self, wanted: Mapping[str, str]) -> dict[str, ModuleFacts]:
        for sha, source in self._repository.read(
            {sha for sha in wanted.values() if sha not in self._facts}
        ).items():
            try:
                self._facts[sha] = extract("", source)
            except SourceError:
                self._facts[sha] = None
        found = {path: self._facts.get(sha) for path, sha in wanted.items()}
        return {path: facts for path, facts in found.items() if facts is not None}


def _counts(path: str) -> bool:
    return is_python(path) and place_of(path) != "test"


def main(directory: Path, last: int) -> int:
    repository = LocalRepository(directory)
    replay = Replay(repository)
    reviews: list[tuple[int, float]] = []
    for commit in repository.history("HEAD", last * 3):
        if len(reviews) > last:
            break
        reviewed = replay.review(commit)
        if reviewed is not None:
            reviews.append(reviewed)
    (_, first), *reviews = reviews
    spent = sorted(milliseconds for _, milliseconds in reviews)
    record = {
        "project": directory.resolve().parent.name,
        "reviews": len(spent),
        "files_median": statistics.median(files for files, _ in reviews),
        "cpu_ms_first": round(first, 1),
        "cpu_ms_median": round(statistics.median(spent), 1),
        "cpu_ms_p95": round(spent[int(0.95 * (len(spent) - 1))], 1),
    }
    print(record)
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 40))
