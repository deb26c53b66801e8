"""Inline comments: what is said, and on which line GitHub will take it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from app.github.models import ReviewComment, Side
from app.review import guards, marker, otherlines, patch
from app.review.amounts import WAITS, named, price, waits_for_each, weigh
from app.review.costs import EndpointChange, growth
from app.review.diff import Diff
from app.review.grouping import Group
from app.review.guards import Lost
from app.review.links import Links
from app.review.markdown import (
    LIMIT,
    Section,
    begun,
    code,
    details,
    fence,
    fit,
    grounds,
    has_bidi,
    html,
    listed,
    lowered,
    plural,
    prose,
    sentence,
    sentences,
    shorten,
)
from rules.engine.finding import Edit, EndpointRef, Finding, Hop, Severity

BADGES = {
    Severity.CRITICAL: "🔴 Critical",
    Severity.HIGH: "🟠 High",
    Severity.MEDIUM: "🟡 Medium",
    Severity.LOW: "🔵 Low",
    Severity.INFO: "⚪ Info",
}
_MAX_HOPS = 8
_ARGUMENTS = re.compile(r"(?<=\w)\([^`]{30,}\)`")
"""Those of a call in our advice that are too long for a title."""
_SHORTEST_TITLE = 12
_MAX_SUGGESTION_LINES = 80
_NO_ROUND_TRIPS = ("FP5", "FP7")
_COUNTED = re.compile(r"(?<![\d,])\d[\d,]* endpoints?\b")
_LINES = re.compile(
    r"(?:(?P<so>; so do(?:es)? lines?)| The same happens on lines?) (?P<lines>\d+(?:, \d+)*(?: and \d+\b(?! more))?)"
    r"(?: and (?P<more>\d+ more))?(?P<end>\.?)"
)
"""How messages name the other lines of which they speak."""
_COUNTS = re.compile(r"` asks (?:\S+ ){0,2}\d+ times ")
"""How messages speak of all lines at once, the older ones too."""
_NAMED_ENDPOINTS = 5
_NAMED_PLACES = 5
_IN_TABLE = "(in the table of the check run)"
_CUT = " more term"
"""What a cost says of terms that it leaves out."""
_GLANCE = 13
"""Lines between a comment and what it speaks of that are still seen with it."""
_LONGEST_RANGE = 60


class Anchor(msgspec.Struct, frozen=True):
    """A line that GitHub takes a comment on; `start_line` for a range."""

    path: str
    line: int
    side: Side = "RIGHT"
    start_line: int | None = None


@dataclass(frozen=True)
class Context:
    """What rendering a comment needs to know beside its findings."""

    diff: Diff
    links: Links
    texts: patch.Texts
    costs: Mapping[EndpointRef, EndpointChange]


def suggestion(finding: Finding, context: Context) -> tuple[Anchor, str] | None:
    """Range and content of a one-click suggestion, if there is one.

    There is one when all edits of the proven fix make one contiguous range of head lines inside one hunk, the
    change touches it, and the content says what it does (no direction-changing characters). The content replaces
    exactly the range; an insertion takes a neighbouring line along. It is empty for a deletion.
    """
    fix = finding.fix
    if fix is None or not fix.edits or not context.texts.presentable(fix):
        return None
    edits = sorted(fix.edits, key=lambda edit: (edit.start_line, edit.end_line))
    path = edits[0].path
    for one, other in itertools.pairwise(edits):
        if other.path != path or other.start_line != one.end_line + 1:
            return None
    start, end = edits[0].start_line, edits[-1].end_line
    content = "".join(edit.replacement for edit in edits)
    if end < start:
        below, above = context.diff.line(path, start), context.diff.line(path, end)
        if below is not None and content.endswith("\n"):
            end, content = start, content + below.raw
        elif above is not None and above.ends:
            start, content = end, above.raw + content
        else:
            return None
    if end - start >= _MAX_SUGGESTION_LINES or not context.diff.commentable_range(path, start, end):
        return None
    last = context.diff.line(path, end)
    if content and last is not None and content.endswith("\n") != last.ends:
        return None  # a suggestion cannot add or take the newline at the end of a file
    touched = any(context.diff.touched(path, line) for line in range(start, end + 1))
    old = "".join(context.texts.line(path, line) or "" for line in range(start, end + 1))
    if not touched or content == old or has_bidi(content):
        return None
    return Anchor(path, end, "RIGHT", start if start < end else None), content


def places_of(finding: Finding) -> tuple[Hop, ...]:
    """Where a finding may be said, best first."""
    here = Hop(finding.path, finding.line, finding.symbol)
    return finding.places or (*reversed(finding.call_path), here)


def anchor(finding: Finding, diff: Diff) -> Anchor | None:
    """Where a finding is said: the first of its places that the pull request changed.

    `places` are in the order leaf, hops, call, models and dependencies. When no place was changed but lines were
    deleted within the finding, it is said on the deleted line. Otherwise there is no anchor.
    """
    for place in places_of(finding):
        last = finding.end_line if (place.path, place.line) == (finding.path, finding.line) else place.line
        for line in range(place.line, min(last, place.line + 200) + 1):
            if diff.touched(place.path, line) and diff.commentable(place.path, line):
                return Anchor(place.path, line)
    removed = diff.removed_within(finding.path, finding.line, finding.end_line)
    return Anchor(finding.path, removed, "LEFT") if removed is not None else None


def write(
    said: Group,
    context: Context,
    taken: Sequence[Anchor] = (),
    also: Sequence[Group] = (),
    told_at: str = "",
) -> ReviewComment | None:
    """The comment for a group, none when GitHub would take it nowhere.

    `taken` are ranges that already have a suggestion: two for one line cannot both be applied. `also` are groups that would
    be said on the same line. `told_at` is the place of a comment that tells the same endpoints and what they cost.
    """
    guard = guards.lost(said.first, context.diff, places_of(said.first))
    offer = suggestion(said.first, context) if guard is None else None
    if offer is not None and any(_meet(offer[0], other) for other in taken):
        offer = None
    if guard is not None:
        place: Anchor | None = Anchor(guard.path, guard.line, "LEFT")
    else:
        place = anchor(said.first, context.diff)
        if place is not None and _is_below(place, said.first):
            place, offer = _from_header(place, said.first, context.diff), None
        elif offer is not None:
            place = offer[0]
    if place is None:
        place = next(
            (found for finding in said.findings if (found := anchor(finding, context.diff)) is not None), None
        )
    if place is None:
        return None
    first = _first(place, guard, said.first, context)
    return ReviewComment(
        path=place.path,
        line=place.line,
        side=place.side,
        start_line=place.start_line,
        body=body(
            as_from(place, said, is_named=bool(first)),
            context,
            offer[1] if offer is not None else None,
            first=first,
            also=also,
            told_at=told_at,
            at=place.line if place.side == "RIGHT" else 0,
        ),
        code=said.first.code,
        fingerprint=marker.token(said.first.fingerprint),
        apart=_apart(said, context, taken, also),
    )


def _apart(
    said: Group,
    context: Context,
    taken: Sequence[Anchor],
    also: Sequence[Group],
) -> tuple[ReviewComment, ...]:
    """The comments that would be made of a comment's causes, and of what it says besides, each by itself."""
    parts = [Group(part) for part in said.causes] or ([said] if also else [])
    written = [write(part, context, taken) for part in parts]
    for other in also:
        comment = write(other, context, taken)
        written += comment.apart or (comment,) if comment is not None else ()
    return tuple(comment for comment in written if comment is not None)


