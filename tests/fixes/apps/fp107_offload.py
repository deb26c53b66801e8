import os

import requests
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


@app.get("/rates")
async def rates() -> str:
    answer = await run_in_threadpool(requests.get(f"{UPSTREAM}/echo/rates", timeout=5))
    return answer.text
