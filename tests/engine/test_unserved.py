"""What no user gets to is left to the summary: leftovers, hidden routes, trials, arms that nobody asks for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options, Severity
from tests.engine.projects import BLOCKING, heard, sources

ROUTER = """
import requests
from fastapi import APIRouter

router = APIRouter()

@router.get("/rates")
async def rates() -> int:
    return requests.get("https://rates.example", timeout=5).status_code + await other()

async def other() -> int:
    return 1
"""
APPLICATION = (
    "from fastapi import FastAPI\nfrom {} import router\napp = FastAPI()\napp.include_router(router)\n"
)
OWN = "\nfrom fastapi import FastAPI\napp = FastAPI()\napp.include_router(router)\n"
DOCKERFILE = 'FROM python:3.13\nCMD ["uvicorn", "{}:app"]\n'


def confidences(
    files: Mapping[str, str], documents: Mapping[str, str] | None = None
) -> dict[str, Confidence]:
    """By path, how sure the finding in it is."""
    result = analyze(sources(files), documents=documents or {}, options=Options(select=BLOCKING)).result
    assert result.skipped == ()
    return {finding.path: finding.confidence for finding in result.findings}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ({"Dockerfile": DOCKERFILE.format("shop.main")}, Confidence.POSSIBLE),
        ({"Procfile": "web: cd shop && uvicorn main:app\n"}, Confidence.POSSIBLE),
        (
            {
                "Dockerfile": DOCKERFILE.format("shop.main"),
                "old/Dockerfile": DOCKERFILE.format("shop.old.main"),
            },
            Confidence.CERTAIN,
        ),
        ({}, Confidence.CERTAIN),
    ],
    ids=["another is started", "another is started in its folder", "both are started", "nobody knows"],
)
def test_an_application_that_nothing_starts_is_left_over(
    documents: dict[str, str], expected: Confidence
) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/main.py": APPLICATION.format("shop.api"),
        "shop/api.py": ROUTER,
        "shop/old/__init__.py": "",
        "shop/old/main.py": APPLICATION.format("shop.old.api"),
        "shop/old/api.py": ROUTER,
    }

    assert confidences(files, documents) == {"shop/api.py": Confidence.CERTAIN, "shop/old/api.py": expected}


def test_a_second_application_with_a_manifest_of_its_own_is_served() -> None:
    files = {"shop/__init__.py": "", "shop/main.py": APPLICATION.format("shop.api"), "shop/api.py": ROUTER}
    files |= {"shop/mobile.py": APPLICATION.format("shop.phones"), "shop/phones.py": ROUTER}
    docker = {"Dockerfile": DOCKERFILE.format("shop.main")}
    manifest = {"k8s/mobile.yaml": "env:\n  - name: MODULE\n    value: shop.mobile:app\n"}

    assert confidences(files, docker)["shop/phones.py"] == Confidence.POSSIBLE
    assert confidences(files, docker | manifest)["shop/phones.py"] == Confidence.CERTAIN


SERVER = (
    ROUTER.replace("import APIRouter", "import FastAPI")
    .replace("router = APIRouter()", "app = FastAPI()")
    .replace("@router", "@app")
)


@pytest.mark.parametrize(
    ("path", "more", "documents", "expected"),
    [
        ("simple_server.py", {}, {"Dockerfile": DOCKERFILE.format("app.main")}, Confidence.POSSIBLE),
        (
            "back/simple_server.py",
            {},
            {"back/Dockerfile": DOCKERFILE.format("app.main")},
            Confidence.POSSIBLE,
        ),
        ("simple_server.py", {}, {}, Confidence.CERTAIN),
        ("rates/server.py", {}, {"Dockerfile": DOCKERFILE.format("app.main")}, Confidence.CERTAIN),
        ("simple_server.py", {}, {"rates/Dockerfile": DOCKERFILE.format("rates")}, Confidence.CERTAIN),
        (
            "simple_server.py",
            {},
            {"Dockerfile": DOCKERFILE.format("app.main"), "compose.yaml": "x: python simple_server.py\n"},
            Confidence.CERTAIN,
        ),
        (
            "simple_server.py",
            {"run.py": "from simple_server import app\n"},
            {"Dockerfile": DOCKERFILE.format("app.main")},
            Confidence.CERTAIN,
        ),
        (
            "simple_server.py",
            {"run.py": "import uvicorn\nuvicorn.run('simple_server:app')\n"},
            {"Dockerfile": DOCKERFILE.format("app.main")},
            Confidence.CERTAIN,
        ),
    ],
    ids=["beside", "below", "nothing said", "elsewhere", "another", "in a document", "imported", "named"],
)
def test_an_application_beside_the_folder_of_the_one_that_is_started(
    path: str, more: dict[str, str], documents: dict[str, str], expected: Confidence
) -> None:
    main = "back/app/main.py" if path.startswith("back/") else "app/main.py"
    files = {path: SERVER, main: "from fastapi import FastAPI\napp = FastAPI()\n", **more}

    assert confidences(files, documents) == {path: expected}


def test_what_is_loaded_by_name_is_not_left_over() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/main.py": "from importlib import import_module\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "for name in ('orders',):\n    app.include_router(import_module(name).router)\n",
        "shop/orders/__init__.py": "",
        "shop/orders/main.py": APPLICATION.format("shop.orders.api"),
        "shop/orders/api.py": ROUTER,
    }

    assert confidences(files, {"Dockerfile": DOCKERFILE.format("shop.main")}) == {
        "shop/orders/api.py": Confidence.CERTAIN
    }


@pytest.mark.parametrize(
    ("listed", "elsewhere", "expected"),
    [
        (5, "", Confidence.POSSIBLE),
        (4, "", Confidence.CERTAIN),
        (5, "EXTRA = 'shop.routes.old_orders'\n", Confidence.CERTAIN),
    ],
    ids=["beside a list", "too few for a list", "named elsewhere"],
)
def test_what_no_list_of_a_loader_names_is_left_over(
    listed: int, elsewhere: str, expected: Confidence
) -> None:
    names = [f"shop.routes.orders{number}" for number in range(listed)]
    files = {f"{name.replace('.', '/')}.py": ROUTER for name in names}
    files |= {
        "shop/main.py": "from importlib import import_module\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        f"for name in {tuple(names)!r}:\n    app.include_router(import_module(name).router)\n",
        "shop/routes/old_orders.py": ROUTER,
        "shop/settings.py": elsewhere,
    }

    found = confidences(files)

    assert found["shop/routes/orders0.py"] is Confidence.CERTAIN
    assert found["shop/routes/old_orders.py"] is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Confidence.POSSIBLE),
        ("app.include_router(old.router)\n", Confidence.CERTAIN),
        ("for each in (old.router,):\n    app.include_router(each)\n", Confidence.CERTAIN),
        ("app.include_router(pick(old))\n", Confidence.CERTAIN),
    ],
    ids=["imported only", "included", "included in a loop", "something unseen is included"],
)
def test_a_router_that_is_imported_beside_others_and_not_included_is_left_over(
    more: str, expected: Confidence
) -> None:
    names = ("orders", "users", "carts")
    files = {f"shop/{name}.py": ROUTER for name in (*names, "old")}
    files["shop/main.py"] = (
        f"from fastapi import FastAPI\nfrom shop import {', '.join(names)}, old\nfrom elsewhere import pick\napp = FastAPI()\n"
        + "".join(f"app.include_router({name}.router)\n" for name in names)
        + more
    )

    found = confidences(files)

    assert found["shop/orders.py"] is Confidence.CERTAIN
    assert found["shop/old.py"] is expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("", Confidence.POSSIBLE),
        ("POSTGRES_USER: old_rates_user\nimage: old_rates-worker\n", Confidence.POSSIBLE),
        ("command: uvicorn old_rates:router\n", Confidence.CERTAIN),
        ("ROUTERS: rates,old_rates\n", Confidence.CERTAIN),
    ],
    ids=["nothing", "names that begin so", "what is started", "a list"],
)
def test_routes_that_no_file_imports_and_no_document_names_are_left_over(
    document: str, expected: Confidence
) -> None:
    files = {
        "shop/main.py": APPLICATION.format("shop.api"),
        "shop/api.py": f"from shop import old\n{ROUTER}",
        "shop/old.py": "import time\nasync def wait() -> None:\n    time.sleep(1)\n    await other()\n"
        "async def other() -> None: ...\n",
        "old_rates.py": "from fastapi import APIRouter\nfrom shop.old import wait\nrouter = APIRouter()\n"
        "@router.get('/old')\nasync def old() -> None:\n    await wait()\n",
    }

    assert confidences(files, {"docker-compose.yml": document}) == {
        "shop/api.py": Confidence.CERTAIN,
        "shop/old.py": expected,
    }


@pytest.mark.parametrize(
    ("included", "loaded", "expected"),
    [(3, "old0", Confidence.POSSIBLE), (2, "old0", Confidence.CERTAIN), (2, "", Confidence.POSSIBLE)],
)
def test_most_routes_are_left_over_only_where_several_are_imported_or_nothing_names_them(
    included: int, loaded: str, expected: Confidence
) -> None:
    names = [f"shop.orders{number}" for number in range(included)]
    lines = "".join(
        f"from {name} import router as router{number}\napp.include_router(router{number})\n"
        for number, name in enumerate(names)
    )
    files = {f"{name.replace('.', '/')}.py": ROUTER for name in names}
    files |= {f"shop/old{number}.py": ROUTER for number in range(included + 1)}
    files["shop/main.py"] = f"from fastapi import FastAPI\napp = FastAPI()\n{lines}load({loaded!r})\n"

    found = confidences(files)

    assert found["shop/orders0.py"] is Confidence.CERTAIN
    assert found["shop/old0.py"] is expected


def test_a_router_beside_an_application_of_another_framework_is_left_over() -> None:
    other = "from flask import Flask\napp = Flask(__name__)\n"

    assert confidences({"publish.py": ROUTER, "main.py": other}) == {"publish.py": Confidence.POSSIBLE}
    assert confidences({"publish.py": ROUTER}) == {"publish.py": Confidence.CERTAIN}


@pytest.mark.parametrize(
    ("elsewhere", "expected"), [("", Confidence.POSSIBLE), ("from shop import mobile\n", Confidence.CERTAIN)]
)
def test_routes_that_only_their_own_package_imports_are_left_over(
    elsewhere: str, expected: Confidence
) -> None:
    files = {
        "shop/main.py": APPLICATION.format("shop.api"),
        "shop/api.py": ROUTER,
        "shop/more.py": elsewhere,
        "shop/mobile/__init__.py": "from .api import router\n",
        "shop/mobile/api.py": ROUTER,
    }

    assert confidences(files)["shop/mobile/api.py"] is expected


@pytest.mark.parametrize(
    ("path", "before", "expected"),
    [
        ("/orders/all", '@router.get("/orders/{number}")', Confidence.POSSIBLE),
        ("/orders/{key}", '@router.get("/orders/{number}")', Confidence.POSSIBLE),
        ("/orders/all", '@router.post("/orders/{number}")', Confidence.CERTAIN),
        ("/orders/", '@router.get("/orders/{number}")', Confidence.CERTAIN),
        ("/orders/all/open", '@router.get("/orders/{number}")', Confidence.CERTAIN),
        ("/orders/{number}", '@router.get("/orders/all")', Confidence.CERTAIN),
        ("/orders/{rest:path}", '@router.get("/orders/{number}")', Confidence.CERTAIN),
        ("/orders/{rest:path}", '@router.get("/orders/{rest:path}")', Confidence.POSSIBLE),
        ("/chaos/delay", "", Confidence.POSSIBLE),
        ("/payments/simulate-payment", "", Confidence.POSSIBLE),
        ("/simulate", "", Confidence.CERTAIN),
        ("/debug/rates", "", Confidence.POSSIBLE),
        ("/dev/rates", "", Confidence.POSSIBLE),
        ("/dev-tools/rates", "", Confidence.POSSIBLE),
        ("/devices/rates", "", Confidence.CERTAIN),
        ("/rates-dev", "", Confidence.CERTAIN),
        ("/debug_replay/rates", "", Confidence.CERTAIN),
    ],
)
def test_a_route_behind_another_or_for_trials_is_only_possible(
    path: str, before: str, expected: Confidence
) -> None:
    earlier = f"{before}\nasync def earlier() -> int:\n    return 1\n" if before else ""
    text = ROUTER.replace("@router", f"{earlier}\n@router", 1).replace("/rates", path)

    assert confidences({"app.py": text + OWN}) == {"app.py": expected}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("= Depends(Bound)", Confidence.POSSIBLE),
        (": Bound", Confidence.CERTAIN),
        ("= Depends(bound)", Confidence.CERTAIN),
    ],
)
def test_a_route_that_asks_for_a_dependency_twice_is_only_possible(wanted: str, expected: Confidence) -> None:
    made = (
        "from typing import Annotated\nfrom fastapi import Depends\n"
        "def bound() -> int:\n    return 1\nBound = Annotated[int, Depends(bound)]\n"
    )
    text = made + ROUTER.replace("rates() ->", f"rates(limit{wanted}) ->")

    assert confidences({"app.py": text + OWN}) == {"app.py": expected}


AROUND = "around = APIRouter()\naround.include_router(router)\n"
INCLUDING = """
import os
from fastapi import APIRouter, FastAPI
from shop.settings import settings
from shop.api import router

