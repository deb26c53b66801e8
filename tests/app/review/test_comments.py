from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.models import ReviewComment
from app.review import comments, marker
from app.review.comments import Context
from app.review.diff import Diff
from app.review.grouping import Group, group
from app.review.links import Links
from app.review.markdown import LIMIT
from app.review.patch import Texts, split_lines
from rules.engine.finding import Confidence, EndpointRef, Finding, Hop, Severity

from . import builders
from .builders import HEAD, LINKS, diff, excerpts, finding, fix, numbered, orders_diff, tracking
from .test_markdown import HOSTILE, MENTION, READER


def context(changes: Diff, lines: dict[str, str] | None = None, links: Links = LINKS) -> Context:
    return Context(changes, links, Texts(changes, excerpts(lines or {})), {})


def write(one: Finding, changes: Diff, lines: dict[str, str] | None = None) -> ReviewComment | None:
    return comments.write(Group((one,)), context(changes, lines))


def suggested(comment: ReviewComment) -> str | None:
    """The content of the suggestion, as GitHub reads it."""
    found = [
        token for token in READER.parse(comment.body) if token.type == "fence" and token.info == "suggestion"
    ]
    assert len(found) <= 1
    return found[0].content if found else None


def accepted(comment: ReviewComment, head: str) -> str:
    """The head after the suggestion was applied as GitHub does: whole lines, in the file's own line ends."""
    lines = split_lines(head)
    content = suggested(comment)
    assert content is not None
    start = comment.start_line or comment.line
    crlf = "\r\n" in head
    if comment.line == len(lines) and not head.endswith("\n"):
        content = content.removesuffix("\n")
    new = content.replace("\n", "\r\n") if crlf else content
    return "".join([*lines[: start - 1], new, *lines[comment.line :]])


def test_the_first_line_says_what_is_wrong_and_the_suggestion_what_to_do() -> None:
    comment = write(tracking(), orders_diff())

    assert comment is not None
    assert (comment.path, comment.start_line, comment.line, comment.side) == (
        "orders/api.py",
        None,
        12,
        "RIGHT",
    )
    first = comment.body.split("\n")[0]
    assert first == (
        "**🔴 Critical · [blocking-call-through-helper](https://fastperf.example/rules/FP103)** — "
        "`requests.get` runs on the event loop: while it waits, this worker serves nobody."
    )
    assert suggested(comment) == "    status = await run_in_threadpool(carrier_status, order.tracking_no)\n"
    assert accepted(comment, builders.ORDERS_AFTER) == builders.ORDERS_AFTER.replace(
        "carrier_status(order.tracking_no)", "await run_in_threadpool(carrier_status, order.tracking_no)"
    )
    assert comment.body.endswith(f"\n<!-- fastperf:f=9c1e5a7700aa sha={HEAD} -->")


def test_a_fix_with_an_edit_elsewhere_is_a_folded_diff() -> None:
    one = finding(20, fix=fix(("shop/api.py", 1, 0, "import asyncio\n"), ("shop/api.py", 20, 20, "new\n")))
    comment = write(one, numbered("shop/api.py", 20))

    assert comment is not None
    assert suggested(comment) is None
    assert "(1 line, 1 import)</summary>" in comment.body
    assert "```diff\n+import asyncio\n@@\n-changed 20\n+new\n```" in comment.body


def test_contiguous_edits_are_one_suggestion() -> None:
    one = finding(20, fix=fix(("shop/api.py", 20, 19, "above\n"), ("shop/api.py", 20, 21, "new\n")))
    comment = write(one, numbered("shop/api.py", 20))

    assert comment is not None
    assert (comment.start_line, comment.line) == (20, 21)
    assert suggested(comment) == "above\nnew\n"


def test_an_insertion_takes_its_neighbour_along() -> None:
    one = finding(20, fix=fix(("shop/api.py", 20, 19, "new\n")))
    comment = write(one, numbered("shop/api.py", 20))

    assert comment is not None
    assert (comment.start_line, comment.line) == (None, 20)
    assert suggested(comment) == "new\nchanged 20\n"


