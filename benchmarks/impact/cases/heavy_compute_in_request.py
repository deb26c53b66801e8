"""FP702: a loop in a loop against a look-up."""

from benchmarks.impact.pair import Pair, at

pair = Pair("FP702", *at(1, 4, rows=300), *at(1, rows=1_000))


@pair.slow("a search in a list for each row")
async def slow(rows: int) -> int:
    left, right = list(range(rows)), list(range(rows, 0, -1))
    return sum(1 for one in left for other in right if one == other)


@pair.fast("a look-up in a set")
async def fast(rows: int) -> int:
    left, right = list(range(rows)), set(range(rows, 0, -1))
    return sum(1 for one in left if one in right)
