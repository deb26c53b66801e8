"""The commands. Each imports what it needs when it runs, so that `--help` and `check` start fast."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from app.check import Scan
    from app.discovery import Project
    from app.review.config import Config
    from rules.engine.finding import Finding, Options

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "prompt")
CONFIGURATION = (".github/fastperf.toml", "pyproject.toml")
SKIPPED_SHOWN = 10
PROGRESS_FILES = 200
"""Below this many files no progress bar is worth its flicker."""


class Misuse(click.ClickException):
    """A wrong path, revision, code or configuration: one line, exit 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(f"fastperf: {self.format_message()}", err=True)


class Load(click.FloatRange):
    """A number above 0; neither `inf` nor `nan` is a load."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        load = float(super().convert(value, param, ctx))
        if not math.isfinite(load):
            self.fail(f"{value} is no load.", param, ctx)
        return load


LOAD = Load(min=0, min_open=True)


def _print_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from app.version import version

        click.echo(f"fastperf {version()}")
        context.exit()


@click.group(context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Reviews FastAPI projects for performance: follows the call, prices the endpoint, proves the fix."""


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--select", multiple=True, metavar="CODES", help="Only these rules: codes or prefixes, by comma."
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: those too that need a look.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what fixing would change, and change nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even when there are findings.")
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--statistics", is_flag=True, help="How often each rule found something, instead of the findings."
)
@click.option("--endpoints", is_flag=True, help="Also what each endpoint costs.")
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
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until interrupted.")
def check(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    show_diff: bool,
    exit_zero: bool,
    output_format: str,
    statistics: bool,
    endpoints: bool,
    checklist: bool,
    config_file: Path | None,
    base: str | None,
    watch: bool,
) -> None:
    """Analyse files or projects (here, if no PATH is given), each in the context of its whole project.

    Exits 0 when there is nothing to say, 1 with findings, 2 when it was called wrongly.
    """
    from app import check as checking

    if watch:
        if fix or show_diff or output_format != "text":
            raise Misuse(
                "--watch shows text and changes nothing: leave out --fix, --diff and --output-format"
            )
        _watch(paths, select, ignore, config_file, base, statistics=statistics, endpoints=endpoints)
        return
    at_once = output_format == "text" and not (fix or show_diff or statistics or checklist or base)
    printer = _Printer() if at_once else None
    if checklist and not select:
        select = ("FP",)  # everything in so many words: project advice too
    scan, project, options = _checked(paths, select, ignore, config_file, base, printer)
    if checklist:
        from app import checklist as listing
        from app.terminal import console

        console().print(listing.as_text(listing.of(scan.result)))
        sys.exit(1 if scan.result.findings and not exit_zero else 0)
    fixed = 0
    if fix or show_diff:
        outcome = checking.fix(project, options, scan, unsafe=unsafe_fixes)
        if show_diff:
            click.echo(checking.diff(outcome), nl=False)
            sys.exit(1 if outcome.count and not exit_zero else 0)
        for path, content in outcome.after.items():
            (project.root / path).write_bytes(content)
        scan, fixed = outcome.left, outcome.count
    said = printer.said if printer is not None else ()
    _show(scan, project, output_format, statistics=statistics, endpoints=endpoints, fixed=fixed, said=said)
    named = {path.resolve() for path in paths if path.is_file()}
    if any((project.root / skipped.path).resolve() in named for skipped in scan.result.skipped):
        sys.exit(2)
    sys.exit(1 if scan.result.findings and not exit_zero else 0)


