from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    contains_eager,
    joinedload,
    mapped_column,
    object_session,
    relationship,
    selectinload,
    sessionmaker,
)

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    region: Mapped["Region"] = relationship()
    role: Mapped["Role"] = relationship()


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    customer: Mapped[Customer] = relationship()
    items: Mapped[list["Item"]] = relationship()
    tags: Mapped[list["Tag"]] = relationship(lazy="selectin")
    notes: Mapped[list["Tag"]] = relationship(lazy="raise")

    @property
    def size(self) -> int:
        return len(self.items)

    @property
    def label(self) -> str:
        return f"order {self.id}"

    @property
    def customer_name(self) -> str:
        return self.customer.name

    @property
    def tag_count(self) -> int:
        return object_session(self).query(Tag).filter(Tag.order_id == self.id).count()


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


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


def recent(session: Session) -> list[Order]:
    return session.scalars(select(Order).limit(50)).all()


def complete(session: Session) -> list[Order]:
    return session.scalars(select(Order).options(joinedload(Order.customer))).all()


@app.get("/comprehension")
def comprehension(session: SessionDep) -> list[str]:
    return [order.customer.name for order in session.scalars(select(Order))]  # FP203


@app.get("/loop")
def loop(session: SessionDep) -> dict[int, int]:
    sizes = {}
    orders = session.query(Order).order_by(Order.id).all()
    for order in orders:
        sizes[order.id] = len(order.items)  # FP203
        print(order.items)
    return sizes


@app.get("/helper")
def through_a_helper(session: SessionDep) -> list[str]:
    names = []
    for order in recent(session):
        customer = order.customer  # FP203
        names.append(customer.name)
    return names


@app.get("/nested")
def nested(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order).options(selectinload(Order.items))).all()
    return [item.product.name for order in orders for item in order.items]  # FP203


@app.get("/one/{order_id}")
def elements_of_one(order_id: int, session: SessionDep) -> list[str]:
    order = session.get(Order, order_id, options=[selectinload(Order.items)])
    names = []
    for item in order.items:
        names.append(item.product.name)  # FP203
    return names


@app.get("/chain")
def chain(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order).options(joinedload(Order.customer)))
    return [order.customer.region.name for order in orders]  # FP203


@app.get("/conditional")
def conditional(session: SessionDep, wide: bool = False) -> list[str]:
    statement = select(Order)
    if wide:
        statement = statement.options(joinedload(Order.customer))
    return [order.customer.name for order in session.execute(statement).scalars()]  # FP203


@app.get("/awaitable")
async def awaitable(session: AsyncSessionDep) -> None:
    for order in await session.scalars(select(Order)):
        await order.awaitable_attrs.items  # FP203


# Near misses


@app.get("/eager")
def eager(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order).options(joinedload(Order.customer), selectinload(Order.items)))
    return [f"{order.customer.name} {len(order.items)}" for order in orders]


@app.get("/eager-helper")
def eager_helper(session: SessionDep) -> list[str]:
    return [order.customer.name for order in complete(session)]


@app.get("/eager-chain")
def eager_chain(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order).options(joinedload(Order.customer).joinedload(Customer.region)))
    return [order.customer.region.name for order in orders]


@app.get("/joined")
def joined(session: SessionDep) -> list[str]:
    statement = select(Order).join(Order.customer).options(contains_eager(Order.customer))
    return [order.customer.name for order in session.scalars(statement)]


@app.get("/everything")
def everything(session: SessionDep) -> list[str]:
    return [order.customer.name for order in session.scalars(select(Order).options(joinedload("*")))]


@app.get("/columns")
def columns(session: SessionDep) -> list[int]:
    return [order.customer_id for order in session.scalars(select(Order))]


@app.get("/model")
def eager_by_the_model(session: SessionDep) -> list[int]:
    return [len(order.tags) + len(order.notes) for order in session.scalars(select(Order))]


@app.get("/one-order")
def one_order(session: SessionDep) -> str:
    order = session.scalars(select(Order).limit(1)).first()
    for _ in session.scalars(select(Order).limit(1)):
        print(_.customer)
    return order.customer.name


@app.get("/first-items/{order_id}")
def items_of_one(order_id: int, session: SessionDep) -> list[int]:
    order = session.get(Order, order_id)
    return [item.id for item in order.items]


@app.get("/few")
def few(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order)).all()
    return [order.customer.name for order in orders[:5]]


@app.get("/unreadable")
def unreadable(session: SessionDep) -> list[str]:
    options = [joinedload(Order.customer)]
    return [order.customer.name for order in session.scalars(select(Order).options(*options))]


