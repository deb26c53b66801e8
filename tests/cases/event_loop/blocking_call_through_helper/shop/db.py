from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session():
    with SessionLocal() as session:
        yield session


def find_order(session: Session, order_id: int) -> Order | None:
    return session.get(Order, order_id)


def all_orders(session: Session) -> list[Order]:
    return list(session.scalars(select(Order)))
