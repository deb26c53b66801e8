"""Rows of which a repository makes something else, one by one, before a service hands them on."""

from collections.abc import Iterator

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Letter, opened

router = APIRouter()


class LetterOut(BaseModel):
    id: int


class LettersOut(BaseModel):
    items: list[LetterOut]


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

    def of_the_day(self) -> list[LetterOut]:
        return [made(letter) for letter in self.session.scalars(select(Letter)).all()]  # FP211

    def page(self, size: int) -> list[LetterOut]:
        return [made(letter) for letter in self.session.scalars(select(Letter).limit(size)).all()]

    def of(self, numbers: list[int]) -> list[LetterOut]:
        return [made(each) for each in self.session.scalars(select(Letter).where(Letter.id.in_(numbers)))]

    def each(self) -> Iterator[LetterOut]:
        for letter in self.session.scalars(select(Letter)):  # FP211
            yield made(letter)

    def each_of_page(self, size: int) -> Iterator[LetterOut]:
        for letter in self.session.scalars(select(Letter).limit(size)):
            yield made(letter)

    def each_long_one(self) -> Iterator[LetterOut]:
        for letter in self.session.scalars(select(Letter)):
            if letter.text:
                yield made(letter)

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

    def each(self) -> list[LetterOut]:
        return [letter for letter in self.letters.each()]

    def each_of_page(self, size: int) -> list[LetterOut]:
        return list(self.letters.each_of_page(size))

    def each_long_one(self) -> list[LetterOut]:
        return list(self.letters.each_long_one())

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


@router.get("/mapped/of-the-day")
def of_the_day(office: Office = Depends(office)) -> LettersOut:
    return LettersOut(items=office.letters.of_the_day())


@router.get("/mapped/page-of-them")
def page_of_them(size: int, office: Office = Depends(office)) -> LettersOut:
    return LettersOut(items=office.page(size))


@router.get("/mapped/page")
def page(size: int, office: Office = Depends(office)) -> list[LetterOut]:
    return office.page(size)


@router.get("/mapped/some")
def some(numbers: list[int], office: Office = Depends(office)) -> list[LetterOut]:
    return office.of(numbers)


@router.get("/mapped/each")
def each(office: Office = Depends(office)) -> list[LetterOut]:
    return office.each()


@router.get("/mapped/each-of-page")
def each_of_page(size: int, office: Office = Depends(office)) -> list[LetterOut]:
    return office.each_of_page(size)


@router.get("/mapped/each-long-one")
def each_long_one(office: Office = Depends(office)) -> list[LetterOut]:
    return office.each_long_one()


@router.get("/mapped/first")
def first(office: Office = Depends(office)) -> LetterOut:
    return office.first()


@router.get("/mapped/count")
def count(session: Session = Depends(opened)) -> int:
    return Letters(session).counted()
