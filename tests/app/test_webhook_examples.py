"""The payloads that GitHub publishes as examples, each correctly signed."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

from .signed_deliveries import Deliverer

EXAMPLES = Path(__file__).parents[1] / "fakegithub" / "data" / "webhook_examples.json.gz"


def _examples() -> list[tuple[str, str, bytes]]:
    data: dict[str, list[dict[str, Any]]] = json.loads(gzip.decompress(EXAMPLES.read_bytes()))
    return [
        (event, f"{index:04}", json.dumps(example).encode())
        for event, examples in data.items()
        for index, example in enumerate(examples)
    ]


async def test_recorded_deliveries_never_make_a_server_error(deliver: Deliverer) -> None:
    examples = await asyncio.to_thread(_examples)
    statuses = {
        (event, index): await deliver(event, body, guid=f"{event.replace('_', '-')}-{index}")
        for event, index, body in examples
    }

    assert len(statuses) >= 60
    assert set(statuses.values()) <= {200, 202}, {
        key: value for key, value in statuses.items() if value > 202
    }
    assert 202 in statuses.values()
