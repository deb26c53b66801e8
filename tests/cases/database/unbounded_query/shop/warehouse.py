from typing import Any

import asyncpg


async def stock(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT id, total FROM stock ORDER BY id")  # FP211


async def newest(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT id, total FROM stock ORDER BY id DESC LIMIT 100")


async def unused(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT id, total FROM stock")


class Connection:
    """The project's own way to the database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def fetchall(self, query: str, *values: Any) -> list[asyncpg.Record]:
        async with self.pool.acquire() as connection:
            return await connection.fetch(query, *values)


class Parts:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.db = Connection(pool)

    async def listed(self) -> list[asyncpg.Record]:
        return await self.db.fetchall("SELECT * FROM parts")  # FP211