def _checked(
    paths: Sequence[Path],
    select: Sequence[str],
    ignore: Sequence[str],
    config_file: Path | None,
    base: str | None,
    printer: _Printer | None = None,
) -> tuple[Scan, Project, Options]:
    """What the project around `paths` says now, its findings in Python files to `printer` as soon as they are there.

    Misuse ends the program.
    """
    from app import check as checking
    from app import discovery
    from app.localgit import GitError

    chosen = paths or (Path(),)
    try:
        root = discovery.root_of(chosen)
        config = _config(root, config_file)
        project = discovery.find(chosen, config.excludes)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = _options(config, select, ignore)
    with _progress(len(project.files)) as bar:
        if printer is not None:
            printer.bar = bar
        scan = checking.scan(project, options, advance=bar, say=printer)
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
) -> None:
    """Check now and after each change. A mistake made meanwhile is said, and mended by the next change."""
    from datetime import datetime

    from app import discovery
    from app.watch import changes

    def show() -> None:
        try:
            scan, project, _ = _checked(paths, select, ignore, config_file, base)
        except Misuse as mistake:
            mistake.show()
        else:
            _show(scan, project, "text", statistics=statistics, endpoints=endpoints, fixed=0)

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


@cli.command()
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="A git repository, bare or not.",
)
@click.option("--base", required=True, metavar="REV", help="The branch or commit to merge into.")
@click.option("--head", default="HEAD", show_default=True, metavar="REV", help="What is to be merged.")
@click.option(
    "--output-format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
def review(repo: Path, base: str, head: str, output_format: str) -> None:
    """Review a change as a pull request, from a local repository: print what would be posted.

    Exits 1 when the check would fail.
    """
    import asyncio

    from app import localreview, reviewtext
    from app.analysis import AnalysisError
    from app.localgit import GitError, LocalRepository
    from app.review.links import Links

    try:
        repository = LocalRepository(repo)
        gathered = localreview.gather(repository, base, head)
        report = asyncio.run(
            localreview.review(repository, gathered, Links(head_sha=gathered.head), os.cpu_count() or 1)
        )
    except (GitError, AnalysisError) as error:
        raise Misuse(str(error)) from None
    if output_format == "json":
        click.echo(reviewtext.as_json(report), nl=False)
    elif output_format == "markdown":
        click.echo(reviewtext.as_markdown(report), nl=False)
    else:
        reviewtext.show(report, gathered)
    sys.exit(1 if report.conclusion == "failure" else 0)


@cli.command()
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="A git repository, bare or not.",
)
@click.option("--last", type=click.IntRange(1, 10_000), default=200, show_default=True, metavar="N")
@click.option("--head", default="HEAD", show_default=True, metavar="REV", help="The newest change.")
@click.option(
    "--output-format", type=click.Choice(["text", "json", "html"]), default="text", show_default=True
)
def trial(repo: Path, last: int, head: str, output_format: str) -> None:
    """Say what reviewing the last N changes would have said: comments, would-be blocks, rules, time.

    For deciding before installing. Each change of the main line that touched Python is reviewed against its first
    parent.
    """
    import asyncio

    from app import trial as trying
    from app import trialtext
    from app.analysis import AnalysisError
    from app.localgit import GitError, LocalRepository

    try:
        repository = LocalRepository(repo)
        with _progress(last, "reviewing", least=2) as advance:
            outcome = asyncio.run(
                trying.run(
                    repository,
                    repo.resolve().name,
                    last=last,
                    head=head,
                    workers=os.cpu_count() or 1,
                    advance=advance,
                )
            )
    except (GitError, AnalysisError) as error:
        raise Misuse(str(error)) from None
    if output_format == "json":
        click.echo(trialtext.as_json(outcome), nl=False)
    elif output_format == "html":
        click.echo(trialtext.as_html(outcome))
    else:
        from app.terminal import console

        console().print(trialtext.as_text(outcome))


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def audit(path: Path, output_format: str) -> None:
    """Say how much there is to mend in the whole project around PATH: the worst places first, advice last.

    What `/fastperf audit` answers in a pull request. Exits 1 when there is something.
    """
    from app import outputs
    from app.review.links import Links
    from app.surveys import audited

    scan, _, _ = _checked((path,), ("FP",), (), None, None)
    if output_format == "json":
        click.echo(outputs.WRITERS["json"](scan.result, scan.lines), nl=False)
    elif sys.stdout.isatty():
        from rich.markdown import Markdown

        from app.terminal import console

        console().print(Markdown(audited(scan.result, Links())), soft_wrap=False)
    else:
        click.echo(audited(scan.result, Links()))
    sys.exit(1 if scan.result.findings else 0)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--rps", type=LOAD, help="The load each endpoint shall take.")
