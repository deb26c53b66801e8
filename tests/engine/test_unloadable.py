"""What stands in files that fail as they are loaded is a hint."""

from __future__ import annotations

import functools
import random

import pytest

from rules import Succession, analyze, extract
from rules.engine.finding import Confidence, Options
from rules.engine.project import Project
from rules.engine.service.unloadable import unloadable
from tests.engine.projects import BLOCKING, sources

ROUTER = """
import requests
from fastapi import APIRouter
{}

router = APIRouter()

@router.get("/rates")
async def rates() -> int:
    {}
    return requests.get("https://rates.example", timeout=5).status_code
"""
APPLICATION = """
from fastapi import FastAPI
from shop.api import router
{}

app = FastAPI()
app.include_router(router)
"""
CLOSED = """
from shop.mail import send
from shop.prices import total
"""


THERE = "from shop.mail import post\nfrom shop import mail\nimport shop.mail"


def confidence(files: dict[str, str]) -> Confidence:
    tree = {
        **{f"shop/part{number}.py": "" for number in range(10)},
        "shop/__init__.py": "",
        "shop/main.py": APPLICATION.format(""),
        "shop/api.py": ROUTER.format("", "pass"),
        "shop/mail.py": "def post() -> None: ...\n",
        **files,
    }
    result = analyze(sources(tree), options=Options(select=BLOCKING)).result
    assert result.skipped == ()
    (found,) = (each for each in result.findings if each.path == "shop/api.py")
    if found.confidence is Confidence.POSSIBLE:
        assert found.when_new is Confidence.CERTAIN  # a change may bring the rest later
    return found.confidence


@pytest.mark.parametrize(
    "files",
    [
        {"shop/api.py": ROUTER.format("from shop.mail import send", "pass")},
        {"shop/api.py": ROUTER.format("from .mail import send", "pass")},
        {"shop/api.py": ROUTER.format(f"import shop.orders.prices\nfrom shop import carts\n{THERE}", "pass")},
        {"shop/main.py": APPLICATION.format("from shop.mail import send")},
        {
            "shop/main.py": APPLICATION.format("from shop.tax import rate"),
            "shop/tax.py": "from shop.mail import send\nrate = 1\n",
        },
        {
            "shop/main.py": APPLICATION.format("from shop.tax import rate"),
            "shop/tax/__init__.py": "from shop.tax.rates import rate\n",
            "shop/tax/rates.py": "from shop.mail import send\nrate = 1\n",
        },
    ],
    ids=[
        "a name",
        "relatively",
        "several modules",
        "the application",
        "what the application imports",
        "at any distance",
    ],
)
def test_an_endpoint_whose_file_or_application_asks_for_what_is_not_there_is_a_hint(
    files: dict[str, str],
) -> None:
    assert confidence(files) is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "files",
    [
        {"shop/api.py": ROUTER.format("from shop.mail import post", "pass")},
        {"shop/api.py": ROUTER.format("", "if rates:\n        from shop.mail import send")},
        {"shop/api.py": ROUTER.format("try:\n    from shop.mail import send\nexcept ImportError: ...", "")},
        {"shop/api.py": ROUTER.format("if TYPE_CHECKING:\n    from shop.mail import Sender", "pass")},
        {"shop/api.py": ROUTER.format("from other.mail import send", "pass")},
        {
            "shop/api.py": ROUTER.format(
                "from shop._version import number\nfrom shop.orders_pb2 import Order", ""
            )
        },
        {"shop/main.py": APPLICATION.format("from shop.stock import take, give")},
        {
            "shop/api.py": ROUTER.format(
                "from telegram import Bot, Message\nfrom telegram.updates import Update", ""
            ),
            "shop/main.py": APPLICATION.format("from shop.telegram import bots"),
            "shop/telegram/__init__.py": "",
            "shop/telegram/bots.py": "import telegram",
        },
        {
            "shop/api.py": ROUTER.format("from shop.carts import send", "pass"),
            "shop/carts.py": "",
            "shop/carts/__init__.py": "def send() -> None: ...\n",
        },
        {
            "shop/api.py": ROUTER.format(
                "from shop.tests.orders import make\nfrom shop import carts_local", ""
            )
        },
        {
            "shop/api.py": ROUTER.format("from shop.mail import send", "pass"),
            "shop/mail.py": "from mails import *\n",
        },
        {
            "shop/api.py": ROUTER.format("from shop.mail import send", "pass"),
            "shop/mail.py": "def __getattr__(name: str) -> object: ...\n",
        },
        {
            "shop/api.py": ROUTER.format("from shop.mail import send", "pass"),
            "shop/mail.py": "for name in ('send',):\n    globals()[name] = print\n",
        },
        {"shop/tax.py": CLOSED},
        {
            "shop/main.py": APPLICATION.format("from shop.mail import send"),
            "shop/second.py": APPLICATION.format(""),
        },
        {
            "shop/api.py": ROUTER.format("from rates.mail import send", "pass"),
            "libs/rates/__init__.py": "",
            "libs/rates/prices.py": "",
        },
        {
            "shop/api.py": ROUTER.format("from shop.billing.tax import rate\nfrom shop import carts", "pass"),
            "ours/shop/billing/tax.py": "rate = 1\n",
            "ours/shop/carts.py": "",
        },
    ],
    ids=[
        "there",
        "when it runs",
        "in a try",
        "for types",
        "somebody else's",
        "made when it is built",
        "one module alone",
        "a library of the same name",
        "a package that hides a file",
        "tests and what is kept out",
        "all names",
        "by name",
        "made of names",
        "what nobody asks for",
        "another application",
        "a folder that another name may mean",
        "another part of the package",
    ],
)
def test_what_is_there_may_be_there_or_is_not_needed_keeps_nothing_from_the_line(
    files: dict[str, str],
) -> None:
    assert confidence(files) is Confidence.CERTAIN


