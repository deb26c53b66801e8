from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import Index, cast, create_engine, extract, func, or_, select, text as sql
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


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    __table_args__ = (Index("ix_members_email", sql("LOWER(email)"), unique=True),)


class Keyword(Base):
    __tablename__ = "keywords"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(index=True)


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


@app.get("/text")
def by_text(email: str, name: str, session: SessionDep) -> None:
    session.execute(sql("SELECT id FROM customers WHERE lower(email) = lower(:email)"), {"email": email})  # FP208
    session.execute(sql("SELECT id FROM customers WHERE name ILIKE '%' || :name || '%' LIMIT 20"))  # FP208
    session.execute(sql(f"SELECT id FROM parts p WHERE p.name LIKE '%{name}%' AND NOT p.deleted"))  # FP208


# Near misses


@app.get("/text-that-can")
def by_text_with_index(email: str, number: str, session: SessionDep) -> None:
    session.execute(sql("SELECT id FROM customers WHERE email = lower(:email)"), {"email": email})
    session.execute(sql("SELECT id FROM customers WHERE name LIKE :start"), {"start": f"{email}%"})
    session.execute(sql("SELECT id FROM customers WHERE name LIKE 'a%'"))
    session.execute(sql("SELECT id FROM customers WHERE id = :id AND lower(email) = :email"))
    session.execute(sql("SELECT id FROM customers WHERE lower(email) = :email OR id = :id"))
    session.execute(sql("SELECT id FROM customers WHERE lower(note) = :note"))
    session.execute(sql("SELECT id FROM products WHERE lower(number) = :number"), {"number": number})
    session.execute(sql("SELECT c.id FROM customers c JOIN products p USING (id) WHERE lower(c.email) = :e"))
    print("SELECT id FROM customers WHERE lower(email) = lower(:email)")


@app.get("/plain")
def plain(email: str, day: datetime, session: SessionDep) -> None:
    session.scalars(select(Customer).where(Customer.email == email.lower()))
    session.scalars(select(Customer).where(Customer.created_at >= day))
    session.scalars(select(Customer).where(Customer.name.like(f"{email}%")))
    session.scalars(select(Customer).where(Customer.email == func.lower(email)))


@app.get("/not-indexed")
def not_indexed(text: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(func.lower(Customer.note) == text))  # FP208 (summary)
    session.scalars(select(Customer).where(Customer.note.ilike(f"%{text}%")))  # FP208 (summary)
    session.scalars(select(Customer).where(Customer.note == text))


@app.get("/narrowed")
def narrowed(text: str, session: SessionDep) -> None:
    session.scalars(select(Customer).where(Customer.id == 1, func.lower(Customer.email) == text))
    session.scalars(select(Customer).where(Customer.id == 1).where(func.lower(Customer.email) == text))


@app.get("/expression")
def expression_index(number: str, session: SessionDep) -> None:
    session.scalars(select(Product).where(func.lower(Product.number) == number.lower()))
    session.scalars(select(Member).where(func.lower(Member.email) == number.lower()))


def unreached(session: Session, email: str) -> None:
    session.scalars(select(Customer).where(func.lower(Customer.email) == email))


@app.post("/customers")
def create_customer(email: str, session: SessionDep) -> None:
    if session.scalar(select(Customer).where(func.lower(Customer.email) == email)) is None:  # FP208 (summary)
        session.add(Customer(email=email))


@app.get("/customers/made")
def get_or_make(email: str, session: SessionDep) -> None:
    if session.scalar(select(Customer).where(func.lower(Customer.email) == email)) is None:  # FP208 (inline)
        session.add(Customer(email=email))


@app.get("/keywords/{label}")
def keyword(label: str, session: SessionDep) -> None:
    # Nothing puts rows in: a list that migrations keep.
    session.scalars(select(Keyword).where(func.lower(Keyword.label) == label))  # FP208 (summary)


class Room(Base):
    __tablename__ = "community_rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String, unique=True)
    owner_id: Mapped[int]
    topic: Mapped[str]


@app.get("/rooms/{slug}")
def room(slug: str, session: SessionDep) -> None:
    session.scalars(select(Room).where(func.lower(Room.slug) == slug.lower()))  # FP208 (summary)


# Searches over several columns, parts of dates, any row


class Setting(Base):
    __tablename__ = "settings"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]


@app.get("/anywhere")
def anywhere(text: str, year: int, session: SessionDep) -> None:
    pattern = f"%{text}%"
    beginning = f"{text}%"
    session.scalars(select(Customer).where(or_(Customer.note.ilike(pattern), Customer.name.ilike(pattern))))  # FP208 (summary)
    session.scalars(select(Customer).where(or_(Customer.note.ilike(beginning), Customer.name.ilike(beginning))))
    session.scalars(select(Setting).where(Setting.note.ilike(pattern)))
    session.scalars(select(Customer).where(extract("year", Customer.created_at) == year))  # FP208


@app.get("/of-itself")
def of_itself(session: SessionDep) -> None:
    pattern = pattern + "%"
    session.scalars(select(Customer).where(or_(Customer.note.ilike(pattern), Customer.name.ilike(pattern))))


@app.get("/any-of-them")
def any_of_them(session: SessionDep) -> None:
    session.scalars(select(Customer).order_by(func.random()).limit(5))  # FP208 (summary)
    session.scalars(select(Setting).order_by(func.random()).limit(5))
    session.scalars(select(Customer).order_by(func.lower(Customer.name)).limit(5))
