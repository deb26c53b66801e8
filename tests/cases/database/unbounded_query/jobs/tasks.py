"""What jobs of a queue hold in memory."""

from celery import Celery
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = Celery("shop")
sessions = sessionmaker(create_engine("postgresql://db/shop"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    open: Mapped[bool]


class Plan(Base):
    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)


@app.task
def remind() -> None:
    with sessions() as session:
        for order in session.query(Order).filter(Order.open.is_(True)).all():  # FP211 (change)
            print(order.id)
        remind_all(session)


def remind_all(session: Session) -> None:
    orders = session.scalars(select(Order)).all()  # FP211 (change)
    print([order.id for order in orders])


@app.task
def remind_some(customer: int) -> None:
    with sessions() as session:
        of_one = session.query(Order).filter(Order.customer_id == customer).all()
        first = session.query(Order).order_by(Order.id).limit(100).all()
        plans = session.query(Plan).all()
        for order in session.scalars(select(Order).execution_options(yield_per=1000)):
            print(order.id, of_one, first, plans)


def print_orders() -> None:
    with sessions() as session:
        print(session.query(Order).all())
