"""`/reviews/{id}`: one review in full.

Whoever has the signed address of its check run sees findings without source. Who signed in with GitHub, and may read
the repository there at this moment, sees the source too: it is read with that person's own token and kept nowhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
import structlog
from aiohttp import web
from markupsafe import Markup

from app.github.errors import GitHubError
from app.github.models import Repository
from app.records import KeptReport
from app.reportlinks import ReportLinks
from app.review import history, patch
from app.review.amounts import named, short_name, weigh
from app.review.answered import Answered
from app.review.budgets import BudgetRow
from app.review.costs import EndpointChange
from app.review.links import Links
from app.review.markdown import figure, grounds
from app.review.record import Record
from app.store import Store
from app.web import charts, excerpts, load_chart, pages
from app.web.sessions import Session
from app.web.signin import Visitors
from rules.engine import registry
from rules.engine.costs.polynomials import brief
from rules.engine.finding import Cost, Finding, Severity, worst_case

log = structlog.get_logger(__name__)

MOST_ENDPOINTS: Final = 60
MOST_FINDINGS: Final = 200
SOURCE_SECONDS: Final = 8.0
"""For so long the page waits for GitHub to give the source; without it the page is shown all the same."""
SEVERITIES: Final = tuple(Severity)
MEASURES: Final = (("queries", "queries"), ("external calls", "external_calls"), ("waits", "serial_waits"))
ABSENT: Final = "there is no such report, or its address has ended"


class Seen(NamedTuple):
    """A report as this visitor may see it. Without `repository` they see no source."""

    record: Record
    session: Session | None
    repository: Repository | None
    signed: bool
    """Whether the address itself opens the page."""
    merged: tuple[history.Merged, ...] = ()
    """What moved the costs of endpoints before this review was made."""


class Reports:
    def __init__(self, store: Store, links: ReportLinks, visitors: Visitors, web_url: str = "") -> None:
        self._store = store
        self._links = links
        self._visitors = visitors
        self._web_url = web_url

    async def page(self, request: web.Request) -> web.StreamResponse:
        """404 for everything that is not there for this visitor, so that names cannot be tried out."""
        seen = await self._seen(request)
        files, missing = await self._source(seen)
        text = await asyncio.to_thread(
            render,
            seen.record,
            viewer=self._viewer(request, seen.session, seen.repository, source_missing=missing),
            answers=await self._answers(request),
            texts=files,
            merged=seen.merged,
            web_url=self._web_url,
        )
        return pages.response(text, public=False, script=True)

    async def patch(self, request: web.Request) -> web.StreamResponse:
        """`/reviews/{id}/fastperf.patch`: the proven fixes as a file, for those who may read the source."""
        seen = await self._seen(request)
        if seen.repository is None or not seen.record.patch:
            raise web.HTTPNotFound(reason=ABSENT)
        return web.Response(
            text=seen.record.patch,
            content_type="text/x-diff",
            charset="utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="fastperf-{seen.record.number}.patch"',
            },
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """`/reviews/{id}/answers/{name}`: all that a comment on the pull request had no room for."""
        report_id = request.match_info["id"]
        signed, session = self._entry(request)
        kept = await self._store.answer(report_id, request.match_info["name"])
        if kept is None:
            raise web.HTTPNotFound(reason=ABSENT)
        try:
            answered = Answered.decode(kept.data)
        except msgspec.MsgspecError:
            raise web.HTTPNotFound(reason=ABSENT) from None
        repository = await self._readable(kept, answered.repository, signed, session)
        there = await self._store.kept_report(report_id)
        text = await asyncio.to_thread(
            render_answer,
            answered,
            viewer=self._viewer(request, session, repository),
            at=kept.at,
            report_url=_aside(request, f"/reviews/{report_id}") if there is not None else "",
            web_url=self._web_url,
        )
        return pages.response(text, public=False)

    async def _seen(self, request: web.Request) -> Seen:
        report_id = request.match_info["id"]
        signed, session = self._entry(request)
        kept = await self._store.kept_report(report_id)
        if kept is None:
            raise web.HTTPNotFound(reason=ABSENT)
        record = _record(kept, report_id)
        repository = await self._readable(kept, record.repository, signed, session)
        merged = await self._store.costs(kept.repository_id, record.base_ref, kept.at)
        return Seen(record, session, repository, signed, tuple(merged))

    def _entry(self, request: web.Request) -> tuple[bool, Session | None]:
        """Whether the address itself opens the page, and who looks. Somebody with neither is sent to sign in."""
        signed = self._links.allows(
            request.match_info["id"], request.query.get("until", ""), request.query.get("key", "")
        )
        session = self._visitors.session(request)
        if not signed and session is None:
            if self._visitors.can_sign_in:  # whatever the id: nobody learns here which reports there are
                raise web.HTTPSeeOther(self._sign_in(request), headers={"Cache-Control": "no-store"})
            raise web.HTTPNotFound(reason=ABSENT)
        return signed, session

    async def _readable(
        self, kept: KeptReport, full_name: str, signed: bool, session: Session | None
    ) -> Repository | None:
        """The repository, as far as this visitor may read it. 404 for who has no signed address and may not."""
        repository = None
        if session is not None:
            repository = await self._visitors.readable(session, full_name, kept.repository_id)
        if not signed and repository is None:
            raise web.HTTPNotFound(reason=ABSENT)
        return repository

    def _viewer(
        self,
        request: web.Request,
        session: Session | None,
        repository: Repository | None,
        *,
        source_missing: bool = False,
    ) -> Viewer:
        return Viewer(
            login=session.login if session else "",
            reads=repository is not None,
            sign_in=self._sign_in(request) if self._visitors.can_sign_in else "",
            source_missing=source_missing,
            patch_url=f"{request.path}/fastperf.patch",
        )

    async def _source(self, seen: Seen) -> tuple[dict[str, bytes | None], bool]:
        """The files that the page quotes, and whether GitHub failed to give them."""
        if seen.repository is None or seen.session is None:
            return {}, False
        names = excerpts.paths(seen.record)
        if not names:
            return {}, False
        person = self._visitors.person(seen.session)
        try:
            async with asyncio.timeout(SOURCE_SECONDS):
                found = await person.texts(
                    seen.repository, excerpts.wanted(seen.record, names), limit=excerpts.LARGEST_FILE + 1
                )
        except (GitHubError, TimeoutError) as error:
            log.warning("source_not_read", error=type(error).__name__)
            return {}, True
        return {path: content for (_, path), content in found.items()}, False

    async def _answers(self, request: web.Request) -> list[tuple[str, str]]:
        """What was answered at length at this head: what was asked, and the page of it."""
        report_id = request.match_info["id"]
        found: list[tuple[str, str]] = []
        for name in await self._store.answers(report_id):
            kept = await self._store.answer(report_id, name)
            with contextlib.suppress(msgspec.MsgspecError):
                if kept is not None:
                    asked = " · ".join(Answered.decode(kept.data).asked)
                    found.append((asked, _aside(request, f"{request.path}/answers/{name}")))
        return found

    def _sign_in(self, request: web.Request) -> str:
        return "/sign-in?" + urlencode({"then": request.path_qs})


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a report."""

    login: str = ""
    reads: bool = False
    """Whether GitHub lets them read the repository."""
    sign_in: str = ""
    """The address to sign in at; empty when that is not set up."""
    source_missing: bool = False
    patch_url: str = ""


