"""Queries that a mixin makes for whichever class they are asked of."""

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

router = APIRouter()
sessions = sessionmaker()


def opened() -> Session:
    return sessions()


class Asked:
    @classmethod
    def everything(cls, session: Session) -> list[Any]:
        return list(session.scalars(select(cls)).all())  # FP211

    @classmethod
    def asked(cls, session: Session) -> Any:
        return session.query(cls)  # FP211

    @classmethod
    def each(cls, session: Session) -> list[Any]:
        return cls.asked(session).all()

    @classmethod
    def some(cls, session: Session, size: int) -> list[Any]:
        return cls.asked(session).limit(size).all()

    @staticmethod
    def of(cls: type[Any], session: Session) -> list[Any]:
        return list(session.scalars(select(cls)).all())


class Base(DeclarativeBase):
    pass


class Letter(Base, Asked):
    __tablename__ = "letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Unmapped(Asked):
    """No table of its own."""


@router.get("/letters")
def letters(session: Session = Depends(opened)) -> list[Any]:
    return Letter.everything(session)


@router.get("/letters/each")
def each_letter(session: Session = Depends(opened)) -> list[Any]:
    return Letter.each(session)


@router.get("/letters/some")
def some_letters(size: int, session: Session = Depends(opened)) -> list[Any]:
    return Letter.some(session, size)


@router.get("/letters/none")
def none_of_them(session: Session = Depends(opened)) -> list[Any]:
    return [*Unmapped.everything(session), *Asked.each(session)]
