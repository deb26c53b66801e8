from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]


@app.post("/products/import")
def import_products(names: list[str], session: Db) -> int:
    try:
        for name in names:
            session.add(Product(name=name))
            session.commit()
    except IntegrityError as error:
        raise HTTPException(409, "twice") from error
    return len(names)


@app.get("/products")
def products(session: Db) -> list[str]:
    return list(session.scalars(select(Product.name).order_by(Product.id).limit(100)))
