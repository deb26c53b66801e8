from typing import Annotated, cast

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list["Item"]] = relationship()
    tags: Mapped[list["Tag"]] = relationship(lazy="selectin")

    def total(self) -> int:
        return len(self.items)

    @property
    def item_count(self) -> int:
        return len(self.items)

    @property
    def loaded_count(self) -> int:
        return len(self.items) if "items" in self.__dict__ else 0

    @property
    def label(self) -> str:
        return f"order {self.id}"


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product: Mapped["Product"] = relationship()


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class TagOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    items: list[ItemOut]


class OrderBrief(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    tags: list[TagOut]


def get_sync_session():
    with SessionLocal() as session:
        yield session


async def get_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
SyncSessionDep = Annotated[Session, Depends(get_sync_session)]


async def get_order(session: AsyncSession, order_id: int) -> Order | None:
    return await session.get(Order, order_id)


async def load_items(order: Order) -> None:
    await order.awaitable_attrs.items


@app.get("/orders/{order_id}/size")
async def size(order_id: int, session: SessionDep) -> int:
    order = await get_order(session, order_id)
    return len(order.items)  # FP205


@app.get("/names")
async def names(session: SessionDep) -> list[str]:
    result = await session.execute(select(Order).options(selectinload(Order.items)))
    return [item.product.name for order in result.scalars() for item in order.items]  # FP205


@app.get("/orders", response_model=list[OrderOut])
async def orders(session: SessionDep):
    result = await session.scalars(select(Order))  # FP205
    return result.all()


@app.get("/orders/{order_id}", response_model=OrderOut)
async def one(order_id: int, session: SessionDep):
    return (await session.execute(select(Order).where(Order.id == order_id))).scalar_one()  # FP205


# Near misses


@app.get("/eager", response_model=list[OrderOut])
async def eager(session: SessionDep):
    return (await session.scalars(select(Order).options(selectinload(Order.items)))).all()


@app.get("/brief", response_model=list[OrderBrief])
async def brief(session: SessionDep):
    return (await session.scalars(select(Order))).all()


@app.get("/refreshed/{order_id}")
async def refreshed(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    await session.refresh(order, ["items"])
    return len(order.items)


@app.get("/awaited/{order_id}")
async def awaited(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    return len(await order.awaitable_attrs.items)


@app.get("/handed/{order_id}")
async def handed(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    await load_items(order)
    return len(order.items)


@app.get("/handed-one-by-one", response_model=list[OrderOut])
async def handed_one_by_one(session: SessionDep):
    found = (await session.scalars(select(Order))).all()
    for order in found:
        await load_items(order)
    return found


@app.get("/in-sync/{order_id}")
async def in_sync(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    return await session.run_sync(lambda _: len(order.items))


@app.post("/assigned/{order_id}")
async def assigned(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    order.items = []
    return len(order.items)


@app.post("/new")
async def new(session: SessionDep) -> int:
    order = Order(items=[Item()])
    session.add(order)
    return len(order.items)


@app.get("/sync/{order_id}")
def sync(order_id: int, session: SyncSessionDep) -> int:
    order = session.get(Order, order_id)
    return len(order.items)


@app.get("/sync", response_model=list[OrderBrief])
def sync_list(session: SyncSessionDep):
    return session.scalars(select(Order)).all()


class Written(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


@app.post("/orders", response_model=Written)
async def create(session: SessionDep):
    order = Order()
    session.add(order)
    await session.commit()
    return order  # FP205


@app.post("/orders/number")
async def number(session: SessionDep) -> int:
    order = Order()
    session.add(order)
    try:
        await session.commit()
    except ValueError:
        await session.rollback()
        raise
    return order.id  # FP205


@app.post("/orders/{order_id}/touched")
async def touched(order_id: int, session: SessionDep) -> Written:
    order = await session.get(Order, order_id)
    if order is None:
        raise KeyError(order_id)
    await session.commit()
    print("touched")
    return Written.model_validate(order)  # FP205


# Nothing below


@app.post("/refreshed", response_model=Written)
async def refreshed(session: SessionDep):
    order = Order()
    session.add(order)
    await session.commit()
    await session.refresh(order)
    return order


@app.post("/early")
async def read_before(session: SessionDep) -> int:
    order = Order()
    session.add(order)
    await session.flush()
    number = order.id
    await session.commit()
    return number


@app.post("/never-added")
async def never_added(session: SessionDep) -> int:
    order = Order(id=1)
    session.add(Tag())
    await session.commit()
    return order.id


@app.delete("/orders/{order_id}")
async def deleted(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    await session.delete(order)
    await session.commit()
    return order.id


@app.post("/again")
async def loaded_again(session: SessionDep) -> int:
    order = Order(id=1)
    session.add(order)
    await session.commit()
    order = await session.get(Order, 1)
    return order.id


@app.post("/total")
async def only_a_method(session: SessionDep) -> None:
    order = Order(id=1)
    session.add(order)
    await session.commit()
    order.validate()
    await order.awaitable_attrs.items


@app.post("/raw")
async def without_a_model(session: SessionDep):
    order = Order(id=1)
    session.add(order)
    await session.commit()
    return order


@app.post("/synchronous")
def synchronous(session: SyncSessionDep) -> int:
    order = Order(id=1)
    session.add(order)
    session.commit()
    return order.id


@app.post("/branch")
async def committed_in_a_branch(session: SessionDep, save: bool) -> int:
    order = Order(id=1)
    session.add(order)
    if save:
        await session.commit()
    return order.id


@app.get("/orders/{order_id}/count")
async def count(order_id: int, session: SessionDep) -> int:
    order = await get_order(session, order_id)
    return order.item_count  # FP205


@app.get("/orders/{order_id}/counts")
async def counts(order_id: int, session: SessionDep) -> int:
    order = await get_order(session, order_id)
    await session.refresh(order, ["items"])
    loaded = await session.scalar(select(Order).options(selectinload(Order.items)))
    other = await session.get(Order, 2)
    return order.item_count + loaded.item_count + other.loaded_count + len(other.label)


@app.get("/orders/{order_id}/loaded-count")
async def loaded_count(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    return order.loaded_count


@app.post("/orders/{order_id}/emptied")
async def emptied(order_id: int, session: SessionDep) -> int:
    order = await session.get(Order, order_id)
    order.items = []
    return order.item_count


class Clerk(Base):
    __tablename__ = "clerks"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped["Shop"] = relationship()


class Shop(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)


class Sale(Base):
    __tablename__ = "sales"
    id: Mapped[int] = mapped_column(primary_key=True)
    clerk_id: Mapped[int] = mapped_column(ForeignKey("clerks.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    clerk: Mapped[Clerk] = relationship()
    shop: Mapped[Shop] = relationship()


class ShopOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class ClerkOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    shop: ShopOut


class SaleOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    clerk: ClerkOut


@app.get("/sales", response_model=list[SaleOut])
async def sales(session: SessionDep) -> list[Sale]:
    statement = select(Sale).options(selectinload(Sale.clerk))  # FP205 (change)
    return (await session.scalars(statement)).all()


@app.get("/sales/with-their-shop", response_model=list[SaleOut])
async def with_their_shop(session: SessionDep) -> list[Sale]:
    statement = select(Sale).options(selectinload(Sale.clerk), selectinload(Sale.shop))  # FP205 (summary)
    return (await session.scalars(statement)).all()


@app.get("/orders/cast")
async def cast_orders(session: SessionDep) -> list[int]:
    orders = cast(list[Order], (await session.scalars(select(Order))).all())
    loaded = cast("list[Order]", (await session.scalars(select(Order).options(selectinload(Order.items)))).all())
    return [len(order.items) for order in orders] + [len(order.items) for order in loaded]  # FP205


def sized(order: Order, unit: str = "") -> str:
    return f"{len(order.items)} {unit}"


def tagged(order: Order) -> int:
    return len(order.tags)


def labelled(order: Order) -> str:
    return order.label


def sized_if_wanted(order: Order, wanted: bool) -> int:
    return len(order.items) if wanted else 0


async def sized_later(order: Order, session: AsyncSession) -> int:
    await session.refresh(order, ["items"])
    return len(order.items)


async def order_of(number: int, session: AsyncSession) -> Order:
    return (await session.scalars(select(Order).where(Order.id == number))).one()


async def whole_order_of(number: int, session: AsyncSession) -> Order:
    return (
        await session.scalars(select(Order).where(Order.id == number).options(selectinload(Order.items)))
    ).one()


@app.get("/orders/{number}/method")
async def by_its_method(number: int, session: SessionDep) -> int:
    order = await order_of(number, session)
    return order.total()  # FP205 (summary)


@app.get("/orders/{number}/helper")
async def by_a_helper(number: int, session: SessionDep) -> str:
    order = await order_of(number, session)
    return sized(order, unit="pieces")  # FP205 (summary)


@app.get("/orders/{number}/helper/twice")
async def by_a_helper_twice(number: int, session: SessionDep) -> str:
    order = await session.get(Order, number)
    first = sized(unit="pieces", order=order)  # FP205 (summary)
    return first + sized(order)


@app.get("/orders/{number}/handed")
async def handed_on(number: int, wanted: bool, session: SessionDep) -> list[object]:
    order = await order_of(number, session)
    whole = await whole_order_of(number, session)
    return [
        whole.total(),
        sized(whole),
        tagged(order),
        labelled(order),
        sized_if_wanted(order, wanted),
        await sized_later(order, session),
        sized(Order(id=1)),
    ]


@app.get("/orders/{number}/refreshed")
async def refreshed_before(number: int, session: SessionDep) -> int:
    order = await order_of(number, session)
    await session.refresh(order, ["items"])
    return order.total()


@app.get("/orders/{number}/in-a-thread")
def with_a_plain_session(number: int) -> int:
    with SessionLocal() as session:
        return session.scalars(select(Order).where(Order.id == number)).one().total()


@app.get("/orders/{number}/run-sync")
async def where_it_may_ask(number: int, session: SessionDep) -> int:
    order = await order_of(number, session)
    return await session.run_sync(lambda _: order.total())