NOBODY: Final = Viewer()


class Measure(NamedTuple):
    """One figure of an endpoint, before and after, in words and as bars."""

    before: str
    after: str
    chart: Markup
    line: Markup
    """The same figure after each merged change; empty when none is known."""


class Stops(NamedTuple):
    """What stops the event loop, by the names that people know it by."""

    come: list[str]
    there: list[str]
    """Before as now."""
    gone: list[str]

    @classmethod
    def of(cls, change: EndpointChange) -> Stops:
        old, new = (
            list(dict.fromkeys(map(short_name, cost.blocking))) if cost is not None else []
            for cost in (change.before, change.after)
        )
        return cls(
            [name for name in new if name not in old],
            [name for name in new if name in old],
            [name for name in old if name not in new],
        )


class Step(NamedTuple):
    """A merged change that moved the endpoint's cost: which, when, and what it costs since."""

    number: int
    date: str
    figures: str


class Row(NamedTuple):
    change: EndpointChange
    measures: list[Measure]
    steps: list[Step]
    budgets: list[BudgetRow]
    sizes: list[tuple[str, str]]
    """What the letters in its figures count."""
    stops: Stops


def render(
    record: Record,
    *,
    viewer: Viewer = NOBODY,
    texts: Mapping[str, bytes | None] | None = None,
    merged: Sequence[history.Merged] = (),
    answers: Sequence[tuple[str, str]] = (),
    web_url: str = "",
) -> str:
    """The page of a record. Source and patch are in it only for a viewer who reads the repository."""
    files = excerpts.read(texts or {}) if viewer.reads else {}
    shown = record.endpoints[:MOST_ENDPOINTS]
    others = [entry for entry in merged if entry.number != record.number]
    steps = [history.of(change, others) for change in shown]
    costs = [cost for change in shown for cost in (change.before, change.after)]
    costs += [step.cost for line in steps for step in line]
    longest = max((size for cost in costs for size in _sizes(cost)), default=0.0)
    rows = [_row(change, line, record, longest) for change, line in zip(shown, steps, strict=True)]
    links = Links(web_url, record.repository, record.head_sha)
    return pages.render(
        "report.html",
        worst_case=worst_case(cost for cost in costs if cost is not None),
        record=record,
        viewer=viewer,
        repository_url=f"{web_url}/{record.repository}" if web_url else "",
        link=links.line if web_url else _nowhere,
        counts=[(severity, *_counts(record, severity)) for severity in SEVERITIES],
        measures=[name for name, _ in MEASURES],
        rows=[row for row in rows if row.change.changed],
        unchanged=[row for row in rows if not row.change.changed],
        history=any(row.steps for row in rows),
        more_endpoints=len(record.endpoints) - len(shown),
        files=_by_file(record.new[:MOST_FINDINGS]),
        more_findings=max(0, len(record.new) - MOST_FINDINGS),
        cards={finding.code: _card(finding.code) for finding in record.new},
        markdown=pages.markdown,
        figure=figure,
        grounds=lambda impact: grounds(impact, str),
        graph=_graph,
        code=lambda finding: excerpts.around(finding, files),
        hop=lambda hop: excerpts.hop(files, hop.path, hop.line),
        fix=lambda finding: _fix(record, finding, files),
        diff=lambda text: pages.highlighted(text, "diff"),
        patch=record.patch if viewer.reads else "",
        patch_command=patch.command(record.patch) if record.patch else "",
        has_patch=bool(record.patch),
        answers=answers,
        curves=load_chart.curves(record),
        other_curves=load_chart.others(record),
        blocking=frozenset(record.blocking),
    )


