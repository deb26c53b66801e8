"""How long what is stored is of use, and what deletes the rest."""

from __future__ import annotations

import time
from typing import Final

import sqlalchemy as sa

from app import tables

DAY: Final = 86_400.0
COSTS_DAYS: Final = 730.0
"""A line of costs is worth something when it is longer than the reports it is drawn on."""
OPEN_DAYS: Final = 400.0
"""What is known of a pull request that stays open and quiet: GitHub keeps its check runs for as long."""


def unused(until: float) -> list[sa.Delete]:
    """What deletes all that nobody used since `until`, and all that is too old whoever uses it."""
    oldest = min(until, time.time() - OPEN_DAYS * DAY)
    other = tables.reviews.alias()
    newest = sa.select(sa.func.max(other.c.at)).where(
        other.c.repository_id == tables.reviews.c.repository_id,
        other.c.number == tables.reviews.c.number,
    )
    is_last = tables.reviews.c.at >= newest.scalar_subquery()
    return [
        sa.delete(tables.blobs).where(tables.blobs.c.used_at < until),
        sa.delete(tables.trees).where(tables.trees.c.used_at < until),
        sa.delete(tables.reviews).where(
            tables.reviews.c.at < until, sa.or_(sa.not_(is_last), tables.reviews.c.at < oldest)
        ),
        sa.delete(tables.reports).where(tables.reports.c.at < until),
        sa.delete(tables.answers).where(tables.answers.c.at < until),
        sa.delete(tables.costs).where(tables.costs.c.at < time.time() - COSTS_DAYS * DAY),
        sa.delete(tables.verdicts).where(tables.verdicts.c.at < until),
        sa.delete(tables.begun).where(tables.begun.c.at < until),
        sa.delete(tables.claims).where(tables.claims.c.at < until),
        sa.delete(tables.pulls).where(tables.pulls.c.at < oldest),
        sa.delete(tables.said).where(tables.said.c.at < oldest),
        sa.delete(tables.resolved).where(tables.resolved.c.at < oldest),
        sa.delete(tables.lost).where(tables.lost.c.at < until),
        sa.delete(tables.marks).where(tables.marks.c.at < until),
        sa.delete(tables.machines).where(tables.machines.c.seen_at < until),
    ]
