"""SQL texts with joins, and with conditions that hold for who gives a value."""

from fastapi import APIRouter
from psycopg_pool import AsyncConnectionPool

router = APIRouter()
pool = AsyncConnectionPool("postgresql://shop", open=False)

HISTORY = """
    SELECT e.id, u.name, e.text
    FROM events e LEFT JOIN users u ON e.user_id = u.id
    WHERE e.shop_id = %s AND (%s::text IS NULL OR e.kind = %s)
    ORDER BY e.created_at DESC
"""


async def events_of(shop_id: int, kind: str | None) -> list[object]:
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute(HISTORY, (shop_id, kind, kind))  # FP211 (summary)
            return await opened.fetchall()


@router.get("/events")
async def events(shop_id: int, kind: str | None = None) -> list[object]:
    return await events_of(shop_id, kind)


@router.get("/events/newest")
async def newest_events(shop_id: int) -> list[object]:
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute(HISTORY + " LIMIT 50", (shop_id, None, None))
            return await opened.fetchall()


@router.get("/events/one")
async def one_event(event: int) -> list[object]:
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute("SELECT * FROM events e JOIN users u ON e.user_id = u.id WHERE e.id = %s", (event,))
            return await opened.fetchall()


@router.get("/events/named")
async def named_events(name: str) -> list[object]:
    """Who knows whether a name is one row's."""
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute("SELECT * FROM events WHERE name = %s", (name,))
            return await opened.fetchall()


@router.get("/events/own")
async def events_by_key(event_id: int) -> list[object]:
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute("SELECT * FROM events WHERE event_id = %s", (event_id,))
            return await opened.fetchall()


@router.get("/events/counted")
async def counted_events() -> list[object]:
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute("SELECT u.name, count(*) FROM events e JOIN users u ON e.user_id = u.id GROUP BY u.name")
            return await opened.fetchall()


@router.get("/events/either")
async def either_events(kind: str, text: str) -> list[object]:
    """Not a condition of who wishes it: `OR` of two columns."""
    async with pool.connection() as connection:
        async with connection.cursor() as opened:
            await opened.execute("SELECT * FROM events WHERE kind = %s OR text = %s", (kind, text))
            return await opened.fetchall()
