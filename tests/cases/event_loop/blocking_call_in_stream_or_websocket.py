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
