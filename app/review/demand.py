"""How much it matters in production that some code is slow: what the configuration tells of traffic, response times and errors.

A factor for the rank of a recommendation, never for a severity: whether code is wrong does not depend on who asks for it.
"""

from __future__ import annotations

from collections.abc import Callable

from app.review.config import Config
from app.review.grouping import Group
from rules.engine.costs.capacity import Capacity

_SLOW_MS, _QUICK_MS = 500.0, 100.0
_MANY_RPS, _FEW_RPS = 100.0, 1.0
_FAILING = 0.01
_USUAL_SHARE = 0.25
"""An endpoint with this much of all traffic ranks as if nothing were known of it."""


def loads(config: Config, factor: float) -> Callable[[Capacity], float]:
    """So many times the load that is told of each endpoint, or else of all of them together."""

    def load(entry: Capacity) -> float:
        own = config.at(entry.file)
        rps = own.told_of("rps", f"{entry.method} {entry.path}")
        return factor * (rps if rps is not None else own.context.rps or 0.0)

    return load


def weight(entry: Group, config: Config) -> float:
    """1 where nothing is told; of several endpoints the one that matters most counts."""
    own = config.at(entry.first.path)
    family = entry.first.code[:3]
    return max(_weight(own, family, str(ref)) for ref in entry.endpoints or ("",))


def _weight(config: Config, family: str, endpoint: str) -> float:
    factor = _traffic(config, endpoint)
    rps, p95 = config.context.rps, config.told("p95_ms", endpoint)
    if rps is not None and family in (
        "FP3",
        "FP4",
        "FP7",
    ):  # what is repeated, handed on or kept, per request
        factor *= 1.5 if rps >= _MANY_RPS else 0.5 if rps < _FEW_RPS else 1.0
    if p95 is not None and family in ("FP1", "FP2", "FP5", "FP6"):  # what makes a request wait
        factor *= 1.5 if p95 >= _SLOW_MS else 0.7 if p95 < _QUICK_MS else 1.0
    if (config.told("error_rate", endpoint) or 0) >= _FAILING and family in ("FP4", "FP6"):
        factor *= 2.0
    if family == "FP1" and config.context.workers == 1:
        factor *= 1.5
    return factor


def _traffic(config: Config, endpoint: str) -> float:
    rps = config.told_of("rps", endpoint)
    if rps is None:
        return 1.0
    whole = max(config.context.rps or 0.0, sum(table.rps or 0.0 for table in config.endpoint))
    return 0.5 + 0.5 * rps / whole / _USUAL_SHARE
