"""What expressions are: imports, aliases, shadowing, instances, types."""

from __future__ import annotations

import ast

import pytest

from rules import analyze
from tests.engine.projects import call, lines, marked, module, node, one, project


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import requests\nrequests.get(1)", "requests.get"),
        ("import requests as r\nr.get(1)", "requests.get"),
        ("from requests import get\nget(1)", "requests.get"),
        ("from requests import get as fetch\nfetch(1)", "requests.get"),
        ("import urllib.request\nurllib.request.urlopen(1)", "urllib.request.urlopen"),
        ("import requests\nclient = requests.Session()\nclient.get(1)", "requests.Session.get"),
        ("import requests\nget = requests.get\nget(1)", "requests.get"),
        ("import requests\nrequests.Session().get(1)", "requests.Session.get"),
        ("open(1)", "builtins.open"),
        (
            "import pymongo\nclient = pymongo.MongoClient()\nclient[1][2].find_one(1)",
            "pymongo.collection.Collection.find_one",
        ),
        (
            "try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.loads(1)",
            "ujson.loads",
        ),
    ],
)
def test_module_level_names_resolve(code: str, name: str) -> None:
    found = module({"app.py": code}, "app.py")
    last = code.rsplit("\n", 1)[-1].rpartition("(")[0]

    assert found.qualified_name(call(found, last).func) == name


def test_a_name_is_at_home_where_python_would_look_for_it() -> None:
    found = module(
        {
            "app.py": """
SIZES = (1, 2)

class Scales:
    SIZES = (1, 2, 3)
    most = max(SIZES)

    def least(self):
        return min(SIZES)

    def each(self):
        SIZES = []
        return [lambda: sum(SIZES)]

def sort(least):
    global count
    count = least
    return sorted(count)
"""
        },
        "app.py",
    )

    def home(function: str) -> str:
        (name,) = call(found, function).args
        assert isinstance(name, ast.Name)
        scope = found.index.home_of(name)
        assert scope is not None
        assert found.index.bindings_of(name) == scope.bindings[name.id]
        assert found.index.is_of_module(name) is (scope is found.index.module)
        return scope.symbol

    assert [home(name) for name in ("max", "min", "sum", "sorted")] == ["Scales", "", "Scales.each", ""]
    builtin = call(found, "min").func
    assert isinstance(builtin, ast.Name)
    assert found.index.home_of(builtin) is None
    assert found.index.bindings_of(builtin) == []
    assert found.index.is_of_module(builtin)


def test_shadowed_names_are_not_the_library() -> None:
    text = """
    import time
    import requests
    from fakes import clock

    async def shadowed_by_parameter(time, requests):
        time.sleep(1)
        requests.get("x")

    async def shadowed_by_assignment():
        requests = clock.requests()
        requests.get("x")

    async def shadowed_by_a_loop(clients):
        for requests in clients:
            requests.get("x")
        return [requests.get("y") for requests in clients]

    async def only_in_the_comprehension(clients):
        names = [requests.name for requests in clients]
        requests.get("x")  # FP101
        return names

    async def real():
        time.sleep(1)  # FP101
    """
    assert lines(one(text)) == marked(text)


def test_the_last_assignment_before_the_use_counts() -> None:
    text = """
    import requests
    import httpx

    async def rebound():
        client = requests.Session()
        client.get("x")  # FP101
        client = httpx.AsyncClient()
        await client.get("x")

    async def either(flag):
        if flag:
            client = requests.Session()
        else:
            client = make()
        client.get("x")

    async def none_until_needed():
        client = None
        if client is None:
            client = requests.Session()
        client.get("x")  # FP101

    async def entered():
        with requests.Session() as session:
            session.get("x")  # FP101
        if (other := requests.Session()):
            other.get("x")  # FP101
    """
    assert lines(one(text)) == marked(text)


def test_names_only_type_checkers_see_are_no_values() -> None:
    text = """
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from requests import get, Session
    else:
        from fakes import get

    async def value():
        get("x")

    async def annotated(session: Session):
        session.get("x")  # FP101

    async def forward(session: "Session"):
        session.get("x")  # FP101

    async def optional(session: Session | None = None):
        session.get("x")  # FP101

    async def either(session: "Session | Fake"):
        session.get("x")
    """
    assert lines(one(text)) == marked(text)


def test_names_resolve_through_other_files() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/clients/__init__.py": "from .http import *\nfrom .http import session as http_session",
        "shop/clients/http.py": "import requests\nsession = requests.Session()\nfetch = requests.get\n_private = requests.get",
        "shop/api.py": """
            from shop import clients
            from shop.clients import fetch, http_session as s
            import shop.clients.http as h
            s.get(1)
            clients.session.post(1)
            fetch(1)
            h.session.put(1)
            clients._private(1)
        """,
    }
    found = module(files, "shop/api.py")

    assert found.qualified_name(node(found, "s.get")) == "requests.Session.get"
    assert found.qualified_name(node(found, "clients.session.post")) == "requests.Session.post"
    assert found.qualified_name(node(found, "fetch")) == "requests.get"
    assert found.qualified_name(node(found, "h.session.put")) == "requests.Session.put"
    assert found.qualified_name(node(found, "clients.session")) is None
    assert found.type_of(node(found, "clients.session")) == "requests.Session"


