"""Findings in the light of what was seen: hot ones rank first, repeated queries are certain, cold ones weigh less.

Evidence that does not fit this version of the project is stale: that is said, and it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from rules.engine import estimates
from rules.engine.finding import Confidence, EndpointRef, Finding, Impact, Result, Skipped
from rules.engine.profiles import Evidence, Route, read
from rules.engine.project import Project

HOT = 0.05
"""From this share of the time on a finding is hot."""
COLD = 0.002
ENOUGH_SAMPLES = 500
ENOUGH_REQUESTS = 200
"""Below these, what was not seen may still happen."""
REPEATED = 5
"""So many times the same statement in one request is a loop."""
STOOD_STILL_MS = 50.0
FRESH = 0.6
"""The least share of a profile's own functions, or routes, that this version still has."""
_LOOPED = frozenset({"FP201", "FP202", "FP203", "FP204", "FP205"})
_STOPPING = (
    "FP101",
    "FP102",
    "FP103",
    "FP104",
    "FP105",
    "FP106",
    "FP109",
    "FP115",
    "FP121",
    "FP603",
    "FP701",
)
_NAMELESS = frozenset({"<module>", "<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"})


class _Fitted(msgspec.Struct):
    """Evidence by the project's own names."""

    evidence: Evidence
    functions: dict[tuple[str, str], float]
    """Path and last name -> share."""
    lines: dict[tuple[str, int], float]
    routes: dict[EndpointRef, Route]


def warmed(result: Result, project: Project) -> Result:
    """The result with its findings weighed by the evidence that the options hold; what is wrong with it is in `skipped`."""
    given = project.options.evidence
    if not given:
        return result
    fitted: list[_Fitted] = []
    skipped = list(result.skipped)
    for path, text in given:
        if not text:
            skipped.append(Skipped(path, "is named as a profile and is not there"))
            continue
        evidence = read(path, text)
        if evidence.problem:
            skipped.append(Skipped(path, f"cannot be used as a profile: {evidence.problem}"))
            continue
        fits, problem = _fit(evidence, project, result)
        if problem:
            skipped.append(Skipped(path, problem))
        else:
            fitted.append(fits)
    if not fitted:
        return msgspec.structs.replace(result, skipped=tuple(skipped))
    findings = tuple(_weighed(finding, fitted) for finding in result.findings)
    return msgspec.structs.replace(result, findings=findings, skipped=tuple(skipped))


# From the profile's names to the project's


def _fit(evidence: Evidence, project: Project, result: Result) -> tuple[_Fitted, str]:
    files = _files(evidence.functions, project)
    functions: dict[tuple[str, str], float] = {}
    gone: list[str] = []
    for file, found in evidence.functions.items():
        path = files.get(file)
        if path is None:
            continue
        known = {function.symbol.rpartition(".")[2] for function in project.files[path].functions}
        for qualified, share in found.items():
            name = qualified.rpartition(".")[2]
            if name in known:
                functions[path, name] = max(share, functions.get((path, name), 0.0))
            elif name not in _NAMELESS and not name.startswith("<"):
                gone.append(f"{path} {name}")
    lines = {
        (files[file], line): share
        for file, found in evidence.lines.items()
        if file in files
        for line, share in found.items()
    }
    routes, unknown = _routes(evidence.routes, result)
    fits = _Fitted(evidence, functions, lines, routes)
    if evidence.functions and not functions:
        return (
            fits,
            f"none of the functions of the {evidence.kind} profile are of this project: it changes nothing",
        )
    for known_count, lost, what in ((len(functions), gone, "functions"), (len(routes), unknown, "routes")):
        if lost and known_count / (known_count + len(lost)) < FRESH:
            named = ", ".join(f"`{name}`" for name in lost[:3])
            return fits, (
                f"the {evidence.kind} profile is stale: {len(lost)} of its {known_count + len(lost)} {what} are not in"
                f" this version ({named}); it changes nothing"
            )
    return fits, ""


def _files(functions: Mapping[str, object], project: Project) -> dict[str, str]:
    """The profile's file names -> the project's paths: the one that shares the most of its end, two names at least."""
    by_name: dict[str, list[str]] = {}
    for path in project.files:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found: dict[str, str] = {}
    for file in functions:
        if "site-packages" in file or "/lib/python" in file:
            continue
        parts = file.replace("\\", "/").split("/")
        best, most = "", 0
        for path in by_name.get(parts[-1], ()):
            shared = _shared(parts, path.split("/"))
            if shared > most:
                best, most = path, shared
        if best and (most >= 2 or most == len(best.split("/"))):
            found[file] = best
    return found


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count


