"""The check run's title and summary: assessment, recommendations, implementation, monitoring, next steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from app.github.models import Conclusion
from app.review import comments
from app.review import patch as patches
from app.review.advice import Place, Question, Recommendation, metrics, tools
from app.review.amounts import short_name
from app.review.budgets import BudgetRow
from app.review.comments import BADGES
from app.review.costs import EndpointChange, growth
from app.review.grouping import Group
from app.review.markdown import (
    Section,
    code,
    details,
    fence,
    fit,
    html,
    lowered,
    plain,
    plural,
    prose,
    sentence,
    shorten,
    table,
)
from app.review.reading import ConfigError
from app.review.wishes import Waived
from rules.engine.finding import Bumped, Cost, Finding, Severity, Skipped, Suppressed, worst_case

_TITLE = 255
_ROWS = (200, 100, 50, 20, 10, 5, 1)
"""How many rows a list shows, from roomy to tight."""
_MOST_ENDPOINTS = 20
"""Rows of the cost table: the costliest moves; the others are one row."""
_MOST_UNCHANGED = 5
"""Touched endpoints that cost what they did, where no other does; more are folded."""
_UNMOVED = Bumped()
_MOST_STEPS = 5
_MOST_PLACES = 4
"""Of one recommendation."""
_MOST_NAMES = 5
"""Of distributions with another version."""
_FEWEST_ALIKE = 3
"""Endpoints that moved alike and are one row then."""
_NAMED_ALIKE = 2
_NOTHING_MORE = " "
_MOST_BLOCKING = 3
"""Calls that stop the event loop, named in a row of the cost table."""
_COST_COLUMNS = (
    ("queries", "queries"),
    ("external calls", "external_calls"),
    ("waits in a row", "serial_waits"),
)


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


def title(facts: Facts) -> str:
    """`2 high, 1 medium new · 3 fixed`; what is not normal follows."""
    parts: list[str] = []
    if facts.faults:
        parts.append("review incomplete")
    counts = Counter(entry.first.severity for entry in facts.heard)
    if counts:
        parts.append(f"{_severe(counts)} new")
    elif not facts.faults:
        parts.append("no new performance problems")
    if facts.hints:
        parts.append(plural(len(facts.hints), "hint"))
    if facts.fixed:
        parts.append(f"{len(facts.fixed)} fixed")
    if facts.waived:
        parts.append(f"{len(facts.waived)} ignored")
    if facts.missed:
        parts.append(f"{plural(len(facts.missed), 'changed file')} skipped")
    if facts.spared:
        parts.append("would have failed")
    return shorten(" · ".join(parts), _TITLE)


def render(facts: Facts, context: comments.Context) -> str:
    """The summary, within GitHub's limit. Longer parts are shortened by rows, never cut."""
    return fit(
        [
            Section((_headline(facts, context),)),
            Section((_severities(facts),)),
            _assessment(facts),
            _budgets(facts),
            _recommendations(facts, context),
            *_implementation(facts, context),
            Section((_monitoring(facts), ""), rank=1),
            Section((_next_steps(facts, context),)),
            Section((_questions(facts), ""), rank=1),
            Section((_checklist(facts, context), ""), rank=2),
            _tail(facts, context),
        ]
    )


def _headline(facts: Facts, context: comments.Context) -> str:
    count = len(facts.stopping)
    if facts.conclusion == "failure" and count:
        head = f"{plural(count, 'new problem')} {'blocks' if count == 1 else 'block'} this merge"
    elif facts.spared:
        head = f"{plural(count, 'new problem')} would have blocked this merge"
    elif facts.heard:
        head = f"{plural(len(facts.heard), 'new problem')}, none blocks this merge"
    elif facts.faults:
        head = "This review is incomplete"
    else:
        head = "No new performance problems"
    lines = [f"## {head}"]
    if facts.faults:
        said = " ".join(prose(fault) for fault in facts.faults[:3])
        outcome = (
            "fails the check as configured (`on_fault`)"
            if facts.conclusion == "failure" and not count
            else "is ours"
        )
        lines.append(f"{said} That {outcome}: `/fastperf rescan` tries again.")
    if facts.missed and not facts.heard:
        lines.append(
            f"{plural(len(facts.missed), 'changed file was', 'changed files were')} not analysed, see below."
        )
    worst = (facts.stopping or facts.heard)[:1]
    if worst:
        finding = worst[0].first
        place = context.links.place(finding.path, finding.line)
        lines.append(f"{prose(shorten(finding.message, 400))} {place}")
        lines.append(_cure(facts))
    return "\n\n".join(line for line in lines if line)


