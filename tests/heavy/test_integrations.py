"""The GitHub action and the pre-commit hook: valid by their own tools' rules, and their commands run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.program import LAUNCHER, fastperf
from tests.cli.repositories import Repository
from tests.cli.test_check import SHOP, write
from tests.cli.test_review import CLEAN_CLIENTS, QUIET

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / arguments[0]), *map(str, arguments[1:])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_is_valid() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")

    assert done.returncode == 0, done.stdout


def test_the_hook_is_valid() -> None:
    done = run("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")

    assert done.returncode == 0, done.stdout


def test_the_hook_checks_the_files_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()

    done = fastperf(*arguments, "shop/clients.py", "shop/api.py", folder=tmp_path)

    assert program == "fastperf"
    assert done.returncode == 1
    assert "shop/api.py:21" in done.stdout


@pytest.fixture
def runner(tmp_path: Path) -> tuple[Repository, dict[str, str]]:
    """A repository and the environment that a GitHub runner gives the steps of an action."""
    repository = Repository(tmp_path / "shop")
    repository.commit(SHOP | {"shop/api.py": QUIET, "shop/clients.py": CLEAN_CLIENTS})
    program = tmp_path / "temp" / "fastperf" / "bin" / "fastperf"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{LAUNCHER}" "$@"\n')
    program.chmod(0o755)
    for name in ("output", "summary.md"):
        (tmp_path / name).touch()
    environment = {
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    return repository, environment


def review_step() -> dict[str, Any]:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = (step for step in action["runs"]["steps"] if step.get("id") == "review")
    assert step["shell"] == "bash"
    return dict(step)


def step(repository: Repository, environment: dict[str, str], base: str, head: str) -> tuple[int, str]:
    """Run the action's review as a runner does: `bash -eo pipefail`; its status and output."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", review_step()["run"]],
        cwd=repository.path,
        env=os.environ | environment | {"BASE": base, "HEAD": head},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_action_fails_a_change_that_would_be_blocked(runner: tuple[Repository, dict[str, str]]) -> None:
    repository, environment = runner
    base = repository.git("rev-parse", "HEAD")
    head = repository.commit({"shop/clients.py": SHOP["shop/clients.py"]})

    status, said = step(repository, environment, base, head)

    assert status == 1
    assert said.startswith("::error file=shop/api.py,line=")
    assert Path(environment["GITHUB_OUTPUT"]).read_text() == "conclusion=failure\n"
    assert "FP103" in Path(environment["GITHUB_STEP_SUMMARY"]).read_text()


def test_the_action_passes_a_clean_change_and_names_a_commit_that_is_missing(
    runner: tuple[Repository, dict[str, str]],
) -> None:
    repository, environment = runner
    base = repository.git("rev-parse", "HEAD")
    head = repository.commit({"shop/clients.py": CLEAN_CLIENTS + "\nNAME = 'orders'\n"})

    assert step(repository, environment, base, head) == (0, "")
    assert Path(environment["GITHUB_OUTPUT"]).read_text() == "conclusion=success\n"
    status, _ = step(repository, environment, "0" * 40, head)
    assert status == 2


def test_the_steps_take_what_strangers_write_from_the_environment_only() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    assert all("${{" not in step["run"] for step in action["runs"]["steps"])
