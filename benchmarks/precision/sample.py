"""Draw findings for people to judge, without what fastperf thinks of them.

`python -m benchmarks.precision.sample --mirrors DIR --size 200 --seed 7 owner/name …` analyses the newest tree of each
repository and writes two files: `<out>.questions.md`, the code around each place and what could be wrong there in
one neutral sentence for a reader who judges blind, and `<out>.json`, the coordinates with codes and severities.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path

from app.analysis.documents import is_document, is_python
from app.localgit import LocalRepository
from app.review.paths import DEFAULT_EXCLUDE, matches
from rules import Finding, Result, analyze
from rules.engine import registry

AROUND = 14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repos", nargs="+", metavar="OWNER/NAME")
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most-per-rule", type=int, default=0, help="so many of one rule at most (0: any)")
    chosen = parser.parse_args()
    drawn: list[tuple[str, str, Finding, list[str]]] = []
    for repo in chosen.repos:
        mirror = chosen.mirrors / repo.replace("/", "+") / "repo"
        commit = LocalRepository(mirror).commit("HEAD")
        result, contents = analysed(mirror, commit)
        print(f"{repo} {commit[:10]}: {len(result.findings)} findings", file=sys.stderr, flush=True)
        for finding in result.findings:
            if finding.speaks:
                lines = contents[finding.path].decode(errors="replace").splitlines()
                drawn.append((repo, commit, finding, lines))
    sample = _draw(drawn, chosen.size, chosen.seed, chosen.most_per_rule)
    questions = []
    records = []
    for number, (repo, commit, finding, lines) in enumerate(sample, start=1):
        questions.append(_question(number, repo, commit, finding, lines))
        records.append(
            {
                "number": number,
                "repo": repo,
                "commit": commit,
                "path": finding.path,
                "line": finding.line,
                "code": finding.code,
                "severity": finding.severity,
                "message": finding.message,
            }
        )
    chosen.out.with_suffix(".questions.md").write_text("\n".join(questions), encoding="utf-8")
    chosen.out.with_suffix(".json").write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


def analysed(mirror: Path, commit: str) -> tuple[Result, Mapping[str, bytes]]:
    """The findings of the whole tree of `commit`, and the contents of its files."""
    repository = LocalRepository(mirror)
    tree = {p: e.sha for p, e in repository.tree(commit).items() if e.is_file}
    wanted = {p: sha for p, sha in tree.items() if (is_python(p) or is_document(p)) and not _is_left_out(p)}
    blobs = repository.read(wanted.values())
    contents = {p: blobs[sha] for p, sha in wanted.items() if sha in blobs}
    result = analyze(
        {p: raw for p, raw in contents.items() if is_python(p)},
        documents={p: raw.decode(errors="replace") for p, raw in contents.items() if is_document(p)},
    ).result
    return result, contents


def _is_left_out(path: str) -> bool:
    """Whether no review looks at a file, as the configuration is by default: `test_env/lib/…/site-packages/`."""
    return any(matches(pattern, path) for pattern in DEFAULT_EXCLUDE)


def _draw(
    drawn: list[tuple[str, str, Finding, list[str]]], size: int, seed: int, most: int
) -> list[tuple[str, str, Finding, list[str]]]:
    random.Random(seed).shuffle(drawn)
    if not most:
        return drawn[:size]
    seen: dict[str, int] = {}
    kept = []
    for entry in drawn:
        code = entry[2].code
        if seen.get(code, 0) < most:
            seen[code] = seen.get(code, 0) + 1
            kept.append(entry)
    return kept[:size]


def _question(number: int, repo: str, commit: str, finding: Finding, lines: list[str]) -> str:
    first = max(1, finding.line - AROUND)
    last = min(len(lines), finding.end_line + AROUND)
    width = len(str(last))
    shown = "\n".join(
        f"{'>' if finding.line <= n <= finding.end_line else ' '} {n:>{width}} {lines[n - 1]}"
        for n in range(first, last + 1)
    )
    claim = registry.card(registry.by_code(finding.code)).summary
    hops = "".join(f"\n- {hop.path}:{hop.line} {hop.symbol}" for hop in finding.call_path)
    return f"""## {number}. {repo} @ {commit[:10]} {finding.path}:{finding.line}

Claim: {claim}{hops}

```python
{shown}
```
"""


if __name__ == "__main__":
    main()