def _routes(routes: Mapping[str, Route], result: Result) -> tuple[dict[EndpointRef, Route], list[str]]:
    refs = [EndpointRef(endpoint.method, endpoint.path) for endpoint in result.endpoints]
    found: dict[EndpointRef, Route] = {}
    unknown: list[str] = []
    for name, route in routes.items():
        method, _, path = name.rpartition(" ")
        fitting = [
            ref
            for ref in refs
            if (ref.path.rstrip("/") or "/") == (path.rstrip("/") or "/") and method in ("", ref.method)
        ]
        found.update(dict.fromkeys(fitting, route))
        if not fitting:
            unknown.append(name)
    # The framework's own and health checks of others are no sign of age.
    return found, [
        name for name in unknown if not name.endswith(("/docs", "/openapi.json", "/metrics", "/*"))
    ]


# From evidence to findings


def _weighed(finding: Finding, fitted: Sequence[_Fitted]) -> Finding:
    share, kind = max(((_share(finding, each), each.evidence.kind) for each in fitted), default=(0.0, ""))
    told = [*_hot(finding, share, kind), *_confirmed(finding, fitted)]
    if share >= HOT:
        finding = msgspec.structs.replace(finding, heat=share)
    if _confirms(finding, fitted):
        finding = msgspec.structs.replace(finding, confidence=Confidence.CERTAIN)
    elif share < HOT and not told and (seen := _cold(finding, fitted)):
        finding = msgspec.structs.replace(finding, severity=finding.severity.lowered())
        told = [seen]
    if not told:
        return finding
    expected = finding.impact.summary
    known = "" if expected == Impact().summary else expected
    impact = msgspec.structs.replace(finding.impact, summary="; ".join([*told, *([known] if known else [])]))
    return msgspec.structs.replace(finding, impact=impact)


def _share(finding: Finding, fitted: _Fitted) -> float:
    """The share of the time spent at the finding: its lines, else its function, else its endpoints."""
    here = [
        share
        for (path, line), share in fitted.lines.items()
        if path == finding.path and finding.line <= line <= finding.end_line
    ]
    if here:
        return max(here)
    name = finding.symbol.rpartition(".")[2]
    if name and (share := fitted.functions.get((finding.path, name))) is not None:
        return share
    return min(1.0, sum(route.share for route in _seen_routes(finding, fitted)))


def _seen_routes(finding: Finding, fitted: _Fitted) -> Iterator[Route]:
    for ref in dict.fromkeys((*finding.endpoints, *((finding.endpoint,) if finding.endpoint else ()))):
        if (route := fitted.routes.get(ref)) is not None:
            yield route


def _hot(finding: Finding, share: float, kind: str) -> Iterator[str]:
    if share >= HOT:
        of = "of the time of all requests" if "spans" in kind or "metrics" in kind else "of sampled time"
        yield f"{share:.0%} {of}".replace("%", " %")


def _confirmed(finding: Finding, fitted: Sequence[_Fitted]) -> Iterator[str]:
    """The evidence in words."""
    for each in fitted:
        for route in _seen_routes(finding, each):
            where = f" in {route.where}" if route.where else ""
            if finding.code in _LOOPED and route.repeated >= REPEATED:
                text = route.statement if len(route.statement) <= 80 else f"{route.statement[:79]}…"
                yield f"{route.repeated} times the same statement in one request{where} (`{text}`)"
            elif finding.code.startswith(_STOPPING) and route.gap_ms >= STOOD_STILL_MS:
                told = f" in {shown}" if (shown := route.gap_where or route.where) else ""
                yield f"the event loop stood still for {estimates.number(route.gap_ms)} ms{told}"
            else:
                continue
            return


def _confirms(finding: Finding, fitted: Sequence[_Fitted]) -> bool:
    return any(True for _ in _confirmed(finding, fitted))


def _cold(finding: Finding, fitted: Sequence[_Fitted]) -> str:
    """What shows that the code hardly runs; empty when nothing does."""
    name = finding.symbol.rpartition(".")[2]
    for each in fitted:
        evidence = each.evidence
        if evidence.kind in ("observed tests", "pyinstrument"):
            continue  # tests run everything once; pyinstrument sees one thread alone
        if evidence.samples >= ENOUGH_SAMPLES and name and _share(finding, each) < COLD:
            return f"not seen in {evidence.samples:,} samples: one severity less"
        refs = {*finding.endpoints, *((finding.endpoint,) if finding.endpoint else ())}
        are_known = bool(refs) and all(
            ref in each.routes for ref in refs
        )  # a route that is new was never asked for
        if are_known and evidence.requests >= ENOUGH_REQUESTS and _share(finding, each) < COLD:
            return f"hardly any of {evidence.requests:,} requests: one severity less"
    return ""
