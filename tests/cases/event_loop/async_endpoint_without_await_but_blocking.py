import asyncio
import functools
import sqlite3
import time
from typing import Annotated

import bcrypt
import pandas
import peewee
import requests
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
router = APIRouter()
SessionLocal = sessionmaker(create_engine("sqlite://"))
TRACED = False


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session():
    with SessionLocal() as session:
        yield session


def fetch(url: str) -> str:
    return requests.get(url, timeout=5).text


@app.get("/sleep")
async def sleeps() -> None:  # FP104
    time.sleep(1)


@app.get("/http")
async def calls(url: str) -> str:  # FP104
    answer = requests.get(url, timeout=5)
    return answer.text


@router.get("/database")
async def reads(session: Session = Depends(get_session)) -> int:  # FP104
    order = session.get(Order, 1)
    session.commit()
    return order.id


@router.get("/helper")
async def helped(url: str) -> str:  # FP104
    return fetch(url)


async def dependency(url: str) -> str:  # FP104
    return requests.get(url, timeout=5).text


async def session_dependency():  # FP104
    session = SessionLocal()
    session.execute(select(Order))
    yield session


@router.get("/dependencies")
async def depends(text: Annotated[str, Depends(dependency)], session: Session = Depends(session_dependency)) -> str:
    return text


app.include_router(router)


# Near misses


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/awaits")
async def awaits(url: str) -> str:
    await asyncio.sleep(0)
    return requests.get(url, timeout=5).text  # FP101


@app.get("/offloads")
async def offloads(url: str) -> str:
    return await run_in_threadpool(fetch, url)


@app.get("/thread")
def in_a_thread(url: str) -> str:
    return fetch(url)


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()


async def no_endpoint(url: str) -> str:
    return requests.get(url, timeout=5).text  # FP101


@app.get("/scheduled")
async def scheduled() -> None:
    def job() -> None:
        time.sleep(1)

    asyncio.get_running_loop().run_in_executor(None, job)


@app.get("/comprehension")
async def comprehension(numbers: list[int]) -> list[int]:
    return [number async for number in stream(numbers)]


async def stream(numbers: list[int]):
    for number in numbers:
        yield number


running: set[asyncio.Task[None]] = set()


async def refresh(text: str) -> None: ...


def start(text: str) -> None:
    running.add(asyncio.get_running_loop().create_task(refresh(text)))


@app.get("/starts")
async def starts(url: str) -> None:  # a thread has no running loop
    start(requests.get(url, timeout=5).text)  # FP101


@app.get("/starts-itself")
async def starts_itself(url: str) -> None:
    running.add(asyncio.create_task(refresh(requests.get(url, timeout=5).text)))  # FP101


def permitted(action: str):
    def decorate(function):
        @functools.wraps(function)
        async def wrapper(*args, **kwargs):
            print(action)
            return await function(*args, **kwargs)

        return wrapper

    return decorate


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        print(function.__name__)
        return function(*args, **kwargs)

    return wrapper


@router.get("/permitted")
@permitted("read")
async def awaited_by_its_decorator(session: Session = Depends(get_session)) -> int:
    session.commit()
    return 1


@router.get("/counted")
@counted
async def only_called_by_its_decorator(session: Session = Depends(get_session)) -> int:  # FP104
    session.commit()
    return 1


class Remote:
    def load(self) -> str:
        return requests.get("https://rates.example", timeout=5).text


class Local:
    def load(self) -> str:
        return "1"


LOADERS = {"remote": Remote(), "local": Local()}


@app.get("/loaded/{kind}")
async def of_one_of_several(kind: str) -> str:  # FP104 (summary)
    return LOADERS[kind].load()


def transactional(function):
    def wrapper(*args, **kwargs):
        session = SessionLocal()
        result = function(session, *args, **kwargs)
        session.commit()
        return result

    return wrapper


def audited(address: str):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            requests.post(address, timeout=5)
            return function(*args, **kwargs)

        return wrapper

    return decorate


REGISTERED = []


def registered(function):
    def wrapper(address: str) -> None:
        requests.post(address, timeout=5)

    REGISTERED.append(wrapper)
    return function


def replaced(function):
    def wrapper(*args, **kwargs):
        return requests.get("https://rates.example", timeout=5).text

    return wrapper


@transactional
def store(session: Session, order: Order) -> None:
    session.add(order)


@audited("https://audit.example")
def total(number: int) -> int:
    return number * 2


@registered
def half(number: int) -> int:
    return number // 2


@replaced
def unknown(number: int) -> int:  # what stands in its place does not call it: not followed
    return number


@app.post("/committed")
async def committed_by_its_helpers_decorator() -> None:  # FP104
    store(Order())


@app.get("/audited")
async def audited_by_its_helpers_decorator(number: int) -> int:  # FP104
    return total(number)


@app.get("/registered")
async def of_a_registered_helper(number: int) -> int:
    return half(number) + unknown(number)


@app.get("/answered")
async def sure_before_doubtful(url: str) -> str:  # FP104 (inline)
    loaded = LOADERS["remote" if url else "local"].load()
    return loaded + fetch(url)


class Waiting:
    def read(self) -> None:
        time.sleep(1)


class Ready:
    def read(self) -> None: ...


