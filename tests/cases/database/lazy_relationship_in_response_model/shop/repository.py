from typing import Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from shop.models import Base, Customer, Item, Order

M = TypeVar("M", bound=Base)


class Repository(Generic[M]):
    model: type[M]

    def __init__(self, session: Session) -> None:
        self.session = session

    def base(self) -> Select:
        return select(self.model)  # FP204

    def all(self, statement: Select) -> list[M]:
        return list(self.session.scalars(statement).all())

    def everything(self) -> list[M]:
        return self.all(self.base())


class OrderRepository(Repository[Order]):
    model = Order

    @classmethod
    def loader_options(cls) -> tuple:
        return (selectinload(Order.items).selectinload(Item.product),)

    @classmethod
    def few_options(cls) -> list:
        return [selectinload(Order.items)]

    def whole(self) -> list[Order]:
        return self.all(select(Order).options(*self.loader_options()))

    def partly(self) -> list[Order]:
        statement = select(Order).options(*self.few_options())  # FP204
        return self.all(statement)

    def recent(self, limit: int) -> list[Order]:
        statement = select(Order).order_by(Order.id.desc()).limit(limit)  # FP204
        return self.all(statement)

    def complete(self) -> list[Order]:
        statement = self.base().options(selectinload(Order.items).selectinload(Item.product))
        return self.all(statement)


class CustomerRepository(Repository[Customer]):
    def everyone(self) -> list[Customer]:
        return self.session.query(self.model).all()  # FP204


class ItemRepository(Repository[Item]):
    def of_all(self) -> list[Item]:
        return self.all(self.base())