def test_a_deletion_is_an_empty_suggestion() -> None:
    comment = write(finding(20, fix=fix(("shop/api.py", 20, 20, ""))), numbered("shop/api.py", 20))

    assert comment is not None
    assert suggested(comment) == ""


@pytest.mark.parametrize(
    ("start", "end", "replacement"),
    [
        (16, 20, "outside the hunk\n"),
        (20, 20, "changed 20\n"),
        (18, 18, "no line of it was touched\n"),
        (20, 20, "reads \u202eotherwise\n"),
        (20, 20, "\u2066\n"),
    ],
    ids=["outside", "unchanged", "untouched", "override", "isolate"],
)  # fmt: skip
def test_what_cannot_be_one_click_is_no_suggestion(start: int, end: int, replacement: str) -> None:
    one = finding(20, fix=fix(("shop/api.py", start, end, replacement)))
    comment = write(one, numbered("shop/api.py", 20), {"shop/api.py": "x\n" * 40})

    assert comment is not None
    assert suggested(comment) is None
    assert "\u202e" not in comment.body
    assert "\u2066" not in comment.body


def test_a_file_with_direction_changing_characters_gets_no_suggestion() -> None:
    changes = diff({"shop/api.py": ("a\n", "a\nx = 1  # \u2067 hidden\n")})
    comment = write(finding(2, fix=fix(("shop/api.py", 2, 2, "y\n"))), changes)

    assert comment is not None
    assert suggested(comment) is None


def test_a_neighbouring_line_with_such_characters_is_not_taken_along() -> None:
    changes = diff({"shop/api.py": ("a\n", "a\nx = 1  # \u2067 hidden\n")})
    comment = write(finding(2, fix=fix(("shop/api.py", 2, 1, "y\n"))), changes)

    assert comment is not None
    assert suggested(comment) is None


def test_a_suggestion_whose_content_has_fences_stays_whole() -> None:
    changes = diff({"shop/api.py": ("a\n", 'a\n"""\n```suggestion\n"""\n')})
    comment = write(finding(2, fix=fix(("shop/api.py", 2, 4, '"""\n````\nx\n```\n"""\n'))), changes)

    assert comment is not None
    assert suggested(comment) == '"""\n````\nx\n```\n"""\n'


rows = st.sampled_from(["a", "b", "  c", "```", "````suggestion", "", "\td", "e  "])


@settings(deadline=None)
@given(
    st.lists(rows, max_size=12), st.lists(rows, min_size=1, max_size=14), st.booleans(), st.booleans(),
    st.integers(1, 14), st.integers(-1, 4), st.lists(rows, max_size=3),
)  # fmt: skip
def test_applying_a_suggestion_gives_exactly_what_was_proven(
    base: list[str], rows: list[str], crlf: bool, ends: bool, start: int, length: int, new: list[str]
) -> None:
    newline = "\r\n" if crlf and (ends or len(rows) > 1) else "\n"
    head = newline.join(rows) + (newline if ends or not rows[-1] else "")
    lines = split_lines(head)
    start = min(start, len(lines))
    end = min(start + length, len(lines))
    replacement = "".join(row + newline for row in new)
    if end == len(lines) and not head.endswith("\n"):
        replacement = replacement.removesuffix(newline)
    changes = diff({"shop/api.py": ("".join(row + newline for row in base), head)})
    comment = write(finding(start, fix=fix(("shop/api.py", start, end, replacement))), changes)
    if comment is None or suggested(comment) is None:
        return

    first = comment.start_line or comment.line
    assert first <= comment.line
    assert changes.commentable_range("shop/api.py", first, comment.line)
    proven = "".join([*lines[: start - 1], replacement, *lines[end:]])
    assert accepted(comment, head) == proven


def places(*names: str) -> tuple[Hop, ...]:
    return tuple(Hop(path, int(line), "f") for path, line in (name.split(":") for name in names))


