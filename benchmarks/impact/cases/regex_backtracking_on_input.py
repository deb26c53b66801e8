"""FP719: a pattern that can match the same text in many ways."""

import re

from benchmarks.impact.pair import Pair, at

pair = Pair("FP719", *at(1, 4, length=20))
AMBIGUOUS = re.compile(r"^(a+)+$")
PLAIN = re.compile(r"^a+$")


@pair.slow("`(a+)+` on twenty letters and a mismatch")
async def slow(length: int) -> bool:
    return AMBIGUOUS.match("a" * length + "!") is not None


@pair.fast("`a+`")
async def fast(length: int) -> bool:
    return PLAIN.match("a" * length + "!") is not None
