"""FP114: one session in several tasks at once."""

import asyncio

from fastapi import Depends, FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

app = FastAPI()
sessions = async_sessionmaker()
SHOPS = text("select 1")


async def get_session() -> AsyncSession:
    return sessions()


async def count(table: str, session: AsyncSession) -> int:
    return await session.scalar(select(text(table))) or 0


async def count_alone(table: str) -> int:
    async with sessions() as session:
        return await count(table, session)


async def length(table: str, session: AsyncSession) -> int:
    return len(table)


class Reports:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self, table: str) -> int:
        return await count(table, self.session)

    async def both(self) -> list[int]:
        return await asyncio.gather(self.count("a"), self.count("b"))  # FP114 (change)


@app.get("/direct")
async def direct(session: AsyncSession = Depends(get_session)) -> int:
    first, second = await asyncio.gather(session.execute(SHOPS), session.execute(SHOPS))  # FP114
    return len(first.all()) + len(second.all())


@app.get("/helper")
async def helper(session: AsyncSession = Depends(get_session)) -> list[int]:
    return await asyncio.gather(count("a", session), count("b", session))  # FP114


@app.get("/many")
async def many(tables: list[str], session: AsyncSession = Depends(get_session)) -> list[int]:
    return await asyncio.gather(*(count(table, session) for table in tables))  # FP114


@app.get("/list")
async def listed(tables: list[str], session: AsyncSession = Depends(get_session)) -> list[int]:
    tasks = [count(table, session) for table in tables]
    return await asyncio.gather(*tasks)  # FP114


@app.get("/group")
async def group(session: AsyncSession = Depends(get_session)) -> int:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(count("a", session))
        second = tasks.create_task(count("b", session))  # FP114
    return first.result() + second.result()


@app.get("/object")
async def through_an_object(session: AsyncSession = Depends(get_session)) -> list[int]:
    reports = Reports(session)
    return await asyncio.gather(reports.count("a"), reports.count("b"))  # FP114


async def nightly(session: AsyncSession) -> list[int]:  # no request waits for it
    return await asyncio.gather(count("a", session), count("b", session))  # FP114 (change)


def get_admin_user() -> str:
    return "admin"


@app.get("/for-admins")
async def for_admins(
    session: AsyncSession = Depends(get_session), user: str = Depends(get_admin_user)
) -> list[int]:
    return await asyncio.gather(count("a", session), count("b", session))  # FP114 (change)


@app.get("/alone")
async def alone(tables: list[str]) -> list[int]:
    return await asyncio.gather(count_alone("a"), *(count_alone(table) for table in tables))


@app.get("/one")
async def one(session: AsyncSession = Depends(get_session)) -> list[int]:
    return await asyncio.gather(count("a", session), count_alone("b"), length("c", session))


@app.get("/each")
async def each(tables: list[str]) -> list[int]:
    opened = [sessions() for _ in tables]
    return await asyncio.gather(*(count("a", session) for session in opened))


@app.get("/sequence")
async def sequence(session: AsyncSession = Depends(get_session)) -> int:
    return await count("a", session) + await count("b", session)


class Import:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.turn = asyncio.Lock()


async def admit(table: str, work: Import) -> int:
    async with work.turn:
        return await count(table, work.session)


async def count_in_turn(table: str, session: AsyncSession, turn: asyncio.Lock) -> int:
    async with turn:
        return await count(table, session)


@app.get("/turns")
async def turns(tables: list[str], session: AsyncSession = Depends(get_session)) -> list[int]:
    work, turn = Import(session), asyncio.Lock()
    await asyncio.gather(*(count_in_turn(table, session, turn) for table in tables))
    return await asyncio.gather(*(admit(table, work) for table in tables))