def _cure(facts: Facts) -> str:
    """How many of the problems a click or a command mends."""
    clicked = [entry for entry in facts.heard if facts.one_click.issuperset(entry.fingerprints)]
    mended = {finding.fingerprint for finding in facts.patched}
    patched = [entry for entry in facts.heard if mended.issuperset(entry.fingerprints)]
    clicks, total = len(clicked), len(facts.heard)
    parts: list[str] = []
    if clicks:
        each = "one click" if min(clicks, total) == 1 else "one click each"
        parts.append(f"{each} on the pull request mends {_of(clicks, total)}")
    if len(patched) > clicks:
        parts.append(f"the patch below mends {_of(len(patched), total)}")
    return f"{_upper('; '.join(parts))}." if parts else ""


def _of(count: int, total: int) -> str:
    """How many of the problems: `it`, `both`, `all 3`, `2 of 3`."""
    if count < total:
        return f"{count} of {total}"
    return {1: "it", 2: "both"}.get(total, f"all {total}")


def counts(facts: Facts) -> dict[str, tuple[int, int, int]]:
    """How many problems are new, fixed and old by severity; only severities that occur. Old hints are none."""
    old = tuple(entry for entry in facts.existing if not entry.first.is_hint)
    new, fixed, there = (
        Counter(entry.first.severity for entry in groups) for groups in (facts.heard, facts.fixed, old)
    )
    return {
        severity: (new[severity], fixed[severity], there[severity])
        for severity in Severity
        if new[severity] or fixed[severity] or there[severity]
    }


def _severities(facts: Facts) -> str:
    """The counts as a table, when something is new or fixed."""
    counted = counts(facts)
    if not any(new or fixed for new, fixed, _ in counted.values()):
        return ""
    rows = [
        [BADGES[Severity(severity)].lower(), *(str(count) if count else "–" for count in columns)]
        for severity, columns in counted.items()
    ]
    return table(("", "new", "fixed", "already there"), ("---", "--:", "--:", "--:"), rows)


def _assessment(facts: Facts) -> Section:
    """Endpoint costs, before → after; unchanged ones are counted, unless nothing changed at all."""
    changed = [change for change in facts.endpoints if change.changed]
    same = [change for change in facts.endpoints if not change.changed]
    if not facts.endpoints:
        return Section(("",))
    shown = changed or same
    left = Counter(_root_of(change.file, facts.roots) for change in same) if changed else Counter()

    talked_of = frozenset(ref for entry in facts.heard for ref in entry.endpoints)
    parts = _by_root(shown, facts.roots)
    counted = {root: _counted(root, facts) for root in parts}

    def draw(most: int) -> str:
        tables: list[str] = []
        for root, changes in parts.items():
            name = code(root) if root else "Outside of these folders"
            heading = f"#### {name}{counted[root]}\n" if len(parts) > 1 else ""
            is_last = len(tables) == len(parts) - 1
            rest = left[root] + (sum(left[other] for other in left if other not in parts) if is_last else 0)
            tables.append(heading + _cost_table(changes, most, rest, talked_of))
        whole = "\n\n".join([*tables, f"<sub>{told}</sub>"])
        if not changed and len(same) > _MOST_UNCHANGED:
            whole = details(f"{len(same)} touched endpoints cost what they did", f"{whole}\n")
        return f"### Performance assessment\n{whole}"

    stay = [change for change in shown if change.after is not None]
    told = worst_case(cost for change in stay for cost in (change.before, change.after) if cost is not None)
    longest = max(len(changes) for changes in parts.values())
    return _section(draw, min(longest, _MOST_ENDPOINTS), rank=2)


