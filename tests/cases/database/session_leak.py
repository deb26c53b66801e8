import contextlib
from collections.abc import Iterator

import asyncpg
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker

app = FastAPI()
engine = create_engine("sqlite://")
SessionLocal = sessionmaker(engine)
scoped = scoped_session(SessionLocal)
pool = asyncpg.create_pool("postgresql://shop")
held: dict[str, Session] = {}


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class Orders:
    def __init__(self, session: Session) -> None:
        self.session = session


def get_session() -> Iterator[Session]:
    session = SessionLocal()
    try:
        yield session
    finally:
        session.close()


def get_leaking_session() -> Iterator[Session]:
    session = SessionLocal()  # FP220
    yield session


def get_fragile_session() -> Iterator[Session]:
    session = SessionLocal()  # FP220
    yield session
    session.close()


def load(session: Session) -> list[Order]:
    return list(session.scalars(select(Order).limit(50)))


@app.get("/never")
def never() -> int:
    session = SessionLocal()  # FP220
    return len(load(session))


def rename(session: Session, number: int) -> bool:
    order = session.get(Order, number)
    session.commit()
    return order is not None


def tidy(session: Session, number: int) -> None:
    if number:
        session.commit()


@app.post("/named/{number}")
def commits_last(number: int, name: str) -> None:
    session = SessionLocal()  # FP220 (summary)
    order = session.get(Order, number)
    order.name = name
    session.commit()


@app.get("/committed")
def committed(number: int) -> int:
    session = SessionLocal()  # FP220 (summary)
    renamed = rename(session, number)
    other = SessionLocal()  # FP220 (inline)
    rename(other, number)
    load(other)
    third = SessionLocal()  # FP220 (inline)
    tidy(third, number)
    return int(renamed)


@app.get("/class")
def by_class() -> int:
    session = Session(engine)  # FP220
    return len(load(session))


@app.get("/connection")
def connection() -> int:
    taken = engine.connect()  # FP220
    return taken.scalar(text("select 1"))


@app.get("/acquired")
async def acquired() -> int:
    taken = await pool.acquire()  # FP220
    answer = await taken.fetchval("select 1")
    await pool.release(taken)
    return answer


@app.get("/next")
def by_hand() -> int:
    session = next(get_session())  # FP220
    return len(load(session))


@app.get("/dependencies")
def dependencies(
    first: Session = Depends(get_session),
    second: Session = Depends(get_leaking_session),
    third: Session = Depends(get_fragile_session),
) -> int:
    return len(load(first)) + len(load(second)) + len(load(third))


# Near misses


@app.get("/entered")
def entered() -> int:
    with SessionLocal() as session:
        found = load(session)
    later = SessionLocal()
    with later:
        found += load(later)
    closing = SessionLocal()
    with contextlib.closing(closing):
        return len(load(closing))


@app.get("/finally")
async def in_the_end() -> int:
    taken = await pool.acquire()
    try:
        return await taken.fetchval("select 1")
    finally:
        await pool.release(taken)


def make() -> Session:
    session = SessionLocal()
    return session


def repository() -> Orders:
    session = SessionLocal()
    return Orders(session)


def kept(name: str) -> None:
    session = SessionLocal()
    held[name] = session


@app.get("/handed")
def handed_on(orders: Orders = Depends(repository)) -> int:
    kept("a")
    stack = contextlib.ExitStack()
    session = stack.enter_context(SessionLocal())
    other = SessionLocal()
    stack.callback(other.close)
    return len(load(session)) + len(load(other)) + len(load(make())) + len(load(orders.session))


@app.get("/by-version")
def by_version() -> int:
    try:
        session = make()
    except AttributeError:
        session = SessionLocal()  # FP220 (summary)
    return len(load(session))


@app.get("/scoped")
def scoped_by_middleware() -> int:
    session = scoped()
    return len(load(session))


@event.listens_for(Order, "after_insert")
def after_insert(mapper: object, connection: object, target: Order) -> None:
    session = Session(bind=connection)
    load(session)


def script() -> None:
    session = SessionLocal()
    load(session)


if __name__ == "__main__":
    script()
