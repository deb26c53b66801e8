from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.review import marker
from app.review.commands import PREFIX, USAGE, Command, parse

from .builders import HEAD, orders_diff, report, result, tracking


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/fastperf rescan", Command("rescan")),
        ("  /fastperf   rescan  ", Command("rescan")),
        ("/fastperf RESCAN", Command("rescan")),
        ("/fastperf", Command("help")),
        ("Thanks.\r\n\r\n/fastperf help\r\n", Command("help", line=3)),
        ("Thanks.\n/fastperf pause", Command("pause", line=2)),
        ("/fastperf explain fp101", Command("explain", ("FP101",))),
        ("/fastperf explain", Command("explain", ("",))),
        ("/fastperf ignore FP101 shop/api.py the page is tiny", Command("ignore", ("FP101", "shop/api.py", "the page is tiny"))),
        ("/fastperf ignore FP101 `shop/api.py` tiny", Command("ignore", ("FP101", "shop/api.py", "tiny"))),
        ("/fastperf explain blocking-call-in-async", Command("explain", ("FP101",))),
        ("/fastperf ignore Blocking-Call-In-Async a.py tiny", Command("ignore", ("FP101", "a.py", "tiny"))),
        ("/fastperf ignore well-known and tiny", Command("ignore", ("", "", "well-known and tiny"))),
        ("/fastperf ignore it is tiny", Command("ignore", ("", "", "it is tiny"))),
        ("/fastperf ignore FP101 https://x.example/PERF-1", Command("ignore", ("FP101", "", "https://x.example/PERF-1"))),
        ("/fastperf ignore FP101 I/O is cheap", Command("ignore", ("FP101", "", "I/O is cheap"))),
        ("/fastperf ignore docs/perf.md says so", Command("ignore", ("", "", "docs/perf.md says so"))),
        ("/fastperf unignore FP101", Command("unignore", ("FP101", ""))),
        ("/fastperf diagnose get /orders/{id}", Command("diagnose", ("GET", "/orders/{id}"))),
        ("/fastperf scale 10x", Command("scale", ("10",))),
        ("> quote\n\n/fastperf rescan", Command("rescan", line=3)),
        ("```\ncode\n```\n/fastperf rescan", Command("rescan", line=4)),
        ("<!-- note -->\n/fastperf rescan", Command("rescan", line=2)),
        ("`a\nb` c\n/fastperf rescan", Command("rescan", line=3)),
    ],
)  # fmt: skip
def test_a_command_is_read(body: str, expected: Command) -> None:
    assert parse(body) == (expected,)


@pytest.mark.parametrize(
    "body",
    [
        "please /fastperf rescan",
        "/fastperf-rescan",
        "/fastperfrescan",
        "/Fastperf rescan",
        "/f\u0430stperf rescan",
        "\u200b/fastperf rescan",
        "\\/fastperf rescan",
        "`/fastperf rescan`",
        "``\n/fastperf rescan\n``",
        "**/fastperf rescan**",
        "> /fastperf rescan",
        "> quoted\n/fastperf rescan",
        "> > deep\n/fastperf rescan",
        "- /fastperf rescan",
        "- item\n\n  /fastperf rescan",
        "1. /fastperf rescan",
        "# /fastperf rescan",
        "/fastperf rescan\n===",
        "    /fastperf rescan",
        "\t/fastperf rescan",
        "```\n/fastperf rescan\n```",
        "~~~sh\n/fastperf rescan",
        "````\n```\n/fastperf rescan\n````",
        "<!--\n/fastperf rescan\n-->",
        "text <!--\n/fastperf rescan\n-->",
        "<pre>\n/fastperf rescan\n</pre>",
        "<details>\n/fastperf rescan\n</details>",
        "<b>x</b>/fastperf rescan",
    ],
)
def test_what_only_looks_like_a_command_is_none(body: str) -> None:
    assert parse(body) == ()


@pytest.mark.parametrize(
    ("body", "name", "problem"),
    [
        ("/fastperf dance", "unknown", "`/fastperf help` lists the commands."),
        ("/fastperf explain 101", "explain", "It is written"),
        ("/fastperf ignore FP101", "ignore", "A reason is needed."),
        ("/fastperf ignore FP101 shop/api.py", "ignore", "A reason is needed."),
        ("/fastperf diagnose /orders", "diagnose", "It is written `/fastperf diagnose GET /orders`."),
        ("/fastperf scale lots", "scale", "It is written"),
        ("/fastperf scale 0.0x", "scale", "It is written"),
        ("/fastperf explain no-such-rule", "explain", "It is written"),
        ("/fastperf apply", "unknown", "*Apply fixes* is a button"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(body: str, name: str, problem: str) -> None:
    (command,) = parse(body)

    assert command.name == name
    assert command.problem.startswith(problem)


def test_several_commands_are_read_in_order_up_to_a_limit() -> None:
    assert [command.name for command in parse("/fastperf pause\n/fastperf resume\n\n/fastperf rescan")] == [
        "pause", "resume", "rescan",
    ]  # fmt: skip
    assert len(parse(f"{PREFIX} rescan\n" * 100)) == 10


def test_our_own_texts_hold_no_command() -> None:
    made = report(after=result(tracking()), changes=orders_diff())

    assert made.comments
    for text in (made.summary, made.text, *(comment.body for comment in made.comments)):
        assert parse(text) == ()
    assert parse(f"/fastperf rescan\n{marker.review(HEAD)}") == ()


@settings(deadline=None)
@given(st.text(alphabet="/fastperf rescan`>-<!\n\t \\#~*1.", max_size=80))
def test_no_text_raises(body: str) -> None:
    for command in parse(body + "\n\n/fastperf rescan"):
        assert command.name in {*USAGE, "unknown"}


@pytest.mark.parametrize(
    "unit",
    ["`", "> ", ">", "[", "<", "<!--", "<!--\n", "- ", "\\", "> a\n", "a\n", "<a ", "``` ", "![", "<?", "*a"],
)
def test_hostile_comments_cost_little(unit: str) -> None:
    started = time.process_time()
    parse(unit * (65_000 // len(unit)) + "\n\n/fastperf rescan")

    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "written",
    [
        "/fastperf scale 2.5x",
        "/fastperf diagnose GET /orders",
        "/fastperf ignore FP101 cron only",
        "/fastperf audit",
    ],
)
def test_a_command_is_told_as_one_writes_it(written: str) -> None:
    (command,) = parse(written)

    assert command.text == written
