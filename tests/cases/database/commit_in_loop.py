import contextlib
import functools
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    timed_out: Mapped[bool]
    is_timed: Mapped[bool]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


@app.post("/commit")
def commits(names: list[str], session: SessionDep) -> None:
    for name in names:
        session.add(Product(name=name))
        session.commit()  # FP212


@app.post("/async")
async def commits_async(names: list[str], session: AsyncSessionDep) -> None:
    for name in names:
        session.add(Product(name=name))
        await session.commit()  # FP212


@app.post("/flush")
def flushes(names: list[str], session: SessionDep) -> list[int]:
    ids = []
    for name in names:
        product = Product(name=name)
        session.add(product)
        session.flush()  # FP212
        ids.append(product.id)
    session.commit()
    return ids


@app.post("/refresh")
def refreshes(names: list[str], session: SessionDep) -> None:
    products = [Product(name=name) for name in names]
    session.add_all(products)
    session.commit()
    for product in products:
        product.name = product.name.title()
        session.refresh(product)  # FP212


@app.post("/update")
def updates(session: SessionDep) -> None:
    for product in session.scalars(select(Product)):
        product.name = product.name.strip()
        if product.name:
            session.commit()  # FP212


@app.post("/both")
def commit_and_refresh(names: list[str], session: SessionDep) -> None:
    for name in names:
        product = Product(name=name)
        session.add(product)
        session.commit()  # FP212
        session.refresh(product)


@app.post("/isolated")
def each_may_fail(names: list[str], session: SessionDep) -> None:
    for name in names:
        try:
            session.add(Product(name=name))
            session.commit()  # FP212 possible
        except ValueError:
            session.rollback()


@app.post("/said-once")
def says_how_each_went(products: list[Product], session: SessionDep) -> None:
    for product in products:
        try:
            product.name = product.name.strip()
            session.commit()  # FP212 possible
        except ValueError:
            product.name = ""
            session.commit()


# Near misses


@app.post("/once")
def commits_once(names: list[str], session: SessionDep) -> None:
    for name in names:
        session.add(Product(name=name))
    session.commit()


@app.post("/batches")
def commits_in_batches(names: list[str], session: SessionDep) -> None:
    for number, name in enumerate(names):
        session.add(Product(name=name))
        if number % 1000 == 0:
            session.commit()
    for chunk in [names[:500], names[500:]]:
        session.add_all([Product(name=name) for name in chunk])
        session.commit()
    for start in range(0, len(names), 500):
        session.add_all([Product(name=name) for name in names[start : start + 500]])
        session.commit()


@app.post("/attempts")
def attempts(session: SessionDep) -> None:
    for _ in range(3):
        session.add(Product(name="a"))
        session.commit()


@app.post("/first")
def until_the_first(names: list[str], session: SessionDep) -> None:
    for name in names:
        if name:
            session.add(Product(name=name))
            session.commit()
            break


@app.post("/queue")
def queue(session: SessionDep) -> None:
    while True:
        session.add(Product(name="a"))
        session.commit()


def store(session: Session, name: str) -> None:
    session.add(Product(name=name))
    session.commit()


@app.post("/helper")
def through_helper(names: list[str], session: SessionDep) -> None:
    for name in names:
        store(session, name)  # FP212


@contextlib.contextmanager
def committed():
    with SessionLocal() as session:
        yield session
        session.commit()


def run(session, statement) -> str:
    return session.execute(statement).scalar_one()


def get_name(number: int) -> str:
    with committed() as session:
        return run(session, select(Product.name).where(Product.id == number))


def remember(name: str) -> None:
    with committed() as session:
        session.add(Product(name=name))


@app.post("/read-in-a-transaction-each")
def reads(numbers: list[int]) -> list[str]:
    return [get_name(number) for number in numbers]


@app.post("/names-in-a-transaction-each")
def reads_in_turn(numbers: list[int]) -> list[str]:
    names = []
    for number in numbers:
        names.append(get_name(number))
    return names


@app.post("/written-in-a-transaction-each")
def writes_in_turn(names: list[str]) -> None:
    for name in names:
        remember(name)  # FP212


@app.post("/isolated-helper")
def helper_may_fail(names: list[str], session: SessionDep) -> None:
    for name in names:
        try:
            store(session, name)
        except ValueError:
            session.rollback()
    store(session, names[0])


@app.post("/tenants")
def a_session_each(names: list[str]) -> None:
    for name in names:
        with SessionLocal(info={"tenant": name}) as tenant_session:
            tenant_session.add(Product(name=name))
            tenant_session.commit()


class Journal:
    def commit(self) -> None: ...


@app.post("/journal")
def another_commit(names: list[str]) -> None:
    journal = Journal()
    for name in names:
        print(name)
        journal.commit()


