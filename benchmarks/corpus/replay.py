"""Would a review of the pull request have said what the project had to mend later?

`python -m benchmarks.corpus.replay --cases cases.json --mirrors DIR` takes the cases marked `replay_pr`: the commit that
brought the problem in is reviewed as a pull request from its parent, by the code of `fastperf review`. A case is found
when an inline comment or an annotation stands within three lines of the introduced ones. Prints the share of
cases found, how many of them by a finding of a compatible kind, and how many comments the reviews make.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import localreview
from app.analysis import Analysis, AnalysisError
from app.localgit import GitError, LocalRepository
from app.review.links import Links
from app.review.report import Report
from benchmarks.corpus.score import NEAR, answers, compatible


@dataclass
class Replayed:
    """What the review of one case says."""

    near: list[str] = field(default_factory=list)
    """`FP101 path:line` of what stands at the place."""
    kind: bool = False
    """One of them is about the case's kind of problem."""
    comments: int = 0
    annotations: int = 0
    seconds: float = 0.0
    known: list[str] = field(default_factory=list)
    """Findings of the case's kind at the place that the review does not say there, with where it says them."""
    error: str = ""


async def replay(case: Mapping[str, Any], repository: LocalRepository, facts: dict[str, bytes]) -> Replayed:
    """Review the commit that introduced the case's problem."""
    began = time.perf_counter()
    head = case["introduced_by"]
    try:
        gathered = localreview.gather(repository, f"{head}^", head)
        async with Analysis(1, deadline=localreview.PATIENCE) as analysis:
            comparison = await localreview.compare(repository, gathered, analysis, facts)
    except (GitError, AnalysisError) as error:
        return Replayed(error=str(error))
    report = localreview.decide(gathered, comparison, Links(head_sha=head))
    found = judged(case, report)
    found.known += unsaid(case, report, comparison.after.findings)
    found.seconds = round(time.perf_counter() - began, 2)
    return found


def judged(case: Mapping[str, Any], report: Report) -> Replayed:
    """The report's comments and annotations against the case's place."""
    said = [(each.path, each.start_line or each.line, each.line, each.code) for each in report.comments]
    said += [
        (each.path, each.start_line, each.end_line, each.title.split(" ")[1] if " FP" in each.title else "")
        for each in report.annotations
    ]
    path, (first, last) = case["introduced_path"], case["introduced_lines"]
    wanted = compatible(case["category"])
    result = Replayed(comments=len(report.comments), annotations=len(report.annotations))
    for where, start, end, code in said:
        if where == path and start <= last + NEAR and end >= first - NEAR:
            result.near.append(f"{code} {where}:{end}")
            result.kind |= bool(code) and bool(answers(code) & wanted)
    return result


def unsaid(case: Mapping[str, Any], report: Report, findings: Sequence[Any]) -> list[str]:
    """What the analysis knows of the place, whether new or not: for reading misses."""
    path, (first, last) = case["introduced_path"], case["introduced_lines"]
    new = {finding.fingerprint for finding in report.new}
    return [
        f"{each.code} {each.severity}/{each.confidence} {each.path}:{each.line}"
        f"{' new' if each.fingerprint in new else ''}"
        for each in findings
        if any(
            hop.path == path and first - NEAR <= hop.line <= last + NEAR
            for hop in (*each.places, *each.call_path)
        )
    ]


def table(cases: Sequence[Mapping[str, Any]], outcome: Mapping[str, Replayed]) -> str:
    rows = ["| case | kind | found | by | comments | annotations |", "|---|---|---|---|--:|--:|"]
    for case in cases:
        one = outcome[case["id"]]
        mark = "yes" if one.near else ("error" if one.error else "no")
        rows.append(
            f"| {case['id']} | {case['category']}, {case['detectable']} | {mark} | {', '.join(one.near) or one.error}"
            f" | {one.comments} | {one.annotations} |"
        )
    done = [outcome[case["id"]] for case in cases if not outcome[case["id"]].error]
    found = sum(bool(one.near) for one in done)
    kind = sum(one.kind for one in done)
    rows += [
        "",
        f"found {found} of {len(done)} ({100 * found / max(1, len(done)):.0f} %), {kind} of them about the kind; "
        f"comments per review: median {statistics.median(one.comments for one in done) if done else 0}, "
        f"most {max((one.comments for one in done), default=0)}",
    ]
    return "\n".join(rows)


async def _all(cases: Sequence[Mapping[str, Any]], mirrors: Path) -> dict[str, Replayed]:
    outcome: dict[str, Replayed] = {}
    facts: dict[str, dict[str, bytes]] = {}
    for case in cases:
        repository = LocalRepository(mirrors / case["repo"].replace("/", "+") / "repo")
        one = await replay(case, repository, facts.setdefault(case["repo"], {}))
        outcome[case["id"]] = one
        print(case["id"], case["category"], case["detectable"], one, file=sys.stderr, flush=True)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--only", action="append", help="only cases whose id begins so")
    chosen = parser.parse_args()
    read = json.loads(chosen.cases.read_text(encoding="utf-8"))
    cases = [case for case in (read if isinstance(read, list) else read["cases"]) if case.get("replay_pr")]
    cases = [case for case in cases if not chosen.only or case["id"].startswith(tuple(chosen.only))]
    print(table(cases, asyncio.run(_all(cases, chosen.mirrors))))


if __name__ == "__main__":
    main()
