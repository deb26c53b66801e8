from datetime import datetime
from enum import Enum
from typing import Annotated

from beanie import Document, Indexed
from beanie.operators import And, In
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo import ASCENDING, AsyncMongoClient, IndexModel

app = FastAPI()
client = AsyncMongoClient("mongodb://localhost")
db = client["shop"]
sessions = db["sessions"]


class Channel(Enum):
    SHOP = "shop"


class Message(Document):
    number: str  # FP206 (inline)
    thread: str
    owner: str  # FP206 (inline)
    email: Indexed(str, unique=True)
    reference: Annotated[str, Indexed()]
    is_read: bool
    status: str
    channel: Channel
    subject: str
    room: str
    created_at: datetime

    class Settings:
        name = "messages"
        indexes = ["room", IndexModel([("thread", ASCENDING)])]


class Theme(Document):
    color: str  # FP206 (summary)


class Draft(BaseModel):
    number: str

    @classmethod
    async def find_one(cls, *args: object) -> "Draft":
        return cls(number="1")


@app.get("/messages/{number}")
async def message(number: str, owner: str, flag: bool, subject: str) -> list[object]:
    return [
        await Message.find_one(Message.number == number),
        await Message.find({"owner": owner}).limit(10).to_list(),
        await Message.find_one(Message.email == owner),
        await Message.find_one(Message.reference == owner),
        await Message.find_one(Message.is_read == flag, Message.status == owner),
        await Message.find_one(Message.channel == Channel(owner)),
        await Message.find(And(Message.room == owner, Message.subject == subject)).limit(10).to_list(),
        await Message.find(Message.thread == owner, Message.subject == subject).limit(10).to_list(),
        await Message.find(In(Message.subject, [subject])).limit(10).to_list(),
        await Theme.find_one(Theme.color == number),
        await Draft.find_one(Draft.number == number),
    ]


# Collections without classes


async def start() -> None:
    await db.visits.create_index("token", unique=True)
    await sessions.create_index([("user", 1), ("at", -1)])


@app.get("/visits/{token}")
async def visit(token: str, number: str) -> list[object]:
    return [
        await db.visits.find_one({"token": token}),
        await db.visits.find_one({"user": number, "page": token}),
        await db.visits.find_one({"page": token}),  # FP206 (inline)
        await db.visits.find_one({"page": token}),
        await db.visits.find_one({"_id": token}),
        await db.visits.find_one({"kind": token}),
        await db.visits.find_one({"page": {"$exists": True}}),
        await db.visits.find_one({"$or": [{"page": token}]}),
        await sessions.find_one({"device": token}),  # FP206
        await db["orders"].update_one({"number": number}, {"$set": {"page": token}}),  # FP206 (inline)
        await db["orders"].find_one(parsed(number)),
    ]


def parsed(number: str) -> dict[str, str]:
    return {"number": number}
