"""One review as a value: what is new, whether it blocks, what is said where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

import msgspec

from app.github.models import Annotation, Conclusion, ReviewComment, Thread
from app.review import (
    comments,
    costs,
    demand,
    fingerprint,
    grouping,
    guards,
    marker,
    otherlines,
    patch,
    summary,
)
from app.review.advice import RANKED, Question, Recommendation, ask, recommend
from app.review.budgets import BudgetRow, held
from app.review.comments import Anchor
from app.review.config import Config
from app.review.costs import EndpointChange
from app.review.diff import Diff
from app.review.grouping import ON_THE_LOOP, Group, group, kinds
from app.review.grouping import kind as kind_of
from app.review.links import Links
from app.review.markdown import one_line, plural, sentence, shorten
from app.review.patch import Excerpts
from app.review.reading import ORGANISATION, ConfigError
from app.review.summary.assessing import counts
from app.review.summary.facts import Facts
from app.review.summary.heading import title
from app.review.summary.in_full import details_text
from app.review.wishes import Waived, Wishes, waived
from rules.engine import budgets, growth, registry
from rules.engine.costs.capacity import Site
from rules.engine.finding import (
    Bumped,
    Confidence,
    Edit,
    EndpointRef,
    Finding,
    Hop,
    Result,
    Severity,
    Skipped,
    Statistics,
    Suppressed,
)
from rules.libraries import Kind

_MAX_ANNOTATIONS = 200
_USUAL = 5
"""So many old findings of a kind in the touched files, and it is how the project works: one comment says it, and marks
in the diff show where else the change does so."""
_HABITS = frozenset({"FP113", "FP601", "FP602"})
"""Rules about what an author leaves out wherever it would belong."""
_ENOUGH = 2
"""So many comments of one habit in a file say it; the rest are marks in the diff."""
_LEVELS: dict[Severity, Literal["notice", "warning", "failure"]] = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "failure",
    Severity.MEDIUM: "warning",
}
_WORST_FIRST: tuple[Conclusion, ...] = ("failure", "action_required", "neutral", "success")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one review decided; made to be stored as JSON and to be published as it stands."""

    conclusion: Conclusion
    title: str
    """At most 255 characters."""
    summary: str
    """Markdown within 65,535 characters and bytes."""
    text: str = ""
    """Every new finding in full, for the check run's details; same limits; empty when there is none."""
    comments: tuple[ReviewComment, ...] = ()
    """At most `max_comments`, each on a line GitHub takes, worst first."""
    annotations: tuple[Annotation, ...] = ()
    new: tuple[Finding, ...] = ()
    """Absent at the merge base and on the current base branch, or worse than there."""
    grown: tuple[str, ...] = ()
    """Fingerprints of those of `new` that were there before, less severe."""
    fixed: tuple[Finding, ...] = ()
    existing: tuple[Finding, ...] = ()
    nearby: tuple[Finding, ...] = ()
    """Those of `existing` on or through lines the pull request touched."""
    waived: tuple[Waived, ...] = ()
    """New findings that somebody ignored on this pull request; no part of `new`."""
    counts: dict[str, tuple[int, int, int]] = {}
    """Severity -> how many problems are new, fixed and there before, as the summary counts them."""
    blocking: tuple[str, ...] = ()
    """Fingerprints of the findings that fail the check run, or would if the mode were `gate`."""
    advised: bool = False
    """Whether it says what the project lacks."""
    folded: tuple[str, ...] = ()
    """Markers' tokens of findings that had a line but no comment because there were too many."""
    recommendations: tuple[Recommendation, ...] = ()
    questions: tuple[Question, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    endpoints: tuple[EndpointChange, ...] = ()
    standing: tuple[EndpointChange, ...] = ()
    """The endpoints that the change has nothing to do with."""
    budgets: tuple[BudgetRow, ...] = ()
    """Those of `endpoints` that have one."""
    patch: str = ""
    """All proven fixes of new findings that can be applied together; for `git apply` (see `app.review.patch.command`)."""
    edits: tuple[Edit, ...] = ()
    """What `patch` does, line by line."""
    mended: tuple[str, ...] = ()
    """Fingerprints of the findings whose fixes are in `patch`."""
    skipped: tuple[Skipped, ...] = ()
    faults: tuple[str, ...] = ()
    config_errors: tuple[ConfigError, ...] = ()
    statistics: Statistics = Statistics()
    site: Site | None = None
    """What the service runs on, by the configuration."""
    sites: dict[str, Site] = {}
    """The same for folders (and single files) with a configuration of their own."""

    @classmethod
    def of(
        cls,
        before: Result,
        after: Result,
        diff: Diff,
        config: Config,
        links: Links,
        *,
        skipped: Sequence[Skipped] = (),
        excluded: Sequence[Skipped] = (),
        faults: Sequence[str] = (),
        excerpts: Excerpts | None = None,
        tip: Result | None = None,
        bumped: Bumped = Bumped(),  # noqa: B008 - frozen
        advisory: bool = False,
        wishes: Wishes = Wishes(),  # noqa: B008 - frozen
        coming: Sequence[ConfigError] = (),
        roots: Sequence[str] = (),
        advise: bool = False,
        threads: Sequence[Thread] = (),
        quiet: bool = False,
    ) -> Self:
        """Decide a review.

        `before` and `after` are the analyses of the merge base and the head, `skipped` changed files that were not
        analysed at all, `excluded` those that were left out on purpose, `faults` failures of ours in words, `excerpts`
        head lines inside the edits of fixes, `tip` the analysis of the changed files on the current base branch, if
        that has moved on, `bumped` what comes of other versions of libraries. `advisory` (a revert, an advisory
        branch) fails nothing. `wishes` are what people asked for on the pull request. `coming` are mistakes in the
        configuration that the change brings, `roots` the folders that are projects of their own. `advise`: nobody has
        told the repository yet what the project lacks. `threads` of ours stand there already; `quiet`: there will be
        no more. Both tell what can be clicked.
        """
        mistakes = (*config.errors, *coming)
        before, after = _capped(before, config), _capped(after, config)
        standing = _capped(tip, config).findings if tip is not None else ()
        there = {finding.fingerprint for finding in standing}
        by_version = _capped(Result(findings=bumped.findings), config).findings
        standing = (*standing, *(each for each in by_version if each.fingerprint not in there))
        endpoints = costs.compare(before, after, diff)
        steeper, repeated = costs.steeper(endpoints), costs.repeated(endpoints)
        changes = fingerprint.match(
            before,
            after,
            diff.renames,
            diff=diff,
            tip=standing,
            moved={change.ref: change.previous for change in endpoints if change.previous is not None},
            costlier=lambda old, finding, new: (
                _is_costlier(old, finding, new, steeper, diff)
                or _asks_in_loop(old, finding, new, repeated, diff)
                or _is_further(finding, endpoints)
                or _asks_for_more(finding, diff)
            ),
        )
        all_new = _without_repeated(sorted((*changes.new, *changes.grown), key=_order))
        ignored = waived(all_new, wishes)
        left_alone = {id(entry.finding) for entry in ignored}
        worse = {id(finding) for finding in changes.grown}
        new = tuple(
            _surer(finding, diff, grown=id(finding) in worse)
            for finding in all_new
            if id(finding) not in left_alone
        )
        unread = {entry.path for entry in (*skipped, *excluded, *after.skipped)}
        head_paths = {old: head for head, old in diff.renames.items()}
        fixed = tuple(old for old in changes.fixed if head_paths.get(old.path, old.path) not in unread)
        texts = patch.Texts(diff, excerpts or {})
        house = grouping.house(before.endpoints)
        context = comments.Context(diff, links, texts, {change.ref: change for change in endpoints})
        listened = tuple(finding for finding in new if config.mode_for(finding) != "observe")
        heard = tuple(finding for finding in listened if finding.speaks)
        groups = group(heard)
        usual = Counter(map(kind_of, changes.existing))
        blocking = frozenset(finding.fingerprint for finding in heard if config.gates(finding))
        spoken, noted, crowded, placeless = _said(heard, context, config.max_comments, usual, house, blocking)
        left_out = (*(entry for entry, _ in noted), *crowded)
        said_by_comment = {comment.fingerprint for comment in spoken}
        suggested = {comment.fingerprint for comment in spoken if comments.has_suggestion(comment)}
        applied = _applied(heard, texts)
        clickable = _clickable(threads)
        one_click = {
            finding.fingerprint
            for finding in new
            if (token := marker.token(finding.fingerprint)) in suggested and clickable.get(token, not quiet)
        }
        read = diff.files.keys() - set(
            config.evidence
        )  # a profile that does not fit is no code that we missed
        missed = tuple(dict.fromkeys((*skipped, *(entry for entry in after.skipped if entry.path in read))))
        if missed:  # what only they serve is not known to be gone
            endpoints = tuple(change for change in endpoints if change.after is not None)
        verdict = conclude(new, config, skipped=bool(missed), faults=bool(faults), advisory=advisory)
        patched = {finding.fingerprint for finding in applied.findings}

        def recommended(told: Config) -> tuple[Recommendation, ...]:
            return recommend(groups, one_click, patched, lambda entry: demand.weight(entry, told), house)

        recommendations = recommended(config)
        questions = ask(
            groups,
            lambda path: config.at(path).context,
            after.told,
            lambda key: any(
                recommended(config.assuming(key, each)) != recommendations for each in RANKED[key]
            ),
        )
        nearby = tuple(finding for finding in changes.existing if _near(finding, diff))
        suppressed = tuple(entry for entry in after.suppressed if entry.path in diff.files)
        checklist = _checklist(before, after, config, wishes, advise=advise)
        kept = held(endpoints, after, config.options())
        facts = Facts(
            conclusion=verdict,
            new=group(new),
            heard=groups,
            hints=tuple(finding for finding in listened if not finding.speaks),
            blocking=blocking,
            grown=frozenset(finding.fingerprint for finding in changes.grown),
            fixed=group(fixed),
            existing=group(changes.existing),
            nearby=nearby,
            endpoints=endpoints,
            recommendations=recommendations,
            questions=questions,
            one_click=frozenset(one_click),
            commented=frozenset(
                finding.fingerprint
                for finding in heard
                if marker.token(finding.fingerprint) in said_by_comment
            ),
            folded=left_out,
            patch=applied.text,
            patched=applied.findings,
            unpatched=applied.clashing,
            missed=missed,
            skipped=tuple(dict.fromkeys((*missed, *after.skipped, *excluded))),
            faults=tuple(faults),
            suppressed=suppressed,
            added=frozenset(entry for entry in suppressed if diff.touched(entry.path, entry.line)),
            config_errors=mistakes,
            waived=ignored,
            paused_by=wishes.paused_by,
            budgets=kept,
            roots=tuple(roots),
            checklist=checklist,
            is_new_service=not before.endpoints,
            bumped=bumped,
        )
        return cls(
            conclusion=verdict,
            title=title(facts),
            summary=summary.render(facts, context),
            text=details_text(facts, context),
            comments=spoken,
            annotations=_annotations([*((entry, None) for entry in placeless), *noted], mistakes),
            new=new,
            grown=tuple(finding.fingerprint for finding in changes.grown),
            fixed=fixed,
            existing=changes.existing,
            nearby=nearby,
            waived=ignored,
            counts=counts(facts),
            blocking=tuple(finding.fingerprint for finding in heard if finding.fingerprint in blocking),
            advised=bool(checklist),
            folded=tuple(marker.token(print_) for entry in left_out for print_ in entry.fingerprints),
            recommendations=recommendations,
            questions=questions,
            suppressed=suppressed,
            endpoints=endpoints,
            standing=costs.standing(after, endpoints),
            budgets=kept,
            patch=applied.text,
            edits=applied.edits,
            mended=tuple(finding.fingerprint for finding in applied.findings),
            skipped=facts.skipped,
            faults=tuple(faults),
            config_errors=mistakes,
            statistics=after.statistics,
            site=Site.of(config.options()),
            sites={folder: Site.of(part.options()) for folder, part in config.parts.items()},
        )

    def contract(self) -> dict[str, Any]:
        """The document that `fastperf review --output-format json` prints (version 1). `findings` are the new ones."""
        return {
            "version": 1,
            "conclusion": self.conclusion,
            "title": self.title,
            "summary": self.summary,
            "new": len(self.new),
            "fixed": len(self.fixed),
            "existing": len(self.existing),
            "nearby": len(self.nearby),
            "findings": [finding.contract() for finding in self.new],
            "comments": [_comment_contract(comment) for comment in self.comments],
            "annotations": msgspec.to_builtins(self.annotations),
            "recommendations": msgspec.to_builtins(self.recommendations),
            "questions": msgspec.to_builtins(self.questions),
            "suppressed": msgspec.to_builtins(self.suppressed),
            "waived": [
                {"fingerprint": entry.finding.fingerprint, **msgspec.to_builtins(entry.waiver)}
                for entry in self.waived
            ],
            "endpoints": [change.contract() for change in self.endpoints],
            "skipped": msgspec.to_builtins(self.skipped),
            "statistics": msgspec.to_builtins(self.statistics),
        }


def _clickable(threads: Iterable[Thread]) -> dict[str, bool]:
    """Findings that a thread speaks of -> whether GitHub still takes its suggestion."""
    known: dict[str, bool] = {}
    for thread in threads:
        if (mark := marker.read(thread.body)) is not None:
            for token in mark.fingerprints:
                known[token] = known.get(token, False) or not thread.outdated
    return known


def conclude(
    new: Sequence[Finding],
    config: Config,
    *,
    skipped: bool = False,
    faults: bool = False,
    advisory: bool = False,
) -> Conclusion:
    """The check run's conclusion: the worst of what the findings, faults of ours and skipped files ask for.

    Findings under `observe` count as nothing. A fault or a skipped changed file concludes as the project chose,
    `neutral` by default, and so never as `success`.
    """
    heard = [finding for finding in new if config.mode_for(finding) != "observe"]
    wanted: set[Conclusion] = {"neutral" if heard else "success"}
    if not advisory and any(config.blocks(finding) for finding in heard):
        wanted.add("failure")
    if faults:
        wanted.add(config.on_fault)
    if skipped:
        wanted.add(config.on_skip)
    return next(conclusion for conclusion in _WORST_FIRST if conclusion in wanted)


def _surer(finding: Finding, diff: Diff, *, grown: bool) -> Finding:
    """Somebody had put a guard there: that it is gone is more than a possibility. So is what only costs later on, when
    it is there to stay: that is noted on its line and blocks nobody, for as code of long ago it would be a hint."""
    if finding.when_new is not None:
        sure = finding.as_new()
        if grown or registry.by_code(finding.code).comments_when_new or _lost(finding, diff):
            return msgspec.structs.replace(sure, when_new=None)
        return msgspec.structs.replace(sure, gates=False)
    if finding.confidence is not Confidence.POSSIBLE or not _lost(finding, diff):
        return finding
    return msgspec.structs.replace(finding, confidence=Confidence.LIKELY)


def _lost(finding: Finding, diff: Diff) -> bool:
    """Whether the change took away what had kept the finding off."""
    return bool(finding.guards) and guards.lost(finding, diff, comments.places_of(finding)) is not None


def _checklist(
    before: Result, after: Result, config: Config, wishes: Wishes, *, advise: bool
) -> tuple[Finding, ...]:
    """The project advice: in the first review of a repository, and when a change brings the project's first endpoints.

    Without what the configuration leaves out or somebody ignored on the pull request.
    """
    if not after.endpoints or (before.endpoints and not advise):
        return ()
    ignored = {id(entry.finding) for entry in waived(after.advice, wishes)}
    return tuple(
        finding
        for finding in after.advice
        if config.mode_for(finding) != "observe" and id(finding) not in ignored
    )


def _is_costlier(
    old: Finding, finding: Finding, new: Sequence[Finding], steeper: frozenset[EndpointRef], diff: Diff
) -> bool:
    """Whether work in a loop that was there before is done more often now: a loop more around it, by this change.

    What is in fewer loops of its own function than before is dearer only by a changed way to it. Where a new loop tells why
    an endpoint is steeper, an old one has to be in one more to have become worse.
    """
    if not _is_in_loop(finding):
        return False
    reached = fingerprint.endpoints_of(finding) & steeper
    if finding.loops > old.loops:
        return bool(reached)
    if finding.loops < old.loops and not _is_reached_anew(finding, diff):
        return False
    return bool(reached - _told_by_loops(new)) and _near(finding, diff)


def _is_reached_anew(finding: Finding, diff: Diff) -> bool:
    """Whether the change touches the way to it."""
    return any(diff.touched(hop.path, hop.line) for hop in finding.call_path if hop.line != finding.line)


def _asks_in_loop(
    old: Finding, finding: Finding, new: Sequence[Finding], repeated: frozenset[EndpointRef], diff: Diff
) -> bool:
    """Whether a call that waited for another service on the event loop once does so for each of something now."""
    if finding.code not in ON_THE_LOOP or Kind.NET.value not in kinds(finding) or not finding.speaks:
        return False
    if finding.loops <= old.loops and not _is_reached_anew(finding, diff):
        return False
    return bool(fingerprint.endpoints_of(finding) & repeated - _told_by_loops(new)) and _near(finding, diff)


def _told_by_loops(new: Sequence[Finding]) -> frozenset[EndpointRef]:
    """The endpoints of which a new loop tells why they are dearer."""
    return frozenset(
        ref
        for each in new
        if _is_in_loop(each) and each.as_new().speaks
        for ref in fingerprint.endpoints_of(each)
    )


def _is_in_loop(finding: Finding) -> bool:
    return finding.name.endswith(("-in-loop", "-in-loop-through-helper"))


def _asks_for_more(finding: Finding, diff: Diff) -> bool:
    """Whether a query in a loop, or the one whose rows the loop goes over, lost its limit."""
    return _is_in_loop(finding) and guards.lost_there(finding, diff, comments.places_of(finding)) is not None


def _is_further(finding: Finding, endpoints: Sequence[EndpointChange]) -> bool:
    """Whether an endpoint that was beyond its budget before went further beyond it."""
    if finding.code != budgets.CODE:
        return False
    change = next((change for change in endpoints if change.ref == finding.endpoint), None)
    if change is None or change.before is None or change.after is None:
        return False
    return not all(
        budgets.within(getattr(change.after, kind), getattr(change.before, kind)) for kind in budgets.KINDS
    ) or not set(change.after.blocking) <= set(change.before.blocking)


def _without_repeated(new: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without growths of cost where a rule says already what is wrong with the call that brought them."""
    told = {
        (place.path, place.line)
        for finding in new
        if finding.code not in growth.CODES
        for place in (*comments.places_of(finding), Hop(finding.path, finding.line, ""))
    }
    return tuple(
        finding
        for finding in new
        if finding.code not in growth.CODES or (finding.path, finding.line) not in told
    )


class _Applied(msgspec.Struct, frozen=True):
    text: str
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    clashing: tuple[Finding, ...]
    """Findings whose fix overlaps one that is in the patch."""


def _applied(new: Sequence[Finding], texts: patch.Texts) -> _Applied:
    fixable = [finding for finding in new if finding.fix is not None and texts.presentable(finding.fix)]
    edits, used = patch.combine(finding.fix for finding in fixable if finding.fix is not None)
    return _Applied(
        patch.render(edits, texts),
        edits,
        tuple(finding for finding, inside in zip(fixable, used, strict=True) if inside),
        tuple(finding for finding, inside in zip(fixable, used, strict=True) if not inside),
    )


def _said(
    heard: Sequence[Finding],
    context: comments.Context,
    most: int,
    usual: Mapping[str, int],
    house: grouping.House,
    blocking: Container[str],
) -> tuple[
    tuple[ReviewComment, ...], tuple[tuple[Group, ReviewComment], ...], tuple[Group, ...], tuple[Group, ...]
]:
    """Comments; groups that are only noted on their line, with the comments that they would be; groups that had a line but
    no room; groups without a line.

    Noted is what repeats a comment: of a kind that is usual here, of a habit, of how the project is built (`house`), of one call on
    one line. So is what would be a hint if it were not new, what the project does throughout, and what is of low severity, unless
    it is `blocking` (fingerprints). A line is worth one comment: several rules find one call, and other problems there are told in
    the comment that stands on it.

    `usual` is how often each kind of finding was there before: comments are for what a reader does not know yet.
    """
    said: set[str] = set()
    designs: set[str] = set()
    noted: list[tuple[Group, ReviewComment]] = []
    spoken: list[_Spoken] = []
    crowded: list[Group] = []
    placeless: list[Group] = []
    taken: list[Anchor] = []
    habits: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, str, int], int] = {}
    told: dict[object, str] = {}
    for entry in group(heard):
        costs = comments.told_endpoints(entry, context)
        told_at = told.get(costs, "")
        comment = comments.write(entry, context, taken, told_at=told_at)
        kind = kind_of(entry.first)
        if comment is None:
            placeless.append(entry)
            continue
        line = comment.path, comment.side, comment.line
        at = lines.get(line)
        blocks = any(each in blocking for each in entry.fingerprints)
        repeats = (kind in said and usual.get(kind, 0) >= _USUAL) or habits[kind, comment.path] >= _ENOUGH
        is_known = repeats or (at is not None and _is_one_call(entry, spoken[at].entry))
        design = grouping.design(entry.first) if grouping.house_style(entry, house) else ""
        if comment.side == "RIGHT" and (design in designs or (not blocks and (design or _is_slight(entry)))):
            noted.append((entry, comment))
        elif at is not None and not is_known:
            spoken[at] = spoken[at].with_also(entry, context)
        elif len(spoken) >= most:
            crowded.append(entry)
        elif is_known:
            noted.append((entry, comment))
        else:
            said.add(kind)
            designs |= {design} - {""}
            habits[kind, comment.path] += kind in _HABITS
            lines[line] = len(spoken)
            spoken.append(_Spoken(comment, entry, tuple(taken), told_at))
            if costs is not None:
                told.setdefault(costs, context.links.place(comment.path, comment.line))
            if comments.has_suggestion(comment):
                taken.append(comments.range_of(comment))
    return tuple(each.comment for each in spoken), tuple(noted), tuple(crowded), tuple(placeless)


def _is_slight(entry: Group) -> bool:
    """Whether it is of low severity, or would be a hint if it were not new."""
    return entry.first.severity < Severity.MEDIUM or all(
        finding.when_new is not None for finding in entry.findings
    )


class _Spoken(NamedTuple):
    """A comment and what it was written with."""

    comment: ReviewComment
    entry: Group
    taken: tuple[Anchor, ...]
    told_at: str
    also: tuple[Group, ...] = ()

    def with_also(self, other: Group, context: comments.Context) -> _Spoken:
        also = (*self.also, other)
        comment = comments.write(self.entry, context, self.taken, also, self.told_at)
        return self._replace(comment=comment or self.comment, also=also)


def _is_one_call(one: Group, other: Group) -> bool:
    """Whether two rules about the event loop speak of calls of one library."""
    return one.first.code in ON_THE_LOOP and kind_of(one.first) == kind_of(other.first)


def _annotations(
    unsaid: Sequence[tuple[Group, ReviewComment | None]], errors: Sequence[ConfigError]
) -> tuple[Annotation, ...]:
    """Marks for what is no comment (it has no line in the diff, repeats one, or would be a hint if it were not new), worst first,
    then mistakes in the configuration."""
    made: list[Annotation] = []
    for entry, comment in sorted(unsaid, key=lambda each: _order(each[0].first))[:_MAX_ANNOTATIONS]:
        finding = entry.first
        place = finding.path, finding.line, max(finding.line, finding.end_line)
        if comment is not None and comment.side == "RIGHT":
            place = comment.path, comment.line, comment.line
            finding = comments.as_from(comments.range_of(comment), entry, is_named=False).first
        parts = [one_line(finding.message)]
        if len(entry.endpoints) > 1:
            parts.append(f"{plural(len(entry.endpoints), 'endpoint')} reach it.")
        if len(finding.call_path) > 1:
            parts.append(" → ".join(f"{one_line(hop.path)}:{hop.line}" for hop in finding.call_path[:12]))
        if lines := otherlines.unnamed(finding, place[1]):
            parts.append(f"{lines[:1].upper()}{lines[1:]}")
        if finding.instead:
            parts.append(f"Instead: {one_line(sentence(finding.instead))}")
        made.append(
            Annotation(
                path=place[0],
                start_line=place[1],
                end_line=place[2],
                annotation_level="notice"
                if finding.when_new is not None
                else _LEVELS.get(finding.severity, "notice"),
                message=shorten("\n".join(parts), 4000),
                title=shorten(
                    f"{finding.severity.capitalize()} · {finding.code} {one_line(finding.name)}", 250
                ),
            )
        )
    made += [
        Annotation(
            path=error.path,
            start_line=error.line,
            end_line=error.line,
            annotation_level="warning",
            message=shorten(one_line(error.message), 4000),
            title="fastperf configuration",
        )
        for error in errors
        if error.path != ORGANISATION
    ]
    return tuple(made)


def _capped(result: Result, config: Config) -> Result:
    if not any(each.endpoint for each in (config, *config.parts.values())):
        return result
    return msgspec.structs.replace(
        result, findings=tuple(config.capped(finding) for finding in result.findings)
    )


def _near(finding: Finding, diff: Diff) -> bool:
    if any(diff.touched(finding.path, line) for line in range(finding.line, finding.end_line + 1)):
        return True
    return any(diff.touched(hop.path, hop.line) for hop in (*finding.call_path, *finding.places))


def _order(finding: Finding) -> tuple[object, ...]:
    """Hot ones first, the rest by severity; what was seen to happen before its like; then by place."""
    return (
        -finding.heat,
        -finding.severity.rank,
        not finding.seen,
        finding.path,
        finding.line,
        finding.column,
        finding.code,
        finding.fingerprint,
    )


def _comment_contract(comment: ReviewComment) -> dict[str, Any]:
    made = msgspec.to_builtins(comment)
    if comment.start_line is None:
        del made["start_line"]
    return {key: made[key] for key in _COMMENT_KEYS if key in made}


_COMMENT_KEYS = ("path", "start_line", "line", "side", "body", "code", "fingerprint")
