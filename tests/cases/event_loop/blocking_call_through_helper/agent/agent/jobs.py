"""A daemon that is installed beside the service: nobody waits for its loop."""

import asyncio
import subprocess


def submit(name: str) -> None:
    subprocess.run(["submit", name], check=True)


async def work(names: list[str]) -> None:
    for name in names:
        submit(name)  # FP103 (summary)
        await asyncio.sleep(1)
