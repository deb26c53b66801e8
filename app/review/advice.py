"""From findings to what to do about them: recommendations, questions, metrics and tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from app.review.comments import Group
from app.review.markdown import figure, lowered, sentence
from app.review.table import Context
from rules.engine.finding import Confidence, Effort, Severity

_WEIGHT = {
    Severity.CRITICAL: 27.0,
    Severity.HIGH: 9.0,
    Severity.MEDIUM: 3.0,
    Severity.LOW: 1.0,
    Severity.INFO: 0.3,
}
_SURE = {Confidence.CERTAIN: 1.0, Confidence.LIKELY: 0.8, Confidence.POSSIBLE: 0.4}
_WHEN_SEEN = 1.5
"""What tests or traces saw to happen is not only possible."""
_COST = {Effort.MINUTES: 1.0, Effort.HOURS: 3.0, Effort.DAYS: 9.0}


class Place(msgspec.Struct, frozen=True):
    path: str
    line: int


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, for all findings it mends."""

    title: str
    code: str
    severity: Severity
    effort: Effort
    places: tuple[Place, ...]
    endpoints: int
    expected: str
    """Effect in words; empty when neither measured nor estimated."""
    how: str
    """`one click on the line`, `in the patch below` or empty: by hand."""


class Question(msgspec.Struct, frozen=True):
    """A fact about production that the code does not tell. `key` is the configuration key that answers it."""

    key: str
    text: str
    why: str


_QUESTIONS = {
    "workers": "How many worker processes serve this in production?",
    "concurrency": "How many requests are in flight at once per worker at peak?",
    "rps": "How many requests per second arrive at peak?",
    "http_latency_ms": "How long does an outgoing HTTP call usually take?",
    "db_round_trip_ms": "How long does a trivial query take from the application?",
    "redis_round_trip_ms": "How long does a Redis GET take from the application?",
    "rows": "How many rows does a typical list or table have?",
    "page_size": "How many rows does a page hold?",
    "pool_size": "How many database connections has each worker?",
    "threads": "How many thread tokens has each worker, if not 40?",
    "database": "Which database is it?",
    "p95_ms": "What is the response time at the 95th percentile?",
    "error_rate": "What share of requests fails?",
}

_FAMILY_KEYS = {
    "FP1": ("workers", "concurrency", "p95_ms"),
    "FP2": ("rows", "db_round_trip_ms", "database"),
    "FP3": ("rps", "rows"),
    "FP4": ("rps", "error_rate"),
    "FP5": ("rows", "p95_ms"),
    "FP6": ("http_latency_ms", "error_rate"),
    "FP7": ("workers", "rps"),
}

_FAMILY_WHY = {
    "workers": "with few workers one blocked event loop is the outage, not a slow page",
    "concurrency": "what waits behind a blocked event loop grows with it",
    "p95_ms": "it tells whether users feel this already, and ranks the list above",
    "rows": "N in the costs above",
    "db_round_trip_ms": "each query saved saves this much",
    "database": "plans and index advice differ",
    "rps": "it ranks the list above",
    "error_rate": "retries and time-outs multiply the load: it ranks the list above",
    "http_latency_ms": "each call saved saves this much",
}

_TOOLS = {
    "FP1": "`py-spy dump` during a slow moment, asyncio's debug mode (`slow_callback_duration`)",
    "FP2": "`pg_stat_statements`, SQLAlchemy's `before_cursor_execute` event, query spans",
    "FP3": "the cache's own hit and eviction counters",
    "FP4": "queue depth and failure counters of the job runner",
    "FP5": "response size and time histograms of the proxy",
    "FP6": "client spans (OpenTelemetry), open connections of the process",
    "FP7": "process memory and CPU per worker, `memray` for growth",
}


