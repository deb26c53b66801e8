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

SECTIONS = {
    "Look at a project": {
        "check": "Find what is slow in files or projects.",
        "diagnose": "Show all that one request costs, and where.",
        "scale": "Say how much traffic each endpoint can take.",
        "budget": "Hold endpoints to their costs.",
        "audit": "Say how much there is to mend, and whether it gets less.",
    },
    "Look at changes": {
        "review": "Review a change as a pull request.",
        "trial": "Say what reviews of the last changes would have said.",
    },
    "Know more": {
        "explain": "Say what a rule is about.",
        "rules": "List all rules.",
        "config": "Validate and show the configuration.",
    },
    "Editors and agents": {
        "lsp": "Serve editors (Language Server Protocol).",
        "mcp": "Serve coding agents (Model Context Protocol).",
        "completion": "Print what makes the shell complete commands.",
    },
    "Run the GitHub App": {
        "serve": "Run the server.",
        "jobs": "List, show, cancel or retry the server's jobs.",
        "log": "Show who ignored or paused what, newest first.",
        "replay": "Send a stored delivery to a running server.",
        "backup": "Copy the server's SQLite database.",
        "restore": "Put a backup in the place of the database.",
    },
}
"""The commands as `--help` lists them; each has its own for more."""
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _print_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from app.version import version

        click.echo(f"fastperf {version()}")
        context.exit()


class Commands(click.Group):
    """Commands listed by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(cls=Commands, context_settings=CONTEXT)
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
