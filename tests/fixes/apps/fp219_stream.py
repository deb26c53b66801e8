from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()

with Session(engine) as first:
    first.add_all([Invoice(id=1, lines=3), Invoice(id=2, lines=0)])
    first.commit()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def pages(lines: int) -> Iterator[str]:
    for number in range(lines):
        yield f"line {number}\n"


@app.get("/invoices/{number}")
def download(number: int, session: Annotated[Session, Depends(get_session)]) -> StreamingResponse:
    lines = session.scalar(select(Invoice.lines).where(Invoice.id == number))
    return StreamingResponse(pages(lines or 0), media_type="text/plain")
