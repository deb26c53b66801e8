import os

import httpx2
from fastapi import FastAPI

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()
client = httpx2.AsyncClient()


@app.get("/offers/{number}")
async def offer(number: int) -> dict[str, str]:
    rate = await client.get(f"{UPSTREAM}/echo/rate")
    stock = await client.get(f"{UPSTREAM}/echo/{number}")
    return {"rate": rate.text, "stock": stock.text}
