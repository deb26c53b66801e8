"""FP704: a dictionary that gets an entry per key and never loses one. What counts is the memory."""

import itertools

from cachetools import TTLCache

from benchmarks.impact.pair import Pair, at

pair = Pair("FP704", *at(1, keys=5_000))
unbounded: dict[str, dict[str, object]] = {}
bounded: TTLCache[str, dict[str, object]] = TTLCache(1_000, 600)
numbers = itertools.count()


def fill(kept: "dict[str, dict[str, object]] | TTLCache[str, dict[str, object]]", keys: int) -> int:
    for number in itertools.islice(numbers, keys):
        kept[f"user:{number}"] = {"id": number, "name": f"name {number}", "tags": [str(number)] * 3}
    return len(kept)


@pair.slow("a module's dictionary")
async def slow(keys: int) -> int:
    return fill(unbounded, keys)


@pair.fast("`TTLCache(maxsize=1000, ttl=600)`")
async def fast(keys: int) -> int:
    return fill(bounded, keys)