app = FastAPI()
{}
"""


GUARDS = """
import functools
from functools import wraps

def plain(function):
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return wrapper

def rest(request_of=None):
    def around(function):
        async def wrapper(request, **kwargs):
            wrapper.__name__ = function.__name__
            return await function(request, **kwargs)
        return wrapper
    return around

def wrapped(function):
    @wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return wrapper

def wrapped_later(function):
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return functools.wraps(function)(wrapper)

def same(function):
    async def wrapper(number: int):
        return await function(number)
    return wrapper

def itself(function):
    async def wrapper(*args, **kwargs): ...
    return function

def either(function):
    async def wrapper(*args, **kwargs): ...
    return wrapper if function.__name__ else function
"""
SIGNED = """
def signed(function):
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    wrapper.__signature__ = inspect.signature(function)
    return wrapper
"""
GUARDED = """
import requests
from fastapi import APIRouter
from shop.guards import either, itself, plain, rest, same, wrapped, wrapped_later
from shop.signed import signed
from slowapi import limit

router = APIRouter()

{}
async def rates(number: int) -> int:
    return requests.get("https://rates.example", timeout=5).status_code + await other()

async def other() -> int:
    return 1
"""
ROUTE = '@router.get("/rates")'


@pytest.mark.parametrize(
    ("decorators", "expected"),
    [
        ((ROUTE, "@plain"), Confidence.POSSIBLE),
        ((ROUTE, "@rest()"), Confidence.POSSIBLE),
        ((ROUTE, "@wrapped", "@plain"), Confidence.POSSIBLE),
        ((ROUTE, '@router.get("/all")', "@plain"), Confidence.POSSIBLE),
        (("@plain", ROUTE), Confidence.CERTAIN),
        ((ROUTE, "@plain", '@router.get("/all")'), Confidence.CERTAIN),
        ((ROUTE, "@limit", "@plain"), Confidence.CERTAIN),
        ((ROUTE, "@same", "@plain"), Confidence.CERTAIN),
        ((ROUTE, "@wrapped"), Confidence.CERTAIN),
        ((ROUTE, "@wrapped_later"), Confidence.CERTAIN),
        ((ROUTE, "@signed"), Confidence.CERTAIN),
        ((ROUTE, "@itself"), Confidence.CERTAIN),
        ((ROUTE, "@either"), Confidence.CERTAIN),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_endpoint_behind_a_wrapper_that_hides_its_parameters(
    decorators: tuple[str, ...], expected: Confidence
) -> None:
    files = {
        "shop/rates.py": GUARDED.format("\n".join(decorators)),
        "shop/guards.py": GUARDS,
        "shop/signed.py": SIGNED,
        "shop/main.py": APPLICATION.format("shop.rates"),
    }
    assert confidences(files) == {"shop/rates.py": expected}


@pytest.mark.parametrize(
    ("included", "expected"),
    [
        ("if settings.debug:\n    app.include_router(router)", Confidence.POSSIBLE),
        (f"{AROUND}if os.getenv('DEBUG'):\n    app.include_router(around)", Confidence.POSSIBLE),
        (
            f"{AROUND}if settings.debug:\n    app.include_router(router)\napp.include_router(around)",
            Confidence.CERTAIN,
        ),
        ("if settings.rates:\n    app.include_router(router)", Confidence.CERTAIN),
        ("if not settings.debug:\n    app.include_router(router)", Confidence.CERTAIN),
        (f"{AROUND}app.include_router(around)", Confidence.CERTAIN),
    ],
)
def test_what_an_application_takes_in_for_developers_only_is_only_possible(
    included: str, expected: Confidence
) -> None:
    files = {
        "shop/main.py": INCLUDING.format(included),
        "shop/settings.py": "class Settings: ...\nsettings = Settings()\n",
        "shop/api.py": ROUTER,
    }

    assert confidences(files) == {"shop/api.py": expected}


CLIENT = """
import requests
from fastapi import FastAPI

