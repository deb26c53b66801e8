"""FP101: what RQ asks Redis for about its jobs."""

import asyncio

from fastapi import FastAPI
from redis import Redis
from rq import Queue
from rq.job import Job

app = FastAPI()
connection = Redis()
queue = Queue(connection=connection)


async def audit() -> None: ...


@app.get("/jobs/{number}")
async def status(number: str) -> str:
    await audit()
    job = Job.fetch(number, connection=connection)  # FP101
    return job.get_status()


@app.get("/waiting")
async def waiting() -> list[str]:
    await audit()
    return queue.get_job_ids()  # FP101


@app.get("/jobs/{number}/result")
def result(number: str) -> object:  # a plain `def` runs in a worker thread
    return Job.fetch(number, connection=connection).result


@app.get("/jobs/{number}/aside")
async def aside(number: str) -> str:
    await audit()
    job = await asyncio.to_thread(Job.fetch, number, connection=connection)
    return job.id
