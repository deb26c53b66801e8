from collections.abc import Sequence
from enum import Enum
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()
router = APIRouter()
app.include_router(router)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    total: Mapped[int]
    customer_id: Mapped[int]
    note: Mapped[str]


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str]
    colour: Mapped[str]
    icon: Mapped[str]


class Item(BaseModel):
    id: int


class Run(BaseModel):
    steps: list[str]


class Colour(Enum):
    RED = "red"

    @classmethod
    def all(cls) -> list[dict[str, str]]:
        return [{"name": colour.name, "value": colour.value} for colour in cls]


def get_session() -> Session:
    raise NotImplementedError


def find_items() -> list[Item]:
    return []


def names() -> list[str]:
    return []


@app.get("/invoices")
def invoices(session: Session = Depends(get_session)):  # FP501 (inline)
    return session.scalars(select(Invoice)).all()


@app.get("/invoice-numbers")
def invoice_numbers(session: Session = Depends(get_session)):  # FP501 (summary)
    return [{"id": each.id, "number": each.number} for each in session.scalars(select(Invoice))]


@app.get("/page")
def page(session: Session = Depends(get_session)):  # FP501 (summary)
    return session.scalars(select(Invoice).limit(50)).all()


@app.get("/of-one-customer/{customer}")
def of_one_customer(customer: int, session: Session = Depends(get_session)):  # FP501 (summary)
    return session.scalars(select(Invoice).where(Invoice.customer_id == customer)).all()


@app.get("/roles")
def roles(session: Session = Depends(get_session)):  # FP501 (summary)
    return session.scalars(select(Role)).all()


@app.get("/comprehension")
def comprehension(session: Session = Depends(get_session)):  # FP501 (summary)
    return [{"id": order.id, "total": 0} for order in session.scalars(select(Order))]


@router.get("/nested")
async def nested(session: AsyncSession):  # FP501
    found = (await session.execute(select(Order))).scalars().all()
    return {"total": len(found), "items": found}


@app.post("/models")
def models():  # FP501
    return find_items()


@app.get("/appended")
def appended(ids: list[int]):  # FP501
    found = []
    for number in ids:
        found.append({"id": number, "double": number * 2})
    return found


@app.get("/dumped")
def dumped() -> None:  # FP501
    return [item.model_dump() for item in find_items()]


# Near misses


@app.get("/typed")
def typed() -> list[Item]:
    return find_items()


@app.get("/loosely-typed")
def loosely_typed() -> list[dict[str, Any]]:
    return [{"id": item.id, "name": ""} for item in find_items()]


@app.get("/model", response_model=list[Item])
def with_model():
    return find_items()


@app.get("/raw")
def raw():
    return JSONResponse([{"id": item.id, "name": ""} for item in find_items()])


@app.get("/sometimes-raw")
def sometimes_raw(fail: bool):
    if fail:
        return JSONResponse({"detail": "no"}, status_code=400)
    return find_items()


@app.get("/class", response_class=JSONResponse)
def with_class():
    return find_items()


@app.get("/health")
def health():
    return {"status": "ok", "checks": [{"name": "db", "ok": True}]}


@app.get("/one")
def one(session: Session = Depends(get_session)):
    return session.get(Order, 1)


@app.get("/strings")
def strings():
    return names()


@app.get("/colours")
def colours():
    return [{"name": colour.name, "value": colour.value} for colour in (Colour.RED,)]


@app.get("/all-colours")
def all_colours():
    return Colour.all()


@app.get("/parts")
def parts(run: Run):
    return {"id": 1, "steps": [{"name": step, "index": 0} for step in run.steps]}


@app.get("/scalars")
def scalars():
    return [item.id for item in find_items()]


@app.get("/stream")
def stream():
    return StreamingResponse(iter(names()))


def helper() -> Sequence[Item]:
    return [Item(id=item.id) for item in find_items()]


def untyped_helper():
    return [{"id": item.id, "name": ""} for item in find_items()]
