"""`fastperf review` and `fastperf trial`: changes of a local repository as pull requests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app.cli.shared import Misuse, progress

_REPOSITORY = click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="A git repository, bare or not.",
)


@click.command()
@_REPOSITORY
@click.option("--base", required=True, metavar="REV", help="The branch or commit to merge into.")
@click.option("--head", default="HEAD", show_default=True, metavar="REV", help="What is to be merged.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "markdown", "github"]),
    default="text",
    show_default=True,
)
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also append it as Markdown here.",
)
def review(repo: Path, base: str, head: str, output_format: str, summary_file: Path | None) -> None:
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
    if summary_file is not None:
        try:
            with summary_file.open("a", encoding="utf-8") as file:
                file.write(reviewtext.as_markdown(report))
        except OSError as error:
            raise Misuse(f"{summary_file}: {error.strerror}") from None
    if output_format == "json":
        click.echo(reviewtext.as_json(report), nl=False)
    elif output_format == "github":
        click.echo(reviewtext.as_github(report), nl=False)
    elif output_format == "markdown":
        click.echo(reviewtext.as_markdown(report), nl=False)
    else:
        reviewtext.show(report, gathered)
    sys.exit(1 if report.conclusion == "failure" else 0)


@click.command()
@_REPOSITORY
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
        with progress(last, "reviewing", least=2) as advance:
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
