"""Every new problem in full, for the check run's details."""

from __future__ import annotations

from app.review import comments
from app.review.grouping import Group
from app.review.markdown import Section, code, fit, prose, shorten
from app.review.summary.drawing import ROWS
from app.review.summary.facts import Facts


def details_text(facts: Facts, context: comments.Context) -> str:
    """Every new problem in full, for the check run's details; empty when there is none."""
    sections = [_full(entry, context) for entry in facts.heard[: ROWS[0]]]
    left = len(facts.heard) - ROWS[0]
    if left > 0:
        sections.append(Section((f"{left} more are in the summary's counts.",)))
    return fit(sections, separator="\n\n---\n\n")


def _full(entry: Group, context: comments.Context) -> Section:
    finding = entry.first
    place = context.links.place(finding.path, finding.line)
    head = f"{place}\n\n{comments.headline(entry, context.links, limit=400)}"
    why = prose(shorten(finding.why, 600))
    instead = f"**Instead** {prose(shorten(finding.instead, 600))}" if finding.instead else ""
    middle = [
        comments.path_lines(entry, context.links),
        why,
        comments.impact(finding, context.links),
        instead,
    ]
    fix = comments.fix_details(finding, context)
    whole = "\n\n".join(part for part in (head, *middle, fix) if part)
    medium = "\n\n".join(part for part in (head, *middle) if part)
    return Section(tuple(dict.fromkeys((whole, medium, head, f"{place} {code(finding.code)}", ""))), rank=1)
