from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import LAUNCHER, fastperf


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tmp_path: Path) -> None:
    done = fastperf("completion", shell, folder=tmp_path)

    assert done.returncode == 0
    assert f"_FASTPERF_COMPLETE={shell}_complete" in done.stdout


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    program = tmp_path / "fastperf"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{LAUNCHER}" "$@"\n')
    script = fastperf("completion", "bash", folder=tmp_path).stdout
    asked = """
COMPREPLY=(); COMP_WORDS=(fastperf ch) COMP_CWORD=1; _fastperf_completion fastperf; echo "${COMPREPLY[@]}"
COMPREPLY=(); COMP_WORDS=(fastperf check --sel) COMP_CWORD=2; _fastperf_completion fastperf; echo "${COMPREPLY[@]}"
"""
    program.chmod(0o755)

    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-c", f"{script}\n{asked}"],
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == ["check", "--select"], done.stderr
