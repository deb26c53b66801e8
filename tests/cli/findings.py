"""Findings made by hand, for what only shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.engine.finding import (
    Confidence,
    Edit,
    Effort,
    EndpointRef,
    Finding,
    Hop,
    Impact,
    ProvenFix,
    Safety,
    Severity,
)

SOURCE = b"""\
import shipping

async def tracking(order):
    status = carrier_status(order.tracking_no)
    return status
"""

TRACKING = Finding(
    code="FP001",
    name="blocking-call-through-helper",
    severity=Severity.CRITICAL,
    confidence=Confidence.CERTAIN,
    gates=True,
    effort=Effort.MINUTES,
    path="orders/api.py",
    line=4,
    column=14,
    end_line=4,
    end_column=47,
    symbol="tracking",
    endpoint=EndpointRef("GET", "/orders/{id}/tracking"),
    message="reaches `requests.get` on the event loop",
    why="All requests of a worker share one event loop.",
    instead="Hand it to a thread. More follows.",
    trade_offs="Occupies one of 40 threads.",
    metric="event-loop lag, p99",
    impact=Impact(summary="at 32 concurrent requests: about 8 → 250 requests/s per worker"),
    call_path=(Hop("orders/api.py", 4, "carrier_status"), Hop("shipping/client.py", 22, "requests.get")),
    fix=ProvenFix(
        Safety.UNSAFE,
        (
            Edit(
                "orders/api.py",
                4,
                4,
                "    status = await run_in_threadpool(carrier_status, order.tracking_no)\n",
            ),
        ),
    ),
    fingerprint="4f2a",
)


def finding(**changes: Any) -> Finding:
    """`TRACKING`, otherwise where said."""
    return msgspec.structs.replace(TRACKING, **changes)