def _is_below(place: Anchor, finding: Finding) -> bool:
    """Whether a finding on a function's header speaks of a changed line too far down to be seen with the header."""
    return _is_of_function(finding) and _is_listed(place, finding) and place.line - finding.line > _GLANCE


def _from_header(place: Anchor, finding: Finding, diff: Diff) -> Anchor:
    """The comment's range from the header of the function to the line in it, as far as GitHub takes it."""
    near = place.line - finding.line <= _LONGEST_RANGE
    if near and diff.commentable_range(place.path, finding.line, place.line):
        return Anchor(place.path, place.line, "RIGHT", finding.line)
    return place


def _first(place: Anchor, guard: Lost | None, finding: Finding, context: Context) -> str:
    """What comes before the message, as markdown: what is missing, on a removed line; that it is one more, beside older ones."""
    if place.side == "LEFT":
        return f"with {code(guard.text)} removed," if guard is not None else "with this line gone,"
    if not _is_listed(place, finding) or _COUNTS.search(finding.message):
        return ""
    older: int | None = finding.line
    if _is_of_function(finding):  # the header does nothing: one more it is beside other calls
        others = (line for line in finding.siblings if line != place.line)
        older = next((line for line in others if not context.diff.touched(finding.path, line)), None)
    return f"as {context.links.place(finding.path, older)} does already:" if older is not None else ""


