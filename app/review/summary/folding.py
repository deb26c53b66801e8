"""The last part, folded: old problems nearby, problems without a comment, mistakes, skipped files, suppressions."""

from __future__ import annotations

from collections.abc import Sequence

from app.review import comments
from app.review.comments import BADGES
from app.review.grouping import Group
from app.review.markdown import Section, code, details, html, link, listed, plain, plural, prose, shorten
from app.review.summary.drawing import section, upper
from app.review.summary.facts import Facts
from rules.engine.finding import Finding, Severity

_MOST_LINES = 10
"""Of one file that say the same."""
_MOST_FILES = 8
_MOST_NAMES = 5
"""Of distributions with another version."""


def tail(facts: Facts, context: comments.Context) -> Section:
    """All of it in one fold, whose title counts what is in there."""
    parts = _parts(facts, context)
    if not parts:
        return Section(("",))
    label = " · ".join(name for name, _ in parts)

    def draw(most: int) -> str:
        blocks = []
        for name, rows in parts:
            left = len(rows) - most
            more = [f"- {left} more"] if left > 0 else []
            name = f"**{upper(name)}**\n\n" if len(parts) > 1 else ""  # one alone is named by the fold
            blocks.append(name + "\n".join([*rows[:most], *more]))
        return details(html(label), "\n\n".join(blocks) + "\n")

    longest = max(len(rows) for _, rows in parts)
    return section(draw, longest, rank=6, last=f"<sub>{html(label)}</sub>")


def _parts(facts: Facts, context: comments.Context) -> list[tuple[str, list[str]]]:
    """Each part's name and rows; those that have rows."""
    links = context.links
    parts: list[tuple[str, list[str]]] = []
    if facts.folded:
        rows = [f"- {row}" for row in _pointers(facts, context)]
        parts.append(
            (
                plural(len(facts.folded), "new problem without a comment", "new problems without a comment"),
                rows,
            )
        )
    if facts.hints:
        rows = _rows(facts.hints, context)
        parts.append((plural(len(facts.hints), "hint"), rows))
    heard = {fingerprint for entry in facts.heard for fingerprint in entry.fingerprints}
    heard.update(finding.fingerprint for finding in facts.hints)
    observed = [entry.first for entry in facts.new if heard.isdisjoint(entry.fingerprints)]
    if observed:
        parts.append((f"{len(observed)} observed", _rows(observed, context)))
    if facts.waived:
        rows = [
            f"- {_row(entry.finding, context)} Ignored by {code(entry.waiver.author)}: {prose(entry.waiver.reason)}"
            for entry in facts.waived
        ]
        parts.append((f"{plural(len(facts.waived), 'finding')} ignored on this pull request", rows))
    if facts.paused_by:
        rows = [f"- by {code(facts.paused_by)}; `/fastperf resume` takes them up again"]
        parts.append(("comments paused", rows))
    if facts.nearby:
        rows = _rows(facts.nearby, context)
        parts.append((plural(len(facts.nearby), "old finding") + " near your change", rows))
    if facts.bumped.findings:
        rows = [f"- {_row(finding, context)}" for finding in facts.bumped.findings]
        names = ", ".join(facts.bumped.names[:_MOST_NAMES])
        more = ", …" if len(facts.bumped.names) > _MOST_NAMES else ""
        parts.append((f"{len(rows)} by other versions of {names}{more}", rows))
    if facts.config_errors:
        rows = [
            f"- {links.place(error.path, error.line) if not error.path.startswith('org:') else plain(error.path)}: "
            f"{prose(error.message)}"
            for error in facts.config_errors
        ]
        parts.append((plural(len(facts.config_errors), "configuration error"), rows))
    if facts.skipped:
        rows = [f"- {code(entry.path)}: {prose(entry.reason)}" for entry in facts.skipped]
        parts.append((plural(len(facts.skipped), "file") + " skipped", rows))
    if facts.suppressed:
        rows = [
            f"- {links.place(entry.path, entry.line)} {code(entry.code)}"
            f"{' **added here**' if entry in facts.added else ''}"
            f": {prose(entry.reason) if entry.reason else 'no reason given'}"
            for entry in facts.suppressed
        ]
        word = plural(len(facts.suppressed), "suppression")
        added = len(facts.added)
        parts.append((f"{word}, {added} added" if added else word, rows))
    return parts


def _rows(findings: Sequence[Finding], context: comments.Context) -> list[str]:
    """A row for all that say the same, with their places."""
    alike: dict[tuple[object, ...], dict[str, list[Finding]]] = {}
    for finding in findings:
        key = finding.code, finding.message, finding.severity, finding.is_hint
        alike.setdefault(key, {}).setdefault(finding.path, []).append(finding)
    rows = []
    for files in alike.values():
        places = [_places(members, context) for members in files.values()]
        if (left := len(places) - _MOST_FILES) > 1:
            places[_MOST_FILES:] = [f"{left} more files"]
        first = next(iter(files.values()))[0]
        rows.append(f"- {_row(first, context, ' · '.join(places))}")
    return rows


def _places(members: Sequence[Finding], context: comments.Context) -> str:
    """The lines of one file: `shop/api.py:12 and lines 13 and 20`."""
    first, *others = members
    lines = [link(str(each.line), context.links.line(each.path, each.line)) for each in others[:_MOST_LINES]]
    lines += [f"{left} more"] if (left := len(others) - _MOST_LINES) > 0 else []
    more = f" and line{'s' if len(lines) > 1 else ''} {listed(lines)}" if lines else ""
    return f"{context.links.place(first.path, first.line)}{more}"


def _row(finding: Finding, context: comments.Context, places: str = "") -> str:
    where = places or context.links.place(finding.path, finding.line)
    return f"{_dot(finding)} {where} {code(finding.code)} {prose(shorten(finding.message, 300))}"


def _dot(finding: Finding) -> str:
    """What is only possible has no severity to be shown."""
    return BADGES[Severity.INFO if finding.is_hint else finding.severity].split()[0]


def _pointers(facts: Facts, context: comments.Context) -> list[str]:
    """Problems without a comment, under the recommendation that says what they are and what to do."""
    alone: list[str] = []
    told: dict[tuple[int, str, str], list[str]] = {}
    for entry in facts.folded:
        finding = entry.first
        if number := _recommended_in(entry, facts):
            place = context.links.place(finding.path, finding.line)
            told.setdefault((number, _dot(finding), finding.code), []).append(place)
        else:
            alone.append(_row(finding, context))
    return [
        *alone,
        *(
            f"{dot} {code(rule)}, recommendation {number}: {', '.join(places)}"
            for (number, dot, rule), places in told.items()
        ),
    ]


def _recommended_in(entry: Group, facts: Facts) -> int:
    """The number of the recommendation that speaks of these places; 0 for none."""
    spots = set(entry.places)
    return next(
        (
            number
            for number, item in enumerate(facts.recommendations, start=1)
            if (item.code == entry.first.code or item.meanwhile)
            and spots <= {(each.path, each.line) for each in item.places}
        ),
        0,
    )
