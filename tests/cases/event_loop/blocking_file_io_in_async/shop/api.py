"""Helpers of another file whose parameters say nothing of their types."""

import asyncio
from pathlib import Path

from fastapi import FastAPI

from shop.store import Baskets, load, load_one, note, of, save_if_none, terms

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


baskets = Baskets(Path("/data"))


@app.get("/baskets")
async def all_baskets() -> dict[str, int]:
    return baskets.load_baskets()  # FP115 (summary)


@app.put("/baskets/{name}")
async def change_basket(name: str, count: int) -> None:
    baskets.change(name, count)  # FP115 (summary)


@app.post("/notes")
async def take_note() -> None:
    note("asked")  # FP115 (summary)


@app.get("/baskets/names")
async def names() -> list[str]:
    return baskets.load_names()  # nobody writes them


@app.get("/baskets/kept")
async def kept_baskets() -> dict[str, int]:
    save_if_none()
    return baskets.kept_baskets()


@app.get("/terms")
async def show_terms() -> str:
    return terms()


@app.post("/notes/thread")
async def take_note_in_thread() -> None:
    await asyncio.to_thread(note, "asked")
    await asyncio.to_thread(baskets.change, "first", 1)


@app.post("/notes/plain")
def take_note_plainly() -> None:
    note("asked")
    baskets.save_baskets(baskets.load_baskets())
