"""`check --checklist`: what a FastAPI service that is ready for load has, and what this one still lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
from rich.text import Text

from app.checklist_code import Example, Lines, example
from app.outputs import fenced
from app.printable import visible
from app.terminal import COLOURS
from rules.engine import registry
from rules.engine.finding import Finding, Result

ITEMS: Final[tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]] = (
    (
        "The event loop",
        (
            (
                "nothing blocks the event loop",
                ("FP101", "FP102", "FP103", "FP104", "FP105", "FP106", "FP108", "FP109"),
            ),
            ("CPU work and password hashes run elsewhere", ("FP701", "FP720")),
            ("background tasks are kept until they are done", ("FP113",)),
            ("independent waits run together, and bounded", ("FP110", "FP111", "FP112")),
        ),
    ),
    (
        "Database",
        (
            ("no query per row", ("FP201", "FP202", "FP203", "FP204", "FP205")),
            ("lists have a limit, and page sizes a bound", ("FP211", "FP223")),
            ("foreign keys and filters have indexes", ("FP206", "FP207")),
            ("writes and commits go in bulk", ("FP212", "FP213")),
            ("sessions are short and given back", ("FP218", "FP219", "FP220", "FP221", "FP404")),
            ("the pool is configured and large enough", ("FP604", "FP605", "FP606", "FP607")),
        ),
    ),
    (
        "Outgoing calls",
        (
            ("clients are shared", ("FP603",)),
            ("every call has a timeout", ("FP601", "FP602")),
            ("retries wait, end and are bounded", ("FP608", "FP617")),
            ("a failing dependency is left alone for a while", ("FP609",)),
        ),
    ),
    (
        "Caching and background work",
        (
            ("settings and fixed documents are read once", ("FP301", "FP302", "FP313")),
            ("caches have a limit, a lifetime and an invalidation", ("FP304", "FP305", "FP704", "FP706")),
            ("slow work leaves the request", ("FP401", "FP402")),
            ("tasks have time limits and retries", ("FP407", "FP408")),
        ),
    ),
    (
        "Responses",
        (
            ("responses are typed and serialized once", ("FP501", "FP502", "FP503", "FP504")),
            ("files and uploads stream", ("FP505", "FP506", "FP507")),
            ("responses are compressed cheaply", ("FP511",)),
        ),
    ),
    (
        "Serving",
        (
            ("several workers of the right class, without reload", ("FP711", "FP712", "FP715")),
            ("worker and keep-alive timeouts fit together", ("FP713", "FP618")),
            ("state is shared between workers", ("FP705", "FP616")),
            ("a cheap health check", ("FP613", "FP614")),
            ("a rate limit, and load is shed", ("FP615", "FP619")),
            ("metrics or tracing", ("FP721",)),
        ),
    ),
)
"""Group -> (what a ready service has, codes of the rules that say it is missing)."""


def _nothing(path: str) -> Sequence[str]:
    return ()


class Item(msgspec.Struct, frozen=True):
    """One line of the list; `missing` holds what says so, worst first."""

    group: str
    title: str
    missing: tuple[Finding, ...]
    example: Example | None = None
    """What mends the worst of it, as code of this project."""


def of(
    result: Result, lines: Lines = _nothing, python: Mapping[str, bytes] = MappingProxyType({})
) -> list[Item]:
    """The list for a project of these files. Codes that no rule of this version has are passed over."""
    said = sorted((*result.findings, *result.advice), key=lambda finding: -finding.severity.rank)
    known = registry.codes()
    found = [
        Item(group, title, tuple(finding for finding in said if finding.code in codes))
        for group, items in ITEMS
        for title, codes in items
        if known & set(codes)
    ]
    return [
        msgspec.structs.replace(item, example=example(item.missing[0], lines, python))
        if item.missing
        else item
        for item in found
    ]


def as_text(items: Iterable[Item]) -> Text:
    """Ticked and open boxes, with the first place and what to do there."""
    text = Text(no_wrap=True)
    group = ""
    count = missing = 0
    for item in items:
        if item.group != group:
            group = item.group
            text.append(f"{group}\n", "bold")
        count += 1
        if not item.missing:
            text.append("  ✓ ", "green")
            text.append(f"{item.title}\n")
            continue
        missing += 1
        first = item.missing[0]
        text.append("  ✗ ", COLOURS[first.severity])
        text.append(item.title, "bold")
        more = f" and {len(item.missing) - 1} more" if len(item.missing) > 1 else ""
        text.append(f"   {first.code} {visible(first.path)}:{first.line}{more}\n", "dim")
        text.append(f"      {visible(_sentence(first.instead or first.message))}\n")
        for line in item.example.lines if item.example else ():
            text.append(f"      {visible(line)}".rstrip() + "\n", "dim")
    text.append(f"\n{count - missing} of {count} are in place.", "bold")
    return text


def as_json(items: Iterable[Item]) -> str:
    """`check --checklist --output-format json`."""
    document = {
        "version": 1,
        "items": [
            {
                "group": item.group,
                "title": item.title,
                "present": not item.missing,
                "missing": [
                    {
                        "code": finding.code,
                        "path": finding.path,
                        "line": finding.line,
                        "message": finding.message,
                        "instead": finding.instead,
                    }
                    for finding in item.missing
                ],
                "example": "\n".join(item.example.lines) if item.example else None,
            }
            for item in items
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def as_markdown(items: Iterable[Item]) -> str:
    """`check --checklist --output-format markdown`: a task list for an issue."""
    lines: list[str] = []
    group = ""
    for item in items:
        if item.group != group:
            group = item.group
            lines += ["", f"### {group}", ""]
        lines.append(f"- [{' ' if item.missing else 'x'}] {item.title}")
        for finding in item.missing[:1]:
            more = f" and {len(item.missing) - 1} more" if len(item.missing) > 1 else ""
            lines.append(
                f"  {finding.code} `{visible(finding.path)}:{finding.line}`{more}: {_sentence(finding.instead or finding.message)}"
            )
            if item.example:
                lines += [
                    "",
                    *(f"  {line}".rstrip() for line in fenced(item.example.lines, item.example.language)),
                    "",
                ]
    return "\n".join(lines[1:]) + "\n"


def _sentence(words: str) -> str:
    """The first sentence; code in it may hold full stops."""
    line = " ".join(words.split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]
