from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.web import pages, rules
from rules.engine import registry


@pytest.fixture
async def site() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/rules", rules.index)
    app.router.add_get("/rules/{code:[A-Za-z0-9-]{1,80}}", rules.rule)
    app.router.add_get("/static/fastperf.css", pages.stylesheet)
    app.router.add_get("/static/fastperf.js", pages.script)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    await server.close()


class Page(HTMLParser):
    """The addresses and ids of a page, and whether its elements close in order."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts: list[str | None] = []
        """Where each script is from; None for one that stands in the page."""
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_every_rule_has_a_page_and_every_link_leads_somewhere(site: str) -> None:
    async with ClientSession() as session:
        async with session.get(f"{site}/rules") as answer:
            index = Page(await answer.text())
        codes = [rule.code for rule in registry.cards()]
        assert {f"/rules/{code}" for code in codes} <= set(index.links)
        for code in codes:
            async with session.get(f"{site}/rules/{code}") as answer:
                assert answer.status == 200
                page = Page(await answer.text())
            assert "impact" in page.ids
            for link in page.links:
                if link.startswith("/") and link != "/":
                    async with session.get(site + link) as answer:
                        assert answer.status == 200, link


async def test_a_page_runs_nothing_and_loads_nothing_from_elsewhere(site: str) -> None:
    async with ClientSession() as session, session.get(f"{site}/rules/FP101") as answer:
        text = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script" not in Page(text).tags
        assert not re.search(r"\sstyle=", text)


async def test_the_list_is_searched_without_a_script(site: str) -> None:
    async with ClientSession() as session:

        async def codes(query: str) -> set[str]:
            async with session.get(f"{site}/rules?{query}") as answer:
                assert answer.status == 200
                page = Page(await answer.text())
            return {link.rpartition("/")[2] for link in page.links if link.startswith("/rules/")}

        everything = await codes("")
        assert await codes("q=BLOCKING+async&severity=") < everything
        assert "FP101" in await codes("q=BLOCKING+async")
        assert await codes("q=fp101&severity=critical") == {"FP101"}
        assert await codes("q=fp101&severity=low") == set()
        assert await codes("severity=nonsense") == everything
        async with session.get(f"{site}/rules", params={"q": '"><script>alert(1)</script>'}) as answer:
            text = await answer.text()
    assert Page(text).scripts == ["/static/fastperf.js"]
    assert "No rule is like that" in text


async def test_tables_can_be_scrolled_by_the_keyboard_and_have_no_empty_head(site: str) -> None:
    async with ClientSession() as session, session.get(f"{site}/rules/FP101") as answer:
        text = await answer.text()
    assert (
        text.count("<table>")
        == len(re.findall(r'role="region" aria-label="[A-Z][a-z]+ \d">\s*<table>', text))
        > 0
    )
    assert "<th></th>" not in text


async def test_a_rule_with_a_fix_shows_the_code_before_and_after(site: str) -> None:
    async with ClientSession() as session, session.get(f"{site}/rules/FP101") as answer:
        text = await answer.text()
    examples = text[text.index('id="examples"') : text.index('id="impact"')]
    assert examples.index("Found") < examples.index("With the fix") < examples.rindex("Not found")
    assert "to_thread" in examples or "run_in_threadpool" in examples
    assert examples.count('<span class="') > 20


async def test_a_name_or_another_spelling_leads_to_the_code(site: str) -> None:
    async with ClientSession() as session:
        for wanted in ("fp101", "blocking-call-in-async"):
            async with session.get(f"{site}/rules/{wanted}", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (308, "/rules/FP101")
        async with session.get(f"{site}/rules/FP999") as answer:
            assert answer.status == 404


def test_code_in_markdown_stays_text() -> None:
    shown = pages.markdown("<script>x</script>\n\n```python\nx = '<b>'\n```\n\n```nonsense\n<i>\n```")

    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert '<span class="' in shown
