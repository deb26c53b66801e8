"""Would a review of the pull request have said what the project had to mend later?

`python -m benchmarks.corpus.replay --cases cases.json --mirrors DIR` takes the cases marked `replay_pr`: the commit that
brought the problem in is reviewed as a pull request from its parent, by the code of `fastperf review`. A case is found
when an inline comment or an annotation stands within three lines of the introduced ones. Prints the share of
cases found, how many of them by a finding of a compatible kind, and how many comments the reviews make. What was not found
but is known is told apart: said on another line, said in the summary only, or in the code before the commit (which then
only moved it).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections import Counter
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
from rules.engine.finding import Finding, Hop

_CODE = re.compile(r"\bFP\d+\b")


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
    """Findings of the case's kind that touch the place, each with what the review makes of it."""
    error: str = ""

    @property
    def verdict(self) -> str:
        if self.error:
            return "error"
        if self.near:
            return "yes"
        for what in (ELSEWHERE, SUMMARY, BEFORE):
            if any(each.endswith(what) for each in self.known):
                return what
        return "no"


ELSEWHERE = "said elsewhere"
SUMMARY = "summary only"
BEFORE = "there before"


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
    found.known = touching(case, report, comparison.after.findings)
    found.seconds = round(time.perf_counter() - began, 2)
    return found


def judged(case: Mapping[str, Any], report: Report) -> Replayed:
    """The report's comments and annotations against the case's place."""
    said = [(each.path, each.start_line or each.line, each.line, each.code) for each in report.comments]
    said += [
        (each.path, each.start_line, each.end_line, found[0] if (found := _CODE.findall(each.title)) else "")
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


def touching(case: Mapping[str, Any], report: Report, findings: Sequence[Finding]) -> list[str]:
    """What the analysis knows of the place, whether the review says it there or not: for reading misses."""
    path, (first, last) = case["introduced_path"], case["introduced_lines"]
    wanted = compatible(case["category"])
    new = {finding.fingerprint for finding in report.new}
    found = []
    for each in findings:
        hops = (Hop(each.path, each.line, ""), *each.places, *each.call_path)
        if answers(each.code) & wanted and any(
            hop.path == path and first - NEAR <= hop.line <= last + NEAR for hop in hops
        ):
            said = ELSEWHERE if each.speaks else SUMMARY
            found.append(f"{each.code} {each.path}:{each.line} {said if each.fingerprint in new else BEFORE}")
    return found


def table(cases: Sequence[Mapping[str, Any]], outcome: Mapping[str, Replayed]) -> str:
    rows = ["| case | kind | found | by | comments | annotations |", "|---|---|---|---|--:|--:|"]
    for case in cases:
        one = outcome[case["id"]]
        by = ", ".join(one.near or one.known[:1]) or one.error
        rows.append(
            f"| {case['id']} | {case['category']}, {case['detectable']} | {one.verdict} | {by}"
            f" | {one.comments} | {one.annotations} |"
        )
    done = [outcome[case["id"]] for case in cases if not outcome[case["id"]].error]
    verdicts = Counter(one.verdict for one in done)
    rows += [
        "",
        f"found {verdicts['yes']} of {len(done)} ({100 * verdicts['yes'] / max(1, len(done)):.0f} %),"
        f" {sum(one.kind for one in done)} of them about the kind;"
        f" {', '.join(f'{verdicts[what]} {what}' for what in (ELSEWHERE, SUMMARY, BEFORE, 'no'))};"
        f" comments per review: median {statistics.median(one.comments for one in done) if done else 0},"
        f" most {max((one.comments for one in done), default=0)}",
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
