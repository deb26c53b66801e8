"""What commands answer: short Markdown, made of rule cards and of the configuration in force."""

from __future__ import annotations

import difflib
from typing import Final

import msgspec

from app.review.commands import PREFIX, Command
from app.review.config import Config
from app.review.markdown import code, details, fence, html, one_line, plain, prose
from app.review.table import Table
from rules.engine import registry
from rules.engine.costs.capacity import Capacity

HELP: Final = f"""\
Commands, as the first word of a line:

| command | what it does |
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


MOST_LINES: Final = 40
"""Of a configuration in a comment."""
LONGEST_LINE: Final = 400
MOST_PARTS: Final = 8
MOST_MISTAKES: Final = 20


class Answer(msgspec.Struct, frozen=True):
    """What a command answers. A comment has room for `short`, the page of a review for all of it."""

    short: str
    whole: str = ""
    """With what `short` leaves out; empty when that is nothing."""
    quotes: bool = False
    """Whether `whole` quotes files of the project."""
    ceilings: tuple[Capacity, ...] = ()
    """What the page draws: load against response time."""
    wanted: float = 0.0
    """The load in question, in requests per second."""

    @property
    def is_cut(self) -> bool:
        """Whether a page has more."""
        return self.whole not in ("", self.short) or bool(self.ceilings)


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


def configuration(config: Config) -> Answer:
    """What differs from the defaults, and every mistake."""
    short = _configuration(config, short=True, folded=True)
    if short == _configuration(config, short=False, folded=True):
        return Answer(short)
    return Answer(short, _configuration(config, short=False, folded=False), quotes=True)


def _configuration(config: Config, *, short: bool, folded: bool) -> str:
    parts = [
        f"Read from {code(config.source)} on the base branch."
        if config.source
        else "No configuration on the base branch."
    ]
    if own := _differing(config):
        parts.append(_shown("What differs from the defaults", own, short=short, folded=folded))
    else:
        parts.append("Everything is as by default.")
    folders = [(folder, part) for folder, part in config.parts.items() if part.folder]  # else only its linter
    for folder, part in folders[: MOST_PARTS if short else None]:
        own = _differing(part) or "# everything is as by default\n"
        parts.append(_shown(f"In `{one_line(folder)}/`, instead", own, short=short, folded=folded))
    if short and len(folders) > MOST_PARTS:
        parts.append(f"{len(folders) - MOST_PARTS} more folders have their own.")
    if config.errors:
        parts.append("Mistakes, each falling back to the default:")
        told = config.errors[: MOST_MISTAKES if short else None]
        rows = [f"- {code(f'{error.path}:{error.line}')} {prose(error.message)}" for error in told]
        if len(told) < len(config.errors):
            rows.append(f"- and {len(config.errors) - len(told)} more")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _shown(title: str, toml: str, *, short: bool, folded: bool) -> str:
    lines = toml.splitlines()
    if short:
        left = len(lines) - MOST_LINES
        lines = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …" for line in lines]
        lines = [*lines[:MOST_LINES], *([f"# and {left} more"] if left > 0 else [])]
    shown = fence("\n".join(lines), "toml")
    return details(html(title), shown) if folded else f"#### {prose(title)}\n\n{shown}"


def _differing(config: Config) -> str:
    defaults = msgspec.to_builtins(Table())
    values = msgspec.to_builtins(config)
    own = {key: values[key] for key, default in defaults.items() if values[key] != default}
    return "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in own.items())


def unavailable(command: Command) -> str:
    """For a command that is written well and not there."""
    return f"This version does not know {code(command.name)} yet; `{PREFIX} help` lists what it knows."
