"""What a request waits for or works at, in the words of `rules.engine.costs.occupancy`.

Of unknown length they are counted, of a known one they are in microseconds.
"""

from __future__ import annotations

from typing import Final

DB: Final = "db"
"""Statements over a pooled connection."""
STORE: Final = "store"
"""Round trips to other databases, whose clients have pools of their own."""
REDIS: Final = "redis"
HTTP: Final = "http"
DISK: Final = "disk"
WAIT: Final = "wait"
"""Other programs, queues, unknown sleeps."""
SLEPT: Final = "slept_us"
CPU: Final = "cpu_us"
HOPS: Final = "hops"
"""Ways to a thread and back: work, and no wait."""
COMPUTED: Final = "computed"
"""Computations of unknown length. In a loop they share what there is to compute: they count once."""
COMPUTING_MS: Final = 50
"""Of one."""
