"""What the resolver understands, one small project for each way of writing it.

Each project has a `use.py` whose last line calls something; the row says what that is.
"""

from __future__ import annotations

import ast
import textwrap

import pytest

from rules import Severity
from tests.engine.projects import module, node, one, project

SESSION = "requests.Session.get"
QUERY = "sqlalchemy.orm.Session.execute"

ROWS: dict[str, tuple[dict[str, str], str | None]] = {
    # folders called src
    "a folder `src` without `__init__.py` that the files import": (
        {
            "src/clients.py": "import requests\nhttp = requests.Session()",
            "use.py": "from src.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "a folder `src` in another, imported by both names": (
        {
            "shop/src/clients.py": "import requests\nhttp = requests.Session()",
            "use.py": "from shop.src.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "a folder `src` that a package is imported from": (
        {
            "src/shop/__init__.py": "",
            "src/shop/clients.py": "import requests\nhttp = requests.Session()",
            "src/shop/more.py": "from shop.clients import http",
            "use.py": "from shop.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    # applications
    "what an application keeps, set where it is made": (
        {
            "main.py": """
                import requests
                from fastapi import FastAPI

                def create() -> FastAPI:
                    app = FastAPI()
                    app.state.client = None
                    app.state.client = requests.Session()
                    return app
                """,
            "tests/test_main.py": "from main import create\ncreate().state.client = object()",
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.app.state.client.get(1)",
        },
        SESSION,
    ),
    "what is set on an application itself": (
        {
            "clients.py": "import requests\nclass Clients:\n    http = requests.Session()",
            "main.py": """
                from fastapi import FastAPI
                from clients import Clients

                def create(clients: Clients) -> FastAPI:
                    app = FastAPI()
                    app.clients = clients
                    return app

                def reload(app: FastAPI, text: str) -> None:
                    app.clients = load(text)
                """,
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.app.clients.http.get(1)",
        },
        SESSION,
    ),
    "what a lifespan sets, read by an untyped dependency": (
        {
            "main.py": """
                import requests
                from fastapi import FastAPI

                async def lifespan(app: FastAPI):
                    app.state.client = requests.Session()
                    yield
                """,
            "deps.py": "from fastapi import Request\ndef client(request: Request):\n    return request.app.state.client",
            "use.py": "from fastapi import Depends\nfrom deps import client\n"
            "def use(http=Depends(client)):\n    http.get(1)",
        },
        SESSION,
    ),
    "what a lifespan sets on an application without a type": (
        {
            "main.py": """
                from contextlib import asynccontextmanager
                import requests

                @asynccontextmanager
                async def lifespan(app):
                    app.state.client = requests.Session()
                    yield
                """,
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.app.state.client.get(1)",
        },
        SESSION,
    ),
    "what a lifespan hands to the requests": (
        {
            "main.py": """
                from contextlib import asynccontextmanager
                import requests

                @asynccontextmanager
                async def lifespan(app):
                    yield {"client": requests.Session()}
                """,
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.state.client.get(1)",
        },
        SESSION,
    ),
    "a dictionary that a context manager of something else gives": (
        {
            "main.py": """
                from contextlib import asynccontextmanager
                import requests

                @asynccontextmanager
                async def clients():
                    yield {"client": requests.Session()}
                """,
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.state.client.get(1)",
        },
        "starlette.datastructures.State.client.get",
    ),
    "what a middleware sets on the request": (
        {
            "main.py": """
                import requests
                from fastapi import Request

                async def with_client(request: Request, call_next):
                    request.state.client = requests.Session()
                    return await call_next(request)
                """,
            "use.py": "from fastapi import Request\ndef use(request: Request):\n    request.state.client.get(1)",
        },
        SESSION,
    ),
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
    # imports
    "an import under another name": ({"use.py": "import requests as r\nr.get(1)"}, "requests.get"),
    "a name imported under another name": (
        {"use.py": "from requests import get as fetch\nfetch(1)"},
        "requests.get",
    ),
    "a relative import": (
        {
            "shop/__init__.py": "",
            "shop/http.py": "import requests\nclient = requests.Session()",
            "shop/use.py": "from .http import client\nclient.get(1)",
        },
        SESSION,
    ),
    "a relative import from the package above": (
        {
            "shop/__init__.py": "",
            "shop/http.py": "import requests\nclient = requests.Session()",
            "shop/api/__init__.py": "",
            "shop/api/use.py": "from ..http import client\nclient.get(1)",
        },
        SESSION,
    ),
    "a re-export through __init__": (
        {
            "shop/__init__.py": "from .http import client",
            "shop/http.py": "import requests\nclient = requests.Session()",
            "use.py": "from shop import client\nclient.get(1)",
        },
        SESSION,
    ),
    "a re-export under another name": (
        {
            "shop/__init__.py": "from .http import client as gateway",
            "shop/http.py": "import requests\nclient = requests.Session()",
            "use.py": "import shop\nshop.gateway.get(1)",
        },
        SESSION,
    ),
    "a star import of a package that lists its names": (
        {
            "shop/__init__.py": "from .http import *\n__all__ = ['client']",
            "shop/http.py": "import requests\nclient = requests.Session()",
            "use.py": "from shop import *\nclient.get(1)",
        },
        SESSION,
    ),
    "an import that a condition chooses": (
        {
            "use.py": """
            try:
                import orjson as json
            except ImportError:
                json = None
            json.loads(1)
        """
        },
        "orjson.loads",
    ),
    "an import inside the function": (
        {"use.py": "def f():\n    import requests\n    requests.get(1)"},
        "requests.get",
    ),
    "an import for type checkers only": (
        {
            "db.py": "from sqlalchemy.orm import Session",
            "use.py": """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from db import Session
            def f(db: Session):
                db.execute(1)
         """,
        },
        QUERY,
    ),
    "a client by the class that stubs give it": (
        {
            "use.py": """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from types_boto3_s3.client import S3Client
            def f(s3: "S3Client"):
                s3.get_object(1)
        """
        },
        "boto3.client.s3.get_object",
    ),
    # instances
    "an instance of another file": (
        {
            "http.py": "import requests\nclient = requests.Session()",
            "use.py": "import http\nhttp.client.get(1)",
        },
        SESSION,
    ),
    "an attribute set on self": (
        {
            "use.py": """
            import requests
            class A:
                def __init__(self):
                    self.client = requests.Session()
                def run(self):
                    self.client.get(1)
        """
        },
        SESSION,
    ),
    "an attribute set on self in a base class of another file": (
        {
            "base.py": """
            import requests
            class Base:
                def __init__(self):
                    self.client = requests.Session()
         """,
            "use.py": "from base import Base\nclass A(Base):\n    def run(self):\n        self.client.get(1)",
        },
        SESSION,
    ),
    "an annotated attribute set on self": (
        {
            "use.py": """
            import requests
            class A:
                def __init__(self, session):
                    self.client: requests.Session = session
                def run(self):
                    self.client.get(1)
        """
        },
        SESSION,
    ),
    "a parameter with a default kept on self": (
        {
            "use.py": """
            import requests
            class A:
                def __init__(self, session: requests.Session | None = None):
                    self.client = session or requests.Session()
                def run(self):
                    self.client.get(1)
        """
        },
        SESSION,
    ),
    "a class attribute": (
        {"use.py": "import requests\nclass A:\n    client = requests.Session()\nA.client.get(1)"},
        SESSION,
    ),
    "a property": (
        {
            "use.py": """
            import requests
            class A:
                @property
                def client(self):
                    return requests.Session()
            A().client.get(1)
        """
        },
        SESSION,
    ),
    "a cached property of a base class": (
        {
            "use.py": """
            import requests
            from functools import cached_property
            class Base:
                @cached_property
                def client(self) -> requests.Session: ...
            class A(Base): ...
            A().client.get(1)
        """
        },
        SESSION,
    ),
    "a field of a dataclass": (
        {
            "use.py": """
            import requests
            from dataclasses import dataclass
            @dataclass
            class A:
                client: requests.Session
            def f(a: A):
                a.client.get(1)
        """
        },
        SESSION,
    ),
    "a field with a factory": (
        {
            "use.py": """
            import requests
            from dataclasses import dataclass, field
            @dataclass
            class A:
                client: "requests.Session" = field(default_factory=requests.Session)
            A().client.get(1)
        """
        },
        SESSION,
    ),
    "a chain of attributes": (
        {
            "state.py": """
            import requests
            class Inner:
                def __init__(self):
                    self.client = requests.Session()
            class Outer:
                def __init__(self):
                    self.inner = Inner()
            state = Outer()
         """,
            "use.py": "from state import state\nstate.inner.client.get(1)",
        },
        SESSION,
    ),
    "a global that a function sets": (
        {
            "use.py": """
            import requests
            client: requests.Session | None = None
            def start():
                global client
                client = requests.Session()
            def f():
                client.get(1)
        """
        },
        SESSION,
    ),
    "a singleton made on demand": (
        {
            "use.py": """
            import requests
            _client = None
            def get_client():
                global _client
                if _client is None:
                    _client = requests.Session()
                return _client
            get_client().get(1)
        """
        },
        SESSION,
    ),
    "an instance made by a class method": (
        {
            "use.py": """
            import requests
            class A:
                def __init__(self):
                    self.client = requests.Session()
                @classmethod
                def make(cls):
                    return cls()
            A.make().client.get(1)
        """
        },
        SESSION,
    ),
    "an instance that the class keeps": (
        {
            "use.py": """
            import requests
            class A:
                _instance = None
                client = requests.Session()
                @classmethod
                def get(cls) -> "A":
                    if cls._instance is None:
                        cls._instance = cls()
                    return cls._instance
            A.get().client.get(1)
        """
        },
        SESSION,
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
    # binding
    "with as": ({"use.py": "import requests\nwith requests.Session() as s:\n    s.get(1)"}, SESSION),
    "with as, of a project class": (
        {
            "use.py": """
            import requests
            class A:
                def __enter__(self):
                    return requests.Session()
            with A() as s:
                s.get(1)
        """
        },
        SESSION,
    ),
    "a walrus": ({"use.py": "import requests\nif (s := requests.Session()):\n    s.get(1)"}, SESSION),
    "a tuple unpacked": ({"use.py": "import requests\na, s = 1, requests.Session()\ns.get(1)"}, SESSION),
    "a returned tuple unpacked": (
        {"use.py": "import requests\ndef f():\n    return 1, requests.Session()\na, s = f()\ns.get(1)"},
        SESSION,
    ),
    "an annotated tuple unpacked": (
        {"use.py": "import requests\ndef f() -> tuple[int, requests.Session]: ...\na, s = f()\ns.get(1)"},
        SESSION,
    ),
    "a nested tuple unpacked": (
        {"use.py": "import requests\na, (b, s) = 1, (2, requests.Session())\ns.get(1)"},
        SESSION,
    ),
    "an item of a returned tuple": (
        {"use.py": "import requests\ndef f():\n    return 1, requests.Session()\nf()[1].get(1)"},
        SESSION,
    ),
    "the last item of a tuple": (
        {"use.py": "import requests\nt = (1, requests.Session())\nt[-1].get(1)"},
        SESSION,
    ),
    "a choice of which one is unknown": (
        {
            "use.py": "import requests\ndef f(x, a=requests.Session()):\n    s = a if x else requests.Session()\n    s.get(1)"
        },
        None,
    ),
    # containers
    "a list of known elements": (
        {"use.py": "import requests\nfor s in [requests.Session(), requests.Session()]:\n    s.get(1)"},
        SESSION,
    ),
    "a list of several types": (
        {"use.py": "import requests, httpx\nfor s in [requests.Session(), httpx.Client()]:\n    s.get(1)"},
        None,
    ),
    "a list built by a comprehension": (
        {"use.py": "import requests\nxs = [requests.Session() for _ in 'ab']\nfor s in xs:\n    s.get(1)"},
        SESSION,
    ),
    "a dict of known values": (
        {"use.py": "import requests\nd = {'a': requests.Session()}\nd['a'].get(1)"},
        SESSION,
    ),
    "the values of a dict": (
        {"use.py": "import requests\nd = {'a': requests.Session()}\nfor s in d.values():\n    s.get(1)"},
        SESSION,
    ),
    "the items of a dict": (
        {"use.py": "import requests\nd = {'a': requests.Session()}\nfor k, s in d.items():\n    s.get(1)"},
        SESSION,
    ),
    "an annotated dict": (
        {"use.py": "import requests\ndef f(d: dict[str, requests.Session]):\n    d.get('a').get(1)"},
        SESSION,
    ),
    "the keys of a dict": (
        {
            "use.py": "import requests\ndef f(d: dict[str, requests.Session]):\n    for k in d:\n        k.get(1)"
        },
        None,
    ),
    "an annotated list attribute": (
        {
            "use.py": "import requests\nclass A:\n    xs: list[requests.Session]\nfor s in A().xs:\n    s.get(1)"
        },
        SESSION,
    ),
    "enumerate": (
        {
            "use.py": "import requests\nxs: list[requests.Session] = []\nfor i, s in enumerate(xs):\n    s.get(1)"
        },
        SESSION,
    ),
    "zip": (
        {
            "use.py": "import requests\nxs: list[requests.Session] = []\nfor i, s in zip('ab', xs):\n    s.get(1)"
        },
        SESSION,
    ),
    "a slice": (
        {"use.py": "import requests\nxs: list[requests.Session] = []\nfor s in xs[1:]:\n    s.get(1)"},
        SESSION,
    ),
    # functions
    "functools.partial of a class": (
        {
            "use.py": "import requests\nfrom functools import partial\nmake = partial(requests.Session)\nmake().get(1)"
        },
        SESSION,
    ),
    "a decorator of the project that keeps the function": (
        {
            "use.py": """
            import functools, requests
            def logged(f):
                @functools.wraps(f)
                def inner(*args, **kwargs):
                    return f(*args, **kwargs)
                return inner
            @logged
            def make():
                return requests.Session()
            make().get(1)
        """
        },
        SESSION,
    ),
    "a factory by its annotation": (
        {"use.py": "import requests\ndef make() -> requests.Session: ...\nmake().get(1)"},
        SESSION,
    ),
    "a factory by what it returns": (
        {
            "use.py": "import requests\ndef make():\n    s = requests.Session()\n    s.verify = True\n    return s\nmake().get(1)"
        },
        SESSION,
    ),
    "a factory that is awaited": (
        {
            "use.py": """
            import redis.asyncio, requests
            async def make():
                return requests.Session()
            async def f():
                s = await make()
                s.get(1)
        """
        },
        SESSION,
    ),
    "a lambda that makes it": (
        {"use.py": "import requests\nmake = lambda: requests.Session()\nmake().get(1)"},
        SESSION,
    ),
    "a class handed on as a variable": (
        {"use.py": "import requests\nSession = requests.Session\nSession().get(1)"},
        SESSION,
    ),
    "type[T]": (
        {"use.py": "import requests\ndef f(cls: type[requests.Session]):\n    cls().get(1)"},
        SESSION,
    ),
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
    "what is left of two libraries' classes after asking for one": (
        {
            "use.py": """
            import httpx, requests
            def f(client: httpx.Client | requests.Session):
                if isinstance(client, httpx.Client):
                    return None
                else:
                    client.get(1)
        """
        },
        SESSION,
    ),
    "what is left after a test that returns": (
        {
            "use.py": """
            import httpx, requests
            def f(client: httpx.Client | requests.Session | None):
                if client is None or isinstance(client, httpx.Client):
                    return None
                client.get(1)
        """
        },
        SESSION,
    ),
    "what is left after asking for one of three, then another": (
        {
            "use.py": """
            import httpx, aiohttp, requests
            def f(client: httpx.Client | requests.Session | aiohttp.ClientSession):
                if isinstance(client, httpx.Client):
                    return None
                elif not isinstance(client, aiohttp.ClientSession):
                    client.get(1)
        """
        },
        SESSION,
    ),
    "what is left of three after asking for one": (
        {
            "use.py": """
            import httpx, aiohttp, requests
            def f(client: httpx.Client | requests.Session | aiohttp.ClientSession):
                if isinstance(client, httpx.Client):
                    return None
                else:
                    client.get(1)
        """
        },
        None,
    ),
    "the other arm of a conditional expression": (
        {
            "use.py": """
            import httpx, requests
            def f(client: httpx.Client | requests.Session):
                return (
                    None if isinstance(client, httpx.Client)
                    else client.get(1)
                )
        """
        },
        SESSION,
    ),
    "one of two classes that were asked for": (
        {
            "use.py": """
            import httpx, aiohttp, requests
            def f(client: httpx.Client | requests.Session | aiohttp.ClientSession):
                if isinstance(client, (httpx.Client, aiohttp.ClientSession)):
                    return None
                client.get(1)
        """
        },
        SESSION,
    ),
    "an attribute that was asked about": (
        {
            "use.py": """
            import httpx, requests
            class Shop:
                def __init__(self, client: httpx.Client | requests.Session):
                    self.client = client
                def f(self):
                    if isinstance(self.client, requests.Session):
                        self.client.get(1)
        """
        },
        SESSION,
    ),
    "an attribute that is set after it was asked about": (
        {
            "use.py": """
            import httpx, requests
            class Shop:
                def __init__(self, client: httpx.Client | requests.Session):
                    self.client = client
                def f(self):
                    if isinstance(self.client, requests.Session):
                        self.client = httpx.Client()
                        self.client.get(1)
        """
        },
        None,
    ),
    "a class that says more than the annotation": (
        {
            "use.py": """
            import requests
            class Shop: ...
            class Client(Shop):
                http = requests.Session()
            def f(shop: Shop):
                if isinstance(shop, Client):
                    shop.http.get(1)
        """
        },
        SESSION,
    ),
    "an annotation that says more than the class": (
        {
            "use.py": """
            import requests
            class Shop: ...
            class Client(Shop):
                http = requests.Session()
            def f(shop: Client):
                if isinstance(shop, Shop):
                    shop.http.get(1)
        """
        },
        SESSION,
    ),
    "items of a list that was told from a text": (
        {
            "use.py": """
            import requests
            def f(clients: str | list[requests.Session]):
                if isinstance(clients, str):
                    return
                for each in clients:
                    each.get(1)
        """
        },
        SESSION,
    ),
    "a name that is bound again after it was asked about": (
        {
            "use.py": """
            import httpx, requests
            def f(client: httpx.Client | requests.Session):
                if isinstance(client, httpx.Client):
                    return
                client = httpx.Client() if client else requests.Session()
                client.get(1)
        """
        },
        None,
    ),
    "super": (
        {
            "use.py": """
            import requests
            class Base:
                def client(self):
                    return requests.Session()
            class A(Base):
                def client(self):
                    super().client().get(1)
        """
        },
        SESSION,
    ),
    "a nested class": (
        {
            "use.py": "import requests\nclass A:\n    class B:\n        client = requests.Session()\nA.B.client.get(1)"
        },
        SESSION,
    ),
    "another name of a submodule that gives the package one of its own name": (
        {
            "shop/login/__init__.py": "from .login import Client, login",
            "shop/login/login.py": "import requests\nclass Client:\n    http = requests.Session()\ndef login(): ...",
            "use.py": "from shop.login import login, Client\nlogin()\nClient.http.get(1)",
        },
        SESSION,
    ),
    "what a package has of a submodule of that name, imported by its whole path": (
        {
            "shop/login/__init__.py": "from shop.login.login import login, client",
            "shop/login/login.py": "import requests\ndef login():\n    return requests.Session()\nclient = login()",
            "use.py": "from shop.login import login, client\nclient.get(1)\nlogin().get(1)",
        },
        SESSION,
    ),
    "what a submodule has under its own name, which its package takes over": (
        {
            "shop/__init__.py": "from .client import client",
            "shop/client.py": "import requests\nclient = requests.Session()",
            "use.py": "from shop.client import client\nclient.get(1)",
        },
        SESSION,
    ),
    "a class of a library's under the name of its submodule, which its package takes over": (
        {
            "shop/__init__.py": "from .Client import Client",
            "shop/Client.py": "import requests\nclass Client(requests.Session): ...",
            "use.py": "from shop.Client import Client\nClient().get(1)",
        },
        SESSION,
    ),
    "what a package has of a submodule, and not what that calls so itself": (
        {
            "shop/__init__.py": "from .client import client",
            "shop/client.py": "import requests\nclient = requests.Session()\ndef get(): ...",
            "use.py": "from shop import client\nclient.get(1)",
        },
        SESSION,
    ),
    # monorepos
    "the module of the own application, not of the one beside it": (
        {
            "fast/app/http.py": "import httpx\nclient = httpx.Client()",
            "fast/app/__init__.py": "",
            "fast/app/main.py": "from app.http import client",
            "slow/app/http.py": "import requests\nclient = requests.Session()",
            "slow/app/__init__.py": "",
            "slow/app/use.py": "from app.http import client\nclient.get(1)",
        },
        SESSION,
    ),
    "flat files of two applications": (
        {
            "fast/db.py": "import httpx\nclient = httpx.Client()",
            "fast/main.py": "from db import client",
            "slow/db.py": "import requests\nclient = requests.Session()",
            "slow/use.py": "from db import client\nclient.get(1)",
        },
        SESSION,
    ),
    "packages without __init__ of two applications": (
        {
            "fast/shop/db.py": "import httpx\nclient = httpx.Client()",
            "fast/shop/main.py": "from shop.db import client",
            "slow/shop/db.py": "import requests\nclient = requests.Session()",
            "slow/shop/use.py": "from shop.db import client\nclient.get(1)",
        },
        SESSION,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    files, expected = ROWS[row]
    files = {path: textwrap.dedent(text) for path, text in files.items()}
    path = next(path for path in files if path.endswith("use.py"))
    found = module(files, path)
    last = max(
        (node for node in ast.walk(found.tree) if isinstance(node, ast.Call)),
        key=lambda call: (call.lineno, -call.col_offset),
    )

    assert found.qualified_name(last.func) == expected


def test_a_class_is_what_its_plain_bases_say() -> None:
    found = module(
        {
            "use.py": "import enum\nclass Base(enum.Enum):\n    pass\nclass Color(Base):\n    RED = 1\n"
            "class Shop:\n    pass\nColor\nColor.RED\nShop\n"
        },
        "use.py",
    )

    assert found.is_subclass(node(found, "Color"), "enum.Enum")
    assert not found.is_subclass(node(found, "Shop"), "enum.Enum")
    assert not found.is_subclass(node(found, "Color"), "abc.ABC")


def test_package_developed_in_a_folder_of_its_name_is_linked() -> None:
    files = {
        "billing/billing/__init__.py": "",
        "billing/billing/api.py": """
            from fastapi import FastAPI
            from billing.rates import fetch

            app = FastAPI()

            @app.get("/rates")
            async def rates():
                return await fetch()
        """,
        "billing/billing/rates.py": """
            import requests

            async def fetch():
                return requests.get("https://rates.example", timeout=5).json()
        """,
    }
    (finding,) = project(files, select=("FP101",)).result.findings
    assert (finding.path, finding.severity) == ("billing/billing/rates.py", Severity.CRITICAL)


@pytest.mark.parametrize("beside", ["setup.py", "rates.py"])
def test_folder_of_its_own_name_without_an_init_is_the_package_where_nothing_lies_beside_it(
    beside: str,
) -> None:
    files = {
        f"libs/billing/{beside}": "rates = 1",
        "libs/billing/billing/rates.py": """
            import requests

            def fetch():
                return requests.get("https://rates.example", timeout=5).json()
        """,
        "services/api/main.py": """
            import asyncio
            from fastapi import FastAPI
            from billing.rates import fetch

            app = FastAPI()

            @app.get("/rates")
            async def rates():
                await asyncio.sleep(1)
                return fetch()
        """,
    }
    found = project(files, select=("FP103",)).result.findings
    assert [finding.path for finding in found] == (["services/api/main.py"] if beside == "setup.py" else [])


@pytest.mark.parametrize("first", ["", "Refused = None\n"])
def test_super_in_a_class_whose_name_may_be_a_librarys(first: str) -> None:
    found = one(
        first
        + """import requests
try:
    from elsewhere.errors import Refused
except ImportError:
    class Refused(Exception):
        def __init__(self):
            super().__init__(requests.get(1))
"""
    )

    assert found.result.skipped == ()
