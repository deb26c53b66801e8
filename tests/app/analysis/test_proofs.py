"""Trying out fixes ends in time, the worst findings first."""

from __future__ import annotations

import io
import math

import pytest

import rules
from app.analysis.worker import Connection, Limits, prove

SOURCE = b"import asyncio\nimport time\n\nSTARTED = time.time()\n\n" + b"".join(
    b"async def wait_%d() -> None:\n    time.sleep(1)\n    await asyncio.sleep(1)\n\n\n" % number
    for number in range(5)
)


@pytest.mark.parametrize(("seconds", "proven"), [(math.inf, 5), (-1.0, 0)])
def test_what_was_not_tried_in_time_is_told_without_a_fix(seconds: float, proven: int) -> None:
    analysis = rules.analyze({"shop/api.py": SOURCE}, options=rules.Options(select=("FP101",)))
    connection = Connection(
        io.BytesIO(), io.BytesIO(), Limits(memory_bytes=1, file_seconds=0, task_seconds=1)
    )

    result = prove(analysis.result.findings, analysis, (), connection, seconds)

    assert len(result.findings) == 5
    assert sum(finding.fix is not None for finding in result.findings) == proven