@pytest.mark.parametrize(
    ("touched", "expected"),
    [
        ({"leaf.py": 20, "hop.py": 20, "call.py": 20, "model.py": 20}, "leaf.py"),
        ({"hop.py": 20, "call.py": 20, "model.py": 20}, "hop.py"),
        ({"call.py": 20, "model.py": 20}, "call.py"),
        ({"model.py": 20}, "model.py"),
        ({"model.py": 22}, None),
        ({}, None),
    ],
)
def test_a_finding_is_said_at_the_first_changed_place(touched: dict[str, int], expected: str | None) -> None:
    files = {path: numbered(path, line).files[path] for path, line in touched.items()}
    one = finding(20, path="call.py", places=places("leaf.py:20", "hop.py:20", "call.py:20", "model.py:20"))

    anchor = comments.anchor(one, Diff(files))

    assert (anchor.path if anchor else None) == expected
    assert anchor is None or anchor.line == 20


def test_a_finding_over_several_lines_is_said_on_the_changed_one() -> None:
    anchor = comments.anchor(finding(19, end_line=22), numbered("shop/api.py", 21))

    assert anchor is not None
    assert (anchor.line, anchor.side) == (21, "RIGHT")


def test_a_removed_guard_is_said_on_the_removed_line() -> None:
    before = "x\ncall(\n    url,\n    timeout=5,\n)\n"
    changes = diff({"shop/api.py": (before, before.replace("    timeout=5,\n", ""))})
    comment = write(finding(2, end_line=4), changes)

    assert comment is not None
    assert (comment.line, comment.side) == (4, "LEFT")
    assert changes.commentable("shop/api.py", 4, "LEFT")


def test_findings_of_one_cause_are_one_comment_that_names_endpoints() -> None:
    many = [
        finding(
            20, endpoint=EndpointRef("GET", f"/e{number}"), cause="get_current_user", fingerprint=f"f{number}"
        )
        for number in range(312)
    ]
    (together,) = group(many)
    comment = comments.write(together, context(numbered("shop/api.py", 20)))

    assert comment is not None
    assert "**312 endpoints** reach it." in comment.body.split("\n")[0]
    assert "<details><summary>all 312</summary>" in comment.body
    mark = marker.read(comment.body)
    assert mark is not None
    assert mark.fingerprints[:2] == ("f0", "f1")
    assert len(mark.fingerprints) == marker.MAX_FINGERPRINTS


def test_other_places_of_one_cause_are_named_with_what_the_patch_does_there() -> None:
    lines = (20, 31, 47)
    alike = [
        finding(line, cause="c", fingerprint=f"f{line}", fix=fix(("shop/api.py", line, line, "new\n")))
        for line in lines
    ]
    (together,) = group(alike)
    shown = context(numbered("shop/api.py", 20))
    comment = comments.write(together, shown)

    assert comment is not None
    paragraph = next(part for part in comment.body.split("\n\n") if part.startswith("The same at "))
    named = re.findall(r"\[(shop/api\.py:\d+)\]\(", paragraph)
    assert named == ["shop/api.py:31", "shop/api.py:47"]
    assert paragraph.endswith("; the patch of the check run mends them.")
    (partly,) = group([*alike, finding(58, cause="c", fingerprint="f58")])
    comment = comments.write(partly, shown)
    assert comment is not None
    assert "shop/api.py:58" in comment.body
    assert "; the patch of the check run mends 2 of 3." in comment.body


def test_one_mistake_in_one_function_is_one_comment_that_lists_its_places() -> None:
    twice = [finding(line, code="FP212", symbol="save", instead="Commit once.") for line in (12, 20)]
    mended = finding(
        30, code="FP212", symbol="save", instead="Commit once.", fix=fix(("shop/api.py", 30, 30, "x\n"))
    )
    (said, alone) = group([*twice, mended])

    assert said.places == (("shop/api.py", 12), ("shop/api.py", 20))
    assert alone.findings == (mended,)
    comment = comments.write(said, context(numbered("shop/api.py", (12, 20))))
    assert comment is not None
    assert "The same at [shop/api.py:20]" in comment.body