def _cost_table(changes: Sequence[EndpointChange], most: int, rest: int, talked_of: Container[object]) -> str:
    drawn = _rows(changes, talked_of)
    rows = [row for _, row in drawn[:most]]
    left = [change for members, _ in drawn[most:] for change in members]
    if left:
        rows.append([f"{len(left)} more", _left_over(left), "", "", ""])
    if rest:
        rows.append([plural(rest, "other"), "unchanged", "", "", ""])
    header = ("endpoint", *(label for label, _ in _COST_COLUMNS), "blocks the loop")
    return table(header, ("---",) * len(header), rows)


def _rows(
    changes: Sequence[EndpointChange], talked_of: Container[object]
) -> list[tuple[list[EndpointChange], list[str]]]:
    """Rows of the cost table with their endpoints: several that moved alike are one."""
    alike: dict[tuple[str, ...], list[EndpointChange]] = {}
    for change in changes:
        alike.setdefault(_alike(change, talked_of), []).append(change)
    rows: list[tuple[list[EndpointChange], list[str]]] = []
    for cells, members in alike.items():
        if len(members) < _FEWEST_ALIKE or not cells[0]:
            rows += [([change], _cost_row(change, talked_of)) for change in members]
            continue
        names = [code(str(change.ref), cell=True) for change in members]
        if len(names) > _NAMED_ALIKE + 1:
            names[_NAMED_ALIKE:] = [f"{len(names) - _NAMED_ALIKE} more"]
        rows.append((members, [f"{_listed(names)}{cells[0].rstrip()}", *cells[1:]]))
    place = {id(change): at for at, change in enumerate(changes)}
    return sorted(rows, key=lambda row: place[id(row[0][0])])


def _alike(change: EndpointChange, talked_of: Container[object]) -> tuple[str, ...]:
    """What the rows of several endpoints have in common: behind the names, and in the other cells."""
    if change.previous is not None or change.after is None or not change.changed:
        return "", str(change.ref)
    _, *cells = _cost_row(change, talked_of)
    tag = " <sub>new</sub>" if change.before is None else _NOTHING_MORE
    if change.before is None or any(old != new for old, new in _figures(change)):
        return (tag, *cells)
    news = [each for each in _stops(change.after) if each not in _stops(change.before)]
    return (
        _NOTHING_MORE,
        "unchanged",
        "",
        "",
        ", ".join(f"**{code(each, cell=True)}**" for each in news[:_MOST_BLOCKING]) or cells[-1],
    )


def _figures(change: EndpointChange) -> list[tuple[str | None, str]]:
    return [change.told(attribute) for _, attribute in _COST_COLUMNS]


def _stops(cost: Cost | None) -> list[str]:
    return list(dict.fromkeys(map(short_name, cost.blocking))) if cost is not None else []


def _by_root(changes: Sequence[EndpointChange], roots: Sequence[str]) -> dict[str, list[EndpointChange]]:
    """Endpoints by the project in the repository that they belong to, in the order of their costliest."""
    parts: dict[str, list[EndpointChange]] = {}
    for change in changes:
        parts.setdefault(_root_of(change.file, roots), []).append(change)
    return parts


def _root_of(path: str, roots: Sequence[str]) -> str:
    return max((root for root in roots if path.startswith(f"{root}/")), key=len, default="")


def _counted(root: str, facts: Facts) -> str:
    """What is new in one of several projects."""
    counts = Counter(
        entry.first.severity for entry in facts.heard if _root_of(entry.first.path, facts.roots) == root
    )
    return f" · {_severe(counts)} new" if counts else ""


def _severe(counts: Mapping[Severity, int]) -> str:
    """`2 high, 1 medium`."""
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def _budgets(facts: Facts) -> Section:
    """The endpoints of this change that have a budget: what is allowed, and whether it holds."""

    def draw(most: int) -> str:
        rows = [
            [
                code(str(row.ref), cell=True),
                row.allowed,
                "holds" if not row.beyond else f"**{'; '.join(row.beyond)}**",
            ]
            for row in facts.budgets[:most]
        ]
        if (left := len(facts.budgets) - most) > 0:
            rows.append([f"{left} more", "", ""])
        return "### Budgets\n" + table(("endpoint", "budget", "now"), ("---",) * 3, rows)

    return (
        _section(draw, min(len(facts.budgets), _MOST_ENDPOINTS), rank=2) if facts.budgets else Section(("",))
    )


