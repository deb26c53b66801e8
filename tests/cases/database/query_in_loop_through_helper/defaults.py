"""Loops over what somebody gives, or a thing or two that stand there where nobody does."""

import asyncpg
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

app = FastAPI()


def get_pool(request: Request) -> asyncpg.Pool:
    return request.app.state.pool


def named(name: str) -> str:
    return name.title()


async def tell(pool: asyncpg.Pool, to: str) -> str:
    return await pool.fetchval("SELECT address FROM people WHERE name = $1", to)


class Wish(BaseModel):
    to: list[str] | None = None


@app.post("/told")
async def told(wish: Wish, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = wish.to
    if people is None:
        people = [named("owner")]
    return [await tell(pool, each) for each in people]  # FP202 (summary)


@app.post("/told/all")
async def told_all(wish: Wish, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = wish.to
    if people is None:
        people = []
    return [await tell(pool, each) for each in people]  # FP202 (change)


@app.get("/told/too")
async def told_too(to: list[str] | None = None, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = to or [named("owner"), named("cook")]
    return [await tell(pool, each) for each in people]  # FP202 (summary)


@app.get("/told/some")
async def told_some(to: list[str] | None = None, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = to or []
    return [await tell(pool, each) for each in people]  # FP202 (change)


@app.get("/told/others")
async def told_others(pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = ["owner"]
    people = await pool.fetch("SELECT name FROM people")
    return [await tell(pool, each["name"]) for each in people]  # FP202 (inline)


@app.get("/told/by/name")
async def told_by_name(pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    people = await pool.fetch("SELECT name FROM people")
    people = [each["name"] for each in people]  # binds the name that it goes over
    return [await tell(pool, each) for each in people]  # FP202 (summary)


@app.get("/told/in/turns")
async def told_in_turns(pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    told: list[str] = []
    first = await pool.fetch("SELECT name FROM people")
    while first:
        second = [each for each in first if each["name"]]
        first = [each for each in second if each["name"] not in told]
        told += [await tell(pool, each["name"]) for each in first]  # FP202 (summary)
    return told