def test_calls_of_one_library_that_stop_the_loop_are_one_comment_whichever_rule_finds_them() -> None:
    opened = finding(12, code="FP103", symbol="save", leaf="sqlalchemy.create_engine", cause="a")
    asked = finding(
        13, Severity.CRITICAL, code="FP102", symbol="save", leaf="sqlalchemy.orm.Session.execute", cause="b"
    )
    read = finding(14, code="FP101", symbol="save", leaf="requests.get")
    elsewhere = finding(40, code="FP102", symbol="load", leaf="sqlalchemy.orm.Session.execute")

    groups = group([opened, asked, read, elsewhere])
    assert [entry.findings for entry in groups] == [(asked, opened), (read,), (elsewhere,)]


def test_different_rules_or_causes_stay_apart() -> None:
    one, other = finding(cause="x"), finding(cause="x", code="FP201")

    assert len(group([one, other, finding(20, cause="y"), finding(21), finding(22)])) == 5


def test_info_and_possible_findings_are_not_said_on_lines() -> None:
    assert not finding(severity=Severity.INFO).speaks
    assert not finding(confidence=Confidence.POSSIBLE).speaks
    assert finding(severity=Severity.LOW, confidence=Confidence.LIKELY).speaks


def test_no_number_is_shown_when_nothing_was_measured() -> None:
    comment = write(finding(20), numbered("shop/api.py", 20))

    assert comment is not None
    assert "Expected" not in comment.body
    assert "**Instead** Call it with `await run_in_threadpool(...)`." in comment.body


def test_without_our_own_pages_nothing_is_linked() -> None:
    said = comments.write(Group((tracking(),)), context(orders_diff(), links=Links()))

    assert said is not None
    assert "](" not in said.body
    assert "`blocking-call-through-helper`" in said.body
    assert "orders/api.py:12 → shipping/client.py:18" in said.body


hostile = st.sampled_from(HOSTILE) | st.text(max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    hostile, hostile.map(lambda text: text.replace("\0", "") or "x"), hostile, hostile,
    st.lists(st.tuples(hostile, hostile), max_size=12), hostile,
)  # fmt: skip
def test_hostile_names_make_no_mention_link_tag_or_marker(
    message: str, path: str, symbol: str, route: str, hops: list[tuple[str, str]], replacement: str
) -> None:
    one = finding(
        20,
        message=message,
        path=path,
        symbol=symbol,
        endpoint=EndpointRef("GET", route),
        instead=message,
        trade_offs=symbol,
        call_path=tuple(Hop(where, 3, name) for where, name in hops),
        places=(Hop(path, 20, symbol),),
        fix=fix((path, 20, 20, replacement.replace("\n", " ") + "\n"), (path, 1, 0, "import x\n")),
    )
    comment = write(one, numbered(path, 20))
    assert comment is not None
    tokens = READER.parse(comment.body)
    inner = [child for token in tokens for child in token.children or ()]

    for child in inner:
        if child.type == "text":
            assert not MENTION.search(child.content)
        elif child.type == "link_open":
            assert str(child.attrs["href"]).startswith(
                ("https://fastperf.example/", "https://github.com/acme/")
            )
        elif child.type == "html_inline":
            assert child.content in ("<sub>", "</sub>")
        assert child.type != "image"
    blocks = [token.content for token in tokens if token.type == "html_block"]
    for block in blocks:
        assert re.match(r"(<details><summary>|</details>|<!-- fastperf:)", block)
        assert not MENTION.search(re.sub(r"<code>.*?</code>", "", block))
    assert sum(block.startswith("<!--") for block in blocks) <= 1
    mark = marker.read(comment.body)
    assert mark is not None
    assert mark.fingerprints == (marker.token(one.fingerprint),)
    assert mark.sha == HEAD


def test_a_forged_marker_inside_a_text_is_not_read() -> None:
    forged = f"<!-- fastperf:f=forged sha={HEAD} -->"
    comment = write(
        finding(20, message=forged, instead=f"`{forged}`", fingerprint="true"), numbered("shop/api.py", 20)
    )

    assert comment is not None
    mark = marker.read(comment.body)
    assert mark is not None
    assert mark.fingerprints == ("true",)
    assert marker.read(f"{forged}\nand more") is None


