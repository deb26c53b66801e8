"""What is new: findings of two trees matched by fingerprint, then by place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from app.review.diff import Diff
from rules.engine.finding import Finding, Result

_Key = Callable[[Finding], object]


class Changes(msgspec.Struct, frozen=True):
    """How the findings of the head relate to those of the merge base. `grown` are part of neither new nor existing."""

    new: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    """As they stand at the merge base."""
    existing: tuple[Finding, ...] = ()
    grown: tuple[Finding, ...] = ()
    """There before, with a lower severity."""


def match(
    before: Result,
    after: Result,
    renames: Mapping[str, str] | None = None,
    *,
    diff: Diff | None = None,
    tip: Collection[str] = (),
) -> Changes:
    """Pair the findings of both trees; what has no partner is new or fixed.

    Equal fingerprints pair as a multiset: in the same file first (`renames`: head path -> base path), then across
    files (moved code). With `diff`, findings left over pair when their lines are one unchanged line under the
    same rule: a renamed function does not make its old problems new. `tip` holds fingerprints of the current base
    branch: what stands there already is not new either.
    """
    old_path = dict(renames or {})
    left = list(before.findings)
    open_after = list(after.findings)
    pairs: list[tuple[Finding, Finding]] = []

    def pair(old_key: _Key, new_key: _Key) -> None:
        nonlocal left, open_after
        pool: dict[object, list[Finding]] = defaultdict(list)
        for finding in left:
            pool[old_key(finding)].append(finding)
        waiting: list[Finding] = []
        taken: set[int] = set()
        # Untouched lines pair first: of two equal findings the one on a changed line is the new one.
        for finding in sorted(open_after, key=lambda finding: _touched(finding, diff)):
            key = new_key(finding)
            candidates = pool.get(key) if key is not None else None
            if not candidates:
                waiting.append(finding)
                continue
            partner = _nearest(finding, candidates, diff)
            candidates.remove(partner)
            taken.add(id(partner))
            pairs.append((partner, finding))
        left = [finding for finding in left if id(finding) not in taken]
        open_after = waiting

    pair(
        lambda old: (old.fingerprint, old.path),
        lambda new: (new.fingerprint, old_path.get(new.path, new.path)),
    )
    pair(lambda old: old.fingerprint, lambda new: new.fingerprint)
    if diff is not None:
        pair(
            lambda old: (old.code, old.path, old.line),
            lambda new: _unchanged_place(new, diff),
        )

    standing = set(tip)
    new = [finding for finding in open_after if finding.fingerprint not in standing]
    existing = [finding for finding in open_after if finding.fingerprint in standing]
    grown: list[Finding] = []
    for old, finding in pairs:
        (grown if finding.severity > old.severity else existing).append(finding)
    return Changes(
        new=_in_order(new), fixed=_in_order(left), existing=_in_order(existing), grown=_in_order(grown)
    )


def _touched(finding: Finding, diff: Diff | None) -> bool:
    return diff is not None and any(
        diff.touched(finding.path, line) for line in range(finding.line, finding.end_line + 1)
    )


def _nearest(finding: Finding, candidates: Sequence[Finding], diff: Diff | None) -> Finding:
    place = diff.base_place(finding.path, finding.line) if diff else None
    line = place[1] if place else finding.line
    return min(candidates, key=lambda old: abs(old.line - line))


def _unchanged_place(finding: Finding, diff: Diff) -> tuple[str, str, int] | None:
    place = diff.base_place(finding.path, finding.line)
    return None if place is None or _touched(finding, diff) else (finding.code, *place)


def _in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Worst first, then by place: the order in which everything is said."""
    return tuple(
        sorted(findings, key=lambda f: (-f.severity.rank, f.path, f.line, f.column, f.code, f.fingerprint))
    )
