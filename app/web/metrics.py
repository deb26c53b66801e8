"""Prometheus metrics, in a registry of our own. No repository, user or file name becomes a label."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import Iterator, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_ACK = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
_PER_REVIEW = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200)
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_JOB_EVENTS = (
    "done",
    "failed",
    "refused",
    "recovered",
    "lapsed",
    "missed_beat",
    "redelivered",
    "unanswered",
    "astray",
)
"""Counted from 0, so that the first of each is seen as an increase."""
_STAGE = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """What operators watch. One per server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._deliveries = Counter(
            "fastperf_deliveries_total", "Webhook deliveries.", ("event", "status"), registry=self.registry
        )
        self._acknowledged = Histogram(
            "fastperf_acknowledgement_seconds",
            "From the first byte of a delivery to its answer.",
            buckets=_ACK,
            registry=self.registry,
        )
        self._build = Gauge(
            "fastperf_build_info", "1, with the version that runs.", ("version",), registry=self.registry
        )
        self._lag = Histogram(
            "fastperf_loop_lag_seconds",
            "How much later than asked for the event loop comes back to a task.",
            buckets=_LAG,
            registry=self.registry,
        )
        self._oldest = Gauge(
            "fastperf_oldest_job_seconds",
            "Age of the oldest job that waits.",
            ("queue",),
            registry=self.registry,
        )
        self._machines = Gauge(
            "fastperf_machines", "Machines that live on this database.", registry=self.registry
        )
        self._lease = Gauge(
            "fastperf_lease_held", "1 while this machine may tell GitHub something.", registry=self.registry
        )
        self._workers = Gauge(
            "fastperf_analysis_workers", "Analysis processes that are there.", registry=self.registry
        )
        self._depth = Gauge(
            "fastperf_queue_jobs", "Jobs waiting or running.", ("queue",), registry=self.registry
        )
        self._stages = Histogram(
            "fastperf_stage_seconds",
            "Stages of a review.",
            ("stage",),
            buckets=_STAGE,
            registry=self.registry,
        )
        self._reviews = Counter(
            "fastperf_reviews_total", "Finished reviews.", ("conclusion",), registry=self.registry
        )
        self._calls = Counter(
            "fastperf_github_calls_total", "Calls of GitHub's API.", ("status",), registry=self.registry
        )
        self._spent_points = Counter(
            "fastperf_github_points_total",
            "What the calls count as in GitHub's unannounced limits: five for a write, one for a read.",
            registry=self.registry,
        )
        self._per_review = {
            name: Histogram(
                f"fastperf_review_{name}",
                f"{what} of one review, from the first question to the last word.",
                buckets=_PER_REVIEW,
                registry=self.registry,
            )
            for name, what in (
                ("calls", "Calls of GitHub's API"),
                ("points", "Points of GitHub's unannounced limits"),
                ("writes", "Writes to GitHub"),
            )
        }
        self._call_seconds = Histogram(
            "fastperf_github_call_seconds",
            "From a call of GitHub's API to its answer.",
            ("method",),
            buckets=_STAGE,
            registry=self.registry,
        )
        self._points = Gauge(
            "fastperf_github_points_left",
            "Primary rate limit left, as of the last call.",
            ("resource",),
            registry=self.registry,
        )
        self._pins = Gauge(
            "fastperf_checks_not_pinned",
            "Repositories that require the check, and not of this app.",
            registry=self.registry,
        )
        self._jobs = Counter(
            "fastperf_job_events_total",
            "What happened to jobs and machines.",
            ("event",),
            registry=self.registry,
        )
        for event in _JOB_EVENTS:
            self._jobs.labels(event)
        for event, status in (("unknown", "401"), ("pull_request", "503")):
            self._deliveries.labels(event, status)
        self._closed = Counter(
            "fastperf_connections_closed_total",
            "Connections closed on a client that was late, or because there were too many.",
            ("reason",),
            registry=self.registry,
        )

    def delivery(self, event: str, status: int, seconds: float) -> None:
        self._deliveries.labels(event, str(status)).inc()
        self._acknowledged.observe(seconds)

    def queues(self, depth: Mapping[str, int]) -> None:
        for queue, jobs in depth.items():
            self._depth.labels(queue).set(jobs)

    def process(self, version: str) -> None:
        """Count what the process itself uses, too. Reads files."""
        self._build.labels(version).set(1)
        ProcessCollector(registry=self.registry)

    def oldest(self, queue: str, seconds: float) -> None:
        self._oldest.labels(queue).set(seconds)

    def alive(self, *, machines: int, lease: bool, workers: int) -> None:
        self._machines.set(machines)
        self._lease.set(lease)
        self._workers.set(workers)

    def not_pinned(self, repositories: int) -> None:
        self._pins.set(repositories)

    def lag(self, seconds: float) -> None:
        self._lag.observe(seconds)

    def job_event(self, event: str, count: int = 1) -> None:
        self._jobs.labels(event).inc(count)

    def stage(self, stage: str, seconds: float) -> None:
        self._stages.labels(stage).observe(seconds)

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Measure what happens inside as that stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stage(stage, time.perf_counter() - began)

    def reviewed(self, conclusion: str) -> None:
        self._reviews.labels(conclusion).inc()

    def call(self, status: int, method: str, seconds: float, points: int = 1) -> None:
        """`status` is 0 when no answer came."""
        self._calls.labels(f"{status // 100}xx" if status else "none").inc()
        self._call_seconds.labels(method).observe(seconds)
        self._spent_points.inc(points)

    def spent(self, calls: int, points: int, writes: int) -> None:
        """What one review asked of GitHub."""
        for name, count in (("calls", calls), ("points", points), ("writes", writes)):
            self._per_review[name].observe(count)

    def points(self, resource: str, remaining: int) -> None:
        self._points.labels(resource).set(remaining)

    def connection_closed(self, reason: str) -> None:
        self._closed.labels(reason).inc()

    def text(self) -> bytes:
        """The page. Reads files, of the process's own."""
        return generate_latest(self.registry)


class MetricsPage:
    """`GET /metrics`; with a token, only for those who bear it."""

    def __init__(self, metrics: Metrics, token: str = "") -> None:
        self._metrics = metrics
        self._expected = f"Bearer {token}".encode() if token else b""

    async def handle(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if self._expected and not hmac.compare_digest(given, self._expected):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        text = await asyncio.to_thread(self._metrics.text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})
