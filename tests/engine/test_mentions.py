"""Code that nobody names beside an application weighs little; what nothing is seen to lead to is left to the summary."""

from __future__ import annotations

import pytest

from rules.engine.finding import Confidence, Severity
from tests.engine.projects import project

CONNECTORS = """
import requests

class Stripe:
    async def confirm(self, number: str) -> int:
        return requests.get("https://stripe.example/" + number, timeout=5).status_code
"""
ELSEWHERE = "from shop.connectors import Stripe\n__all__ = ['Stripe']\n"


def severity(use: str, connectors: str = CONNECTORS) -> Severity:
    analysis = project(
        {
            "shop/__init__.py": "",
            "shop/connectors.py": connectors,
            "shop/public.py": ELSEWHERE,
            "shop/main.py": "from fastapi import FastAPI\nfrom shop import connectors, public\napp = FastAPI()\n"
            f"@app.get('/')\nasync def root():\n    return 1\n{use}",
            "tests/test_shop.py": "from shop.connectors import Stripe\nStripe().confirm('1')\n",
        },
        select=("FP101",),
    )
    (finding,) = (each for each in analysis.result.findings if each.path == "shop/connectors.py")
    assert finding.confidence is Confidence.POSSIBLE
    return finding.severity


@pytest.mark.parametrize(
    "use",
    [
        "",
        "def pay(connector):\n    return connector.refund('1')\n",
        "def pay():\n    return connectors.Stripe\n",  # the class is named, its method is not
    ],
)
def test_a_method_that_nobody_names_weighs_little(use: str) -> None:
    assert severity(use) is Severity.LOW


@pytest.mark.parametrize(
    "use",
    [
        "async def pay(connector: object):\n    return await connector.confirm('1')\nKNOWN = {'s': connectors.Stripe}\n",
        "KNOWN = {'s': 'shop.connectors.Stripe'}\ndef pay(connector):\n    return getattr(connector, 'confirm')('1')\n",
    ],
    ids=["called on what nobody knows", "named in strings"],
)
def test_a_method_that_may_be_called_by_its_name_weighs_more(use: str) -> None:
    assert severity(use) is Severity.MEDIUM


@pytest.mark.parametrize(
    "connectors",
    [
        CONNECTORS.replace("class Stripe:", "from framework import Handler\nclass Stripe(Handler):"),
        CONNECTORS.replace("    async def", "    @register\n    async def"),
        CONNECTORS.replace("confirm", "__call__"),
    ],
    ids=["a framework's base", "a decorator", "a special method"],
)
def test_what_somebody_else_may_call_weighs_more(connectors: str) -> None:
    assert severity("KNOWN = [connectors.Stripe()]\n", connectors) is Severity.MEDIUM


def test_without_an_application_nobody_need_name_it() -> None:
    analysis = project({"shop/connectors.py": CONNECTORS}, select=("FP101",))

    assert [finding.confidence for finding in analysis.result.findings] == [Confidence.LIKELY]


def test_what_lies_in_a_folder_of_leftovers_is_only_possible() -> None:
    analysis = project(
        {
            "shop/unused/connectors.py": CONNECTORS,
            "shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def root(stripe):\n"
            "    return stripe.confirm(Stripe)\n",
        },
        select=("FP101",),
    )

    assert [finding.confidence for finding in analysis.result.findings] == [Confidence.POSSIBLE]


@pytest.mark.parametrize(("imported", "expected"), [("other", Severity.LOW), ("connectors", Severity.MEDIUM)])
def test_a_function_whose_name_others_take_from_elsewhere_weighs_little(
    imported: str, expected: Severity
) -> None:
    load = "import requests\nasync def load():\n    return requests.get('https://shop.example', timeout=5).text\n"
    analysis = project(
        {
            "shop/connectors.py": load,
            "shop/other.py": "async def load():\n    return ''\n",
            "shop/main.py": f"from fastapi import FastAPI\nfrom shop.{imported} import load\nKNOWN = [load]\n"
            "app = FastAPI()\n@app.get('/')\nasync def root():\n    return 1\n",
        },
        select=("FP101",),
    )

    assert [finding.severity for finding in analysis.result.findings] == [expected]


LOADS = """
import requests

async def load():
    return requests.get("https://shop.example", timeout=5).text

async def index():
    return await load()
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"shop/jobs.py": "from shop import index\nasync def refresh():\n    await index()\n"},
            Severity.LOW,
        ),
        ({"shop/jobs.py": "from shop import index\nKNOWN = [index]\n"}, Severity.MEDIUM),
        ({"shop/models.py": "class Options:\n    index: bool = True\n"}, Severity.LOW),
        ({"shop/models.py": "NAME = 'shop.loads.index'\n"}, Severity.MEDIUM),
        (
            {
                "shop/tool.py": "import argparse\nfrom shop import index\nKNOWN = [index]\nif __name__ == '__main__':\n    1\n"
            },
            Severity.LOW,
        ),
    ],
    ids=["called where nobody gets to", "handed on", "another of the name", "named in a string", "a tool"],
)
def test_what_only_leads_up_to_dead_ends_weighs_little(files: dict[str, str], expected: Severity) -> None:
    analysis = project(
        {
            "shop/__init__.py": "from shop.loads import index\n",
            "shop/loads.py": LOADS,
            "shop/main.py": "import shop\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\n"
            "async def root():\n    return 1\n",
            **files,
        },
        select=("FP101",),
    )

    assert [finding.severity for finding in analysis.result.findings] == [expected]
