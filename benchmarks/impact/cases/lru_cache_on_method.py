"""FP311: `lru_cache` keeps the last 128 instances, and what hangs on them. What counts is the memory."""

from functools import cached_property, lru_cache

from benchmarks.impact.pair import Pair, at

pair = Pair("FP311", *at(1, size=500_000))


class Basket:
    def __init__(self, size: int) -> None:
        self.lines = b"x" * size

    @lru_cache  # noqa: B019 - what is measured
    def total(self) -> int:
        return len(self.lines)

    @cached_property
    def sum(self) -> int:
        return len(self.lines)


@pair.slow("`@lru_cache` on a method of an instance of 500 kB")
async def slow(size: int) -> int:
    return Basket(size).total()


@pair.fast("`@cached_property`")
async def fast(size: int) -> int:
    return Basket(size).sum
