from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.localgit import GitError, LocalRepository
from tests.cli.repositories import Repository

BODY = "".join(f"line_{number} = {number}\n" for number in range(30))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def test_a_change_is_listed_with_its_hunks_and_no_headers(repository: Repository) -> None:
    base = repository.commit({"shop/api.py": BODY})
    head = repository.commit({"shop/api.py": BODY.replace("line_3 = 3\n", "line_3 = 33\nmore = 1\n")})

    (change,) = LocalRepository(repository.path).changes(base, head)

    assert (change.path, change.status, change.additions, change.deletions) == (
        "shop/api.py",
        "modified",
        2,
        1,
    )
    assert change.patch is not None
    assert change.patch.startswith("@@ -1,7 +1,8 @@\n line_0 = 0\n")
    assert change.patch.endswith(" line_6 = 6")


def test_a_renamed_file_keeps_its_old_name_and_a_pure_rename_has_no_patch(repository: Repository) -> None:
    base = repository.commit({"a.py": BODY, "b.py": BODY.replace("line", "row")})
    repository.git("mv", "a.py", "moved.py")
    (repository.path / "b.py").unlink()
    head = repository.commit({"c.py": BODY.replace("line", "row") + "last = 1\n"})

    changes = {change.path: change for change in LocalRepository(repository.path).changes(base, head)}

    assert changes["moved.py"].status == "renamed"
    assert changes["moved.py"].previous_path == "a.py"
    assert changes["moved.py"].patch is None
    assert changes["c.py"].previous_path == "b.py"
    assert changes["c.py"].patch is not None
    assert changes["c.py"].patch.endswith("+last = 1")


def test_a_deleted_file_has_status_removed_and_the_blob_it_had(repository: Repository) -> None:
    base = repository.commit({"a.py": BODY, "keep.py": "x = 1\n"})
    (repository.path / "a.py").unlink()
    head = repository.commit()
    local = LocalRepository(repository.path)

    (change,) = local.changes(base, head)

    assert (change.status, change.deletions) == ("removed", 30)
    assert change.sha is not None
    assert local.read([change.sha]) == {change.sha: BODY.encode()}


def test_a_binary_file_has_no_patch(repository: Repository) -> None:
    base = repository.commit({"a.png": b"\x89PNG\0\1"})
    head = repository.commit({"a.png": b"\x89PNG\0\2"})

    (change,) = LocalRepository(repository.path).changes(base, head)

    assert change.patch is None


def test_a_file_whose_content_a_partial_clone_lacks_has_no_patch_and_the_others_keep_theirs(
    repository: Repository,
) -> None:
    base = repository.commit({"shop/a.py": BODY})
    (repository.path / "shop" / "a.py").rename(repository.path / "shop" / "b.py")
    head = repository.commit({"model.onnx": "weights", "shop/c.py": "x = 1\n"})
    absent = repository.git("rev-parse", f"{head}:model.onnx").strip()
    (repository.path / ".git" / "objects" / absent[:2] / absent[2:]).unlink()
    (repository.path / "model.onnx").unlink()

    for folder in (repository.path, repository.path / "shop"):
        changes = {change.path: change for change in LocalRepository(folder).changes(base, head)}

        assert list(changes) == ["model.onnx", "shop/b.py", "shop/c.py"]
        assert (changes["model.onnx"].status, changes["model.onnx"].patch) == ("added", None)
        assert (changes["shop/b.py"].status, changes["shop/c.py"].additions) == ("renamed", 1)


def test_carriage_returns_stay_in_the_patch(repository: Repository) -> None:
    base = repository.commit({"a.py": b"x = 1\r\ny = 2\r\n"})
    head = repository.commit({"a.py": b"x = 1\r\ny = 3\r\n"})

    (change,) = LocalRepository(repository.path).changes(base, head)

    assert change.patch == "@@ -1,2 +1,2 @@\n x = 1\r\n-y = 2\r\n+y = 3\r"


def test_a_line_that_looks_like_a_header_does_not_end_the_patch(repository: Repository) -> None:
    base = repository.commit({"a.py": "x = 1\n", "z.py": "x = 1\n"})
    head = repository.commit({"a.py": "x = 1\ndiff --git a/z.py b/z.py\n", "z.py": "@@ -1 +1 @@\n"})

    first, second = LocalRepository(repository.path).changes(base, head)

    assert first.patch is not None
    assert first.patch.endswith("+diff --git a/z.py b/z.py")
    assert second.patch is not None
    assert second.patch.endswith("+@@ -1 +1 @@")


