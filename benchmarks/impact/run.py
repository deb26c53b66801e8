"""`python -m benchmarks.impact [CODE …]`: measure cases and write `rules/measured.json`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.impact import calls, rounds, surroundings
from benchmarks.impact.pair import Pair

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "rules" / "measured.json"
METHOD = (
    "Each form is an endpoint of its own FastAPI process (uvicorn, one worker, uvloop) on loopback beside PostgreSQL, Redis and an"
    " upstream. Clients ask again as soon as they are answered; requests in flight at the end are waited for. After a"
    " warm-up the forms take turns (A B, B A, …); ratios are taken within a round, and given as least, median and most."
)
PACKAGES = [
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "pydantic",
    "pydantic-core",
    "sqlalchemy",
    "asyncpg",
    "psycopg",
    "redis",
    "httpx",
    "httpx2",
    "aiohttp",
    "requests",
    "orjson",
    "bcrypt",
    "pandas",
    "celery",
    "tenacity",
]


def cases() -> dict[str, Pair]:
    """All cases by module name."""
    names = sorted(path.stem for path in (HERE / "cases").glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"benchmarks.impact.cases.{name}").pair for name in names}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.impact", description=__doc__)
    parser.add_argument("codes", nargs="*", help="rules to measure, all without; `threads` for the calls")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument(
        "--budget", type=float, default=float("inf"), help="minutes after which no case is begun"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    wanted = {code.upper() for code in options.codes}
    chosen = {name: pair for name, pair in cases().items() if not wanted or pair.code in wanted}
    if unknown := wanted - {pair.code for pair in chosen.values()} - {"THREADS"}:
        parser.error(f"no case for {', '.join(sorted(unknown))}")
    for name, pair in chosen.items():
        for need, reason in surroundings.missing().items():
            if need in pair.needs:
                print(f"{pair.code} {name}: not measured, {reason}", flush=True)
    chosen = {
        name: pair for name, pair in chosen.items() if not surroundings.missing().keys() & set(pair.needs)
    }
    end = time.monotonic() + options.budget * 60
    failed = _measure(chosen, options, end)
    if not wanted or "THREADS" in wanted:
        keep_calls(options.results, calls.measure())
    return 1 if failed else 0


def _measure(chosen: Mapping[str, Pair], options: argparse.Namespace, end: float) -> int:
    needs = {need for pair in chosen.values() for need in pair.needs}
    failed = 0
    with surroundings.surroundings(needs) as environment:
        os.environ.update(environment)
        if "database" in needs:
            from benchmarks.impact import tables

            tables.prepare(environment["IMPACT_DATABASE"])
        for name, pair in chosen.items():
            if time.monotonic() > end:
                print(f"{pair.code} {name}: left out, the time is over", flush=True)
                continue
            try:
                result = rounds.measure(name, pair, environment, options.rounds, options.seconds)
            except (OSError, RuntimeError) as error:
                print(f"{pair.code} {name}: {error}", flush=True)
                failed += 1
                continue
            result |= {
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "rounds": options.rounds,
                "seconds": options.seconds,
                "load_average": round(os.getloadavg()[0], 1),
            }
            show(pair.code, result)
            write(options.results, "rules", {pair.code: result})
    return failed


def show(code: str, result: Mapping[str, Any]) -> None:
    print(f"{code} {result['case']} (load {result['load_average']})", flush=True)
    for point in result["points"]:
        given = ", ".join(f"{key}={value:g}" for key, value in point["given"].items())
        for name, form in point["forms"].items():
            ratio = point["ratios"].get(name)
            told = (
                " ".join(f"{key} {'/'.join(f'{value:g}' for value in three)}" for key, three in ratio.items())
                if ratio
                else ""
            )
            print(
                f"  c={point['clients']:<3} {given:16} {name:14} {form['rps']:>8g} rps p50 {form['p50_ms']:>7g} gap"
                f" {form['least_gap_ms']:g}/{form['gap_ms']:g} cpu {form['cpu_ms']:g} st {form['statements']:g}"
                f" mem {form['memory_mb']:g} bad {form['failed']}+{form['unanswered']} {told}",
                flush=True,
            )


def write(path: Path, part: str, measured: Mapping[str, Any]) -> None:
    """Put new results among the old ones."""
    document = json.loads(path.read_text()) if path.exists() else {}
    document |= {"version": 1, "method": METHOD, "machine": machine(), "versions": versions()}
    document[part] = dict(sorted({**document.get(part, {}), **measured}.items()))
    path.write_text(laid_out(document) + "\n", encoding="utf-8")


def keep_calls(path: Path, measured: Mapping[str, Mapping[str, Any]]) -> None:
    """Put what calls do in a thread among the old results."""
    document = json.loads(path.read_text()) if path.exists() else {"version": 1}
    path.write_text(laid_out({**document, **calls.among(document, measured)}) + "\n", encoding="utf-8")


def laid_out(value: Any, depth: int = 0) -> str:
    """JSON with one form, or one call, a line: fit to be read and compared."""
    if (
        isinstance(value, dict)
        and "call_ms" not in value
        and (depth < 4 or any(isinstance(inner, (dict, list)) for inner in value.values()))
    ):
        inner = (
            f"{' ' * (depth + 1)}{json.dumps(key)}: {laid_out(each, depth + 1)}"
            for key, each in value.items()
        )
        return "{\n" + ",\n".join(inner) + "\n" + " " * depth + "}"
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        inner = (" " * (depth + 1) + laid_out(each, depth + 1) for each in value)
        return "[\n" + ",\n".join(inner) + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False)


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory),
        "architecture": platform.machine(),
        "system": platform.system(),
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
