"""`make bench-scale`: the ceilings that `fastperf scale` predicts against a sample service loaded to saturation.

What the prediction may know is what a team knows: round trips (timed first), the upstream's latency, pool, threads, workers,
rows. A ceiling of the processor is taken from the processor time of a request, for the machine is shared; all others from
the answers per second. The best round counts: a busy machine only lowers what is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.impact import rounds, run, surroundings, tables
from benchmarks.impact.load import drive, request_bytes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "scale.json"
CLIENTS = 64
"""At most; three times as many as are answered at once at the predicted ceiling, and at least eight: enough to keep the first
limit busy, without a crowd that waits for it and costs processor time that a shared machine may not give."""
CONTEXT = {"workers": 1, "cpus": 1, "http_latency_ms": 20}
"""Thread tokens, pools and the length of a page stand in the service's code."""
SOCKETS = 16
SOCKET_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.impact --scale", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument(
        "--more", action="store_true", help="add rounds to the kept ones instead of starting anew"
    )
    parser.add_argument("--endpoint", action="append", default=[], help="load only these paths")
    options = parser.parse_args(arguments)
    with surroundings.surroundings({"database", "upstream"}) as environment:
        tables.prepare(environment["IMPACT_DATABASE"])
        project = Path(environment["IMPACT_FOLDER"], "project")
        shutil.copytree(HERE / "sample", project)
        context = CONTEXT | {"db_round_trip_ms": round(round_trip_ms(environment["IMPACT_DATABASE"]), 3)}
        predicted = predict(project, context)
        clients = {
            path: round(min(CLIENTS, max(8, 3 * entry["ceiling_rps"] * entry["response_ms"] / 1000)))
            for path, entry in predicted.items()
            if entry["method"] != "WEBSOCKET"
            and not entry["standstill"]
            and (not options.endpoint or path in options.endpoint)
        }
        measured = load(project, environment, clients, options.rounds, options.seconds)
        stood = {
            path: answered(project, environment, path, options.seconds)
            for path, entry in predicted.items()
            if entry.get("standstill")
        }
        held = {
            path: sockets(project, environment, path)
            for path, entry in predicted.items()
            if entry["method"] == "WEBSOCKET"
        }
    if options.more:
        for entry in json.loads(options.results.read_text())["endpoints"]:
            if entry["path"] in predicted:
                seen = measured.setdefault(entry["path"], {"rps": 0.0, "cpu_ms": float("inf")})
                seen["rps"] = max(seen["rps"], entry["answered_rps"])
                seen["cpu_ms"] = min(seen["cpu_ms"], entry["cpu_ms"])
    endpoints = [compared(path, predicted[path], seen) for path, seen in measured.items()]
    standing = [
        {"path": path, "ceiling_rps": predicted[path]["ceiling_rps"], "answered_rps": digits(rps)}
        for path, rps in stood.items()
    ]
    connections = [counted(path, predicted[path], count) for path, count in held.items()]
    document = {
        "version": 1,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": run.machine(),
        "versions": run.versions(),
        "method": " ".join(str(__doc__).split("\n\n", 1)[1].split()),
        "context": context,
        "clients": CLIENTS,
        "endpoints": endpoints,
        "websockets": connections,
        "standstills": standing,
    }
    options.results.write_text(run.laid_out(document, 3) + "\n", encoding="utf-8")
    within = sum(entry["factor"] <= 2 for entry in (*endpoints, *connections))
    print(f"{within} of {len(endpoints) + len(connections)} endpoints within a factor of 2")
    return 0


