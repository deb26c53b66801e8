from collections.abc import Iterator
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Optional

from annotated_types import Le
from fastapi import Depends, FastAPI, Query
from sqlalchemy import Select, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
PageSize = Annotated[int, Query(le=200)]


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]


class Stock:
    def limit(self, number: int) -> None: ...


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


class Orders:
    def __init__(self, session: Session) -> None:
        self.session = session

    def page(self, offset: int, size: int) -> list[Order]:
        statement = select(Order)
        if offset:
            statement = statement.offset(offset)
        return list(self.session.scalars(statement.limit(size)))

    def careful_page(self, size: int) -> list[Order]:
        return list(self.session.scalars(select(Order).limit(min(size, 100))))


def load(session: Session, limit: int = 50) -> list[Order]:
    return Orders(session).page(0, size=limit)


@app.get("/plain")
def plain(session: SessionDep, limit: int = 50) -> list[Order]:
    return list(session.scalars(select(Order).limit(limit)))  # FP223


@app.get("/query")
def query(session: SessionDep, size: int = Query(50, ge=1)) -> list[Order]:
    return session.query(Order).filter(Order.open).limit(size).all()  # FP223


@app.get("/annotated")
def annotated(session: SessionDep, size: Annotated[Optional[int], Query(ge=1)] = None) -> list[Order]:
    statement = select(Order)
    if session.info:
        statement = statement.where(Order.open)
    statement = statement.limit(size)  # FP223
    return list(session.scalars(statement))


@app.get("/method")
def method(session: SessionDep, offset: int = 0, count: int = 20) -> list[Order]:
    return Orders(session).page(offset, count)  # FP223


@app.get("/deeper")
def deeper(session: SessionDep, size: int | None = 20) -> list[Order]:
    return load(session, limit=size)  # FP223


# Near misses


@app.get("/bounded")
def bounded(session: SessionDep, limit: int = Query(50, le=100), size: PageSize = 20) -> list[Order]:
    session.scalars(select(Order).limit(size))
    return list(session.scalars(select(Order).limit(limit)))


@app.get("/bounded-type")
def bounded_type(session: SessionDep, limit: Annotated[int, Le(100)] = 50) -> list[Order]:
    return list(session.scalars(select(Order).limit(limit)))


@app.get("/clamped")
def clamped(session: SessionDep, limit: int = 50, size: int = 50, count: int = 50) -> list[Order]:
    if size > 100:
        raise ValueError
    count = 10 if count else 20
    session.scalars(select(Order).limit(size))
    session.scalars(select(Order).limit(count))
    Orders(session).careful_page(limit)
    return list(session.scalars(select(Order).limit(min(limit, 100))))


@app.get("/other")
def other(session: SessionDep, order_id: int, offset: int = 0) -> list[Order]:
    Stock().limit(order_id)
    return list(session.scalars(select(Order).where(Order.id > order_id).offset(offset).limit(50)))


def page(statement: Select[tuple[Order]], limit: int = 50) -> Select[tuple[Order]]:
    return statement.limit(limit)


@app.get("/fixed")
def fixed(session: SessionDep) -> list[Order]:
    return list(session.scalars(page(select(Order), limit=20)))


@app.get("/all-unless-said")
def all_unless_said(session: SessionDep, limit: int | None = None) -> list[Order]:
    return list(session.scalars(select(Order).limit(limit)))  # FP223 (inline)


@app.get("/stocks/{stock_id}/orders")
def of_one_stock(session: SessionDep, stock_id: int, limit: int = 30) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.id == stock_id).limit(limit)))  # FP223 (summary)


class Token:
    def get_jwt_subject(self) -> int: ...


def current_user() -> Token: ...


def load_of(session: Session, owner: int, limit: int = 50) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.id == owner).limit(limit)))


@app.get("/my-orders")
def of_the_subject(session: SessionDep, token: Annotated[Token, Depends(Token)], limit: int = 50) -> list[Order]:
    subject = token.get_jwt_subject()
    return load_of(session, subject, limit)  # FP223 (summary)


@app.get("/own-orders")
def of_the_caller(session: SessionDep, user: Annotated[Token, Depends(current_user)], limit: int = 50) -> list[Order]:
    mine = select(Order).where(Order.id == user.id)
    return list(session.scalars(mine.limit(limit)))  # FP223 (summary)


@app.get("/signed-in")
def for_whoever_is_signed_in(
    session: SessionDep, user: Annotated[Token, Depends(current_user)], limit: int = 50
) -> list[Order]:
    print(user)
    return load(session, limit)  # FP223


def grouped(session: Session, limit: int | None) -> list[tuple[int, int]]:
    statement = select(Order.id, func.count()).group_by(Order.id)
    if limit is not None:
        statement = statement.limit(limit)
    return list(session.execute(statement))


@app.get("/grouped")
def groups(session: SessionDep, limit: int | None = None) -> list[tuple[int, int]]:
    return grouped(session, limit)  # FP223 (summary)


class Role(StrEnum):
    ADMIN = "admin"
    READER = "reader"


def require_role(role: Role) -> Callable[[], str]:
    def check() -> str:
        return role.value

    return check


@app.get("/export")
def exported(session: SessionDep, user: Annotated[str, Depends(require_role(Role.ADMIN))], limit: int = 1000) -> None:
    list(session.scalars(select(Order).limit(limit)))  # FP223 (summary)


@app.get("/read")
def read(session: SessionDep, user: Annotated[str, Depends(require_role(Role.READER))], limit: int = 1000) -> None:
    list(session.scalars(select(Order).limit(limit)))  # FP223 (inline)


@app.get("/academic-degrees")
def degrees(session: SessionDep, limit: int = 100) -> list[Order]:
    return load(session, limit)  # FP223 (summary)


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    is_top: Mapped[bool]
    is_public: Mapped[bool]
    starts: Mapped[int]
    organiser: Mapped[int]


def now() -> int: ...


def token_of(authorization: str) -> int: ...


@app.get("/events/top")
def top_events(session: SessionDep, limit: int = 3) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.is_top.is_(True)).limit(limit)))  # FP223 (summary)


@app.get("/events/by-hand")
def events_by_hand(session: SessionDep, limit: int = 3) -> list[Event]:
    return session.query(Event).filter_by(is_top=True).limit(limit).all()  # FP223 (summary)


@app.get("/events/public")
def public_events(session: SessionDep, limit: int = 3) -> list[Event]:
    return session.query(Event).filter_by(is_public=True).limit(limit).all()  # FP223 (inline)


@app.get("/events/upcoming")
def upcoming_events(session: SessionDep, limit: int = 3) -> list[Event]:
    today = now()
    return session.query(Event).filter(Event.starts >= today).limit(limit).all()  # FP223 (summary)


@app.get("/events/past")
def past_events(session: SessionDep, limit: int = 3) -> list[Event]:
    today = now()
    return session.query(Event).filter(Event.starts < today).limit(limit).all()  # FP223 (inline)


@app.get("/events/own")
def own_events(session: SessionDep, limit: int = 3, user_id: int = Depends(token_of)) -> list[Event]:
    return session.query(Event).filter_by(organiser=user_id).limit(limit).offset(0).all()  # FP223 (summary)


@app.get("/events/of-somebody")
def events_of_somebody(session: SessionDep, organiser: int, limit: int = 3) -> list[Event]:
    return session.query(Event).filter_by(organiser=organiser).limit(limit).all()  # FP223 (inline)