@app.get("/others")
def others(orders: list[dict]) -> list[str]:
    return [order["customer"] for order in orders]


def unknown_rows(orders: list[Order]) -> list[str]:
    return [order.customer.name for order in orders]


@app.get("/awaitable-eager")
async def awaitable_eager(session: AsyncSessionDep) -> None:
    for order in await session.scalars(select(Order).options(selectinload(Order.items))):
        await order.awaitable_attrs.items
    first = await session.get(Order, 1)
    await first.awaitable_attrs.items
    for order in await session.scalars(select(Order)):
        items = order.__dict__.get("items")
        if items is None:
            items = await order.awaitable_attrs.items


@app.get("/customers/{customer_id}/names")
def of_one_customer(customer_id: int, session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order).where(Order.customer_id == customer_id)).all()
    return [order.customer.name for order in orders]


class OrderShown(BaseModel):
    id: int
    customer: str

    @classmethod
    def from_order(cls, order: Order) -> "OrderShown":
        return cls(id=order.id, customer=order.customer.name)


def size_of(order: Order) -> int:
    return sum(1 for item in order.items)


def described(order: Order) -> str:
    return f"{order.id}: {size_of(order)}"


def customer_name(order: Order, *, full: bool = False) -> str:
    return order.customer.name if full else str(order.id)


def tags_of(order: Order) -> int:
    return len(order.tags)


def row_of(order):
    return [order.id, order.customer_name]


def number_of(order):
    return order.id


@app.get("/rows")
def rows(session: SessionDep) -> list[object]:
    orders = session.scalars(select(Order).limit(100)).all()
    found = [number_of(order) for order in orders]
    return found + [row_of(order) for order in orders]  # FP203 (summary)


@app.get("/rows/loaded")
def rows_loaded(session: SessionDep) -> list[object]:
    orders = session.scalars(select(Order).options(joinedload(Order.customer)).limit(100)).all()
    return [row_of(order) for order in orders]


@app.get("/shown")
def shown(session: SessionDep) -> list[OrderShown]:
    orders = session.scalars(select(Order).limit(100)).all()
    return [OrderShown.from_order(order) for order in orders]  # FP203


@app.get("/described")
def descriptions(session: SessionDep) -> list[str]:
    found = []
    for order in session.scalars(select(Order)):
        found.append(described(order))  # FP203
    return found


@app.get("/quiet")
def quiet(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order)).all()
    loaded = session.scalars(
        select(Order).options(joinedload(Order.customer), selectinload(Order.items))
    ).all()
    one = session.get(Order, 1)
    names = [customer_name(order) for order in orders]
    names += [str(tags_of(order)) for order in orders]
    names += [OrderShown.from_order(order).customer for order in loaded]
    names += [described(order) for order in loaded]
    names += [described(one) for _ in orders]
    return names


@app.get("/refused")
def refused(session: SessionDep) -> None:
    for order in session.scalars(select(Order)):
        if order.id < 0:
            raise ValueError(order.customer.name)


@app.get("/held")
def held(session: SessionDep) -> list[str]:
    customers = session.scalars(select(Customer)).all()
    orders = session.scalars(select(Order)).all()
    return [f"{order.customer.name} of {len(customers)}" for order in orders]


def orders_of(session: Session, *, with_items: bool = False) -> list[Order]:
    statement = select(Order)
    if with_items:
        statement = statement.options(selectinload(Order.items))
    return session.scalars(statement).all()


def with_customers(statement):
    return statement.options(joinedload(Order.customer))


def shown_orders(session: Session, *, whole: bool = False) -> list[Order]:
    statement = select(Order)
    if whole:
        statement = with_customers(statement)
    return session.scalars(statement).all()


@app.get("/chosen-by-the-caller")
def chosen_by_the_caller(session: SessionDep) -> list[str]:
    found = [described(order) for order in orders_of(session, with_items=True)]
    found += [str(len(order.items)) for order in orders_of(session, with_items=True)]
    return found + [OrderShown.from_order(order).customer for order in shown_orders(session, whole=True)]


@app.post("/complaint")
def on_the_way_out(session: SessionDep) -> None:
    for order in session.scalars(select(Order)).all():
        if order.id > 10:
            raise ValueError(f"too late for {order.customer.name}")


def in_short(session: Session, *, with_customers: bool = False) -> list[Order]:
    statement = select(Order)
    if with_customers:
        statement = statement.options(joinedload(Order.customer))
    return list(session.scalars(statement).all())


@app.get("/never-loaded")
def never_loaded(session: SessionDep) -> list[str]:
    return [described(order) for order in in_short(session, with_customers=True)]  # FP203


