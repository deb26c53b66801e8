from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    total: Mapped[int]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


@app.get("/queries")
def queries(session: SessionDep) -> dict[str, int]:
    return {
        "all": session.query(Order).count(),  # FP230 (change)
        "open": session.query(Order).filter(Order.state == "open").count(),
        "paid": session.query(Order).filter(Order.state == "paid").count(),
    }


@app.get("/selects")
async def selects(session: AsyncSessionDep) -> dict[str, int | None]:
    total = await session.scalar(select(func.count()).select_from(Order))  # FP230 (change)
    found = await session.execute(select(func.count(Order.id)).where(Order.state == "open"))
    statement = select(func.sum(Order.total)).where(Order.state == "paid")
    return {"all": total, "open": found.scalar(), "paid": await session.scalar(statement)}


@app.get("/computed")
def computed(session: SessionDep) -> list[int]:
    base = session.query(func.count(Order.id))
    return [
        base.scalar(),  # FP230 (change)
        base.filter(Order.state == "open").scalar(),
        session.query(func.max(Order.total)).scalar(),
    ]


# Near misses


@app.get("/two")
def two(session: SessionDep) -> list[int]:
    return [session.query(Order).count(), session.query(Order).filter(Order.state == "open").count()]


@app.get("/tables")
def of_several_tables(session: SessionDep) -> list[int]:
    return [
        session.query(Order).count(),
        session.query(Customer).count(),
        session.query(Role).count(),
        session.query(Order).filter(Order.state == "open").count(),
    ]


@app.get("/roles")
def of_a_small_table(session: SessionDep) -> list[int]:
    return [session.query(Role).filter(Role.state == state).count() for state in ("a", "b")] + [
        session.query(Role).count(),
        session.query(Role).filter(Role.state == "a").count(),
        session.query(Role).filter(Role.state == "b").count(),
    ]


@app.get("/rows")
def rows(session: SessionDep) -> list[object]:
    return [
        session.query(Order).count(),
        session.query(Order).filter(Order.state == "open").first(),
        session.scalar(select(Order.total).where(Order.id == 1)),
        session.query(Order.state, func.count()).group_by(Order.state).all(),
        [1, 2].count(1),
    ]


@app.get("/together")
def together(session: SessionDep) -> list[int]:
    return list(session.execute(select(func.count(), func.count().filter(Order.state == "open")).select_from(Order)).one())


@app.get("/one-of-them")
def one_of_them(kind: str, session: SessionDep) -> int:
    if kind == "open":
        return session.query(Order).filter(Order.state == "open").count()
    if kind == "paid":
        return session.query(Order).filter(Order.state == "paid").count()
    return session.query(Order).count()


@app.get("/of-one-kind")
def of_one_kind(kind: str, session: SessionDep) -> list[int]:
    if kind == "all":
        total = session.query(Order).count()  # FP230 (change)
        found = session.query(Order).filter(Order.state == "open").count()
        paid = session.query(Order).filter(Order.state == "paid").count()
        return [total, found, paid]
    return []
