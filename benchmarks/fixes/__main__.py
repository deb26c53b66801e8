"""Hold the fixes offered on real projects to their promises.

`python -m benchmarks.fixes --mirrors DIR --size 300 --seed 7 owner/name …` analyses the newest tree of each
repository (bare mirrors at `DIR/owner+name/repo`), draws offered fixes, every rule in turn, and applies each by
itself. A table by rule says how many kept every promise; each broken one is a line. Ends with 1 when there is one.
`--out FILE` also keeps the counts and the place of every fix tried: `results/fixes.json` was written so.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.analysis.documents import is_document, is_python
from app.localgit import LocalRepository
from benchmarks.fixes import proof
from rules import Analysis, Finding


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.fixes", description=__doc__.partition("\n")[0])
    parser.add_argument("repos", nargs="+", metavar="OWNER/NAME")
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument(
        "--size", type=int, default=300, help="fixes in all, shared out over the repositories"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--select", default="", help="only these codes or prefixes, by comma")
    parser.add_argument("--whole", action="store_true", help="run the rules over every file for every fix")
    parser.add_argument("--out", type=Path, help="keep counts and places here, as JSON")
    chosen = parser.parse_args()
    codes = tuple(chosen.select.split(",")) if chosen.select else ("",)
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    projects: list[dict[str, Any]] = []
    left = chosen.size
    for number, repo in enumerate(chosen.repos):
        repository = LocalRepository(chosen.mirrors / repo.replace("/", "+") / "repo")
        commit = repository.commit("HEAD")
        tree = _tree(repository, commit)
        most = -(-left // (len(chosen.repos) - number))
        began = tried.total()
        project: dict[str, Any] = {"repo": repo, "commit": commit, "fixes": []}
        projects.append(project)
        for finding in itertools.islice(_offered(tree.analysis, chosen.seed, codes, dropped), most):
            tried[finding.code] += 1
            left -= 1
            broken = proof.violations(tree, finding, whole=chosen.whole)
            failed[finding.code] += bool(broken)
            project["fixes"].append([finding.path, finding.line, finding.code, broken])
            for what in broken:
                print(f"{repo} {finding.path}:{finding.line} {finding.code} {what}", flush=True)
        print(
            f"{repo} {commit[:10]}: {tried.total() - began} fixes, {failed.total()} broken so far",
            file=sys.stderr,
            flush=True,
        )
    print(table(tried, failed, dropped))
    if chosen.out:
        record = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "seed": chosen.seed,
            "fixes": tried.total(),
            "broken": failed.total(),
            "turned_down_by_the_engine": dropped.total(),
            "projects": projects,
        }
        chosen.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if failed.total() else 0)


def table(tried: Mapping[str, int], failed: Mapping[str, int], dropped: Mapping[str, int]) -> str:
    """By rule, as markdown. Dropped are fixes that a rule had and that the engine's own proof turned down."""
    rows = ["| rule | fixes | kept every promise | broken | not offered |", "|---|--:|--:|--:|--:|"]
    for code in ("all", *sorted({*tried, *dropped})):
        some, bad, none = (
            sum(count.values()) if code == "all" else count.get(code, 0) for count in (tried, failed, dropped)
        )
        rows.append(f"| {code} | {some} | {some - bad} | {bad} | {none} |")
    return "\n".join(rows)


def _tree(repository: LocalRepository, commit: str) -> proof.Tree:
    wanted = {
        path: entry.sha
        for path, entry in repository.tree(commit).items()
        if entry.is_file and (is_python(path) or is_document(path))
    }
    blobs = repository.read(wanted.values())
    contents = {path: blobs[sha] for path, sha in wanted.items() if sha in blobs}
    return proof.Tree(
        {path: raw for path, raw in contents.items() if is_python(path)},
        {path: raw.decode(errors="replace") for path, raw in contents.items() if is_document(path)},
    )


def _offered(
    analysis: Analysis, seed: int, codes: tuple[str, ...], dropped: Counter[str]
) -> Iterator[Finding]:
    """Findings with their proven fix: shuffled, then the rules in turn, so that rare ones are there."""
    findings = [finding for finding in analysis.result.findings if finding.code.startswith(codes)]
    random.Random(seed).shuffle(findings)
    turn: Counter[str] = Counter()
    order = []
    for finding in findings:
        turn[finding.code] += 1
        order.append((turn[finding.code], finding))
    for _, finding in sorted(order, key=lambda each: each[0]):
        proven = analysis.prove(finding)
        if proven.fix is not None:
            yield proven
        elif analysis.has_fix(finding):
            dropped[finding.code] += 1


if __name__ == "__main__":
    main()
