from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.review import patch
from app.review.diff import Diff
from app.review.patch import Texts, combine, preview, render
from rules.engine.finding import Edit, ProvenFix, Safety

from .builders import diff, excerpts, fix


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    """The text with all edits applied, from the last line up."""
    lines = patch.split_lines(text)
    for edit in reversed(edits):
        lines[edit.start_line - 1 : edit.end_line] = [edit.replacement]
    return "".join(lines)


def git_apply(folder: Path, path: str, text: str, change: str) -> str:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())
    done = subprocess.run(
        [*patch.command(change).split(), "-"],
        cwd=folder,
        input=change.encode(),
        capture_output=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr.decode() + change
    return target.read_bytes().decode()


def test_equal_imports_count_once_and_an_overlapping_fix_stays_out() -> None:
    one = fix(("a.py", 1, 0, "import asyncio\n"), ("a.py", 5, 5, "x\n"))
    two = fix(("a.py", 1, 0, "import asyncio\n"), ("a.py", 9, 9, "y\n"))
    three = fix(("a.py", 4, 6, "z\n"))

    edits, used = combine([one, two, three])

    assert [(edit.start_line, edit.end_line) for edit in edits] == [(1, 0), (5, 5), (9, 9)]
    assert used == (True, True, False)


def test_a_fix_with_unknown_old_lines_is_not_shown() -> None:
    texts = Texts(Diff({}), {"a.py": {2: "old\n"}})

    assert texts.presentable(fix(("a.py", 2, 2, "new\n")))
    assert not texts.presentable(fix(("a.py", 3, 3, "new\n")))


def test_a_fix_that_reads_otherwise_than_it_runs_is_not_shown() -> None:
    texts = Texts(Diff({}), {"a.py": {2: "old\n", 3: "o\u202eld\n"}})

    assert not texts.presentable(fix(("a.py", 2, 2, "n\u2066ew\n")))
    assert not texts.presentable(fix(("a.py", 3, 3, "new\n")))


def test_a_preview_shows_the_lines_of_the_edits_only() -> None:
    texts = Texts(Diff({}), excerpts({"a.py": "import x\nsecret\nold\n"}))

    assert preview(fix(("a.py", 3, 3, "new\n"), ("a.py", 1, 1, "import x, y\n")), texts) == (
        "-import x\n+import x, y\n@@\n-old\n+new\n"
    )


def test_context_comes_from_the_pull_requests_own_diff_only(tmp_path: Path) -> None:
    before = "".join(f"l{number}\n" for number in range(1, 40))
    head = before.replace("l20\n", "m20\n")
    texts = Texts(diff({"a.py": (before, head)}), {"a.py": {2: "l2\n"}})
    edits, _ = combine([fix(("a.py", 2, 2, "n2\n"), ("a.py", 20, 20, "n20\n"))])

    change = render(edits, texts)

    assert "l1\n" not in change
    assert "l3\n" not in change
    assert git_apply(tmp_path, "a.py", head, change) == edited(head, edits)


def test_a_patch_with_context_everywhere_needs_no_option() -> None:
    before = "".join(f"l{number}\n" for number in range(1, 40))
    shown = Texts(diff({"a.py": (before, before.replace("l20\n", "m20\n"))}), {"a.py": {2: "l2\n"}})

    assert patch.command(render(combine([fix(("a.py", 20, 20, "n20\n"))])[0], shown)) == "git apply"
    both = combine([fix(("a.py", 20, 20, "n20\n"), ("a.py", 2, 2, "n2\n"))])[0]
    assert patch.command(render(both, shown)) == "git apply --unidiff-zero"


@pytest.mark.parametrize("path", ["a b.py", 'q"uote.py', "ünï.py", "tab\t.py", "deep/er/x.py"])
def test_git_finds_files_with_unusual_names(tmp_path: Path, path: str) -> None:
    edits, _ = combine([fix((path, 1, 1, "b\n"))])

    assert git_apply(tmp_path, path, "a\n", render(edits, Texts(Diff({}), {path: {1: "a\n"}}))) == "b\n"


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, str, tuple[Edit, ...], set[int]]:
    """Base, head, edits of the head that do not overlap, and the lines whose text is handed over."""
    row = st.sampled_from(["a", "b", "c", "", "d\r", "\\ e"])
    rows = draw(st.lists(row, min_size=1, max_size=30))
    head = "\n".join(rows) + draw(st.sampled_from(["", "\n"])) if rows[-1] else "\n".join(rows) + "z"
    base = draw(st.sampled_from([head, ""])) or "\n".join(draw(st.lists(row, max_size=30)))
    count = len(patch.split_lines(head))
    newline_at_end = head.endswith("\n")
    edits: list[Edit] = []
    line = draw(st.integers(1, count))
    while line <= count:
        length = draw(st.integers(0, min(3, count - line + 1)))
        end = line + length - 1
        texts = draw(
            st.lists(st.sampled_from(["n", "m", "o\r", ""]), min_size=0 if length else 1, max_size=3)
        )
        replacement = "".join(text + "\n" for text in texts)
        if end == count and not newline_at_end:
            replacement = replacement.removesuffix("\n")
        edits.append(Edit("a.py", line, end, replacement))
        line = max(end, line) + draw(st.integers(1, 9))
    return base, head, tuple(edits), set(range(1, count + 1))


@settings(max_examples=40, deadline=None)
@given(cases())
def test_git_applies_every_patch_we_render(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[str, str, tuple[Edit, ...], set[int]]
) -> None:
    base, head, edits, _ = case
    wanted = edited(head, edits)
    inside = {line for edit in edits for line in range(edit.start_line, edit.end_line + 1)}
    known = {number: line for number, line in excerpts({"a.py": head})["a.py"].items() if number in inside}
    texts = Texts(diff({"a.py": (base, head)}), {"a.py": known})
    if not all(texts.presentable(ProvenFix(Safety.SAFE, (edit,))) for edit in edits):
        return
    if wanted == head or not wanted:
        return  # git refuses a patch that changes nothing, and one that leaves nothing asks for a deletion

    assert git_apply(tmp_path_factory.mktemp("apply"), "a.py", head, render(edits, texts)) == wanted