def render_answer(
    answered: Answered, *, viewer: Viewer = NOBODY, at: float = 0.0, report_url: str = "", web_url: str = ""
) -> str:
    """The page of an answer. What quotes files of the project is in it only for a viewer who reads the repository."""
    return pages.render(
        "answer.html",
        answered=answered,
        viewer=viewer,
        date=_date(at),
        report_url=report_url,
        repository_url=f"{web_url}/{answered.repository}" if web_url else "",
        parts=[
            pages.markdown_answer(part.text) if viewer.reads or not part.quotes else None
            for part in answered.parts
        ],
        curves=[load_chart.of_ceilings(part.ceilings, part.wanted) for part in answered.parts],
    )


def _aside(request: web.Request, path: str) -> str:
    """Another page that the same key opens."""
    return f"{path}?{request.query_string}" if request.query_string else path


def _record(kept: KeptReport, report_id: str) -> Record:
    try:
        return Record.decode(kept.data)
    except msgspec.MsgspecError:
        log.warning("report_of_another_version", report=report_id)
        raise web.HTTPNotFound(
            reason="this report was written by another version: /fastperf rescan writes it anew"
        ) from None


def _graph(finding: Finding) -> Markup:
    starts = [str(ref) for ref in finding.endpoints] or ([str(finding.endpoint)] if finding.endpoint else [])
    return charts.path_graph(finding.call_path, starts, finding.leaf)


def _fix(record: Record, finding: Finding, files: excerpts.Files) -> str:
    """The proven fix of a finding as a diff; empty when there is none, or its lines are not known."""
    proven = record.fixes.get(finding.fingerprint)
    return excerpts.diff(proven, files) if proven and files else ""


def _nowhere(path: str, line: int, end_line: int | None = None) -> str:
    return ""


def _counts(record: Record, severity: Severity) -> tuple[int, int, int]:
    """New, fixed, already there."""
    if record.counts:
        return record.counts.get(severity, (0, 0, 0))
    return (
        sum(finding.severity == severity and not finding.is_hint for finding in record.new),
        sum(finding.severity == severity for finding in record.fixed),
        record.existing.get(severity, 0),
    )


def _sizes(cost: Cost | None) -> list[float]:
    """Every figure of a cost with each unknown size as 100; for the length of bars only."""
    return [] if cost is None else [weigh(getattr(cost, attribute)) for _, attribute in MEASURES]


def _size(cost: Cost | None, attribute: str) -> float | None:
    return None if cost is None else weigh(getattr(cost, attribute))


def _row(change: EndpointChange, line: Sequence[history.Step], record: Record, longest: float) -> Row:
    costs = [step.cost for step in line]
    if line:
        costs += (
            [change.after] if change.after == costs[-1] == change.before else [change.before, change.after]
        )
    measures = [
        Measure(
            *_told(change, attribute),
            charts.before_and_after(_size(change.before, attribute), _size(change.after, attribute), longest),
            charts.line_of([_size(cost, attribute) for cost in costs]),
        )
        for _, attribute in MEASURES
    ]
    told = [Step(step.number, _date(step.at), _figures(step.cost)) for step in line if step.number]
    sizes = named(change.sizes, *(measure.after for measure in measures))
    kept = [row for row in record.budgets if row.ref == change.ref]
    return Row(change, measures, told, kept, sizes, Stops.of(change))


def _told(change: EndpointChange, attribute: str) -> tuple[str, str]:
    """A figure before and after, in brief; empty where the endpoint is not there."""
    if change.after is None:
        return brief(getattr(change.before, attribute, "")), ""
    old, new = change.told(attribute)
    return old or "", new


def _figures(cost: Cost | None) -> str:
    """`queries 2 + N, external calls 1, waits 3`."""
    if cost is None:
        return "gone"
    words = [f"{name} {brief(getattr(cost, attribute))}" for name, attribute in MEASURES]
    return ", ".join([*words, f"blocks the loop: {', '.join(cost.blocking)}"] if cost.blocking else words)


def _date(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _by_file(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings under their file, the files in the order of their worst finding."""
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
