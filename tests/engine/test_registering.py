"""All ways of registering an endpoint, each with its full path."""

from __future__ import annotations

import pytest

from tests.engine.projects import project

ORDERS = """
    from fastapi import APIRouter
    router = APIRouter(prefix="/orders")
    @router.get("/{number}")
    async def read(number: int): ...
"""
USERS = """
    from fastapi import APIRouter
    router = APIRouter()
    @router.get("/me")
    async def me(): ...
"""
HEAD = "from fastapi import APIRouter, Depends, FastAPI\n"

WAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    "a loop over a list of routers": (
        {
            "app.py": HEAD
            + "import orders, users\napp = FastAPI()\nfor router in [orders.router, users.router]:\n"
            "    app.include_router(router, prefix='/v1')\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /v1/me", "GET /v1/orders/{number}"],
    ),
    "a loop over a list of another file": (
        {
            "app.py": HEAD + "from routes import routers\napp = FastAPI()\nfor each in routers:\n"
            "    app.include_router(each)\n",
            "routes.py": "import orders, users\nrouters = [orders.router, users.router]\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /me", "GET /orders/{number}"],
    ),
    "a loop over modules": (
        {
            "app.py": HEAD + "import orders, users\napp = FastAPI()\nfor module in (orders, users):\n"
            "    app.include_router(module.router)\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /me", "GET /orders/{number}"],
    ),
    "a loop over pairs": (
        {
            "app.py": HEAD + "import orders, users\napp = FastAPI()\n"
            "for prefix, router in (('/a', orders.router), ('/b', users.router)):\n"
            "    app.include_router(router, prefix=prefix)\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /a/orders/{number}", "GET /b/me"],
    ),
    "a loop over the items of a dict": (
        {
            "app.py": HEAD
            + "import orders, users\napp = FastAPI()\nROUTES = {'/a': orders.router, '/b': users.router}\n"
            "for prefix, router in ROUTES.items():\n"
            "    app.include_router(router, prefix=f'/v2{prefix}')\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /v2/a/orders/{number}", "GET /v2/b/me"],
    ),
    "a loop over dicts of arguments, in two lists": (
        {
            "app.py": HEAD
            + "import orders, users\napp = FastAPI()\nfirst = [{'router': orders.router, 'prefix': '/a'}]\n"
            "both = first + [{'router': users.router, 'tags': ['u']}]\n"
            "for each in both:\n    app.include_router(**each)\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /a/orders/{number}", "GET /me"],
    ),
    "a loop over objects": (
        {
            "app.py": HEAD + "import orders\nfrom registry import Entry\napp = FastAPI()\n"
            "ENTRIES = [Entry(router=orders.router, prefix='/a')]\n"
            "for entry in ENTRIES:\n    app.include_router(entry.router, prefix=entry.prefix)\n",
            "orders.py": ORDERS,
            "registry.py": "class Entry: ...\n",
        },
        ["GET /a/orders/{number}"],
    ),
    "a function that is given the application": (
        {
            "app.py": HEAD
            + "from routes import register\ndef create():\n    app = FastAPI()\n    register(app)\n    return app\n",
            "routes.py": "import orders\ndef register(app):\n    app.include_router(orders.router, prefix='/v1')\n",
            "orders.py": ORDERS,
        },
        ["GET /v1/orders/{number}"],
    ),
    "a function that includes what it is given": (
        {
            "app.py": HEAD + "import orders, users\napp = FastAPI()\n"
            "def include(application: FastAPI, router: APIRouter, prefix: str = ''):\n"
            "    application.include_router(router, prefix=f'/api{prefix}')\n"
            "include(app, orders.router, prefix='/a')\ninclude(app, users.router, '/b')\n",
            "orders.py": ORDERS,
            "users.py": USERS,
        },
        ["GET /api/a/orders/{number}", "GET /api/b/me"],
    ),
    "a function that is given an application and decorates": (
        {
            "app.py": HEAD + "from routes import register\napp = FastAPI()\nregister(app)\n",
            "routes.py": "def register(app):\n    @app.get('/inner')\n    async def inner(): ...\n",
        },
        ["GET /inner"],
    ),
    "a router class that brings a prefix and a dependency": (
        {
            "app.py": HEAD + "from base import Guarded\nrouter = Guarded(tags=['x'])\n"
            "@router.get('/a')\nasync def a(): ...\napp = FastAPI()\napp.include_router(router)\n",
            "base.py": "from fastapi import APIRouter, Depends\ndef user(): ...\nclass Guarded(APIRouter):\n"
            "    def __init__(self, **kwargs):\n"
            "        super().__init__(prefix='/guarded', dependencies=[Depends(user)], **kwargs)\n",
        },
        ["GET /guarded/a <- user"],
    ),
    "a router class whose prefix is given": (
        {
            "app.py": HEAD + "from base import Own\nrouter = Own(prefix='/own')\n"
            "@router.get('/a')\nasync def a(): ...\napp = FastAPI()\napp.include_router(router)\n",
            "base.py": "from fastapi import APIRouter\nclass Own(APIRouter): ...\n",
        },
        ["GET /own/a"],
    ),
    "a router that an object keeps": (
        {
            "app.py": HEAD + "from views import Orders\napp = FastAPI()\norders = Orders()\n"
            "app.include_router(orders.router, prefix='/v1')\n",
            "views.py": "from fastapi import APIRouter\nclass Orders:\n    def __init__(self):\n"
            "        self.router = APIRouter(prefix='/orders')\n"
            "        self.router.add_api_route('/', self.list, methods=['GET', 'POST'])\n"
            "    async def list(self): ...\n",
        },
        ["GET /v1/orders/", "POST /v1/orders/"],
    ),
    "a decorator of the project that takes the router's method": (
        {
            "app.py": HEAD + "from auth import guarded\nrouter = APIRouter(prefix='/orders')\n"
            "@guarded(router.post, '/{number}', scopes=['x'])\nasync def make(number: int): ...\n"
            "app = FastAPI()\napp.include_router(router)\n",
            "auth.py": "def guarded(method, path, scopes):\n    return lambda f: method(path)(f)\n",
        },
        ["POST /orders/{number}"],
    ),
    "packages that import their own parts": (
        {
            "app.py": HEAD + "from api import router\napp = FastAPI()\napp.include_router(router)\n",
            "api/__init__.py": "from fastapi import APIRouter\nfrom . import orders\n"
            "router = APIRouter(prefix='/api')\nrouter.include_router(orders.router)\n",
            "api/orders/__init__.py": "from fastapi import APIRouter\nfrom . import crud\n"
            "router = APIRouter()\nrouter.include_router(crud.router)\n",
            "api/orders/crud.py": ORDERS,
        },
        ["GET /api/orders/{number}"],
    ),
    "route objects": (
        {
            "app.py": "from starlette.applications import Starlette\nfrom starlette.routing import Route\n"
            "async def home(request): ...\napp = Starlette(routes=[Route('/home', home, methods=['GET'])])\n"
        },
        ["GET /home"],
    ),
    "dependencies kept in a list": (
        {
            "app.py": HEAD + "import orders\ndef user(): ...\nGUARD = [Depends(user)]\napp = FastAPI()\n"
            "app.include_router(orders.router, dependencies=GUARD)\n",
            "orders.py": ORDERS,
        },
        ["GET /orders/{number} <- user"],
    ),
    "a path that only running it would tell": (
        {
            "app.py": HEAD
            + "from settings import load\napp = FastAPI()\n@app.get(load())\nasync def a(): ...\n"
        },
        ["GET {…}"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_endpoint_is_found_with_its_full_path(way: str) -> None:
    files, expected = WAYS[way]
    routing = project(files).project.routing

    found = []
    for endpoint in routing.endpoints:
        needs = "".join(f" <- {node.symbol}" for node in endpoint.dependencies)
        found.append(f"{endpoint.ref.method} {endpoint.ref.path}{needs}")
    assert sorted(found) == expected
