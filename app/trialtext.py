"""A trial as people read it: in the terminal, as JSON, as one HTML page."""

from __future__ import annotations

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.printable import visible
from app.review.markdown import plural
from app.terminal import COLOURS
from app.trial import Change, Trial

SUBJECT = 60
_CONCLUSIONS = {"failure": ("blocks", "bold red"), "neutral": ("advises", "yellow"), "success": ("", "dim")}


def as_json(trial: Trial) -> str:
    """`fastperf trial --output-format json`."""
    return msgspec.json.format(msgspec.json.encode(trial.contract()), indent=2).decode() + "\n"


def as_html(trial: Trial) -> str:
    """One page without anything outside itself, to hand to a maintainer."""
    from app.web import pages

    return pages.render("trial.html", trial=trial, headline=headline(trial), line=pages.markdown_line)


def as_text(trial: Trial) -> Group:
    """Every change that would have got something, the rules that spoke, and what it comes to."""
    parts: list[Text | Table] = [
        _change(change) for change in trial.changes if change.said or change.conclusion is None
    ]
    if top := trial.top_rules():
        table = Table(box=None, pad_edge=False, show_header=False)
        for code, name, count in top:
            table.add_row(Text(str(count), justify="right"), Text(code, "bold"), Text(name))
        parts += [Text("Most frequent", "bold"), table, Text()]
    parts.append(Text(headline(trial), "bold"))
    return Group(*parts)


def headline(trial: Trial) -> str:
    """The trial in two sentences."""
    reviewed = len(trial.reviewed)
    if not reviewed:
        return "No change could be reviewed."
    comments = sum(change.comments for change in trial.reviewed)
    blocked = len(trial.blocked)
    return (
        f"{plural(reviewed, 'change')}: {plural(comments, 'comment')} ({trial.comments_per_change:.2f} per change,"
        f" at most {trial.most_comments}), {plural(trial.silent, 'change')} without any."
        f" {blocked} would have been blocked. Median review {trial.median_seconds:.1f} s."
    )


def _change(change: Change) -> Text:
    text = Text(no_wrap=True)
    text.append(f"{change.date[:10]} {change.commit[:10]} ", "dim")
    text.append(visible(change.subject)[:SUBJECT], "bold")
    if change.conclusion is None:
        text.append(f"\n    not reviewed: {visible(change.error)}\n", "red")
        return text
    word, style = _CONCLUSIONS.get(change.conclusion, (str(change.conclusion), "yellow"))
    text.append(f"  {word}\n" if word else "\n", style)
    for said in change.said:
        text.append(f"    {said.severity}", COLOURS[said.severity])
        text.append(f" {said.code} {visible(said.path)}:{said.line}", "" if said.inline else "dim")
        text.append(f"  {visible(said.message)}\n", "dim")
    return text