def in_a_transaction(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if "session" in kwargs:
            return function(*args, **kwargs)
        with SessionLocal.begin() as session:
            return function(*args, session=session, **kwargs)

    return wrapper


class Products:
    @in_a_transaction
    def add(self, name: str, session: Session | None = None) -> Product:
        product = Product(name=name)
        session.add(product)
        session.flush()
        return product


def store_alone(name: str) -> int:
    with SessionLocal() as session:
        product = Product(name=name)
        session.add(product)
        session.flush()
        return product.id


products = Products()


@app.post("/a-transaction-each")
def transactions(names: list[str]) -> list[int]:
    numbers = []
    for name in names:
        try:
            numbers.append(products.add(name).id)  # FP212
        except IntegrityError:
            continue
    for name in names:
        numbers.append(store_alone(name))  # FP212
    return numbers


@app.post("/one-of-its-own")
def one_transaction(names: list[str]) -> list[int]:
    return [store_alone(name) for name in names[:1]] + [products.add(names[0]).id]


@app.post("/a-handful")
def a_handful() -> None:
    for name in ("first", "second"):
        products.add(name)


def add_product(session: Session, name: str, commit: bool = True) -> Product:
    product = Product(name=name)
    session.add(product)
    if commit:
        session.commit()
    return product


def add_draft(session: Session, name: str, *, commit: bool = False) -> None:
    session.add(Product(name=name))
    if not commit:
        return
    session.commit()


def add_either(session: Session, name: str, commit: bool = True) -> None:
    add_product(session, name, commit=commit)


@app.post("/products/one-transaction")
def one_transaction(names: list[str], session: Annotated[Session, Depends(get_session)]) -> None:
    for name in names:
        add_product(session, name, commit=False)
    for name in names:
        add_product(session, name, False)
    for name in names:
        add_draft(session, name)
    for name in names:
        add_either(session, name, commit=False)
    session.commit()


@app.post("/products/many-transactions")
def many_transactions(names: list[str], session: Annotated[Session, Depends(get_session)]) -> None:
    for name in names:
        add_product(session, name)  # FP212
    for name in names:
        add_draft(session, name, commit=True)  # FP212
    for name in names:
        add_either(session, name)  # FP212


@app.post("/products/changed")
def changed(names: list[str], session: SessionDep) -> None:
    for name in names:
        product = session.get(Product, 1)
        if product.name != name:
            product.name = name
            session.commit()  # FP212 (inline)
    for name in names:
        product = session.get(Product, 2)
        if product.name:
            if product.name > name:
                product.name = name
                session.commit()  # FP212 (summary)
    for name in names:
        product = session.get(Product, 3)
        if product.name:
            if product.name > name:
                product.name = name
                session.commit()  # FP212 (inline)
            else:
                product.name = name * 2
                session.commit()


@app.get("/products/active")
def active(names: list[str], session: SessionDep) -> None:
    for product in session.scalars(select(Product)).all():
        if product.name in names and product.timed_out:
            session.delete(product)
            session.commit()  # FP212 (summary)
    for product in session.scalars(select(Product)).all():
        if product.is_timed:
            session.delete(product)
            session.commit()  # FP212 (inline)
    expired_products = session.scalars(select(Product)).all()
    for product in expired_products:
        fail_product(session, product)  # FP212 (summary)
    products = session.scalars(select(Product)).all()
    for product in products:
        fail_product(session, product)  # FP212 (inline)


def fail_product(session: Session, product: Product) -> None:
    product.name = "failed"
    session.commit()


def rebuild(session: Session, product: Product) -> None:
    if session.scalar(select(Product).where(Product.name == product.name)):
        session.execute(select(Product).where(Product.name > product.name)).all()
    if session.get(Product, product.id + 1):
        product.name = "rebuilt"


def rebuild_all(session: Session) -> None:
    for product in session.scalars(select(Product)).all():
        rebuild(session, product)
        session.commit()  # FP212 (summary)


def mark_all(session: Session) -> None:
    for product in session.scalars(select(Product)).all():
        product.name = "marked"
        session.commit()  # FP212 (inline)


@app.post("/products/rebuild")
def rebuild_later(tasks: BackgroundTasks, session: SessionDep) -> None:
    tasks.add_task(rebuild_all, session)
    tasks.add_task(mark_all, session)


@app.post("/products/chosen")
def mark_chosen(wanted: int, session: SessionDep) -> None:
    for product in session.scalars(select(Product)).all():
        if product.id == wanted:
            product.name = "chosen"
            session.commit()  # FP212 (summary)


# Rows that are read back; helpers in comprehensions and in what runs beside requests


@app.post("/products/read-back")
async def read_back(names: list[str], session: AsyncSessionDep) -> list[Product]:
    products = [Product(name=name) for name in names]
    session.add_all(products)
    await session.commit()
    for product in products:
        await session.refresh(product)  # FP212
    return products


@app.post("/products/read-back-once")
async def read_back_once(names: list[str], session: AsyncSessionDep) -> Product:
    products = [Product(name=name) for name in names]
    session.add_all(products)
    await session.commit()
    for _ in names:
        print("stored")
    await session.refresh(products[0])
    return products[0]


async def create(session: AsyncSession, name: str) -> Product:
    product = Product(name=name)
    session.add(product)
    await session.commit()
    await session.refresh(product)
    return product


@app.post("/products/create-all")
async def create_all(names: list[str], session: AsyncSessionDep) -> list[Product]:
    made = [await create(session, name) for name in names]  # FP212
    made += [await create(session, name) for name in ("first", "second")]
    await create(session, names[0])
    return made


def check_all() -> None:
    with SessionLocal() as session:
        for product in session.scalars(select(Product)).all():
            fail_product(session, product)  # FP212 (summary)
        for product in session.scalars(select(Product)).all():
            with contextlib.suppress(ValueError):
                product.name = "failed"
        for product in session.scalars(select(Product)).all():
            try:
                fail_product(session, product)
            except ValueError:
                session.rollback()
        session.commit()


@app.post("/products/check")
def check(tasks: BackgroundTasks) -> None:
    tasks.add_task(check_all)


# A unit of work that commits


class Unit:
    def __enter__(self) -> "Unit":
        self.session = SessionLocal()
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def commit(self) -> None:
        self.session.commit()


@app.post("/products/unit")
def with_unit(names: list[str]) -> None:
    with Unit() as unit:
        for name in names:
            unit.session.add(Product(name=name))
            unit.commit()  # FP212
        for number, name in enumerate(names):
            unit.session.add(Product(name=name))
            if number % 100 == 0:
                unit.commit()
        for name in ("first", "second"):
            unit.session.add(Product(name=name))
            unit.commit()
        for name in names:
            print(name)
        unit.commit()
