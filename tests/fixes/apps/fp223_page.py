from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]

with Session(engine) as first:
    first.add_all([Order() for _ in range(120)])
    first.commit()


@app.get("/orders")
def list_orders(session: Db, limit: int = Query(50)) -> list[int]:
    return [order.id for order in session.scalars(select(Order).order_by(Order.id).limit(limit))]
