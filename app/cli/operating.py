"""`fastperf serve`, `jobs`, `log`, `replay`, `backup` and `restore`: running the GitHub App and looking after it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app.cli.shared import Misuse


@click.command()
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


@click.command()
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


@click.command()
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


@click.command("log")
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
    if not text:
        click.echo("Nothing is recorded there.", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the server's SQLite database to FILE, which must not exist, while the server runs.

    The database is the one that FASTPERF_DATABASE_URL names.
    """
    from app import backup as copying
    from app.settings import SettingsError, database_url

    try:
        size = copying.backup(database_url(os.environ), file)
    except (copying.BackupError, SettingsError) as error:
        raise Misuse(str(error)) from None
    click.echo(f"{file}: {size:,} bytes, checked")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put the backup in FILE in the place of the server's SQLite database. The server must not run.

    What was there is kept beside it. Reviews that were missed in between are made up for by the next sweep.
    """
    from app import backup as copying
    from app.settings import SettingsError, database_url

    try:
        kept = copying.restore(database_url(os.environ), file)
    except (copying.BackupError, SettingsError) as error:
        raise Misuse(str(error)) from None
    click.echo(f"restored{f'; the former database is {kept}' if kept else ''}")