app = FastAPI()

async def load(copy: bool = False, way: str = "near", *, far: bool = False) -> None:
    {}
        requests.get("https://shop.example", timeout=5)

@app.get("/")
async def root(far: bool = False) -> None:
    {}
"""


@pytest.mark.parametrize(
    ("test", "call", "expected"),
    [
        ("if copy:", "await load()", Confidence.POSSIBLE),
        ("if copy and way:", "await load(False, way='far')", Confidence.POSSIBLE),
        ("if way == 'far':", "await load()", Confidence.POSSIBLE),
        ("if not copy:", "await load()", Confidence.CERTAIN),
        ("if far:", "await load(far=far)", Confidence.CERTAIN),
        ("if copy:", "await load(*(True,))", Confidence.CERTAIN),
        ("if copy:", "await load(); await app.state.it.load(True)", Confidence.CERTAIN),
    ],
)
def test_an_arm_that_no_call_asks_for_is_only_possible(test: str, call: str, expected: Confidence) -> None:
    assert confidences({"app.py": CLIENT.format(test, call)}) == {"app.py": expected}


@pytest.mark.parametrize(
    ("call", "expected"), [("handed()", Confidence.POSSIBLE), ("handed(True)", Confidence.CERTAIN)]
)
def test_an_arm_is_asked_for_through_what_hands_the_wish_on(call: str, expected: Confidence) -> None:
    handed = "async def handed(copy: bool = False) -> None:\n    await load(copy)\n"
    text = CLIENT.format("if copy:", f"await {call}") + handed

    assert confidences({"app.py": text}) == {"app.py": expected}


OVER = """
import requests
from fastapi import FastAPI

