import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session() -> Session:
    raise NotImplementedError


def events() -> Iterator[str]:
    while True:
        yield "data: 1\n\n"
        time.sleep(3)


@app.get("/events")
async def watch() -> StreamingResponse:
    return StreamingResponse(events(), media_type="text/event-stream")  # FP508


@app.get("/rows")
def rows(session: Session = Depends(get_session)) -> StreamingResponse:
    def lines() -> Iterator[str]:
        for order in session.scalars(select(Order)):
            yield json.dumps({"id": order.id}) + "\n"

    return StreamingResponse(lines())  # FP508


# Near misses


async def awaited() -> AsyncIterator[str]:
    while True:
        yield "data: 1\n\n"
        await asyncio.sleep(3)


@app.get("/awaited")
async def watch_awaited() -> StreamingResponse:
    return StreamingResponse(awaited())


@app.get("/chunks")
def chunked(session: Session = Depends(get_session)) -> StreamingResponse:
    def blocks() -> Iterator[str]:
        buffer = ""
        for order in session.scalars(select(Order)):
            buffer += f"{order.id}\n"
            if len(buffer) > 65536:
                yield buffer
                buffer = ""
        yield buffer

    return StreamingResponse(blocks())


@app.get("/file")
def from_file() -> StreamingResponse:
    def pieces() -> Iterator[bytes]:
        with open("/exports/orders.csv", "rb") as file:
            while chunk := file.read(65536):
                yield chunk

    return StreamingResponse(pieces())


def retried() -> Iterator[str]:
    for attempt in range(3):
        time.sleep(attempt)
    yield "done"


@app.get("/retried")
def with_retries() -> StreamingResponse:
    return StreamingResponse(retried())


def never_streamed() -> Iterator[str]:
    while True:
        yield ""
        time.sleep(1)


def collected() -> list[str]:
    return list(events())


@app.get("/collected")
def with_collected() -> StreamingResponse:
    return StreamingResponse(iter(collected()))


@app.get("/few")
def few() -> StreamingResponse:
    def lines() -> Iterator[str]:
        for name in ({"id": 1, "name": "a"}, {"id": 2, "name": "b"}):
            yield json.dumps(name)

    return StreamingResponse(lines())


@app.get("/batches")
def batches(session: Session = Depends(get_session)) -> StreamingResponse:
    def blocks() -> Iterator[str]:
        for chunk in session.scalars(select(Order)).partitions(1000):
            yield "".join(f"{order.id}" for order in chunk)

    return StreamingResponse(blocks())
