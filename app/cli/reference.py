"""`fastperf explain`, `rules` and `config`: what the rules say and what configuration holds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli.shared import Misuse, configured, nearest


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what a rule is about: CODE is FP101 or its name."""
    from rules.engine import page, registry

    try:
        rule = registry.by_code(code)
    except KeyError:
        raise Misuse(f"no rule {code!r}; `fastperf rules` lists them{nearest(code)}") from None
    text = page.render(rule)
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        from app.terminal import console

        console().print(Markdown(text), soft_wrap=False)
    else:
        click.echo(text, nl=not text.endswith("\n"))


@click.command("rules")
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


@click.command("config")
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
        root = discovery.root_of([path])
        config, _ = configured(root, config_file, [root])
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    from app.outputs import config_as_toml

    click.echo(config_as_toml(config), nl=False)
