"""Our Markdown as a terminal shows it."""

from __future__ import annotations

import pytest

from app.plaintext import plain_text
from app.review.markdown import code, details, fence, plain, prose, table


@pytest.mark.parametrize(
    "said",
    [
        "1.4 times, folder_content.py, a*b, _private and __all__ | $x #1 [y] <tag> & ~z~",
        "mail@example.org, @somebody, https://example.org, www.example.org, GH-3",
        "- a list? 1. or 2) not",
        "the end is a backslash \\",
    ],
)
def test_text_comes_back_as_it_was_before_it_was_escaped(said: str) -> None:
    assert plain_text(plain(said)) == said
    assert plain_text(prose(f"`{said}` is code, {said}")) == f"`{said}` is code, {said}"
    assert plain_text(table(("a",), ("---",), [[code(said, cell=True)]])) == f"a\n`{said}`"


def test_lists_keep_their_signs_and_small_print_alone_has_no_brackets() -> None:
    said = "<sub>Questions:</sub>\n- <sub>How many? (`workers`)</sub>\n  - [ ] one\n\n3. **Do it** <sub>now</sub>\n4. then\n\n---\n\nend"

    assert (
        plain_text(said)
        == "Questions:\n- How many? (`workers`)\n  - [ ] one\n\n3. Do it (now)\n4. then\n\n---\n\nend"
    )


def test_what_github_renders_is_laid_out_and_what_it_hides_is_left_out() -> None:
    shown = plain_text(
        "\n\n".join(
            [
                "## 2 new\nproblems **block** [this](https://example.org/a_b) merge <sub>how · `x = **2**`</sub>",
                "<sub>[a](b) → c</sub>\n**Instead** wait. <sub>estimated</sub>",
                table(
                    ("", "new", "fixed"),
                    ("---", "--:", "--:"),
                    [["🔴 critical", "12", "–"], ["`a\\|b`", "3", "4"]],
                ),
                details("Use <code>aio_http</code> &amp; wait (1 line)", fence("-a\n\n\n+**b**\n", "diff")),
                fence("x = 1\n", "suggestion") + "\n<!-- fastperf:f=1 -->",
            ]
        )
    )

    assert shown == (
        "2 new\nproblems block this merge (how · `x = **2**`)\n\n"
        "a → c\nInstead: wait. (estimated)\n\n"
        "             new  fixed\n🔴 critical   12      –\n`a|b`          3      4\n\n"
        "Use `aio_http` & wait (1 line):\n\n-a\n\n\n+**b**\n\nSuggestion:\nx = 1"
    )