@app.get("/twice")
def twice(session: SessionDep, brief: bool = False) -> list[str]:
    orders = session.scalars(select(Order)).all()
    found = [described(order) for order in orders]  # FP203
    for order in orders:
        found.append(described(order))
    others = session.scalars(select(Order)).all()
    if brief:
        for order in others:
            found.append(described(order))  # FP203
    for order in others:
        found.append(described(order))  # FP203
    return found


@app.get("/sizes")
def sizes(session: SessionDep) -> list[int]:
    return [order.size for order in session.scalars(select(Order).limit(100))]  # FP203


@app.get("/tag-counts")
def tag_counts(session: SessionDep) -> list[int]:
    return [order.tag_count for order in session.query(Order).all()]  # FP203


@app.get("/quiet-properties")
def quiet_properties(session: SessionDep) -> list[str]:
    loaded = session.scalars(select(Order).options(selectinload(Order.items)))
    first = session.get(Order, 1)
    found = [f"{order.size} {order.label}" for order in loaded]
    return [*found, str(first.tag_count), str(first.size)]


@app.get("/read-before")
def read_before(session: SessionDep) -> list[int]:
    return [len(order.items) + order.size for order in session.scalars(select(Order))]  # FP203


@app.get("/roles")
def roles(session: SessionDep) -> list[str]:
    return [each.role.name for each in session.scalars(select(Customer).limit(100))]  # FP203 (summary)


@app.get("/regions")
def regions(session: SessionDep) -> list[str]:
    return [each.region.name for each in session.scalars(select(Customer).limit(100))]  # FP203 (inline)


@app.get("/bound-again")
def bound_again(session: SessionDep, brief: bool) -> list[int]:
    if brief:
        orders = session.scalars(select(Customer).limit(100)).all()
        orders = session.scalars(select(Order).where(Order.id.in_([each.id for each in orders]))).all()
    else:
        orders = session.scalars(select(Order).limit(100)).all()
    return [len(order.items) for order in orders]  # FP203


@app.get("/bound-again/loaded")
def bound_again_and_loaded(session: SessionDep, brief: bool) -> list[int]:
    loaded = select(Order).options(selectinload(Order.items))
    if brief:
        orders = session.scalars(select(Order).limit(100)).all()
        orders = session.scalars(loaded.where(Order.id.in_([each.id for each in orders]))).all()
    else:
        orders = session.scalars(loaded.limit(100)).all()
    return [len(order.items) for order in orders]


def write_to(session: Session) -> None:
    for order in session.scalars(select(Order)).all():
        print(len(order.items))  # FP203 (summary)


@app.post("/written-to")
def write_later(tasks: BackgroundTasks, session: SessionDep) -> None:
    tasks.add_task(write_to, session)


@app.get("/first-that-fits")
def first_that_fits(session: SessionDep, wanted: set[int]) -> list[object]:
    found = None
    for order in session.scalars(select(Order).limit(100)):
        if order.customer_id in wanted and found == None:  # noqa: E711 - people write it
            found = list(order.items)
    return found or []


@app.get("/first-that-fits/of-two")
def first_of_two(session: SessionDep, wanted: set[int]) -> list[object]:
    found = None
    for order in session.scalars(select(Order).limit(100)):
        if found is None and order.customer_id in wanted:
            found = order.items
    return found or []


@app.get("/last-that-fits")
def last_that_fits(session: SessionDep, wanted: set[int]) -> list[object]:
    found: list[object] = []
    for order in session.scalars(select(Order).limit(100)):
        if order.customer_id in wanted and found is not None:
            found = list(order.items)  # FP203
    return found


@app.get("/each-that-fits")
def each_that_fits(session: SessionDep, wanted: set[int]) -> list[object]:
    found, other = [], None
    for order in session.scalars(select(Order).limit(100)):
        if order.customer_id in wanted and other is None:
            found = list(order.items)  # FP203
    return found


def find_order(session: Session, number: int) -> Order | None:
    return session.scalars(select(Order).where(Order.id == number)).one_or_none()


def line_of(item: Item) -> str:
    return item.product.name


@app.get("/orders/{number}/lines")
def lines(number: int, session: SessionDep) -> list[list[str]]:
    order = session.get(Order, number)
    other = find_order(session, number + 1)
    third = session.query(Order).filter(Order.id == number + 2).first()
    return [
        [item.product.name for item in order.items],  # FP203 (summary)
        [line.product.name for line in other.items],  # FP203 (summary)
        [line_of(each) for each in third.items],  # FP203 (summary)
    ]