def _left_over(changes: Sequence[EndpointChange]) -> str:
    """What became of the endpoints that have no row, in one cell."""
    if not any(change.changed for change in changes):
        return "unchanged"
    dearer = sum(growth(change) > 0 for change in changes)
    cheaper = sum(growth(change) < 0 for change in changes)
    counted = [(dearer, "dearer"), (cheaper, "cheaper"), (len(changes) - dearer - cheaper, "moved")]
    if alone := [word for count, word in counted if count == len(changes)]:
        return alone[0]
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def _cost_row(change: EndpointChange, talked_of: Container[object]) -> list[str]:
    name = code(str(change.ref), cell=True)
    if change.after is None:
        return [name, "removed", "", "", ""]
    if change.previous is not None:
        name += f" <sub>was {code(str(change.previous), cell=True)}</sub>"
    elif change.before is None:
        name += " <sub>new</sub>"
    figures = _figures(change)
    if sizes := comments.size_words(change, *(new for _, new in figures), cell=True):
        name += f" <sub>{sizes}</sub>"
    return [name, *(_moved(old, new) for old, new in figures), _blocks(change, talked_of)]


def _blocks(change: EndpointChange, talked_of: Container[object]) -> str:
    """What stops the event loop: what the change brings comes first, and stands out; of a new endpoint only where there is
    something to say of it."""
    old, new = _stops(change.before), _stops(change.after)
    added = [name for name in new if name not in old]
    is_news = change.before is not None or change.ref in talked_of
    named = [f"**{code(name, cell=True)}**" if is_news else code(name, cell=True) for name in added]
    named += [code(name, cell=True) for name in new if name in old]
    shown = ", ".join(named[:_MOST_BLOCKING])
    if len(named) > _MOST_BLOCKING:
        shown += f" and {len(named) - _MOST_BLOCKING} more"
    if not new:
        return (
            f"{', '.join(code(name, cell=True) for name in old[:_MOST_BLOCKING])} → **no**" if old else "no"
        )
    return f"no → {shown}" if change.before is not None and not old else shown


def _moved(old: str | None, new: str) -> str:
    rendered = prose(shorten(new, 120), cell=True)
    if old is None:
        return rendered if new in ("0", "no") else f"**{rendered}**"
    return rendered if old == new else f"{prose(shorten(old, 120), cell=True)} → **{rendered}**"


def _recommendations(facts: Facts, context: comments.Context) -> Section:
    if not facts.recommendations:
        return Section(("",))

    def draw(most: int) -> str:
        lines = ["### Recommendations"]
        told: dict[str, int] = {}
        for number, item in enumerate(facts.recommendations[:most], start=1):
            lines.append(
                f"{number}. {_recommendation(item, context, number, told.setdefault(item.expected, number))}"
            )
        left = len(facts.recommendations) - most
        if left > 0:
            lines.append(f"\n{left} more, each worth less for the effort.")
        return "\n".join(lines)

    return _section(draw, len(facts.recommendations), rank=3)


def _recommendation(item: Recommendation, context: comments.Context, number: int, told_at: int) -> str:
    """What to do, where, and what it brings; an effect that an earlier one has too is told there (`told_at`)."""
    rule = context.links.rule(item.code)
    name = f"[{item.code}]({rule})" if rule else item.code
    places = ", ".join(_place(place, context) for place in item.places[:_MOST_PLACES])
    if len(item.places) > _MOST_PLACES:
        places += f" and {len(item.places) - _MOST_PLACES} more"
    words = [f"**{prose(item.title)}** — {item.severity}, {item.effort}, {name}", places]
    if item.endpoints > 1:
        words.append(plural(item.endpoints, "endpoint"))
    if item.how:
        words.append(item.how if not item.meanwhile else f"here {item.how}")
    if item.meanwhile and item.by_hand:
        words.append(f"here, until then: {prose(lowered(item.meanwhile))}")
    if item.expected:
        words.append(
            f"expected: {prose(item.expected, inside=True) if told_at == number else f'as in {told_at}'}"
        )
    return " · ".join(words)


def _place(place: Place, context: comments.Context) -> str:
    symbol = place.symbol.rpartition(".")[2]
    return f"{code(symbol)} {context.links.place(place.path, place.line)}".strip()


