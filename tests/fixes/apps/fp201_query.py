from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]

with Session(engine) as first:
    first.add_all([Customer(id=1, name="Ada"), Customer(id=2, name="Bob")])
    first.commit()


@app.post("/names")
def names(numbers: list[int], session: Db) -> list[str]:
    found = []
    for number in numbers:
        customer = session.scalar(select(Customer).where(Customer.id == number))
        found.append(customer.name if customer else "unknown")
    return found
