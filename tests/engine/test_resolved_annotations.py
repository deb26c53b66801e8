"""What the resolver takes from annotations, protocols and abstract bases."""

from __future__ import annotations

import pytest

from tests.engine.resolving import QUERY, SESSION, Rows, assert_resolves

ROWS: Rows = {
    # what annotations say
    "a protocol for which a dependency gives one class": (
        {
            "clients.py": """
                from typing import Protocol
                import requests

                class Fetching(Protocol):
                    http: object

                class Client:
                    http = requests.Session()

                def client() -> Fetching:
                    return Client()
                """,
            "use.py": "from typing import Annotated\nfrom fastapi import Depends\nfrom clients import Fetching, client\n"
            "def use(made: Annotated[Fetching, Depends(client)]):\n    made.http.get(1)",
        },
        SESSION,
    ),
    "an abstract class for which a generator gives one heir": (
        {
            "clients.py": """
                from abc import ABC
                from collections.abc import Iterator
                import requests

                class Fetching(ABC):
                    http = None

                class Client(Fetching):
                    http = requests.Session()

                class Other(Fetching):
                    http = object()

                def client() -> Iterator[Fetching]:
                    yield Client()
                """,
            "use.py": "from fastapi import Depends\nfrom clients import Fetching, client\n"
            "def use(made: Fetching = Depends(client)):\n    made.http.get(1)",
        },
        SESSION,
    ),
    "a protocol for which a dependency gives one class or another": (
        {
            "clients.py": """
                from typing import Protocol
                import requests

                class Fetching(Protocol):
                    http: object

                class Client:
                    http = requests.Session()

                class Other:
                    http = object()

                def client(other: bool) -> Fetching:
                    return Other() if other else Client()
                """,
            "use.py": "from fastapi import Depends\nfrom clients import Fetching, client\n"
            "def use(made: Fetching = Depends(client)):\n    made.http.get(1)",
        },
        None,
    ),
    "a class that is annotated counts before what its dependency gives": (
        {
            "clients.py": """
                import httpx
                import requests

                class Plain:
                    http = requests.Session()

                class Other(Plain):
                    http = httpx.AsyncClient()

                def client() -> Plain:
                    return Other()
                """,
            "use.py": "from fastapi import Depends\nfrom clients import Plain, client\n"
            "def use(made: Plain = Depends(client)):\n    made.http.get(1)",
        },
        SESSION,
    ),
    "what a framework for dependency injection provides": (
        {
            "use.py": "import requests\nfrom dishka.integrations.fastapi import FromDishka\n"
            "def use(http: FromDishka[requests.Session]):\n    http.get(1)",
        },
        SESSION,
    ),
    "two applications that keep different things under a name": (
        {
            "one.py": "import requests\nfrom fastapi import FastAPI\napp = FastAPI()\napp.state.client = requests.Session()",
            "two.py": "import httpx\nfrom fastapi import FastAPI\napp = FastAPI()\napp.state.client = httpx.AsyncClient()",
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.app.state.client.get(1)",
        },
        "starlette.datastructures.State.client.get",
    ),
    "the state of something that is no application": (
        {
            "main.py": "import requests\nclass Machine:\n    pass\nmachine = Machine()\nmachine.state = object()\n"
            "machine.state.client = requests.Session()",
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.app.state.client.get(1)",
        },
        "starlette.datastructures.State.client.get",
    ),
    # annotations
    "an optional type": (
        {"use.py": "from sqlalchemy.orm import Session\ndef f(db: Session | None):\n    db.execute(1)"},
        QUERY,
    ),
    "typing.Optional": (
        {
            "use.py": """
            from typing import Optional
            from sqlalchemy.orm import Session
            def f(db: Optional[Session] = None):
                db.execute(1)
        """
        },
        QUERY,
    ),
    "a type in a string": (
        {"use.py": "from sqlalchemy.orm import Session\ndef f(db: 'Session'):\n    db.execute(1)"},
        QUERY,
    ),
    "Annotated with a dependency": (
        {
            "use.py": """
            from typing import Annotated
            from fastapi import Depends
            from sqlalchemy.orm import Session
            def get_db(): ...
            def f(db: Annotated[Session, Depends(get_db)]):
                db.execute(1)
        """
        },
        QUERY,
    ),
    "an alias of that in another file": (
        {
            "deps.py": """
            from typing import Annotated
            from fastapi import Depends
            from sqlalchemy.orm import Session
            def get_db(): ...
            SessionDep = Annotated[Session, Depends(get_db)]
         """,
            "use.py": "from deps import SessionDep\ndef f(db: SessionDep):\n    db.execute(1)",
        },
        QUERY,
    ),
    "an alias that is an assignment": (
        {"use.py": "from sqlalchemy.orm import Session\nDb = Session\ndef f(db: Db):\n    db.execute(1)"},
        QUERY,
    ),
    "an alias of a union": (
        {
            "use.py": "from sqlalchemy.orm import Session\nDb = Session | None\ndef f(db: Db):\n    db.execute(1)"
        },
        QUERY,
    ),
    "a default that is a dependency": (
        {
            "use.py": """
            from fastapi import Depends
            from sqlalchemy.orm import Session, sessionmaker
            SessionLocal = sessionmaker()
            def get_db():
                db = SessionLocal()
                try:
                    yield db
                finally:
                    db.close()
            def f(db=Depends(get_db)):
                db.execute(1)
        """
        },
        QUERY,
    ),
    "a dependency that is a context manager's generator": (
        {
            "use.py": """
            from contextlib import contextmanager
            from fastapi import Depends
            from sqlalchemy.orm import Session, sessionmaker
            SessionLocal = sessionmaker()
            @contextmanager
            def scope():
                with SessionLocal() as db:
                    yield db
            def get_db():
                with scope() as db:
                    yield db
            def f(db=Depends(get_db)):
                db.execute(1)
        """
        },
        QUERY,
    ),
    "a dependency that is a method": (
        {
            "use.py": """
            from fastapi import Depends
            from sqlalchemy.orm import Session, sessionmaker
            class Database:
                def __init__(self):
                    self.maker = sessionmaker()
                def session(self):
                    with self.maker() as db:
                        yield db
            database = Database()
            def f(db=Depends(database.session)):
                db.execute(1)
        """
        },
        QUERY,
    ),
    "a dependency that is a class": (
        {
            "use.py": """
            import requests
            from fastapi import Depends
            class Gateway:
                def __init__(self):
                    self.client = requests.Session()
            def f(gateway: Gateway = Depends()):
                gateway.client.get(1)
        """
        },
        SESSION,
    ),
    "a type variable that a base class is given": (
        {
            "use.py": """
            from typing import Generic, TypeVar
            import requests
            T = TypeVar("T")
            class Box(Generic[T]):
                item: T
            class Client(Box[requests.Session]): ...
            Client().item.get(1)
        """
        },
        SESSION,
    ),
    "a generic that the annotation fills": (
        {
            "use.py": """
            from typing import Generic, TypeVar
            import requests
            T = TypeVar("T")
            class Box(Generic[T]):
                def take(self) -> T: ...
            def f(box: Box[requests.Session]):
                box.take().get(1)
        """
        },
        SESSION,
    ),
    "a generic class that is called with its arguments": (
        {
            "use.py": """
            from typing import Generic, TypeVar
            import requests
            T = TypeVar("T")
            class Box(Generic[T]):
                def client(self):
                    return requests.Session()
            Box[int]().client().get(1)
        """
        },
        SESSION,
    ),
    "Self": (
        {
            "use.py": """
            from typing import Self
            import requests
            class A:
                client = requests.Session()
                def on(self) -> Self: ...
            A().on().on().client.get(1)
        """
        },
        SESSION,
    ),
    "an inherited method that returns self": (
        {
            "use.py": """
            import requests
            class Base:
                def on(self) -> "Base":
                    if self.ready:
                        return None
                    return self
            class A(Base):
                client = requests.Session()
            A().on().client.get(1)
        """
        },
        SESSION,
    ),
    "an inherited class method that makes one": (
        {
            "use.py": """
            import requests
            class Base:
                @classmethod
                def of(cls, settings):
                    return cls(settings)
            class A(Base):
                def client(self):
                    return requests.Session()
            A.of(1).client().get(1)
        """
        },
        SESSION,
    ),
    "entering what inherits __aenter__": (
        {
            "base.py": """
            class Base:
                async def __aenter__(self):
                    await self.open()
                    return self
            """,
            "use.py": """
            import requests
            from base import Base
            class A(Base):
                client = requests.Session()
            async def ask():
                async with A() as a:
                    a.client.get(1)
        """,
        },
        SESSION,
    ),
    "a method that returns self": (
        {
            "use.py": """
            import requests
            class A:
                client = requests.Session()
                def on(self):
                    return self
            A().on().client.get(1)
        """
        },
        SESSION,
    ),
    # protocols and abstract bases
    "a protocol with one implementation": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                def client(self): ...
            class Http(Gateway):
                def client(self):
                    return requests.Session()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        SESSION,
    ),
    "a protocol that a class implements without naming it": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                name: str
                def client(self): ...
                def open_account(self, number: int): ...
                @property
                def is_open(self) -> bool: ...
            class Http:
                def __init__(self, name):
                    self.name = name
                    self.is_open = True
                def client(self):
                    return requests.Session()
                def open_account(self, number, name=""): ...
            made = Http("bank")
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        SESSION,
    ),
    "a protocol of which a class inherits what it implements": (
        {
            "use.py": """
            import requests
            from typing_extensions import Protocol
            class Named(Protocol):
                def read_name(self): ...
            class Gateway(Named, Protocol):
                def client(self): ...
            class Base:
                def client(self):
                    return requests.Session()
            class Http(Base):
                def read_name(self): ...
            made = Http()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        SESSION,
    ),
    "a protocol of one method that says what it is": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                def open_client(self, number: int): ...
            class Http:
                def open_client(self, number: int):
                    return requests.Session()
            class Other:
                def open_client(self, name: str):
                    return None
            made = Http() or Other()
            def f(g: Gateway):
                g.open_client(1).get(1)
        """
        },
        SESSION,
    ),
    "a protocol that a class implements which nothing makes": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                def client(self): ...
                def open_account(self, number: int): ...
            class Http:
                def client(self):
                    return requests.Session()
                def open_account(self, number: int): ...
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        None,
    ),
    "a protocol of methods that are called like many others": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Jobs(Protocol):
                def get(self): ...
                def run(self): ...
            class Clients:
                def get(self):
                    return requests.Session()
                def run(self): ...
            made = Clients()
            def f(jobs: Jobs):
                jobs.get().get(1)
        """
        },
        None,
    ),
    "a protocol of such methods and a class that is called like it": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class ClientSource(Protocol):
                def get(self): ...
                def run(self): ...
            class HttpClients:
                def get(self):
                    return None
                def run(self): ...
            class HttpClient:
                def get(self):
                    return requests.Session()
                def run(self): ...
            made = HttpClient() or HttpClients()
            def f(source: ClientSource):
                source.get().get(1)
        """
        },
        SESSION,
    ),
    "a protocol of whose methods a class has not all": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                def client(self): ...
                def open_account(self, number: int): ...
                def close_account(self, number: int): ...
            class Http:
                def client(self):
                    return requests.Session()
                def open_account(self, number: int): ...
            made = Http()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        None,
    ),
    "a protocol of whose methods a class has one that is asynchronous": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            class Gateway(Protocol):
                def client(self): ...
                def open_account(self, number: int): ...
            class Http:
                def client(self):
                    return requests.Session()
                async def open_account(self, number: int): ...
            made = Http()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        None,
    ),
    "a protocol that a class implements, and others for tests": (
        {
            "use.py": """
            import requests
            from typing import Protocol
            from fakes import Paper
            class Gateway(Protocol):
                def client(self): ...
                def open_account(self, number: int): ...
            class Http:
                def client(self):
                    return requests.Session()
                def open_account(self, number: int): ...
            class GatewayStub:
                def client(self): ...
                def open_account(self, number: int): ...
            made = Http() or GatewayStub() or Paper()
            def f(g: Gateway):
                g.client().get(1)
        """,
            "fakes.py": """
            class Paper:
                def client(self): ...
                def open_account(self, number: int): ...
            """,
            "tests/test_use.py": """
            from use import Gateway, f
            class Paper:
                def client(self): ...
                def open_account(self, number: int): ...
            class Glass(Gateway):
                def client(self): ...
            f(Paper())
            """,
        },
        SESSION,
    ),
    "a protocol with one implementation that names it and another that does not": (
        {
            "use.py": """
            import httpx, requests
            from typing import Protocol
            class Gateway(Protocol):
                def client(self): ...
                def open_account(self, number: int): ...
            class Http(Gateway):
                def client(self):
                    return requests.Session()
            class Other:
                def client(self):
                    return httpx.Client()
                def open_account(self, number: int): ...
            made = Other()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        None,
    ),
    "an abstract base with one implementation": (
        {
            "base.py": """
            from abc import ABC, abstractmethod
            class Gateway(ABC):
                @abstractmethod
                def client(self):
                    raise NotImplementedError
         """,
            "http_gateway.py": """
            import requests
            from base import Gateway
            class Http(Gateway):
                def client(self):
                    return requests.Session()
         """,
            "use.py": "from base import Gateway\ndef f(g: Gateway):\n    g.client().get(1)",
        },
        SESSION,
    ),
    "an abstract base with one implementation and one for tests": (
        {
            "use.py": """
            import requests
            from abc import ABC, abstractmethod
            class Gateway(ABC):
                @abstractmethod
                def client(self): ...
            class Http(Gateway):
                def client(self):
                    return requests.Session()
            class FakeGateway(Gateway):
                def client(self):
                    return None
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        SESSION,
    ),
    "an abstract base with two implementations that disagree": (
        {
            "use.py": """
            import httpx, requests
            from abc import ABC, abstractmethod
            class Gateway(ABC):
                @abstractmethod
                def client(self): ...
            class Http(Gateway):
                def client(self):
                    return requests.Session()
            class Other(Gateway):
                def client(self):
                    return httpx.Client()
            def f(g: Gateway):
                g.client().get(1)
        """
        },
        None,
    ),
    "a type of a module that a property of the class has the name of": (
        {
            "use.py": """
            import requests
            class Kept:
                def __init__(self):
                    self._requests = None
                @property
                def requests(self) -> requests.Session | None:
                    return self._requests
            kept = Kept()
            kept.requests.get(1)
        """
        },
        SESSION,
    ),
    "a list that a class with a method of that name gives": (
        {
            "use.py": """
            from __future__ import annotations
            import requests
            class Kept:
                def list(self) -> list[requests.Session]:
                    ...
            for each in Kept().list():
                each.get(1)
        """
        },
        SESSION,
    ),
    "a class inside a class that has the name of a module": (
        {
            "use.py": """
            import requests
            class Kept:
                class requests:
                    class Session: ...
                def made(self) -> requests.Session:
                    ...
            Kept().made().get(1)
        """
        },
        None,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    assert_resolves(*ROWS[row])