app = FastAPI()

def chunks(all: list[int], size: int) -> list[list[int]]: ...

def known(orders: list[int]) -> list[int]: ...

async def load(orders: list[int], *, gone: list[int] = []) -> None:
    {}
        requests.get("https://shop.example", timeout=5)

@app.get("/")
async def root(orders: list[int]) -> None:
    {}
"""


@pytest.mark.parametrize(
    ("loop", "call", "expected"),
    [
        ("for order in gone:", "await load(orders)", Confidence.POSSIBLE),
        ("for order in orders:", "await load([])", Confidence.POSSIBLE),
        ("for order in orders:", "await load(orders=())", Confidence.POSSIBLE),
        ("for chunk in chunks(orders, 20):", "await load([])", Confidence.POSSIBLE),
        ("for at, order in enumerate(sorted(orders)):", "await load([])", Confidence.POSSIBLE),
        ("for order in orders:", "await load(orders)", Confidence.CERTAIN),
        ("for order in orders:", "await load([]); await load(orders)", Confidence.CERTAIN),
        ("for order in orders:", "await load([1])", Confidence.CERTAIN),
        ("for order in known(orders):", "await load([])", Confidence.CERTAIN),
        ("orders.append(1)\n    for order in orders:", "await load([])", Confidence.CERTAIN),
        ("orders.append(1)\n    if orders:", "await load([])", Confidence.CERTAIN),
        ("if gone is not None:", "await load([])", Confidence.CERTAIN),
    ],
)
def test_a_loop_over_what_every_call_passes_empty_is_only_possible(
    loop: str, call: str, expected: Confidence
) -> None:
    assert confidences({"app.py": OVER.format(loop, call)}) == {"app.py": expected}


REFUSING = """
import requests
from fastapi import FastAPI

