"""The documentation as its readers use it: each command is typed as it stands, and shows what the page shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.project.documents import PAGES, ROOT, Block, Step, blocks, steps

BIN = Path(sys.executable).parent
SESSIONS = [
    page
    for page in PAGES
    if any(block.language == "console" and block.note("not run here") is None for block in blocks(page))
]


def shim(folder: Path) -> Path:
    """`fastperf` of this tree as a command; the folder it is in."""
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "fastperf"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "fastperf.py"}" "$@"\n')
    command.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, with everything installed already: `make install` finds nothing to do."""
    folder = tmp_path_factory.mktemp("docs") / "fastperf"
    git("clone", "-q", "--no-hardlinks", str(ROOT), str(folder), folder=ROOT)
    shim(folder / ".venv" / "bin")
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop as a repository: three changes on main, the slow pull request's branch checked out."""
    folder = tmp_path_factory.mktemp("docs") / "repository"
    shutil.copytree(ROOT / "examples" / "shop", folder)
    git("init", "-q", "-b", "main", folder=folder)
    for number in range(3):
        (folder / "shop" / f"version_{number}.py").write_text(f"VERSION = {number}\n")
        git("add", ".", folder=folder)
        git("commit", "-q", "-m", f"Version {number}", folder=folder)
    git("switch", "-q", "-c", "tracking", folder=folder)
    shutil.copytree(ROOT / "examples" / "pull_request" / "slow", folder, dirs_exist_ok=True)
    git("add", ".", folder=folder)
    git("commit", "-q", "-m", "Add tracking", folder=folder)
    return folder


def git(*arguments: str, folder: Path) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


IDENTITY = ("-c", "user.name=Reader", "-c", "user.email=reader@example.com", "-c", "commit.gpgsign=false")


def typed(typing: Sequence[Step], folder: Path, path: str) -> list[tuple[int, str]]:
    """Type commands into one shell, as readers do; the status and output of each."""
    mark = uuid.uuid4().hex
    script = "".join(
        f"{{\n{step.command}\n}} 2>&1 </dev/null\nprintf '\\n{mark} %s\\n' $?\n" for step in typing
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(path),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    parts = re.split(rf"\n{mark} (\d+)\n", done.stdout)
    answered = [(int(status), output) for output, status in zip(parts[::2], parts[1::2], strict=False)]
    assert len(answered) == len(typing), done.stdout[-2000:] + done.stderr[-2000:]
    return answered


def environment(path: str) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERF_")}
    who = {"GIT_AUTHOR_NAME": "Reader", "GIT_AUTHOR_EMAIL": "reader@example.com"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    return inherited | who | {"PATH": path, "NO_COLOR": "1"}


def is_shown(line: str, output: str) -> bool:
    """Whether a line of the page is in the output; `…` stands for anything, blanks for any blanks."""
    pattern = ".*?".join(re.escape(part) for part in re.sub(r"\s+", " ", line.strip()).split("…"))
    return re.search(pattern, re.sub(r"[ \t]+", " ", output)) is not None


def check(block: Block, done: Sequence[tuple[Step, tuple[int, str]]]) -> None:
    *before, _ = done
    for step, (status, output) in done:
        wanted = 0 if (step, (status, output)) in before else step.status
        assert status == wanted, f"{block}: $ {step.command}\n{output[-3000:]}"
        for line in step.shown:
            assert is_shown(line, output), f"{block}: {line!r} is not in\n{output[-3000:]}"


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_do_what_the_page_says(page: Path, checkout: Path, shop: Path, tmp_path: Path) -> None:
    """The blocks of a page are one session for each place that they are typed in."""
    places: dict[str, list[Block]] = {}
    for block in blocks(page):
        if block.language == "console" and block.note("not run here") is None:
            places.setdefault(block.note("in: ") or "checkout", []).append(block)
    path = f"{shim(tmp_path / 'bin')}:{BIN}:{os.environ['PATH']}"
    for place, here in places.items():
        folder = checkout if place == "checkout" else tmp_path / place
        if place != "checkout":
            shutil.copytree(shop, folder)
        typing = [(block, step) for block in here for step in steps(block)]
        answers = typed([step for _, step in typing], folder, path)
        for block in here:
            check(
                block,
                [
                    (step, answer)
                    for (owner, step), answer in zip(typing, answers, strict=True)
                    if owner is block
                ],
            )


def test_the_readmes_commands_work_on_a_project(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    lines = [
        line.partition("#")[0].strip()
        for block in blocks(ROOT / "README.md")
        if block.language == "sh"
        for line in block.text.splitlines()
    ]
    commands = [
        line.replace(".venv/bin/", "")
        .replace("path/to/project", str(folder))
        .replace("path/to/repository", str(folder))
        .replace("--head feature", "--head tracking")
        for line in lines
        if line.startswith(".venv/bin/fastperf") and "--watch" not in line
    ]
    assert len(commands) > 6

    answers = typed(
        [Step(command) for command in commands], folder, f"{shim(tmp_path / 'bin')}:{os.environ['PATH']}"
    )

    for command, (status, output) in zip(commands, answers, strict=True):
        assert status in (0, 1), f"{command}\n{output[-2000:]}"
        assert output.strip(), command


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    for name in ("docs", "mkdocs.yml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [BIN / "zensical", "build", "--strict", "-f", "mkdocs.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    pages = list(site.rglob("index.html"))
    assert len(pages) > 100
    for page in (
        site / "index.html",
        site / "architecture" / "index.html",
        site / "rules" / "FP101" / "index.html",
    ):
        text = page.read_text()
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"?([^\" >]+)", text)
        loaded += re.findall(
            r"<link[^>]*rel=\"?(?:stylesheet|preconnect|preload)\"?[^>]*href=\"?([^\" >]+)", text
        )
        assert loaded
        assert [address for address in loaded if re.match(r"(?:https?:)?//", address)] == []
