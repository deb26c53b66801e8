"""Findings, diffs and reports for tests, made of few words. Everything has a default that is right by itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import msgspec

from app.github.models import ChangedFile, Thread
from app.review.config import Config
from app.review.diff import Diff
from app.review.links import Links
from app.review.report import Report
from rules.engine.finding import (
    Confidence,
    Cost,
    Edit,
    Effort,
    Endpoint,
    EndpointRef,
    Finding,
    Hop,
    Impact,
    ProvenFix,
    Result,
    Safety,
    Severity,
)

HEAD = "4f2a9c1e0b7d6a5948372615f0e1d2c3b4a59687"
LINKS = Links(
    base_url="https://github.com",
    repository_html_url="https://github.com/acme/shop",
    head_sha=HEAD,
    public_url="https://fastperf.example",
)

ORDERS_BEFORE = """\
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from shipping.client import carrier_status

router = APIRouter()


@router.get("/orders/{id}/tracking")
async def tracking(id: int) -> dict[str, str]:
    order = await load(id)
    return {"number": order.tracking_no}
"""

ORDERS_AFTER = """\
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from shipping.client import carrier_status

router = APIRouter()


@router.get("/orders/{id}/tracking")
async def tracking(id: int) -> dict[str, str]:
    order = await load(id)
    status = carrier_status(order.tracking_no)
    return {"number": order.tracking_no, "status": status}
"""


def finding(line: int = 12, severity: Severity = Severity.HIGH, **changes: Any) -> Finding:
    """A finding of FP101 in `shop/api.py`, each line in a function of its own; its fingerprint is made of code, path, symbol and line unless given."""
    values: dict[str, Any] = {
        "code": "FP101",
        "name": "blocking-call-in-async",
        "severity": severity,
        "confidence": Confidence.CERTAIN,
        "gates": True,
        "effort": Effort.MINUTES,
        "path": "shop/api.py",
        "line": line,
        "column": 5,
        "end_line": line,
        "end_column": 30,
        "symbol": f"handler_{line}",
        "endpoint": EndpointRef("GET", "/orders"),
        "message": "`requests.get` runs on the event loop: while it waits, this worker serves nobody.",
        "why": "All requests of a worker share one event loop.",
        "instead": "Call it with `await run_in_threadpool(...)`. The loop serves others meanwhile.",
        "trade_offs": "Occupies one of 40 threads while it waits.",
        "metric": "event-loop lag, p99",
        "impact": Impact(),
        "call_path": (),
        "fix": None,
        "fingerprint": "",
    }
    values.update(changes)
    if "end_line" not in changes:
        values["end_line"] = values["line"]
    if not values["fingerprint"]:
        values["fingerprint"] = f"{values['code']}:{values['path']}:{values['symbol']}:{values['line']}"
    return Finding(**values)


def fix(*edits: tuple[str, int, int, str], safety: Safety = Safety.SAFE) -> ProvenFix:
    """A fix of edits `(path, start line, end line, replacement)`."""
    return ProvenFix(safety, tuple(Edit(*edit) for edit in edits))


def result(*findings: Finding, endpoints: tuple[Endpoint, ...] = (), **changes: Any) -> Result:
    return Result(findings=findings, endpoints=endpoints, **changes)


def endpoint(name: str, file: str = "shop/api.py", symbol: str = "", **cost: Any) -> Endpoint:
    """An endpoint from `GET /orders` and the fields of its cost."""
    method, _, path = name.partition(" ")
    return Endpoint(method, path, file, 10, "loop", Cost(**cost), symbol)


def patch(before: str, after: str, context: int = 3) -> str:
    """The hunks between two texts as GitHub writes them in `patch`."""
    hunks = list(difflib.unified_diff(_lines(before), _lines(after), n=context))[2:]
    lines = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks]
    return "".join(lines).removesuffix("\n")


def _lines(text: str) -> list[str]:
    """Only `\\n` ends a line."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def changed(path: str, before: str | None, after: str | None, previous: str | None = None) -> ChangedFile:
    """A changed file as GitHub lists it; `before` none for an added one, `after` none for a removed one."""
    text = patch(before or "", after or "")
    status: Any = (
        "added" if before is None else "removed" if after is None else "renamed" if previous else "modified"
    )
    rows = text.split("\n")
    return ChangedFile(
        path=path,
        status=status,
        patch=text or None,
        previous_path=previous,
        additions=sum(row.startswith("+") for row in rows),
        deletions=sum(row.startswith("-") for row in rows),
    )


