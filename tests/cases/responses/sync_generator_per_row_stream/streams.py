import queue
from collections.abc import AsyncIterator, Iterator

import tails
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

router = APIRouter()
jobs = tails.Jobs()
events: queue.Queue[str] = queue.Queue()


@router.get("/log")
async def log() -> StreamingResponse:
    def lines() -> Iterator[str]:
        yield "event: open\n\n"
        for line in tails.tail("/logs/run.log", interval=0.5):
            yield f"data: {line.rstrip()}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")  # FP508


@router.get("/plain")
def plain() -> StreamingResponse:
    return StreamingResponse(tails.tail("/logs/run.log"), media_type="text/plain")  # FP508


@router.get("/jobs/{number}")
def job(number: int) -> StreamingResponse:
    def lines() -> Iterator[str]:
        yield from jobs.updates(number)

    stream = lines()
    return StreamingResponse(stream)  # FP508


# Near misses


@router.get("/async")
async def asynchronous() -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        async for line in tails.atail("/logs/run.log"):
            yield line

    return StreamingResponse(lines())


@router.get("/retried")
def with_retries() -> StreamingResponse:
    def lines() -> Iterator[str]:
        yield from tails.retried(lambda: ["a"], 3)

    return StreamingResponse(lines())


@router.get("/once")
def once() -> StreamingResponse:
    return StreamingResponse(tails.settled("/logs/run.log"))


@router.get("/numbers")
def numbers() -> StreamingResponse:
    def lines() -> Iterator[str]:
        for number in tails.numbers("/logs/run.log"):
            yield number

    return StreamingResponse(lines())


@router.get("/followed")
def followed() -> StreamingResponse:
    return StreamingResponse(iter(tails.followed("/logs/run.log")))


@router.get("/before")
def before() -> StreamingResponse:
    def lines() -> Iterator[str]:
        for found in tails.followed("/logs/run.log"):
            yield found

    return StreamingResponse(lines())
