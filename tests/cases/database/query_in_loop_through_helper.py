import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Thread
from typing import Annotated, NewType, Self

import requests
import strawberry
from fastapi import Depends, FastAPI, UploadFile
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine, insert, select
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    object_session,
    relationship,
    sessionmaker,
)

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", ReadSession)


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]

    def owner(self, session: Session) -> Owner | None:
        return session.get(Owner, self.owner_id)

    def others(self) -> list["Order"]:
        return object_session(self).query(Order).filter(Order.owner_id == self.owner_id).all()

    def label(self) -> str:
        return f"order {self.id}"


class Singleton(type):
    _instances: dict[type, object] = {}

    def __call__(cls, *args: object) -> object:
        if cls not in cls._instances:
            cls._instances[cls] = super().__call__(*args)
        return cls._instances[cls]


class Registry(metaclass=Singleton):
    def __init__(self) -> None:
        with SessionLocal() as session:
            self.owners = session.scalars(select(Owner)).all()


class Owners:
    def __init__(self, session: ReadSession | WriteSession) -> None:
        self.session = session

    @classmethod
    def of(cls, session: ReadSession) -> Self:
        return cls(session)

    async def one(self, owner_id: int) -> Owner | None:
        return await self.session.get(Owner, owner_id)


class OwnersWithNames(Owners):
    async def named(self, name: str) -> Owner | None:
        return await self.session.scalar(select(Owner).where(Owner.name == name))


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def load_owner(session: Session, owner_id: int) -> Owner | None:
    return session.scalar(select(Owner).where(Owner.id == owner_id))


def owner_name(session: Session, order: Order) -> str:
    owner = load_owner(session, order.owner_id)
    return owner.name if owner else ""


@lru_cache
def remembered(owner_id: int) -> Owner | None:
    with SessionLocal() as session:
        return session.get(Owner, owner_id)


def known_owner(session: Session, owner_id: int, owners: dict[int, Owner] | None = None) -> Owner | None:
    return owners.get(owner_id) if owners is not None else load_owner(session, owner_id)


def cached_owner(session: Session, owner_id: int, owners: dict[int, Owner | None]) -> Owner | None:
    if owner_id not in owners:
        owners[owner_id] = load_owner(session, owner_id)
    return owners[owner_id]


def notify(session: Session, order: Order) -> None:
    owner = load_owner(session, order.owner_id)
    requests.post("https://mail.example", json={"to": owner.name}, timeout=5)


def store(session: Session, name: str) -> None:
    session.execute(insert(Owner).values(name=name))


@app.get("/direct")
def direct(session: SessionDep) -> list[str]:
    return [load_owner(session, order.owner_id).name for order in session.scalars(select(Order))]  # FP202


@app.get("/deeper")
def deeper(session: SessionDep) -> list[str]:
    names = []
    for order in session.scalars(select(Order)).all():
        names.append(owner_name(session, order))  # FP202
    return names


@app.get("/method")
def method(session: SessionDep) -> list[str]:
    names = []
    for order in session.scalars(select(Order)).all():
        names.append(Order.owner(order, session))  # FP202
    return names


@app.post("/repository")
async def repository(ids: list[int], names: list[str], session: WriteSession) -> None:
    owners = OwnersWithNames.of(session)
    for owner_id in ids:
        await owners.one(owner_id)  # FP202
    await asyncio.gather(*[owners.named(name) for name in names])  # FP202


# Near misses


@app.get("/outside")
def outside(ids: list[int], session: SessionDep) -> list[int]:
    owner = load_owner(session, ids[0])
    return [owner.id + number for number in ids]


@app.get("/independent")
def independent(ids: list[int], session: SessionDep) -> None:
    for _ in ids:
        load_owner(session, 1)


@app.get("/remembering")
def remembering(ids: list[int], session: SessionDep) -> None:
    owners: dict[int, Owner | None] = {}
    for owner_id in ids:
        remembered(owner_id)
        known_owner(session, owner_id, {})
        cached_owner(session, owner_id, owners)
        if owner_id not in owners:
            owners[owner_id] = load_owner(session, owner_id)  # FP202 (summary)
    for owner_id in ids:
        if owner_id not in KEPT:
            KEPT[owner_id] = load_owner(session, owner_id)


