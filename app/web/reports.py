"""`/reviews/{id}`: one review in full, for whoever has the signed address of its check run. It shows no source."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from aiohttp import web

from app.reportlinks import ReportLinks
from app.review.costs import EndpointChange, weigh
from app.review.markdown import figure
from app.review.record import Record
from app.store import Store
from app.web import charts, load_chart, pages
from rules.engine import registry
from rules.engine.finding import Cost, Finding, Severity

log = structlog.get_logger(__name__)

MOST_ENDPOINTS = 60
SEVERITIES = tuple(Severity)


class Reports:
    def __init__(self, store: Store, links: ReportLinks) -> None:
        self._store = store
        self._links = links

    async def page(self, request: web.Request) -> web.Response:
        """404 for everything that is not there for this visitor, so that names cannot be tried out."""
        report_id = request.match_info["id"]
        query = request.query
        if not self._links.allows(report_id, query.get("until", ""), query.get("key", "")):
            raise web.HTTPNotFound(reason="there is no such report, or its address has ended")
        data = await self._store.report(report_id)
        if data is None:
            raise web.HTTPNotFound(reason="there is no such report, or its address has ended")
        try:
            html = await asyncio.to_thread(render, data)
        except msgspec.MsgspecError:
            log.warning("report_of_another_version", report=report_id)
            raise web.HTTPNotFound(
                reason="this report was written by another version: /fastperf rescan writes it anew"
            ) from None
        return pages.response(html, public=False)


class Bar(NamedTuple):
    """One endpoint's row: its costs in words, and how long its bars are."""

    change: EndpointChange
    chart: str


def render(data: bytes) -> str:
    """The page of a stored record. Raises msgspec.MsgspecError for a record of another form."""
    record = Record.decode(data)
    shown = record.endpoints[:MOST_ENDPOINTS]
    longest = max(
        (_statements(cost) for change in shown for cost in (change.before, change.after)), default=0.0
    )
    return pages.render(
        "report.html",
        record=record,
        counts=[(severity, *_counts(record, severity)) for severity in SEVERITIES],
        bars=[Bar(change, _bars(change, longest)) for change in shown],
        more_endpoints=len(record.endpoints) - len(shown),
        files=_by_file(record.new),
        cards={finding.code: _card(finding.code) for finding in record.new},
        markdown=pages.markdown,
        figure=figure,
        path_graph=charts.path_graph,
        curves=load_chart.curves(record),
        blocking=frozenset(record.blocking),
    )


def _counts(record: Record, severity: Severity) -> tuple[int, int, int]:
    """New, fixed, already there."""
    return (
        sum(finding.severity == severity for finding in record.new),
        sum(finding.severity == severity for finding in record.fixed),
        record.existing.get(severity, 0),
    )


def _statements(cost: Cost | None) -> float:
    """Round trips of one request, with every unknown size as 100; for the length of bars only."""
    return 0.0 if cost is None else weigh(cost.queries) + weigh(cost.external_calls)


def _bars(change: EndpointChange, longest: float) -> str:
    return charts.before_and_after(_statements(change.before), _statements(change.after), longest)


def _by_file(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """In the order of the worst finding of each file."""
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.path, []).append(finding)
    return list(files.items())


def _card(code: str) -> Any:
    """The rule's prose; nothing for a rule that this version does not have."""
    try:
        return registry.card(registry.by_code(code))
    except KeyError:
        return None
