"""`fastperf lsp`, `mcp` and `completion`: for editors, coding agents and shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from app.cli.shared import Misuse


@click.command()
def lsp() -> None:
    """Speak the Language Server Protocol on standard input and output: findings and fixes while you write."""
    try:
        from app.editor.lsp import server
    except ModuleNotFoundError as error:
        raise _missing(error, "lsp") from None
    server().start_io()


@click.command()
def mcp() -> None:
    """Offer check, explain, diagnose and fix to coding agents, by the Model Context Protocol on standard input and output."""
    try:
        from app.editor.mcp import server
    except ModuleNotFoundError as error:
        raise _missing(error, "mcp") from None
    server().run()


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes the shell complete fastperf's commands and options.

    For bash: `eval "$(fastperf completion bash)"` in ~/.bashrc; zsh and fish likewise.
    """
    made = get_completion_class(shell)
    if made is None:
        raise Misuse(f"no completion for {shell}")
    click.echo(made(context.find_root().command, {}, "fastperf", "_FASTPERF_COMPLETE").source())


def _missing(error: ModuleNotFoundError, extra: str) -> Misuse:
    return Misuse(
        f"{error.name} is not installed: install fastperf with its `{extra}` extra (docs/editors-and-ci.md)"
    )
