import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
engine = create_engine("sqlite://")
SessionLocal = sessionmaker(engine)
client = httpx.AsyncClient()


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]


class User:
    is_admin: bool


def who() -> User:
    return User()


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


def get_short_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


def get_unused_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def current_user(session: SessionDep) -> Invoice | None:
    return session.get(Invoice, 1)


async def tokens(prompt: str) -> AsyncIterator[str]:
    async with client.stream("POST", "https://llm.example", json={"prompt": prompt}) as answer:
        async for line in answer.aiter_lines():
            yield line


def rows(session: Session) -> Iterator[str]:
    for invoice in session.scalars(select(Invoice)):
        yield invoice.path


@app.get("/chat")
async def chat(prompt: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)
    return StreamingResponse(tokens(prompt), media_type="text/event-stream")  # FP219


@app.get("/chat-of-staff")
async def chat_of_staff(
    prompt: str, session: SessionDep, user: Annotated[User, Depends(who)]
) -> StreamingResponse:
    if not user.is_admin:
        raise HTTPException(403)
    session.get(Invoice, 1)
    return StreamingResponse(tokens(prompt), media_type="text/event-stream")  # FP219 (change)


@app.get("/chat-of-customers")
async def chat_of_customers(
    prompt: str, session: SessionDep, user: Annotated[User, Depends(who)]
) -> StreamingResponse:
    if user.is_admin:
        raise HTTPException(403)
    session.get(Invoice, 1)
    return StreamingResponse(tokens(prompt), media_type="text/event-stream")  # FP219 (inline)


@app.get("/chat-of-user")
async def chat_of_user(prompt: str, user: Annotated[Invoice, Depends(current_user)]) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        async for token in tokens(prompt):
            yield f"data: {token}\n\n"

    response = StreamingResponse(events())  # FP219
    return response


@app.get("/invoices/{number}")
def download(number: int, session: SessionDep) -> FileResponse:
    invoice = session.get(Invoice, number)
    return FileResponse(invoice.path)  # FP219


# Near misses


@app.get("/export")
def export(session: SessionDep) -> StreamingResponse:
    return StreamingResponse(rows(session))


@app.get("/export-inside")
def export_inside(session: SessionDep) -> StreamingResponse:
    def lines() -> Iterator[str]:
        for invoice in session.scalars(select(Invoice)):
            yield invoice.path

    return StreamingResponse(lines())


@app.get("/released")
async def released(prompt: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)
    session.close()
    return StreamingResponse(tokens(prompt))


@app.get("/early")
async def early(
    prompt: str, session: Annotated[Session, Depends(get_short_session, scope="function")]
) -> StreamingResponse:
    session.get(Invoice, 1)
    return StreamingResponse(tokens(prompt))


@app.get("/memory")
def from_memory(session: SessionDep) -> StreamingResponse:
    invoice = session.get(Invoice, 1)
    return StreamingResponse(io.BytesIO(invoice.path.encode()))


@app.get("/own-session")
async def own_session(prompt: str) -> StreamingResponse:
    with SessionLocal() as session:
        session.get(Invoice, 1)
    return StreamingResponse(tokens(prompt))


@app.get("/never-asked")
async def never_asked(prompt: str, session: Annotated[Session, Depends(get_unused_session)]) -> StreamingResponse:
    return StreamingResponse(tokens(prompt))


@app.get("/json")
def no_stream(session: SessionDep) -> JSONResponse:
    return JSONResponse({"path": session.get(Invoice, 1).path})


CERTIFICATE = Path("/etc/shop/certificate.pem")


@app.get("/certificate")
def one_file(session: SessionDep) -> FileResponse:
    session.get(Invoice, 1)
    return FileResponse(CERTIFICATE)  # FP219 (summary)


@app.websocket("/rooms/{number}")
async def room(socket: WebSocket, number: int, session: SessionDep) -> None:
    invoice = session.get(Invoice, number)
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text() + invoice.path)  # FP219


@app.websocket("/rooms/of-a-user")
async def room_of_a_user(socket: WebSocket, user: Annotated[Invoice, Depends(current_user)]) -> None:
    await socket.accept()
    async for text in socket.iter_text():  # FP219
        await socket.send_text(text)


@app.websocket("/rooms/ended")
async def room_after_the_end(socket: WebSocket, session: SessionDep) -> None:
    session.get(Invoice, 1)
    session.close()
    await socket.accept()
    while True:
        await socket.receive_text()


@app.websocket("/rooms/own-session")
async def room_with_sessions_of_its_own(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        number = await socket.receive_text()
        with SessionLocal() as session:
            session.get(Invoice, int(number))


@app.websocket("/rooms/once")
async def room_for_one_message(socket: WebSocket, session: SessionDep) -> None:
    session.get(Invoice, 1)
    await socket.accept()
    await socket.send_text("bye")


async def answered(prompt: str) -> AsyncIterator[str]:
    session = Session(engine)
    asked = session.get(Invoice, 1)
    pieces = tokens(prompt)
    async for piece in pieces:
        yield piece + asked.path


@app.get("/answered")
async def answered_in_a_session_of_its_own(prompt: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)
    pieces = answered(prompt)
    return StreamingResponse(pieces)  # FP219


def joined(parts: list[Iterator[str]]) -> Iterator[str]:
    for part in parts:
        yield from part


@app.get("/parts")
def parts(session: SessionDep, numbers: list[int]) -> StreamingResponse:
    session.get(Invoice, 1)
    members = [(f"{number}.csv", rows(session)) for number in numbers]
    return StreamingResponse(joined(members))


@app.get("/later")
def later(session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)
    opened = lambda: rows(session)  # noqa: E731
    return StreamingResponse(joined(opened))


@app.get("/names")
def names(session: SessionDep) -> StreamingResponse:
    loaded = [invoice.path for invoice in session.scalars(select(Invoice)).all()]
    return StreamingResponse(joined(loaded))  # FP219


def refused() -> Iterator[str]:
    yield "data: not here"


@app.get("/refused")
async def refused_at_once(session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)
    return StreamingResponse(refused(), media_type="text/event-stream")


@app.get("/refused/for/{reason}")
async def refused_for(reason: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)

    async def told() -> AsyncIterator[str]:
        yield f"data: {json.dumps({'reason': reason})}"
        yield "data: done"

    return StreamingResponse(told(), media_type="text/event-stream")


@app.get("/asked")
async def asked_once(prompt: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)

    async def told() -> AsyncIterator[str]:
        yield "data: a moment"
        yield (await client.get(f"https://llm.example/{prompt}")).text

    return StreamingResponse(told(), media_type="text/event-stream")  # FP219


@app.get("/each")
async def told_of_each(parts: list[str], session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)

    async def told() -> AsyncIterator[str]:
        for part in parts:
            yield part

    return StreamingResponse(told(), media_type="text/event-stream")  # FP219


@app.get("/opened")
async def told_from_file(path: str, session: SessionDep) -> StreamingResponse:
    session.get(Invoice, 1)

    def told() -> Iterator[bytes]:
        yield Path(path).read_bytes()

    return StreamingResponse(told(), media_type="text/event-stream")  # FP219
