import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


async def ticks(count: int) -> AsyncIterator[str]:
    for number in range(count):
        time.sleep(0.001)
        yield f"{number}\n"


@app.get("/ticks")
async def stream(count: int = 3) -> StreamingResponse:
    return StreamingResponse(ticks(count), media_type="text/plain")
