from fastapi import Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"), expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


@app.post("/refreshed")
def refreshed(session: Session = Depends(get_session)) -> int:
    order = Order()
    session.add(order)
    session.commit()
    session.refresh(order)  # FP224
    return order.id


# Near miss: the session keeps what they hold


@app.post("/imported")
def imported(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    orders = [Order(number=number) for number in numbers]
    session.add_all(orders)
    session.commit()
    return [order.id for order in orders]
