"""`/rules` and `/rules/FP101`: what each rule is about. Public, made from the rules themselves, rendered once."""

from __future__ import annotations

import asyncio
import functools
import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from aiohttp import web
from markupsafe import Markup

from app.web import pages
from rules.engine import page, registry
from rules.engine.costs import measured
from rules.engine.finding import Severity
from rules.engine.rule import Rule

LONGEST_QUERY: Final = 100
_TITLE: Final = re.compile(r"\A# (.+)\n")
_PAGE_LINK: Final = re.compile(r"\]\((FP\d{3})\.md\)")
_HEADING: Final = re.compile(r"<h2>([^<]+)</h2>")
_EMPTY_HEAD: Final = re.compile(r"<thead>\s*<tr>\s*(?:<th></th>\s*)+</tr>\s*</thead>\s*")
"""Markdown has no table without a head."""
_EXAMPLES: Final = re.compile(r"^## Examples\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
_TITLES: Final = {
    "engine": "The whole review",
    "event_loop": "Event loop",
    "database": "Database",
    "caching": "Caching",
    "background": "Background work",
    "responses": "Responses",
    "outbound": "Outgoing calls",
    "scaling": "Scaling",
}


class Entry(NamedTuple):
    """One line of the list. `text` is what a search looks in, in small letters."""

    code: str
    name: str
    severity: str
    gates: bool
    fix: bool
    measured: bool
    alias_of: str
    summary: Markup
    text: str


class Family(NamedTuple):
    name: str
    title: str
    rules: list[Entry]


class Example(NamedTuple):
    """Code of a rule's own examples, highlighted; `after` is empty where there is no fix."""

    found: bool
    before: Markup
    after: Markup


async def index(request: web.Request) -> web.Response:
    """All rules, or those that `q` and `severity` leave."""
    query = request.query.get("q", "")[:LONGEST_QUERY]
    severity = request.query.get("severity", "")
    wanted = severity if severity in set(Severity) else ""
    return pages.response(await asyncio.to_thread(_list, query.strip(), wanted), script=True)


async def rule(request: web.Request) -> web.Response:
    """The page of one rule, by code or name, in any case. 404 for what no rule is called."""
    wanted = request.match_info["code"]
    code = await asyncio.to_thread(_code, wanted)  # the first one imports every rule
    if code is None:
        raise web.HTTPNotFound
    if code != wanted:
        raise web.HTTPPermanentRedirect(f"/rules/{code}")
    return pages.response(await asyncio.to_thread(_rendered, code))


def _code(wanted: str) -> str | None:
    if wanted.upper() in registry.aliases():
        return wanted.upper()
    try:
        return registry.by_code(wanted).code
    except KeyError:
        return None


def _list(query: str, severity: str) -> str:
    words = query.lower().split()
    families = []
    for family in _families():
        left = [
            entry
            for entry in family.rules
            if all(word in entry.text for word in words) and (not severity or entry.severity == severity)
        ]
        if left:
            families.append(family._replace(rules=left))
    return pages.render(
        "rules.html",
        query=query,
        severity=severity,
        severities=[str(name) for name in Severity],
        families=families,
        count=sum(len(family.rules) for family in families),
        total=sum(len(family.rules) for family in _families()),
    )


@functools.cache
def _families() -> tuple[Family, ...]:
    found: dict[str, list[Entry]] = {}
    for entry in registry.cards():
        found.setdefault(registry.family_of(entry), []).extend(_entries(entry))
    return tuple(
        Family(name, _TITLES.get(name, name.replace("_", " ").capitalize()), sorted(entries))
        for name, entries in sorted(found.items(), key=lambda item: min(item[1]).code)
    )


def _entries(rule: Rule) -> Iterator[Entry]:
    """The rule, and a line for each other name it answers to."""
    card = registry.card(rule)
    name = registry.name_of(rule)
    for code, called, alias_of in (
        (rule.code, name, ""),
        *((code, called, rule.code) for code, called in rule.aliases.items()),
    ):
        yield Entry(
            code=code,
            name=called,
            severity=str(rule.severity),
            gates=rule.gates,
            fix=any(example.fixed is not None for example in rule.invalid),
            measured=measured.of(rule.code) is not None,
            alias_of=alias_of,
            summary=pages.markdown_line(card.summary),
            text=f"{code} {called} {name} {rule.severity} {card.summary} {card.why}".lower(),
        )


@functools.cache
def _rendered(code: str) -> str:
    text = page.pages()[f"{code}.md"]
    found = _TITLE.match(text)
    examples = list(_examples(registry.by_code(code))) if _EXAMPLES.search(text) else []
    head, _, tail = _EXAMPLES.sub("\f", text).partition("\f")
    return pages.render(
        "rule.html",
        title=found[1] if found else code,
        head=_body(head, "Facts"),
        examples=examples,
        tail=_body(tail, "Measurement"),
    )


def _examples(rule: Rule) -> Iterator[Example]:
    for bad in rule.invalid:
        yield Example(True, _code_of(bad.code, bad.documents, bad.path), _shown(bad.fixed or "", bad.path))
    for good in rule.valid:
        yield Example(False, _code_of(good.code, good.documents, good.path), Markup(""))


def _code_of(code: str, documents: Mapping[str, str], path: str) -> Markup:
    """An example with the other files that it needs, each under its name."""
    parts = [_shown(f"# {name}\n{textwrap.dedent(text).strip()}", name) for name, text in documents.items()]
    title = f"# {path}\n" if path and documents else ""
    return Markup("\n\n").join([*parts, _shown(title + textwrap.dedent(code).strip(), path)])


def _shown(text: str, path: str) -> Markup:
    return pages.highlighted(textwrap.dedent(text).strip(), page.language_of(path)) if text else Markup("")


def _body(text: str, tables: str) -> Markup:
    return _with_anchors(pages.markdown(_PAGE_LINK.sub(r"](/rules/\1)", text)), tables)


def _with_anchors(body: Markup, tables: str) -> Markup:
    """Headings one can link to (`#impact`), and tables that the keyboard can scroll in a small window."""
    number = itertools.count(1)
    scrolled = _EMPTY_HEAD.sub("", str(body)).replace("</table>", "</table></div>")
    scrolled = re.sub(
        "<table>",
        lambda _: (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{tables} {next(number)}"><table>'
        ),
        scrolled,
    )
    return Markup(  # noqa: S704 - it was HTML of ours before
        _HEADING.sub(
            lambda found: f'<h2 id="{re.sub(r"[^a-z]+", "-", found[1].lower())}">{found[1]}</h2>',
            scrolled,
        )
    )
