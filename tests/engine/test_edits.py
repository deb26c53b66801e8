from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.finding import Edit
from rules.engine.reading.edits import EditError, Lines, apply, joined, one_click

LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=4).map(
    lambda s: s.replace("\ufeff", "")
)
SOME = st.lists(st.sampled_from(["a", "b", "c", "é"]), max_size=12)


@given(SOME, SOME, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
def test_a_difference_applied_gives_the_new_lines(
    old: list[str], new: list[str], newline: str, ended: bool, bom: bool
) -> None:
    if not old or (len(old) == 1 and not ended):
        return  # no line end to go by
    raw = newline.join(old).encode() + (newline.encode() if ended else b"")
    prefix = b"\xef\xbb\xbf" if bom else b""
    lines = Lines.of(prefix + raw)

    edits = lines.difference("a.py", 1, len(old), new)
    result = lines.apply(edits)

    assert result.removeprefix(prefix).decode().split(newline)[: len(new)] == (new or [""])[: len(new)]
    if new and not (edits and edits[-1].replacement == ""):
        assert result.endswith(newline.encode()) == ended
    assert (edits == []) == (old == new)


@given(
    st.lists(LINE, min_size=1, max_size=6),
    st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=6, max_size=6),
)
def test_lines_with_mixed_ends_come_back_as_they_were(contents: list[str], ends: list[str]) -> None:
    raw = "".join(a + b for a, b in zip(contents, ends, strict=False)).encode()

    assert apply(raw, []) == raw


def test_each_line_keeps_its_own_end() -> None:
    raw = b"a\r\nb\nc\r\n"

    assert apply(raw, Lines.of(raw).difference("a.py", 1, 3, ["a", "B", "c"])) == b"a\r\nB\nc\r\n"
    assert apply(raw, Lines.of(raw).difference("a.py", 1, 3, ["A", "b", "c"])) == b"A\r\nb\nc\r\n"


def test_a_missing_last_line_end_stays_missing() -> None:
    raw = b"a\nb"
    lines = Lines.of(raw)

    assert lines.edit("a.py", 2, 2, ["c"]) == Edit("a.py", 2, 2, "c")
    assert lines.edit("a.py", 3, 2, ["c"]) == Edit("a.py", 2, 2, "b\nc")
    assert lines.apply([lines.edit("a.py", 1, 0, ["c"])]) == b"c\na\nb"


def test_an_insertion_takes_a_line_along_so_that_it_can_be_suggested() -> None:
    raw = b"a\nb\n"

    assert Lines.of(raw).difference("a.py", 1, 2, ["a", "x", "b"]) == [Edit("a.py", 1, 1, "a\nx\n")]
    assert Lines.of(raw).difference("a.py", 1, 2, ["x", "a", "b"]) == [Edit("a.py", 1, 1, "x\na\n")]


def test_near_changes_are_one_edit_and_far_ones_are_not() -> None:
    old = [str(number) for number in range(12)]
    lines = Lines.of("\n".join(old).encode())

    near = lines.difference("a.py", 1, 12, ["x", *old[1:3], "y", *old[4:]])
    far = lines.difference("a.py", 1, 12, ["x", *old[1:8], "y", *old[9:]])

    assert [(edit.start_line, edit.end_line) for edit in near] == [(1, 4)]
    assert [(edit.start_line, edit.end_line) for edit in far] == [(1, 1), (9, 9)]
    assert one_click(near)
    assert not one_click(far)


def test_a_mere_insertion_is_no_suggestion() -> None:
    assert not one_click([Edit("a.py", 1, 0, "import asyncio\n")])


def test_edits_that_touch_are_one() -> None:
    assert joined([Edit("a.py", 3, 3, "c\n"), Edit("a.py", 3, 2, "b\n"), Edit("a.py", 7, 7, "")]) == (
        Edit("a.py", 3, 3, "b\nc\n"),
        Edit("a.py", 7, 7, ""),
    )


@pytest.mark.parametrize("edits", [[(1, 2), (2, 2)], [(4, 4)], [(0, 0)], [(2, 5)], [(2, 0)]])
def test_edits_that_overlap_or_leave_the_file_are_refused(edits: list[tuple[int, int]]) -> None:
    with pytest.raises(EditError):
        apply(b"a\nb\n", [Edit("a.py", first, last, "") for first, last in edits])


def test_declared_encodings_are_kept() -> None:
    raw = "# coding: latin-1\nx = 'é'\n".encode("latin-1")

    changed = apply(raw, [Edit("a.py", 2, 2, "y = 'é'\n")])

    assert changed == "# coding: latin-1\ny = 'é'\n".encode("latin-1")
    with pytest.raises(EditError):
        apply(raw, [Edit("a.py", 2, 2, "y = '→'\n")])


@pytest.mark.parametrize(
    "raw", [b"# coding: rot13\nx\n", b"# coding: nonsense\nx\n", b"x = '\xff'\n", "x".encode("utf-16")]
)
def test_what_cannot_be_decoded_is_refused(raw: bytes) -> None:
    with pytest.raises(EditError):
        Lines.of(raw)


def test_other_separators_end_no_line() -> None:
    text = "a\x0c\x0b\x1c\u2028b\nc\n"

    assert Lines.of(text.encode()).contents == ("a\x0c\x0b\x1c\u2028b", "c")
