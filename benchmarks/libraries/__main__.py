"""Are the names of `rules/libraries/` there in the libraries that are released today?

    python -m benchmarks.libraries [BEGINNING …]

Each library is installed from the package index into an environment of its own, thrown away afterwards; `probe.py` follows every
name there. `distributions.toml` says what to install, where names of our own lead to, and what cannot be seen from outside.
Names that releases of today no longer have are marked in the tables (`former`) with a release that had them: there they must
be found, and in the newest they must be gone. Writes `results/libraries.json`; exit 1 when a name is neither there nor marked,
when a call that is said to block is awaited, or when an argument that the tables name does not exist.
"""

from __future__ import annotations

import argparse
import builtins
import datetime
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rules import libraries
from rules.libraries import LIBRARIES, caching, heavy, messaging
from rules.libraries.model import final_name

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "libraries.json"
PATIENCE = 900
"""Seconds for one installation or one probe."""
UNKNOWN = "?"
PYTHON = "python=="
"""How a release begins that had a module of the standard library."""
ADVISED = re.compile(r"`((?!helpers\.|loop\.|client\.|firestore\.)[a-z_]\w*(?:\.\w+)+)`")
"""A full name in advice; a few are cut short where the reader knows the rest."""


@dataclass(frozen=True)
class Named:
    """A name of the tables and what they say of it."""

    name: str
    blocks: bool = False
    awaits: bool = False
    keyword: str = ""


@dataclass(frozen=True)
class Plan:
    """`distributions.toml`, and what the tables say of old releases."""

    installs: Mapping[str, str]
    read: frozenset[str]
    stands_for: Mapping[str, str]
    unseen: Mapping[str, str]
    awaited: frozenset[str]
    former: Mapping[str, str]

    @classmethod
    def load(cls) -> Plan:
        data = tomllib.loads((HERE / "distributions.toml").read_text(encoding="utf-8"))
        former = {name: release for library in LIBRARIES for name, release in library.former.items()}
        return cls(
            data["installs"],
            frozenset(data["settings"]["read"]),
            data["stands_for"],
            data["unseen"],
            frozenset(data["settings"]["awaited"]),
            former,
        )

    def installation(self, name: str) -> str:
        """What to install for a name; empty for the standard library, `?` when nobody knows."""
        root = name.partition(".")[0]
        if root in sys.stdlib_module_names or hasattr(builtins, name):
            return ""
        if exact := beginning(name, self.installs):
            return self.installs[exact]
        # One installation for packages that share a beginning: `mypy_boto3_s3`.
        family = max((each for each in self.installs if root.startswith(f"{each}_")), key=len, default="")
        return self.installs.get(family, UNKNOWN)

    def real(self, name: str) -> str:
        """Where to look for a name that is ours."""
        bare = name.removesuffix(".*")
        ours = beginning(bare, self.stands_for)
        return self.stands_for[ours] + bare[len(ours) :] if ours else bare


@dataclass
class Outcome:
    """What one environment showed."""

    found: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    unconfirmed: list[str] = field(default_factory=list)
    """Said to be awaited, by a plain function that does not say what it gives."""


def beginning(name: str, table: Iterable[str]) -> str:
    """The longest entry of `table` that `name` begins with, part by part."""
    fitting = (each for each in table if f"{name}.".startswith(f"{each}."))
    return max(fitting, key=len, default="")


def everything() -> Iterator[Named]:
    """All names of the tables; several may say different things of one."""
    for library in LIBRARIES:
        yield from (Named(entry.name, blocks=True) for entry in library.blocking)
        yield from (
            Named(entry.name, awaits=entry.is_async) for entry in (*library.queries, *library.external)
        )
        for client in library.clients:
            yield Named(client.name)
            owner = libraries.returns(client.name) or client.name
            if client.close and final_name(owner)[:1].isupper():
                yield Named(f"{owner}.{client.close}")
        yield from (
            Named(entry.name, keyword=entry.keyword) for entry in (*library.timeouts, *library.offloads)
        )
        for mapping in (
            library.returns,
            library.attributes,
            library.open_attributes,
            library.items,
            library.aliases,
            library.bases,
        ):
            yield from (Named(name) for pair in mapping.items() for name in pair)
        for entry in library.blocking:
            yield from map(Named, ADVISED.findall(entry.instead))
    for names in (
        caching.MEMOISERS,
        caching.MEMOISER_ALIASES,
        caching.LIMITERS,
        heavy.LOADERS,
        messaging.TASK_DECORATORS,
    ):
        yield from map(Named, names)


