import os
from typing import Any

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool, QueuePool
from sqlmodel import create_engine as sqlmodel_engine

app = FastAPI()
URL = "postgresql+psycopg://db/shop"
OPTIONS: dict[str, Any] = {"pool_size": 20, "pool_pre_ping": True}

engine = create_engine(URL)  # FP606
async_engine = create_async_engine("mysql+asyncmy://db/shop", echo=False)  # FP606
other = sqlmodel_engine(os.environ["DATABASE_URL"], pool_size=20)  # FP606


def make() -> Any:
    return create_engine(URL, future=True)  # FP606


class Database:
    def open(self) -> None:
        self.engine = create_engine(URL)  # FP606


def make_sessions() -> Any:
    ours = create_engine(URL)  # FP606
    factory = sessionmaker(bind=ours)
    return factory


def provide() -> Any:
    ours = create_engine(URL)  # FP606
    yield ours
    ours.dispose()


NOTHING: dict[str, Any] = {"echo": True}
from_nothing = create_engine(URL, **NOTHING)  # FP606

AGED: dict[str, Any] = {"pool_size": 20, "pool_recycle": 1800}
aged = create_async_engine("mysql+asyncmy://db/shop", **AGED)  # FP606 (summary)
checked_only = create_async_engine("mysql+asyncmy://db/shop", pool_pre_ping=True)  # FP606 (summary)

OURS = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
either = create_engine(  # FP606 (summary)
    OURS, pool_size=20, connect_args={"check_same_thread": False} if OURS.startswith("sqlite") else {}
)
checked_either_checked = create_engine(
    OURS,
    pool_size=20,
    pool_pre_ping=True,
    connect_args={"check_same_thread": False} if OURS.startswith("sqlite") else {},
)
threads = create_engine(URL, pool_pre_ping=True)  # FP606 (summary)
named_anyway = create_engine(URL, poolclass=QueuePool, pool_size=20)  # FP606 (summary)
aged_and_named = create_engine(URL, poolclass=QueuePool, pool_size=20, pool_recycle=1800)  # FP606 (summary)

LATER: dict[str, Any] = {}
if "POOL" in os.environ:
    LATER["pool_size"] = 20
from_later = create_engine(URL, **LATER)  # FP606 (summary)

# Near misses

AGED_AND_ASKED: dict[str, Any] = {"pool_size": 20, "pool_recycle": 1800, "pool_pre_ping": True}
asked = create_engine(URL, **AGED_AND_ASKED)
CHECKED_LATER: dict[str, Any] = {"pool_size": 20}
CHECKED_LATER.update(pool_pre_ping=True)
checked_later = create_engine(URL, **CHECKED_LATER)
OF_THE_MACHINE: dict[str, Any] = {"pool_size": 20}
OF_THE_MACHINE[os.environ["OPTION"]] = True
from_the_machine = create_engine(URL, **OF_THE_MACHINE)

sized = create_engine(URL, pool_size=20, pool_pre_ping=True)
recycled = create_engine(URL, pool_recycle=1800, max_overflow=20, pool_pre_ping=True)
from_options = create_engine(URL, **OPTIONS)
local = create_engine("sqlite:///shop.db")
threads = create_engine(os.environ["DATABASE_URL"], connect_args={"check_same_thread": False})
named_and_asked = create_engine(URL, poolclass=QueuePool, pool_size=20, pool_pre_ping=True)
without_pool = create_async_engine(URL, poolclass=NullPool)


def make_test_engine() -> Any:
    return create_engine(URL)


def make_by_environment(settings: Any) -> Any:
    if settings.environment == "development":
        return create_engine(URL)
    try:
        return create_engine(URL, pool_size=20, pool_pre_ping=True)
    except TypeError:  # another database, without a pool
        return create_engine(URL, echo=True)


class Exporter:
    def __init__(self, url: str) -> None:
        self.engine = create_engine(URL)


@app.post("/export")
def export(url: str) -> None:
    Exporter(url)


def get_session() -> Any:
    with Session(engine) as session:
        yield session


@app.get("/count")
def count(session: Session = Depends(get_session)) -> int:
    return session.scalar(text("select count(*) from orders"))


def drop_everything() -> None:
    once = create_engine(URL, isolation_level="AUTOCOMMIT")  # its one connection goes with it
    with once.connect() as connection:
        connection.execute(text("DROP DATABASE shop"))
    once.dispose()


class Table:
    def read(self) -> Any:
        once = create_engine(URL)  # an engine for one statement has no pool to speak of
        with once.connect() as connection:
            return connection.execute(text("select * from orders")).all()

    def exists(self, name: str) -> bool:
        once = create_engine(URL)
        return inspect(once).has_table(name)

    def frame(self, pandas: Any) -> Any:
        return pandas.read_sql("select * from orders", create_engine(URL))

    def write(self, frame: Any) -> None:
        once = create_engine(URL)
        frame.to_sql("orders", once)