KEPT: dict[int, Owner | None] = {}


@app.get("/once")
def at_most_once(ids: list[int], session: SessionDep) -> Owner | None:
    for owner_id in ids:
        if owner_id > 10:
            owner = load_owner(session, owner_id)
            break
    for owner_id in ids:
        try:
            int(owner_id)
        except ValueError:
            owner = load_owner(session, owner_id)
    for owner_id in ids:
        if owner_id > 12:
            return load_owner(session, owner_id)
    return owner


@app.get("/few")
def few(session: SessionDep) -> None:
    for owner_id in (1, 2, 3):
        load_owner(session, owner_id)


@app.post("/mails")
def mails(session: SessionDep) -> None:
    for order in session.scalars(select(Order)).all():
        notify(session, order)


@app.post("/store")
def store_all(names: list[str], session: SessionDep) -> None:
    for name in names:
        store(session, name)


@app.get("/singleton")
def singleton(ids: list[int]) -> list[object]:
    return [Registry().owners[owner_id] for owner_id in ids]


def at_start() -> None:
    with SessionLocal() as session:
        for name in open("owners.txt"):
            load_owner(session, int(name))


at_start()


async def subscribe():
    while True:
        yield await asyncio.sleep(1, 1)


@app.get("/events")
async def events(session: SessionDep) -> None:
    async for owner_id in subscribe():
        load_owner(session, owner_id)


@app.get("/methods-of-rows")
def methods_of_rows(session: SessionDep) -> list[int]:
    labels = [order.label() for order in session.query(Order).all()]
    first = session.query(Order).first()
    return [len(labels), len(first.others()), *(len(order.others()) for order in session.query(Order))]  # FP202


async def owner_by_id(session: AsyncSession, number: int) -> Owner | None:
    return await session.get(Owner, number)


@app.post("/never-awaited")
async def never_awaited(numbers: list[int], session: Annotated[AsyncSession, Depends(get_async_session)]) -> None:
    # Coroutines that nobody awaits ask nothing: a mistake, but not this one.
    owners = [owner_by_id(session, number) for number in numbers]
    print(len(owners))


@app.post("/never-awaited-here")
def cannot_await(numbers: list[int], session: Annotated[AsyncSession, Depends(get_async_session)]) -> list[int]:
    owners = [{"id": number, "owner": owner_by_id(session, number)} for number in numbers]
    return [each["id"] for each in owners if each["owner"] is None]


@app.post("/awaited-later")
async def awaited_later(
    numbers: list[int], session: Annotated[AsyncSession, Depends(get_async_session)]
) -> None:
    pending = [owner_by_id(session, number) for number in numbers]  # FP202
    for owner in pending:
        await owner


def in_a_thread(function):
    def wrapper(*args, **kwargs):
        Thread(target=function, args=args, kwargs=kwargs, daemon=True).start()

    return wrapper


@in_a_thread
def restart(owner_id: int) -> None:
    with SessionLocal() as session:
        load_owner(session, owner_id)


@in_a_thread
def greet(owner_id: int) -> None:
    print(owner_id)


@app.post("/restart")
def restart_all(ids: list[int]) -> None:
    for owner_id in ids:
        restart(owner_id)  # FP202
    for owner_id in ids:
        greet(owner_id)
    restart(ids[0])


