"""What scripts beside a service do is hardly worth a line."""

from __future__ import annotations

import pytest

from rules.engine.finding import Confidence
from tests.engine.projects import project

RATES = """
from aiocache import cached

@cached()
async def rate(currency: str) -> float:
    return await ask(currency)
"""


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("path", "confidence"),
    [
        ("shop/rates.py", Confidence.LIKELY),
        ("scripts/report/rates.py", Confidence.POSSIBLE),
        ("worker_tests/rates.py", Confidence.POSSIBLE),
        ("shop_load-tests/rates.py", Confidence.POSSIBLE),
        ("lab_tests/rates.py", Confidence.LIKELY),
    ],
)
def test_a_cache_without_lifetime_in_a_script_is_a_hint(path: str, confidence: Confidence) -> None:
    (found,) = project({path: RATES}, select=("FP304",)).result.findings

    assert found.confidence is confidence
