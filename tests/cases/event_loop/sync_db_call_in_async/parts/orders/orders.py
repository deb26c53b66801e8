from prices.prices import Base as Prices

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
engine = create_engine("postgresql://db/orders")
Opened = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Orders(Base):
    __tablename__ = "orders"
    number: Mapped[int] = mapped_column(primary_key=True)


def opened():
    with Opened() as session:
        yield session


@app.get("/orders/{number}")
async def one(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Orders).where(Orders.number == number))  # FP102 (inline)
    return found.number


@app.get("/orders/{number}/in-thread")
def in_thread(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Orders).where(Orders.number == number))
    return found.number
