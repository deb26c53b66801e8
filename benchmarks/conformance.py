"""Other people's fixtures for the same problems: do we find the lines they expect?

    python -m benchmarks.conformance MIRRORS

MIRRORS holds bare clones (`astral-sh+ruff/repo`, `python-trio+flake8-async/repo`). Fixtures are read from there at fixed
commits and never copied here. Where we differ on purpose, `conformance.toml` says so, with the reason. Exit 1 when a
line differs that it does not list, or when it lists one that does not differ any more.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rules import Options, analyze

HERE = Path(__file__).parent
RUFF = ("astral-sh+ruff", "fca5c7cf")
ASYNC = ("python-trio+flake8-async", "c695f61d")
RUFF_FIXTURES = "crates/ruff_linter/resources/test/fixtures"
RUFF_RULES = "crates/ruff_linter/src/rules"
BLOCKING = ("FP101", "FP102", "FP103", "FP104", "FP109", "FP115", "FP116")


@dataclass(frozen=True)
class Fixture:
    """`marks` is how a line to be found ends; or `snapshot` lists them."""

    mirror: tuple[str, str]
    path: str
    codes: tuple[str, ...]
    marks: str = ""
    snapshots: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.mirror[0].partition('+')[2]}/{self.path.rpartition('/')[2]}"


def _ruff(
    name: str, codes: tuple[str, ...], family: str = "flake8_async", *, of: tuple[str, ...] = ()
) -> Fixture:
    snapshots = tuple(
        f"{RUFF_RULES}/{family}/snapshots/ruff_linter__rules__{family}__tests__{code}_{name}.py.snap"
        for code in of or (name,)
    )
    return Fixture(RUFF, f"{RUFF_FIXTURES}/{family}/{name}.py", codes, snapshots=snapshots)


def _async(name: str, codes: tuple[str, ...]) -> Fixture:
    return Fixture(ASYNC, f"tests/eval_files/{name}.py", codes, marks=r"#\s*ASYNC\d+\w*: \d")


FIXTURES = (
    _ruff("ASYNC210", BLOCKING),
    _ruff("ASYNC212", BLOCKING),
    _ruff("ASYNC22x", BLOCKING, of=("ASYNC220", "ASYNC221", "ASYNC222")),
    _ruff("ASYNC250", BLOCKING),
    _ruff("ASYNC251", BLOCKING),
    _ruff("RUF006", ("FP113",), "ruff"),
    _ruff("S113", ("FP601", "FP602"), "flake8_bandit"),
    _async("async210", BLOCKING),
    _async("async211", BLOCKING),
    _async("async212", BLOCKING),
    _async("async22x_asyncio", BLOCKING),
    _async("async250", BLOCKING),
    _async("async251", BLOCKING),
    _async("async300", ("FP113",)),
)


def show(mirrors: Path, mirror: tuple[str, str], path: str) -> str:
    """A file of a mirror at its commit."""
    name, commit = mirror
    done = subprocess.run(
        ["git", "--git-dir", str(mirrors / name / "repo"), "show", f"{commit}:{path}"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode()


def expected(fixture: Fixture, text: str, mirrors: Path) -> set[int]:
    """The lines the fixture's own project reports."""
    if fixture.marks:
        mark = re.compile(fixture.marks)
        return {
            number
            for number, line in enumerate(text.split("\n"), 1)
            if mark.search(line) and not line.lstrip().startswith("#")
        }
    lines: set[int] = set()
    for snapshot in fixture.snapshots:
        found = re.findall(r"--> \S+?:(\d+):\d+", show(mirrors, fixture.mirror, snapshot))
        lines.update(map(int, found))
    return lines


# Several fixtures name modules without importing them; we resolve names and must be told.
PRELUDE = (
    "import asyncio, os, subprocess, httpx, httpx2, requests, urllib, urllib.request, urllib3; "
    "from typing import Optional; from urllib import request; from urllib.request import urlopen"
)


def completed(text: str) -> str:
    """The fixture with the imports it leaves out, all lines where they were."""
    first, _, rest = text.partition("\n")
    return f"{PRELUDE}\n{rest}" if first.startswith("#") else text


def found(fixture: Fixture, text: str) -> set[int]:
    """The lines we report, each as an asynchronous function that nobody is seen to call."""
    result = analyze({"app.py": completed(text).encode()}, options=Options(select=fixture.codes)).result
    lines = {finding.line for finding in result.findings}
    # One finding may stand for several lines: those it names are said too.
    for finding in result.findings:
        lines.update(hop.line for hop in finding.places if hop.path == "app.py")
    return lines


def compare(mirrors: Path) -> Iterator[tuple[str, int, set[int], set[int]]]:
    """For each fixture: its name, how many lines it expects, what we miss, what only we say."""
    for fixture in FIXTURES:
        text = show(mirrors, fixture.mirror, fixture.path)
        wanted, ours = expected(fixture, text, mirrors), found(fixture, text)
        yield fixture.name, len(wanted), wanted - ours, ours - wanted


def deviations() -> dict[tuple[str, str], set[int]]:
    """(fixture, `missed` or `extra`) -> lines where we differ on purpose."""
    listed: dict[tuple[str, str], set[int]] = {}
    for entry in tomllib.loads((HERE / "conformance.toml").read_text())["deviation"]:
        listed.setdefault((entry["fixture"], entry["kind"]), set()).update(entry["lines"])
    return listed


def main(mirrors: Path) -> int:
    allowed = deviations()
    failed = False
    for name, count, missed, extra in compare(mirrors):
        problems = []
        for kind, lines in (("missed", missed), ("extra", extra)):
            listed = allowed.get((name, kind), set())
            if unlisted := sorted(lines - listed):
                problems.append(f"{kind} {unlisted}")
            if stale := sorted(listed - lines):
                problems.append(f"listed as {kind} but the same: {stale}")
        failed = failed or bool(problems)
        state = "; ".join(problems) or "as expected"
        print(f"{name:36} {count - len(missed):3} of {count:3}  {state}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
