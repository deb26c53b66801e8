"""What is still said of the findings that were judged: which wrong ones are gone, and which right ones were lost on the way.

`python -m benchmarks.precision.recheck --mirrors DIR` analyses each judged commit anew. The share of right ones among
those still said flatters: these projects were learned from. It shows what a change loses. `--record` writes down what
of the latest rounds has left the line, or cannot be seen (`unsaid.json`), which `tests/benchmarks/test_precision.py` holds the rules against.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.precision.judged import LATEST, UNSAID, is_right, rounds
from benchmarks.precision.sample import analysed

NEARBY = 3

Place = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--record", action="store_true", help="the latest rounds only")
    chosen = parser.parse_args()
    judged: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    every = [*rounds().items()]
    for number, part in every[-LATEST:] if chosen.record else every:
        for place, finding in enumerate(part):
            judged[finding["repo"], finding["commit"]].append({**finding, "round": number, "place": place})
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    unsaid: dict[str, list[int]] = defaultdict(list)
    for (repo, commit), findings in sorted(judged.items()):
        mirror = chosen.mirrors / repo.replace("/", "+") / "repo"
        if not mirror.is_dir():
            print(f"{repo}: no mirror", flush=True)
            for finding in findings:
                unsaid[finding["round"]].append(finding["place"])
            continue
        said = _said(mirror, commit)
        for finding in findings:
            right = is_right(finding)
            lines = said.get((finding["path"], finding["code"]), [])
            remains = any(abs(line - finding["line"]) <= NEARBY for line in lines)
            if not remains:
                unsaid[finding["round"]].append(finding["place"])
            counted = counts[finding["round"]]
            counted[0 if right else 2] += remains
            counted[1 if right else 3] += 1
            if right != remains:
                kind = "LOST " if right else "WRONG"
                print(
                    f"{kind} {finding['code']} {repo} {finding['path']}:{finding['line']}: {finding['reason']}"
                )
    for number, (said_right, rights, said_wrong, wrongs) in sorted(counts.items(), key=lambda at: int(at[0])):
        print(
            f"round {number}: {said_right} of {rights} right ones still said, {said_wrong} of {wrongs} wrong ones"
        )
    if chosen.record:
        lines = (f'"{number}": {sorted(unsaid[number])}' for number in sorted(unsaid, key=int))
        UNSAID.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _said(mirror: Path, commit: str) -> Mapping[Place, list[int]]:
    said: dict[Place, list[int]] = defaultdict(list)
    result, _ = analysed(mirror, commit)
    for finding in result.findings:
        if finding.speaks:
            said[finding.path, finding.code].append(finding.line)
    return said


if __name__ == "__main__":
    main()