class Shelf:
    """A database in the process: only a commit that wrote something costs a wait."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect("shelf.db")

    def name_of(self, number: str) -> str:
        return self.connection.execute("SELECT name FROM books WHERE number = ?", (number,)).fetchone()[0]

    def rename(self, number: str) -> str:
        found = self.connection.execute("SELECT name FROM books WHERE number = ?", (number,)).fetchone()[0]
        self.connection.execute("UPDATE books SET name = ? WHERE number = ?", (found.title(), number))
        self.connection.commit()
        return found

    def store(self, number: str, name: str | None = None) -> None:
        if name is not None:
            self.connection.execute("UPDATE books SET name = ? WHERE number = ?", (name, number))
        self.connection.commit()
        self.name_of(number)

    def measure(self, number: str) -> str:
        pages = shutil.copy(number, "copy")
        self.connection.execute("SELECT name FROM books WHERE number = ?", (number,)).fetchone()
        self.connection.execute("UPDATE books SET pages = ? WHERE number = ?", (pages, number))
        self.connection.commit()
        return pages


shelf = Shelf()


@app.post("/books")
def books(numbers: list[str]) -> list[str]:
    names = [shelf.name_of(number) for number in numbers]  # FP202 (summary)
    for number in numbers:
        names.append(shelf.rename(number))  # FP202 (change)
    for number in numbers:
        shelf.store(number, number.title())  # FP202 (change)
    for number in numbers:
        names.append(shelf.measure(number))  # FP202 (summary)
    return names


class Check:
    """What others derive from."""

    def passes(self, session: Session, order: Order) -> bool:
        raise NotImplementedError


class OwnerCheck(Check):
    def passes(self, session: Session, order: Order) -> bool:
        return session.get(Owner, order.owner_id) is not None


class CountCheck(Check):
    def passes(self, session: Session, order: Order) -> bool:
        return session.scalar(select(Order).where(Order.owner_id == order.owner_id)) is not None


def all_checks(kind: str) -> list[Check]:
    return [OwnerCheck()] if kind else [OwnerCheck(), CountCheck()]


def chosen(kind: str) -> Check:
    return OwnerCheck() if kind == "owner" else CountCheck()


@app.get("/checked/{kind}")
def checked(kind: str, orders: list[int], session: Session = Depends(SessionLocal)) -> list[bool]:
    found = [chosen(kind).passes(session, Order(id=number)) for number in orders]  # FP202
    for check in all_checks(kind):
        found.append(check.passes(session, Order(id=orders[0])))
    return found


@app.post("/heavy")
def beside_heavy_work(ids: list[int], session: SessionDep, indexer: Indexer) -> None:
    # What takes minutes for each item does not mind a look-up.
    for owner_id in ids:
        indexer.ingest_documents(load_owner(session, owner_id))  # FP202 (summary)
    for owner_id in ids:
        indexer.note(load_owner(session, owner_id))  # FP202 (change)


class Finder:
    async def one(self, number: int) -> Owner | None:
        raise NotImplementedError

    async def many(self, numbers: list[int]) -> list[Owner | None]:
        return [await self.one(number) for number in numbers]

    async def each(self, numbers: list[int]) -> list[Owner | None]:
        return [await self.one(number) for number in numbers]  # FP202


class SqlFinder(Finder):
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def one(self, number: int) -> Owner | None:
        return await self.session.get(Owner, number)

    async def many(self, numbers: list[int]) -> list[Owner | None]:
        return list(await self.session.scalars(select(Owner).where(Owner.id.in_(numbers))))


def finder(session: Annotated[AsyncSession, Depends(get_async_session)]) -> Finder:
    return SqlFinder(session)


@app.get("/found")
async def found(numbers: list[int], finder: Annotated[Finder, Depends(finder)]) -> None:
    await finder.many(numbers)
    await finder.each(numbers)


@app.get("/kept")
def kept_beside(ids: list[int], session: SessionDep) -> None:
    owners: dict[int, Owner] = {}
    for number in ids:
        owner = owners.get(number)
        if owner is None:
            try:
                owner = load_owner(session, number)
            except ValueError:
                owner = None
            if owner is not None:
                owners[number] = owner
    for number in ids:
        if number in owners:
            print(owners[number])
        else:
            owners[number] = load_owner(session, number)  # FP202 (summary)
    for number in ids:
        if number in owners:
            continue
        owners[number] = load_owner(session, number)  # FP202 (summary)
    for number in ids:
        if number in owners:
            continue
        print(load_owner(session, number))  # FP202 (change)


def load_once(session: Session, number: int, owners: dict[int, Owner]) -> Owner:
    if number not in owners:
        owners[number] = load_owner(session, number)
    return owners[number]


def load_or_known(session: Session, number: int, owners: dict[int, Owner]) -> Owner:
    if number in owners:
        return owners[number]
    owners[number] = load_owner(session, number)
    return owners[number]


@app.get("/handed")
def kept_by_helper(ids: list[int], session: SessionDep) -> None:
    owners: dict[int, Owner] = {}
    for number in ids:
        load_once(session, number, owners)
    for number in ids:
        load_or_known(session, number, owners)  # FP202 (summary)
    for number in ids:
        load_owner(session, number)  # FP202 (change)


def attached(session: Session, order: Order) -> Order:
    return session.merge(order, load=False)


@app.post("/orders/attach")
def attach_kept(orders: list[Order], session: Annotated[Session, Depends(SessionLocal)]) -> None:
    for order in orders:
        attached(session, order)


def export_orders(session: Session, owner_id: int) -> list[Order]:
    return session.scalars(select(Order).where(Order.owner_id == owner_id)).all()


@app.post("/documents")
def whole_documents(files: list[UploadFile], ids: list[int], session: SessionDep) -> None:
    for file in files:
        load_owner(session, file.size)  # FP202 (summary)
    for owner_id in ids:
        export_orders(session, owner_id)  # FP202 (summary)


def locked_cached(function: Callable[..., Owner]) -> Callable[..., Owner]:
    return function


def clears_cache(function: Callable[..., Owner]) -> Callable[..., Owner]:
    return function


@locked_cached
def kept_owner(owner_id: int) -> Owner:
    with SessionLocal() as session:
        return session.scalars(select(Owner).where(Owner.id == owner_id)).one()


@clears_cache
def asked_owner(owner_id: int) -> Owner:
    with SessionLocal() as session:
        return session.scalars(select(Owner).where(Owner.id == owner_id)).one()


@app.post("/owners/names")
def names_of(ids: list[int]) -> list[str]:
    kept = [kept_owner(number).name for number in ids]
    return kept + [asked_owner(number).name for number in ids]  # FP202


class Pass:
    key: str


class Plan:
    passes: list[Pass]
    wanted: list[Pass]


def blocked(session: Session, step: Pass) -> list[Owner]:
    return session.scalars(select(Owner).where(getattr(Owner, step.key) == "x")).all()


@app.post("/owners/matching")
def matching(plan: Plan, session: SessionDep) -> None:
    for number, step in enumerate(plan.passes):
        blocked(session, step)  # FP202 (summary)
    for number, step in enumerate(plan.wanted):
        blocked(session, step)  # FP202 (change)
    for step in plan.passes:
        load_owner(session, step.key)  # FP202 (change)


@app.post("/owners/described")
def described(attributes: list[int], numbers: list[int], session: SessionDep) -> None:
    for number in attributes:
        load_owner(session, number)  # FP202
    for number in numbers:
        load_owner(session, number)  # FP202


@app.post("/owners/link")
def linked(first: int | None, second: int | None, numbers: list[int], session: SessionDep) -> None:
    given: list[int] = []
    if first:
        given.append(first)
    if second:
        given.append(second)
    for number in given:
        load_owner(session, number)
    several: list[int] = []
    for number in numbers:
        several.append(number)
    for number in several:
        load_owner(session, number)  # FP202


def shown(session: Session, numbers: list[int], most: int = 2, limit: int = 500) -> None:
    for number in numbers[:most]:
        load_owner(session, number)  # FP202 (summary)
    for number in numbers[:limit]:
        load_owner(session, number)  # FP202 (change)


@app.post("/owners/shown")
def show(numbers: list[int], session: SessionDep) -> None:
    shown(session, numbers)


@app.post("/owners/first")
def show_first(numbers: list[int], session: SessionDep, most: int = 5) -> None:
    for number in numbers[:most]:
        load_owner(session, number)  # FP202 (change)


@app.post("/owners/written-out")
def written_out(buyer: int, seller: int | None, path: str, numbers: list[int], session: SessionDep) -> None:
    by_name = {"buyer": buyer}
    if seller:
        by_name["seller"] = seller
    for _, number in by_name.items():
        load_owner(session, number)
    for number in {buyer, seller} - {None}:
        load_owner(session, number)
    for number in filter(None, [buyer, seller]):
        load_owner(session, number)
    both = [buyer]
    if seller:
        both = [buyer, seller]
    both += (1, 2)
    for number in [each for each in both if each]:
        load_owner(session, number)
    for part in path.split("/"):
        load_owner(session, len(part))  # FP202 (summary)
    for word in path.split():
        load_owner(session, len(word))  # FP202 (summary)
    for part in path.split(","):
        load_owner(session, len(part))  # FP202 (change)
    by_number = {"buyer": buyer}
    for number in numbers:
        by_number[str(number)] = number
    for number in by_number.values():
        load_owner(session, number)  # FP202


@app.post("/owners/by-month")
def by_month(months: list[int], node_types: list[int], days: list[int], session: SessionDep) -> None:
    for number in months:
        load_owner(session, number)  # FP202 (summary)
    for number in node_types:
        load_owner(session, number)  # FP202 (summary)
    for number in days:
        load_owner(session, number)  # FP202 (change)


class Parcel(BaseModel):
    numbers: list[int]
    order_ids: list[int]


class BulkParcel(BaseModel):
    numbers: list[int]


@app.post("/parcels")
def parcels(parcel: Parcel, session: SessionDep) -> None:
    for number in parcel.numbers:
        load_owner(session, number)  # FP202 (summary)
    for number in parcel.order_ids:
        load_owner(session, number)  # FP202 (change)


@app.post("/parcels/bulk")
def parcels_in_bulk(given: BulkParcel, session: SessionDep) -> None:
    for number in given.numbers:
        load_owner(session, number)  # FP202 (change)


@app.post("/parcels/all")
def all_parcels(parcels: list[Parcel], session: SessionDep) -> None:
    for parcel in parcels:
        load_owner(session, parcel.numbers[0])  # FP202 (change)


@app.get("/orders/said-to-be-short")
def said_to_be_short(session: SessionDep) -> list[str]:
    # A query per order: acceptable here, as there
    # are typically 1-3 of them
    # and the page is asked for by one person.
    names: list[str] = []
    for order in session.scalars(select(Order)):
        names.append(load_owner(session, order.owner_id).name)  # FP202 (summary)
    return names


@app.get("/orders/said-otherwise")
def said_otherwise(session: SessionDep) -> list[str]:
    # Typically the owner's name is shown.
    names: list[str] = []
    for order in session.scalars(select(Order)):
        names.append(load_owner(session, order.owner_id).name)  # FP202 (inline)
    return names


@app.get("/orders/owners")
def owners(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order)).all()
    owner_ids = list({order.owner_id for order in orders})
    return [load_owner(session, each).name for each in owner_ids]  # FP202 (summary)


@app.get("/orders/each-owner")
def each_owner(session: SessionDep) -> list[str]:
    orders = session.scalars(select(Order)).all()
    return [load_owner(session, order.owner_id).name for order in orders]  # FP202 (inline)


@app.delete("/orders/with-pictures")
async def with_pictures(session: SessionDep) -> None:
    for order in session.scalars(select(Order)).all():
        load_owner(session, order.owner_id)  # FP202 (summary)
        await app.state.storage.delete(f"{order.id}.png")


@app.delete("/orders/with-notes")
async def with_notes(session: SessionDep) -> None:
    for order in session.scalars(select(Order)).all():
        load_owner(session, order.owner_id)  # FP202 (change)
        await app.state.notes.delete(f"{order.id}.png")


class NewOrder(BaseModel):
    payers: list[int]


def payers_sent(session: Session, form: dict) -> list[Owner | None]:
    return [load_owner(session, each) for each in form["payers"]]  # FP202


@app.post("/orders/payers")
def pay_new(order: NewOrder, session: SessionDep) -> None:
    payers_sent(session, order.model_dump())


@app.post("/orders/payers/typed")
def pay_typed(form: dict[str, list[int]], session: SessionDep) -> list[Owner | None]:
    return [load_owner(session, each) for each in form["payers"]]  # FP202 (summary)


@app.post("/orders/payers/rows")
def pay_rows(form: dict[str, list[int]], session: SessionDep) -> list[Owner | None]:
    return [load_owner(session, each) for each in form["payer_ids"]]  # FP202 (change)


@app.get("/orders/availability")
def availability(session: SessionDep) -> list[Owner | None]:
    availabilities = session.scalars(select(Order)).all()
    return [load_owner(session, each.owner_id) for each in availabilities]  # FP202 (summary)


@app.get("/orders/options")
def options(session: SessionDep, option_values: list[int]) -> list[Owner | None]:
    return [load_owner(session, each) for each in option_values]  # FP202 (summary)


@app.get("/orders/values")
def values(session: SessionDep, order_values: list[int]) -> list[Owner | None]:
    return [load_owner(session, each) for each in order_values]  # FP202 (change)


class Tracked(AsyncAttrs, DeclarativeBase): ...


class Folder(Tracked):
    __tablename__ = "folders"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("folders.id"), index=True)
    parent: Mapped["Folder | None"] = relationship(back_populates="children", remote_side="Folder.id")
    children: Mapped[list["Folder"]] = relationship(back_populates="parent")

    async def shown(self) -> dict[str, object]:
        parent = await self.awaitable_attrs.parent
        return {"id": self.id, "parent": parent.id if parent else None}

    async def named(self) -> dict[str, object]:
        return {"id": self.id}


async def folder_of(session: AsyncSession, number: int) -> Folder:
    return await session.get_one(Folder, number)


@app.get("/folders/{number}/children")
async def children(number: int, session: Annotated[AsyncSession, Depends(get_async_session)]) -> list[object]:
    folder = await folder_of(session, number)
    held = await folder.awaitable_attrs.children
    return [await child.shown() for child in held]  # FP202


@app.get("/folders/{number}/names")
async def names(number: int, session: Annotated[AsyncSession, Depends(get_async_session)]) -> list[object]:
    folder = await folder_of(session, number)
    held = await folder.awaitable_attrs.children
    return [await child.named() for child in held]


class Service:
    def __init__(self, orders, cache=None):
        self.orders = orders
        self.cache = cache


class OrderReader:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of_owner(self, owner: int) -> list[Order]:
        return list(await self.session.scalars(select(Order).where(Order.owner_id == owner)))


class OrderCache:
    def of_owner(self, owner: int) -> list[Order]:
        return []


class OrderService(Service):
    def __init__(self, reader: OrderReader, cache: OrderCache) -> None:
        super().__init__(reader, cache=cache)

    async def read(self, owner: int) -> list[Order]:
        return await self.orders.of_owner(owner)

    def kept(self, owner: int) -> list[Order]:
        return self.cache.of_owner(owner)


class KeptService(Service):
    def __init__(self, cache: OrderCache) -> None:
        super().__init__(cache)

    def read(self, owner: int) -> list[Order]:
        return self.orders.of_owner(owner)


class OwnService(Service):
    def __init__(self, reader: OrderReader, cache: OrderCache) -> None:
        super().__init__(reader)
        self.orders = cache

    def read(self, owner: int) -> list[Order]:
        return self.orders.of_owner(owner)


async def services(session: Annotated[AsyncSession, Depends(get_async_session)]) -> OrderService:
    return OrderService(OrderReader(session), OrderCache())


@app.post("/orders-of-owners")
async def orders_of_owners(owners: list[int], service: Annotated[OrderService, Depends(services)]) -> list[object]:
    return [await service.read(owner) for owner in owners]  # FP202


@app.post("/kept-of-owners")
async def kept_of_owners(owners: list[int], service: Annotated[OrderService, Depends(services)]) -> list[object]:
    known = [service.kept(owner) for owner in owners]
    shown = [KeptService(OrderCache()).read(owner) for owner in owners]
    own = OwnService(OrderReader(AsyncSession()), OrderCache())
    return [*known, *shown, *[own.read(owner) for owner in owners]]


# Fields of GraphQL


def name_of_owner(session: Session, number: int) -> str:
    return session.scalar(select(Owner.name).where(Owner.id == number))


@strawberry.type
class OrderType:
    owner_id: int

    @strawberry.field
    def owner(self) -> str:
        with SessionLocal() as session:
            return name_of_owner(session, self.owner_id)  # FP202 (summary)

    @strawberry.field
    def shown(self) -> str:
        return shown_number(self.owner_id)

    @strawberry.field
    def first(self) -> str:
        with SessionLocal() as session:
            return name_of_owner(session, 1)


def shown_number(number: int) -> str:
    return f"# {number}"


def owner_named(session: Session, name: str) -> Owner | None:
    return session.scalar(select(Owner).where(Owner.name == name))


def add_owner(session: Session, name: str) -> None:
    session.add(Owner(name=name))
    session.commit()


def owner_made(session: Session, name: str) -> Owner:
    owner = owner_named(session, name)
    if owner is None:
        owner = Owner(name=name)
        session.add(owner)
        session.flush()
    return owner


@app.post("/owners/import")
def import_owners(names: list[str], session: Annotated[Session, Depends(get_session)]) -> list[str]:
    skipped = []
    for name in names:
        if owner_named(session, name):  # FP202 (change)
            skipped.append(name)
        else:
            add_owner(session, name)
    return skipped


@app.post("/owners/many")
def take_owners(names: list[str], session: Annotated[Session, Depends(get_session)]) -> list[str]:
    skipped = []
    for name in names:
        if owner_named(session, name):  # FP202 (change)
            skipped.append(name)
        else:
            add_owner(session, name)
    return skipped


@app.post("/owners/known-import")
def import_known_owners(names: list[str], session: Annotated[Session, Depends(get_session)]) -> list[str]:
    skipped = []
    for name in names:
        if owner_named(session, name):  # FP202 (change)
            skipped.append(name)
        else:
            session.add(Owner(name=name))
    session.commit()
    return skipped


@app.post("/owners/made-import")
def import_made_owners(names: list[str], session: Annotated[Session, Depends(get_session)]) -> list[str]:
    found = []
    for name in names:
        found.append(owner_named(session, name))  # FP202 (change)
        found.append(owner_made(session, name))
    return [owner.name for owner in found if owner]


def owners_of_import_id(session: Session, import_id: int) -> list[Owner | None]:
    rows = session.scalars(select(Owner).where(Owner.id == import_id)).all()
    return [owner_named(session, row.name) for row in rows]  # FP202 (change)


def owners_of_import(session: Session, number: int) -> list[Owner | None]:
    rows = session.scalars(select(Owner).where(Owner.id == number)).all()
    return [owner_named(session, row.name) for row in rows]  # FP202 (change)


@app.get("/families/{number}")
def family(number: int, session: Annotated[Session, Depends(get_session)]) -> list[Owner | None]:
    return owners_of_import_id(session, number) + owners_of_import(session, number)


@app.get("/orders/of-each-owner")
def one_of_each(session: SessionDep) -> list[Owner | None]:
    seen: set[int] = set()
    found = []
    for order in session.scalars(select(Order)).all():
        owner_id = order.owner_id
        if owner_id in seen:
            continue
        seen.add(owner_id)
        found.append(load_owner(session, owner_id))  # FP202 (summary)
    return found


@app.get("/orders/once")
def each_once(session: SessionDep) -> list[Owner | None]:
    seen: set[int] = set()
    found = []
    for order in session.scalars(select(Order)).all():
        if order.id in seen:
            continue
        seen.add(order.id)
        found.append(load_owner(session, order.owner_id))  # FP202
    return found


@app.get("/orders/seen-before")
def seen_before(session: SessionDep) -> list[Owner | None]:
    seen: set[int] = set()
    found = []
    for order in session.scalars(select(Order)).all():
        if order.owner_id in seen:
            continue  # nothing is kept there
        found.append(load_owner(session, order.owner_id))  # FP202
    return found
