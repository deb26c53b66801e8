"""What the resolver understands of imports and of the folders they go into."""

from __future__ import annotations

import pytest

from tests.engine.resolving import QUERY, SESSION, Rows, assert_resolves

ROWS: Rows = {
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
    # folders called like a library
    "a folder that is called like the library that its files import": (
        {
            "requests/app/use.py": "import requests\nfrom requests import Session\ndef use():\n    requests.get(1)",
        },
        "requests.get",
    ),
    "a folder that is called like a library and holds what is imported": (
        {
            "agents/clients.py": "import requests\nhttp = requests.Session()",
            "use.py": "from agents.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "a folder in another that is called like a library": (
        {
            "shop/agents/clients.py": "import requests\nhttp = requests.Session()",
            "shop/more.py": "from agents import Agent",
            "use.py": "from shop.agents.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "a library in a file that is called like it": (
        {"warehouse.py": "import warehouse\ndef use():\n    warehouse.get(1)"},
        "warehouse.get",
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
    assert_resolves(*ROWS[row])
