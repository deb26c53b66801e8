"""Files of which the address says where they lie: here, or in a bucket."""

import asyncio

import fsspec
from fastapi import FastAPI

from lake.stores import names_of, store_of

app = FastAPI()


@app.get("/labels/{key}")
async def label(url: str, key: str) -> str:
    store = store_of(url)
    if not store.has(key):  # FP115
        return ""
    return store.content(key).decode()  # said of the function


@app.get("/labels/{key}/size")
async def size(url: str, key: str) -> int:
    system, root = fsspec.url_to_fs(url)
    return system.info(f"{root}/{key}")["size"]  # FP115


@app.get("/labels/{key}/place")
async def place(url: str, key: str) -> int:
    system, root = fsspec.core.url_to_fs(url)
    return root.find(key)


@app.get("/labels/{key}/apart")
async def apart(url: str, key: str) -> bytes:
    store = store_of(url)
    return await asyncio.to_thread(store.content, key)


@app.get("/labels/{key}/name")
async def name(url: str, key: str) -> str:
    return store_of(url).name + store_of(url).shown(key)


@app.get("/labels/{key}/known")
async def known(url: str, key: str) -> bool:
    return names_of(url).has(key)


@app.get("/labels/{key}/thread")
def in_thread(url: str, key: str) -> bytes:
    return store_of(url).content(key)