@click.option(
    "--factor",
    type=LOAD,
    help="That times the `rps` of the configuration's [tool.fastperf.context].",
)
@click.option(
    "--endpoint", multiple=True, metavar="ENDPOINT", help="Only these: `GET /orders`, `/orders`, `/admin/*`."
)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def scale(
    path: Path, rps: float | None, factor: float | None, endpoint: tuple[str, ...], output_format: str
) -> None:
    """Say how much traffic each endpoint can take, what saturates first, and what to change for a load.

    From the endpoints' costs, the deployment's files and [tool.fastperf.context]. Exits 1 when an endpoint falls short.
    """
    from fnmatch import fnmatchcase

    import msgspec

    from app import discovery
    from app import scale as scaling
    from app.check import scan
    from rules.engine import capacity, deployment

    try:
        root = discovery.root_of((path,))
        config = _config(root, None)
        project = discovery.find((path,), config.excludes)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = msgspec.structs.replace(config.options(), select=("none",))  # costs alone, no findings
    if factor is not None:
        if rps is not None:
            raise Misuse("--rps and --factor say the same thing: give one")
        if not (known := options.context.get("rps")):
            raise Misuse("--factor needs `rps` under [tool.fastperf.context]; or give --rps")
        rps = factor * float(known)
    served = deployment.read(project.texts())
    workers = next(
        (found.number for command in served.production if (found := served.workers(command)) is not None),
        None,
    )
    site = capacity.Site.of(options, workers=workers)
    endpoints = [
        entry
        for entry in scan(project, options, prove=False).result.endpoints
        if not endpoint
        or any(
            fnmatchcase(f"{entry.method} {entry.path}", one) or fnmatchcase(entry.path, one)
            for one in endpoint
        )
    ]
    if endpoint and not endpoints:
        raise Misuse(f"no endpoint matches {', '.join(endpoint)}; `fastperf check --endpoints` lists them")
    plan = scaling.Plan(site=site, capacities=tuple(capacity.capacities(endpoints, site)), wanted=rps or 0.0)
    if output_format == "json":
        click.echo(scaling.as_json(plan), nl=False)
    else:
        from app.terminal import console

        console().print(scaling.as_text(plan))
    sys.exit(1 if plan.short else 0)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--freeze", is_flag=True, help="Write today's costs as budgets; older, tighter ones stay.")
