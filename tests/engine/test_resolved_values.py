"""What the resolver knows of values: where they are bound, what is left after a test, what containers hold."""

from __future__ import annotations

import pytest

from tests.engine.resolving import SESSION, Rows, assert_resolves

ROWS: Rows = {
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
        {"use.py": "import requests\ndef f(x, a):\n    s = a if x else requests.Session()\n    s.get(1)"},
        None,
    ),
    # what is left after a test
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
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    assert_resolves(*ROWS[row])
