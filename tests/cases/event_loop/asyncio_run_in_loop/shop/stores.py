import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/elsewhere")
async def patched_perhaps() -> None:
    asyncio.run(asyncio.sleep(1))  # FP108 (summary)
