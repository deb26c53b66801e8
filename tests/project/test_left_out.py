"""Tests that `make test` leaves out, for they take long, are set up here without being run: a fixture that went missing is seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = re.findall(r"--ignore=(\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))


def set_up(*paths: str) -> subprocess.CompletedProcess[str]:
    """Say what each test would be given, and run none."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--setup-plan", "-p", "no:cacheprovider"]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [*command, *paths],
        cwd=ROOT,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_each_fixture_of_the_tests_that_are_left_out_is_there() -> None:
    assert "tests/heavy" in LEFT_OUT

    done = set_up(*LEFT_OUT)

    assert done.returncode == pytest.ExitCode.OK, done.stdout[-2_000:] + done.stderr


def test_a_fixture_that_is_not_there_is_seen(tmp_path: Path) -> None:
    odd = tmp_path / "test_odd.py"
    odd.write_text("def test_odd(nobody_defines_this): ...\n", encoding="utf-8")

    done = set_up(str(odd))

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "fixture 'nobody_defines_this' not found" in done.stdout