@app.get("/bound-again")
async def bound_again(brief: bool) -> None:  # FP104 (inline)
    if brief:
        source: Waiting | Ready = Ready()
        source = Waiting()
    else:
        source = Waiting()
    source.read()


@app.get("/replaced-again")
async def replaced_again(brief: bool) -> None:
    if brief:
        source: Waiting | Ready = Waiting()
        source = Ready()
    else:
        source = Ready()
    source.read()


app.state.source = Waiting()


@app.get("/got")
async def got_by_its_name(request: Request) -> None:  # FP104
    getattr(request.app.state, "source", None).read()


@app.get("/asked")
async def asked_what_it_is(given: object) -> None:  # FP104
    if isinstance(given, Waiting):
        given.read()


@app.get("/refused")
async def refused_what_it_is_not(given: object) -> None:  # FP104
    if not isinstance(given, Waiting):
        return
    given.read()


@app.get("/first")
async def first_of_some() -> None:  # FP104
    next(iter([Waiting(), Waiting()])).read()


@app.get("/got/something")
async def got_by_some_name(request: Request, name: str) -> None:
    getattr(request.app.state, name).read()
    getattr(request.app.state, "source", Ready() if name else None).read()


@app.get("/asked/another")
async def asked_what_another_is(given: object, other: object) -> None:
    if isinstance(other, Waiting):
        given.read()
    if isinstance(given, Waiting):
        given = made(given)
        given.read()
    if isinstance(given, Waiting | Ready):
        given.read()
    if not isinstance(other, Waiting):
        other.read()


def made(given: object) -> object:
    return given


class Tab(peewee.Model):
    name = peewee.CharField()


def names() -> list[str]:
    return [tab.name for tab in Tab.select().where(Tab.name != "")]


def query() -> str:
    return str(Tab.select().where(Tab.name != ""))


@app.get("/tabs")
async def tabs() -> list[str]:  # FP104
    return names()


@app.get("/tabs/query")
async def tabs_unasked() -> str:
    return query()


KEYS: dict[str, str] = {}


def key_of(name: str) -> str:
    if name in KEYS:
        return KEYS[name]
    KEYS[name] = requests.get(f"https://keys.example/{name}", timeout=5).text
    return KEYS[name]


async def signed_by(name: str) -> str:
    return key_of(name)  # the few requests that wait are no reason for a thread each


@app.get("/signed", dependencies=[Depends(signed_by)])
async def signed() -> None: ...


@app.get("/keys/{name}")
async def key(name: str) -> str:  # FP104
    return key_of(name)


@app.post("/orders/table")
async def orders_as_table(rows: list[dict[str, str]]) -> str:  # FP104 (change)
    return pandas.DataFrame(rows).to_csv()


@app.post("/orders/from-table")
async def orders_from_table(path: str) -> str:  # FP104 (inline)
    return pandas.read_csv(path).to_csv()


@app.post("/orders/table/in-a-thread")
def orders_as_table_in_a_thread(rows: list[dict[str, str]]) -> str:
    return pandas.DataFrame(rows).to_csv()


# What a class does on the way in and out of a `with` block


class Lock:
    def __enter__(self) -> None:
        time.sleep(0.5)

    def __exit__(self, *error: object) -> None:
        return None


class Unit:
    def __enter__(self) -> Session:
        self.session = SessionLocal()
        return self.session

    def __exit__(self, *error: object) -> None:
        self.session.commit()


class Quick:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None

    def wait(self) -> None:
        time.sleep(0.5)


@app.post("/locked")
async def locked() -> None:  # FP104
    with Lock():
        print("locked")


@app.post("/unit")
async def in_unit() -> None:  # FP104
    with Unit() as session:
        session.add(Order(id=1))


@app.post("/quick")
async def in_quick() -> None:
    with Quick():
        print("quick")
    made = Lock()
    print(made)


DUMPS = False
LAZY = False


def be_lazy() -> None:
    global LAZY
    LAZY = True


@app.get("/dumped")
async def dumped() -> int:
    if DUMPS:
        time.sleep(1)
    return 1


@app.get("/lazy")
async def lazy() -> int:  # FP104 (inline)
    if LAZY:
        time.sleep(1)
    return 1


@app.get("/traced")
async def only_traced() -> None:
    if TRACED:
        time.sleep(1)


@app.get("/traced/too")
async def also_traced() -> None:  # FP104 (inline)
    if TRACED:
        time.sleep(2)
    if not TRACED:
        time.sleep(1)


@app.post("/me/password")
async def own_password(password: str) -> bytes:  # FP104 (change)
    return bcrypt.hashpw(password.encode(), b"salt")


@app.post("/password/forgot")
async def forgotten_password(password: str) -> bytes:  # FP104 (inline)
    return bcrypt.hashpw(password.encode(), b"salt")


@app.put("/me/password")
async def own_password_elsewhere(password: str) -> bytes:  # FP104 (inline)
    requests.post("https://accounts.example/", timeout=5)
    return bcrypt.hashpw(password.encode(), b"salt")


@app.get("/stock/{number}")
async def stock_and_carrier(number: str) -> str:  # FP104 (inline)
    with sqlite3.connect("shop.db") as stock:
        stock.execute("select 1 from stock where number = ?", (number,)).fetchall()
    return requests.get(f"https://carrier.example/{number}", timeout=5).text
