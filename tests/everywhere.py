"""Run the engine's tests on every other python3 of this machine: `python -m tests.everywhere`.

The host's `ast` differs from version to version; findings must not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = (3, 11)
NEEDED = (
    "libcst",
    "msgspec",
    "sqlalchemy",
    "sqlglot",
    "pytest",
    "pytest-aiohttp",
    "hypothesis",
    "blockbuster",
)
TESTS = ("tests/engine", "tests/test_cases.py", "tests/test_rules_contract.py")
IGNORED = ("--ignore=tests/engine/test_one_query.py",)


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


def run(version: tuple[int, int], interpreter: Path) -> tuple[int, str]:
    """The tests' status and what they said. One process: the other processors have other versions to run."""
    environment = ROOT / ".cache" / f"python{version[0]}.{version[1]}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        subprocess.run([interpreter, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements()], check=True)
        (environment / "complete").touch()
    # Some of the common fixtures start servers, which these tests never need and these environments could not.
    existing = [test for test in TESTS if (ROOT / test).exists()]
    done = subprocess.run(
        [
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--noconftest",
            "-p",
            "tests.engine.projects",
            *IGNORED,
            *existing,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def main() -> int:
    """0 when all passed; also when this machine has no other interpreter, which is said."""
    others = interpreters()
    if not others:
        print("no other python3 >= 3.11 on this machine")
    worst = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for version, (status, said) in zip(others, pool.map(run, others, others.values()), strict=True):
            print(f"-- engine tests on Python {version[0]}.{version[1]}\n{said}", flush=True)
            worst = status or worst
    return worst


if __name__ == "__main__":
    sys.exit(main())
