from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    customer: Mapped[Customer | None] = relationship()
    items: Mapped[list["Item"]] = relationship(order_by="Item.id")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    text: Mapped[str]


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]

with Session(engine) as first:
    first.add(Customer(id=1, name="Ada"))
    first.add_all(
        [
            Order(id=1, customer_id=1, items=[Item(text="b"), Item(text="a")]),
            Order(id=2, customer_id=None, items=[]),
            Order(id=3, customer_id=1, items=[Item(text="c")]),
        ]
    )
    first.commit()


@app.get("/names")
def names(session: Db, most: int = 10) -> list[str]:
    orders = session.scalars(select(Order).order_by(Order.id.desc()).limit(min(most, 50))).all()
    return [order.customer.name if order.customer else "nobody" for order in orders]
