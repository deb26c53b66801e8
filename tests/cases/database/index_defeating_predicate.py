from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import Index, cast, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import Date

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    note: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    __table_args__ = (Index("ix_products_number", func.lower("number")),)


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/lower")
def lower(email: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(func.lower(Customer.email) == email.lower()))  # FP208


@app.get("/day")
def by_day(day: date, session: SessionDep) -> None:
    session.scalars(select(Customer).where(func.date(Customer.created_at) == day))  # FP208
    session.query(Customer).filter(cast(Customer.created_at, Date) >= day).all()  # FP208


@app.get("/search")
def search(text: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(Customer.name.ilike(f"%{text}%")))  # FP208
    session.scalars(select(Customer).where(Customer.name.like("%" + text)))  # FP208
    session.scalars(select(Customer).where(Customer.name.contains(text)))  # FP208


# Near misses


@app.get("/plain")
def plain(email: str, day: datetime, session: SessionDep) -> None:
    session.scalars(select(Customer).where(Customer.email == email.lower()))
    session.scalars(select(Customer).where(Customer.created_at >= day))
    session.scalars(select(Customer).where(Customer.name.like(f"{email}%")))
    session.scalars(select(Customer).where(Customer.email == func.lower(email)))


@app.get("/not-indexed")
def not_indexed(text: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(func.lower(Customer.note) == text))
    session.scalars(select(Customer).where(Customer.note.ilike(f"%{text}%")))


@app.get("/narrowed")
def narrowed(text: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(Customer.id == 1, func.lower(Customer.email) == text))
    session.scalars(select(Customer).where(Customer.id == 1).where(func.lower(Customer.email) == text))


@app.get("/expression")
def expression_index(number: str, session: SessionDep) -> None:
    session.scalars(select(Product).where(func.lower(Product.number) == number.lower()))


def unreached(session: Session, email: str) -> None:
    session.scalars(select(Customer).where(func.lower(Customer.email) == email))