@pytest.mark.parametrize("prefix", ["", "src/", "backend/", "services/shop/src/"])
def test_packages_are_found_wherever_the_project_keeps_them(prefix: str) -> None:
    files = {
        f"{prefix}shop/__init__.py": "",
        f"{prefix}shop/db.py": "import requests\nclient = requests.Session()",
        f"{prefix}shop/api/__init__.py": "",
        f"{prefix}shop/api/orders.py": "from shop.db import client\nfrom ..db import client as c\nclient.get(1)\nc.post(1)",
    }
    found = module(files, f"{prefix}shop/api/orders.py")

    assert found.name == "shop.api.orders"
    assert found.qualified_name(node(found, "client.get")) == "requests.Session.get"
    assert found.qualified_name(node(found, "c.post")) == "requests.Session.post"


def test_an_init_file_around_what_the_program_is_started_from_makes_no_package() -> None:
    files = {
        "backend/__init__.py": "",
        "backend/app/__init__.py": "",
        "backend/app/http.py": "import requests\nclient = requests.Session()",
        "backend/app/main.py": "from app.http import client\nclient.get(1)",
    }
    found = module(files, "backend/app/main.py")

    assert found.name == "app.main"
    assert found.qualified_name(node(found, "client.get")) == "requests.Session.get"


def test_a_part_named_like_a_library_makes_nothing_of_the_package_around_it() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/redis/__init__.py": "",
        "shop/api.py": "import redis\nr = redis.Redis()\nr.get(1)",
    }
    found = module(files, "shop/api.py")

    assert found.name == "shop.api"
    assert found.qualified_name(node(found, "r.get")) == "redis.Redis.get"


def test_a_part_of_a_package_named_like_a_library_does_not_hide_it_from_its_neighbours() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/models/openai/__init__.py": "",
        "shop/models/local/adapter.py": "import openai\nclient = openai.OpenAI()\nclient.models.list()",
        "openai/__init__.py": "",
        "run.py": "import openai\nopenai.start()",
    }
    found = module(files, "shop/models/local/adapter.py")
    assert found.qualified_name(node(found, "client.models.list")) == "openai.OpenAI.models.list"


def test_packages_without_init_files_are_found() -> None:
    files = {
        "app/main.py": "from app.core.http import client\nclient.get(1)",
        "app/core/http.py": "import requests\nclient = requests.Session()",
        "app/redis.py": "import redis\nr = redis.Redis()\nr.get(1)",
    }
    found = module(files, "app/main.py")
    assert found.qualified_name(node(found, "client.get")) == "requests.Session.get"

    own = module(files, "app/redis.py")
    assert own.qualified_name(node(own, "r.get")) == "redis.Redis.get"


def test_a_file_named_like_a_library_does_not_hide_it_in_a_package() -> None:
    files = {
        "app/__init__.py": "",
        "app/requests.py": "def get(url): ...",
        "app/api.py": "import requests\nrequests.get(1)",
    }
    found = module(files, "app/api.py")

    assert found.qualified_name(node(found, "requests.get")) == "requests.get"


def test_attributes_of_self_have_the_type_they_are_given() -> None:
    files = {
        "gateway.py": """
            import requests
            import httpx

            class Base:
                def __init__(self):
                    self.base = requests.Session()

            class Gateway(Base):
                sessions: list[requests.Session]
                fixed: requests.Session

                def __init__(self, given: requests.Session, kind):
                    super().__init__()
                    self.own = requests.Session()
                    self.given = given
                    self.lazy = None
                    self.unclear = requests.Session()

                def load(self):
                    self.lazy = requests.Session()
                    self.unclear = httpx.AsyncClient()

                @property
                def client(self) -> requests.Session:
                    return self.own

                def make(self):
                    return requests.Session()

                async def run(self):
                    self.own.get(1)
                    self.given.get(1)
                    self.lazy.get(1)
                    self.fixed.get(1)
                    self.base.get(1)
                    self.client.get(1)
                    self.make().get(1)
                    self.unclear.get(1)
                    for session in self.sessions:
                        session.get(1)
        """,
        "other.py": "from gateway import Gateway\ndef f(g: Gateway):\n    g.own.post(1)\n    g.run(1)",
    }
    found = module(files, "gateway.py")
    for text in ("own", "given", "lazy", "fixed", "base", "client", "make()"):
        assert found.qualified_name(node(found, f"self.{text}.get")) == "requests.Session.get", text
    assert found.qualified_name(node(found, "self.unclear.get")) is None
    assert found.qualified_name(node(found, "session.get")) == "requests.Session.get"

    other = module(files, "other.py")
    assert other.qualified_name(node(other, "g.own.post")) == "requests.Session.post"
    assert other.qualified_name(node(other, "g.run")) == "gateway.Gateway.run"


