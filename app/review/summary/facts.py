"""What the texts of a review are made of."""

from __future__ import annotations

from dataclasses import dataclass

from app.github.models import Conclusion
from app.review.advice import Question, Recommendation
from app.review.budgets import BudgetRow
from app.review.costs import EndpointChange
from app.review.grouping import Group
from app.review.reading import ConfigError
from app.review.wishes import Waived
from rules.engine.finding import Bumped, Finding, Skipped, Suppressed

_UNMOVED = Bumped()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the texts are made of."""

    conclusion: Conclusion
    new: tuple[Group, ...]
    heard: tuple[Group, ...]
    """Those of `new` that are not merely observed or hints: the problems that are counted and talked about."""
    hints: tuple[Finding, ...]
    """New, but info or merely possible."""
    blocking: frozenset[str]
    grown: frozenset[str]
    fixed: tuple[Group, ...]
    existing: tuple[Group, ...]
    nearby: tuple[Finding, ...]
    endpoints: tuple[EndpointChange, ...]
    recommendations: tuple[Recommendation, ...]
    questions: tuple[Question, ...]
    one_click: frozenset[str]
    commented: frozenset[str]
    """Fingerprints of what a comment says, its trade-off too."""
    folded: tuple[Group, ...]
    patch: str
    patched: tuple[Finding, ...]
    unpatched: tuple[Finding, ...]
    missed: tuple[Skipped, ...]
    skipped: tuple[Skipped, ...]
    faults: tuple[str, ...]
    suppressed: tuple[Suppressed, ...]
    added: frozenset[Suppressed]
    config_errors: tuple[ConfigError, ...]
    waived: tuple[Waived, ...] = ()
    paused_by: str = ""
    budgets: tuple[BudgetRow, ...] = ()
    roots: tuple[str, ...] = ()
    """Folders that are projects of their own, with requirements of their own."""
    checklist: tuple[Finding, ...] = ()
    """What the project lacks: advice, neither counted nor said on a line."""
    bumped: Bumped = _UNMOVED
    """What other versions of libraries bring, which blocks nothing."""
    is_new_service: bool = True
    """Whether this change brings the project's first endpoints, so that the advice is news."""

    @property
    def stopping(self) -> tuple[Group, ...]:
        """Groups with a finding that fails the check run, or would in the mode `gate`."""
        return tuple(
            entry
            for entry in self.heard
            if any(finding.fingerprint in self.blocking for finding in entry.findings)
        )

    @property
    def spared(self) -> bool:
        """Whether only the mode (or an advisory branch) keeps the check run from failing."""
        return bool(self.blocking) and self.conclusion != "failure"
