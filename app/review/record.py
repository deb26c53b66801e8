"""What is kept of a review for its page. Of source code that is only what proven fixes replace, kept apart."""

from __future__ import annotations

from typing import Self

import msgspec

from app.github.models import Conclusion
from app.review.advice import Question, Recommendation, metrics, tools
from app.review.budgets import BudgetRow
from app.review.costs import EndpointChange
from app.review.grouping import group
from app.review.report import Report
from rules.engine.costs.capacity import Site
from rules.engine.finding import Finding, ProvenFix, Skipped, Statistics, Suppressed

MOST_STANDING = 300
"""Endpoints beside those of the change of which the costs are kept."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One review, as its page shows it. `patch` and `fixes` hold lines of the project: for people who may read it."""

    repository: str
    number: int
    head_sha: str
    conclusion: Conclusion
    title: str
    new: tuple[Finding, ...] = ()
    blocking: tuple[str, ...] = ()
    fixed: tuple[Finding, ...] = ()
    existing: dict[str, int] = {}
    """Severity -> how many findings were there before."""
    counts: dict[str, tuple[int, int, int]] = {}
    """Severity -> how many problems are new, fixed and there before, as the check run counts them."""
    endpoints: tuple[EndpointChange, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    metrics: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """What shows these problems in production; markdown."""
    questions: tuple[Question, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    faults: tuple[str, ...] = ()
    statistics: Statistics = Statistics()
    base_ref: str = ""
    """The branch it goes to."""
    budgets: tuple[BudgetRow, ...] = ()
    site: Site | None = None
    """What the service runs on, as far as it was told or is assumed."""
    sites: dict[str, Site] = {}
    """By folder, where its configuration says otherwise."""
    applicable: bool = False
    """Whether there are fixes that a button may commit, if an owner granted that: to no fork."""
    patch: str = ""
    """All proven fixes of new findings, as the check run shows it too."""
    standing: tuple[EndpointChange, ...] = ()
    """Endpoints that the change has nothing to do with."""
    fixes: dict[str, ProvenFix] = {}
    """Fingerprint -> the proven fix of that finding."""

    @classmethod
    def of(cls, report: Report, repository: str, number: int, head_sha: str, base_ref: str = "") -> Self:
        groups = group(report.new)
        existing: dict[str, int] = {}
        for finding in report.existing:
            existing[finding.severity] = existing.get(finding.severity, 0) + 1
        return cls(
            repository=repository,
            number=number,
            head_sha=head_sha,
            conclusion=report.conclusion,
            title=report.title,
            new=tuple(_without_source(finding) for finding in report.new),
            blocking=report.blocking,
            fixed=tuple(_without_source(finding) for finding in report.fixed),
            existing=existing,
            counts=report.counts,
            endpoints=report.endpoints,
            standing=report.standing[:MOST_STANDING],
            recommendations=report.recommendations,
            metrics=tuple(metric for metric, _ in metrics(groups)),
            tools=tools(groups),
            questions=report.questions,
            suppressed=report.suppressed,
            skipped=report.skipped,
            faults=report.faults,
            statistics=report.statistics,
            base_ref=base_ref,
            budgets=report.budgets,
            site=report.site,
            sites=report.sites,
            patch=report.patch,
            fixes={finding.fingerprint: finding.fix for finding in report.new if finding.fix},
        )

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Record:
        """Raises msgspec.MsgspecError for a record of another form."""
        return msgspec.msgpack.decode(data, type=Record)


def _without_source(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, fix=None, places=(), text="")
