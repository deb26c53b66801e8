"""FP706: `lru_cache(maxsize=None)` with an argument that is new each time. What counts is the memory."""

import itertools
from collections.abc import Callable
from functools import lru_cache

from benchmarks.impact.pair import Pair, at

pair = Pair("FP706", *at(1, keys=5_000))
numbers = itertools.count()


def words(prompt: str) -> list[str]:
    return prompt.split()


kept_for_good = lru_cache(maxsize=None)(words)
bounded = lru_cache(maxsize=1024)(words)


def ask(split: Callable[[str], list[str]], keys: int) -> int:
    return sum(len(split(f"what does order {number} cost")) for number in itertools.islice(numbers, keys))


@pair.slow("`lru_cache(maxsize=None)`")
async def slow(keys: int) -> int:
    return ask(kept_for_good, keys)


@pair.fast("`lru_cache(maxsize=1024)`")
async def fast(keys: int) -> int:
    return ask(bounded, keys)
