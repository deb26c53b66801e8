"""FP402: heavy work in `BackgroundTasks`, in the process that serves requests."""

import hashlib

from fastapi import BackgroundTasks

from benchmarks.impact.pair import Pair, at

pair = Pair("FP402", *at(4, work_ms=30), headers={"connection": "close"})
pair.note = "The fast form hands the work to a queue, here a list: the worker's machine pays for it."
queue: list[bytes] = []


def work() -> bytes:
    return hashlib.pbkdf2_hmac("sha256", b"x", b"y" * 16, 100_000)


@pair.slow("30 ms of computing in `BackgroundTasks`")
async def slow(tasks: BackgroundTasks) -> int:
    tasks.add_task(work)
    return 1


@pair.fast("a job for a worker")
async def fast() -> int:
    queue.append(b"job")
    queue.clear()
    return 1
