"""What is still said of the findings that were judged: which wrong ones are gone, and which right ones were lost on the way.

`python -m benchmarks.precision.recheck --mirrors DIR` analyses each judged commit anew. The share of right ones among
those still said flatters: these projects were learned from. It shows what a change loses.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.precision.sample import analysed

NEARBY = 3

Place = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mirrors", type=Path, required=True)
    chosen = parser.parse_args()
    judged: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(Path(__file__).parent.glob("judged-*.json")):
        for number, part in enumerate(json.loads(path.read_text(encoding="utf-8"))["rounds"], start=1):
            for finding in part["findings"]:
                judged[finding["repo"], finding["commit"]].append({**finding, "round": number})
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (repo, commit), findings in sorted(judged.items()):
        mirror = chosen.mirrors / repo.replace("/", "+") / "repo"
        if not mirror.is_dir():
            print(f"{repo}: no mirror", flush=True)
            continue
        said = _said(mirror, commit)
        for finding in findings:
            is_right = all(verdict == "right" for verdict in finding["verdicts"])
            lines = said.get((finding["path"], finding["code"]), [])
            remains = any(abs(line - finding["line"]) <= NEARBY for line in lines)
            counted = counts[finding["round"]]
            counted[0 if is_right else 2] += remains
            counted[1 if is_right else 3] += 1
            if is_right != remains:
                kind = "LOST " if is_right else "WRONG"
                print(
                    f"{kind} {finding['code']} {repo} {finding['path']}:{finding['line']}: {finding['reason']}"
                )
    for number, (right, rights, wrong, wrongs) in sorted(counts.items()):
        print(f"round {number}: {right} of {rights} right ones still said, {wrong} of {wrongs} wrong ones")


def _said(mirror: Path, commit: str) -> Mapping[Place, list[int]]:
    said: dict[Place, list[int]] = defaultdict(list)
    result, _ = analysed(mirror, commit)
    for finding in result.findings:
        if finding.speaks:
            said[finding.path, finding.code].append(finding.line)
    return said


if __name__ == "__main__":
    main()
