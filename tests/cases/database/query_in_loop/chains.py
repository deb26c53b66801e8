"""Loops that climb a tree, one query at each step."""

from fastapi import Depends, FastAPI, Request
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Folder(Base):
    __tablename__ = "folders"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None]
    code: Mapped[str]


def get_session(request: Request) -> Session:
    return request.app.state.session


@app.get("/folders/{number}/path")
def path(number: int, session: Session = Depends(get_session)) -> list[int]:
    folder = session.get(Folder, number)
    found = []
    while folder is not None and folder.parent_id:
        folder = session.get(Folder, folder.parent_id)  # FP201 (change)
        found.append(folder.id)
    return found


@app.post("/folders")
def create(code: str, session: Session = Depends(get_session)) -> str:
    counter = 0
    parent = code
    while session.scalar(select(Folder).where(Folder.code == parent)):
        counter += 1
        parent = f"{code}-{counter}"
    return parent


@app.get("/folders")
def every(session: Session = Depends(get_session)) -> list[int]:
    found: list[int] = []
    last = 0
    while rows := session.scalars(select(Folder).where(Folder.id > last).limit(100)).all():
        found += [row.parent_id or row.id for row in rows]
        last = rows[-1].id
    return found