app = FastAPI()

def refuse(order: int = 1) -> None:
    {}

async def wait(order: int = 1) -> None:
    raise NotImplementedError

@app.get("/")
async def root(order: int) -> None:
    {}
    requests.get("https://shop.example", timeout=5)
"""


@pytest.mark.parametrize(
    ("body", "call", "expected"),
    [
        ("raise HTTPException(503)", "refuse(order)", Confidence.POSSIBLE),
        (
            '"""Locked."""\n    told = 1\n    raise HTTPException(503, told)',
            "known = refuse()",
            Confidence.POSSIBLE,
        ),
        ("pass", "await wait()", Confidence.POSSIBLE),
        ("pass", "wait()", Confidence.CERTAIN),
        ("if order:\n        raise HTTPException(503)", "refuse(order)", Confidence.CERTAIN),
        ("if order:\n        return\n    raise HTTPException(503)", "refuse(order)", Confidence.CERTAIN),
        ("raise HTTPException(503)", "known = refuse", Confidence.CERTAIN),
        ("raise HTTPException(503)", "if order:\n        refuse(order)", Confidence.CERTAIN),
        (
            "raise HTTPException(503)",
            "try:\n        refuse(order)\n    except Exception: ...",
            Confidence.CERTAIN,
        ),
    ],
)
def test_what_stands_behind_a_call_that_always_raises_is_only_possible(
    body: str, call: str, expected: Confidence
) -> None:
    assert confidences({"app.py": REFUSING.format(body, call)}) == {"app.py": expected}


MISCALLED = """
import requests

