from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, update
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
    number: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


@app.post("/unused")
def unused(session: Session = Depends(get_session)) -> None:
    order = Order()
    session.add(order)
    session.commit()
    session.refresh(order)  # FP224


@app.post("/key")
async def key(session: AsyncSession = Depends(get_async_session)) -> int:
    order = Order()
    session.add(order)
    await session.commit()
    await session.refresh(order)  # FP224
    return order.id


# Near misses


@app.post("/returned")
def returned(session: Session = Depends(get_session)):
    order = Order()
    session.add(order)
    session.commit()
    session.refresh(order)
    return order


@app.post("/read")
def read(session: Session = Depends(get_session)) -> str:
    order = Order()
    session.add(order)
    session.commit()
    session.refresh(order)
    return f"{order.id} {order.number}"


@app.post("/named")
async def named(session: AsyncSession = Depends(get_async_session)) -> int:
    order = Order()
    session.add(order)
    await session.commit()
    await session.refresh(order, ["number"])
    return order.id


@app.post("/before")
def before(session: Session = Depends(get_session)) -> int:
    order = Order()
    session.add(order)
    session.flush()
    session.refresh(order)
    session.commit()
    return order.id


@app.post("/renumber")
def by_statement(session: Session = Depends(get_session)) -> int:
    order = session.get(Order, 1)
    session.execute(update(Order).values(number="1"))
    session.commit()
    session.refresh(order)
    return order.id


@app.post("/restarted")
def restarted(session: Session = Depends(get_session)) -> str:
    try:
        print("restarted")
    except OSError:
        order = Order()
        session.add(order)
        session.commit()
        session.refresh(order)  # FP224 (summary)
    return "done"


@app.post("/tried")
def tried(session: Session = Depends(get_session)) -> str:
    try:
        order = Order()
        session.add(order)
        session.commit()
        session.refresh(order)  # FP224 (inline)
    except OSError:
        print("failed")
    return "done"


@app.post("/refused")
def refused(started: bool, session: Session = Depends(get_session)) -> str:
    order = Order()
    session.add(order)
    if not started:
        session.commit()
        session.refresh(order)  # FP224 (summary)
        raise RuntimeError("not started")
    return "done"


@app.post("/accepted")
def accepted(started: bool, session: Session = Depends(get_session)) -> str:
    order = Order()
    session.add(order)
    if not started:
        raise RuntimeError("not started")
    else:
        session.commit()
        session.refresh(order)  # FP224 (inline)
    return "done"


@app.post("/imported")
def imported(numbers: list[str], session: Session = Depends(get_session)) -> dict[str, object]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.commit()
    return {"count": len(orders), "ids": [order.id for order in orders]}  # FP224 (change)


@app.post("/one-by-one")
def one_by_one(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    orders = []
    for number in numbers:
        order = Order(number=number)
        session.add(order)
        orders.append(order)
    session.commit()
    keys = []
    for each in orders:
        keys.append(each.id)  # FP224 (change)
    return keys


@app.post("/renumbered")
def renumbered(session: Session = Depends(get_session)) -> list[str]:
    orders = session.query(Order).filter(Order.number == "").all()
    for order in orders:
        order.number = "new"
    session.commit()
    return [order.number for order in orders]  # FP224 (change)


# Near misses


@app.post("/flushed")
def flushed(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.flush()
    keys = [order.id for order in orders]
    session.commit()
    return keys


@app.post("/plain")
def plain(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.commit()
    return [number.upper() for number in numbers]


@app.post("/loaded-again")
def loaded_again(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.commit()
    session.query(Order).filter(Order.number.in_(numbers)).all()
    return [order.id for order in orders]


@app.post("/refreshed")
def refreshed(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.commit()
    keys = []
    for order in orders:
        session.refresh(order, ["number"])
        keys.append(order.id)
    return keys


@app.post("/not-added")
def not_added(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
    orders = [Order(number=number) for number in numbers]
    session.bulk_save_objects(orders)
    session.commit()
    return [order.number for order in orders]


@app.post("/awaited")
async def awaited(numbers: list[str], session: AsyncSession = Depends(get_async_session)) -> list[int]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    await session.commit()
    return [order.id for order in orders]


@app.post("/other-session")
def other_session(session: Session = Depends(get_session), archive: Session = Depends(get_session)) -> list[str]:
    orders = archive.query(Order).all()
    session.add(Order())
    session.commit()
    return [order.number for order in orders]
