"""A review as it would be posted: in the terminal, as JSON, as one Markdown text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.text import Text

from app.github.models import Annotation, ReviewComment
from app.localreview import Gathered
from app.outputs import as_workflow_commands
from app.plaintext import Kind, plain_lines
from app.printable import file_lines, visible
from app.review.report import Report
from app.terminal import console

CONTEXT_LINES = 2
_CONCLUSION = {"failure": "bold red", "success": "bold green"}
_LEVEL = {"failure": "red", "warning": "yellow", "notice": "cyan"}


def as_json(report: Report) -> str:
    """`fastperf review --output-format json`."""
    return msgspec.json.format(msgspec.json.encode(report.contract()), indent=2).decode() + "\n"


def as_markdown(report: Report) -> str:
    """Everything that would be posted, one after the other."""
    parts = [f"# {report.title}", f"Conclusion: `{report.conclusion}`", report.summary.strip()]
    for comment in report.comments:
        parts += [f"---\n**`{_place(comment)}`**", comment.body.strip()]
    for annotation in report.annotations:
        parts.append(f"---\n**`{annotation.path}:{annotation.start_line}`** ({annotation.annotation_level})")
        parts.append(f"{annotation.title}\n\n{annotation.message}".strip())
    return "\n\n".join(parts) + "\n"


def as_github(report: Report) -> str:
    """What is new as workflow commands; `info` and `possible` findings stay in the summary, as on a pull request."""
    return as_workflow_commands(finding for finding in report.new if finding.speaks)


def show(report: Report, gathered: Gathered) -> None:
    """Each comment under its code lines, then annotations, the summary and the conclusion."""
    out = console()
    for comment in report.comments:
        out.print(comment_text(comment, _lines(comment, gathered)))
    for annotation in report.annotations:
        out.print(annotation_text(annotation))
    out.print(_heading("check run"))
    out.print(Text(visible(report.title), "bold"))
    out.print()
    for kind, line in plain_lines(report.summary):
        out.print(Text(visible(line), "bold" if kind is Kind.HEADING else ""))
    out.print()
    out.print(
        Text.assemble(
            "conclusion: ", (str(report.conclusion), _CONCLUSION.get(report.conclusion, "bold yellow"))
        )
    )


def comment_text(comment: ReviewComment, lines: Sequence[str]) -> Text:
    """An inline comment under the lines it stands on, with a little of what comes before them."""
    text = _heading(f"comment on {_place(comment)}")
    text.append("\n")
    first = comment.start_line or comment.line
    sign = "-" if comment.side == "LEFT" else " "
    width = len(str(comment.line))
    for number in range(max(1, first - CONTEXT_LINES), comment.line + 1):
        line = visible(lines[number - 1]) if number <= len(lines) else ""
        marked = number >= first
        text.append(f"{number:>{width}} {sign if marked else ' '}│ ", "blue")
        text.append(f"{line}\n", "bold" if marked else "dim")
    text.append("\n")
    for _, line in plain_lines(comment.body):
        text.append(f"    {visible(line)}\n" if line else "\n")
    return text


def annotation_text(annotation: Annotation) -> Text:
    """A mark of the check run."""
    text = _heading(f"annotation on {annotation.path}:{annotation.start_line}")
    text.append("\n")
    text.append(f"    {annotation.annotation_level}", _LEVEL[annotation.annotation_level])
    text.append(f"  {visible(annotation.title)}\n" if annotation.title else "\n")
    for line in annotation.message.strip().split("\n"):
        text.append(f"    {visible(line)}\n" if line else "\n")
    return text


def _heading(words: str) -> Text:
    return Text.assemble((f"── {visible(words)} ", "bold"), ("─" * max(3, 76 - len(words)), "dim"))


def _place(comment: ReviewComment) -> str:
    lines = f"{comment.start_line}-{comment.line}" if comment.start_line else str(comment.line)
    return f"{comment.path}:{lines}" + (" (removed)" if comment.side == "LEFT" else "")


def _lines(comment: ReviewComment, gathered: Gathered) -> list[str]:
    """The lines of the file, or of the document, that a comment stands in."""
    removed, path = comment.side == "LEFT", _source_path(comment, gathered)
    documents = gathered.documents_before if removed else gathered.documents_after
    if path in documents:
        return documents[path].splitlines()
    return file_lines(gathered.before if removed else gathered.after, path)


def _source_path(comment: ReviewComment, gathered: Gathered) -> str:
    """The removed side of a renamed file has its old name."""
    if comment.side == "LEFT":
        for file in gathered.files:
            if file.path == comment.path and file.previous_path:
                return file.previous_path
    return comment.path
