import sqlite3
from typing import Annotated

import asyncpg
from fastapi import Depends, FastAPI

app = FastAPI()
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id BIGSERIAL PRIMARY KEY,
    tenant TEXT NOT NULL,
    reference TEXT NOT NULL,
    token TEXT UNIQUE,
    status TEXT
);
CREATE INDEX IF NOT EXISTS jobs_tenant ON jobs (tenant, reference);
"""


async def get_pool() -> asyncpg.Pool:
    pool = await asyncpg.create_pool("postgresql://localhost/shop")
    await pool.execute(SCHEMA)
    return pool


PoolDep = Annotated[asyncpg.Pool, Depends(get_pool)]


@app.get("/jobs/{reference}")
async def job(reference: str, tenant: str, pool: PoolDep) -> list[object]:
    return [
        await pool.fetchrow("SELECT * FROM jobs WHERE reference = $1", reference),  # FP206 (inline)
        await pool.execute("UPDATE jobs SET status = 'done' WHERE reference = $1", reference),  # FP206 (inline)
        await pool.fetchrow("SELECT * FROM jobs WHERE tenant = $1 AND reference = $2", tenant, reference),
        await pool.fetchrow("SELECT * FROM jobs WHERE token = $1", tenant),
        await pool.fetchrow("SELECT * FROM jobs WHERE id = $1", tenant),
        await pool.fetch("SELECT * FROM jobs WHERE status = $1 LIMIT 10", tenant),
        await pool.fetchrow("SELECT * FROM visits WHERE reference = $1", reference),
    ]


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect("notes.db")
    connection.executescript("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, author TEXT, body TEXT)")
    return connection


@app.get("/notes")
def notes(author: str) -> list[object]:
    return connect().execute("SELECT * FROM notes WHERE author = ? LIMIT 5", (author,)).fetchall()  # FP206 (summary)
