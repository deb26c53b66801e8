"""Loops that run at the start: what requests get to as well is no less slow for that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI


async def load_rules(pool: asyncpg.Pool, owner: int) -> list[str]:
    return await pool.fetch("SELECT rule FROM rules WHERE owner = $1", owner)


async def rules_of_all(pool: asyncpg.Pool) -> list[list[str]]:
    found = []
    for row in await pool.fetch("SELECT id FROM owners"):
        found.append(await load_rules(pool, row["id"]))  # FP202 (inline)
    return found


async def warm_up(pool: asyncpg.Pool) -> list[list[str]]:
    found = []
    for row in await pool.fetch("SELECT id FROM owners"):
        found.append(await load_rules(pool, row["id"]))
    return found


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool()
    app.state.rules = await rules_of_all(app.state.pool)
    app.state.more = await warm_up(app.state.pool)
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/rules")
async def rules() -> list[list[str]]:
    return await rules_of_all(app.state.pool)
