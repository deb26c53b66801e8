"""Lists by whose rows they are and by a state: of the latter there are a few, so that it narrows little."""

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(index=True)
    place: Mapped[str]
    status: Mapped[str]
    is_paid: Mapped[bool]


class OrderOut(BaseModel):
    id: int


def get_session() -> Session: ...


@app.get("/orders/{customer}/{status}")
def of_customer(customer: int, status: str, session: Session = Depends(get_session)) -> list[OrderOut]:
    mine = select(Order).where(Order.customer_id == customer, Order.status == status)  # FP211
    return list(session.scalars(mine).all())


@app.get("/orders/states/{status}/{paid}")
def in_state(status: str, paid: bool, session: Session = Depends(get_session)) -> list[OrderOut]:
    return session.query(Order).filter_by(status=status, is_paid=paid).all()  # FP211


@app.get("/orders/{customer}/at/{place}")
def at_place(customer: int, place: str, session: Session = Depends(get_session)) -> list[OrderOut]:
    return list(session.scalars(select(Order).where(Order.customer_id == customer, Order.place == place)))


@app.get("/orders/{customer}/{status}/latest")
def latest(customer: int, status: str, session: Session = Depends(get_session)) -> list[OrderOut]:
    mine = select(Order).where(Order.customer_id == customer, Order.status == status)
    return list(session.scalars(mine.order_by(Order.id.desc()).limit(20)))


@app.get("/orders/{number}/{status}/one")
def one(number: int, status: str, session: Session = Depends(get_session)) -> list[OrderOut]:
    return list(session.scalars(select(Order).where(Order.id == number, Order.status == status)))
