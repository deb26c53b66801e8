"""How much would fastperf say in a project's daily work?

`python -m benchmarks.noise --mirrors DIR owner/name …` reviews the last changes of each repository's main line that
touched Python (bare mirrors at `DIR/owner+name/repo`) as `fastperf trial` does, each against its first parent. Prints a
table and writes `results/noise.json`: per project the counts, and every comment's place (commit, path, line, code), so
that a sample of them can be judged. `--said FILE` also writes what the comments say, for who judges them. Ends with 1
when a project gets more than a comment in four changes, a change more than fifteen, or a review fails.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from app import trial
from app.localgit import LocalRepository

RESULTS = Path(__file__).parent / "results" / "noise.json"
PER_CHANGE = 0.25
MOST = 15
UNREAD = "unable to read"
"""What git says of an object that the mirror does not have: no fault of the review."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.noise", description=__doc__.partition("\n")[0])
    parser.add_argument("repos", nargs="+", metavar="OWNER/NAME")
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--last", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--said", type=Path, help="also write the comments' texts here")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    projects: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for repo in chosen.repos:
        repository = LocalRepository(chosen.mirrors / repo.replace("/", "+") / "repo")
        began = time.perf_counter()
        outcome = asyncio.run(trial.run(repository, repo, last=chosen.last, workers=chosen.workers))
        projects.append(_project(outcome, time.perf_counter() - began))
        texts += [
            {"repo": repo, "commit": change.commit, "subject": change.subject}
            | {"path": said.path, "line": said.line, "code": said.code}
            | {"severity": said.severity, "inline": said.inline, "message": said.message}
            for change in outcome.changes
            for said in change.said
        ]
        print(_row(projects[-1]), file=sys.stderr, flush=True)
    record = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "projects": projects}
    chosen.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if chosen.said:
        chosen.said.write_text(json.dumps(texts, indent=1) + "\n", encoding="utf-8")
    print(table(projects))
    return int(any(map(_is_beyond, projects)))


def _project(outcome: trial.Trial, seconds: float) -> dict[str, Any]:
    inline = [(change, said) for change in outcome.reviewed for said in change.said if said.inline]
    return {
        "repo": outcome.repository,
        "head": outcome.head,
        "changes": len(outcome.changes),
        "failed": [[change.commit, change.error] for change in outcome.changes if change.conclusion is None],
        "comments": len(inline),
        "per_change": round(outcome.comments_per_change, 3),
        "most": outcome.most_comments,
        "silent": outcome.silent,
        "would_block": len(outcome.blocked),
        "annotations": sum(not said.inline for change in outcome.reviewed for said in change.said),
        "rules": dict(Counter(said.code for _, said in inline).most_common()),
        "seconds": round(seconds),
        "seconds_median": round(outcome.median_seconds, 2),
        "said": [[change.commit, said.path, said.line, said.code, said.severity] for change, said in inline],
    }


def table(projects: list[dict[str, Any]]) -> str:
    rows = [
        "| project | changes | comments | per change | most | silent | would block | annotations | failed | s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *map(_row, projects),
    ]
    changes, comments = (sum(each[what] for each in projects) for what in ("changes", "comments"))
    rows.append(f"| all | {changes} | {comments} | {comments / max(1, changes):.3f} | | | | | | |")
    return "\n".join(rows)


def _row(project: dict[str, Any]) -> str:
    told = ("repo", "changes", "comments", "per_change", "most", "silent", "would_block", "annotations")
    cells = [*(str(project[what]) for what in told), str(len(project["failed"])), str(project["seconds"])]
    return f"| {' | '.join(cells)} |"


def _is_beyond(project: dict[str, Any]) -> bool:
    failed = any(not why.startswith(UNREAD) for _, why in project["failed"])
    return failed or project["per_change"] > PER_CHANGE or project["most"] > MOST


if __name__ == "__main__":
    sys.exit(main())
