from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI, WebSocket
from redis.asyncio import Redis

from told import router

scheduler = AsyncIOScheduler()
guarded = AsyncIOScheduler()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    scheduler.start()  # FP705
    yield


@asynccontextmanager
async def with_lock(app: FastAPI) -> AsyncIterator[None]:
    if take_leader_lock():
        guarded.start()
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(router)
other = FastAPI(lifespan=with_lock)


class Manager:
    def __init__(self) -> None:
        self.connections: list[WebSocket] = []
        self.cache: dict[str, str] = {}
        self.users: dict[WebSocket, str] = {}
        self.sessions: dict[str, set[WebSocket]] = {}

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.connections.append(websocket)  # another file hears from the other workers
        self.users[websocket] = "somebody"
        self.sessions["first"] = {websocket}

    def disconnect(self, websocket: WebSocket) -> None:
        self.connections.remove(websocket)

    async def broadcast(self, text: str) -> None:
        for connection in self.connections:
            await connection.send_text(self.users[connection] + text)
        print(self.sessions["first"])

    def remember(self, key: str) -> str:
        self.cache[key] = key
        return self.cache[key]


manager = Manager()
sessions: dict[str, str] = {}
users_cache: dict[str, str] = {}
only_written: dict[str, str] = {}
REGISTERED: dict[str, str] = {}


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await manager.connect(websocket)
    await manager.broadcast("hello")
    manager.disconnect(websocket)


@app.post("/login")
def login(token: str, name: str) -> None:
    sessions[token] = name  # FP705
    users_cache[token] = name
    only_written[token] = name
    manager.remember(token)


@app.get("/me")
def me(token: str) -> str:
    return sessions[token] + users_cache.get(token, "") + REGISTERED["a"]


# Near misses


def take_leader_lock() -> bool:
    return True


def register(name: str) -> None:
    REGISTERED[name] = name


@app.get("/local")
def local(token: str) -> dict[str, str]:
    sessions_here = {}
    sessions_here[token] = token
    return sessions_here


attempts: dict[str, int] = {}
store = Redis()


async def count_here(key: str) -> int:
    attempts[key] = attempts.get(key, 0) + 1
    return attempts[key]


async def count(key: str) -> int:
    found = await store.incr(key)
    if found is None:
        return await count_here(key)
    return found


@app.post("/try")
async def try_once(key: str) -> int:
    return await count(key) + attempts.get(key, 0)


login_windows: dict[str, int] = {}


def limit_here(key: str) -> int:
    login_windows[key] = login_windows.get(key, 0) + 1
    return login_windows[key]


def without_store(key: str) -> int:
    """Only while Redis is down."""
    return limit_here(key)


async def incr_in_redis(key: str) -> int:
    return await store.incr(key)


@app.post("/limit")
async def limit(key: str) -> int:
    try:
        return await incr_in_redis(key)
    except ConnectionError:
        return without_store(key)


@app.get("/limit")
def looks(key: str) -> int:
    return login_windows.get(key, 0)
