import asyncio

import requests
from fastapi import FastAPI

app = FastAPI()


def fetched(number: str) -> str:
    return requests.get(f"https://carrier.example/{number}", timeout=5).text


@app.get("/orders/{number}/labels")
async def labels(number: str, other: str) -> list[str]:
    found = [fetched(number)]  # FP103
    await asyncio.sleep(0)
    found.append(fetched(other))  # said there: who reads of the one sees the other
    return found


@app.get("/orders/{number}/journey")
async def journey(number: str, other: str) -> list[str]:
    found = [fetched(number)]  # FP103
    found.append("picked")
    await asyncio.sleep(0)
    found.append("packed")
    found.append("labelled")
    found.append("handed over")
    found.append("on its way")
    found.append("in the depot")
    found.append("in the van")
    found.append("at the door")
    found.append("delivered")
    found.append("signed for")
    found.append(fetched(other))  # FP103
    found.append("returned")
    found.append(fetched(other))  # in sight of the one above
    return found


@app.get("/orders/{number}/story")
async def story(number: str, other: str) -> list[str]:
    found = [await asyncio.to_thread(fetched, number)]
    found.append("picked")
    found.append("packed")
    found.append("labelled")
    found.append("handed over")
    found.append("on its way")
    found.append("in the depot")
    found.append("in the van")
    found.append("at the door")
    found.append("delivered")
    found.append(await asyncio.to_thread(fetched, other))
    return found
