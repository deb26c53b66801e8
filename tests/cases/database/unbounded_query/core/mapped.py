"""Rows of which a repository makes something else, one by one, before a service hands them on."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Letter, opened

router = APIRouter()


class LetterOut(BaseModel):
    id: int


def made(letter: Letter) -> LetterOut:
    return LetterOut(id=letter.id)


class Letters:
    def __init__(self, session: Session) -> None:
        self.session = session

    def everything(self) -> list[LetterOut]:
        return [made(letter) for letter in self.session.scalars(select(Letter)).all()]  # FP211

    def one_by_one(self) -> list[LetterOut]:
        found = []
        for letter in self.session.scalars(select(Letter)):  # FP211
            found.append(LetterOut(id=letter.id))
        return found

    def page(self, size: int) -> list[LetterOut]:
        return [made(letter) for letter in self.session.scalars(select(Letter).limit(size)).all()]

    def of(self, numbers: list[int]) -> list[LetterOut]:
        return [made(each) for each in self.session.scalars(select(Letter).where(Letter.id.in_(numbers)))]

    def counted(self) -> int:
        return len([made(letter) for letter in self.session.scalars(select(Letter.id)).all()])


class Office:
    def __init__(self, letters: Letters) -> None:
        self.letters = letters

    def everything(self) -> list[LetterOut]:
        return self.letters.everything()

    def one_by_one(self) -> list[LetterOut]:
        return self.letters.one_by_one()

    def page(self, size: int) -> list[LetterOut]:
        return self.letters.page(size)

    def of(self, numbers: list[int]) -> list[LetterOut]:
        return self.letters.of(numbers)

    def first(self) -> LetterOut:
        return self.letters.everything()[0]


def office(session: Session = Depends(opened)) -> Office:
    return Office(Letters(session))


@router.get("/mapped")
def everything(office: Office = Depends(office)) -> list[LetterOut]:
    return office.everything()


@router.get("/mapped/one-by-one")
def one_by_one(office: Office = Depends(office)) -> list[LetterOut]:
    return office.one_by_one()


@router.get("/mapped/page")
def page(size: int, office: Office = Depends(office)) -> list[LetterOut]:
    return office.page(size)


@router.get("/mapped/some")
def some(numbers: list[int], office: Office = Depends(office)) -> list[LetterOut]:
    return office.of(numbers)


@router.get("/mapped/first")
def first(office: Office = Depends(office)) -> LetterOut:
    return office.first()


@router.get("/mapped/count")
def count(session: Session = Depends(opened)) -> int:
    return Letters(session).counted()
