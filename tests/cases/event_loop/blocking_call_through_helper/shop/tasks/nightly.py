from shop.renewal import renew
from worker import run_in_loop, task


@task
def nightly() -> None:
    run_in_loop(lambda: _renew())


async def _renew() -> None:
    await renew()
