from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProductOut(Schema):
    id: int


class ItemOut(Schema):
    id: int
    product: ProductOut


class PlainItem(Schema):
    id: int


class TagOut(Schema):
    id: int


class OrderBrief(Schema):
    id: int
    tags: list[TagOut] = []


class OrderOut(OrderBrief):
    items: list[PlainItem]


class OrderDeep(OrderBrief):
    items: list[ItemOut]


class OrderAliased(Schema):
    id: int
    lines: list[PlainItem] = Field(validation_alias="items")


class OrderRenamed(Schema):
    items: int = Field(alias="id")


class OrderValidated(Schema):
    id: int
    items: list[PlainItem] = []

    @model_validator(mode="before")
    @classmethod
    def only_columns(cls, value):
        return {"id": value.id}


class CustomerOut(Schema):
    id: int
    region_name: str


class CustomerShouted(Schema):
    shouted: str


class OrderPage(Schema):
    data: list[OrderOut]
    count: int


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int


class LineOut(Schema):
    order: OrderRenamed


class OrderLines(Schema):
    items: list[LineOut]


class CustomerBrief(Schema):
    id: int


class OrderOfCustomer(Schema):
    id: int
    customer: CustomerBrief


class CustomerCounted(Schema):
    id: int
    order_count: int
    own_country: TagOut
    last_order: PlainItem | None


class CustomerAlone(Schema):
    shown_of_one: int