def _is_of_function(finding: Finding) -> bool:
    """Whether a finding stands on the header of a function and speaks of calls in it."""
    best = places_of(finding)[0]
    return best.path == finding.path and best.line in finding.siblings


def _is_listed(place: Anchor, finding: Finding) -> bool:
    """Whether a place is one of the other lines of which a finding speaks."""
    return place.side == "RIGHT" and place.path == finding.path and place.line in finding.siblings


def told_from(said: Group, context: Context, limit: int) -> tuple[str, str]:
    """Where a reader of the change finds what a group says, and its message as it reads from there, both as markdown."""
    finding, links = said.first, context.links
    place, first = anchor(finding, context.diff), ""
    if place is None or not _is_listed(place, finding) or _is_of_function(finding):
        place = Anchor(finding.path, finding.line)
    else:
        first = _first(place, None, finding, context)
        finding = as_from(place, said, is_named=True).first
    message = _message(finding, links, limit, first=first)
    return links.place(place.path, place.line), f"{message[:1].upper()}{message[1:]}" if first else message


def _message(finding: Finding, links: Links, limit: int, *, first: str = "") -> str:
    message = prose(shorten(lowered(finding.message) if first else finding.message, limit))
    return f"{first} {links.lines(message, finding.path)}".lstrip()


def as_from(place: Anchor, said: Group, *, is_named: bool) -> Group:
    """The group as it reads on one of the lines that its message lists beside the first: the list names the other lines, the
    first among them unless it is named before."""
    finding = said.first
    if place.side == "LEFT" or place.path != finding.path or place.line == finding.line:
        return said

    def others(found: re.Match[str]) -> str:
        lines = {int(each) for each in found["lines"].replace(" and", ",").split(", ")}
        if place.line not in lines:
            return found[0]
        first = () if is_named else (finding.line,)
        words = [str(each) for each in sorted(lines.union(first) - {place.line})]
        words += [found["more"]] if found["more"] else []
        if not words:
            return found["end"] if found["so"] else ""
        verb = f"; so do{'' if len(words) > 1 else 'es'}" if found["so"] else " The same happens on"
        return f"{verb} line{'s' if len(words) > 1 else ''} {listed(words)}{found['end']}"

    message = _LINES.sub(others, finding.message)
    if message == finding.message:
        return said
    return msgspec.structs.replace(
        said, findings=(msgspec.structs.replace(finding, message=message), *said.findings[1:])
    )


def has_suggestion(comment: ReviewComment) -> bool:
    """Whether a comment of ours offers a one-click suggestion."""
    return any(
        line.lstrip("`") == "suggestion" and line.startswith("```") for line in comment.body.split("\n")
    )


