"""Loops that climb a tree, a helper's query at each step."""

import asyncpg
from fastapi import Depends, FastAPI, Request

app = FastAPI()


def get_pool(request: Request) -> asyncpg.Pool:
    return request.app.state.pool


async def load_rules(pool: asyncpg.Pool, path: str) -> list[str]:
    return await pool.fetch("SELECT rule FROM rules WHERE path = $1", path)


@app.get("/may")
async def may(path: str, pool: asyncpg.Pool = Depends(get_pool)) -> bool:
    while path:
        if await load_rules(pool, path):  # FP202 (change)
            return True
        path = path.rsplit("/", 1)[0]
    return False


@app.get("/drain")
async def drain(path: str, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    found: list[str] = []
    page = 0
    while rows := await load_rules(pool, f"{path}/{page}"):
        found += rows
        page += 1
    return found
