import asyncio
import queue
from collections.abc import AsyncIterator

import redis.asyncio as redis
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()
audits = asyncio.Queue()  # FP709
threads = queue.Queue(maxsize=0)  # FP709
_running: list[asyncio.Task[None]] = []
_jobs = set()
_by_name: dict[str, asyncio.Task[None]] = {}


class Audit:
    def __init__(self) -> None:
        self.entries: asyncio.Queue[str] = asyncio.Queue()  # FP709

    async def write(self, text: str) -> None:
        await self.entries.put(text)


audit = Audit()


async def work() -> None: ...


@app.post("/orders")
async def order(text: str) -> None:
    audits.put_nowait(text)
    threads.put(text)
    await audit.write(text)


@app.post("/task")
async def task() -> None:
    _running.append(asyncio.create_task(work()))  # FP709
    started = asyncio.create_task(work())
    _jobs.add(started)  # FP709


@app.post("/named")
async def named(name: str) -> None:
    _by_name[name] = asyncio.create_task(work())  # kept to be looked up


async def kept_alive(source: AsyncIterator[str]) -> AsyncIterator[str]:
    items = asyncio.Queue()  # FP709

    async def read() -> None:
        async for item in source:
            await items.put(item)

    reader = asyncio.create_task(read())
    while not reader.done():
        yield await items.get()


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(kept_alive(stream()))


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()  # FP709 (summary)
    while True:
        heard.put_nowait(await socket.receive_text())


# Near misses


@app.websocket("/bounded-chat")
async def bounded_chat(socket: WebSocket) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue(maxsize=10)
    while True:
        await heard.put(await socket.receive_text())


@app.websocket("/once")
async def once(socket: WebSocket, texts: list[str]) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    await told.put(await socket.receive_text())
    for text in texts:
        await told.put(text)


bounded = asyncio.Queue(maxsize=1000)
by_position = asyncio.Queue(100)
unfed = asyncio.Queue()
at_start = asyncio.Queue()
_discarded: set[asyncio.Task[None]] = set()


@app.post("/bounded")
async def put(text: str) -> None:
    await bounded.put(text)
    await by_position.put(text)
    running = asyncio.create_task(work())
    _discarded.add(running)
    running.add_done_callback(_discarded.discard)


async def start() -> None:
    await at_start.put("x")


@app.get("/local")
async def local(texts: list[str]) -> int:
    items = asyncio.Queue()
    for text in texts:
        items.put_nowait(text)
    return items.qsize()


class PerRequest:
    def __init__(self) -> None:
        self.items = asyncio.Queue()

    async def put(self, text: str) -> None:
        await self.items.put(text)


class Hub:
    def __init__(self) -> None:
        self._events: asyncio.Queue[str] = asyncio.Queue()  # FP709 (summary)
        self._seldom = asyncio.Queue(maxsize=100)
        self._signals = asyncio.Queue()
        self._unread = asyncio.Queue()
        self._own = asyncio.Queue()

    async def publish(self, event: str) -> None:
        await self._events.put(event)
        await self._seldom.put(event)
        await self._unread.put(event)
        self._signals.put_nowait(None)

    async def read(self) -> str:
        await self._signals.get()
        return await self._events.get() + await self._seldom.get() + await self._own.get()

    async def _on_part(self, part: str) -> None:
        await self._own.put(part)  # of one answer that the object itself asked for


class Turn:
    """Made for one request, and gone with it."""

    def __init__(self) -> None:
        self._words = asyncio.Queue()

    async def say(self, word: str) -> None:
        await self._words.put(word)

    async def hear(self) -> str:
        return await self._words.get()


@app.get("/turn")
async def turn(word: str) -> str:
    own = Turn()
    await own.say(word)
    return await own.hear()


streams = redis.Redis()


@app.post("/streams")
async def streamed(text: str) -> None:
    await streams.xadd("texts", {"text": text})
    await streams.xtrim("texts", maxlen=1000)
