import redis
from functools import cache, lru_cache

from cachetools.func import ttl_cache
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()
engine = create_engine("sqlite://")
client = redis.Redis()


class Base(DeclarativeBase):
    pass


class Limit(Base):
    __tablename__ = "limits"
    id: Mapped[int] = mapped_column(primary_key=True)


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)


def read_limit() -> Limit | None:
    with Session(engine) as session:
        return session.scalar(select(Limit))


@lru_cache()  # FP305 (summary)
def has_limits() -> bool:
    with Session(engine) as session:
        return session.scalar(select(Limit)) is not None


@cache  # FP305
def through_helper() -> bool:
    return read_limit() is not None


@cache  # FP305 (summary)
def has_limit(number: int) -> bool:
    with Session(engine) as session:
        return session.scalar(select(Limit).where(Limit.id == number)) is not None


@app.get("/limit")
def limit(number: int) -> bool:
    return has_limit(number)


@app.get("/limits")
def limits() -> list[object]:
    return [has_limits(), through_helper(), cleared(), expiring(), settings(), product(1), shelf(1)]


def product(product_id: int) -> str | None:
    found = client.get(f"product:{product_id}")
    if found is None:
        with Session(engine) as session:
            found = session.get(Product, product_id).name
        client.set(f"product:{product_id}", found, ex=3600)
    return found


@app.put("/products/{product_id}")
def rename(product_id: int, name: str) -> None:
    with Session(engine) as session:
        session.get(Product, product_id).name = name
        session.commit()  # FP305


@lru_cache  # FP305
def cleared() -> bool:
    with Session(engine) as session:
        return session.scalar(select(Limit)) is not None


@app.post("/limits")
def add_limit() -> None:
    with Session(engine) as session:
        session.add(Limit(id=1))
        session.commit()
    cleared.cache_clear()


# Near misses


@ttl_cache(ttl=60)
def expiring() -> bool:
    with Session(engine) as session:
        return session.scalar(select(Limit)) is not None


@lru_cache
def settings() -> str:
    return "settings"


@lru_cache
def never_reached() -> bool:
    with Session(engine) as session:
        return session.scalar(select(Limit)) is not None


def shelf(shelf_id: int) -> str:
    found = client.get(f"shelf:{shelf_id}")
    if found is None:
        with Session(engine) as session:
            found = str(session.get(Shelf, shelf_id).id)
        client.set(f"shelf:{shelf_id}", found, ex=3600)
    return found


@app.delete("/shelves/{shelf_id}")
def remove(shelf_id: int) -> None:
    with Session(engine) as session:
        session.delete(session.get(Shelf, shelf_id))
        session.commit()
    client.delete(f"shelf:{shelf_id}")


@cache  # FP305 (summary)
def own_number() -> int:
    with Session(engine) as session:
        found = session.scalar(select(Limit))
        if found is None:
            found = Limit()
            session.add(found)
            session.commit()
        return found.id


@app.get("/own-number")
def shown() -> int:
    return own_number()


@cache  # FP305 (summary)
def salt() -> int:
    with Session(engine) as session:
        return (session.scalar(select(Limit)) or Limit.create(session)).id


@app.get("/salt")
def salted() -> int:
    return salt()
