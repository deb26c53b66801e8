"""FP121: a retry that sleeps where it runs. Each first attempt fails."""

import tenacity

from benchmarks.impact.pair import Pair, at

pair = Pair("FP121", *at(1, 8, 32, ms=20), frees_loop=True)
PAUSE = tenacity.wait_fixed(0.02)
TWICE = tenacity.stop_after_attempt(2)


class Attempts:
    """Fails once."""

    def __init__(self) -> None:
        self.made = 0

    def ask(self) -> int:
        self.made += 1
        if self.made == 1:
            raise ConnectionError
        return self.made


@tenacity.retry(wait=PAUSE, stop=TWICE)
def fetch(attempts: Attempts) -> int:
    return attempts.ask()


@tenacity.retry(wait=PAUSE, stop=TWICE)
async def fetch_async(attempts: Attempts) -> int:
    return attempts.ask()


@pair.slow("`@tenacity.retry` on a plain `def`, called in an `async def`")
async def slow() -> int:
    return fetch(Attempts())


@pair.fast("the same on an `async def`")
async def fast() -> int:
    return await fetch_async(Attempts())