def groups(chosen: Sequence[str], plan: Plan) -> dict[str, dict[str, list[Named]]]:
    """Requirements -> name -> what is said of it."""
    found: dict[str, dict[str, list[Named]]] = {}
    for named in everything():
        if "{" in named.name or beginning(named.name, plan.unseen):
            continue
        # A name of an old release is looked for there, and in the newest, where it must be gone.
        old = plan.former.get(beginning(named.name, plan.former), "")
        newest = plan.installation(plan.real(named.name))
        if old.startswith(PYTHON):
            old = ""
        for requirements in {newest, old or newest}:
            found.setdefault(requirements, {}).setdefault(named.name, []).append(named)
    if not chosen:
        return found
    return {
        requirements: wanted
        for requirements, wanted in found.items()
        if any(beginning(name, chosen) for name in wanted)
    }


class Environments:
    """Throw-away environments below one folder; `uv` makes and fills them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._uv = shutil.which("uv") or self._installed(home)

    @staticmethod
    def _installed(home: Path) -> str:
        subprocess.run([sys.executable, "-m", "venv", str(home / "uv")], check=True)
        pip = [str(home / "uv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", "uv"], check=True)
        return str(home / "uv" / "bin" / "uv")

    def ask(
        self, requirements: str, names: Sequence[str], *, alone: bool
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The probe's answers and what was installed; RuntimeError when nothing could be. `alone`: without what the
        libraries depend on, so that their source is read where they cannot be imported."""
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            python = Path(folder) / "bin" / "python"
            subprocess.run([self._uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
            if requirements:
                self._install(python, requirements.split(" "), alone=alone)
            return self._probe(python, names, folder), self._versions(python)

    def _install(self, python: Path, listed: Sequence[str], *, alone: bool) -> None:
        command = [self._uv, "pip", "install", "--quiet", "--python", str(python), *listed]
        done = subprocess.run(
            [*command, "--no-deps"] if alone else command,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(reason(done.stderr))

    def _probe(self, python: Path, names: Sequence[str], folder: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(python), "-W", "ignore", str(HERE / "probe.py")],
            input=json.dumps(names),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": folder},
        )
        if done.returncode:
            raise RuntimeError(f"the probe ended with {done.returncode}: {reason(done.stderr)}")
        answers: dict[str, Any] = json.loads(done.stdout)
        return answers

    def _versions(self, python: Path) -> dict[str, str]:
        command = [self._uv, "pip", "list", "--quiet", "--python", str(python), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return {each["name"]: each["version"] for each in json.loads(done.stdout)}


def reason(text: str) -> str:
    """What went wrong, in a line, without paths of this machine."""
    lines = [line.strip(" │├╰─▶×") for line in text.splitlines() if line.strip()]
    telling = [
        line for line in lines if re.search(r"(?i)error|no solution|requires|not found|fail|because", line)
    ]
    return re.sub(r"\S*/\S+", "…", (telling or lines or ["nothing said"])[-1])[:200]


def judge(
    requirements: str, wanted: Mapping[str, list[Named]], answers: Mapping[str, Any], plan: Plan
) -> Outcome:
    outcome = Outcome()
    for name, said in wanted.items():
        answer = answers[plan.real(name)]
        release = plan.former.get(beginning(name, plan.former), "")
        if release.startswith(PYTHON):
            version = tuple(map(int, release.removeprefix(PYTHON).split(".")))
            release = "" if sys.version_info[: len(version)] <= version else release
        if release and requirements != release:
            if answer["state"] == "found":
                outcome.wrong[name] = f"is marked as gone since {release}, and is there"
            else:
                outcome.found += 1
        elif answer["state"] == "missing":
            outcome.missing[name] = answer["why"]
        elif answer["state"] == "unseen":
            outcome.unseen[name] = answer["why"]
        else:
            outcome.found += 1
            _judge_call(name, said, answer, plan, outcome)
    return outcome


def _judge_call(
    name: str, said: Sequence[Named], answer: Mapping[str, Any], plan: Plan, outcome: Outcome
) -> None:
    awaited, parameters = answer["awaited"], answer["keywords"]
    if awaited == "async" and any(each.blocks for each in said):
        outcome.wrong[name] = "is said to block, and is awaited"
    if awaited == "plain" and any(each.awaits for each in said) and not beginning(name, plan.awaited):
        outcome.unconfirmed.append(name)
    for each in said:
        if each.keyword and parameters is not None and not {each.keyword, "**"} & set(parameters):
            outcome.wrong[name] = f"takes no argument {each.keyword}"


def tell(label: str, count: int, outcome: Outcome) -> None:
    states = {
        "missing": outcome.missing,
        "wrong": outcome.wrong,
        "unseen": outcome.unseen,
        "unconfirmed": outcome.unconfirmed,
    }
    counted = [f"{len(names)} {state}" for state, names in states.items() if names]
    print(f"{label:34} {count:4} names, {outcome.found} as said{', '.join(['', *counted])}", flush=True)
    for name, why in (outcome.missing | outcome.wrong | outcome.unseen).items():
        print(f"    {name}: {why}", flush=True)
    for name in outcome.unconfirmed:
        print(f"    {name}: a plain function", flush=True)


def record(
    requirements: str, wanted: Mapping[str, Any], outcome: Outcome, versions: Mapping[str, str]
) -> dict[str, Any]:
    installed = [re.split(r"[\[=<]", each)[0].lower() for each in requirements.split(" ") if each]
    kept = {name: value for name, value in vars(outcome).items() if name != "found" and value}
    return {
        "versions": {each: versions.get(each, "") for each in installed},
        "names": len(wanted),
        "as_said": outcome.found,
        **kept,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "beginning",
        nargs="*",
        help="only libraries with names that begin so; what is known of others is kept",
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    plan = Plan.load()
    out = chosen.out
    before = json.loads(out.read_text(encoding="utf-8")) if chosen.beginning and out.exists() else {}
    checked: dict[str, Any] = before.get("checked", {})
    without: dict[str, Any] = before.get("not_installed", {})
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        environments = Environments(Path(folder))
        for requirements, wanted in sorted(groups(chosen.beginning, plan).items()):
            label = requirements or "python"
            checked.pop(label, None)
            without.pop(label, None)
            if requirements == UNKNOWN:
                without[UNKNOWN] = {"names": sorted(wanted), "reason": "nobody said what to install"}
                failed += len(wanted)
                continue
            try:
                asked = sorted({plan.real(name) for name in wanted})
                answers, versions = environments.ask(requirements, asked, alone=requirements in plan.read)
            except (RuntimeError, subprocess.SubprocessError) as error:
                late = isinstance(error, subprocess.TimeoutExpired)
                why = f"not within {PATIENCE} seconds" if late else str(error)
                without[label] = {"names": len(wanted), "reason": why}
                print(f"{label:34} {len(wanted):4} names: {why}", flush=True)
                continue
            outcome = judge(requirements, wanted, answers, plan)
            failed += len(outcome.missing) + len(outcome.wrong)
            checked[label] = record(requirements, wanted, outcome, versions)
            tell(label, len(wanted), outcome)
            write(out, checked, without, plan)  # what was found stays when the rest is cut short
    result = write(out, checked, without, plan)
    print(
        f"{result['as_said']} of {result['names']} names of {len(checked)} libraries as said; {len(without)} not installed"
    )
    return int(bool(failed))


def write(out: Path, checked: Mapping[str, Any], without: Mapping[str, Any], plan: Plan) -> Mapping[str, Any]:
    result = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "libraries": len(checked),
        "names": sum(each["names"] for each in checked.values()),
        "as_said": sum(each["as_said"] for each in checked.values()),
        "checked": dict(sorted(checked.items())),
        "not_installed": dict(sorted(without.items())),
        "not_visible": dict(plan.unseen),
    }
    out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return result


if __name__ == "__main__":
    sys.exit(main())
