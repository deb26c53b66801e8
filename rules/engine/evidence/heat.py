"""Findings in the light of what was seen: hot ones rank first, repeated queries are certain, cold ones weigh less.

Evidence that does not fit the project is stale: that is said, and it changes nothing. Of two versions the earlier one
decides, once, for both: the evidence may be of that one, and cannot have seen what the later one brings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from rules.engine import budgets
from rules.engine.costs import estimates
from rules.engine.evidence import asked_tables
from rules.engine.evidence.asked_tables import Asked
from rules.engine.evidence.fitting import Fitted, Names, Version, fitted, paths_of
from rules.engine.evidence.profiles import Evidence, Repeat, Route
from rules.engine.finding import Confidence, EndpointRef, Finding, Impact, Result, Skipped
from rules.engine.project import Project

HOT = 0.05
"""From this share of the time on a finding is hot."""
COLD = 0.002
ENOUGH_SAMPLES = 500
ENOUGH_REQUESTS = 200
"""Below these, what was not seen may still happen."""
REPEATED = 5
"""So many times the same statement, or call, in one request is a loop."""
STOOD_STILL_MS = 50.0
_READ_IN_LOOP = frozenset({"FP201", "FP202", "FP203", "FP204"})
_WRITTEN_IN_LOOP = frozenset({"FP213"})
_CALLED_IN_LOOP = frozenset({"FP111"})
_CALLS_OUT = frozenset({"FP110", "FP218", "FP601", "FP602", "FP603", "FP608", "FP609", "FP617"})
_STOPPING = (
    *("FP101", "FP102", "FP103", "FP104", "FP105", "FP106", "FP109", "FP115", "FP121", "FP603", "FP701"),
)
_AFTER_THE_HANDLER = ("FP204", "FP5")
"""What happens when no function of the project runs any more: the response is being built."""
_ON_PROCESSOR = (
    *("FP201", "FP202", "FP203", "FP209", "FP210", "FP211", "FP213", "FP214", "FP215", "FP216"),
    *("FP303", "FP701", "FP702", "FP717", "FP719", "FP720"),
)
"""What takes processor time, so that a sampling profiler sees it. Most see no thread that waits."""

_LESS = "one severity less"

_Key = tuple[str, str, str, str]
"""Rule, path, function, and text or what is called: what of a finding is the same in the next version."""


class Weight(Struct, frozen=True):
    """What the evidence says of one finding."""

    told: tuple[str, ...] = ()
    heat: float = 0.0
    certain: bool = False
    seen: bool = False
    cold: bool = False

    def put_on(self, finding: Finding) -> Finding:
        if self == _NOTHING:
            return finding
        expected = finding.impact.summary
        known = () if expected == Impact().summary else (expected,)
        return msgspec.structs.replace(
            finding,
            impact=msgspec.structs.replace(finding.impact, summary="; ".join((*self.told, *known))),
            heat=self.heat,
            seen=self.seen,
            confidence=Confidence.CERTAIN if self.certain else finding.confidence,
            severity=finding.severity.lowered() if self.cold else finding.severity,
            uncooled=finding.severity if self.cold else None,
        )


_NOTHING = Weight()


class Light(Struct):
    """The evidence that fits a version of the project, and what it says of that version's findings."""

    version: Version
    fitted: tuple[Fitted, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    weights: dict[_Key, list[Weight]] = field(default_factory=dict)


class Since(Struct, frozen=True):
    """The version before, with its light. `renamed`: path of today -> path then."""

    light: Light
    renamed: Mapping[str, str] = field(default_factory=dict)
    observed: tuple[str, str] | None = None
    """Path and text of what the tests of the later version saw, where that brings its own. Nothing weighs less by it."""


def warmed(
    result: Result, project: Project, sources: Mapping[str, bytes], since: Since | None = None
) -> tuple[Result, Light | None]:
    """The result with its findings weighed by the evidence that the options hold; what is wrong with it is in `skipped`."""
    given = project.options.evidence
    if not given:
        return result, None
    version = Version(project.files, sources)
    if since is not None:
        return _as_before(result, project, version, since), since.light
    refs = (EndpointRef(endpoint.method, endpoint.path) for endpoint in result.endpoints)
    light = Light(version, *fitted(given, project.files, refs))
    findings: list[Finding] = []
    weigh = _Weighing(light.fitted, project, sources, result.findings)
    for finding in result.findings:
        weight = weigh.of(finding)
        light.weights.setdefault(_key(finding, (finding.path, finding.symbol)), []).append(weight)
        findings.append(weight.put_on(finding))
    return _with(result, findings, light.skipped), light


def _with(result: Result, findings: Sequence[Finding], skipped: Sequence[Skipped]) -> Result:
    return msgspec.structs.replace(result, findings=tuple(findings), skipped=(*result.skipped, *skipped))


def _key(finding: Finding, place: tuple[str, str]) -> _Key:
    return finding.code, *place, finding.text or finding.leaf or finding.message


def unweakened(finding: Finding) -> Finding:
    """A finding that is new as it is without a profile that cannot have seen it."""
    if finding.uncooled is None:
        return finding
    _, _, known = finding.impact.summary.partition(_LESS)
    impact = msgspec.structs.replace(finding.impact, summary=known.removeprefix("; ") or Impact().summary)
    return msgspec.structs.replace(finding, severity=finding.uncooled, uncooled=None, impact=impact)


def _as_before(result: Result, project: Project, later: Version, since: Since) -> Result:
    """A finding that was there before weighs what it weighed; of a new one only its surroundings are known, and what the
    tests of its own version saw."""
    light = since.light
    names = Names(light.version, later, since.renamed)
    left = {key: list(weights) for key, weights in light.weights.items()}
    given = (since.observed,) if since.observed is not None else ()
    refs = (EndpointRef(endpoint.method, endpoint.path) for endpoint in result.endpoints)
    observed, skipped = fitted(given, project.files, refs)
    weigh = _Weighing(observed, project, later.sources, result.findings)
    findings: list[Finding] = []
    for finding in result.findings:
        place = names.function((finding.path, finding.symbol))
        weights = left.get(_key(finding, place)) if place is not None else None
        weight = weights.pop(0) if weights else _of_new(finding, light.fitted, names)
        findings.append(weigh.besides(weight, finding).put_on(finding))
    renewed = {path for path, _ in given}
    stale = (entry for entry in light.skipped if entry.path not in renewed)
    return _with(result, findings, (*stale, *skipped))


def _of_new(finding: Finding, evidence: Sequence[Fitted], names: Names) -> Weight:
    """How hot the place is to which a finding comes. That nobody saw the finding itself says nothing."""
    place = names.function((finding.path, finding.symbol))
    path, lines = names.lines(finding.path, finding.line, finding.end_line, finding.symbol)
    share, kind = 0.0, ""
    for each in evidence:
        found = each.share_of_lines(path, lines)
        if found is None and place is not None:
            found = each.functions.get(place)
        if found is None:
            found = _share_of_routes(finding, each)
        if found > share:
            share, kind = found, each.evidence.kind
    if share >= HOT:
        return Weight(told=(f"{_percent(share)} {_of_what(kind)} before this change",), heat=share)
    told = _seldom_asked(finding, evidence)
    return Weight(told=(told,), cold=True) if told else _NOTHING


# From evidence to findings


class _Weighing:
    """What the evidence says of the findings of the version that it fits."""

    def __init__(
        self,
        evidence: Sequence[Fitted],
        project: Project,
        sources: Mapping[str, bytes],
        findings: Sequence[Finding],
    ) -> None:
        self._evidence, self._project, self._sources = evidence, project, sources
        self._lines_of_all = set().union(*map(_lines, findings))
        self._asked: Asked | None = None

    def of(self, finding: Finding) -> Weight:
        if finding.code == budgets.CODE:
            return _NOTHING  # a contract holds however seldom somebody asks
        share, kind = max(
            ((_share(finding, each), each.evidence.kind) for each in self._evidence), default=(0.0, "")
        )
        told = [f"{_percent(share)} {_of_what(kind)}"] if share >= HOT else []
        certain = seen = False
        for text, is_it in self._confirmed(finding):
            told.append(text)
            certain, seen = certain or is_it, True
        if told:
            return Weight(tuple(told), share if share >= HOT else 0.0, certain, seen)
        if cold := self._cold(finding):
            return Weight((cold,), cold=True)
        return _NOTHING

    def besides(self, weight: Weight, finding: Finding) -> Weight:
        """A weight with what was seen of the finding as well; what was seen of it before gives way."""
        for text, is_it in self._confirmed(finding):
            hot = weight.told[:1] if weight.heat else ()
            return Weight((*hot, text), weight.heat, certain=is_it, seen=True)
        return weight

    def _cold(self, finding: Finding) -> str:
        """What shows that the code hardly runs; empty when nothing does."""
        for each in self._evidence:
            evidence = each.evidence
            if evidence.kind in ("observed tests", "pyinstrument"):
                continue  # tests run everything once; pyinstrument sees one thread alone
            if evidence.samples < ENOUGH_SAMPLES or not _is_sampled(finding, evidence):
                continue
            share = _share(finding, each)
            if share < COLD:
                seen = "hardly seen" if share else "not seen"
                return f"{seen} in {evidence.samples:,} samples: {_LESS}"
        return _seldom_asked(finding, self._evidence)

    # What was seen to happen

    def _confirmed(self, finding: Finding) -> Iterator[tuple[str, bool]]:
        """What was seen of a finding in words, and whether it was this one for sure."""
        for each in self._evidence:
            for route in _seen_routes(finding, each):
                found = self._on_route(finding, route)
                if found is not None:
                    text, is_it = found
                    yield text if is_it else f"perhaps here: {text}", is_it
                    return

    def _on_route(self, finding: Finding, route: Route) -> tuple[str, bool] | None:
        if finding.code in _READ_IN_LOOP or finding.code in _WRITTEN_IN_LOOP:
            writing = finding.code in _WRITTEN_IN_LOOP
            alike = [each for each in route.repeats if asked_tables.writes(each.text) == writing]
            return self._repeated(finding, alike, "the same statement")
        if finding.code in _CALLED_IN_LOOP:
            return self._repeated(finding, route.outgoing, "the same call")
        if finding.code in _CALLS_OUT:
            for each in route.outgoing:
                if self._runs(finding, each.frames):
                    times = "once" if each.times == 1 else f"{each.times} times"
                    return f"called {times} in one request{_where(each.where)} (`{each.text}`)", True
        if finding.code.startswith(_STOPPING) and route.gap_ms >= STOOD_STILL_MS:
            text = (
                f"the event loop stood still for {estimates.number(route.gap_ms)} ms{_where(route.gap_where)}"
            )
            is_it = self._runs(finding, route.gap_frames)
            return None if is_it is False else (text, bool(is_it))
        return None

    def _repeated(self, finding: Finding, repeats: Sequence[Repeat], what: str) -> tuple[str, bool] | None:
        """The repeat that the finding is the cause of; else the first that it may be the cause of."""
        perhaps = None
        for each in repeats:
            if each.times < REPEATED:
                continue
            is_it = self._causes(finding, each)
            short = each.text if len(each.text) <= 80 else f"{each.text[:79]}…"
            text = f"{each.times} times {what} in one request{_where(each.where)} (`{short}`)"
            if is_it:
                return text, True
            if is_it is None:
                perhaps = perhaps or text
        return (perhaps, False) if perhaps else None

    def _causes(self, finding: Finding, repeat: Repeat) -> bool | None:
        """Whether a finding repeats a statement or a call: by what was running, else by the tables; None when unknown."""
        runs = None if finding.code.startswith(_AFTER_THE_HANDLER) else self._runs(finding, repeat.frames)
        if runs is not None or finding.code in _CALLED_IN_LOOP:
            return runs
        if self._asked is None:
            self._asked = Asked(self._project.models, self._sources)
        asked, ran = self._asked.of(finding), asked_tables.of_statement(repeat.text)
        return bool(asked & ran) if asked and ran else None

    def _runs(self, finding: Finding, frames: Sequence[str]) -> bool | None:
        """Whether the lines of a finding, or of its call path, were running; None when nobody looked, or the lines moved."""
        running = [frame for text in frames if (frame := _frame(text)) is not None]
        paths = paths_of((file for file, _, _ in running), self._project.files)
        here = [(paths[file], name, line) for file, name, line in running if file in paths]
        if not here:
            return None
        if not _lines(finding).isdisjoint((path, line) for path, _, line in here):
            return True
        if not self._lines_of_all.isdisjoint((path, line) for path, _, line in here):
            return False  # it is another one
        name = finding.symbol.rpartition(".")[2]
        return None if any((path, each) == (finding.path, name) for path, each, _ in here) else False


def _lines(finding: Finding) -> set[tuple[str, int]]:
    own = (*range(finding.line, finding.end_line + 1), *finding.siblings)
    return {*((finding.path, line) for line in own), *((hop.path, hop.line) for hop in finding.call_path)}


def _is_sampled(finding: Finding, evidence: Evidence) -> bool:
    """Whether samples would show the cost of a finding in its own function."""
    if not finding.symbol or finding.code.startswith(_AFTER_THE_HANDLER):
        return False
    return finding.code.startswith(_ON_PROCESSOR) or evidence.sees_waiting


def _frame(text: str) -> tuple[str, str, int] | None:
    parts = text.rsplit(":", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return parts[0], parts[1].rpartition(".")[2], int(parts[2])


def _where(text: str) -> str:
    return f" in {text}" if text else ""


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _of_what(kind: str) -> str:
    return "of the time of all requests" if "spans" in kind or "metrics" in kind else "of sampled time"


def _share(finding: Finding, fitted: Fitted) -> float:
    """The share of the time spent at the finding: its lines, else its function, else its endpoints."""
    here = fitted.share_of_lines(finding.path, range(finding.line, finding.end_line + 1))
    if here is None:
        here = fitted.functions.get((finding.path, finding.symbol))
    return here if here is not None else _share_of_routes(finding, fitted)


def _share_of_routes(finding: Finding, fitted: Fitted) -> float:
    return min(1.0, sum(route.share for route in _seen_routes(finding, fitted)))


def _refs(finding: Finding) -> dict[EndpointRef, None]:
    return dict.fromkeys((*finding.endpoints, *((finding.endpoint,) if finding.endpoint else ())))


def _seen_routes(finding: Finding, fitted: Fitted) -> Iterator[Route]:
    for ref in _refs(finding):
        if (route := fitted.routes.get(ref)) is not None:
            yield route


def _seldom_asked(finding: Finding, evidence: Sequence[Fitted]) -> str:
    """Whether hardly any of many requests were for its endpoints, all of which are known; a new one never is."""
    refs = _refs(finding)
    for each in evidence:
        if each.evidence.kind == "observed tests" or each.requests < ENOUGH_REQUESTS:
            continue
        if not refs or any(ref not in each.routes for ref in refs):
            continue
        routes = [each.routes[ref] for ref in refs]
        if (
            max(sum(route.share for route in routes), sum(route.count for route in routes) / each.requests)
            < COLD
        ):
            return f"hardly any of {each.requests:,} requests: {_LESS}"
    return ""
