"""Every threat has a test: a number that nobody tries is a hole."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
THREATS = 32
_NAMED = re.compile(r"^(?:async )?def test_(\d\d)_", re.MULTILINE)


def test_every_threat_has_a_test_named_after_it() -> None:
    found = {int(number) for path in HERE.glob("test_*.py") for number in _NAMED.findall(path.read_text())}

    assert found == set(range(1, THREATS + 1))


def test_every_threat_is_in_the_threat_model() -> None:
    model = (HERE.parents[1] / "SECURITY.md").read_text()

    assert [int(number) for number in re.findall(r"^\| (\d+) \|", model, re.MULTILINE)] == list(
        range(1, THREATS + 1)
    )
