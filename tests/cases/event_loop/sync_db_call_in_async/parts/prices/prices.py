import os

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
engine = create_engine(os.getenv("DATABASE_URL", "sqlite:///./prices.db"))
Opened = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Prices(Base):
    __tablename__ = "prices"
    number: Mapped[int] = mapped_column(primary_key=True)


def opened():
    with Opened() as session:
        yield session


@app.get("/prices/{number}")
async def one(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Prices).where(Prices.number == number))  # FP102 (inline)
    return found.number


@app.get("/prices/{number}/in-thread")
def in_thread(number: int, session: Session = Depends(opened)) -> int:
    found = session.scalar(select(Prices).where(Prices.number == number))
    return found.number
