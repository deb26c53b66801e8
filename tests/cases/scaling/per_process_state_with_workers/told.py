from fastapi import APIRouter, WebSocket
from redis.asyncio import Redis

router = APIRouter()
store = Redis()


class Rooms:
    def __init__(self) -> None:
        self.sockets: dict[str, WebSocket] = {}
        self.jobs: dict[str, str] = {}
        self.subscriptions: dict[str, str] = {}

    async def enter(self, name: str, websocket: WebSocket) -> None:
        await websocket.accept()
        self.sockets[name] = websocket
        self.subscriptions[name] = "all"  # goes with the socket

    def start(self, name: str) -> None:
        self.jobs[name] = "started"  # FP705

    async def listen(self) -> None:
        channel = store.pubsub()
        await channel.subscribe("rooms")
        async for message in channel.listen():
            await self.sockets[message["name"]].send_text(message["text"])

    def status(self, name: str) -> str:
        return self.jobs[name] or self.subscriptions[name]


rooms = Rooms()


@router.websocket("/rooms")
async def enter(websocket: WebSocket) -> None:
    await rooms.enter("first", websocket)
    await rooms.listen()


@router.post("/jobs")
def start(name: str) -> str:
    rooms.start(name)
    return rooms.status(name)
