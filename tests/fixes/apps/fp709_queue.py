import asyncio

from fastapi import FastAPI

app = FastAPI()
audits: asyncio.Queue[str] = asyncio.Queue()


@app.post("/orders")
async def order(text: str) -> int:
    audits.put_nowait(text)
    return audits.qsize()
