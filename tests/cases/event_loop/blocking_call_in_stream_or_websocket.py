"""FP106: what blocks in a stream or websocket blocks for as long as the client stays."""

import asyncio
import time

import requests
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()


def position() -> str:
    return requests.get("https://fleet.example/position", timeout=1).text


@app.websocket("/position")
async def follow(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(position())  # FP106
        time.sleep(1)  # FP106


@app.websocket("/quick")
async def follow_quickly(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await asyncio.to_thread(position))
        await asyncio.sleep(1)


async def events():
    while True:
        yield requests.get("https://fleet.example/next", timeout=30).text  # FP106


def events_in_a_thread():
    while True:
        yield requests.get("https://fleet.example/next", timeout=30).text
        time.sleep(1)


async def numbers():
    for number in range(3):
        time.sleep(0.01)
        yield number


@app.get("/events")
async def stream() -> StreamingResponse:
    return StreamingResponse(events(), media_type="text/event-stream")


@app.get("/events-in-a-thread")
async def stream_from_a_thread() -> StreamingResponse:
    return StreamingResponse(events_in_a_thread(), media_type="text/event-stream")


@app.get("/numbers")
async def collected() -> list[int]:
    return [number async for number in numbers()]


@app.get("/plain")
async def plain() -> str:
    time.sleep(1)
    return "late"


# Generators that await nothing


def packed(row: dict[str, str]) -> bytes:
    return b"".join(encoded(key, value) for key, value in row.items())


def encoded(key: str, value: str) -> bytes:
    return key.encode() + value.encode()


def short(row: dict[str, str]) -> str:
    return row["name"]


def made_one_by_one(rows: list[dict[str, str]]):
    for row in rows:
        yield packed(row)


class Exported:
    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows = rows

    async def chunks(self):
        for row in self.rows:  # FP106 (summary)
            yield packed(row)

    async def kept_apart(self):
        for row in self.rows:
            yield packed(row)
            await asyncio.sleep(0)

    async def lines(self):
        for row in self.rows:
            yield row["name"].encode()

    async def names(self):
        for row in self.rows:
            yield short(row)

    async def of_two(self):
        for name in ("north", "south"):
            yield packed({"name": name})

    def in_a_thread(self):
        for row in self.rows:
            yield packed(row)

    async def counted(self):
        for row in self.rows:
            yield packed(row)


@app.post("/exported")
async def exported(rows: list[dict[str, str]]) -> StreamingResponse:
    made = Exported(rows).chunks()
    return StreamingResponse(made)


@app.post("/exported/{kind}")
async def exported_as(kind: str, rows: list[dict[str, str]]) -> StreamingResponse:
    made = Exported(rows)
    if kind == "apart":
        return StreamingResponse(made.kept_apart())
    if kind == "lines":
        return StreamingResponse(made.lines())
    if kind == "names":
        return StreamingResponse(made.names())
    if kind == "two":
        return StreamingResponse(made.of_two())
    return StreamingResponse(made.in_a_thread())


@app.post("/taken")
async def taken(rows: list[dict[str, str]]) -> StreamingResponse:
    async def chunks():
        for chunk in made_one_by_one(rows):  # FP106 (summary)
            yield chunk

    return StreamingResponse(chunks())


@app.post("/counted")
async def counted(rows: list[dict[str, str]]) -> int:
    return len([chunk async for chunk in Exported(rows).counted()])
