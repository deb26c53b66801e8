from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from later.db import get_session

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Plan(Base):
    __tablename__ = "kitchen_plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    is_public: Mapped[bool]


def window(plans: list[Plan], skip: int, limit: int | None) -> list[Plan]:
    return plans[skip:] if limit is None else plans[skip : skip + limit]


def matching(plans: list[Plan], words: str) -> list[Plan]:
    return [plan for plan in plans if words in plan.title]


class Plans:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def page(self, words: str, skip: int, limit: int | None) -> list[Plan]:
        result = await self.session.execute(select(Plan).where(Plan.is_public.is_(True)))
        plans = result.scalars().all()  # FP211 (summary)
        found = matching(plans, words)
        return window(found, skip=skip, limit=limit)

    # Near misses

    async def page_of_query(self, words: str, skip: int, limit: int) -> list[Plan]:
        result = await self.session.execute(
            select(Plan).where(Plan.is_public.is_(True)).offset(skip).limit(limit)
        )
        plans = result.scalars().all()
        log_page(words, skip=skip, limit=limit)
        return matching(plans, words)

    async def named(self, words: str, limit: int) -> list[str]:
        result = await self.session.execute(select(Plan).where(Plan.is_public.is_(True)))
        plans = result.scalars().all()
        return [plan.title[:limit] for plan in matching(plans, words)]

    async def described(self, words: str) -> int:
        result = await self.session.execute(select(Plan).where(Plan.is_public.is_(True)))
        return len(words) + sum(len(plan.title) for plan in result.scalars().all())


def log_page(words: str, skip: int, limit: int) -> None:
    print(words, skip, limit)


@app.get("/plans")
async def plans(words: str, skip: int = 0, limit: int = 20, session: AsyncSession = Depends(get_session)):
    found = await Plans(session).page(words, skip, limit)
    return {"titles": ", ".join(plan.title for plan in found)}


@app.get("/plans/query")
async def query(words: str, skip: int = 0, limit: int = 20, session: AsyncSession = Depends(get_session)):
    found = await Plans(session).page_of_query(words, skip, limit)
    return {"titles": ", ".join(plan.title for plan in found)}


@app.get("/plans/named")
async def named(words: str, limit: int = 20, session: AsyncSession = Depends(get_session)):
    return {"titles": ", ".join(await Plans(session).named(words, limit))}


@app.get("/plans/described")
async def described(words: str, session: AsyncSession = Depends(get_session)):
    return {"length": await Plans(session).described(words)}


@app.post("/plans")
async def add_plan(title: str, session: AsyncSession = Depends(get_session)) -> None:
    session.add(Plan(title=title, is_public=True))
    await session.commit()
