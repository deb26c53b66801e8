"""Answers that a comment has no room for: whole on a page, with the report's own rules of access."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from app.review.answered import Answered, Part
from app.review.answers import configuration
from app.review.config import Config
from app.web import pages, reports
from app.web.reports import Viewer
from tests.fakegithub.state import Pull, Repo

from .service import FAST, FILES, Service


def _endpoints(count: int) -> dict[str, str]:
    slow = (
        f'@app.get("/slow/{number}")\nasync def slow_{number}() -> None:\n    time.sleep({number + 1})\n'
        for number in range(count)
    )
    return {
        "shop/slow.py": "import time\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        + "\n\n".join(slow)
    }


async def _asked(service: Service, *orders: str) -> tuple[Repo, Pull, str]:
    """A pull request of a project with more problems than a comment lists, and the answer to these commands."""
    repo = service.github.add_repo("octo/shop", private=True, files=FILES | _endpoints(24))
    service.github.install("octo", [repo])
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "fast", FAST)
    await service.github.comment(repo, pull.number, "\n".join(orders))
    await service.idle()
    (answer,) = [
        each.body for each in service.github.comments(repo, pull.number) if "fastperf:answer" in each.body
    ]
    return repo, pull, answer


def _page_of(service: Service, answer: str) -> str:
    (address,) = re.findall(r"\[The whole answer\]\((\S+)\)", answer)
    parts = urlsplit(address)
    return f"{service.url}{parts.path}?{parts.query}"


async def test_a_long_answer_is_whole_on_a_page_and_short_in_the_comment(service: Service) -> None:
    repo, pull, answer = await _asked(service, "/fastperf audit", "/fastperf explain FP101")

    assert "4 more: " in answer
    assert len(answer) < 10_000
    page = _page_of(service, answer)
    async with ClientSession() as session, session.get(page) as reply:
        text = await reply.text()
        assert reply.status == 200
        assert reply.headers["Cache-Control"] == "no-store"
    assert text.count("/blob/") == 24
    assert "4 more" not in text
    assert "<code>/fastperf audit</code> · <code>/fastperf explain FP101</code>" in text

    address = urlsplit(service.run(repo, pull).details_url)
    async with (
        ClientSession() as session,
        session.get(f"{service.url}{address.path}?{address.query}") as reply,
    ):
        assert "/fastperf audit · /fastperf explain FP101" in await reply.text()  # the report leads there


async def test_the_page_of_an_answer_opens_and_ends_as_its_report_does(service: Service) -> None:
    _, _, answer = await _asked(service, "/fastperf audit")
    page = _page_of(service, answer)

    async with ClientSession() as session:
        for wrong in (
            page.partition("?")[0],
            page[:-1] + ("0" if page[-1] != "0" else "1"),
            page.replace("comment-", "reply-"),
        ):
            async with session.get(wrong) as reply:
                assert reply.status == 404, wrong
        (installation,) = service.github.state.installations.values()
        await service.github.installed(installation, "deleted")
        await service.idle()
        async with session.get(page) as reply:
            assert reply.status == 404


def test_a_long_configuration_is_shown_whole_to_those_alone_who_may_read_it() -> None:
    tables = "".join(f'[[budget]]\nmatch = "/orders/{number}"\nqueries = {number}\n' for number in range(60))
    config = Config.parse({".github/fastperf.toml": tables + "".join(f"[x{n}]\n" for n in range(15))})
    answer = configuration(config)
    assert answer.is_cut
    assert answer.quotes
    answered = Answered.of([answer], ["/fastperf config"], "octo/shop", 1, "a" * 40)

    for_all = reports.render_answer(answered)
    assert "/orders/59" not in for_all
    assert "quotes files of the project" in for_all
    assert "/orders/59" in reports.render_answer(answered, viewer=Viewer(login="maria", reads=True))


def test_hostile_names_stay_text_on_the_page() -> None:
    hostile = "<script>alert(1)</script>"
    part = Part(f"### {hostile}\n\n- `{hostile}` <sub>small</sub> [x](javascript:alert(1))\n", quotes=False)
    answered = Answered(repository=hostile, number=1, head_sha=hostile, asked=(hostile,), parts=(part,))

    html = reports.render_answer(answered)

    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert "<small>small</small>" in html


def test_a_deep_tree_keeps_its_leaves_and_tables_need_no_style() -> None:
    deep = "\n".join(f"{'  ' * level}- level {level}" for level in range(12))

    html = pages.markdown_answer(f"### Tree\n\n{deep}\n\n| a |\n|--:|\n| 1 |\n")

    assert "level 11" in html
    assert html.count("<ul>") == 12
    assert "style=" not in html
    assert '<td class="number">' in html


@pytest.mark.parametrize("command", ["explain FP101", "help"])
async def test_what_fits_is_answered_in_the_comment_alone(service: Service, command: str) -> None:
    _, _, answer = await _asked(service, f"/fastperf {command}")

    assert "The whole answer" not in answer
