"""The measurement: forms in turn (A B, B A, A B, …), each in its own process, and the ratios between them, round by round.

Absolute figures belong to the machine; ratios of one round were taken within seconds of each other and carry over better.
"""

from __future__ import annotations

import json
import statistics
import sys
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import uvloop

from benchmarks.impact.load import Load, drive, request_bytes
from benchmarks.impact.pair import Pair, Point
from benchmarks.impact.surroundings import free_port, process

WARM_SECONDS = 0.3
Leg = dict[str, float]
"""What one form did in one round."""


def measure(
    case: str, pair: Pair, environment: Mapping[str, str], rounds: int, seconds: float
) -> dict[str, Any]:
    """All points of a case, as `rules/measured.json` keeps them."""
    with ExitStack() as stack:
        ports: dict[str, int] = {}
        for name, form in pair.forms.items():
            ports[name] = free_port()
            loop = form.server.get("loop", "uvloop")
            command = [
                sys.executable,
                "-m",
                "uvicorn",
                "--factory",
                "benchmarks.impact.service:from_environment",
            ]
            command += ["--port", str(ports[name]), "--loop", loop, "--backlog", "2048"]
            command += ["--http", form.server.get("http", "httptools")]
            command += ["--log-level", "error", "--no-access-log"]
            own = {**environment, "IMPACT_CASE": case, "IMPACT_FORM": name}
            stack.enter_context(process(command, ports[name], own))
        points = [_point(pair, point, ports, rounds, seconds) for point in pair.points]
    return {
        "case": case,
        "forms": {name: form.text for name, form in pair.forms.items()},
        "frees_loop": pair.frees_loop,
        **({"note": pair.note} if pair.note else {}),
        "points": points,
    }


def _point(pair: Pair, point: Point, ports: Mapping[str, int], rounds: int, seconds: float) -> dict[str, Any]:
    request = _request(pair, point)
    for port in ports.values():
        uvloop.run(drive(port, request, point.clients, WARM_SECONDS))
    legs: dict[str, list[Leg]] = {name: [] for name in ports}
    for turn in range(rounds):
        names = list(ports) if turn % 2 == 0 else list(ports)[::-1]
        for name in names:
            _look(ports[name])
            load = uvloop.run(drive(ports[name], request, point.clients, seconds))
            legs[name].append(_leg(load, _look(ports[name])))
    return {
        "clients": point.clients,
        "given": dict(point.given),
        "forms": {name: _summary(taken) for name, taken in legs.items()},
        "ratios": {name: _ratios(legs["slow"], taken) for name, taken in legs.items() if name != "slow"},
    }


def _request(pair: Pair, point: Point) -> bytes:
    query = urllib.parse.urlencode(point.given)
    body = pair.body(point.given) if pair.body is not None else None
    return request_bytes(f"/?{query}" if query else "/", body, pair.headers)


def _look(port: int) -> dict[str, float]:
    """What the process saw since it was asked last; asking starts anew."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/measure", method="POST")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return dict(json.load(answer))


def _leg(load: Load, seen: Mapping[str, float]) -> Leg:
    count = max(1, len(load.times))
    return {
        "rps": load.rps,
        "p50_ms": load.quantile(0.5),
        "p99_ms": load.quantile(0.99),
        "mean_ms": load.mean_ms,
        "least_ms": load.quantile(0.0),
        "requests": len(load.times),
        "failed": load.failed,
        "unanswered": len(load.unanswered),
        "gap_ms": seen["gap_ms"],
        "cpu_ms": seen["cpu_ms"] / count,
        "statements": seen["statements"] / count,
        "memory_mb": seen["memory_mb"],
    }


def _summary(legs: Sequence[Leg]) -> dict[str, Any]:
    """Medians over the rounds; of response times and of the loop's longest gaps the least too: what no other job added to."""
    kept: dict[str, Any] = {
        name: _digits(statistics.median(leg[name] for leg in legs))
        for name in ("rps", "p50_ms", "p99_ms", "mean_ms", "gap_ms", "cpu_ms", "statements", "memory_mb")
    }
    kept["least_gap_ms"] = _digits(min(leg["gap_ms"] for leg in legs))
    kept["least_ms"] = _digits(min(leg["least_ms"] for leg in legs))
    for name in ("requests", "failed", "unanswered"):
        kept[name] = int(sum(leg[name] for leg in legs))
    return kept


def _ratios(slow: Sequence[Leg], other: Sequence[Leg]) -> dict[str, list[float]]:
    """Least, median, most over the rounds. Above 1 the other form is better."""
    pairs = list(zip(slow, other, strict=True))
    return {
        "throughput": _three([after["rps"] / max(before["rps"], 1e-9) for before, after in pairs]),
        "latency": _three([before["p50_ms"] / max(after["p50_ms"], 1e-9) for before, after in pairs]),
        "cpu": _three([before["cpu_ms"] / max(after["cpu_ms"], 1e-9) for before, after in pairs]),
    }


def _three(values: Sequence[float]) -> list[float]:
    return [_digits(value) for value in (min(values), statistics.median(values), max(values))]


def _digits(value: float) -> float:
    """Three significant digits: more would pretend."""
    return float(f"{value:.3g}")
