"""Flags share one number: two of the same kind must not share a bit."""

from __future__ import annotations

import re
from pathlib import Path

from rules.engine.reading import facts


def test_no_two_flags_of_a_kind_are_one_bit() -> None:
    text = Path(facts.__file__).read_text(encoding="utf-8")
    groups = re.split(r"^# Flags of a \w+\.$", text.partition("\nclass ")[0], flags=re.MULTILINE)[1:]

    assert groups
    for group in groups:
        bits = [int(value) for value in re.findall(r"^[A-Z_]+ = (\d+)$", group, flags=re.MULTILINE)]
        assert all(bit & (bit - 1) == 0 for bit in bits)
        assert len(set(bits)) == len(bits)
