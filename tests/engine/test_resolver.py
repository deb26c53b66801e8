"""What the resolver understands of applications, instances and functions."""

from __future__ import annotations

import pytest

from rules import Severity
from tests.engine.projects import module, node, one, project
from tests.engine.resolving import SESSION, Rows, assert_resolves

HOLDER = """
class Holder:
    def __init__(self, name, client):
        self.name = name
        self.client = client
"""

ROWS: Rows = {
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
    "an attribute that a base class keeps as it is handed up": (
        {
            "base.py": HOLDER,
            "use.py": """
            import requests
            from base import Holder
            class A(Holder):
                def __init__(self, client: requests.Session):
                    super().__init__("a", client)
            A(1).client.get(1)
        """,
        },
        SESSION,
    ),
    "one that is handed up by name, through a class between": (
        {
            "base.py": HOLDER,
            "use.py": """
            import requests
            from base import Holder
            class Between(Holder): ...
            class A(Between):
                def __init__(self):
                    super().__init__("a", client=requests.Session())
            class B(A): ...
            B().client.get(1)
        """,
        },
        SESSION,
    ),
    "one that a class between makes something else of": (
        {
            "base.py": HOLDER,
            "use.py": """
            import requests
            from base import Holder
            class Between(Holder):
                def __init__(self, client, name):
                    super().__init__(name, wrapped(client))
            class A(Between):
                def __init__(self):
                    super().__init__("a", requests.Session())
            A().client.get(1)
        """,
        },
        None,
    ),
    "one that one class hands up and another does not": (
        {
            "base.py": HOLDER,
            "use.py": """
            import requests
            from base import Holder
            class A(Holder):
                def __init__(self):
                    super().__init__("a", requests.Session())
            Holder("b", made()).client.get(1)
        """,
        },
        None,
    ),
    "a nested class": (
        {
            "use.py": "import requests\nclass A:\n    class B:\n        client = requests.Session()\nA.B.client.get(1)"
        },
        SESSION,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    assert_resolves(*ROWS[row])


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
