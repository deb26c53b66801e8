"""Answers about a whole project as Markdown: short for a comment, whole for a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from app.analysis.messages import Branched, Diagnosed
from app.review import grouping
from app.review.amounts import short_name
from app.review.comments import BADGES
from app.review.grouping import Entry
from app.review.links import Links
from app.review.markdown import code, plural, prose, sentence, shorten, size, table
from rules.engine.costs import capacity, estimates, load_plans
from rules.engine.costs.polynomials import brief
from rules.engine.finding import WORST_CASE, Confidence, Result, Severity


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """How much is told; the rest is counted."""

    bytes: int
    depth: int
    calls: int
    """Of one function."""
    endpoints: int
    findings: int
    changes: int
    places: int
    """Of one cause, beside the costliest."""


SHORT: Final = Detail(bytes=8_000, depth=8, calls=6, endpoints=15, findings=20, changes=8, places=4)
WHOLE: Final = Detail(
    bytes=100_000, depth=12, calls=1_000, endpoints=1_000, findings=1_000, changes=50, places=1_000
)


def diagnosed(found: Diagnosed, links: Links, detail: Detail = SHORT) -> str:
    """The cost tree as a nested list, the costliest first."""
    totals = [
        f"queries **{prose(brief(found.queries))}**",
        f"external calls **{prose(brief(found.external_calls))}**",
    ]
    if found.unbounded:
        totals.append("unbounded")
    if found.blocking:
        stops = dict.fromkeys(map(short_name, found.blocking))
        totals.append(f"blocks the loop: {', '.join(map(code, [*stops][:5]))}")
    lines = [f"### {code(f'{found.method} {found.path}')}", " · ".join(totals), ""]
    room = detail.bytes - size("\n".join(lines))
    for line in _branches(found.branches, links, detail, 0):
        room -= size(line) + 1
        if room < 0:
            lines.append("- …")
            break
        lines.append(line)
    sizes = ", ".join(
        f"{letter} = {f'items of {code(name)}' if name else 'turns of a loop'}"
        for letter, name in found.sizes.items()
    )
    lines.append(f"\n<sub>{WORST_CASE}{f' {sizes}.' if sizes else ''}</sub>")
    return "\n".join(lines)


def _branches(branches: Sequence[Branched], links: Links, detail: Detail, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for branch in branches[: detail.calls]:
        parts = []
        if branch.queries != "0":
            parts.append(f"{prose(brief(branch.queries))} {'query' if branch.queries == '1' else 'queries'}")
        if branch.external_calls != "0":
            parts.append(f"{prose(brief(branch.external_calls))} external")
        role = f" ({branch.role})" if branch.role not in ("call", "handler") else ""
        each = f" for each of {', of '.join(map(code, branch.loops))}" if branch.loops else ""
        cost = f": {' · '.join(parts)}" if parts else ""
        name = branch.name if branch.inside else short_name(branch.name)
        yield f"{indent}- {code(name)}{role}{cost}{each} {links.place(branch.path, branch.line)}"
        if depth + 1 < detail.depth:
            yield from _branches(branch.inside, links, detail, depth + 1)
    if (more := len(branches) - detail.calls) > 0:
        yield f"{indent}- and {more} more"


def scaled(
    found: Sequence[capacity.Capacity],
    stay: Sequence[capacity.Sockets],
    detail: Detail = SHORT,
) -> str:
    """The tightest endpoints, and what to change for the load."""
    if not found:
        return "No endpoints were found."
    rows = [
        [
            code(entry.name, cell=True),
            f"{estimates.number(entry.ceiling)}/s",
            entry.limits[0].resource,
            f"{entry.limits[1].resource} at {estimates.number(entry.limits[1].rps)}/s"
            if len(entry.limits) > 1
            else "",
        ]
        for entry in found[: detail.endpoints]
    ]
    parts = [table(("endpoint", "at most", "saturates first", "next"), ("---", "--:", "---", "---"), rows)]
    if (more := len(found) - detail.endpoints) > 0:
        parts.append(f"{plural(more, 'other endpoint takes', 'other endpoints take')} more.")
    tightest = found[0]
    parts.append(
        f"<sub>{code(tightest.name)}: {prose(tightest.limits[0].formula)} = "
        f"{estimates.number(tightest.ceiling)} requests/s{f' ({prose(tightest.work)})' if tightest.work else ''}</sub>"
    )
    parts += [
        f"{code(f'WEBSOCKET {each.path}')}: at most {each.connections:,} clients at once: {prose(each.formula)}."
        for each in stay[: detail.endpoints]
        if each.connections
    ]
    parts += [prose(line) for line in load_plans.standstills(found)]
    load, short = load_plans.told(found), load_plans.short(found)
    if not load:
        parts.append(
            "How much that is of today's load is not known: `rps` under `[tool.fastperf.context]` says it."
        )
    elif not short:
        parts.append(f"Every endpoint by itself takes {load}.")
    else:
        parts.append(
            f"**{len(short)} of {len(found)} endpoints cannot take {load}** with a fifth in reserve:"
        )
        changes = load_plans.changes(found)[: detail.changes]
        parts.append(
            "\n".join(f"{number}. {prose(str(change))}" for number, change in enumerate(changes, start=1))
        )
    parts.append(f"<sub>{prose(load_plans.resting_on(found))}</sub>")
    return "\n\n".join(parts)


def audited(result: Result, links: Links, detail: Detail = SHORT) -> str:
    """How much there is of what, and the worst places."""
    findings = [each for each in result.findings if each.confidence != Confidence.POSSIBLE]
    counts = Counter(finding.severity for finding in findings)
    if not findings:
        silent = f"{plural(result.statistics.files, 'file')}: nothing to report."
        return "\n\n".join([silent, *_advised(result)])
    rows = [[BADGES[severity].lower(), str(counts[severity])] for severity in Severity if counts[severity]]
    parts = [
        f"### {plural(len(findings), 'finding')} in {plural(result.statistics.files, 'file')}",
        table(("severity", "findings"), ("---", "--:"), rows),
    ]
    worst = sorted(grouping.causes(findings, result.endpoints), key=_rank)
    parts.append("\n".join(f"- {_row(entry, links, detail.places)}" for entry in worst[: detail.findings]))
    left = [finding for entry in worst[detail.findings :] for finding in entry.findings]
    if more := len(left):
        rules = Counter(finding.code for finding in left)
        told = ", ".join(f"{name} {count}" for name, count in rules.most_common(12))
        parts.append(f"{more} more: {told}. `fastperf check` in a checkout lists all of them.")
    return "\n\n".join([*parts, *_advised(result)])


def _advised(result: Result) -> list[str]:
    """What the project lacks, said here and on its first pull request alone."""
    if not result.advice:
        return []
    rows = [f"- {prose(advice.message)} {prose(sentence(advice.instead))}" for advice in result.advice]
    return ["#### What the project lacks", "\n".join(rows)]


def _rank(entry: Entry) -> tuple[object, ...]:
    finding = entry.first
    return -finding.severity.rank, not finding.gates, -len(entry.endpoints), finding.path, finding.line


def _row(entry: Entry, links: Links, most: int) -> str:
    """The costliest place of a cause, `most` more, and what is decided once for all of them."""
    finding, others = entry.first, entry.findings[1:]
    place = links.place(finding.path, finding.line)
    row = f"{BADGES[finding.severity].split()[0]} {place} {code(finding.code)} {prose(shorten(finding.message, 240))}"
    if not others:
        return row
    named = ", ".join(links.place(other.path, other.line) for other in others[:most])
    more = f" and {len(others) - most:,} more" if len(others) > most else ""
    choice = grouping.decision(finding) if entry.design else ""
    once = f" One decision for all {len(entry.findings):,} places: {prose(choice)}." if choice else ""
    return f"{row} The same at {named}{more}.{once}"