def recommend(
    groups: Sequence[Group],
    one_click: set[str],
    patched: set[str],
    demand: Callable[[Group], float] = lambda entry: 1.0,
) -> tuple[Recommendation, ...]:
    """What to do, by impact per effort. Groups of one rule with the same advice are one recommendation.

    `one_click` and `patched` hold fingerprints of findings with an inline suggestion and with a place in the patch;
    `demand` weighs a group by what is known of production.
    """
    alike: dict[tuple[str, str], list[Group]] = {}
    for entry in groups:
        alike.setdefault((entry.first.code, entry.first.instead), []).append(entry)
    ranked: list[tuple[float, Recommendation]] = []
    for members in alike.values():
        first = members[0].first
        prints = {finding.fingerprint for entry in members for finding in entry.findings}
        endpoints = {ref for entry in members for ref in entry.endpoints}
        effort = max((entry.first.effort for entry in members), key=lambda effort: _COST[effort])
        score = sum(
            _WEIGHT[entry.first.severity]
            * _SURE[entry.first.confidence]
            * (1.2 if entry.first.gates else 1.0)
            * (1 + 10 * max(finding.heat for finding in entry.findings))
            * (_WHEN_SEEN if any(finding.seen for finding in entry.findings) else 1.0)
            * demand(entry)
            for entry in members
        )
        summary = first.impact.summary if first.impact.summary != "not measured" else ""
        ranked.append(
            (
                score / _COST[effort],
                Recommendation(
                    title=sentence(first.instead, 200).rstrip(".") or first.message.rstrip("."),
                    code=first.code,
                    severity=max(
                        (entry.first.severity for entry in members), key=lambda severity: severity.rank
                    ),
                    effort=effort,
                    places=tuple(Place(entry.first.path, entry.first.line) for entry in members),
                    endpoints=len(endpoints),
                    expected=_with_assumptions(lowered(summary), first.impact.assumptions),
                    how=_how(prints, one_click, patched),
                ),
            )
        )
    ranked.sort(
        key=lambda entry: (-entry[0], entry[1].code, entry[1].places[0].path, entry[1].places[0].line)
    )
    return tuple(entry for _, entry in ranked)


def _how(prints: set[str], one_click: set[str], patched: set[str]) -> str:
    if prints <= one_click:
        return "one click on the line"
    if prints <= patched:
        return "in the patch below"
    return "partly in the patch below" if prints & patched else ""


def _with_assumptions(summary: str, assumptions: Mapping[str, float | int | str]) -> str:
    """Never a number without its assumption."""
    if not summary or not assumptions:
        return summary
    assumed = ", ".join(f"`{name} = {figure(value)}`" for name, value in assumptions.items())
    return f"{summary.rstrip('.')} (assumes {assumed})"


def ask(
    groups: Sequence[Group], context_of: Callable[[str], Context], limit: int = 4
) -> tuple[Question, ...]:
    """What to ask: first the assumptions behind the numbers, then what the families depend on; never what is known.

    `context_of` is what the configuration of a file says.
    """
    wanted: dict[str, str] = {}
    for entry in groups:
        known = _known(context_of(entry.first.path))
        for key, value in entry.first.impact.assumptions.items():
            if key in _QUESTIONS and key not in known:
                wanted.setdefault(key, f"{figure(value)} is assumed")
    for entry in groups:
        known = _known(context_of(entry.first.path))
        for key in _FAMILY_KEYS.get(entry.first.code[:3], ()):
            if key not in known:
                wanted.setdefault(key, _FAMILY_WHY.get(key, ""))
    return tuple(Question(key, _QUESTIONS[key], why) for key, why in list(wanted.items())[:limit])


def _known(context: Context) -> frozenset[str]:
    return frozenset(key for key, value in msgspec.structs.asdict(context).items() if value is not None)


def metrics(groups: Iterable[Group]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each metric with the rules it shows, in order of appearance."""
    shown: dict[str, dict[str, None]] = {}
    for entry in groups:
        if entry.first.metric:
            shown.setdefault(entry.first.metric, {}).setdefault(entry.first.code)
    return tuple((metric, tuple(codes)) for metric, codes in shown.items())


def tools(groups: Iterable[Group]) -> tuple[str, ...]:
    """Tools that show such problems, by family."""
    families = dict.fromkeys(entry.first.code[:3] for entry in groups)
    return tuple(_TOOLS[family] for family in families if family in _TOOLS)
