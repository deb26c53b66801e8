import os

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
engine = create_engine(os.getenv("DATABASE_URL", "sqlite:///./quotes.db"))
Opened = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Quotes(Base):
    __tablename__ = "quotes"
    number: Mapped[int] = mapped_column(primary_key=True)


def opened():
    with Opened() as session:
        yield session


@app.get("/quotes/{number}")
async def one(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Quotes).where(Quotes.number == number))  # FP102 (change)
    return found.number


@app.get("/quotes/{number}/in-thread")
def in_thread(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Quotes).where(Quotes.number == number))
    return found.number
