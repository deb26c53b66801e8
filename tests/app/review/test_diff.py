from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.github.models import ChangedFile
from app.review.diff import Diff, FileDiff, from_git, parse_patch

from . import builders
from .builders import changed, diff

lines = st.lists(
    st.sampled_from(["a", "b", "c", "", "+x", "-y", "@@ -1 +1 @@", "\\ z", "d\r", "\x0c", "e\u2028f"]),
    max_size=25,
)
files = st.tuples(lines, st.booleans()).map(
    lambda made: "\n".join(made[0]) + ("\n" if made[1] and made[0] else "")
)


def applied(before: str, entry: FileDiff) -> str:
    """The head text, made of the base text and the hunks alone."""
    old = before.split("\n")
    old = [line + "\n" for line in old[:-1]] + ([old[-1]] if old[-1] else [])
    new: list[str] = []
    position = 0
    for hunk in entry.hunks:
        first = hunk.old_start - 1 if hunk.old_length else hunk.old_start
        new += old[position:first]
        new += [line.raw for line in hunk.lines if line.kind != "removed"]
        assert [line.raw for line in hunk.lines if line.kind != "added"] == old[
            first : first + hunk.old_length
        ]
        position = first + hunk.old_length
    return "".join(new + old[position:])


@settings(deadline=None)
@given(files, files)
def test_applying_a_parsed_patch_gives_the_head(before: str, after: str) -> None:
    entry = FileDiff.of(changed("a.py", before, after))

    assert applied(before, entry) == after


@settings(deadline=None)
@given(files, files)
def test_line_numbers_map_between_base_and_head(before: str, after: str) -> None:
    entry = FileDiff.of(changed("a.py", before, after))
    if not entry.known:
        return
    old, new = before.split("\n"), after.split("\n")
    for number in range(1, len(new) + (1 if new[-1] else 0)):
        origin = entry.base_line(number)
        if origin is not None:
            assert old[origin - 1] == new[number - 1]
            assert entry.head_line(origin) == number
    mapped = [entry.head_line(number) for number in range(1, len(old) + (1 if old[-1] else 0))]
    there = [number for number in mapped if number is not None]
    assert there == sorted(set(there))


@settings(deadline=None)
@given(files, files)
def test_only_lines_of_hunks_are_commentable(before: str, after: str) -> None:
    made = diff({"a.py": (before, after)})
    for number in range(1, len(after.split("\n")) + 3):
        shown = made.line("a.py", number)
        assert made.commentable("a.py", number) == (shown is not None)
        assert made.touched("a.py", number) == (shown is not None and shown.kind == "added")
    assert all(made.commentable("a.py", line, "LEFT") for line in made.removed_lines("a.py"))
    assert made.added_lines("a.py") == {
        number for number in range(1, len(after.split("\n")) + 1) if made.touched("a.py", number)
    }


def test_context_lines_are_commentable_on_the_right_only() -> None:
    made = builders.numbered("a.py", 20)

    assert made.commentable("a.py", 17)
    assert not made.commentable("a.py", 17, "LEFT")
    assert made.commentable("a.py", 20, "LEFT")
    assert not made.commentable("a.py", 16)
    assert not made.commentable("b.py", 17)


def test_a_range_lies_in_one_hunk() -> None:
    made = builders.numbered("a.py", (5, 30))

    assert made.commentable_range("a.py", 4, 6)
    assert not made.commentable_range("a.py", 6, 29)
    assert not made.commentable_range("a.py", 8, 9)


def test_without_a_patch_nothing_is_commentable_or_known() -> None:
    made = Diff.of([ChangedFile("big.py", "modified"), ChangedFile("new.py", "added")])

    assert not made.commentable("big.py", 1)
    assert not made.touched("big.py", 1)
    assert made.base_place("big.py", 1) is None
    assert made.touched("new.py", 7)
    assert not made.commentable("new.py", 7)


