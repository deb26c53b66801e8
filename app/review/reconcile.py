"""What to post and what to mark as fixed, given the threads that stand on the pull request already."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import msgspec

from app.github.models import ReviewComment, Thread
from app.review import marker
from app.review.comments import has_suggestion
from app.review.markdown import LIMIT, code, details, plural, size
from rules.engine.fingerprints import core_of

if TYPE_CHECKING:
    from app.review.report import Report

_SUGGESTION = re.compile(r"^(`{3,})suggestion$", re.MULTILINE)
RULE = re.compile(r"/rules/(FP\d{3})\b")


class Plan(msgspec.Struct, frozen=True):
    """The difference between what is said and what should be."""

    post: tuple[ReviewComment, ...] = ()
    """For one review; nothing to post, no review."""
    fixed: tuple[Thread, ...] = ()
    """Threads to edit and minimise. Their `body` is the new text already (see `fixed_body`)."""
    body: str = ""
    """The review's own text with its marker; empty when there is nothing to post."""
    folded: tuple[str, ...] = ()
    """Tokens that were folded into the summary, now or before; hand them to the next plan of this pull request."""


def reconcile(
    report: Report,
    threads: Sequence[Thread],
    head_sha: str,
    *,
    folded: Collection[str] = (),
    before: Collection[str] = (),
    resolved: Collection[str] = (),
    quiet: bool = False,
) -> Plan:
    """Compare a report with our threads.

    A finding that has a thread is not said again, also when a person resolved the thread; only one that we marked
    fixed and that came back is; what joins it in one comment is said by itself. What was `folded` into the summary once stays there. A thread is marked fixed
    when none of its findings is left at the head; threads with replies or resolved by a person are left alone, and
    so are those in files that could not be read this time. What was said `before` and has no thread any more was
    deleted by a person, who does not want to read it again; what was `resolved` stays so, thread or not. A comment of ours out of which somebody edited the marker
    is theirs now: it stays as it is, and nothing more is said on its line. `quiet` (a draft, a bot's pull request) posts nothing.
    """
    standing = _standing(report, threads)
    unread = {entry.path for entry in report.skipped}
    silenced = {(entry.code, entry.path) for entry in report.suppressed}
    ignored = {core_of(marker.token(entry.finding.fingerprint)) for entry in report.waived}
    said: set[str] = set()
    edited: set[tuple[str, int | None]] = set()
    fixed: list[Thread] = []
    for thread in threads:
        mark = marker.read(thread.body)
        if mark is None or not mark.fingerprints:
            edited.add((thread.path, thread.line))
            continue
        present = standing.get(thread.id, frozenset())
        if not mark.fixed or thread.resolved:
            said |= present
        gone = not present and not report.faults and thread.path not in unread
        if gone and not (mark.fixed or thread.resolved or thread.human_replies):
            rule = RULE.search(thread.body)
            how = "Silenced" if rule and (rule[1], thread.path) in silenced else "Fixed"
            if not ignored.isdisjoint(map(core_of, mark.fingerprints)):
                how = "Ignored"
            fixed.append(msgspec.structs.replace(thread, body=fixed_body(thread, head_sha, how)))
    threaded = {token for thread in threads for token in marked(thread.body)}
    unwanted = {*folded, *resolved, *(token for token in before if token not in threaded)}
    post = tuple(
        comment
        for whole in report.comments
        for comment in (whole.apart if whole.apart and not said.isdisjoint(tokens(whole)) else (whole,))
        if not quiet
        and said.isdisjoint(tokens(comment))
        and unwanted.isdisjoint((comment.fingerprint, *tokens(comment)))
        and (comment.path, comment.line) not in edited
    )
    now = dict.fromkeys((*folded, *(token for token in report.folded if token not in said)))
    return Plan(post, tuple(fixed), _review_body(report, post, head_sha) if post else "", tuple(now))


def _standing(report: Report, threads: Sequence[Thread]) -> dict[str, frozenset[str]]:
    """For each thread the tokens of the present findings that it speaks of.

    Equal findings are told apart by a number that depends on the others, so threads and findings pair by
    fingerprint and place: the exact token in the thread's file first, then equal ones there, then elsewhere.
    """
    open_: dict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in (*report.new, *report.existing):
        token = marker.token(finding.fingerprint)
        open_[core_of(token), finding.path].append(token)
    present = {marker.token(finding.fingerprint) for finding in (*report.new, *report.existing)}
    # What was marked fixed claims last: the finding came back, and another thread may speak of it by now.
    ordered = sorted(threads, key=lambda thread: _is_marked_fixed(thread.body))
    claims = [(thread, token) for thread in ordered for token in marked(thread.body)]
    found: dict[str, set[str]] = defaultdict(set)
    for exact in (True, False):
        rest: list[tuple[Thread, str]] = []
        for thread, token in claims:
            candidates = open_[core_of(token), thread.path]
            taken = token if token in candidates else "" if exact or not candidates else candidates[0]
            if taken:
                candidates.remove(taken)
                found[thread.id].add(taken)
            else:
                rest.append((thread, token))
        claims = rest
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for (core, _), tokens in open_.items():
        elsewhere[core] += tokens
    for thread, token in claims:
        if candidates := elsewhere[core_of(token)]:
            taken = token if token in candidates else candidates[0]
            candidates.remove(taken)
            found[thread.id].add(taken)
        elif token in present:  # a second thread on one finding
            found[thread.id].add(token)
    return {thread: frozenset(tokens) for thread, tokens in found.items()}


def marked(body: str) -> tuple[str, ...]:
    """The findings that a text of ours speaks of, as markers name them."""
    mark = marker.read(body)
    return mark.fingerprints if mark is not None else ()


def _is_marked_fixed(body: str) -> bool:
    mark = marker.read(body)
    return mark is not None and bool(mark.fixed)


def tokens(comment: ReviewComment) -> tuple[str, ...]:
    """The findings that a comment speaks of."""
    return marked(comment.body) or (comment.fingerprint,)


def fixed_body(thread: Thread, head_sha: str, how: str = "Fixed") -> str:
    """The text of a thread whose findings are gone: says so and folds what it was. Twice is as once."""
    mark = marker.read(thread.body)
    if mark is None or mark.fixed:
        return thread.body
    was = _SUGGESTION.sub(r"\1", marker.without(thread.body))  # applying it again would break the fix
    end = marker.write(mark.fingerprints, mark.sha, fixed=head_sha)
    said = f"**{how} {'at' if how == 'Ignored' else 'in'} {code(head_sha[:7])}.**"
    whole = f"{said}\n\n{details('what it was', was + chr(10))}\n{end}"
    return whole if size(whole) <= LIMIT else f"{said}\n{end}"


def _review_body(report: Report, post: Sequence[ReviewComment], head_sha: str) -> str:
    """One line: the title, and where the rest is."""
    offers = sum(has_suggestion(comment) for comment in post)
    clicks = f" {plural(offers, 'suggestion')} can be applied with one click." if offers else ""
    return f"{report.title}.{clicks} Costs, patch and next steps are in the `fastperf` check.\n{marker.review(head_sha)}"