def round_trip_ms(address: str) -> float:
    """The median of a trivial query."""
    import psycopg

    with psycopg.connect(f"postgresql://{address}", autocommit=True) as connection:
        taken = []
        for _ in range(300):
            started = time.perf_counter()
            connection.execute("select 1")
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def predict(project: Path, context: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """What `fastperf scale` says, by path."""
    lines = [f"{key} = {value}" for key, value in context.items()]
    text = '[project]\nname = "service"\nversion = "1"\n[tool.fastperf.context]\n' + "\n".join(lines) + "\n"
    (project / "pyproject.toml").write_text(text)
    command = [os.environ.get("FASTPERF_PYTHON", sys.executable), str(ROOT / "fastperf.py")]
    done = subprocess.run(
        [*command, "scale", str(project), "--output-format", "json"], capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    staying = [{"method": "WEBSOCKET", **entry} for entry in found["websockets"]]
    return {entry["path"]: entry for entry in (*found["endpoints"], *staying)}


def load(
    project: Path, environment: Mapping[str, str], clients: Mapping[str, int], count: int, seconds: float
) -> dict[str, dict[str, float]]:
    """The best answers per second and the least processor time per answer, by path; endpoints take turns."""
    seen: dict[str, dict[str, float]] = {path: {"rps": 0.0, "cpu_ms": float("inf")} for path in clients}
    with served(project, environment) as (port, pid):
        for path, number in clients.items():
            uvloop.run(drive(port, request_bytes(path, None, {}), number, rounds.WARM_SECONDS))
        for turn in range(count):
            for path in clients if turn % 2 == 0 else list(clients)[::-1]:
                before = processor_seconds(pid)
                taken = uvloop.run(drive(port, request_bytes(path, None, {}), clients[path], seconds))
                if taken.failed or taken.unanswered:
                    raise RuntimeError(f"{path}: {taken.failed} failed, {taken.unanswered} unanswered")
                each = (processor_seconds(pid) - before) * 1000 / max(1, len(taken.times))
                best = seen[path]
                best["rps"], best["cpu_ms"] = max(best["rps"], taken.rps), min(best["cpu_ms"], each)
    return seen


@contextmanager
def served(project: Path, environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """The port and the process of the service while it runs."""
    port = surroundings.free_port()
    command = [sys.executable, "-m", "uvicorn", "service.main:app", "--app-dir", str(project)]
    command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    command += ["--log-level", "critical", "--no-access-log"]
    with surroundings.process(command, port, environment) as pid:
        yield port, pid


def sockets(project: Path, environment: Mapping[str, str], path: str) -> int:
    """How many of `SOCKETS` clients that stay are answered."""
    with served(project, environment) as (port, _):
        return asyncio.run(_answered(f"ws://127.0.0.1:{port}{path}"))


def answered(project: Path, environment: Mapping[str, str], path: str, seconds: float) -> float:
    """Answers per second of a process of its own, which may not come out of it."""
    with served(project, environment) as (port, _):
        return uvloop.run(drive(port, request_bytes(path, None, {}), SOCKETS, seconds)).rps


async def _answered(address: str) -> int:
    from websockets.asyncio.client import connect

    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connect(address)) for _ in range(SOCKETS)]
        for one in opened:
            await one.send("7")
        tasks = [asyncio.ensure_future(one.recv()) for one in opened]
        done, waiting = await asyncio.wait(tasks, timeout=SOCKET_SECONDS)
        for task in waiting:
            task.cancel()
        return len(done)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compared(path: str, predicted: Mapping[str, Any], seen: Mapping[str, float]) -> dict[str, Any]:
    first = predicted["limits"][0]["resource"]
    reached = max(seen["rps"], 1000 / seen["cpu_ms"]) if first == "processor" else seen["rps"]
    factor = max(predicted["ceiling_rps"] / reached, reached / predicted["ceiling_rps"])
    row = {
        "path": path,
        "first": first,
        "predicted_rps": predicted["ceiling_rps"],
        "measured_rps": digits(reached),
        "answered_rps": digits(seen["rps"]),
        "cpu_ms": digits(seen["cpu_ms"]),
        "factor": round(factor, 2),
    }
    print(
        f"{path:28} {first:16} predicted {row['predicted_rps']:>8} measured {row['measured_rps']:>8}"
        f" (answered {row['answered_rps']}, cpu {row['cpu_ms']} ms) factor {row['factor']}",
        flush=True,
    )
    return row


def counted(path: str, predicted: Mapping[str, Any], reached: int) -> dict[str, Any]:
    """As `compared`, of connections at once."""
    told = predicted["connections"] or SOCKETS
    factor = round(max(told / reached, reached / told), 2)
    print(f"{path:28} {predicted['resource']:16} predicted {told} clients measured {reached}")
    return {
        "path": path,
        "first": predicted["resource"],
        "predicted": told,
        "measured": reached,
        "factor": factor,
    }


def digits(value: float) -> float:
    return float(f"{value:.3g}")


if __name__ == "__main__":
    sys.exit(main())
