"""Helpers of another file whose parameters say nothing of their types."""

import asyncio

from fastapi import FastAPI

from shop.store import load, load_one, of

app = FastAPI()


@app.get("/stored/{name}")
async def stored(name: str) -> dict:
    await asyncio.sleep(0)
    return load(name)  # FP115 (summary)


@app.get("/stored")
async def always_the_same() -> dict:
    await asyncio.sleep(0)
    return load_one()


@app.get("/kept/{name}")
async def kept(name: str) -> list:
    return [of(name), await asyncio.to_thread(load, name)]


@app.get("/plain/{name}")
def plain(name: str) -> dict:
    return load(name)
