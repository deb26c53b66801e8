from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Person


class People:
    def __init__(self, session: Session) -> None:
        self.session = session

    async def add(self, name: str) -> None:
        self.session.add(Person(name=name))
        self.session.commit()  # FP102 (inline)

    async def rename(self, number: int, name: str) -> None:
        person = self.session.scalar(select(Person).where(Person.number == number))  # FP102 (inline)
        person.name = name
        self.session.commit()

    async def relabel(self, number: int, name: str) -> None:
        person = self.session.scalar(select(Person).where(Person.number == number))  # FP102 (inline)
        person.name = name
