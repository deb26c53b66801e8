"""How fast is a cold scan? `make bench-analysis [PROJECT=folder]` times fastperf and its peers in one run.

Each tool runs as a whole process over the same files, tools interleaved, and its CPU seconds (user + system,
children included) are taken; the table gives medians and ratios. Tools that take minutes run once. The peers
are installed into `benchmarks/.venv` on the first run. Absolute figures depend on the machine;
ratios within one run are what to compare. Without PROJECT the largest pure-Python package of the
environment is read: real code that every installation has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PEERS_HOME = ROOT / "benchmarks" / ".venv"
EXAMPLE = ROOT / "examples" / "pull_request" / "slow"
PEERS = ("pyflakes", "flake8", "flake8-async", "fixit", "pylint", "ruff")
SLOW = frozenset({"flake8-async", "fixit", "pylint"})

PARSE = "import {module}, sys, pathlib\nfor p in open(sys.argv[1]).read().split('\\0'):\n    try: {parse}(pathlib.Path(p).read_bytes())\n    except Exception: pass\n"
EMPTY = (
    "import sys, pathlib\nfor p in open(sys.argv[1]).read().split('\\0'):\n    pathlib.Path(p).read_bytes()\n"
)


def python_files(project: Path, lines: int) -> tuple[list[Path], int]:
    """Files of the project in order, until they hold `lines` lines."""
    chosen: list[Path] = []
    total = 0
    for path in sorted(project.rglob("*.py")):
        if total >= lines:
            break
        chosen.append(path)
        total += path.read_bytes().count(b"\n")
    return chosen, total


def default_project() -> Path:
    packages = Path(sysconfig.get_paths()["purelib"])
    return max(
        (entry for entry in packages.iterdir() if (entry / "__init__.py").exists()),
        key=lambda entry: sum(path.stat().st_size for path in entry.rglob("*.py")),
    )


def install_peers() -> None:
    """Give the tools we compare ourselves with an environment of their own, once."""
    if not (PEERS_HOME / "bin" / "pylint").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS_HOME)], check=True)
        command = [str(PEERS_HOME / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*command, "--disable-pip-version-check", *PEERS], check=True)


def peer_versions() -> dict[str, str]:
    listed = subprocess.run(
        [str(PEERS_HOME / "bin" / "python"), "-m", "pip", "list", "--format", "json"],
        capture_output=True,
        check=True,
    )
    found = {entry["name"].lower(): entry["version"] for entry in json.loads(listed.stdout)}
    return {name: found[name] for name in PEERS if name in found} | {"libcst": found.get("libcst", "")}


def cpu_seconds(command: list[str], cwd: Path) -> float:
    """User and system time of one run, its children included. Output is thrown away.

    Every tool runs from bytecode, as pip leaves it behind: ours, which runs from the checkout, keeps its own in `cwd`.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if command[0] == sys.executable:
        environment["PYTHONPYCACHEPREFIX"] = str(cwd / "bytecode")
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime


def commands(listing: Path, project: Path) -> dict[str, list[str]]:
    python = sys.executable
    peers = PEERS_HOME / "bin"
    ruff = str(peers / "ruff")
    return {
        "read the files": [python, "-c", EMPTY, str(listing)],
        "ast.parse": [python, "-c", PARSE.format(module="ast", parse="ast.parse"), str(listing)],
        "libcst.parse_module": [
            python,
            "-c",
            PARSE.format(module="libcst", parse="libcst.parse_module"),
            str(listing),
        ],
        "ruff (ASYNC, PERF, FAST)": [
            ruff, "check", "--no-cache", "--isolated", "--exit-zero", "--select", "ASYNC,PERF,FAST", str(project),
        ],
        "pyflakes": [str(peers / "pyflakes"), str(project)],
        "flake8-async": [
            str(peers / "flake8"), "--isolated", "--select", "ASYNC", "-j", "1", "--exit-zero", str(project),
        ],
        "fixit": [str(peers / "fixit"), "--quiet", "lint", str(project)],
        "pylint": [
            str(peers / "pylint"), "--rcfile=/dev/null", "--exit-zero", "-j", "1", "--recursive=y", str(project),
        ],
        "fastperf check": [python, str(ROOT / "fastperf.py"), "check", "--no-cache", "--exit-zero", "--output-format", "json", str(project)],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, default=None)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--fast", action="store_true", help="leave out the tools that take minutes")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    source = (arguments.project or default_project()).resolve()
    files, lines = python_files(source, arguments.lines)

    # Outside the checkout: several tools pass over what a .gitignore above names.
    work = Path(tempfile.mkdtemp(prefix="bench-analysis-"))
    copy = work / "project"
    for path in files:
        target = copy / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    listing = work / "files"
    listing.write_text("\0".join(str(copy / path.relative_to(source)) for path in files))

    runs: dict[str, list[float]] = {}
    install_peers()
    for command in commands(listing, EXAMPLE).values():
        if command[0] == sys.executable:
            cpu_seconds(command, work)  # for its bytecode
    for turn in range(arguments.rounds):
        todo = list(commands(listing, copy).items())
        for name, command in todo if turn % 2 == 0 else reversed(todo):
            if name not in SLOW or (turn == 0 and not arguments.fast):
                runs.setdefault(name, []).append(cpu_seconds(command, work))

    medians = {name: statistics.median(seconds) for name, seconds in runs.items()}
    shutil.rmtree(work)
    own = medians["fastperf check"]
    print(
        f"{source.name}: {len(files)} files, {lines:,} lines, {arguments.rounds} rounds, CPU seconds of whole runs"
    )
    for name, seconds in sorted(medians.items(), key=lambda item: item[1]):
        share = f"{seconds / own:8.2f} x fastperf" if name != "fastperf check" else ""
        print(f"  {name:28} {seconds:8.2f} s   {lines / seconds:11,.0f} lines/s   {share}")

    RESULTS.mkdir(exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "project": source.name,
        "files": len(files),
        "lines": lines,
        "versions": peer_versions(),
        "cpu_seconds": runs,
    }
    (RESULTS / "analysis.json").write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
