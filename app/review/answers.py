"""What commands answer: short Markdown, made of rule cards and of the configuration in force."""

from __future__ import annotations

import difflib
from typing import Final

import msgspec

from app.review.commands import PREFIX, Command
from app.review.config import Config
from app.review.markdown import code, details, fence, html, plain, prose
from app.review.table import Table
from rules.engine import registry

HELP: Final = f"""\
Commands, as the first word of a line:

| | |
|---|---|
| `{PREFIX} rescan` | review the newest commit again |
| `{PREFIX} explain FP101` | what a rule finds, why, and what to do instead |
| `{PREFIX} ignore FP101 [path] <reason>` | leave findings alone on this pull request; as a reply in a finding's thread, that one |
| `{PREFIX} unignore FP101 [path]` | take that back |
| `{PREFIX} pause`, `{PREFIX} resume` | no more comments here, the check run goes on; comments again |
| `{PREFIX} diagnose GET /orders` | all that one request costs, and where |
| `{PREFIX} scale 10x` | what saturates first at so many times the load |
| `{PREFIX} audit` | what the whole project has, not only this change |
| `{PREFIX} config` | the configuration in force and its mistakes |
| `{PREFIX} help` | this list |

People with write access may give them; the author of the pull request may `rescan`. \
Configuration is `[tool.fastperf]` in `pyproject.toml` on the base branch.
"""


def is_rule(code: str) -> bool:
    return any(rule.code == code for rule in registry.cards())


def explain(wanted: str, rule_url: str) -> str:
    """The card of a rule; `rule_url` is its page, empty without one."""
    try:
        rule = registry.by_code(wanted)
    except KeyError:
        known = [rule.code for rule in registry.cards()]
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
        return f"No rule is called {code(wanted)}." + (
            f" There is {', '.join(map(code, near))}." if near else ""
        )
    card = registry.card(rule)
    name = f"{rule.code} {registry.name_of(rule)}"
    gate = "a new one fails the check" if rule.gates else "it advises"
    parts = [
        f"### {f'[{name}]({rule_url})' if rule_url else plain(name)}",
        f"{card.summary} <sub>{rule.severity}; {gate}; {rule.effort} to mend.</sub>",
        card.why,
    ]
    parts += [
        f"**{title}** {text}"
        for title, text in (
            ("Instead.", card.instead),
            ("Trade-offs.", card.trade_offs),
            ("When to ignore it.", card.ignore),
        )
        if text
    ]
    return "\n\n".join(part for part in parts if part)


def configuration(config: Config) -> str:
    """What differs from the defaults, and every mistake."""
    where = (
        f"Read from {code(config.source)} on the base branch."
        if config.source
        else "No configuration on the base branch."
    )
    parts = [where]
    if own := _differing(config):
        parts.append(details("What differs from the defaults", fence(own, "toml")))
    else:
        parts.append("Everything is as by default.")
    for folder, part in config.parts.items():
        if part.folder:  # else only its linter is its own
            title = f"In <code>{html(folder)}/</code>, instead"
            parts.append(details(title, fence(_differing(part) or "# everything is as by default\n", "toml")))
    if config.errors:
        parts.append("Mistakes, each falling back to the default:")
        parts.append(
            "\n".join(
                f"- {code(f'{error.path}:{error.line}')} {prose(error.message)}" for error in config.errors
            )
        )
    return "\n\n".join(parts)


def _differing(config: Config) -> str:
    defaults = msgspec.to_builtins(Table())
    values = msgspec.to_builtins(config)
    own = {key: values[key] for key, default in defaults.items() if values[key] != default}
    return "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in own.items())


def unavailable(command: Command) -> str:
    """For a command that is written well and not there."""
    return f"This version does not know {code(command.name)} yet; `{PREFIX} help` lists what it knows."