def test_a_pure_rename_keeps_every_line() -> None:
    made = Diff.of([ChangedFile("b.py", "renamed", previous_path="a.py")])

    assert made.renames == {"b.py": "a.py"}
    assert made.base_place("b.py", 7) == ("a.py", 7)
    assert made.base_place("other.py", 7) == ("other.py", 7)


def test_deleted_lines_within_a_statement_are_found() -> None:
    before = "call(\n    url,\n    timeout=5,\n)\nend\n"
    made = diff({"a.py": (before, before.replace("    timeout=5,\n", ""))})

    assert made.removed_within("a.py", 1, 3) == 3
    assert made.removed_within("a.py", 4, 4) is None


def test_a_cut_off_patch_keeps_what_it_has() -> None:
    (hunk,) = parse_patch("@@ -1,9 +1,9 @@ def f():\n a\n-b\n+c")

    assert [line.kind for line in hunk.lines] == ["context", "removed", "added"]


def test_text_that_is_no_patch_has_no_hunks() -> None:
    assert parse_patch("Binary files differ") == ()
    assert parse_patch("") == ()


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "core.autocrlf=false", *arguments],
        check=True,
        capture_output=True,
        timeout=20,
    ).stdout.decode("utf-8", "surrogateescape")


def commit(folder: Path, contents: dict[str, str | None]) -> None:
    for path, text in contents.items():
        target = folder / path
        if text is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def test_a_git_diff_becomes_the_list_that_github_would_give(repository: Path) -> None:
    body = "".join(f"line {number}\n" for number in range(20))
    commit(
        repository,
        {"plain.py": "a\nb\n", "gone.py": "x\n", "old name.py": body, 'ü "q"\t.py': "1\n", "mode.sh": "#\n"},
    )
    commit(
        repository,
        {
            "plain.py": "a\nc\nd",
            "gone.py": None,
            "old name.py": None,
            "new name.py": body + "more\n",
            'ü "q"\t.py': "2\n",
            "deep/added.py": "n\n",
            "empty.py": "",
        },
    )
    (repository / "mode.sh").chmod(0o755)
    commit(repository, {})
    text = git(repository, "diff", "-M", "--full-index", "HEAD~2", "HEAD")

    found = {entry.path: entry for entry in from_git(text)}

    assert {path: entry.status for path, entry in found.items()} == {
        "plain.py": "modified",
        "gone.py": "removed",
        "new name.py": "renamed",
        'ü "q"\t.py': "modified",
        "deep/added.py": "added",
        "empty.py": "added",
        "mode.sh": "modified",
    }
    assert found["new name.py"].previous_path == "old name.py"
    assert found["plain.py"].patch == "@@ -1,2 +1,3 @@\n a\n-b\n+c\n+d\n\\ No newline at end of file"
    assert (found["plain.py"].additions, found["plain.py"].deletions) == (2, 1)
    assert found["plain.py"].sha == git(repository, "rev-parse", "HEAD:plain.py").strip()
    assert found["empty.py"].patch is None


@settings(max_examples=15, deadline=None)
@given(files, files)
def test_a_real_git_diff_applies(tmp_path_factory: pytest.TempPathFactory, before: str, after: str) -> None:
    folder = tmp_path_factory.mktemp("git")
    for name, text in (("x", before), ("y", after)):
        (folder / name).write_bytes(text.encode())
    shown = subprocess.run(
        ["git", "diff", "--no-index", "--text", "x", "y"], cwd=folder, capture_output=True, timeout=20
    ).stdout.decode()
    if before == after:
        assert from_git(shown) == ()
        return
    (entry,) = from_git(shown)

    assert applied(before, FileDiff.of(entry)) == after


def test_lines_between_and_after_hunks_are_shifted() -> None:
    before = "".join(f"line {number}\n" for number in range(1, 41))
    after = "first\nsecond\n" + before.replace("line 20\n", "")
    entry = diff({"a.py": (before, after)}).files["a.py"]

    assert [entry.base_line(line) for line in (1, 12, 21, 22, 41)] == [None, 10, 19, 21, 40]
    assert [entry.head_line(line) for line in (10, 19, 20, 21, 40)] == [12, 21, None, 22, 41]