def test_factories_give_what_they_say_or_return() -> None:
    files = {
        "db.py": """
            from collections.abc import Iterator
            from contextlib import contextmanager
            from sqlalchemy import create_engine
            from sqlalchemy.orm import Session, sessionmaker

            engine = create_engine("sqlite://")
            SessionLocal = sessionmaker(bind=engine)

            def plain():
                return SessionLocal()

            def said() -> Session: ...

            def yielding():
                with SessionLocal() as session:
                    yield session

            def annotated() -> Iterator[Session]:
                yield SessionLocal()

            @contextmanager
            def managed():
                session = SessionLocal()
                try:
                    yield session
                finally:
                    session.close()
        """,
        "use.py": """
            from db import *
            plain().execute(1)
            said().get(1)
            with managed() as m:
                m.flush(1)
            for s in annotated():
                s.commit(1)
            next(yielding()).scalar(1)
            with engine.connect() as c:
                c.execute(1)
        """,
    }
    found = module(files, "use.py")

    for text in ("plain().execute", "said().get", "m.flush", "s.commit", "next(yielding()).scalar"):
        assert found.qualified_name(node(found, text)) == f"sqlalchemy.orm.Session.{text.rpartition('.')[2]}"
    assert found.qualified_name(node(found, "c.execute")) == "sqlalchemy.engine.Connection.execute"


def test_a_partial_blocks_like_its_function_but_has_other_arguments() -> None:
    text = """
    import functools, requests

    get = functools.partial(requests.get, timeout=5)

    async def load():
        get("x")  # FP101
    """
    assert lines(one(text)) == marked(text)
    found = module({"app.py": text}, "app.py")
    assert found.qualified_name(node(found, "get")) is None


def test_unknown_stays_unknown() -> None:
    found = module({"app.py": "def f(x):\n    x.get(1)\n    g().post(1)\n    x[0].put(1)"}, "app.py")

    assert [found.qualified_name(node(found, text)) for text in ("x.get", "g().post", "x[0].put")] == [
        None
    ] * 3


def test_names_that_chase_each_other_are_unknown() -> None:
    files = {
        "a.py": "from b import x\ny = x\nx.get(1)",
        "b.py": "from a import y as x",
        "c.py": "n = n or n.next\nn.get(1)",
    }

    assert module(files, "a.py").qualified_name(node(module(files, "a.py"), "x.get")) is None
    assert lines(project(files), "c.py") == []


def test_modules_that_star_import_each_other_do_not_send_the_search_in_circles() -> None:
    analysis = project(
        {
            "models/__init__.py": "from .orders import *\nfrom .users import *\n",
            "models/orders.py": "from .users import *\n\n\nclass Order:\n    user: 'list[User]'\n",
            "models/users.py": "from .orders import *\n\n\nclass User:\n    orders: list[Order]\n",
            "app.py": "from models import User\n\n\nasync def f(user: User) -> None:\n    user.orders.load()\n    user.orders[0].user.load()\n",
        }
    )

    assert analysis.result.findings == ()


def test_packages_that_star_import_each_other_resolve() -> None:
    files = {
        "shop/__init__.py": "from .a import *\nfrom .b import *",
        "shop/a.py": "from shop import *\nfrom .b import *\nfrom typing import Annotated\nfrom fastapi import Depends",
        "shop/b.py": "from .a import *\nfrom .c import *",
        "shop/c.py": "import requests\nfrom typing import Annotated\nSessionDep = Annotated[requests.Session, 1]\nclient = requests.Session()\nfrom shop import *",
        "use.py": "from shop.a import *\nimport shop\ndef f(s: SessionDep, t: shop.SessionDep, u: shop.Missing):\n    s.get(1)\n    t.post(1)\n    u.put(1)\n    client.patch(1)\n    nothing.get(1)",
    }
    found = module(files, "use.py")

    assert found.qualified_name(node(found, "s.get")) == "requests.Session.get"
    assert found.qualified_name(node(found, "t.post")) == "requests.Session.post"
    assert found.qualified_name(node(found, "u.put")) is None
    assert found.qualified_name(node(found, "client.patch")) == "requests.Session.patch"
    assert found.qualified_name(node(found, "nothing.get")) is None


@pytest.mark.parametrize(
    "steps",
    [
        [f"    query = query.where(Order.id != {number})" for number in range(400)],
        [f"    query{number + 1} = query{number}.where(limit)" for number in range(400)],
        [f"    if limit:\n        query = query.where(Order.id != {number})" for number in range(400)],
        [f"    query, other = other.join(query), query.join(other, {number})" for number in range(400)],
        [f"    query = (query, {number})" for number in range(400)],
    ],
)
def test_a_name_may_be_bound_as_often_as_one_likes(steps: list[str]) -> None:
    before = ["import requests", "from sqlalchemy import select", "from shop.models import Order"]
    body = [
        "    query = query0 = select(Order)",
        "    other = select(Order)",
        *steps,
        "    return requests.get(query)",
    ]
    code = "\n".join([*before, "async def search(limit):", *body])
    result = analyze({"shop/search.py": code.encode(), "shop/models.py": b"class Order: ..."}).result

    assert not result.skipped
    assert [finding.code for finding in result.findings] == ["FP101", "FP601"]
