from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.review.markdown import (
    LIMIT,
    Section,
    code,
    fence,
    fit,
    html,
    link,
    one_line,
    plain,
    prose,
    sentence,
    sentences,
    shorten,
    table,
)

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MENTION = re.compile(r"(?<![\w`/])@[A-Za-z0-9]")
ADDRESS = re.compile(r"https?://|www\.|\b[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)

HOSTILE = [
    "@acme/security",
    "[free](https://evil.example)",
    "![x](https://evil.example/beacon.png)",
    "<img src=x onerror=alert(1)>",
    "<!-- fastperf:f=1 sha=abcd -->",
    "--> </details>",
    "```\n# out",
    "`a` @team `b",
    "__init__.py",
    "a|b",
    "#12 and GH-34 and acme/shop#5",
    "https://evil.example/ www.evil.example",
    "mail@evil.example",
    "&lt;b&gt; &#64;team",
    "- item",
    "1. item",
    "> quote",
    "===",
    "# heading",
    "\\",
    "$x$ ~~gone~~ *bold*",
    "line\r\nbreak\u2028more\x0bend",
    "rtl \u202e txet",
]
texts = (
    st.text(max_size=60)
    | st.sampled_from(HOSTILE)
    | st.lists(
        st.sampled_from([*HOSTILE, "`", "``", " ", "@a", "\n", "\\", "<", "|", "name"]), max_size=6
    ).map("".join)
)


def inline(markdown: str) -> list[Token]:
    """The inline tokens of a text that must be one paragraph."""
    tokens = READER.parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], markdown
    return tokens[1].children or []


def visible(tokens: list[Token]) -> str:
    return "".join(token.content for token in tokens).replace("\u200d", "")


@settings(deadline=None)
@given(texts)
def test_plain_text_shows_every_character_and_no_markup(text: str) -> None:
    shown = plain(text)
    if not shown:
        assert not text.split()
        return
    tokens = inline(shown)

    assert {token.type for token in tokens} <= {"text"}
    assert visible(tokens) == one_line(text).replace("\u200d", "")
    assert not MENTION.search(tokens[0].content)
    assert not ADDRESS.search(tokens[0].content)
    assert not re.search(r"(?:#|GH-)\d", tokens[0].content, re.IGNORECASE)


@settings(deadline=None)
@given(texts)
def test_code_is_one_code_span_with_the_text(text: str) -> None:
    shown = code(text)
    if not shown:
        assert not text.split()
        return
    tokens = inline(shown)

    assert [token.type for token in tokens] == ["code_inline"]
    assert tokens[0].content.strip() == one_line(text).strip()


@settings(deadline=None)
@given(texts)
def test_a_sentence_keeps_its_code_spans_and_nothing_else_is_markup(text: str) -> None:
    shown = prose(text)
    if not shown.strip():
        return
    tokens = inline(shown.strip())

    assert {token.type for token in tokens} <= {"text", "code_inline"}
    for token in tokens:
        if token.type == "text":
            assert not MENTION.search(token.content)
            assert not ADDRESS.search(token.content)


def test_a_sentence_renders_names_as_code() -> None:
    assert prose("`time.sleep` holds `main`: every request waits.") == (
        "`time.sleep` holds `main`: every request waits."
    )


@settings(deadline=None)
@given(texts, texts)
def test_a_fence_holds_whatever_it_contains(content: str, more: str) -> None:
    content += more
    tokens = READER.parse(f"before\n\n{fence(content, 'diff')}\n\nafter")
    blocks = [token for token in tokens if token.type == "fence"]

    assert [token.info for token in blocks] == ["diff"]
    normal = content.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert blocks[0].content.removesuffix("\n") == normal.removesuffix("\n")
    assert tokens[-2].content == "after"


@settings(deadline=None)
@given(texts)
def test_a_table_cell_never_ends_its_row(text: str) -> None:
    cells = [code(text, cell=True) or "–", prose(text, cell=True) or "–", "end"]
    tokens = READER.parse(table(("a", "b", "c"), ("---", "---", "---"), [cells]))
    shown = [tokens[number + 1].content for number, token in enumerate(tokens) if token.type == "td_open"]

    assert len(shown) == 3
    assert shown[2] == "end"


@settings(deadline=None)
@given(texts)
def test_html_text_opens_no_tag_but_code(text: str) -> None:
    assert re.sub(r"</?code>", "", html(text)).count("<") == 0


def test_a_link_shows_its_path_and_needs_an_address() -> None:
    assert link("app/__init__.py:3", "https://x/y") == r"[app/\_\_init\_\_.py:3](https://x/y)"
    assert link("a.py:3", "") == "a.py:3"


@pytest.mark.parametrize("text", ["a `b c` d `e f g` h", "word " * 40, "`one long span of code here`"])
def test_shortening_never_leaves_an_open_code_span(text: str) -> None:
    for limit in range(2, 40):
        assert shorten(text, limit).count("`") % 2 == 0
        assert len(shorten(text, limit)) <= limit + 2


def test_the_first_sentence_does_not_end_inside_code() -> None:
    assert sentence("Call `a. B` twice. Then stop.") == "Call `a. B` twice."


def test_a_long_text_ends_with_a_whole_sentence() -> None:
    assert sentences("One stays. Two stays. Three is too long.", 25) == "One stays. Two stays."
    assert sentences("All of it\nstays.", 25) == "All of it stays."
    assert sentences("Use `a. B` here, it is long.", 12) == "Use `a. B` …"


sections = st.lists(
    st.builds(
        Section,
        st.lists(st.text(alphabet="aé🔴\n", max_size=60), max_size=4).map(lambda forms: (*forms, "")),
        st.integers(0, 3),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(sections, st.integers(0, 300))
def test_a_fitted_text_is_within_its_limit_and_made_of_whole_forms(parts: list[Section], limit: int) -> None:
    text = fit(parts, limit, separator="\x00")

    assert len(text.encode()) <= limit
    allowed = {"", *(form for part in parts for form in part.forms)}
    assert all(piece in allowed for piece in text.split("\x00"))


def test_a_text_that_fits_is_not_shortened() -> None:
    assert fit([Section(("long", "l")), Section(("text", ""))], 100) == "long\n\ntext"


def test_the_highest_rank_is_shortened_first() -> None:
    assert fit([Section(("aaaa", "a"), rank=0), Section(("bbbb", "b"), rank=1)], 8) == "aaaa\n\nb"


def test_a_text_that_cannot_fit_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="shortest form"):
        fit([Section(("x" * (LIMIT + 1),))])


def test_a_long_sentence_is_left_at_a_clause() -> None:
    text = "Await `rate(a: b)` for several items at once: a coroutine of its own for one, and one semaphore for all."

    assert sentence(text, 60) == "Await `rate(a: b)` for several items at once"
    assert sentence(text, 30) == "Await `rate(a: b)` for …"
    assert sentence(text, 300) == text
