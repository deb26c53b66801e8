"""What the change costs: problems by severity, endpoints before and after, budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from app.review import comments
from app.review.amounts import WAITS, short_name, without_known_waits
from app.review.comments import BADGES
from app.review.costs import EndpointChange, growth
from app.review.markdown import Section, code, details, listed, plural, prose, shorten, table
from app.review.summary.drawing import section
from app.review.summary.facts import Facts
from rules.engine.finding import Cost, Severity, worst_case

_MOST_ENDPOINTS = 20
"""Rows of the cost table: the costliest moves; the others are one row."""
_MOST_UNCHANGED = 5
"""Touched endpoints that cost what they did, where no other does; more are folded."""
_FEWEST_ALIKE = 3
"""Endpoints that moved alike and are one row then."""
_NAMED_ALIKE = 2
_NOTHING_MORE = " "
_MOST_BLOCKING = 3
"""Calls that stop the event loop, named in a row of the cost table."""
_COST_COLUMNS = (
    ("queries", "queries"),
    ("external calls", "external_calls"),
    (WAITS, "serial_waits"),
)


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


def severities(facts: Facts) -> str:
    """The counts as a table, when something is new or fixed."""
    counted = counts(facts)
    if not any(new or fixed for new, fixed, _ in counted.values()):
        return ""
    rows = [
        [BADGES[Severity(severity)].lower(), *(str(count) if count else "–" for count in columns)]
        for severity, columns in counted.items()
    ]
    return table(("", "new", "fixed", "already there"), ("---", "--:", "--:", "--:"), rows)


def severe(counts: Mapping[Severity, int]) -> str:
    """`2 high, 1 medium`."""
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def assessment(facts: Facts) -> Section:
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
    return section(draw, min(longest, _MOST_ENDPOINTS), rank=2)


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
    return f" · {severe(counts)} new" if counts else ""


def _cost_table(changes: Sequence[EndpointChange], most: int, rest: int, talked_of: Container[object]) -> str:
    drawn = _rows(changes, talked_of)
    rows = [row for _, row in drawn[:most]]
    left = [change for members, _ in drawn[most:] for change in members]
    if left:
        rows.append([f"{len(left)} more", _left_over(left), "", "", ""])
    if rest:
        rows.append([plural(rest, "other"), "unchanged", "", "", ""])
    header = ["endpoint", *(label for label, _ in _COST_COLUMNS), "blocks the loop"]
    told = (cost for change in changes for cost in (change.before, change.after) if cost is not None)
    titles, *cells = without_known_waits(header, (header, *rows), told)
    return table(titles, ("---",) * len(titles), cells)


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
        sizes = {_sizes(change) for change in members}
        told = sizes.pop() if len(sizes) == 1 else ""
        rows.append((members, [f"{listed(names)}{cells[0].rstrip()}{told}", *cells[1:]]))
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
    return [
        f"{name}{_sizes(change)}",
        *(_moved(old, new) for old, new in figures),
        _blocks(change, talked_of),
    ]


def _figures(change: EndpointChange) -> list[tuple[str | None, str]]:
    return [change.told(attribute) for _, attribute in _COST_COLUMNS]


def _moved(old: str | None, new: str) -> str:
    rendered = prose(shorten(new, 120), cell=True)
    if old is None:
        return rendered if new in ("0", "no") else f"**{rendered}**"
    return rendered if old == new else f"{prose(shorten(old, 120), cell=True)} → **{rendered}**"


def _sizes(change: EndpointChange) -> str:
    """What the letters in the figures count, behind a name."""
    sizes = comments.size_words(change, *(new for _, new in _figures(change)), cell=True)
    return f" <sub>{sizes}</sub>" if sizes else ""


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


def _stops(cost: Cost | None) -> list[str]:
    return list(dict.fromkeys(map(short_name, cost.blocking))) if cost is not None else []


def budgets(facts: Facts) -> Section:
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
        section(draw, min(len(facts.budgets), _MOST_ENDPOINTS), rank=2) if facts.budgets else Section(("",))
    )