def test_names_that_are_not_utf8_or_hold_newlines_are_read_all_the_same(repository: Repository) -> None:
    base = repository.commit({"a.py": "x = 1\n"})
    odd = os.fsdecode(b"caf\xe9.py")
    head = repository.commit({odd: "y = 1\n", "two\nlines.py": "z = 1\n", "ü.py": "u = 1\n"})
    local = LocalRepository(repository.path)

    changes = {change.path: change for change in local.changes(base, head)}

    assert set(changes) == {"caf�.py", "two\nlines.py", "ü.py"}
    assert set(local.tree(head)) == {"a.py", "caf�.py", "two\nlines.py", "ü.py"}
    sha = changes["caf�.py"].sha
    assert sha is not None
    assert local.read([sha]) == {sha: b"y = 1\n"}


def test_the_merge_base_is_where_the_branches_parted(repository: Repository) -> None:
    fork = repository.commit({"a.py": "x = 1\n"})
    repository.git("switch", "--quiet", "--create", "feature")
    head = repository.commit({"b.py": "y = 1\n"})
    repository.git("switch", "--quiet", "main")
    base = repository.commit({"c.py": "z = 1\n"})
    local = LocalRepository(repository.path)

    assert local.merge_base(base, head) == fork
    assert [change.path for change in local.changes(fork, head)] == ["b.py"]


def test_a_merge_commit_shows_what_it_brought_to_its_first_parent(repository: Repository) -> None:
    repository.commit({"a.py": "x = 1\n"})
    repository.git("switch", "--quiet", "--create", "feature")
    repository.commit({"b.py": "y = 1\n"})
    repository.git("switch", "--quiet", "main")
    repository.commit({"c.py": "z = 1\n"})
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    local = LocalRepository(repository.path)
    base, head = local.commit("HEAD^"), local.commit("HEAD")

    assert [change.path for change in local.changes(local.merge_base(base, head), head)] == ["b.py"]


def test_a_root_commit_is_compared_with_the_empty_tree(repository: Repository) -> None:
    head = repository.commit({"a.py": "x = 1\n"})
    local = LocalRepository(repository.path)
    empty = local.commit("4b825dc642cb6eb9a060e54bf8d69288fbee4904")

    (change,) = local.changes(local.merge_base(empty, head), head)

    assert (change.path, change.status) == ("a.py", "added")


def test_a_file_that_becomes_a_link_does_not_shift_the_patches_behind_it(repository: Repository) -> None:
    base = repository.commit({"a.py": BODY, "b.py": "x = 1\n"})
    (repository.path / "a.py").unlink()
    (repository.path / "a.py").symlink_to("b.py")
    head = repository.commit({"b.py": "x = 2\n"})
    local = LocalRepository(repository.path)

    changes = {change.path: change for change in local.changes(base, head)}

    assert changes["a.py"].status == "changed"
    assert changes["b.py"].patch == "@@ -1 +1 @@\n-x = 1\n+x = 2"
    assert not local.tree(head)["a.py"].is_file


def test_a_bare_mirror_reads_the_same(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit({"a.py": "x = 1\n"})
    head = repository.commit({"a.py": "x = 2\n"})
    bare = LocalRepository(repository.mirror(tmp_path / "mirror.git"))

    assert bare.changes(base, head) == LocalRepository(repository.path).changes(base, head)
    assert bare.top is None


def test_configuration_and_environment_of_the_user_change_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = repository.commit({"a.py": BODY, "keep.py": "x = 1\n"})
    repository.git("mv", "a.py", "b.py")
    head = repository.commit({"b.py": BODY + "last = 1\n"})
    expected = LocalRepository(repository.path).changes(base, head)
    witness = tmp_path / "witness"
    for name, value in {
        "diff.renames": "false",
        "diff.noprefix": "true",
        "diff.context": "9",
        "color.ui": "always",
        "diff.external": f"touch {witness}",
    }.items():
        repository.git("config", name, value)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    assert LocalRepository(repository.path).changes(base, head) == expected
    assert not witness.exists()


def test_errors_are_one_line(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": "x = 1\n"})
    local = LocalRepository(repository.path)

    with pytest.raises(GitError, match=r"^no revision 'nonsense' in "):
        local.commit("nonsense")
    with pytest.raises(GitError, match=r"^no revision '--output=x' in "):
        local.commit("--output=x")
    with pytest.raises(GitError, match=r"is not a directory$"):
        LocalRepository(tmp_path / "absent")
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(GitError, match=r" is in no git repository$"):
        LocalRepository(outside)


def test_histories_without_a_common_ancestor_are_an_error(repository: Repository) -> None:
    base = repository.commit({"a.py": "x = 1\n"})
    repository.git("switch", "--quiet", "--orphan", "other")
    head = repository.commit({"b.py": "y = 1\n"})

    with pytest.raises(GitError, match=r"have no common ancestor$"):
        LocalRepository(repository.path).merge_base(base, head)