@click.option("--loosen", is_flag=True, help="With --freeze: raise frozen budgets to today's costs too.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def budget(path: Path, freeze: bool, loosen: bool, output_format: str) -> None:
    """Say which endpoints keep their budgets (`[[budget]]` in the configuration). Exits 1 when one does not."""
    import msgspec

    from app import budget as budgeting
    from app import discovery
    from app.check import scan

    if loosen and not freeze:
        raise Misuse("--loosen needs --freeze")
    try:
        root = discovery.root_of((path,))
        config = _config(root, None)
        project = discovery.find((path,), config.excludes)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = msgspec.structs.replace(config.options(), select=("none",))  # costs alone, no findings
    endpoints = scan(project, options, prove=False).result.endpoints
    if freeze:
        frozen = budgeting.freeze(root, endpoints, loosen=loosen)
        frozen.path.parent.mkdir(parents=True, exist_ok=True)
        frozen.path.write_text(frozen.text, encoding="utf-8")
        kept = f"; {frozen.kept} cost more than what was frozen before, which stays" if frozen.kept else ""
        click.echo(f"Froze the costs of {frozen.count} endpoints in {frozen.path}{kept}")
        return
    rows = budgeting.rows(endpoints, options.budget)
    if output_format == "json":
        click.echo(budgeting.as_json(rows), nl=False)
    else:
        from app.terminal import console

        console().print(budgeting.as_text(rows))
    sys.exit(1 if any(row.beyond for row in rows) else 0)


@cli.command()
@click.argument("endpoint")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def diagnose(endpoint: str, path: Path, output_format: str) -> None:
    """Show all that one request costs, and where: ENDPOINT is "GET /orders", PATH its project (here, if not given)."""
    import json

    from app import diagnosis, discovery, terminal
    from rules.engine.diagnosis import diagnose as diagnosed
    from rules.engine.diagnosis import find

    try:
        root = discovery.root_of((path,))
        config = _config(root, None)
        project = discovery.find((path,), config.excludes)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    method, _, route = endpoint.strip().rpartition(" ")
    with _progress(len(project.files)) as advance:
        linked = diagnosis.linked(project.read(), project.texts(), _options(config, (), ()), advance)
    found = [diagnosed(linked, each) for each in find(linked, method.strip().upper(), route)]
    if not found:
        raise Misuse(f"no endpoint {endpoint!r}; `fastperf check --endpoints` lists them")
    if output_format == "json":
        click.echo(json.dumps([diagnosis.contract(each) for each in found], indent=2, ensure_ascii=False))
        return
    console = terminal.console()
    for each in found:
        console.print(diagnosis.tree(each))
        if letters := diagnosis.legend(each):
            console.print(letters, style="dim", highlight=False)


@cli.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what a rule is about: CODE is FP101 or its name."""
    from rules.engine import page, registry

    try:
        rule = registry.by_code(code)
    except KeyError:
        raise Misuse(f"no rule {code!r}; `fastperf rules` lists them{_nearest(code)}") from None
    text = page.render(rule)
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        from app.terminal import console

        console().print(Markdown(text), soft_wrap=False)
    else:
        click.echo(text, nl=not text.endswith("\n"))


@cli.command("rules")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_rules(output_format: str) -> None:
    """List all rules."""
    from rules.engine import registry

    if output_format == "json":
        from app.outputs import rules_as_json

        click.echo(rules_as_json(registry.rules()), nl=False)
    else:
        from app.terminal import console, rule_table

        console().print(rule_table(registry.rules()))


@cli.command()
def serve() -> None:
    """Run the GitHub App. It is configured by the environment; see docs/self-hosting.md.

    While there is no app yet, the page /setup makes one at GitHub.
    """
    from app.server import serve as run
    from app.server import serve_setup
    from app.settings import NotConfiguredError, Settings, SettingsError, SetupSettings

    try:
        try:
            settings = Settings.from_environment(os.environ)
        except NotConfiguredError:
            if not serve_setup(SetupSettings.from_environment(os.environ)):
                return
            settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        raise Misuse(str(error)) from None
    run(settings)


@cli.command()
@click.argument("action", type=click.Choice(["list", "show", "cancel", "retry"]), default="list")
@click.argument("job_id", required=False)
@click.option("--all", "finished", is_flag=True, help="List finished jobs too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def jobs(action: str, job_id: str | None, finished: bool, limit: int, output_format: str) -> None:
    """List the server's jobs, or show, cancel or retry the one called JOB_ID.

    Works beside a running server, on the database that FASTPERF_DATABASE_URL names.
    """
    from app import jobstext
    from app.jobs import JobsError
    from app.jobs.admin import JobsAdmin
    from app.settings import SettingsError, database_url

    if (action == "list") == (job_id is not None):
        raise Misuse(f"`fastperf jobs {action}` {'needs' if action != 'list' else 'takes no'} JOB_ID")
    try:
        with JobsAdmin(database_url(os.environ)) as admin:
            match action:
                case "list":
                    found = admin.jobs(finished=finished, most=limit)
                case "show":
                    found = [admin.job(job_id or "")]
                case "cancel":
                    found = [admin.cancel(job_id or "")]
                case _:
                    found = [admin.retry(job_id or "")]
    except (JobsError, SettingsError) as error:
        raise Misuse(str(error)) from None
    if output_format == "json":
        click.echo(jobstext.as_json(found), nl=False)
    else:
        from app.terminal import console

        console().print(jobstext.as_table(found) if action == "list" else jobstext.as_text(found[0]))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--event", metavar="NAME", help="The event, when FILE is a bare payload: pull_request, ping, …")
@click.option("--url", default="http://127.0.0.1:8080/webhook", show_default=True, help="The running server.")
@click.option("--delivery", metavar="GUID", help="The delivery's GUID; a new one if FILE names none.")
def replay(file: Path, event: str | None, url: str, delivery: str | None) -> None:
    """Send a stored delivery to a running server, signed with FASTPERF_WEBHOOK_SECRET.

    FILE is JSON: {"event": …, "payload": …}, or a payload alone together with --event.
    """
    from app import replay as replaying

    try:
        stored = replaying.load(file, event, delivery)
        answer = replaying.send(stored, url, os.environ.get("FASTPERF_WEBHOOK_SECRET", ""))
    except replaying.ReplayError as error:
        raise Misuse(str(error)) from None
    click.echo(f"{answer.status} {answer.body}".rstrip())
    sys.exit(0 if answer.status in {200, 202} else 1)


@cli.command("log")
@click.option("--repo", default="", metavar="OWNER/NAME", help="Only this repository.")
@click.option("--number", type=click.IntRange(min=1), default=None, help="Only this pull request.")
@click.option("--last", type=click.IntRange(1, 10_000), default=100, show_default=True, metavar="N")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show_log(repo: str, number: int | None, last: int, output_format: str) -> None:
    """Show who ignored what, paused, resumed, and where faults concluded: the server's record, newest first.

    Reads the database that FASTPERF_DATABASE_URL names.
    """
    import sqlalchemy as sa

    from app import gate_log
    from app.settings import SettingsError

    try:
        text = gate_log.read(
            os.environ, repository=repo, number=number or 0, limit=last, as_json=output_format == "json"
        )
    except (SettingsError, sa.exc.SQLAlchemyError) as error:
        raise Misuse(f"the record cannot be read: {error}".splitlines()[0]) from None
    click.echo(text, nl=False)


@cli.command("config")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="This file instead of the project's own.",
)
def show_config(path: Path, config_file: Path | None) -> None:
    """Validate the configuration of the project around PATH, and show what holds."""
    from app import discovery

    try:
        config = _config(discovery.root_of([path]), config_file)
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    from app.outputs import config_as_toml

    click.echo(config_as_toml(config), nl=False)


def _config(root: Path, file: Path | None) -> Config:
    """The project's configuration, or that of `file`. Its errors end the program, one a line."""
    from app.review.config import Config

    if file is not None:
        try:
            # A file named by hand is one of the two kinds, told by its name.
            name = "pyproject.toml" if file.name == "pyproject.toml" else ".github/fastperf.toml"
            documents = {name: file.read_text(encoding="utf-8")}
        except OSError as error:
            raise Misuse(f"{file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise Misuse(f"{file}: not UTF-8") from None
    else:
        documents = {
            name: (root / name).read_text(encoding="utf-8", errors="replace")
            for name in CONFIGURATION
            if (root / name).is_file()
        }
    config = Config.parse(documents)
    if config.errors:
        mistakes = [f"{file or mistake.path}:{mistake.line}: {mistake.message}" for mistake in config.errors]
        raise Misuse("\nfastperf: ".join(mistakes))
    return config


def _options(config: Config, select: Sequence[str], ignore: Sequence[str]) -> Options:
    import msgspec

    options = config.options()
    if select:
        options = msgspec.structs.replace(options, select=_codes(select))
    if ignore:
        options = msgspec.structs.replace(options, ignore=(*options.ignore, *_codes(ignore)))
    return options


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    """Codes and prefixes as given, by comma or one by one; a name stands for its code."""
    from rules.engine import registry

    codes = []
    for value in (part.strip() for given in values for part in given.split(",")):
        if not value:
            continue
        prefix = value.upper()
        if any(rule.code.startswith(prefix) for rule in registry.cards()):
            codes.append(prefix)
            continue
        try:
            codes.append(registry.by_code(value).code)
        except KeyError:
            raise Misuse(f"no rule {value!r}; `fastperf rules` lists them{_nearest(value)}") from None
    return tuple(codes)


def _nearest(code: str) -> str:
    import difflib

    from rules.engine import registry

    names = [name for rule in registry.cards() for name in (rule.code, registry.name_of(rule))]
    near = difflib.get_close_matches(code, names, n=1) or difflib.get_close_matches(code.upper(), names, n=1)
    return f". Did you mean {near[0]}?" if near else ""


class _Printer:
    """Prints findings one by one and knows which it printed."""

    def __init__(self) -> None:
        from app import terminal

        self._console, self._text = terminal.console(), terminal.finding_text
        self.said: set[tuple[str, str]] = set()
        self.bar: _Bar | None = None
        """What goes from the terminal when the first finding comes."""

    def __call__(self, finding: Finding, lines: Sequence[str]) -> None:
        if self.bar is not None:
            self.bar.hide()
        self.said.add((finding.path, finding.fingerprint))
        self._console.print(self._text(finding, lines, width=self._console.width))


def _show(
    scan: Scan,
    project: Project,
    output_format: str,
    *,
    statistics: bool,
    endpoints: bool,
    fixed: int,
    said: Collection[tuple[str, str]] = (),
) -> None:
    """Print what there is to say, but for findings (path, fingerprint) that were `said` before."""
    from app import outputs, terminal

    if output_format != "text":
        click.echo(outputs.WRITERS[output_format](scan.result, scan.lines), nl=False)
        return
    console = terminal.console()
    width = console.width
    if statistics and scan.result.findings:
        console.print(terminal.statistics_table(scan.result.findings))
        console.print()
    elif not statistics:
        for finding in scan.result.findings:
            if (finding.path, finding.fingerprint) not in said:
                console.print(terminal.finding_text(finding, scan.lines(finding.path), width=width))
    if endpoints and scan.result.endpoints:
        console.print(terminal.endpoint_table(scan.result.endpoints))
        console.print()
    for skipped in scan.result.skipped[:SKIPPED_SHOWN]:
        console.print(
            f"skipped {terminal.visible(skipped.path)}: {terminal.visible(skipped.reason)}", style="dim"
        )
    if (more := len(scan.result.skipped) - SKIPPED_SHOWN) > 0:
        console.print(f"skipped {more} more files; --output-format json names them", style="dim")
    asked = project.chosen & (scan.sources.keys() | {skipped.path for skipped in scan.result.skipped})
    console.print(terminal.summary(scan.result, scan.result.findings, len(asked), fixed=fixed))


class _Bar:
    """A progress bar, or none."""

    def __init__(
        self, advance: Callable[[int], None] = lambda count: None, hide: Callable[[], None] = lambda: None
    ) -> None:
        self._advance, self.hide = advance, hide

    def __call__(self, count: int) -> None:
        self._advance(count)


@contextlib.contextmanager
def _progress(files: int, doing: str = "analysing", least: int = PROGRESS_FILES) -> Iterator[_Bar]:
    """A bar for long work on a terminal; nothing elsewhere."""
    if files < least or not sys.stderr.isatty():
        yield _Bar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from app.terminal import console

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=files)
        yield _Bar(lambda count: bar.advance(task, count), bar.stop)


def main() -> NoReturn:
    """Run the command line; never returns."""
    cli(prog_name="fastperf")
    raise SystemExit(0)
