"""How many real performance problems does fastperf find, and does it fall silent when they are mended?

`python -m benchmarks.corpus.score --cases cases.json --mirrors DIR` reads cases of real fix commits: repository,
parent commit, path, lines, category. Repositories are bare mirrors at `DIR/owner+name/repo`; nothing is checked
out. A case is found when a finding of a compatible kind lies within three lines of the place, or at a place that the case
also accepts, on the parent commit; a hop of a call path counts as its finding does. It is silent when the fixed
version has none there any more.

The project's facts come from the whole tree (kept by blob from case to case); rules run over the case's file and
the files that import it, because only these can say something about it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from app.analysis.documents import is_document, is_python
from app.localgit import GitError, LocalRepository
from rules import ModuleFacts, Options, SourceError, analyze, extract
from rules.engine.finding import Finding
from rules.engine.linking.graph import place_of

NEAR = 3
MOST_IMPORTERS = 25
LARGEST_FILE = 2_000_000

BLOCKING = frozenset({"blocking-in-async", "blocking-via-helper", "sync-db-in-async", "cpu-bound"})
LOOPS = frozenset({"n-plus-one", "sequential-awaits", "bulk-ops"})
LARGE = frozenset({"unbounded-query", "unbounded-memory", "response"})
CACHES = frozenset({"missing-cache", "cache-misuse"})


def compatible(category: str) -> frozenset[str]:
    """Categories whose answers count for each other."""
    for group in (BLOCKING, LOOPS, LARGE, CACHES):
        if category in group:
            return group
    return frozenset({category})


def answers(code: str) -> frozenset[str]:
    """The categories that a rule speaks about."""
    number = int(code.removeprefix("FP"))
    match number // 100:
        case 1 if number in (110, 111, 112, 114):
            return LOOPS
        case 1 if number == 113:
            return frozenset({"task-reference"})
        case 1 if number in (118, 119, 120):
            return BLOCKING | {"other"}
        case 2 if number in (206, 207, 208, 225):
            return frozenset({"missing-index"})
        case 2 if number in (209, 210, 211, 215, 216, 222, 223):
            return LARGE | LOOPS
        case 2 if number in (218, 219, 220, 221):
            return frozenset({"pool-config", "other", "background-work", "response"})
        case 2:
            return LOOPS
        case 3 if number == 307:
            return LOOPS | CACHES
        case 3:
            return CACHES | {"client-per-request"}
        case 4:
            return BLOCKING | {"background-work"}
        case 5:
            return frozenset({"middleware"}) if number == 510 else LARGE | {"middleware"}
        case 6 if number in (601, 602):
            return frozenset({"missing-timeout"})
        case 6 if number in (603, 604, 610, 611, 612):
            return frozenset({"client-per-request", "pool-config"})
        case 6:
            return frozenset({"pool-config", "missing-timeout", "other"})
        case 7 if number not in (701, 702, 720):
            return LARGE | CACHES
    return BLOCKING


@dataclass
class Mirror:
    """One repository with what was learnt of its blobs."""

    repository: LocalRepository
    facts: dict[str, ModuleFacts | None] = field(default_factory=dict)

    def findings(self, commit: str, paths: Sequence[str], options: Options) -> tuple[Finding, ...]:
        """What is said about `paths` of a commit, or through them."""
        tree = {
            path: entry.sha
            for path, entry in self.repository.tree(commit).items()
            if entry.is_file and (is_python(path) or is_document(path))
        }
        unknown = [sha for path, sha in tree.items() if is_python(path) and sha not in self.facts]
        contents = self.repository.read(unknown)
        for path, sha in tree.items():
            if is_python(path) and sha not in self.facts:
                self.facts[sha] = _facts(path, contents.get(sha, b""))
        others = {
            path: facts
            for path, sha in tree.items()
            if is_python(path) and place_of(path) != "test" and (facts := self.facts[sha]) is not None
        }
        read = [*paths, *_importers(paths, others)]
        documents = {path: sha for path, sha in tree.items() if is_document(path)}
        blobs = self.repository.read([tree[path] for path in read if path in tree] + list(documents.values()))
        sources = {path: blobs[tree[path]] for path in read if tree.get(path) in blobs}
        analysis = analyze(
            sources,
            others={path: facts for path, facts in others.items() if path not in sources},
            documents={
                path: blobs[sha].decode(errors="replace") for path, sha in documents.items() if sha in blobs
            },
            options=options,
        )
        return analysis.result.findings


def _facts(path: str, source: bytes) -> ModuleFacts | None:
    if not source or len(source) > LARGEST_FILE:
        return None
    try:
        return extract(path, source)
    except SourceError:
        return None


def _importers(paths: Sequence[str], others: Mapping[str, ModuleFacts]) -> Iterator[str]:
    """Files that import one of `paths` by its module's name, the nearest first."""
    names = {Path(path).parent.name if path.endswith("__init__.py") else Path(path).stem for path in paths}
    found = [
        path
        for path, facts in others.items()
        if path not in paths
        and any(name in names for module in facts.modules for name in module.split(">")[-1].split("."))
    ]
    home = paths[0].split("/")
    found.sort(key=lambda path: (-_shared(home, path.split("/")), path))
    yield from found[:MOST_IMPORTERS]


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    return next((number for number, (a, b) in enumerate(zip(left, right)) if a != b), len(left))  # noqa: B905 - the shorter decides


