from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from app.analysis import archive, blobs
from app.analysis.documents import is_document
from tests.app.analysis.archives import member, packed


def test_python_files_and_documents_come_without_the_top_folder() -> None:
    content = packed(
        {"a.py": b"x = 1\n", "src/b.py": b"y = 1\n", "Dockerfile": b"FROM x\n", "logo.png": b"\x89"}
    )

    assert {found.path: found.content for found in archive.members(content)} == {
        "a.py": b"x = 1\n",
        "src/b.py": b"y = 1\n",
        "Dockerfile": b"FROM x\n",
    }


def test_links_devices_and_paths_that_leave_the_project_are_passed_over(tmp_path: Path) -> None:
    content = packed(
        {"good.py": b"x = 1\n"},
        member("top/link.py", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("top/hard.py", type=tarfile.LNKTYPE, linkname="top/good.py"),
        member("top/pipe.py", type=tarfile.FIFOTYPE),
        member("top/../../up.py"),
        member("/absolute.py"),
        member("top//double.py"),
        member("top/.git/hooks.py"),
        member("top/" + "long/" * 300 + "x.py"),
        member("toplevel.py"),
    )

    assert [found.path for found in archive.members(content)] == ["good.py"]
    path = tmp_path / "source.tar.gz"
    path.write_bytes(content)
    assert [found.path for found in archive.members(path)] == ["good.py"]


def test_a_name_that_is_not_utf8_is_told_and_its_file_not_read() -> None:
    content = packed({"good.py": b"x = 1\n"}, member("top/caf\udce9.py"))

    assert list(archive.members(content)) == [
        archive.Member("caf\ufffd.py", None, "its name is not UTF-8"),
        archive.Member("good.py", b"x = 1\n"),
    ]


def test_a_file_too_large_is_named_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_FILE", 10)

    assert list(archive.members(packed({"big.py": b"x" * 11, "small.py": b"x" * 10}))) == [
        archive.Member("big.py", None, "the file is too large"),
        archive.Member("small.py", b"x" * 10),
    ]


@pytest.mark.parametrize(("limit", "value"), [("MOST_FILES", 2), ("MOST_MEMBERS", 2), ("MOST_BYTES", 25)])
def test_a_bomb_ends_at_a_limit_after_what_came_before(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, limit, value)
    found: list[str] = []

    with pytest.raises(archive.ArchiveLimitError):
        found.extend(
            each.path for each in archive.members(packed({f"{name}.py": b"x" * 10 for name in "abc"}))
        )

    assert found == ["a.py", "b.py"]


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", packed({"a.py": b"x" * 9999})[:60], b"\x1f\x8b" + b"\0" * 40],
    ids=["empty", "nonsense", "cut", "zeros"],
)
def test_a_broken_archive_is_said_to_be_one(content: bytes) -> None:
    with pytest.raises(archive.ArchiveError, match="cannot be read"):
        list(archive.members(content))


def test_the_blob_name_is_the_one_git_gives() -> None:
    assert blobs.blob_sha(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("pyproject.toml", True),
        ("services/api/requirements-dev.txt", True),
        ("dev_requirements.txt", True),
        ("requirements/base.txt", True),
        ("docker/api.Dockerfile", True),
        ("Dockerfile.prod", True),
        ("compose.override.yml", True),
        ("docker-compose.yaml", True),
        ("fly.staging.toml", True),
        ("gunicorn.conf.py", True),
        (".github/fastperf.toml", True),
        ("supabase/migrations/20240619205904_orders.sql", True),
        ("backend/db/0001_orders.sql", True),
        ("schema.sql", True),
        ("docker/init-tables.sql", True),
        ("reports/monthly.sql", False),
        ("shop/queries/top.sql", False),
        ("fastperf.toml", False),
        ("notes.txt", False),
        ("Dockerfiles/readme.md", False),
        ("app/requirements.py", False),
    ],
)
def test_documents_are_known_by_name(path: str, wanted: bool) -> None:
    assert is_document(path) is wanted
