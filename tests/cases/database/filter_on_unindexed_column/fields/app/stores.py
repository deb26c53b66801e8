from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Item, Order, Parcel

Model = TypeVar("Model")


class Store(Generic[Model]):
    def __init__(self, model: type[Model]) -> None:
        self.model = model

    def query(
        self, session: Session, *, filters: dict[str, Any] | None = None, limit: int = 100
    ) -> list[Model]:
        found = session.query(self.model)
        for field, value in (filters or {}).items():
            found = found.filter(getattr(self.model, field) == value)
        return found.limit(limit).all()

    def get_by(self, session: Session, field: str, value: Any) -> Model | None:
        return session.scalars(select(self.model).where(getattr(self.model, field) == value)).first()

    def find(self, session: Session, criteria: dict[str, Any]) -> list[Model]:
        return list(session.scalars(select(self.model).filter_by(**criteria)))

    def first_by(self, session: Session, field_name: str, value: Any) -> Model | None:
        column = getattr(self.model, field_name, None)
        return session.query(self.model).filter(column == value).first()

    def exists_by(self, session: Session, field: str, value: Any) -> bool:
        return session.query(self.model).filter_by(**{field: value}).count() > 0

    def list_all(self, session: Session, where: dict[str, Any]) -> list[Model]:
        conditions = [getattr(self.model, name) == value for name, value in where.items()]
        return list(session.scalars(select(self.model).where(*conditions).limit(100)))

    def _filtered(self, query: Any, filters: dict[str, Any]) -> Any:
        for name, value in filters.items():
            query = query.where(getattr(self.model, name) == value)
        return query

    def get_page(self, session: Session, page: int, filters: dict[str, Any]) -> list[Model]:
        found = self._filtered(select(self.model), filters)
        return list(session.scalars(found.limit(20).offset(page)))

    def get_labels(self, session: Session, filters: dict[str, Any]) -> list[Any]:
        return [getattr(self.model, "label"), session, filters]

    def search(self, session: Session, *, filters: dict[str, Any]) -> list[Model]:
        found = session.query(self.model)
        for field, value in filters.items():
            found = found.filter(getattr(self.model, field).ilike(value))
        return found.all()

    def sorted_by(self, session: Session, field: str, value: Any) -> list[Model]:
        order = getattr(self.model, field)
        return list(session.scalars(select(self.model).order_by(order).limit(value)))


class Orders(Store[Order]):
    def __init__(self) -> None:
        super().__init__(Order)

    def of_trace(self, session: Session, trace: str) -> list[Order]:
        return self.query(session, filters={"trace_id": trace})


class Items(Store[Item]):
    pass


class Parcels(Store[Parcel]):
    pass
