"""What people asked for on a pull request, and what holds until it is closed: findings ignored, comments paused."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.review import marker, paths
from rules.engine.finding import Finding
from rules.engine.fingerprints import core_of


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A person's decision to leave findings alone, with the reason they gave."""

    code: str = ""
    """Empty: whatever the rule."""
    path: str = ""
    """A path or a glob as in `.gitignore`; empty: everywhere."""
    token: str = ""
    """One finding, as markers name it; empty: all that code and path let through."""
    reason: str
    author: str
    at: float = 0.0

    def covers(self, finding: Finding) -> bool:
        if self.token and core_of(self.token) != core_of(marker.token(finding.fingerprint)):
            return False
        if self.code and finding.code != self.code:
            return False
        return not self.path or self.path == finding.path or paths.matches(self.path, finding.path)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was asked for on one pull request."""

    waivers: tuple[Waiver, ...] = ()
    paused_by: str = ""
    """Who asked for no more comments; empty when nobody did."""


class Waived(msgspec.Struct, frozen=True):
    """A new finding that somebody ignored: it neither counts nor is commented, and is listed."""

    finding: Finding
    waiver: Waiver


def waived(new: Iterable[Finding], wishes: Wishes) -> tuple[Waived, ...]:
    """Those of the new findings that a waiver covers, each with the first one that does."""
    return tuple(
        Waived(finding, waiver)
        for finding in new
        if (waiver := next((each for each in wishes.waivers if each.covers(finding)), None)) is not None
    )
