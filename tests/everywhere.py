"""Run the engine's tests on every other python3 of this machine: `python -m tests.everywhere`.

The host's `ast` differs from version to version; findings must not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = (3, 11)
NEEDED = (
    "libcst",
    "msgspec",
    "sqlalchemy",
    "sqlglot",
    "pytest",
    "pytest-xdist",
    "pytest-aiohttp",
    "hypothesis",
    "blockbuster",
)
TESTS = ("tests/engine", "tests/test_cases.py", "tests/test_rules_contract.py")


def folders() -> list[Path]:
    """Where interpreters lie: the search path, and the versions of pyenv."""
    searched = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    return [*searched, *sorted(pyenv.glob("*/bin"))]


def interpreters() -> dict[tuple[int, int], Path]:
    """One working interpreter for each minor version other than this one."""
    found: dict[tuple[int, int], Path] = {}
    for folder in folders():
        for candidate in sorted(folder.glob("python3.*")):
            if not re.fullmatch(r"python3\.\d+", candidate.name) or not os.access(candidate, os.X_OK):
                continue
            asked = subprocess.run(
                [candidate, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            if asked.returncode == 0:
                major, minor = map(int, asked.stdout.split())
                found.setdefault((major, minor), candidate)
    return {v: path for v, path in sorted(found.items()) if v >= OLDEST and v != sys.version_info[:2]}


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [item for item in declared if re.split(r"[\[<>=!~ ]", item, maxsplit=1)[0] in NEEDED]


def run(version: tuple[int, int], interpreter: Path) -> int:
    environment = ROOT / ".cache" / f"python{version[0]}.{version[1]}"
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([interpreter, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements()], check=True)
    # The common fixtures start servers, which these tests never need and these environments could not.
    existing = [test for test in TESTS if (ROOT / test).exists()]
    return subprocess.run(
        [
            python,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--noconftest",
            "--ignore=tests/engine/test_one_query.py",
            *existing,
        ],
        cwd=ROOT,
        check=False,
    ).returncode


def main() -> int:
    """0 when all passed; also when this machine has no other interpreter, which is said."""
    others = interpreters()
    if not others:
        print("no other python3 >= 3.11 on this machine")
    worst = 0
    for version, interpreter in others.items():
        print(f"-- engine tests on Python {version[0]}.{version[1]}", flush=True)
        worst = run(version, interpreter) or worst
    return worst


if __name__ == "__main__":
    sys.exit(main())
