import os

import httpx2
from fastapi import FastAPI

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()
client = httpx2.AsyncClient(timeout=None)


@app.get("/rates/{day}")
async def rates(day: str) -> dict[str, int | str]:
    answer = await client.get(f"{UPSTREAM}/echo/{day}")
    return {"status": answer.status_code, "text": answer.text}
