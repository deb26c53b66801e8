"""How: the patch of the proven fixes, and what a change by hand looks like."""

from __future__ import annotations

from collections.abc import Sequence

from app.review import comments
from app.review import patch as patches
from app.review.advice import Place
from app.review.markdown import Section, code, details, fence, html, listed, plural
from app.review.summary.drawing import section
from app.review.summary.facts import Facts
from rules.engine.finding import Finding


def implementation(facts: Facts, context: comments.Context) -> list[Section]:
    """The patch for all proven fixes, each change that it cannot hold, and for the rest what such a change looks like."""
    mended = {finding.fingerprint for finding in facts.patched}
    apart = [
        finding
        for entry in facts.heard
        for finding in entry.findings
        if not facts.one_click.union(mended).issuperset([finding.fingerprint])
        and comments.fix_details(finding, context)
    ]
    sections = [_patch(facts), _apart(apart, context), _shapes(facts), _examples(facts, context)]
    return [Section(("### Implementation",)), *sections] if any(each.forms[0] for each in sections) else []


def _patch(facts: Facts) -> Section:
    if not facts.patch:
        return Section(("",))
    count = len(facts.patched)
    every = "both" if count == 2 else f"all {count}"
    name = "The patch" if count == 1 else f"One patch for {every} proven fixes"
    note = ""
    if facts.unpatched:
        several = plural(len(facts.unpatched), "fix changes", "fixes change")
        note = f"{several} the same lines and will be offered again after it.\n\n"
    whole = details(
        f"{name} (<code>{patches.command(facts.patch)}</code>)", note + fence(facts.patch, "diff")
    )
    short = f"{name} is too long for this page; `fastperf check --diff` prints it."
    return Section((whole, short), rank=4)


def _apart(findings: Sequence[Finding], context: comments.Context) -> Section:
    """Fixes that are no click away and not in the patch, for they change the same lines as one that is."""

    def draw(most: int) -> str:
        parts = [
            f"{context.links.place(finding.path, finding.line)} · {code(finding.code)}\n"
            f"{comments.fix_details(finding, context)}"
            for finding in findings[:most]
        ]
        if (left := len(findings) - most) > 0:
            parts.append(f"{plural(left, 'more change')} that the patch does not hold.")
        return "\n\n".join(parts)

    return section(draw, len(findings), rank=5, last="") if findings else Section(("",))


def _shapes(facts: Facts) -> Section:
    """What no fix does, before and after, in the code at hand."""
    points: dict[tuple[str, str], list[int]] = {}
    for number, item in enumerate(facts.recommendations, start=1):
        if item.by_hand and item.sketch:
            where = _function(item.places[0])
            points.setdefault((where, item.sketch), []).append(number)
    folded = [
        details(f"{_points(numbers)}: what the change looks like in {where}", fence(sketch, "diff"))
        for (where, sketch), numbers in points.items()
    ]

    def draw(most: int) -> str:
        return "\n\n".join(folded[:most])

    return section(draw, len(folded), rank=5, last="") if folded else Section(("",))


def _examples(facts: Facts, context: comments.Context) -> Section:
    """Where such a change is shown, for what few lines of the code at hand do not show."""
    pages: dict[str, list[int]] = {}
    for number, item in enumerate(facts.recommendations, start=1):
        if item.by_hand and not item.sketch:
            pages.setdefault(item.code, []).append(number)
    linked = [
        f"[{rule}]({page}) (recommendation{'s' if len(numbers) > 1 else ''} {listed([str(number) for number in numbers])})"
        for rule, numbers in pages.items()
        if (page := context.links.rule(rule, "examples"))
    ]

    def draw(most: int) -> str:
        return f"<sub>Examples before and after: {', '.join(linked[:most])}.</sub>"

    return section(draw, len(linked), rank=5, last="") if linked else Section(("",))


def _function(place: Place) -> str:
    """Where a change is made, as a title says it."""
    return html(f"`{place.symbol}`" if place.symbol else f"`{place.path}`:{place.line}")


def _points(numbers: Sequence[int]) -> str:
    """How recommendations are called further down."""
    return f"Recommendation{'s' if len(numbers) > 1 else ''} {listed([str(number) for number in numbers])}"
