"""FP120: three plain `def` dependencies that only look something up."""

from typing import Annotated

from fastapi import Depends

from benchmarks.impact.pair import Pair, at

pair = Pair("FP120", *at(1, 16))


def first() -> int:
    return 1


def second() -> int:
    return 2


def third() -> int:
    return 3


async def first_awaited() -> int:
    return 1


async def second_awaited() -> int:
    return 2


async def third_awaited() -> int:
    return 3


@pair.slow("three `def` dependencies")
async def slow(
    one: Annotated[int, Depends(first)],
    two: Annotated[int, Depends(second)],
    three: Annotated[int, Depends(third)],
) -> int:
    return one + two + three


@pair.fast("three `async def` dependencies")
async def fast(
    one: Annotated[int, Depends(first_awaited)],
    two: Annotated[int, Depends(second_awaited)],
    three: Annotated[int, Depends(third_awaited)],
) -> int:
    return one + two + three