@app.get("/orders/{number}/lines/loaded")
def loaded_lines(number: int, session: SessionDep) -> list[list[str]]:
    whole = selectinload(Order.items).selectinload(Item.product)
    order = session.get(Order, number, options=[whole])
    other = session.scalars(select(Order).where(Order.id == number + 1).options(whole)).one()
    third = session.get(Order, number + 2)
    return [
        [item.product.name for item in order.items],
        [item.product.name for item in other.items],
        [str(item.id) for item in third.items],
        [third.customer.name],
    ]


@app.get("/orders/lines")
def lines_of_all(session: SessionDep) -> list[str]:
    return [item.product.name for order in session.scalars(select(Order).limit(20)) for item in order.items]  # FP203


@app.get("/orders/{number}/lines/async")
async def lines_later(number: int, session: AsyncSessionDep) -> list[str]:
    order = await session.get(Order, number)
    return [item.product.name for item in order.items]  # an error, not a query


class ChatSession(Base):
    __tablename__ = "chat_sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    messages: Mapped[list["Message"]] = relationship()
    closed: Mapped[bool]


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    text: Mapped[str]


def texts_of(session: ChatSession) -> list[str]:
    messages = list(session.messages or [])
    return [message.text for message in messages]


def texts_if_there(chat: ChatSession) -> list[str]:
    if hasattr(chat, "messages"):
        return [message.text for message in chat.messages]
    return []


def texts_on_demand(chat: ChatSession, wanted: bool) -> list[str]:
    if hasattr(chat, "messages") and wanted:
        return [message.text for message in chat.messages]
    return []


def number_of(session: ChatSession) -> int:
    return session.id


@app.get("/chats")
def chats(session: SessionDep) -> list[list[str]]:
    return [texts_of(chat) for chat in session.scalars(select(ChatSession).limit(20))]  # FP203


@app.get("/chats/there")
def chats_there(session: SessionDep) -> list[list[str]]:
    return [texts_if_there(chat) for chat in session.scalars(select(ChatSession).limit(20))]  # FP203


@app.get("/chats/demand")
def chats_on_demand(session: SessionDep, wanted: bool) -> list[list[str]]:
    return [texts_on_demand(chat, wanted) for chat in session.scalars(select(ChatSession).limit(20))]


@app.get("/chats/numbers")
def chat_numbers(session: SessionDep) -> list[int]:
    return [number_of(chat) for chat in session.scalars(select(ChatSession).limit(20))]


@app.get("/chats/loaded")
def loaded_chats(session: SessionDep) -> list[list[str]]:
    found = session.scalars(select(ChatSession).options(selectinload(ChatSession.messages)).limit(20))
    return [texts_of(chat) for chat in found]


def texts_by_hand(session: Session) -> list[str]:
    return [message.text for message in session.scalars(select(Message).limit(20))]


@app.get("/chats/texts")
def chat_texts(session: SessionDep) -> list[str]:
    return texts_by_hand(session)


@app.get("/orders/wished")
def wished_orders(session: SessionDep, with_items: bool, sort: str) -> list[list[int]]:
    query = select(Order)
    if with_items:
        query = query.options(selectinload(Order.items))
    if sort:
        query = query.order_by(sort)
    orders = session.scalars(query.limit(100)).all()
    if with_items:
        return [[item.id for item in order.items] for order in orders]
    return []


@app.get("/orders/wished/else")
def orders_wished_else(session: SessionDep, with_items: bool, with_sizes: bool) -> list[list[int]]:
    query = select(Order)
    if with_items:
        query = query.options(selectinload(Order.items))
    orders = session.scalars(query.limit(100)).all()
    if with_items:
        return []
    else:
        found = [[item.id for item in order.items] for order in orders]  # FP203
    if with_sizes:
        found += [[len(each.items)] for each in session.scalars(query.limit(100))]  # FP203
    return found


@app.get("/orders/wished/apart")
def orders_wished_apart(session: SessionDep, with_items: bool, with_names: bool) -> list[list[int]]:
    query = select(Order)
    if with_items:
        query = query.options(selectinload(Order.items))
    if with_names:
        query = query.options(selectinload(Order.customer))
    orders = session.scalars(query.limit(100)).all()
    if with_names:
        return [[item.id for item in order.items] for order in orders]  # FP203
    return []


@app.get("/orders/wished/anew")
def orders_wished_anew(session: SessionDep, with_items: bool) -> list[list[int]]:
    query = select(Order)
    if with_items:
        query = query.options(selectinload(Order.items))
    orders = session.scalars(query.limit(100)).all()
    with_items = True
    if with_items:
        return [[item.id for item in order.items] for order in orders]  # FP203
    return []
