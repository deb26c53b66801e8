"""`/rules` and `/rules/FP101`: what each rule is about. Public, made from the rules themselves, rendered once."""

from __future__ import annotations

import asyncio
import functools
import re
from typing import Final

from aiohttp import web
from markupsafe import Markup

from app.web import pages
from rules.engine import page, registry

_TITLE: Final = re.compile(r"\A# (.+)\n")
_PAGE_LINK: Final = re.compile(r"\]\((FP\d{3})\.md\)")
_HEADING: Final = re.compile(r"<h2>([^<]+)</h2>")


async def index(_: web.Request) -> web.Response:
    return pages.response(await asyncio.to_thread(_rendered, ""))


async def rule(request: web.Request) -> web.Response:
    """The page of one rule, by code or name, in any case. 404 for what no rule is called."""
    wanted = request.match_info["code"]
    code = _code(wanted)
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


@functools.cache
def _rendered(code: str) -> str:
    """The page of a code; of all rules for an empty one."""
    text = page.pages()[f"{code}.md" if code else "README.md"]
    found = _TITLE.match(text)
    title = found[1] if found else "Rules"
    body = pages.markdown(_PAGE_LINK.sub(r"](/rules/\1)", text))
    return pages.render("rule.html", title=title, body=_with_anchors(body))


def _with_anchors(body: Markup) -> Markup:
    """Headings one can link to: `#impact`."""
    return Markup(  # noqa: S704 - it was HTML of ours before
        _HEADING.sub(
            lambda found: f'<h2 id="{re.sub(r"[^a-z]+", "-", found[1].lower())}">{found[1]}</h2>', str(body)
        )
    )