VERSIONS: dict[str, tuple[str | None, ...]] = {
    "shop/__init__.py": ("",),
    "extra/__init__.py": ("",),
    "shop/mail.py": ("def post() -> None: ...\n", "def send() -> None: ...\n", None),
    "shop/mail/__init__.py": (None, "from shop.mail.out import send\n"),
    "shop/mail/out.py": (None, "def send() -> None: ...\n"),
    "shop/api.py": ("from shop.mail import send\nfrom . import carts\n", "from shop.mail import post\n"),
    "shop/carts.py": (None, "from shop.billing.tax import rate\nfrom bureau import desk\n"),
    "shop/late.py": ("from .carts import total\nfrom kit import one\n", "from shop import carts\n"),
    "shop/billing/tax.py": ("rate = 1\n", None),
    "shop/main.py": ("import shop.api\nimport shop.late\n", "print(nowhere)\n"),
    "bureau.py": ("chair = 1\n", "chair = desk = 1\n", None),
    "shop/kit/__init__.py": ("def one() -> None: ...\n", "def one(given=nowhere) -> None: ...\n"),
    "extra/kit/__init__.py": ("def one() -> None: ...\n", "def two() -> None: ...\n"),
    "requirements.txt": ("", "bureau==1\n"),
}
"""What may stand in a file; None where there is none."""


def test_what_loads_is_the_same_whichever_versions_came_before() -> None:
    chance = random.Random(0)
    fixed = {f"shop/part{number}.py": "from bureau import chair\n" for number in range(10)}
    texts = {path: versions[0] for path, versions in VERSIONS.items()}
    read = functools.cache(extract)
    succession = Succession()
    failing: set[frozenset[str]] = set()
    for _ in range(300):
        for path in chance.sample([*VERSIONS], chance.randint(1, 2)):
            texts[path] = chance.choice(VERSIONS[path])
        there = {path: text for path, text in texts.items() if text is not None}
        documents = {"requirements.txt": there.pop("requirements.txt")}
        found = {path: read(path, raw) for path, raw in sources({**fixed, **there}).items()}
        moved = succession.move(found, documents, Options())
        assert unloadable(moved) == unloadable(Project(found, documents)), there
        failing.add(unloadable(moved))
    assert succession.relinked < 150
    assert len(failing) > 5
