"""The stand-in as a process, steered through its control operations."""

from __future__ import annotations

import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.fakegithub.control import ControlError, process
from tests.fakegithub.gitrepo import GitRepo


def read(path: str) -> str:
    return Path(path).read_text()


def two_branches(bare: Path, work: Path) -> GitRepo:
    """A bare repository, and a clone of it with a work tree."""
    made = GitRepo(bare)
    made.commit("main", {"a.py": "one\n"})
    made.commit("slow", {"a.py": "two\n"}, parent=made.ref("main"))
    subprocess.run(["git", "clone", "-q", str(bare), str(work)], check=True)
    return made


async def test_a_process_is_steered_by_json(tmp_path: Path) -> None:
    async with process("--state", str(tmp_path / "state")) as control:
        started = control.started
        assert "BEGIN RSA PRIVATE KEY" in read(started["private_key_file"])
        await control.add_repo(full_name="octo/shop", files={"a.py": "one\n"}, required_checks=["fastperf"])
        await control.install(repos=["octo/shop"])
        await control.commit(
            repo="octo/shop", branch="feature", files={"a.py": "two\n", "b.bin": {"base64": "AAE="}}
        )
        pull = await control.open_pr(repo="octo/shop", head="feature", title="Two")
        pushed = await control.push(repo="octo/shop", number=pull["number"], files={"a.py": "three\n"})
        await control.comment(repo="octo/shop", number=1, body="hello", user="alice")
        seen = await control.state()
        shown = seen["repos"]["octo/shop"]["pulls"]["1"]
        assert (shown["head_sha"], shown["may_merge"]) == (pushed["sha"], False)
        assert [comment["body"] for comment in shown["comments"]] == ["hello"]
        assert seen["violations"] == seen["schema_faults"] == []
        with pytest.raises(ControlError, match="KeyError"):
            await control.push(repo="octo/none", number=1, files={})
        async with aiohttp.ClientSession() as session, session.get(f"{started['url']}/meta") as answer:
            assert answer.status == 200
        assert (await control.counters())["calls"] == {"meta/get": 1}


async def test_a_repository_comes_from_a_folder_with_git(tmp_path: Path) -> None:
    made = two_branches(tmp_path / "made.git", tmp_path / "work")
    async with process() as control:
        await control.add_repo(full_name="octo/shop", path=str(made.path))
        await control.install(repos=["octo/shop"])
        pull = await control.open_pr(repo="octo/shop", head="slow")
        assert pull["head_sha"] == made.ref("slow")
        await control.add_repo(full_name="octo/work", path=str(tmp_path / "work"))
    made.close()
