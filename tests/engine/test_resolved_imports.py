"""What the resolver understands of imports and of the folders they go into."""

from __future__ import annotations

import pytest

from tests.engine.projects import module
from tests.engine.resolving import QUERY, SESSION, Rows, assert_resolves

TWO_SERVICES = {
    "jobs/more.py": "import backend",
    "fast/backend/__init__.py": "",
    "fast/backend/app/__init__.py": "import httpx\nclient = httpx.Client()",
    "fast/backend/app/http.py": "import httpx\nclient = httpx.Client()",
    "slow/backend/__init__.py": "",
    "slow/backend/app/__init__.py": "import requests\nclient = requests.Session()",
    "slow/backend/app/http.py": "import requests\nclient = requests.Session()",
}
"""Each is started in a folder that is a package itself."""

ROWS: Rows = {
    "a package beside a file of its name, which starts it": (
        {
            "shop.py": "import shop.clients",
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "use.py": "from shop.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
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
    # imports that are spelled twice
    "a script's import first, then the package's": (
        {
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "shop/quick.py": "import httpx\nhttp = httpx.AsyncClient()",
            "shop/use.py": "try:\n    from clients import http\nexcept ImportError:\n    from .clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "the package's import first, then the script's": (
        {
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "shop/quick.py": "import httpx\nhttp = httpx.AsyncClient()",
            "shop/use.py": "try:\n    from .clients import http\nexcept ImportError:\n    from clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "an import through a folder that isn't there, then without it": (
        {
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "shop/quick.py": "import httpx\nhttp = httpx.AsyncClient()",
            "shop/use.py": "try:\n    from service.shop.clients import http\nexcept ImportError:\n    from shop.clients import http\ndef use():\n    http.get(1)",
        },
        SESSION,
    ),
    "another module first, which is there": (
        {
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "shop/quick.py": "import httpx\nhttp = httpx.AsyncClient()",
            "shop/use.py": "try:\n    from .quick import http\nexcept ImportError:\n    from .clients import http\ndef use():\n    http.get(1)",
        },
        "httpx.AsyncClient.get",
    ),
    "another module first, which nobody knows": (
        {
            "shop/__init__.py": "",
            "shop/clients.py": "import requests\nhttp = requests.Session()",
            "shop/quick.py": "import httpx\nhttp = httpx.AsyncClient()",
            "shop/use.py": "try:\n    from faster import http\nexcept ImportError:\n    from .clients import http\ndef use():\n    http.get(1)",
        },
        "faster.http.get",
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
    # programs that are started in a folder that is a package
    "the package beside which the program is started, of two with all that is imported": (
        {**TWO_SERVICES, "slow/backend/app/use.py": "from app.http import client\nclient.get(1)"},
        SESSION,
    ),
    "a package beside which the program is started, of which it imports nothing": (
        {**TWO_SERVICES, "slow/backend/app/use.py": "import app\napp.client.get(1)"},
        "app.client.get",
    ),
    "a package beside which the program is started, without one of the modules that are imported": (
        {
            **TWO_SERVICES,
            "slow/backend/app/use.py": "import app.gone\nfrom app.http import client\nclient.get(1)",
        },
        "app.http.client.get",
    ),
    "a library in a file of a package that is called like it, beside which the program is started": (
        {**TWO_SERVICES, "slow/backend/app/use.py": "from app.use import client\nclient.get(1)"},
        "app.use.client.get",
    ),
    # packages that are installed by themselves
    "a package whose folders all have an `__init__.py`, by its own name": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/billing/__init__.py": "",
            "services/billing/shop_billing/__init__.py": "",
            "services/billing/shop_billing/clients.py": "import requests\nhttp = requests.Session()",
            "services/billing/shop_billing/use.py": "from shop_billing.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a package of another service, all of whose folders have an `__init__.py`": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/common/__init__.py": "",
            "services/common/shop_common/__init__.py": "",
            "services/common/shop_common/clients.py": "import requests\nhttp = requests.Session()",
            "services/orders/shop_orders/__init__.py": "",
            "services/orders/shop_orders/use.py": "from shop_common.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a package of another part of the repository, below src": (
        {
            "libs/shared/src/shared/__init__.py": "from .clients import http",
            "libs/shared/src/shared/clients.py": "import requests\nhttp = requests.Session()",
            "services/orders/src/orders/__init__.py": "",
            "services/orders/src/orders/use.py": "from shared import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a name that a package passes on by a star": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "from .clients import *",
            "services/shared/clients.py": "import requests\nhttp = requests.Session()",
            "orders/use.py": "from shared import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "the one of two folders of a name that has what is imported": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "",
            "services/shared/clients.py": "import requests\nhttp = requests.Session()",
            "services/orders/__init__.py": "",
            "services/orders/shared/__init__.py": "",
            "services/orders/shared/prices.py": "",
            "jobs/use.py": "from shared.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "two folders of a name that both have what is imported": (
        {
            "services/__init__.py": "",
            "services/billing/__init__.py": "",
            "services/billing/shared/__init__.py": "",
            "services/billing/shared/clients.py": "import requests\nhttp = requests.Session()",
            "services/orders/__init__.py": "",
            "services/orders/shared/__init__.py": "",
            "services/orders/shared/clients.py": "import requests\nhttp = requests.Session()",
            "jobs/use.py": "from shared.clients import http\nhttp.get(1)",
        },
        "shared.clients.http.get",
    ),
    "a folder without what is imported": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/carriers/__init__.py": "",
            "services/carriers/clients.py": "import requests\nhttp = requests.Session()",
            "jobs/use.py": "from carriers.clients import Session, http\nhttp.get(1)",
        },
        "carriers.clients.http.get",
    ),
    "a folder without one of the modules that are imported": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/carriers/__init__.py": "",
            "services/carriers/clients.py": "import requests\nhttp = requests.Session()",
            "jobs/use.py": "import carriers.parcels\nfrom carriers.clients import http\nhttp.get(1)",
        },
        "carriers.clients.http.get",
    ),
    "a folder that passes on what a library of its name has": (
        {
            "jobs/more.py": "import shop",
            "shop/__init__.py": "",
            "shop/carriers/__init__.py": "from .sending import *",
            "shop/carriers/sending.py": "from carriers import Client\ndef send(): ...",
            "shop/carriers/types.py": "from carriers.types import *\nfrom carriers.types import Parcel",
            "jobs/use.py": "from carriers import Client\nfrom carriers.types import Parcel\nClient.get(1)",
        },
        "carriers.Client.get",
    ),
    "a library in a file of a package that is called like it": (
        {
            "jobs/more.py": "import shop",
            "shop/__init__.py": "",
            "shop/carriers/__init__.py": "",
            "shop/carriers/use.py": "from carriers.use import Client\nClient.get(1)",
        },
        "carriers.use.Client.get",
    ),
    "a well-known library, though a folder of another part has what is imported": (
        {
            "services/__init__.py": "",
            "services/redis/__init__.py": "",
            "services/redis/asyncio.py": "import requests\nRedis = requests.Session()",
            "jobs/use.py": "from redis.asyncio import Redis\nRedis.get(1)",
        },
        "redis.asyncio.Redis.get",
    ),
    "a folder of examples": (
        {
            "jobs/more.py": "import examples",
            "billing/examples/carriers/__init__.py": "",
            "billing/examples/carriers/clients.py": "import requests\nhttp = requests.Session()",
            "billing/examples/__init__.py": "",
            "orders/use.py": "from carriers.clients import http\nhttp.get(1)",
        },
        "carriers.clients.http.get",
    ),
    "a folder of examples, for an example": (
        {
            "jobs/more.py": "import examples",
            "billing/examples/carriers/__init__.py": "",
            "billing/examples/carriers/clients.py": "import requests\nhttp = requests.Session()",
            "billing/examples/__init__.py": "",
            "orders/examples/use.py": "from carriers.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a package that several distributions bring a part of": (
        {
            "shop-core/src/shop/core/__init__.py": "",
            "shop-core/src/shop/core/clients.py": "import requests\nhttp = requests.Session()",
            "shop-api/src/shop/api/__init__.py": "",
            "shop-api/src/shop/api/use.py": "from shop.core.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a package of several distributions, two of which say that it lies in several places": (
        {
            "shop-core/shop/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
            "shop-core/shop/core.py": "import requests\nhttp = requests.Session()",
            "shop-api/shop/__init__.py": "",
            "shop-api/shop/use.py": "from shop.core import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a package of several distributions, from outside": (
        {
            "shop-core/shop/core.py": "import requests\nhttp = requests.Session()",
            "shop-api/shop/prices.py": "from shop.core import http",
            "jobs/use.py": "from shop.prices import http as other\nfrom shop.core import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "what two of the applications with a package of that name have, from outside": (
        {
            "fast/shop/core.py": "import requests\nhttp = requests.Session()",
            "slow/shop/core.py": "import requests\nhttp = requests.Session()",
            "slow/shop/prices.py": "from shop.core import http",
            "jobs/use.py": "from shop.core import http\nhttp.get(1)",
        },
        "shop.core.http.get",
    ),
    "a folder from which the file imports nothing": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/carriers/__init__.py": "import requests\nhttp = requests.Session()",
            "jobs/use.py": "import carriers\ncarriers.http.get(1)",
        },
        "carriers.http.get",
    ),
    "what a function of a package of another part gives": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "",
            "services/shared/clients.py": "import requests\ndef client() -> requests.Session: ...",
            "jobs/use.py": "from shared.clients import client\nclient().get(1)",
        },
        SESSION,
    ),
    "a class of a package of another part": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "",
            "services/shared/clients.py": "import requests\nclass Client(requests.Session): ...",
            "jobs/use.py": "from shared.clients import Client\nClient().get(1)",
        },
        SESSION,
    ),
    "a module in a folder without `__init__.py` of a package of another part": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "",
            "services/shared/net/clients.py": "import requests\nhttp = requests.Session()",
            "jobs/use.py": "from shared.net.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a name that a package passes on by a star of its own whole name": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "from shared.clients import *",
            "services/shared/clients.py": "import requests\nhttp = requests.Session()",
            "orders/use.py": "from shared import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a name that a package takes from its own module by its whole name": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "from shared.clients import http",
            "services/shared/clients.py": "import requests\nhttp = requests.Session()",
            "orders/use.py": "from shared import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "what the own package takes from the file itself": (
        {
            "jobs/more.py": "import shop",
            "shop/__init__.py": "",
            "shop/carriers/__init__.py": "from carriers.use import http",
            "shop/carriers/use.py": "import requests\nfrom carriers import http as sent\nhttp = requests.Session()\nsent.get(1)",
        },
        SESSION,
    ),
    "what a library has that is called like a function of the file itself": (
        {
            "jobs/more.py": "import shop",
            "shop/__init__.py": "",
            "shop/carriers/__init__.py": "",
            "shop/carriers/use.py": "from carriers.use import send as sent\ndef send(): ...\nsent(1)",
        },
        "carriers.use.send",
    ),
    "a folder without `__init__.py` of a package that several distributions bring a part of": (
        {
            "shop-core/src/shop/prices.py": "",
            "shop-core/src/shop/core/clients.py": "import requests\nhttp = requests.Session()",
            "shop-api/src/shop/use.py": "from shop.core.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a folder without `__init__.py` that two of several distributions bring a part of": (
        {
            "shop-core/src/shop/prices.py": "",
            "shop-core/src/shop/core/texts.py": "",
            "shop-more/src/shop/orders.py": "",
            "shop-more/src/shop/core/clients.py": "import requests\nhttp = requests.Session()",
            "shop-api/src/shop/use.py": "from shop.core.clients import http\nhttp.get(1)",
        },
        SESSION,
    ),
    "a part of a package that is there as an example": (
        {
            "shop-core/examples/shop/core.py": "import requests\nhttp = requests.Session()",
            "shop-api/shop/prices.py": "",
            "jobs/use.py": "from shop.core import http\nhttp.get(1)",
        },
        "shop.core.http.get",
    ),
    "a part that an example has of a package, and the package of the file lacks": (
        {
            "shop-core/examples/shop/core.py": "import requests\nhttp = requests.Session()",
            "shop-api/shop/prices.py": "",
            "shop-api/shop/use.py": "from shop.core import http\nhttp.get(1)",
        },
        None,
    ),
    "a library in a file that is called like it, though a folder of another part has what is imported": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/use/__init__.py": "",
            "services/use/clients.py": "import requests\nhttp = requests.Session()",
            "use.py": "from use.clients import http\nhttp.get(1)",
        },
        "use.clients.http.get",
    ),
    "a module that a folder called like a library lacks and another has": (
        {
            "fast/redis/__init__.py": "",
            "fast/redis/core.py": "import requests\nhttp = requests.Session()",
            "slow/redis/__init__.py": "",
            "slow/redis/prices.py": "",
            "slow/use.py": "import redis.prices\nfrom redis.core import http\nhttp.get(1)",
        },
        None,
    ),
    "a name that a package passes on by a star of a library's module that is called like its own": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "from carriers.clients import *",
            "services/shared/clients.py": "import requests\nhttp = requests.Session()",
            "orders/use.py": "from shared import http\nhttp.get(1)",
        },
        "shared.http.get",
    ),
    "a name that a package has by none of its stars": (
        {
            "jobs/more.py": "import services",
            "services/__init__.py": "",
            "services/shared/__init__.py": "from shared.clients import *\nfrom .clients import *\nfrom .....gone import *",
            "services/shared/clients.py": "import requests\nclient = requests.Session()",
            "orders/use.py": "from shared import http\nhttp.get(1)",
        },
        "shared.http.get",
    ),
    "what a package lacks that says something itself": (
        {
            "fast/app/http.py": "import requests\nhttp = requests.Session()",
            "fast/app/__init__.py": "",
            "slow/app/__init__.py": "from .settings import *",
            "slow/app/settings.py": "from requests import *",
            "slow/app/use.py": "from app import http\nhttp.get(1)",
        },
        "requests.http.get",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    assert_resolves(*ROWS[row])


def test_a_name_is_weighed_that_means_one_of_several_folders_or_one_below_others() -> None:
    files = (
        *("shop/__init__.py", "shop/core/__init__.py", "one/parts/prices.py", "two/parts/orders.py"),
        *("shop/redis/__init__.py", "jobs/more.py"),
    )
    found = module({**dict.fromkeys(files, ""), "jobs/more.py": "import shop, parts, core"}, "jobs/more.py")
    names = ("core", "parts", "shop", "redis", "prices")

    assert [name for name in names if found.project.resolver.is_weighed(name)] == ["core", "parts"]