def range_of(comment: ReviewComment) -> Anchor:
    return Anchor(comment.path, comment.line, comment.side, comment.start_line)


def _meet(one: Anchor, other: Anchor) -> bool:
    if one.path != other.path:
        return False
    return (one.start_line or one.line) <= other.line and (other.start_line or other.line) <= one.line


def body(
    said: Group,
    context: Context,
    suggested: str | None,
    *,
    first: str = "",
    also: Sequence[Group] = (),
    told_at: str = "",
    at: int = 0,
) -> str:
    """The text of a comment with its hidden marker, at most 65,535 bytes. `first` comes before the message; `at` is its line."""
    finding = said.first
    lines = otherlines.unnamed(finding, at)
    parts = [
        Section(tuple(headline(said, context.links, limit, first=first) for limit in (2000, 400))),
        _costliest(said, context, told_at),
        Section((path_lines(said, context.links), "")),
        Section((context.links.lines(f"{lines[:1].upper()}{lines[1:]}", finding.path), "")),
        Section((_cost(said, context), "")),
        Section((impact(finding, context.links), "")),
    ]
    if suggested is not None:
        parts.append(Section((fence(suggested, "suggestion"),)))
    else:
        parts.append(_remedy(finding, context))
    parts.append(Section((_elsewhere(said, context.links), "")))
    parts.append(Section((_small_print(finding), "")))
    parts += [_also(other, context) for other in also]
    prints = (*said.fingerprints, *(each for other in also for each in other.fingerprints))
    end = marker.write(prints, context.links.head_sha)
    return fit(parts, LIMIT - len(end.encode()) - 1) + "\n" + end


def _also(other: Group, context: Context) -> Section:
    """A second problem on the line of a comment: what it is, and what to do."""
    finding = other.first
    advice = f" {prose(advised(finding))}." if advised(finding) else ""
    head = f"Also here: {headline(other, context.links, 400)}"
    return Section(
        (f"{head}\n\n{folded}" if (folded := fix_details(finding, context)) else f"{head}{advice}", head)
    )


def headline(said: Group, links: Links, limit: int = 2000, *, first: str = "") -> str:
    """Severity, rule and what it costs, on one line."""
    finding = said.first
    name = f"[{prose(finding.name)}]({links.rule(finding.code)})" if links.public_url else code(finding.name)
    message = _message(finding, links, limit, first=first)
    endpoints = len(said.endpoints)
    counted = plural(endpoints, "endpoint")
    many = f" **{counted}** reach it." if endpoints > 1 and not _COUNTED.search(message) else ""
    if endpoints > 1 and (tail := f": {counted}, ") in message:  # it ends with whom it hits, and by how much
        message = message.replace(tail, f": **{counted}, ").removesuffix(".") + "**."
    return f"**{BADGES[finding.severity]} · {name}** — {message}{many}"


