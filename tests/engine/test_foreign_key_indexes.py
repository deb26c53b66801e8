"""FP207 knows when the database makes an index for each foreign key on its own: MySQL does."""

from __future__ import annotations

import pytest

from rules import analyze

SOURCE = """
from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
make_session = sessionmaker(create_engine(URL))


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))


def get_session():
    with make_session() as session:
        yield session


@app.get("/customers/{customer}/orders")
def orders(customer: int, session: Session = Depends(get_session)) -> list[int]:
    return session.scalars(select(Order.id).where(Order.customer_id == customer)).all()
"""
COMPOSE = "services:\n  app:\n    build: .\n  db:\n    image: {}\n"


@pytest.mark.parametrize(
    ("drivers", "images", "said"),
    [
        ("asyncpg", (), True),
        ("pymysql", (), False),
        ("pymysql\nasyncpg", (), True),
        ("pymysql\nasyncpg", ("mysql:8.0",), False),
        ("pymysql\nasyncpg", ('"registry.example/bitnami/mariadb:11"',), False),
        ("pymysql\nasyncpg", ("mysql:8.0", "pgvector/pgvector:pg16"), True),
        ("pymysql\nasyncpg", ("prom/mysqld-exporter:v0.15",), True),
        ("asyncpg", ("mysql:8.0",), True),
    ],
)
def test_several_drivers_leave_it_to_the_server_that_is_deployed(
    drivers: str, images: tuple[str, ...], said: bool
) -> None:
    documents = {"requirements.txt": f"fastapi\nsqlalchemy\n{drivers}\n"}
    documents |= {
        f"deploy/{number}/docker-compose.yml": COMPOSE.format(image) for number, image in enumerate(images)
    }

    found = analyze({"main.py": SOURCE.encode()}, documents=documents).result.findings

    assert any(finding.code == "FP207" for finding in found) is said