def _implementation(facts: Facts, context: comments.Context) -> list[Section]:
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

    return _section(draw, len(findings), rank=5, last="") if findings else Section(("",))


def _shapes(facts: Facts) -> Section:
    """What is done by hand, before and after, in the code at hand."""
    points: dict[tuple[str, str], list[int]] = {}
    for number, item in enumerate(facts.recommendations, start=1):
        if item.by_hand and item.sketch:
            where = _function(item.places[0])
            points.setdefault((where, item.sketch), []).append(number)
    folded = [
        details(f"{_points(numbers)} by hand: the change in {where}", fence(sketch, "diff"))
        for (where, sketch), numbers in points.items()
    ]

    def draw(most: int) -> str:
        return "\n\n".join(folded[:most])

    return _section(draw, len(folded), rank=5, last="") if folded else Section(("",))


def _examples(facts: Facts, context: comments.Context) -> Section:
    """Where such a change is shown, for what few lines of the code at hand do not show."""
    pages: dict[str, list[int]] = {}
    for number, item in enumerate(facts.recommendations, start=1):
        if item.by_hand and not item.sketch:
            pages.setdefault(item.code, []).append(number)
    linked = [
        f"{_points(numbers).lower()} ([examples of {rule}]({page}))"
        for rule, numbers in pages.items()
        if (page := context.links.rule(rule, "examples"))
    ]

    def draw(most: int) -> str:
        return f"<sub>By hand: {', '.join(linked[:most])}.</sub>"

    return _section(draw, len(linked), rank=5, last="") if linked else Section(("",))


def _function(place: Place) -> str:
    """Where a change is made, as a title says it."""
    return html(f"`{place.symbol}`" if place.symbol else f"`{place.path}`:{place.line}")


def _points(numbers: Sequence[int]) -> str:
    """How recommendations are called further down."""
    return f"Recommendation{'s' if len(numbers) > 1 else ''} {_listed([str(number) for number in numbers])}"


