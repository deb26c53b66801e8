"""A table that only a migration describes."""

from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

from shop.lists import get_session

app = FastAPI()


@app.get("/messages/{token}")
def message(token: str, sender: str, session: Annotated[Session, Depends(get_session)]) -> list[object]:
    return [
        session.execute(text("SELECT * FROM messages_sent WHERE token = :t"), {"t": token}).first(),  # FP206
        session.execute(text("SELECT * FROM messages_sent WHERE sender = :s"), {"s": sender}).first(),
        session.execute(text("SELECT * FROM messages_got WHERE token = :t"), {"t": token}).first(),
    ]
