"""The commands. Each imports what it needs when it runs, so that `--help` and `check` start fast."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from typing import NoReturn

import click

from app.cli import checking, costs, editors, operating, reference, reviewing

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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


for command in (
    checking.check,
    reviewing.review,
    reviewing.trial,
    checking.audit,
    costs.scale,
    costs.budget,
    costs.diagnose,
    reference.explain,
    reference.list_rules,
    reference.show_config,
    operating.serve,
    operating.jobs,
    operating.replay,
    operating.show_log,
    operating.backup,
    operating.restore,
    editors.lsp,
    editors.mcp,
    editors.completion,
):
    cli.add_command(command)


def main() -> NoReturn:
    """Run the command line; never returns."""
    try:
        cli(prog_name="fastperf")
    except SystemExit as ended:
        if isinstance(ended.code, int) and threading.active_count() == 1:
            _leave(ended.code)
        gc.freeze()  # nobody needs what a last search for garbage would free
        raise
    raise SystemExit(0)


def _leave(code: int) -> None:
    """End the process without taking apart what it made, object by object: a twenty-fifth of a check.

    Returns when the output cannot be written, for the interpreter knows how to say so.
    """
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as it is where the descriptor was closed
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
