from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.post("/body")
def body(ids: list[int], session: SessionDep) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.id.in_(ids))))  # FP228


@app.get("/query")
def query(ids: Annotated[list[int] | None, Query()], session: SessionDep) -> list[Order]:
    return session.query(Order).filter(Order.id.in_(ids)).all()  # FP228


# Near misses


@app.get("/bounded")
def bounded(ids: Annotated[list[int], Query(max_length=100)], session: SessionDep) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.id.in_(ids))))


@app.post("/checked")
def checked(ids: list[int], session: SessionDep) -> list[Order]:
    if len(ids) > 100:
        raise ValueError
    return list(session.scalars(select(Order).where(Order.id.in_(ids))))


@app.post("/other")
def other(names: list[int], session: SessionDep) -> list[Order]:
    ids = [1, 2, 3]
    print(names)
    return list(session.scalars(select(Order).where(Order.id.in_(ids))))


# Fields of a body


class Wanted(BaseModel):
    ids: list[int]
    few: list[int] = Field(max_length=100)
    some: Annotated[list[int], Field(max_length=100)]
    counted: list[int]
    number: int


@app.post("/wanted")
def wanted(wish: Wanted, session: SessionDep) -> list[object]:
    if len(wish.counted) > 100:
        raise ValueError
    return [
        *session.scalars(select(Order).where(Order.id.in_(wish.ids))),  # FP228
        *session.scalars(select(Order).where(Order.id.in_(wish.few))),
        *session.scalars(select(Order).where(Order.id.in_(wish.some))),
        *session.scalars(select(Order).where(Order.id.in_(wish.counted))),
    ]


def not_asked(wish: Wanted, session: Session) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.id.in_(wish.ids))))
