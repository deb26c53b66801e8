from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/direct")
def direct(session: SessionDep) -> str:
    if session.scalars(select(Order).where(Order.open)).all():  # FP210
        return "open"
    return "none" if not session.query(Order).all() else "closed"  # FP210


@app.get("/named")
def named(session: SessionDep) -> bool:
    orders = session.execute(select(Order)).scalars().all()  # FP210
    if not orders:
        return False
    return bool(session.query(Order).filter(Order.open).all())  # FP210


# Near misses


@app.get("/used")
def used(session: SessionDep) -> list[Order]:
    orders = session.scalars(select(Order)).all()
    if not orders:
        return []
    return list(orders)


@app.get("/first")
def first(session: SessionDep) -> str:
    if session.query(Order).filter(Order.open).first():
        return "open"
    if session.query(Order).limit(1).all():
        return "some"
    statement = select(Order).limit(1)
    if session.scalars(statement).all():
        return "some"
    return "none"


@app.get("/other")
def other(names: dict[str, bool]) -> bool:
    return not all(names.values())


def of_customer(number: int):
    return select(Order).where(Order.id == number)


@app.get("/made-elsewhere")
def made_elsewhere(session: SessionDep, number: int) -> bool:
    statement = of_customer(number)
    found = session.scalars(statement).all()  # FP210 (summary)
    return bool(found)


# Other words for the same question


@app.get("/compared")
def compared(session: SessionDep) -> list[bool]:
    orders = session.query(Order).filter(Order.open).all()  # FP210
    if orders and len(orders) > 0:
        return [True]
    return [
        session.query(Order).filter(Order.open).all() != [],  # FP210
        any(session.query(Order).filter(Order.open).all()),  # FP210
    ]


@app.get("/compared-with")
def compared_with_others(session: SessionDep) -> list[bool]:
    orders = session.query(Order).filter(Order.open).all()
    if orders and len(orders) > 100:
        return [orders == [1]]
    return [session.query(Order).filter(Order.open).limit(1).all() != []]


def open_orders(session: Session) -> list[Order]:
    return session.query(Order).filter(Order.open).all()


def some_orders(session: Session) -> list[Order]:
    return session.query(Order).filter(Order.open).limit(5).all()


def first_order(session: Session) -> Order | None:
    return session.query(Order).filter(Order.open).first()


class Orders:
    def __init__(self, session: Session) -> None:
        self.session = session

    def list_open(self) -> list[Order]:
        return self.session.query(Order).filter(Order.open).all()

    def has_open_orders(self) -> bool:
        return bool(self.session.execute(text("SELECT id FROM orders WHERE open")).scalar())

    def orders_exists(self) -> bool:
        return self.session.query(Order.id).filter(Order.open).limit(1).scalar() is not None


@app.get("/helped")
def helped(session: SessionDep) -> bool:
    if not open_orders(session):  # FP210 (summary)
        return False
    orders = Orders(session).list_open()  # FP210 (summary)
    return bool(orders)


@app.get("/helped-otherwise")
def helped_otherwise(session: SessionDep) -> list[int]:
    if not some_orders(session) or not first_order(session):
        return []
    if Orders(session).has_open_orders() or Orders(session).orders_exists():
        return []
    orders = open_orders(session)
    if not orders:
        return []
    return [order.id for order in orders]
