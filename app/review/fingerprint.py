"""What is new: findings of two trees matched by fingerprint, then by what else stays when code moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from app.review.diff import Diff
from app.review.grouping import ON_THE_LOOP, design, design_of, kinds, waits_for
from app.review.replaced import Replaced
from rules.engine.finding import EndpointRef, Finding, Result
from rules.engine.fingerprints import core_of

_CHOICES = frozenset({"FP229"})
"""Rules about what a project is built on: with one more place it has chosen nothing new."""

_LOOPS = ("FP201", "FP202")
"""Rules about queries in loops."""
_MORE = 1.5
"""So many times the queries that a loop makes, and it is worse: one more beside several adds little."""
_SEVERAL = 5
"""From so many lines on the same holds for what is not in a loop."""
_BY_PLACE = ("FP10", "FP115", "FP701")
"""Rules whose findings are wrong by where the code runs, whoever calls it."""

_Key = Callable[[Finding], object]
"""None: this finding does not take part."""
_Fits = Callable[[Finding, Finding], bool]


class Changes(msgspec.Struct, frozen=True):
    """How the findings of the head relate to those of the merge base. `grown` are part of neither new nor existing."""

    new: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    """As they stand at the merge base."""
    existing: tuple[Finding, ...] = ()
    grown: tuple[Finding, ...] = ()
    """There before, with a lower severity, on fewer lines, or less costly."""


def match(
    before: Result,
    after: Result,
    renames: Mapping[str, str] | None = None,
    *,
    diff: Diff | None = None,
    tip: Sequence[Finding] = (),
    moved: Mapping[EndpointRef, EndpointRef] | None = None,
    costlier: Callable[[Finding, Finding, Sequence[Finding]], bool] = lambda old, finding, new: False,
) -> Changes:
    """Pair the findings of both trees; what has no partner is new or fixed.

    Equal fingerprints, whatever their numbers, pair as a multiset: in the same file first (`renames`: head path ->
    base path), then across files (moved code). With `diff`, findings left over pair when their lines are one
    unchanged line under the same rule (a renamed function); then when their code is the same (an extracted
    function); then when in the same function, or under the same endpoint, the same thing is called in the end, unless an
    added line calls it while the old one stands where it was: a second loop is none that moved. A function that waits for
    synchronous sessions goes on to do so, whichever of their methods is worst; one whose loop that queries, or whose call
    that stops the event loop, was rewritten has the same problem in another shape.
    A finding on unchanged lines that one at the merge base counted is not new either: lines between two calls tore them apart.
    `tip` are the findings of the current base branch: what stands there is not new either, and has not grown.
    `moved`: endpoints that have another route, with the one that they had.
    `costlier` tells of a finding that was there before, as it was and is, whether it costs more now, and is told what is new.
    """
    old_path = dict(renames or {})
    pairing = _Pairing(before.findings, after.findings, diff)
    _by_fingerprint(pairing, old_path)
    if diff is not None:
        pairing.pair(
            lambda old: (old.code, old.path, old.line),
            lambda new: _unchanged_place(new, diff),
        )
    pairing.pair(
        lambda old: (old.code, old.text, old.path) if old.text else None,
        lambda new: (new.code, new.text, old_path.get(new.path, new.path)) if new.text else None,
    )
    routes = moved or {}
    pairing.pair(
        lambda old: _code(old, old.endpoint) if old.endpoint else None,
        lambda new: _code(new, routes.get(new.endpoint, new.endpoint)) if new.endpoint else None,
    )
    replaced = Replaced(diff, old_path) if diff is not None else None
    spoken_of = _Lines(before.findings, diff) if diff is not None else None

    def is_one(old: Finding, new: Finding) -> bool:
        """Whether `new` can be what `old` became: not where that was mended, and this is one more of its kind."""
        if replaced is None or _was_counted(new, spoken_of):
            return True
        return not replaced.is_mended(old, new, in_loop=old.code in _LOOPS)

    pairing.pair(
        lambda old: (_family(old), old.leaf, old.path, old.symbol) if old.leaf else None,
        lambda new: (
            (_family(new), new.leaf, old_path.get(new.path, new.path), new.symbol) if new.leaf else None
        ),
        is_one,
    )
    pairing.pair(
        lambda old: (name, old.path, old.symbol) if (name := design(old)) else None,
        lambda new: (name, old_path.get(new.path, new.path), new.symbol) if (name := design(new)) else None,
    )
    pairing.pair(
        lambda old: None if replaced is not None and replaced.stands(old) else _effect(old),
        lambda new: _effect(new, routes),
        is_one,
    )
    pairing.pair(_effect, lambda new: None if _is_own_addition(new, diff) else _effect(new, routes), is_one)
    pairing.pair(
        lambda old: (name, old.endpoint) if (name := design(old)) and old.endpoint else None,
        lambda new: (
            (name, routes[new.endpoint])
            if new.endpoint and new.endpoint in routes and (name := design(new))
            else None
        ),
    )
    pairing.pair(
        lambda old: None if replaced is not None and replaced.stands(old) else _shape(old, old.path),
        lambda new: _shape(new, old_path.get(new.path, new.path)) if _touched(new, diff) else None,
        is_one,
    )
    pairing.pair(_code, _code)

    standing = _Pairing(tip, after.findings, diff)
    _by_fingerprint(standing, old_path)
    at_tip = {id(finding): old for old, finding in standing.pairs}

    chosen = {(old.code, old.leaf) for old in (*before.findings, *tip) if old.code in _CHOICES}
    known_leaves = _Leaves(before.findings, after.findings, diff) if diff is not None else None
    new: list[Finding] = []
    existing: list[Finding] = []
    for finding in pairing.open:
        is_old = (
            id(finding) in at_tip
            or (finding.code, finding.leaf) in chosen
            or _was_counted(finding, spoken_of)
            or (known_leaves is not None and known_leaves.knows(finding))
        )
        (existing if is_old else new).append(finding)
    grown: list[Finding] = []
    for old, finding in pairing.pairs:
        worse = (
            _is_severer(old, finding, diff)
            or _has_more(old, finding, diff)
            or (replaced is not None and replaced.pauses_longer(old, finding))
            or costlier(old, finding, pairing.open)
        )
        if worse and (id(finding) not in at_tip or finding.in_itself > at_tip[id(finding)].in_itself):
            grown.append(finding)
        else:
            existing.append(finding)
    return Changes(
        new=_in_order(new),
        fixed=_in_order(pairing.left),
        existing=_in_order(existing),
        grown=_in_order(grown),
    )


class _Lines:
    """Lines at the merge base that findings speak of, by the rule and by what is called in the end, with how severe the worst of
    these is."""

    def __init__(self, findings: Sequence[Finding], diff: Diff) -> None:
        self.diff = diff
        self.severity: dict[tuple[str, str, int], int] = {}
        for each in findings:
            leaves = {each.leaf, *each.leaves} if each.code in ON_THE_LOOP else ()
            for what in (each.code, *leaves):
                for line in (each.line, *each.siblings):
                    place = what, each.path, line
                    self.severity[place] = max(self.severity.get(place, 0), each.in_itself.rank)

    def worst(self, finding: Finding, path: str, line: int) -> int:
        """Of what stops the event loop one rule speaks on a call, another on the header of its function."""
        known = self.severity.get((finding.code, path, line), -1)
        if finding.code not in ON_THE_LOOP or not finding.leaf:
            return known
        return max(known, self.severity.get((finding.leaf, path, line), -1))


def _was_counted(finding: Finding, before: _Lines | None) -> bool:
    """Whether a finding stands on unchanged lines that another of its rule counted: what came between two calls tears them apart."""
    if before is None or not before.severity:
        return False
    for line in (finding.line, *finding.siblings):
        place = before.diff.base_place(finding.path, line)
        if place is None or before.diff.touched(finding.path, line):
            return False
        if before.worst(finding, *place) < finding.in_itself.rank:
            return False
    return True


class _Leaves:
    """Calls that findings at the merge base stood on and none does at the head: a helper that loses its `async` has its callers
    stop the loop, each of them, as it did before."""

    def __init__(self, before: Sequence[Finding], after: Sequence[Finding], diff: Diff) -> None:
        self.diff = diff
        self.standing = {(_family(each), each.path, each.line) for each in after}
        self.before: dict[tuple[str, str, int], set[EndpointRef]] = {}
        for each in before:
            if each.code.startswith(_BY_PLACE):
                place = _family(each), each.path, each.line
                self.before.setdefault(place, set()).update(endpoints_of(each))

    def knows(self, finding: Finding) -> bool:
        if not (self.before and finding.code.startswith(_BY_PLACE) and len(finding.call_path) > 1):
            return False
        leaf, family = finding.call_path[-1], _family(finding)
        place = self.diff.base_place(leaf.path, leaf.line)
        if place is None or (family, leaf.path, leaf.line) in self.standing:
            return False
        reached = self.before.get((family, *place))
        return reached is not None and endpoints_of(finding) <= reached


def endpoints_of(finding: Finding) -> set[EndpointRef]:
    """The endpoints that reach it."""
    return {*finding.endpoints, *((finding.endpoint,) if finding.endpoint else ())}


class _Pairing:
    """Findings of two trees on their way to each other: `left` and `open` have no partner yet."""

    def __init__(self, before: Sequence[Finding], after: Sequence[Finding], diff: Diff | None) -> None:
        self.left = list(before)
        # Untouched lines pair first: of two equal findings the one on a changed line is the new one.
        self.open = sorted(after, key=lambda finding: _touched(finding, diff))
        self.pairs: list[tuple[Finding, Finding]] = []
        self._diff = diff

    def pair(self, old_key: _Key, new_key: _Key, fits: _Fits = lambda old, new: True) -> None:
        """Pair what has equal keys and `fits`, the nearest lines first."""
        if not (self.left and self.open):
            return
        pool: dict[object, list[Finding]] = defaultdict(list)
        for finding in self.left:
            if (key := old_key(finding)) is not None:
                pool[key].append(finding)
        waiting: list[Finding] = []
        taken: set[int] = set()
        for finding in self.open:
            key = new_key(finding)
            known = pool.get(key, ()) if key is not None else ()
            candidates = [old for old in known if fits(old, finding)]
            if not candidates:
                waiting.append(finding)
                continue
            partner = _nearest(finding, candidates, self._diff)
            pool[key].remove(partner)
            taken.add(id(partner))
            self.pairs.append((partner, finding))
        self.left = [finding for finding in self.left if id(finding) not in taken]
        self.open = waiting


def _by_fingerprint(pairing: _Pairing, old_path: Mapping[str, str]) -> None:
    pairing.pair(
        lambda old: (core_of(old.fingerprint), old.path),
        lambda new: (core_of(new.fingerprint), old_path.get(new.path, new.path)),
    )
    pairing.pair(lambda old: core_of(old.fingerprint), lambda new: core_of(new.fingerprint))


def _is_severer(old: Finding, new: Finding, diff: Diff | None) -> bool:
    """Whether it costs more in itself, or was a hint until a change of its file took the doubt away."""
    if new.in_itself > old.in_itself:
        return True
    surer = (new.speaks and not old.speaks) or (new.as_new().speaks and not old.as_new().speaks)
    return surer and (diff is None or new.path in diff.files)


def _has_more(old: Finding, new: Finding, diff: Diff | None) -> bool:
    """Whether the change adds a line to those that one finding speaks of, a second blocking call beside the first, or has it wait
    for something else: for another service in place of a database."""
    if diff is None or not (_waits_for_more(old, new) or _has_more_lines(old, new)):
        return False
    places = ((hop.path, hop.line) for hop in (*new.call_path, *new.places))
    return any(
        diff.touched(*place) for place in (*places, *((new.path, line) for line in (new.line, *new.siblings)))
    )


def _waits_for_more(old: Finding, new: Finding) -> bool:
    return bool(old.leaves) and not kinds(old) >= kinds(new)


def _has_more_lines(old: Finding, new: Finding) -> bool:
    lines, had = len({new.line, *new.siblings}), len({old.line, *old.siblings})
    if lines <= had or ((new.code in _LOOPS or had >= _SEVERAL) and lines < _MORE * had):
        return False
    # Who waited for synchronous sessions before waits for one statement more.
    return not (_waits_for_sessions_only(new) and design(old) == design(new))


def _waits_for_sessions_only(finding: Finding) -> bool:
    """Whether all lines of a finding wait for synchronous sessions of one library."""
    library = design(finding)
    return bool(library and finding.leaves) and all(design_of(leaf) == library for leaf in finding.leaves)


def _code(finding: Finding, ref: EndpointRef | None = None) -> object:
    return (finding.code, finding.text, ref) if finding.text else None


def _family(finding: Finding) -> str:
    """A call that moves into a helper is found by another rule when it blocks, or queries in a loop; every other rule
    speaks for itself."""
    if finding.code in _LOOPS:
        return _LOOPS[0]
    return "FP10" if finding.code.startswith("FP10") else finding.code


def _effect(finding: Finding, routes: Mapping[EndpointRef, EndpointRef] | None = None) -> object:
    if not finding.leaf or not finding.endpoint:
        return None
    return _family(finding), finding.leaf, (routes or {}).get(finding.endpoint, finding.endpoint)


def _shape(finding: Finding, path: str) -> object:
    """What stays of a problem when its lines are rewritten: the function, and what that waits for."""
    what = _waits_for(finding)
    return (*what, path, finding.symbol) if what and finding.symbol else None


def _waits_for(finding: Finding) -> tuple[str, str] | None:
    """Queries in a loop, or the kind of what stops the event loop."""
    if finding.code in _LOOPS:
        return _family(finding), ""
    what = waits_for(finding.leaf) if finding.code in ON_THE_LOOP and finding.leaf else ""
    return (_family(finding), what) if what else None


def _is_own_addition(finding: Finding, diff: Diff | None) -> bool:
    """Whether a change adds the line that is wrong. What stops the loop is wrong by where it runs, whoever calls it."""
    return not finding.code.startswith(_BY_PLACE) and _touched(finding, diff)


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