def path_lines(said: Group, links: Links) -> str:
    """The way from the endpoint (if it is one) to the leaf, when it is longer than one hop."""
    finding, many = said.first, len(said.endpoints) > 1
    hops = finding.call_path
    if len(hops) < 2:
        return ""
    names = [code(str(finding.endpoint))] if finding.endpoint and not many else []
    names += [code(hop.symbol) for hop in _middle_out(hops) if hop.symbol]
    places = [links.place(hop.path, hop.line) for hop in _middle_out(hops)]
    if len(hops) > _MAX_HOPS:
        gap = f"… {len(hops) - _MAX_HOPS} more …"
        names.insert(len(names) - _MAX_HOPS // 2, gap)
        places.insert(_MAX_HOPS // 2, gap)
    steps = " → ".join(dict.fromkeys(names))
    return f"{steps}\n<sub>{' → '.join(places)}</sub>"


def _middle_out(hops: Sequence[Hop]) -> tuple[Hop, ...]:
    if len(hops) <= _MAX_HOPS:
        return tuple(hops)
    half = _MAX_HOPS // 2
    return (*hops[:half], *hops[-half:])


def cost_words(change: EndpointChange, *, among_others: bool = False) -> str:
    """What grew for one endpoint: `queries **2 → 2 + N**`; empty when nothing did. Waits that are only those for the
    queries and calls are not told again. `among_others` leaves out figures that nobody takes in within a line: cut short, or waits."""
    after = change.after
    if after is None:
        return ""
    moved: dict[str, str] = {}
    for name, label in (
        ("queries", "queries"),
        ("external_calls", "external calls"),
        ("serial_waits", WAITS),
    ):
        old, new = change.told(name)
        if old is None and new != "0":
            moved[label] = f"**{prose(new)}**"
        elif old is not None and weigh(getattr(after, name)) > weigh(getattr(change.before, name)):
            moved[label] = f"**{prose(old)} → {prose(new)}**"
    told = moved.get(WAITS) == moved.get("queries")
    if told or (waits_for_each(after) and (change.before is None or waits_for_each(change.before))):
        moved.pop(WAITS, None)
    if among_others:
        moved = {label: words for label, words in moved.items() if label != WAITS and _CUT not in words}
    words = ", ".join(f"{label} {words}" for label, words in moved.items())
    sizes = size_words(change, *moved.values())
    return f"{words} ({sizes})" if sizes else words


def size_words(change: EndpointChange, *told: str, cell: bool = False) -> str:
    """What the letters in these figures count: "N = `orders`, M = `items`"."""
    return ", ".join(f"{letter} = {code(name, cell=cell)}" for letter, name in named(change.sizes, *told))


def _cost(said: Group, context: Context) -> str:
    """The cost of the endpoint, when one is meant and its cost moved."""
    if len(said.endpoints) != 1:
        return ""
    change = context.costs.get(said.endpoints[0])
    words = cost_words(change) if change is not None and _costs_round_trips(said) else ""
    return f"{code(str(said.endpoints[0]))}, at most: {words}" if words else ""


def _costs_round_trips(said: Group) -> bool:
    """Whether queries and calls are what a finding costs, rather than processor time, memory or bytes."""
    return not said.first.code.startswith(_NO_ROUND_TRIPS)


def told_endpoints(said: Group, context: Context) -> object:
    """What a comment tells of its many endpoints, for others that would tell the same; None where it is nothing or soon read."""
    if len(said.endpoints) <= _NAMED_ENDPOINTS:
        return None
    return frozenset(said.endpoints), _costs_round_trips(said)


def _costliest(said: Group, context: Context, told_at: str) -> Section:
    """The endpoints of a shared cause, the dearest by name and all of them folded; where they are told if that is elsewhere."""
    endpoints = said.endpoints
    if len(endpoints) < 2:
        return Section(("",))
    if told_at:
        return Section((f"The same endpoints as at {told_at}, where they are named.",))
    known = [context.costs[ref] for ref in endpoints if ref in context.costs]
    ranked = sorted(known, key=lambda change: (-growth(change), -price(change.after), change.ref))
    told = [
        (code(str(change.ref)), cost_words(change, among_others=True))
        for change in (ranked[:_NAMED_ENDPOINTS] if _costs_round_trips(said) else ())
        if cost_words(change)
    ]
    named = [name for name, _ in told]
    if any(words for _, words in told):
        line = "Costliest, each at most: " + " · ".join(
            f"{name} {words or _IN_TABLE}" for name, words in told
        )
    elif named:
        line = f"Costliest: {' · '.join(named)}; the table of the check run has their figures"
    else:
        line = "Through " + " · ".join(code(str(ref)) for ref in endpoints[:_NAMED_ENDPOINTS])
    if len(endpoints) <= max(len(named), min(len(endpoints), _NAMED_ENDPOINTS)):
        return Section((line,))
    everything = details(f"all {len(endpoints)}", " · ".join(code(str(ref)) for ref in endpoints) + "\n")
    return Section((f"{line}\n{everything}", line))


def impact(finding: Finding, links: Links) -> str:
    """Expected effect with its assumptions; empty when nothing was measured or estimated."""
    expected = finding.impact
    if not expected.summary or expected.summary == "not measured":
        return ""
    summary = prose(lowered(expected.summary), inside=True).rstrip()
    if not summary.endswith((".", "!", "?")):
        summary += "."
    notes: list[str] = []
    if links.public_url:
        notes.append(f"[how]({links.rule(finding.code, 'impact')})")
    if not expected.measured:
        notes.append("estimated")
    notes += grounds(expected, code)
    small = f" <sub>{' · '.join(notes)}</sub>" if notes else ""
    return f"**Expected** {summary}{small}"


def _remedy(finding: Finding, context: Context) -> Section:
    """What to do when there is no one-click suggestion: the fix as a diff, else the advice in words."""
    advice = f"**Instead** {prose(shorten(finding.instead, 500))}" if finding.instead else ""
    folded = fix_details(finding, context)
    if folded:
        return Section((folded, advice, ""))
    if finding.sketch:
        sketched = details("What it could look like here", fence(finding.sketch, "diff"))
        return Section((f"{advice}\n\n{sketched}", advice, ""))
    return Section((advice, ""))


def fix_details(finding: Finding, context: Context) -> str:
    """The proven fix as a folded diff; empty when there is none that may be shown."""
    fix = finding.fix
    if fix is None or not context.texts.presentable(fix):
        return ""
    title = advised(finding) or f"Fix for {finding.code}"
    return details(
        f"{html(title)} ({_extent(fix.edits, finding.path)})",
        fence(patch.preview(fix, context.texts), "diff"),
    )


def advised(finding: Finding) -> str:
    """The one thing to do, in a line: how the first sentence of the advice begins, its longest pieces of code without their
    arguments."""
    whole = sentence(_ARGUMENTS.sub("(…)`", finding.instead), 200).rstrip(".")
    return begun(whole, _SHORTEST_TITLE).removesuffix(", and await it")


def _extent(edits: Sequence[Edit], path: str) -> str:
    imports = [edit for edit in edits if _is_import(edit)]
    lines = sum(
        max(edit.end_line - edit.start_line + 1, len(patch.split_lines(edit.replacement)))
        for edit in edits
        if edit not in imports
    )
    words = [plural(lines, "line")] if lines else []
    if imports:
        words.append(plural(len(imports), "import"))
    files = len({edit.path for edit in edits} | {path})
    if files > 1:
        words.append(f"in {files} files")
    return ", ".join(words)


def _is_import(edit: Edit) -> bool:
    lines = [line for line in patch.split_lines(edit.replacement) if line.strip()]
    return bool(lines) and all(line.lstrip().startswith(("import ", "from ")) for line in lines)


def _elsewhere(said: Group, links: Links) -> str:
    """The other places of one cause, and whether the patch mends them."""
    others = said.places[1:]
    if not others:
        return ""
    named = [links.place(path, line) for path, line in others[:_NAMED_PLACES]]
    more = f" and {plural(len(others) - len(named), 'more place')}" if len(others) > len(named) else ""
    mended = len({(other.path, other.line) for other in said.findings if other.fix} & set(others))
    them = (
        "them"
        if mended == len(others) > 1
        else "it"
        if mended == len(others)
        else f"{mended} of {len(others)}"
    )
    patched = f"; the patch of the check run mends {them}" if mended else ""
    return f"The same at {', '.join(named)}{more}{patched}."


def _small_print(finding: Finding) -> str:
    """What the change trades; nothing where the card says that there is nothing."""
    told = sentences(finding.trade_offs)
    return f"<sub>{prose(told)}</sub>" if told and not told.startswith("None") else ""