def test_a_comment_is_never_too_long() -> None:
    many = [
        finding(20, endpoint=EndpointRef("GET", "/ü" * 60 + str(number)), cause="c", fingerprint=f"f{number}" * 20,
                message="ü" * 90_000, instead="ö" * 90_000, trade_offs="ä" * 90_000,
                fix=fix(("shop/api.py", 20, 20, "x = 'ü'\n" * 60)))
        for number in range(900)
    ]  # fmt: skip
    comment = comments.write(group(many)[0], context(numbered("shop/api.py", 20)))

    assert comment is not None
    assert len(comment.body.encode()) <= LIMIT
    assert marker.read(comment.body) is not None
    assert suggested(comment) is not None


def test_a_header_far_above_the_call_it_speaks_of_is_said_at_the_call() -> None:
    changes = numbered("shop/api.py", tuple(range(1, 41)))

    def said(call: int) -> tuple[int | None, int] | None:
        places = (Hop("shop/api.py", call, ""), Hop("shop/api.py", 3, ""))
        comment = write(finding(3, siblings=(call,), places=places), changes)
        return (comment.start_line, comment.line) if comment is not None else None

    assert said(9) == (None, 9)
    assert said(30) == (3, 30)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("serves nobody. The same happens on lines 5, 9 and 12.", "serves nobody. The same happens on lines 5 and 12."),
        ("serves nobody. The same happens on lines 9 and 12.", "serves nobody. The same happens on line 12."),
        ("serves nobody. The same happens on line 9.", "serves nobody."),
        ("nobody. The same happens on lines 5, 6, 7, 8, 9 and 12 more.", "on lines 5, 6, 7, 8 and 12 more."),
        ("a round trip per item; so do lines 9 and 12.", "a round trip per item; so does line 12."),
        ("a round trip per item; so does line 9.", "a round trip per item."),
    ],
)  # fmt: skip
def test_a_comment_on_one_of_several_lines_does_not_list_its_own(told: str, read: str) -> None:
    one = finding(
        3, siblings=(9,), places=tuple(Hop("shop/api.py", line, "") for line in (3, 9)), message=told
    )

    comment = write(one, numbered("shop/api.py", 9))

    assert comment is not None
    first = comment.body.split("\n")[0]
    assert " — as [shop/api.py:3](https://github.com/acme/shop/blob/" in first
    assert re.sub(r"\[(\d+)\]\(https://[^)]*#L\1\)", r"\1", first).endswith(read)


def test_lines_that_a_message_names_are_linked() -> None:
    told = "`read(line 4)` runs on lines 5, 6 and 12 more, as on line 30 (lines 5 to 9)."

    linked = LINKS.lines(told, "shop/api.py")

    at = f"https://github.com/acme/shop/blob/{HEAD}/shop/api.py#L"
    assert linked == (
        f"`read(line 4)` runs on lines [5]({at}5), [6]({at}6) and 12 more, as on line [30]({at}30)"
        f" (lines [5]({at}5) to [9]({at}9))."
    )
    assert Links().lines(told, "shop/api.py") == told


def test_one_more_call_beside_older_ones_is_said_where_it_is() -> None:
    comment = write(
        finding(3, siblings=(9,), places=tuple(Hop("shop/api.py", line, "") for line in (3, 9))),
        numbered("shop/api.py", 9),
    )

    assert comment is not None
    assert comment.line == 9
    assert " — as [shop/api.py:3](https://github.com/acme/shop/blob/" in comment.body

    places = Hop("shop/api.py", 9, ""), Hop("shop/api.py", 3, "")
    for calls, told in (((9,), ""), ((7, 9), "as [shop/api.py:7](")):
        header = write(finding(3, siblings=calls, places=places), numbered("shop/api.py", 9))
        assert header is not None
        assert header.line == 9
        assert ("does already: " in header.body) is bool(told)
        assert told in header.body
