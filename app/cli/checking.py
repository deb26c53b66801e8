"""`fastperf check` and `fastperf audit`: what a project on disk says."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.shared import (
    Bar,
    Misuse,
    configured,
    options_of,
    progress,
    uncollected,
    unhindered,
    with_evidence,
)

if TYPE_CHECKING:
    from app.check import Fixes, Scan
    from app.discovery import Project
    from app.review.burndown import Point
    from app.review.grouping import Entry
    from rules.engine.finding import Finding, Options, Result

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "prompt")
_HINTS_IN_BRIEF = frozenset({"text", "github", "markdown", "prompt"})
"""Formats that tell of hints in brief, unless they are asked for: their fixes show nowhere."""
SKIPPED_SHOWN = 10


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--select", multiple=True, metavar="CODES", help="Only these rules: codes or prefixes, by comma."
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules.")
@click.option(
    "--hints",
    is_flag=True,
    help="What is only possible, runs seldom or weighs little too, each under its code. With --select always.",
)
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: those too that need a look.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what fixing would change, and change nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even when there are findings.")
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--statistics", is_flag=True, help="How often each rule found something, instead of the findings."
)
@click.option("--endpoints", is_flag=True, help="Also what each endpoint costs.")
@click.option("--by-endpoint", is_flag=True, help="Findings under the endpoint they slow down.")
@click.option(
    "--ungrouped", is_flag=True, help="Each finding by itself, where one cause or design brings several."
)
@click.option(
    "--checklist", is_flag=True, help="What a service ready for load has, and what this one lacks, instead."
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Instead of the project's own.",
)
@click.option("--base", metavar="REV", help="Only what is new since this revision.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write what earlier runs found.")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep it here instead of in .fastperf_cache of the project.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A profile, spans, metrics or observed tests: hot findings weigh more.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until interrupted.")
def check(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    hints: bool,
    fix: bool,
    unsafe_fixes: bool,
    show_diff: bool,
    exit_zero: bool,
    output_format: str,
    statistics: bool,
    endpoints: bool,
    by_endpoint: bool,
    ungrouped: bool,
    checklist: bool,
    config_file: Path | None,
    base: str | None,
    no_cache: bool,
    cache_dir: Path | None,
    profiles: tuple[Path, ...],
    watch: bool,
) -> None:
    """Analyse files or projects (here, if no PATH is given), each in the context of its whole project.

    Exits 0 when there is nothing to say, 1 with findings, 2 when it was called wrongly or, without findings, a file of
    the application cannot be parsed.
    """
    with uncollected():
        from app import check as checking
    if watch:
        if fix or show_diff or output_format != "text":
            raise Misuse(
                "--watch shows text and changes nothing: leave out --fix, --diff and --output-format"
            )
        _watch(
            paths,
            select,
            ignore,
            config_file,
            base,
            statistics=statistics,
            endpoints=endpoints,
            hints=hints or bool(select),
            grouped=not ungrouped,
            kept=not no_cache,
            cache_dir=cache_dir,
        )
        return
    hints = hints or bool(select)
    with unhindered() as spent:
        if checklist and output_format not in {"text", "json", "markdown"}:
            raise Misuse("--checklist is text, json or markdown")
        if by_endpoint and output_format != "text":
            raise Misuse("--by-endpoint is a way to show text: leave out --output-format")
        at_once = output_format == "text" and not (
            fix or show_diff or statistics or checklist or base or by_endpoint
        )
        printer = _Printer(hints=hints, grouped=not ungrouped) if at_once else None
        if checklist and not select:
            select = ("FP",)  # everything in so many words: project advice too
        in_brief = output_format in _HINTS_IN_BRIEF and not hints
        everything = fix or show_diff or statistics or checklist or base is not None
        scan, project, options = checked(
            paths,
            select,
            ignore,
            config_file,
            base,
            printer,
            profiles,
            fixes="problems" if in_brief and not everything else "all",
            kept=not no_cache,
            cache_dir=cache_dir,
            spent=spent,
        )
        if checklist:
            _show_checklist(scan, output_format)
            sys.exit(1 if scan.result.findings and not exit_zero else 0)
        fixed = 0
        if fix or show_diff:
            outcome = checking.fix(project, options, scan, unsafe=unsafe_fixes)
            if show_diff:
                click.echo(checking.diff(outcome), nl=False)
                if not outcome.count:
                    click.echo(_nothing_shown(outcome.left.result.findings), err=True)
                sys.exit(1 if outcome.count and not exit_zero else 0)
            for path, content in outcome.after.items():
                (project.root / path).write_bytes(content)
            scan, fixed = outcome.left, outcome.count
        said = printer.said if printer is not None else ()
        _show(
            scan,
            project,
            output_format,
            statistics=statistics,
            endpoints=endpoints,
            by_endpoint=by_endpoint,
            hints=hints,
            grouped=not ungrouped,
            fixed=fixed,
            said=said,
        )
        named = {path.resolve() for path in paths if path.is_file()}
        if any((project.root / skipped.path).resolve() in named for skipped in scan.result.skipped):
            sys.exit(2)
        if exit_zero:
            sys.exit(0)
        sys.exit(1 if scan.result.findings else 2 if _is_broken(scan, project) else 0)


def _nothing_shown(findings: Sequence[Finding]) -> str:
    """Why a diff is empty, beside it: what reads the diff reads nothing else."""
    unsafe = sum(finding.fix is not None for finding in findings)
    return f"No safe fixes here; {unsafe} with --unsafe-fixes." if unsafe else "No fixes here."


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--since",
    "days",
    type=click.FloatRange(min=1),
    metavar="DAYS",
    help="Also what there was at points of the last DAYS, from the repository's history: a burn-down.",
)
def audit(path: Path, output_format: str, days: float | None) -> None:
    """Say how much there is to mend in the whole project around PATH: the worst places first, advice last.

    What `/fastperf audit` answers in a pull request. Exits 1 when there is something.
    """
    from app import outputs
    from app.review import burndown
    from app.review.links import Links
    from app.surveytext import audited

    scan, project, options = checked((path,), ("FP",), (), None, None)
    points = [*_points(project, path, options, days), burndown.today(scan.result.findings)] if days else []
    if output_format == "json":
        document = json.loads(outputs.WRITERS["json"](scan.result, scan.lines))
        click.echo(
            json.dumps(document | ({"burn_down": burndown.contract(points)} if points else {}), indent=2)
        )
        sys.exit(1 if scan.result.findings else 0)
    text = audited(scan.result, Links())
    if points:
        text += f"\n\n{burndown.as_markdown(points)}"
    from app.plaintext import plain_text
    from app.printable import visible
    from app.terminal import console

    for line in plain_text(text).split("\n"):
        console().print(visible(line))
    sys.exit(1 if scan.result.findings else 0)


def _is_broken(scan: Scan, project: Project) -> bool:
    """Whether a file of the application cannot be parsed, or nothing could be read: no finding is no good news then."""
    from rules.engine.reading.paths import place_of

    unread = [skipped for skipped in scan.result.skipped if skipped.path in project.chosen]
    return any(
        skipped.reason.startswith("syntax error") and place_of(skipped.path) == "app" for skipped in unread
    ) or (bool(unread) and len(unread) == len(project.chosen))


def _points(project: Project, path: Path, options: Options, days: float) -> list[Point]:
    """What there was before. Misuse ends the program."""
    from app import burndown
    from app.localgit import GitError

    config, _ = configured(project.root, None, (path,))
    part = path.resolve().relative_to(project.root).as_posix()

    def asked(name: str) -> bool:
        return not config.excludes(name) and (part in (".", name) or name.startswith(f"{part}/"))

    try:
        with progress(burndown.POINTS, "looking back", least=0) as bar:
            return burndown.points(project.root, options, asked, days, advance=bar)
    except GitError as error:
        raise Misuse(f"--since: {error}") from None


def checked(
    paths: Sequence[Path],
    select: Sequence[str],
    ignore: Sequence[str],
    config_file: Path | None,
    base: str | None,
    printer: _Printer | None = None,
    profiles: Sequence[Path] = (),
    *,
    fixes: Fixes = "all",
    kept: bool = False,
    cache_dir: Path | None = None,
    spent: list[object] | None = None,
) -> tuple[Scan, Project, Options]:
    """What the project around `paths` says now, its findings in Python files to `printer` as soon as they are there.

    With `kept` what earlier runs found is used, and what this one finds is kept. Misuse ends the program.
    """
    from app import check as checking
    from app import discovery
    from app.foldercache import NAME, FolderCache
    from app.localgit import GitError

    chosen = paths or (Path(),)
    try:
        root = discovery.root_of(chosen)
        config, project = configured(root, config_file, chosen)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = with_evidence(options_of(config, select, ignore), config, root, profiles)
    if options.evidence:
        printer = None  # what is hot stands first: nothing is said before everything is weighed
    with progress(len(project.files)) as bar:
        if printer is not None:
            printer.bar = bar
        cache = FolderCache(cache_dir or root / NAME) if kept else None
        foresee = printer.foresee if printer is not None else lambda result: None
        scan = checking.scan(
            project,
            options,
            advance=bar,
            fixes=fixes,
            say=printer,
            foresee=foresee,
            cache=cache,
            spent=spent,
        )
    if base is not None:
        try:
            scan = checking.only_new(project, base, scan, options)
        except GitError as error:
            raise Misuse(str(error)) from None
    return scan, project, options


def _watch(
    paths: Sequence[Path],
    select: Sequence[str],
    ignore: Sequence[str],
    config_file: Path | None,
    base: str | None,
    *,
    statistics: bool,
    endpoints: bool,
    hints: bool,
    grouped: bool,
    kept: bool,
    cache_dir: Path | None,
) -> None:
    """Check now and after each change. A mistake made meanwhile is said, and mended by the next change."""
    from datetime import datetime

    from app import discovery
    from app.watch import changes

    def show() -> None:
        try:
            scan, project, _ = checked(
                paths,
                select,
                ignore,
                config_file,
                base,
                fixes="all" if hints or statistics or base is not None else "problems",
                kept=kept,
                cache_dir=cache_dir,
            )
        except Misuse as mistake:
            mistake.show()
        else:
            _show(
                scan,
                project,
                "text",
                statistics=statistics,
                endpoints=endpoints,
                hints=hints,
                grouped=grouped,
                fixed=0,
            )

    try:
        root = discovery.root_of(paths or (Path(),))
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    with contextlib.suppress(KeyboardInterrupt):
        for changed in changes(root):
            if changed:
                more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
                click.echo(f"\n── {datetime.now().astimezone():%H:%M:%S} {changed[0]}{more} changed")
            show()


class _Printer:
    """Prints entries one by one, hints only if it is to, and knows which findings it told of.

    What may be like others is left for the end unless it was foreseen what it is like.
    """

    def __init__(self, *, hints: bool, grouped: bool) -> None:
        from app import terminal
        from app.review import grouping

        self._grouping = grouping
        self._hints, self._grouped = hints, grouped
        self._entries: dict[tuple[str, str], Entry] | None = None
        self._told: dict[tuple[str, str], Finding] = {}
        self._console, self._show = terminal.console(), terminal.show
        self.said: set[tuple[str, str]] = set()
        self.bar: Bar | None = None
        """What goes from the terminal when a finding comes, and comes back below it where the rest is not foreseen."""

    def foresee(self, result: Result) -> None:
        if not self._grouped:
            return
        shown = [finding for finding in result.findings if self._hints or not finding.is_hint]
        self._entries = {
            _key(finding): entry
            for entry in self._grouping.entries(shown, result.endpoints)
            for finding in (*entry.findings, *entry.also)
        }

    def __call__(self, finding: Finding, lines: Sequence[str]) -> None:
        if not self._hints and finding.is_hint:
            return
        entry = self._entry(finding)
        if entry is None:
            return
        self._told[_key(finding)] = finding
        needed = (entry.first, *entry.also)
        if _key(finding) not in map(_key, needed) or not all(_key(each) in self._told for each in needed):
            return
        if self.bar is not None:
            self.bar.hide()
        self.said.update(map(_key, (*entry.findings, *entry.also)))
        self._show(
            self._grouping.renewed(entry, lambda each: self._told.get(_key(each), each)), lines, self._console
        )
        if self.bar is not None and self._grouped and self._entries is None:
            self.bar.show()

    def _entry(self, finding: Finding) -> Entry | None:
        if not self._grouped:
            return self._grouping.alone(finding)
        if self._entries is None:
            return None if self._grouping.may_be_shared(finding) else self._grouping.alone(finding)
        return self._entries.get(_key(finding))


def _key(finding: Finding) -> tuple[str, str]:
    return finding.path, finding.fingerprint


def _show_checklist(scan: Scan, output_format: str) -> None:
    from app import checklist as listing
    from app.terminal import console

    items = listing.of(scan.result, scan.lines, scan.sources)
    if output_format == "text":
        console().print(listing.as_text(items))
    else:
        click.echo((listing.as_json if output_format == "json" else listing.as_markdown)(items), nl=False)


def _show(
    scan: Scan,
    project: Project,
    output_format: str,
    *,
    statistics: bool,
    endpoints: bool,
    hints: bool,
    grouped: bool,
    fixed: int,
    by_endpoint: bool = False,
    said: Collection[tuple[str, str]] = (),
) -> None:
    """Print what there is to say, but for findings (path, fingerprint) that were `said` before. Without `hints` they are told
    of in brief."""
    if output_format != "text":
        from app import outputs

        text = outputs.written(output_format, scan.result, scan.lines, hints=hints, grouped=grouped)
        click.echo(text, nl=False)
        return
    from app import terminal  # rich, which takes its time, is for people
    from app.printable import visible
    from app.review import grouping

    console = terminal.console()
    shown = [finding for finding in scan.result.findings if hints or not finding.is_hint]
    brief = [finding for finding in scan.result.findings if not hints and finding.is_hint]
    entries = grouping.entries(shown, scan.result.endpoints)
    if statistics and scan.result.findings:
        causes = grouping.entries(scan.result.findings, scan.result.endpoints)
        console.print(terminal.statistics_table(scan.result.findings, causes))
        console.print()
    elif by_endpoint:
        for endpoint, findings in terminal.by_endpoint(shown):
            console.print(terminal.endpoint_heading(endpoint))
            for finding in findings:
                terminal.show(grouping.alone(finding), scan.lines(finding.path), console)
    elif not statistics:
        for entry in entries if grouped else map(grouping.alone, shown):
            left = grouping.without(entry, said)
            if left is not None:
                terminal.show(left, scan.lines(left.first.path), console)
    if brief and not statistics:
        console.print(terminal.hint_list(brief, width=console.width, cut=console.file.isatty()))
    if endpoints and scan.result.endpoints:
        console.print(terminal.endpoint_table(scan.result.endpoints))
        console.print()
    for skipped in scan.result.skipped[:SKIPPED_SHOWN]:
        console.print(f"skipped {visible(skipped.path)}: {visible(skipped.reason)}", style="dim")
    if (more := len(scan.result.skipped) - SKIPPED_SHOWN) > 0:
        console.print(f"skipped {more} more files; --output-format json names them", style="dim")
    if scan.result.local and brief and not statistics:
        console.print(terminal.local_tool(scan.result.local), style="dim")
    unread = project.chosen & {skipped.path for skipped in scan.result.skipped}
    said_of = {finding.path for finding in scan.result.findings}  # documents too
    read = (project.chosen & scan.sources.keys()) - unread | said_of
    summary = terminal.summary(
        scan.result,
        shown,
        len(read),
        fixed=fixed,
        unread=len(unread),
        hints=() if statistics else brief,
        causes=sum(1 + len(entry.also) for entry in entries if not entry.first.is_hint),
    )
    console.print(summary)
