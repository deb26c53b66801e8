from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Order

T = TypeVar("T")


class Repository(Generic[T]):
    def __init__(self, model: type[T], session: Session) -> None:
        self.model = model
        self.session = session

    def all(self) -> list[T]:
        return self.session.scalars(select(self.model)).all()

    def find_one(self, **filters: object) -> T | None:
        return self.session.scalars(select(self.model).filter_by(**filters)).first()


class Orders(Repository[Order]):
    def labelled(self, label: str) -> Order | None:
        return self.session.scalars(select(self.model).where(self.model.label == label)).first()

    def coded(self, barcode: str) -> Order | None:
        return self.session.scalars(
            select(self.model).where(self.model.barcode == barcode, self.model.colour == "red")
        ).first()

    def coloured(self, paint: object, colour: str) -> Order | None:
        return self.session.scalars(select(paint.model).where(paint.model.colour == colour)).first()


class PlainStore:
    def __init__(self, model, session: Session):
        self.model = model
        self.session = session

    def all(self):
        return self.session.scalars(select(self.model)).all()

    def find_one(self, **filters):
        return self.session.scalars(select(self.model).filter_by(**filters)).first()


class PairRepository:
    """It asks for the rows of what its own class sets, whatever it is given."""

    model = None

    def __init__(self, other, session):
        self.other = other
        self.session = session

    def all(self):
        return list(self.other.names(self.session))