def hits(findings: Sequence[Finding], case: Mapping[str, Any], *, fixed: bool) -> list[str]:
    """Codes of the compatible findings at the case's place."""
    path, (first, last) = case["path"], case["lines"]
    if fixed:
        path, (first, last) = case.get("fix_path") or path, case.get("fix_lines") or (first, last)
    places = [(path, first - NEAR, last + NEAR)]
    if not fixed:
        places += [(p["path"], p["line"] - NEAR, p["line"] + NEAR) for p in case.get("also_accept", ())]
    wanted = compatible(case["category"])
    codes = set()
    for finding in findings:
        if not answers(finding.code) & wanted:
            continue
        spans = [(finding.path, finding.line, finding.end_line)]
        spans += [(hop.path, hop.line, hop.line) for hop in finding.call_path]
        if any(p == q and a <= high and b >= low for p, a, b in spans for q, low, high in places):
            codes.add(finding.code)
    return sorted(codes)


def score(cases: Sequence[Mapping[str, Any]], mirrors: Path, options: Options) -> dict[str, dict[str, Any]]:
    """Case id -> codes found on the parent, codes still said about the fixed version, or the error."""
    outcome: dict[str, dict[str, Any]] = {}
    for repo in sorted({case["repo"] for case in cases}):
        folder = mirrors / repo.replace("/", "+") / "repo"
        try:
            mirror = Mirror(LocalRepository(folder))
        except GitError as error:
            print(f"{repo}: {error}", file=sys.stderr)
            continue
        for case in (case for case in cases if case["repo"] == repo):
            began = time.perf_counter()
            accepted = [place["path"] for place in case.get("also_accept", ())]
            entry: dict[str, Any] = {}
            try:
                paths = list(dict.fromkeys([case["path"], *accepted]))
                found = mirror.findings(case["parent_commit"], paths, options)
                entry["found"] = hits(found, case, fixed=False)
                if entry["found"]:
                    path = case.get("fix_path") or case["path"]
                    found = mirror.findings(case["fix_commit"], [path], options)
                    entry["still"] = sorted(set(hits(found, case, fixed=True)) & set(entry["found"]))
            except GitError as error:
                entry["error"] = str(error)
            entry["seconds"] = round(time.perf_counter() - began, 2)
            outcome[case["id"]] = entry
            print(case["id"], case["category"], case["detectable"], entry, file=sys.stderr, flush=True)
    return outcome


def table(cases: Sequence[Mapping[str, Any]], outcome: Mapping[str, Mapping[str, Any]]) -> str:
    """Found, of how many, by category and by what is needed to see it; as markdown."""
    rows = ["| | found | of | share | still said after the fix |", "|---|--:|--:|--:|--:|"]
    groups: list[tuple[str, list[Mapping[str, Any]]]] = [("all", list(cases))]
    for key in ("detectable", "category"):
        groups += [
            (value, [case for case in cases if case[key] == value])
            for value, _ in Counter(case[key] for case in cases).most_common()
        ]
    for name, members in groups:
        found = [case for case in members if outcome.get(case["id"], {}).get("found")]
        still = [case for case in found if outcome[case["id"]].get("still")]
        share = f"{100 * len(found) / len(members):.0f} %"
        rows.append(f"| {name} | {len(found)} | {len(members)} | {share} | {len(still)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=Path, required=True, help="JSON: a list, or an object with `cases`")
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of bare mirrors, owner+name/repo")
    parser.add_argument("--category", action="append", help="only these categories")
    parser.add_argument("--repo", action="append", help="only these repositories")
    parser.add_argument("--select", default="", help="only these codes or prefixes, by comma")
    parser.add_argument("--out", type=Path, help="write the outcome of each case as JSON")
    chosen = parser.parse_args()
    read = json.loads(chosen.cases.read_text(encoding="utf-8"))
    cases = read if isinstance(read, list) else read["cases"]
    cases = [case for case in cases if not chosen.category or case["category"] in chosen.category]
    cases = [case for case in cases if not chosen.repo or case["repo"] in chosen.repo]
    options = Options()
    if chosen.select:
        options = msgspec.structs.replace(options, select=tuple(chosen.select.split(",")))
    outcome = score(cases, chosen.mirrors, options)
    if chosen.out:
        chosen.out.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    print(table(cases, outcome))


if __name__ == "__main__":
    main()