def _listed(words: Sequence[str]) -> str:
    """`2`, `2 and 3`, `1, 2 and 3`."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _monitoring(facts: Facts) -> str:
    shown = metrics(facts.heard)
    if not shown:
        return ""
    lines = ["### Monitoring"]
    lines += [f"- {_upper(prose(metric))} ({', '.join(codes)})" for metric, codes in shown[:12]]
    known = tools(facts.heard)
    if known:
        lines.append(f"\n<sub>Seen with {'; '.join(known)}.</sub>")
    return "\n".join(lines)


def _next_steps(facts: Facts, context: comments.Context) -> str:
    if not facts.heard:
        return ""
    steps: list[str] = []
    clicks, patched = len(facts.one_click), len(facts.patched)
    if clicks and patched > clicks:
        steps.append(
            f"Apply the patch above ({plural(patched, 'fix', 'fixes')}), or {plural(clicks, 'suggestion')} by click."
        )
    elif clicks:
        steps.append(
            f"Apply the {'suggestion' if clicks == 1 else f'{clicks} suggestions'} on the pull request."
        )
    elif patched:
        steps.append(f"Apply the patch above ({plural(patched, 'fix', 'fixes')}).")
    numbered = list(enumerate(facts.recommendations, start=1))
    left = [(number, item) for number, item in numbered if item.by_hand and not item.meanwhile]
    if left:
        alike = {item.effort for _, item in left} if len(left) > 1 else set()
        named = [
            str(number) if len(alike) == 1 else f"{number} ({item.effort})"
            for number, item in left[:_MOST_STEPS]
        ]
        if len(left) > _MOST_STEPS:
            named.append(f"{len(left) - _MOST_STEPS} more")
        several = len(named) > 1
        order = ", in this order" if several else ""
        effort = f" ({left[0][1].effort} each)" if len(alike) == 1 else ""
        steps.append(f"Do recommendation{'s' if several else ''} {_listed(named)} by hand{order}{effort}.")
    if designs := [str(number) for number, item in numbered if item.meanwhile]:
        steps.append(
            f"Mend this change as recommendation{'s' if len(designs) > 1 else ''} {_listed(designs)} says for now; the "
            "decision for all is one of its own."
        )
    told = {
        finding.trade_offs
        for entry in facts.heard
        for finding in entry.findings
        if finding.fingerprint in facts.commented
    }
    trading = next(
        (
            entry.first
            for entry in facts.heard
            if entry.first.trade_offs
            and not entry.first.trade_offs.startswith("None")
            and entry.first.trade_offs not in told
        ),
        None,
    )
    if trading is not None:
        steps.append(
            f"Check the trade-off of {trading.code}: {prose(lowered(sentence(trading.trade_offs, 240)))}"
        )
    if facts.stopping and facts.conclusion == "failure":
        steps.append("Push: the new head is reviewed by itself, and what is fixed is marked so.")
    return "### Next steps\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _questions(facts: Facts) -> str:
    if not facts.questions:
        return ""
    lines = ["<sub>Questions whose answers change this advice:</sub>"]
    for item in facts.questions:
        why = f" — {prose(item.why)}" if item.why else ""
        lines.append(f"- <sub>{prose(item.text)} ({code(f'[tool.fastperf.context] {item.key}')}){why}</sub>")
    return "\n".join(lines)


def _linked(rule: str, context: comments.Context) -> str:
    link = context.links.rule(rule)
    return f"[{rule}]({link})" if link else rule


def _checklist(facts: Facts, context: comments.Context) -> str:
    """What the project lacks: boxes to tick for a new service, folded for one that has been there; said once."""
    if not facts.checklist:
        return ""
    rows = [
        f"- [ ] {prose(finding.message)} {prose(sentence(finding.instead))}"
        f" <sub>{_linked(finding.code, context)} · {finding.effort}</sub>"
        for finding in facts.checklist
    ]
    if facts.is_new_service:
        return "\n".join(["### Checklist for a new service", *rows])
    title = f"What the project lacks as a service ({len(rows)}), said this once"
    return "\n".join([f"<details><summary>{title}</summary>", "", *rows, "", "</details>"])


def _tail(facts: Facts, context: comments.Context) -> Section:
    """Old problems nearby, folded comments, mistakes, skipped files and suppressions, in one folded part."""
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
        rows = [f"- {_row(finding, context)}" for finding in facts.hints]
        parts.append((plural(len(facts.hints), "hint"), rows))
    heard = {fingerprint for entry in facts.heard for fingerprint in entry.fingerprints}
    heard.update(finding.fingerprint for finding in facts.hints)
    observed = [entry.first for entry in facts.new if heard.isdisjoint(entry.fingerprints)]
    if observed:
        parts.append((f"{len(observed)} observed", [f"- {_row(finding, context)}" for finding in observed]))
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
        rows = [f"- {_row(finding, context)}" for finding in facts.nearby]
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
    if not parts:
        return Section(("",))
    label = " · ".join(name for name, _ in parts)

    def draw(most: int) -> str:
        blocks = []
        for name, rows in parts:
            left = len(rows) - most
            more = [f"- {left} more"] if left > 0 else []
            name = f"**{_upper(name)}**\n\n" if len(parts) > 1 else ""  # one alone is named by the fold
            blocks.append(name + "\n".join([*rows[:most], *more]))
        return details(html(label), "\n\n".join(blocks) + "\n")

    longest = max(len(rows) for _, rows in parts)
    return _section(draw, longest, rank=6, last=f"<sub>{html(label)}</sub>")


def _row(finding: Finding, context: comments.Context) -> str:
    place = context.links.place(finding.path, finding.line)
    return f"{_dot(finding)} {place} {code(finding.code)} {prose(shorten(finding.message, 300))}"


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


def _section(draw: Callable[[int], str], rows: int, rank: int, last: str | None = None) -> Section:
    """A section with fewer and fewer rows. `last`, if given, is its very last form."""
    forms = [draw(min(rows, _ROWS[0]))]
    forms += [draw(most) for most in _ROWS[1:] if most < rows]
    if last is not None:
        forms.append(last)
    return Section(tuple(dict.fromkeys(forms)), rank)


def details_text(facts: Facts, context: comments.Context) -> str:
    """Every new problem in full, for the check run's details; empty when there is none."""
    sections = [_full(entry, context) for entry in facts.heard[: _ROWS[0]]]
    left = len(facts.heard) - _ROWS[0]
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


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