def diff(files: Mapping[str, tuple[str | None, str | None]]) -> Diff:
    """The diff of `{path: (before, after)}`."""
    return Diff.of(changed(path, before, after) for path, (before, after) in files.items())


def numbered(path: str, touched: int | tuple[int, ...], total: int = 40) -> Diff:
    """A diff of one file of `total` lines in which the `touched` lines were changed."""
    lines = [f"line {number}\n" for number in range(1, total + 1)]
    after = list(lines)
    for line in (touched,) if isinstance(touched, int) else touched:
        after[line - 1] = f"changed {line}\n"
    return diff({path: ("".join(lines), "".join(after))})


def excerpts(texts: Mapping[str, str]) -> dict[str, dict[int, str]]:
    """All lines of texts by number, as `Report.of` takes them."""
    return {path: dict(enumerate(_lines(text), start=1)) for path, text in texts.items()}


def report(
    before: Result | None = None,
    after: Result | None = None,
    changes: Diff | None = None,
    config: Config | None = None,
    links: Links = LINKS,
    **others: Any,
) -> Report:
    return Report.of(
        before or Result(), after or Result(), changes or Diff({}), config or Config(), links, **others
    )


def thread(body: str, **changes: Any) -> Thread:
    """An open thread of ours without replies."""
    values: dict[str, Any] = {
        "id": "PRRT_1",
        "comment_id": 1,
        "comment_node_id": "PRRC_1",
        "path": "shop/api.py",
        "line": 12,
        "body": body,
        "resolved": False,
        "outdated": False,
        "minimized": False,
        "human_replies": 0,
    }
    return Thread(**{**values, **changes})


def tracking() -> Finding:
    """A blocking call two helpers away, with a proven one-click fix in `ORDERS_AFTER`."""
    return finding(
        12,
        Severity.CRITICAL,
        code="FP103",
        name="blocking-call-through-helper",
        path="orders/api.py",
        column=14,
        end_column=46,
        symbol="tracking",
        endpoint=EndpointRef("GET", "/orders/{id}/tracking"),
        impact=Impact(
            summary="At 32 concurrent requests and 120 ms upstream: about 8 → 250 requests/s per worker; "
            "a single request alone gets no faster",
            formula="min(c, 40, B/U)",
            assumptions={"concurrency": 32, "http_latency_ms": 120},
            measured=True,
        ),
        call_path=(
            Hop("orders/api.py", 12, "carrier_status"),
            Hop("shipping/client.py", 18, "fetch"),
            Hop("shipping/client.py", 22, "requests.get"),
        ),
        places=(
            Hop("shipping/client.py", 22, "requests.get"),
            Hop("shipping/client.py", 18, "fetch"),
            Hop("orders/api.py", 12, "carrier_status"),
        ),
        instead="Call `carrier_status` with `await run_in_threadpool(...)`. The loop serves others meanwhile.",
        fix=fix(
            (
                "orders/api.py",
                12,
                12,
                "    status = await run_in_threadpool(carrier_status, order.tracking_no)\n",
            ),
            safety=Safety.UNSAFE,
        ),
        fingerprint="9c1e5a7700aa",
    )


def orders_diff() -> Diff:
    return diff({"orders/api.py": (ORDERS_BEFORE, ORDERS_AFTER)})


def roundtrip(value: Report) -> Report:
    """The report as it comes back from a job's storage."""
    return msgspec.json.decode(msgspec.json.encode(value), type=Report)


LINE = numbered("shop/api.py", 20)
"""A change of one line."""


def configured(text: str) -> Config:
    return Config.parse({".github/fastperf.toml": text}, codes={"FP101", "FP201"})
