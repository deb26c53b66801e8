"""A linked project that follows its files from version to version: always the same as one linked anew."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from textwrap import dedent
from unittest import mock

import pytest
from msgspec.structs import replace

from rules import Succession, affected, analyze, extract
from rules.engine import analysis, growth
from rules.engine.data.schemas import Field
from rules.engine.data.tables import Table
from rules.engine.finding import Options
from rules.engine.linking.routing import Routing
from rules.engine.module import Module
from rules.engine.placing import Placed
from rules.engine.project import Project
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.trees import Trees
from rules.engine.service.serving import served_files
from rules.engine.two_versions import Versions
from tests.engine.test_relinking import seen

FILES = {
    "shop/__init__.py": "",
    "shop/api.py": """
        from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
        from sqlalchemy.orm import Session
        from shop import clients
        from shop.db import session
        from shop.service import Service, make
        from shop.schemas import OrderOut
        from shop.models import Order
        from shop.rows import listed

        app = FastAPI()
        router = APIRouter(prefix="/v1")

        def user() -> str:
            return clients.fetch("user")

        @router.get("/orders")
        async def orders(db: Session = Depends(session), name: str = Depends(user)) -> list[OrderOut]:
            return db.query(Order).all()

        @router.post("/orders")
        def place(tasks: BackgroundTasks, service: Service = Depends(make)) -> str:
            tasks.add_task(service.run, 1)
            return [clients.parse(each) for each in map(lambda each: clients.fetch(each), [])]

        app.include_router(router)
        """,
    "shop/db.py": """
        from sqlalchemy.orm import Session, sessionmaker

        factory = sessionmaker()

        def session() -> Session:
            return factory()
        """,
    "shop/models.py": """
        from sqlalchemy import Column, ForeignKey, Integer
        from sqlalchemy.orm import DeclarativeBase, relationship
        from shop.mixins import Numbered

        class Base(DeclarativeBase):
            pass

        class Item(Base):
            __tablename__ = "items"
            id = Column(Integer, primary_key=True)
            order_id = Column(ForeignKey("orders.id"))

        class Order(Base):
            __tablename__ = "orders"
            id = Column(Integer, primary_key=True)
            items = relationship(Item)
        """,
    "shop/rows.py": """
        from sqlalchemy.orm import Session
        from shop.models import Item, Order
        from shop.schemas import OrderOut

        def listed(db: Session) -> list[OrderOut]:
            return [OrderOut.model_validate(order) for order in db.query(Order).all()]

        def parts(db: Session, number: int) -> list[Item]:
            return db.query(Item).filter(Item.order_id == number).all()
        """,
    "shop/mixins.py": """
        from sqlalchemy import Column, Index, Integer
        from shop.models import Item

        class Numbered:
            code = Column(Integer)

        by_order = Index("by_order", Item.order_id)
        """,
    "shop/schemas.py": """
        from pydantic import BaseModel

        class ItemOut(BaseModel):
            id: int

        class OrderOut(BaseModel):
            id: int
            items: list[ItemOut]
        """,
    "shop/service.py": """
        from abc import ABC, abstractmethod
        from shop.clients import fetch
        from shop.marks import counted

        class Base(ABC):
            @abstractmethod
            def run(self, count: int) -> str: ...

        class Service(Base):
            def __init__(self) -> None:
                self.client = fetch

            def run(self, count: int) -> str:
                return self.name if count else fetch("run")

            @property
            def name(self) -> str:
                return fetch("name")

        @counted
        def make() -> Base:
            return Service()
        """,
    "shop/marks.py": """
        import time

        def counted(function):
            def wrapper(*args, **kwargs):
                time.sleep(1)
                return function(*args, **kwargs)

            return wrapper
        """,
    "shop/aside.py": """
        from fastapi.concurrency import run_in_threadpool

        async def unreached(name: str) -> str:
            return await run_in_threadpool(looked_up, name)

        def looked_up(name: str) -> str:
            return name
        """,
    "shop/ports.py": """
        from typing import Protocol

        class Store(Protocol):
            def load(self, name: str) -> str: ...
            def save_all(self, names: list[str]) -> None: ...
        """,
    "shop/stores.py": """
        from shop.clients import fetch, parse

        class Remote:
            def load(self, name: str) -> str:
                return fetch(name)

            def save_all(self, names: list[str]) -> None: ...

        class Local:
            def load(self, name: str) -> str:
                return parse(name)
        """,
    "shop/stored.py": """
        from fastapi import APIRouter
        from shop.ports import Store

        router = APIRouter()

        def store() -> Store:
            return kept["store"]

        @router.get("/stored")
        async def stored() -> str:
            return store().load("all")
        """,
    "shop/kept.py": """
        from shop.stores import Local, Remote

        kept = {"store": Remote(), "none": Local()}
        """,
    "shop/given.py": """
        from shop.clients import fetch

        def looked(name: str, fresh: bool) -> str:
            if fresh:
                return fetch(name)
            return name

        def through(name: str) -> str:
            return looked(name, fresh=False)
        """,
    "shop/asked.py": """
        from fastapi import APIRouter
        from shop.given import through

        router = APIRouter()

        @router.get("/asked")
        async def asked() -> str:
            return through("all")
        """,
    "shop/clients.py": """
        import requests

        def fetch(name: str) -> str:
            return parse(requests.get(name, timeout=5).text)

        def parse(text: str) -> str:
            return text
        """,
}
EDITS = (
    ("shop/aside.py", "return await", "looked_up(name); return await"),
    ("shop/clients.py", "return text", "import time; time.sleep(1); return text"),
    ("shop/clients.py", "requests.get(name, timeout=5).text", "name"),
    ("shop/clients.py", "def parse(text: str)", "async def parse(text: str)"),
    ("shop/clients.py", "def parse", "def added() -> str:\n    return fetch('x')\n\ndef parse"),
    ("shop/clients.py", "import requests", "import requests\nimport shop.service"),
    (
        "shop/service.py",
        "class Service(Base)",
        "class Other(Base):\n    def run(self, count: int) -> str:\n        return ''\n\nclass Service(Base)",
    ),
    ("shop/service.py", "    @property\n    def name", "    def name"),
    ("shop/service.py", "from shop.clients import fetch", "from shop.clients import parse as fetch"),
    ("shop/service.py", "def make() -> Base", "async def make() -> Service"),
    ("shop/service.py", "return Service()", "return fetch('made')"),
    ("shop/service.py", "@counted\n", ""),
    ("shop/service.py", "@counted", "\n@counted"),
    ("shop/marks.py", "return function(*args, **kwargs)", "return None"),
    ("shop/marks.py", "def wrapper", "async def wrapper"),
    ("shop/marks.py", "time.sleep(1)", "open('counts')"),
    ("shop/marks.py", "return wrapper", "return function"),
    ("shop/api.py", "app = FastAPI()", "\n\napp = FastAPI()"),
    ("shop/api.py", 'prefix="/v1"', 'prefix="/v2"'),
    ("shop/api.py", '@router.get("/orders")', '@router.get("/all")'),
    ("shop/api.py", '@router.post("/orders")', '@router.post("/admin")'),
    ("shop/api.py", "async def orders", "def orders"),
    ("shop/api.py", ", name: str = Depends(user)", ""),
    ("shop/api.py", "app.include_router(router)", ""),
    ("shop/api.py", "tasks.add_task(service.run, 1)", "service.run(1)"),
    ("shop/api.py", ".all()", ".limit(5).all()"),
    ("shop/api.py", "return db.query(Order).all()", "return listed(db)"),
    ("shop/api.py", "from shop.models import Order\n", "from shop.models import *\n"),
    ("shop/api.py", "from shop.rows import listed", "from shop.fresh import listed"),
    ("shop/db.py", "def session() -> Session", "def session()"),
    ("shop/models.py", "relationship(Item)", 'relationship(Item, lazy="joined")'),
    ("shop/models.py", 'ForeignKey("orders.id")', 'ForeignKey("orders.id"), index=True'),
    ("shop/models.py", "class Item(", "\n\nclass Item("),
    ("shop/models.py", "    items = rel", "    number = Column(Integer)\n    items = rel"),
    ("shop/models.py", '"orders"\n    id', '"orders"\n    name = Column(Integer, unique=True)\n    id'),
    ("shop/models.py", '__tablename__ = "items"', '__tablename__ = "parts"'),
    (
        "shop/models.py",
        "    items = rel",
        "    @property\n    def first(self):\n        return self.items\n    items = rel",
    ),
    ("shop/models.py", "class Order(Base)", "class Order(Base, Numbered)"),
    ("shop/mixins.py", "    code = Column", "\n    code = Column"),
    ("shop/mixins.py", "Column(Integer)", "Column(Integer, index=True)"),
    ("shop/mixins.py", "Item.order_id", "Item.id, Item.order_id"),
    ("shop/rows.py", "filter(Item.order_id == number)", "filter(Item.order_id == number, Item.id > 5)"),
    ("shop/rows.py", "def parts", "\ndef parts"),
    ("shop/rows.py", "import Item, Order", "import Order, Order as Item"),
    ("shop/schemas.py", "    items: list[ItemOut]", "    number: int"),
    ("shop/schemas.py", "class ItemOut", "\nclass ItemOut"),
    ("shop/ports.py", "    def save_all(self, names: list[str]) -> None: ...\n", ""),
    ("shop/ports.py", "class Store(Protocol)", "class Store"),
    ("shop/stores.py", "class Local:", "class Local(Remote):"),
    ("shop/stores.py", "def save_all(self, names", "def save_all(self, orders"),
    ("shop/stores.py", "class Local:", "class Local:\n    def save_all(self, names): ...\n"),
    ("shop/kept.py", "Remote()", "None"),
    ("shop/kept.py", ', "none": Local()', ""),
    ("shop/given.py", "fresh=False", "fresh=True"),
    (
        "shop/api.py",
        "-> list[OrderOut]:",
        "-> list[OrderOut]:\n    if name != 'admin':\n        raise ValueError",
    ),
)
ADDED = {
    "migrations/versions/one.py": (
        "from alembic import op\nrevision = 'one'\ndown_revision = None\n\n"
        "def upgrade():\n    op.create_index('by_id', 'orders', ['number'])\n"
    ),
    "shop/late.py": "from shop.clients import fetch\n\ndef late() -> str:\n    return fetch('late')\n",
    "shop/jobs/__init__.py": "",
    "shop/fresh/__init__.py": "from shop.clients import fetch\n\ndef listed(db) -> str:\n    return fetch('all')\n",
    "setup.py": "import shop\n",
    "shop/jobs/nightly.py": "from shop.service import Service\n\nif __name__ == '__main__':\n    Service().run(3)\n",
}


def written(chosen: frozenset[int], more: frozenset[str]) -> dict[str, bytes]:
    texts = {path: dedent(text).lstrip() for path, text in FILES.items()}
    for position in sorted(chosen):
        path, old, new = EDITS[position]
        texts[path] = texts[path].replace(old, new)
    return {path: text.encode() for path, text in {**texts, **{p: ADDED[p] for p in more}}.items()}


def linked(sources: Mapping[str, bytes]) -> dict[str, ModuleFacts]:
    return {path: extract(path, source) for path, source in sources.items()}


def taken_over(before: Mapping[str, ModuleFacts], after: Mapping[str, ModuleFacts]) -> dict[str, ModuleFacts]:
    """As reviews have them: the functions that are as they were are the very same ones."""
    found: dict[str, ModuleFacts] = {}
    for path, facts in after.items():
        known = {each.symbol: each for each in before[path].functions} if path in before else {}
        kept = (known.get(each.symbol) for each in facts.functions)
        functions = tuple(old if old == new else new for old, new in zip(kept, facts.functions, strict=True))
        found[path] = replace(facts, functions=functions)
    return found


def everything(project: Project) -> tuple[object, ...]:
    return (
        seen(project),
        list(project.graph.nodes),
        project.endpoints,
        project.scripts,
        rows_of(project),
        {path: project.signatures(path) for path in project.files},
        project.lookups.needed,
        project.seldom_endpoints,
        project.staff_endpoints,
        served_files(project),
        {key: described(table) for key, table in project.models.tables.items()},
        {place: found.places for place, found in project.unbounded.queries.items()},
    )


def rows_of(project: Project) -> tuple[object, ...]:
    """What is said of rows that load others one by one, by values: each project has tables of its own."""
    lazy = project.lazy_loading
    return (
        {
            place: {
                symbol: (
                    {
                        chain: (shown(read.field), read.through, read.repeated, read.behind)
                        for chain, read in each.reads.items()
                    },
                    each.places,
                )
                for symbol, each in found.items()
            }
            for place, found in lazy.queries.items()
        },
        {
            key: [(shown(asked.field), place) for asked, place in found]
            for key, found in lazy.properties.items()
        },
        {key: [(leaf.name, leaf.call) for leaf in found] for key, found in lazy.calls.items()},
        {key: [(each.schema.name, each.place) for each in found] for key, found in lazy.filled.items()},
        {key: {chain: each.way for chain, each in found.items()} for key, found in lazy.handed.items()},
    )


def shown(field: Field) -> tuple[object, ...]:
    schema = field.schema.name if field.schema is not None else ""
    return (field.name, field.names, field.path, field.line, field.owner, schema, field.many)


def described(table: Table) -> tuple[object, ...]:
    return (
        *(table.name, table.line, table.indexes, table.properties, table.opaque),
        [
            (each.attribute, each.line, each.index, each.unique, each.foreign)
            for each in table.columns.values()
        ],
        [
            (each.attribute, each.line, each.target.symbol if each.target else "", each.many, each.lazy)
            for each in table.relationships.values()
        ],
    )


@pytest.mark.parametrize("seed", [0, 3, 6, 14])
def test_following_says_what_linking_anew_says(seed: int) -> None:
    chance = random.Random(seed)
    succession = Succession()
    files: dict[str, ModuleFacts] = {}
    chosen, more = frozenset[int](), frozenset[str]()
    for _ in range(8):
        chosen ^= frozenset(chance.sample(range(len(EDITS)), chance.choice((1, 1, 2, 5))))
        more ^= frozenset(chance.sample(sorted(ADDED), chance.choice((0, 0, 1))))
        files = taken_over(files, linked(written(chosen, more)))

        found = succession.move(files, {}, Options())

        assert everything(found) == everything(Project(files)), (sorted(chosen), more)


@pytest.mark.parametrize("edit", range(len(EDITS)))
def test_a_review_with_a_linked_project_says_what_one_without_says(edit: int) -> None:
    before, after = written(frozenset(), frozenset()), written(frozenset({edit}), frozenset())
    path = EDITS[edit][0]
    others = linked({other: source for other, source in before.items() if other != path})
    succession = Succession()
    succession.move(linked(before), {}, Options())
    outcomes = []
    for line in (succession, None):
        had = analyze({path: before[path]}, others=others, succession=line)
        has = analyze({path: after[path]}, others=others, succession=line)
        if line is not None:
            had.passed(line)
        told = growth.told(has.result, Versions(had.project, has.project, {}), {path: after[path]})
        outcomes.append((had.result.findings, has.result.endpoints, told.findings, affected(had, has)))

    assert outcomes[0] == outcomes[1]


def test_a_file_is_checked_once_in_a_version_that_comes_again() -> None:
    path, old, new = EDITS[0]
    texts = written(frozenset(), frozenset())
    others = linked({other: source for other, source in texts.items() if other != path})
    elsewhere = {**others, "shop/clients.py": extract("", b"def fetch(name: str) -> str: ...\n")}
    edited = texts[path].replace(old.encode(), new.encode())
    line, trees, checked = Succession(), Trees(), 0
    check = analysis._Run._check

    def counted(run: analysis._Run, module: Module) -> Iterator[Placed]:
        nonlocal checked
        checked += run.trees is trees
        return check(run, module)

    with mock.patch.object(analysis._Run, "_check", counted):
        for facts, source, all_checked in (
            (others, texts[path], 1),
            (others, edited, 2),
            (others, texts[path], 2),
            (elsewhere, texts[path], 3),
            (others, edited, 4),
            (elsewhere, texts[path], 4),
        ):
            found = analyze({path: source}, others=facts, succession=line, trees=trees, followed=True)

            assert checked == all_checked
            assert found.result.findings == analyze({path: source}, others=facts).result.findings
            assert found.layout(path) is not None


WIRED = {
    "shop/main.py": """
        from fastapi import FastAPI
        from shop.wires import install
        from shop.views import router

        app = FastAPI()
        install(app, router, "/v1")
        """,
    "shop/wires.py": """
        def install(app, router, prefix):
            app.include_router(router, prefix=prefix)
        """,
    "shop/views.py": """
        from fastapi import APIRouter
        from shop.store import Filter, find

        router = APIRouter()

        @router.get("/orders")
        def orders():
            return find(Filter("open"), 10)
        """,
    "shop/store.py": """
        class Filter:
            def __init__(self, state):
                self.state = state

        def find(which, most):
            return []
        """,
}


def test_what_a_function_calls_puts_no_application_together_again() -> None:
    before, after, again = _moved("shop/views.py", 'Filter("open"), 10', 'Filter("closed"), find(None, 5)')

    assert after.routing is before
    assert seen(after) == seen(again)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("shop/main.py", "/v1", "/v2"),
        ("shop/wires.py", "prefix=prefix", "prefix='/none'"),
        ("shop/views.py", '"/orders"', '"/all-orders"'),
    ],
)
def test_what_a_function_is_given_that_wires_does(path: str, old: str, new: str) -> None:
    before, after, again = _moved(path, old, new)

    assert after.routing is not before
    assert [each.ref for each in after.routing.endpoints] == [each.ref for each in again.routing.endpoints]


def _moved(path: str, old: str, new: str) -> tuple[Routing, Project, Project]:
    """The applications before an edit, the project that followed it, and one that was linked anew."""
    texts = {path: dedent(text).lstrip() for path, text in WIRED.items()}
    succession = Succession()
    before = succession.move(linked({p: text.encode() for p, text in texts.items()}), {}, Options()).routing
    assert old in texts[path]
    texts[path] = texts[path].replace(old, new)
    files = linked({p: text.encode() for p, text in texts.items()})
    return before, succession.move(files, {}, Options()), Project(files)


def test_tables_follow_the_indexes_that_an_sql_file_gives_them() -> None:
    files = linked({path: dedent(text).encode() for path, text in FILES.items()})
    succession = Succession()

    before = [*succession.move(files, {}, Options()).models.by_name["orders"][0].indexes]
    made = {"db/0001_orders.sql": "CREATE INDEX by_customer ON orders (customer_id);"}
    after = [*succession.move(files, made, Options()).models.by_name["orders"][0].indexes]

    assert after == [*before, ("customer_id",)]
    assert succession.move(files, {}, Options()).models.by_name["orders"][0].indexes == before


ROOMS = {
    "models.py": """
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

        class Base(DeclarativeBase): ...

        class Door(Base):
            __tablename__ = "doors"
            id: Mapped[int] = mapped_column(primary_key=True)

        class Room(Base):
            __tablename__ = "rooms"
            id: Mapped[int] = mapped_column(primary_key=True)
            house_id: Mapped[int] = mapped_column(ForeignKey("houses.id"))
            door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"))
            number: Mapped[int]
            door: Mapped[Door] = relationship()

        class House(Base):
            __tablename__ = "houses"
            id: Mapped[int] = mapped_column(primary_key=True)
            rooms: Mapped[list[Room]] = relationship()
        """,
    "api.py": """
        from fastapi import Depends, FastAPI
        from pydantic import BaseModel
        from sqlalchemy.orm import Session, sessionmaker
        from models import House

        app = FastAPI()
        factory = sessionmaker()

        class DoorOut(BaseModel):
            id: int

        class RoomOut(BaseModel):
            door: DoorOut

        class HouseOut(BaseModel):
            rooms: list[RoomOut]

        def session():
            with factory() as each:
                yield each

        @app.get("/houses/{number}")
        def house(number: int, db: Session = Depends(session)) -> HouseOut:
            return db.get(House, number)
        """,
}


def test_after_a_fault_nobody_goes_on_from_half_a_change() -> None:
    path, old, new = EDITS[0]
    texts = written(frozenset(), frozenset())
    edited = texts | {path: texts[path].replace(old.encode(), new.encode())}
    succession = Succession()
    succession.move(linked(texts), {}, Options())
    with (
        mock.patch("rules.engine.succession.context.run_again", side_effect=KeyError),
        mock.patch("rules.engine.succession.context.propagate", side_effect=KeyError),
        pytest.raises(KeyError),
    ):
        succession.move(linked(edited), {}, Options())

    files = linked(texts)

    assert everything(succession.move(files, {}, Options())) == everything(Project(files))


WITH_BACKREFS = """
    from sqlalchemy import Column, ForeignKey, Integer
    from sqlalchemy.orm import backref, declarative_base, relationship

    from shop.names import LINES

    Base = declarative_base()

    class Order(Base):
        __tablename__ = "orders"
        id = Column(Integer, primary_key=True)
        notes = relationship("Note")

    class Line(Base):
        __tablename__ = "lines"
        id = Column(Integer, primary_key=True)
        order_id = Column(ForeignKey("orders.id"))
        order = relationship(Order, backref=BACKREF)

    class Note(Base):
        __tablename__ = "notes"
        id = Column(Integer, primary_key=True)
        order_id = Column(ForeignKey("orders.id"))
        order = relationship(Order, backref="notes")
    """


@pytest.mark.parametrize("how", ['"lines"', 'backref("lines")', "LINES", "backref(LINES)"])
def test_tables_follow_what_a_backref_makes_of_the_other_side_whatever_its_name_is(how: str) -> None:
    text = dedent(WITH_BACKREFS).replace("BACKREF", how)
    succession = Succession()
    for edited in (
        text,
        text.replace("Base = ", "# A base.\nBase = "),
        text.replace("    notes =", "\n    notes ="),
    ):
        files = linked({"shop/names.py": b"LINES = 'lines'\n", "shop/models.py": edited.encode()})
        tables = [each.models.tables for each in (succession.move(files, {}, Options()), Project(files))]

        assert [described(each) for each in tables[0].values()] == [
            described(each) for each in tables[1].values()
        ]


def test_what_rows_load_follows_a_column_by_which_people_have_rows_of_their_own() -> None:
    owned = {**ROOMS, "models.py": ROOMS["models.py"].replace("number:", "user_id:")}
    succession = Succession()
    told = []
    for texts in (ROOMS, owned, ROOMS):
        files = linked({path: dedent(text).encode() for path, text in texts.items()})
        followed, anew = (rows_of(each) for each in (succession.move(files, {}, Options()), Project(files)))
        assert followed == anew
        told.append(anew)

    assert told[0] != told[1]


def test_a_file_follows_the_versions_that_are_declared_around_it() -> None:
    files, succession = linked({"stock/api.py": b"import redis\n"}), Succession()

    def version(own: str) -> tuple[int, ...] | None:
        documents = {"stock/requirements.txt": f"redis=={own}\n", "requirements.txt": "redis==4.0\n"}
        return succession.move(files, documents, Options()).nearest_versions.of("stock/api.py", "redis")

    assert [version(each) for each in ("5.0", "6.1")] == [(5, 0), (6, 1)]


def test_a_folder_called_like_a_library_follows_what_is_imported_from_there() -> None:
    texts = {
        "agents/clients.py": "import requests\ndef fetch():\n    requests.get(1)\n",
        "api.py": "from fastapi import FastAPI\nfrom agents import Agent\napp = FastAPI()\n@app.get('/')\nasync def read():\n    pass\n",
    }
    used = texts | {
        "api.py": texts["api.py"].replace("import Agent", "import Agent\nfrom agents.clients import fetch")
    }
    used["api.py"] = used["api.py"].replace("    pass", "    fetch()")
    succession = Succession()

    def reached(each: dict[str, str]) -> list[set[str]]:
        files = linked({path: text.encode() for path, text in each.items()})
        projects = succession.move(files, {}, Options()), Project(files)
        return [
            {node.symbol for node in project.graph.nodes.values() if node.endpoints} for project in projects
        ]

    assert reached(texts) == [{"read"}, {"read"}]
    assert reached(used) == [{"read", "fetch"}, {"read", "fetch"}]
    assert reached(texts) == [{"read"}, {"read"}]


API = "from fastapi import FastAPI\n{}\napp = FastAPI()\n@app.get('/')\nasync def read():\n    fetch()\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop-api/shop/api.py", API.format("from shop.core import fetch\nimport shop.gone")),
        ("jobs/api.py", API.format("from parts.core import fetch\nfrom parts.core import gone")),
        ("shop-api/shop/__init__.py", "version = 1\n"),
        ("shop-other/shop/core.py", "def fetch(): ...\n"),
        ("all/other/parts/core.py", "def fetch(): ...\n"),
        ("all/own/parts/core.py", "def other(): ...\n"),
    ],
)
def test_packages_that_are_installed_by_themselves_follow_what_says_where_they_are(
    path: str, text: str
) -> None:
    fetch = "import requests\ndef fetch():\n    requests.get(1)\n"
    texts = {
        "shop-core/shop/core.py": fetch,
        "shop-api/shop/__init__.py": "",
        "shop-api/shop/api.py": API.format("from shop.core import fetch"),
        "all/__init__.py": "",
        "all/own/__init__.py": "",
        "all/own/parts/__init__.py": "",
        "all/own/parts/core.py": fetch,
        "jobs/api.py": API.format("from parts.core import fetch"),
        "more.py": "import all",
    }
    succession = Succession()
    for each in (texts, texts | {path: text}, texts):
        files = linked({name: content.encode() for name, content in each.items()})
        followed, anew = succession.move(files, {}, Options()), Project(files)
        assert seen(followed) == seen(anew)


HANDED_UP = {
    "base.py": "class Base:\n    def __init__(self, client):\n        self.client = client\n",
    "clients.py": """
        import requests
        from base import Base

        class Clients(Base):
            def __init__(self, client: requests.Session):
                super().__init__(client)
        """,
    "api.py": """
        from fastapi import FastAPI
        from clients import Clients

        app = FastAPI()

        @app.get("/")
        async def read():
            return Clients(None).client.get(1)
        """,
}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("base.py", "self, client)", "self, client: str)"),
        ("base.py", "self, client)", "self, name, client)"),
        ("clients.py", "super().__init__(client)", "super().__init__(None)"),
        ("clients.py", "requests.Session", "str"),
    ],
)
def test_what_is_handed_up_follows_both_classes(path: str, old: str, new: str) -> None:
    texts = {name: dedent(text).encode() for name, text in HANDED_UP.items()}
    edited = {**texts, path: texts[path].replace(old.encode(), new.encode())}
    succession = Succession()

    def waits(each: dict[str, bytes]) -> list[list[str]]:
        files = linked(each)
        return [
            [leaf.name for leaf in project.graph.nodes["api.py", "read"].leaves]
            for project in (succession.move(files, {}, Options()), Project(files))
        ]

    assert waits(texts) == [["requests.Session.get"]] * 2
    followed, anew = waits(edited)
    assert followed == anew != ["requests.Session.get"]
    assert waits(texts) == [["requests.Session.get"]] * 2


TABLES = {
    "kept.py": """
        WRITERS = {}

        def writer(kind):
            def wrap(function):
                WRITERS[kind] = function
                return function
            return wrap
        """,
    "writers.py": """
        from kept import writer

        @writer("csv")
        def as_csv(order):
            return order

        def as_pdf(order):
            return order
        """,
    "api.py": """
        import writers
        from fastapi import FastAPI
        from kept import WRITERS

        app = FastAPI()

        @app.get("/")
        async def read(kind: str):
            return WRITERS[kind](1)
        """,
}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("kept.py", "WRITERS[kind] = function", "print(kind)"),
        ("writers.py", '@writer("csv")\n', ""),
        ("writers.py", "def as_pdf", '@writer("pdf")\ndef as_pdf'),
        ("writers.py", "def as_csv", "def as_lines"),
    ],
)
def test_what_a_table_holds_follows_all_files_that_fill_it(path: str, old: str, new: str) -> None:
    texts = {name: dedent(text).encode() for name, text in TABLES.items()}
    edited = {**texts, path: texts[path].replace(old.encode(), new.encode())}
    succession = Succession()

    def runs(each: dict[str, bytes]) -> list[list[str]]:
        files = linked(each)
        return [
            [edge.target.symbol for edge in project.graph.nodes["api.py", "read"].edges]
            for project in (succession.move(files, {}, Options()), Project(files))
        ]

    assert edited != texts
    assert runs(texts) == [["as_csv"]] * 2
    followed, anew = runs(edited)
    assert followed == anew != ["as_csv"]
    assert runs(texts) == [["as_csv"]] * 2