class Loader:
    def load(self, order: int, place: str, *, far: bool = False) -> None:
        requests.get("https://shop.example", timeout=5)

    @staticmethod
    def fetch(order: int, place: str = "") -> None:
        requests.get("https://shop.example", timeout=5)

def send(order: int, place: str, *, far: bool) -> None:
    requests.get("https://shop.example", timeout=5)

class Open:
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type, error: Exception, trace: object) -> None:
        requests.get("https://shop.example", timeout=5)
"""
CALLING = """
import functools
from fastapi import FastAPI
from shop.loading import Loader, Open, send

app = FastAPI()
near = functools.partial(send, place="", far=False)

@app.get("/")
async def root(order: int) -> None:
    {}
    await other()
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("Loader().load(order)", Confidence.POSSIBLE),
        ("Loader.fetch()", Confidence.POSSIBLE),
        ("send(order, 'here')", Confidence.POSSIBLE),
        ("Loader().load(order, 'here')", Confidence.CERTAIN),
        ("Loader().load(order, place='here')", Confidence.CERTAIN),
        ("Loader().load(*[order])", Confidence.CERTAIN),
        ("Loader.load(Loader(), order, 'here')", Confidence.CERTAIN),
        ("Loader.fetch(order)", Confidence.CERTAIN),
        ("send(order, 'here', far=True)", Confidence.CERTAIN),
        ("send(order, **{})", Confidence.CERTAIN),
        ("near(order)", Confidence.CERTAIN),
        ("with Open(): ...", Confidence.CERTAIN),
    ],
)
def test_a_call_that_lacks_an_argument_is_only_possible(call: str, expected: Confidence) -> None:
    files = {"shop/loading.py": MISCALLED, "shop/main.py": CALLING.format(call)}
    found = analyze(sources(files), options=Options(select=("FP103",))).result.findings

    assert [each.confidence for each in found if each.path == "shop/main.py"] == [expected]


MIDDLEWARE = """
import requests
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI()

@app.get("/")
async def root() -> int:
    return 1

class Audit(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        requests.post("https://audit.example", timeout=5)
        return await call_next(request)

__all__ = ["Audit"]
"""


def test_a_middleware_that_no_application_is_given_is_only_possible() -> None:
    added = MIDDLEWARE + "app.add_middleware(Audit)\n"

    assert confidences({"app.py": MIDDLEWARE}) == {"app.py": Confidence.POSSIBLE}
    assert confidences({"app.py": added}) == {"app.py": Confidence.CERTAIN}


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("if not os.getenv('RAILWAY_GIT_COMMIT'):", Confidence.POSSIBLE),
        ("if settings.dev_mode:", Confidence.POSSIBLE),
        ("if config('LOCAL_DEV', cast=bool):", Confidence.POSSIBLE),
        ("if request.headers.get('debug'):", Confidence.CERTAIN),
        ("if not settings.is_production:", Confidence.POSSIBLE),
        ("if settings.env != 'production':", Confidence.POSSIBLE),
        ("if settings.is_production:", Confidence.CERTAIN),
        ("if settings.env == 'production':", Confidence.CERTAIN),
        ("if os.getenv('RAILWAY_GIT_COMMIT'):", Confidence.CERTAIN),
    ],
)
def test_an_arm_that_production_does_not_get_to_is_only_possible(test: str, expected: Confidence) -> None:
    arm = CLIENT.format(test, "await load()").replace(
        "import req",
        "import os\nfrom shop.settings import config, settings\nfrom shop.wsgi import request\nimport req",
    )

    assert confidences({"app.py": arm}) == {"app.py": expected}


@pytest.mark.parametrize(("loads", "expected"), [(True, Severity.MEDIUM), (False, Severity.LOW)])
def test_a_tasks_file_that_the_application_loads_is_no_job_by_its_name(
    loads: bool, expected: Severity
) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/orders.py": "import requests\n\nasync def ship() -> None:\n    requests.get('https://ship.example')\n",
        "shop/tasks.py": "from shop.orders import ship\n\nasync def nightly() -> None:\n    await ship()\n",
        "shop/api.py": "from fastapi import APIRouter\nfrom shop import orders\nrouter = APIRouter()\n"
        "@router.get('/')\nasync def get() -> str:\n    return orders.__name__\n",
        "shop/main.py": "from fastapi import FastAPI\nfrom shop.api import router\n"
        f"{'from shop.tasks import nightly' if loads else ''}\n"
        "app = FastAPI()\napp.include_router(router)\n" + ("on_start(nightly)\n" if loads else ""),
    }

    result = analyze(sources(files), options=Options(select=BLOCKING)).result
    (finding,) = (each for each in result.findings if each.path == "shop/orders.py")
    assert (finding.severity, finding.confidence) == (expected, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("shop/app.py", Confidence.CERTAIN), ("scripts/benchmark/app.py", Confidence.POSSIBLE)],
)
def test_a_middleware_beside_the_service_is_only_possible(path: str, expected: Confidence) -> None:
    text = MIDDLEWARE.replace("requests.post", "print") + "\napp.add_middleware(Audit)\n"
    found = analyze(sources({path: text}), options=Options(select=("FP510",))).result.findings

    assert [heard(each) for each in found] == [expected]
