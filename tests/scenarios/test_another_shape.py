"""What was there before in another shape is no news, and what a change brings while it reshapes things is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.review.report import Report
from tests.scenarios.pull_requests import BLOCKING_CARRIER, DATABASE, MAIN, SHOP, PullRequest, said

REFUNDS = """\
import requests
from fastapi import APIRouter, HTTPException

from shop.ledger import note, owner_of

router = APIRouter()


@router.post("/{number}/refund")
async def refund(number: str, reason: str) -> dict[str, str]:
    if not reason.strip():
        raise HTTPException(status_code=400)
    owner = owner_of(number)
    answer = requests.post(f"https://bank.example/refunds/{number}", timeout=5)
    note(number, owner)
    return {"state": answer.text.strip()}
"""
LEDGER = """\
OWNERS: dict[str, str] = {}


def owner_of(number: str) -> str:
    return OWNERS.get(number, "")


def note(number: str, owner: str) -> None:
    OWNERS[number] = owner


def book(number: str) -> None:
    OWNERS.pop(number, None)
"""
WITH_REFUNDS = SHOP | {
    "shop/refunds.py": REFUNDS,
    "shop/ledger.py": LEDGER,
    "shop/main.py": MAIN.replace("import orders", "import refunds, orders")
    + 'app.include_router(refunds.router, prefix="/refunds")\n',
}
RENAMED = (
    REFUNDS.replace("/{number}/refund", "/{number}/money-back")
    .replace("def refund", "def money_back")
    .replace("import note", "import book, note")
    .replace("    note(number, owner)\n", "    book(number)\n    note(number, owner)\n")
)


def review(folder: Path, before: dict[str, str], after: dict[str, str | None]) -> Report:
    pull = PullRequest(folder, before)
    pull.push(after)
    return pull.review()


def test_an_endpoint_under_another_route_and_name_is_the_same_also_when_it_does_a_little_more(
    tmp_path: Path,
) -> None:
    report = review(tmp_path, WITH_REFUNDS, {"shop/refunds.py": RENAMED})

    assert (report.new, report.fixed) == ((), ())
    assert [str(change.previous) for change in report.endpoints if change.previous] == [
        "POST /refunds/{number}/refund"
    ]


def test_what_is_added_to_a_renamed_endpoint_is_new(tmp_path: Path) -> None:
    twice = RENAMED.replace(
        "    book(number)\n", '    requests.delete(f"https://bank.example/holds/{number}", timeout=5)\n'
    )

    report = review(tmp_path, WITH_REFUNDS, {"shop/refunds.py": twice})

    assert [finding.code for finding in report.new] == ["FP104"]
    assert len(report.comments) == 1


def test_an_endpoint_beside_the_one_that_it_was_copied_from_is_new(tmp_path: Path) -> None:
    copied = REFUNDS + RENAMED[RENAMED.index("\n\n@router") :].replace("book(number)", "note(number, owner)")

    report = review(tmp_path, WITH_REFUNDS, {"shop/refunds.py": copied})

    assert {str(finding.endpoint) for finding in report.new} == {"POST /refunds/{number}/money-back"}


def test_an_endpoint_that_does_something_else_in_the_place_of_another_is_new(tmp_path: Path) -> None:
    other = REFUNDS[: REFUNDS.index("@router")] + (
        '@router.post("/{number}/notice")\n'
        "async def notice(number: str) -> None:\n"
        '    requests.post("https://mail.example/notices", json={"number": number}, timeout=5)\n'
    )

    report = review(tmp_path, WITH_REFUNDS, {"shop/refunds.py": other})

    assert {str(finding.endpoint) for finding in report.new} == {"POST /refunds/{number}/notice"}


BASKET = """\
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.db import Price, Product, get_session

router = APIRouter()


def named(session: Session, number: str) -> str | None:
    return session.scalar(select(Product.name).where(Product.number == number))


def priced(session: Session, number: str) -> Price | None:
    return session.get(Price, number)


def known(numbers: list[str]) -> list[str]:
    return [number for number in numbers if number.strip()]


@router.post("/basket")
def basket(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
    found = []
    for number in numbers:
        name = session.scalar(select(Product.name).where(Product.number == number))
        found.append(name)
    return found


@router.post("/numbers")
def numbers(numbers: list[str], days: list[int]) -> list[str]:
    return numbers
"""
LOOKED_UP = """\
        name = session.scalar(select(Product.name).where(Product.number == number))
        found.append(name)
"""
SHOP_WITH_BASKET = SHOP | {
    "shop/db.py": DATABASE,
    "shop/basket.py": BASKET,
    "shop/main.py": MAIN.replace("import orders", "import basket, orders")
    + "app.include_router(basket.router)\n",
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(LOOKED_UP, "        found.append(named(session, number))\n", id="into a helper"),
        pytest.param(LOOKED_UP, "        found.append(priced(session, number).name)\n", id="another helper"),
        pytest.param(
            "    for number in numbers:\n", "    for number in known(numbers):\n", id="over fewer items"
        ),
        pytest.param(LOOKED_UP, LOOKED_UP.replace("found.append(name)", "found.append(name or number)"), id="beside it"),
    ],
)  # fmt: skip
def test_a_query_in_a_loop_that_was_rewritten_is_no_news(tmp_path: Path, old: str, new: str) -> None:
    report = review(tmp_path, SHOP_WITH_BASKET, {"shop/basket.py": BASKET.replace(old, new)})

    assert [finding for finding in report.new if finding.speaks] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            LOOKED_UP,
            "        found.append(named(session, number))\n        found.append(priced(session, number).name)\n",
            id="two in the place of one",
        ),
        pytest.param(
            "    return numbers\n",
            "    return [named(Session(), number) for number in numbers]\n",
            id="in another function",
        ),
        pytest.param(
            "    for number in numbers:\n" + LOOKED_UP,
            "    for day in numbers:\n        for number in numbers:\n    "
            + LOOKED_UP.replace("\n        ", "\n            "),
            id="in one more loop",
        ),
    ],
)
def test_a_query_more_in_a_loop_is_news_also_where_others_are_rewritten(
    tmp_path: Path, old: str, new: str
) -> None:
    report = review(tmp_path, SHOP_WITH_BASKET, {"shop/basket.py": BASKET.replace(old, new)})

    assert len(report.comments) == 1


def test_a_new_loop_beside_an_old_one_does_not_make_that_worse(tmp_path: Path) -> None:
    flat = BASKET.replace(
        "    for number in numbers:\n" + LOOKED_UP,
        "    if numbers:\n        for number in numbers:\n    "
        + LOOKED_UP.replace("\n        ", "\n            "),
    )
    after = BASKET.replace(
        "    found = []\n",
        "    found = []\n    for one in numbers:\n        for other in numbers:\n            found.append(priced(session, one + other))\n",
    ).replace("for number in numbers", "for number in known(numbers)")

    report = review(
        tmp_path,
        SHOP_WITH_BASKET | {"shop/basket.py": flat},
        {"shop/basket.py": after},
    )

    assert report.grown == ()
    assert [finding.code for finding in report.new if finding.speaks] == ["FP202"]


ASKED = "        found.append(session.get(Product, number))\n"


@pytest.mark.parametrize(("had", "has", "new"), [(3, 4, 0), (4, 6, 1), (1, 2, 1)])
def test_a_query_more_beside_several_in_a_loop_adds_little(
    tmp_path: Path, had: int, has: int, new: int
) -> None:
    def basket(queries: int) -> str:
        return BASKET.replace(LOOKED_UP, ASKED * queries)

    report = review(
        tmp_path, SHOP_WITH_BASKET | {"shop/basket.py": basket(had)}, {"shop/basket.py": basket(has)}
    )

    assert len([finding for finding in report.new if finding.speaks]) == new


BY_DAY = BASKET.replace("def basket(numbers: list[str], ", "def basket(numbers: list[str], days: list[int], ")
IN_TWO_LOOPS = (
    "    for day in days:\n        for number in numbers:\n"
    "            found.append(session.scalar(select(Product.name).where(Product.number == number)))\n"
)
LOOP = "    for number in numbers:\n" + LOOKED_UP


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "    names_of_all_of_the_products = ["
            "session.scalar(select(Product.name).where(Product.number == number)) for number in numbers]\n"
            "    found += names_of_all_of_the_products\n",
            IN_TWO_LOOPS,
            id="of a comprehension",
        ),
        pytest.param(
            "    if numbers:\n        if days:\n            for number in numbers:\n        "
            + LOOKED_UP.replace("\n        ", "\n                "),
            "    for day in days:\n        for number in numbers:\n    " + LOOKED_UP.replace("\n        ", "\n            "),
            id="less deep",
        ),
        pytest.param(
            "    if days:\n        for number in numbers:\n    " + LOOKED_UP.replace("\n        ", "\n            "),
            "    for day in days:\n        for number in numbers:\n    " + LOOKED_UP.replace("\n        ", "\n            "),
            id="on lines that stay",
        ),
    ],
)  # fmt: skip
def test_a_loop_more_is_news_wherever_the_query_stands(tmp_path: Path, old: str, new: str) -> None:
    before, after = (BY_DAY.replace(LOOP, each) for each in (old, new))

    report = review(tmp_path, SHOP_WITH_BASKET | {"shop/basket.py": before}, {"shop/basket.py": after})

    assert [finding.code for finding in report.new if finding.speaks] == ["FP201"]


@pytest.mark.parametrize(
    "old",
    [
        pytest.param(
            LOOP.replace("in numbers", 'in ("a", "b", "c", "d", "e", "f")'), id="over what the code lists"
        ),
        pytest.param(
            "    names: dict[str, str | None] = {}\n    for number in numbers:\n        if number not in names:\n"
            "            names[number] = session.scalar(select(Product.name).where(Product.number == number))\n",
            id="for what is not held yet",
        ),
    ],
)
def test_a_loop_that_was_a_hint_and_is_none_any_more_is_news_through_a_helper_too(
    tmp_path: Path, old: str
) -> None:
    before = BASKET.replace(LOOP, old)
    after = BASKET.replace(LOOKED_UP, "        found.append(named(session, number))\n")

    report = review(tmp_path, SHOP_WITH_BASKET | {"shop/basket.py": before}, {"shop/basket.py": after})

    assert [finding.code for finding in report.new if finding.speaks] == ["FP202"]


SWITCHED = """\
import requests
from fastapi import APIRouter

router = APIRouter()
MIRRORS = False


@router.post("/{number}/refund")
async def refund(number: str) -> str:
    if MIRRORS:
        requests.post(f"https://bank.example/refunds/{number}", timeout=5)
    return number
"""
FOR_ADMINISTRATORS = """\
import os

import requests
from fastapi import APIRouter, Depends, HTTPException

from shop.ledger import note, owner_of

router = APIRouter()


def require_admin(token: str) -> None:
    if token != os.environ["ADMIN_TOKEN"]:
        raise HTTPException(status_code=403)


@router.post("/plugins", dependencies=[Depends(require_admin)])
async def install(number: str) -> str:
    answer = requests.post(f"https://bank.example/refunds/{number}", timeout=5)
    owner = owner_of(number)
    note(number, owner)
    return answer.text.strip()
"""


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        pytest.param(SWITCHED, "MIRRORS = False", "MIRRORS = True", id="switched on"),
        pytest.param(
            FOR_ADMINISTRATORS, ", dependencies=[Depends(require_admin)]", "", id="open to everybody"
        ),
        pytest.param(
            FOR_ADMINISTRATORS.replace("install", "refund"),
            '"/plugins", dependencies=[Depends(require_admin)]',
            '"/{number}/refund"',
            id="under another route",
        ),
        pytest.param(
            FOR_ADMINISTRATORS,
            '"/plugins", dependencies=[Depends(require_admin)])\nasync def install',
            '"/{number}/refund")\nasync def refund',
            id="under another route and name",
        ),
    ],
)
def test_a_hint_that_a_change_makes_a_problem_is_new(tmp_path: Path, before: str, old: str, new: str) -> None:
    assert old in before

    report = review(
        tmp_path, WITH_REFUNDS | {"shop/refunds.py": before}, {"shop/refunds.py": before.replace(old, new)}
    )

    assert [finding.code for finding in report.new if finding.speaks] == ["FP104"]
    assert report.conclusion == "failure"


def test_a_hint_that_stays_one_is_no_news(tmp_path: Path) -> None:
    after = SWITCHED.replace("return number", "return number.strip()").replace("{number}", "{number}/all")

    report = review(tmp_path, WITH_REFUNDS | {"shop/refunds.py": SWITCHED}, {"shop/refunds.py": after})

    assert report.new == ()


WITH_HELPERS = """\
import asyncio
import subprocess

import requests
from fastapi import APIRouter

from shop.ledger import owner_of

router = APIRouter()


def rate(number: str) -> str:
    return requests.get("https://rates.example/latest", timeout=5).text


def shown(number: str) -> str:
    return owner_of(number)


@router.get("/{number}/rate")
async def rate_of(number: str) -> str:
    first = rate(number)
    return first + shown(number)
"""
AWAITING = WITH_HELPERS.replace("    first =", "    await asyncio.sleep(0)\n    first =")
ASKING = "    requests.get(number, timeout=5)\n    return "


@pytest.mark.parametrize(
    ("before", "path", "code"),
    [
        pytest.param(WITH_HELPERS, "shop/refunds.py", "FP104", id="awaiting nothing"),
        pytest.param(AWAITING, "shop/refunds.py", "FP103", id="beside an await"),
        pytest.param(WITH_HELPERS, "shop/ledger.py", "FP104", id="in another file"),
        pytest.param(AWAITING, "shop/ledger.py", "FP103", id="in another file, beside an await"),
        pytest.param(
            WITH_HELPERS.replace('requests.get("https://rates.example/latest", timeout=5).text', 'subprocess.check_output(["rate", number], text=True)'),
            "shop/refunds.py",
            "FP104",
            id="of another kind",
        ),
    ],
)  # fmt: skip
def test_a_second_helper_that_begins_to_block_is_news(
    tmp_path: Path, before: str, path: str, code: str
) -> None:
    ledger = LEDGER.replace("    return OWNERS.get", ASKING + "OWNERS.get").replace(
        "OWNERS: dict", "import requests\n\nOWNERS: dict"
    )
    after = ledger if path == "shop/ledger.py" else before.replace("    return owner_of", ASKING + "owner_of")

    report = review(tmp_path, WITH_REFUNDS | {"shop/refunds.py": before}, {path: after})

    assert [each[:2] for each in said(report)] == [(code, path)]
    assert report.conclusion == "failure"


ONCE = "    first = rate(number)\n"
FOR_EACH = "    for one in number.split():\n        first = rate(one)\n"
DIRECT = '    first = requests.get("https://rates.example/latest", timeout=5).text\n'


@pytest.mark.parametrize(
    ("before", "old", "new", "code"),
    [
        pytest.param(AWAITING, ONCE, FOR_EACH, "FP103", id="through a helper"),
        pytest.param(WITH_HELPERS, ONCE, FOR_EACH, "FP104", id="through a helper, awaiting nothing"),
        pytest.param(AWAITING.replace(ONCE, DIRECT), DIRECT, FOR_EACH.replace("        first = rate(one)\n", "    " + DIRECT), "FP101", id="itself"),
        pytest.param(AWAITING, "    return requests", "    for one in number.split():\n        requests.put(one, timeout=5)\n    return requests", "FP103", id="in the helper"),
    ],
)  # fmt: skip
def test_a_request_that_a_change_puts_into_a_loop_on_the_event_loop_is_news(
    tmp_path: Path, before: str, old: str, new: str, code: str
) -> None:
    assert old in before

    report = review(
        tmp_path, WITH_REFUNDS | {"shop/refunds.py": before}, {"shop/refunds.py": before.replace(old, new)}
    )

    assert [each for each, *_ in said(report)] == [code]
    assert report.conclusion == "failure"


@pytest.mark.parametrize(
    "new",
    [
        pytest.param("    for _ in range(3):\n    " + DIRECT + "        break\n", id="tried again"),
        pytest.param(
            DIRECT.replace("first =", "first = number +")
            + "    for one in number.split():\n        await asyncio.to_thread(requests.get, one, timeout=5)\n",
            id="beside a loop that waits",
        ),
    ],
)
def test_a_request_beside_a_loop_or_tried_again_is_no_news(tmp_path: Path, new: str) -> None:
    before = AWAITING.replace(ONCE, DIRECT)

    report = review(
        tmp_path, WITH_REFUNDS | {"shop/refunds.py": before}, {"shop/refunds.py": before.replace(DIRECT, new)}
    )

    assert "FP101" not in {finding.code for finding in report.new}


MODEL = '    first = OpenAI().chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": number}])\n'


@pytest.mark.parametrize(
    ("before", "code", "new"),
    [
        (AWAITING, "FP101", 1),
        (WITH_HELPERS, "FP104", 1),
        (AWAITING.replace("import requests", "import httpx\nimport requests"), "FP101", 0),
    ],
    ids=["a model", "a model, awaiting nothing", "another service"],
)
def test_a_language_model_in_place_of_another_service_is_news(
    tmp_path: Path, before: str, code: str, new: int
) -> None:
    before = before.replace("import requests", "import requests\nfrom openai import OpenAI").replace(
        ONCE, DIRECT
    )
    after = before.replace(
        DIRECT, MODEL if new else DIRECT.replace("requests.get", "httpx.post").replace("/latest", "/new")
    )

    report = review(tmp_path, WITH_REFUNDS | {"shop/refunds.py": before}, {"shop/refunds.py": after})

    assert [finding.code for finding in report.new if finding.code == code] == [code] * new


def test_one_more_of_what_stops_the_loop_for_long_is_news(tmp_path: Path) -> None:
    asks = '    answer = requests.post(f"https://bank.example/refunds/{number}", timeout=5)\n'
    before = WITH_REFUNDS | {"shop/refunds.py": REFUNDS.replace(asks, asks * 3)}

    report = review(tmp_path, before, {"shop/refunds.py": REFUNDS.replace(asks, asks * 4)})

    assert len([finding for finding in report.new if finding.speaks]) == 1


def test_a_call_that_moves_from_a_script_into_an_endpoint_is_new(tmp_path: Path) -> None:
    script = "import requests\n\n\nasync def check(number: str) -> str:\n" + (
        '    return requests.get(f"https://carrier.example/{number}/state", timeout=5).text\n'
    )
    orders = SHOP["shop/orders.py"].replace(
        "from fastapi import APIRouter\n", "import requests\nfrom fastapi import APIRouter\n"
    ).replace(
        "status_of(number)}", 'requests.get(f"https://carrier.example/{number}/state", timeout=5).text}'
    )  # fmt: skip

    report = review(
        tmp_path,
        SHOP | {"scripts/check.py": script},
        {"scripts/check.py": None, "shop/orders.py": orders},
    )

    assert [code for code, *_ in said(report)] == ["FP104"]


def test_a_helper_that_begins_to_block_is_new_for_those_who_call_it_under_whatever_name(
    tmp_path: Path,
) -> None:
    orders = SHOP["shop/orders.py"].replace("/{number}/status", "/{number}/where").replace(
        "order_status", "whereabouts"
    )  # fmt: skip

    report = review(tmp_path, dict(SHOP), {"shop/orders.py": orders, "shop/carrier.py": BLOCKING_CARRIER})

    assert sum(finding.speaks for finding in report.new) == 2


TWO_CALLS = """\
import anyio
from fastapi import APIRouter

from shop.carrier import status_of

router = APIRouter()


@router.get("/{number}/status")
async def order_status(number: str, other: str) -> list[str]:
    found = [status_of(number)]
    found.append("between")
    found.append(status_of(other))
    await anyio.sleep(0)
    return found
"""


@pytest.mark.parametrize(
    ("lines", "new"), [("    found.append('more')\n", 0), ("    found.append(status_of('3'))\n", 1)]
)
def test_two_calls_that_other_lines_part_are_no_news_and_a_further_one_is(
    tmp_path: Path, lines: str, new: int
) -> None:
    before = SHOP | {"shop/carrier.py": BLOCKING_CARRIER, "shop/orders.py": TWO_CALLS}
    parted = TWO_CALLS.replace('    found.append("between")\n', "    found.append('more')\n" * 12 + lines)

    report = review(tmp_path, before, {"shop/orders.py": parted})

    assert len(report.new) + len(report.grown) == new


IN_TURN = """\
import asyncio
import time

import httpx
import requests
from fastapi import APIRouter

from shop.ledger import note, owner_of

router = APIRouter()
client = httpx.AsyncClient(timeout=5)


@router.post("/{number}/refund")
async def refund(number: str) -> dict[str, str]:
    await asyncio.sleep(0)
    CALL
    note(number, owner_of(number))
    return {"state": number}
"""
ASKS = 'number = requests.get(f"https://bank.example/{number}", timeout=5).text\n'
TELLS = '    requests.post("https://mail.example/notices", json={"number": number}, timeout=5)\n'
AWAITS = ASKS.replace("requests.get", "(await client.get").replace(", timeout=5)", "))")
IN_A_THREAD = ASKS.replace("requests.get(", "(await asyncio.to_thread(\n        requests.get, ").replace(
    "timeout=5)", "timeout=5))"
)
NOTED = "    note(number, owner_of(number))\n"


def in_turn(call: str) -> str:
    return IN_TURN.replace("    CALL\n", f"    {call}")


@pytest.mark.parametrize(
    ("after", "news"),
    [
        pytest.param(in_turn(AWAITS).replace(NOTED, NOTED + TELLS), 1, id="mended, one more below"),
        pytest.param(in_turn(AWAITS + TELLS), 1, id="mended, one more beside it"),
        pytest.param(
            in_turn(IN_A_THREAD).replace(NOTED, NOTED + TELLS.replace("post", "get")), 1, id="in a thread"
        ),
        pytest.param(in_turn(AWAITS), 0, id="only mended"),
        pytest.param(in_turn(ASKS.replace("get", "post")), 0, id="rewritten"),
        pytest.param(
            in_turn("await asyncio.sleep(1)\n    " + ASKS.replace("get", "post")), 0, id="rewritten beside"
        ),
        pytest.param(in_turn("").replace(NOTED, NOTED + "    " + ASKS), 0, id="moved"),
        pytest.param(
            in_turn(ASKS.replace("requests.get(", "str(await asyncio.sleep(1, requests.get(").replace("5).text", "5)))")),
            0,
            id="awaited beside",
        ),
    ],
)  # fmt: skip
def test_a_call_that_is_mended_does_not_excuse_another_of_its_kind(
    tmp_path: Path, after: str, news: int
) -> None:
    report = review(tmp_path, WITH_REFUNDS | {"shop/refunds.py": in_turn(ASKS)}, {"shop/refunds.py": after})

    assert [finding.code for finding in report.new if finding.speaks] == ["FP101"] * news
    assert len(report.comments) == news


ALL_IN_TURN = in_turn(f"{ASKS}    {ASKS}{TELLS}    {ASKS}").replace("    await asyncio.sleep(0)\n", "")


@pytest.mark.parametrize(
    ("after", "news"),
    [
        pytest.param(ALL_IN_TURN.replace(ASKS, AWAITS, 1), 0, id="the first"),
        pytest.param(ALL_IN_TURN.replace(ASKS + TELLS, AWAITS + TELLS), 0, id="one between"),
        pytest.param(ALL_IN_TURN.replace(ASKS, AWAITS, 1).replace(NOTED, NOTED + TELLS), 1, id="one more"),
    ],
)
def test_mending_one_call_of_several_does_not_bring_up_the_others(
    tmp_path: Path, after: str, news: int
) -> None:
    """What one finding said of the function is said on each line once it awaits something."""
    report = review(tmp_path, WITH_REFUNDS | {"shop/refunds.py": ALL_IN_TURN}, {"shop/refunds.py": after})

    assert [finding.code for finding in report.new if finding.speaks] == ["FP101"] * news
    assert "FP104" not in {finding.code for finding in report.fixed}


AT_ONCE = (
    "    names = session.scalars(select(Product.name).where(Product.number.in_(numbers))).all()\n"
    "    found += names\n"
)


@pytest.mark.parametrize(
    ("other", "news"),
    [("    for name in names:\n        found.append(priced(session, name))\n", ["FP202"]), ("", [])],
)
def test_a_loop_that_asks_at_once_now_does_not_excuse_another(
    tmp_path: Path, other: str, news: list[str]
) -> None:
    after = BASKET.replace(LOOP, AT_ONCE + other)

    report = review(tmp_path, SHOP_WITH_BASKET, {"shop/basket.py": after})

    assert [finding.code for finding in report.new if finding.speaks] == news


IN_STEPS = (
    "    for number in numbers:\n"
    "        query = select(Product.name).where(Product.number == number)\n"
    "        found += session.scalars(query).all()\n"
)


@pytest.mark.parametrize(
    "narrowed",
    [
        'wanted = select(Product.name).where(Product.number == number, Product.name.in_(["a", "b"]))\n',
        "wanted = (\n            select(Product.name)\n            .where(Product.number == number)\n"
        '            .where(Product.name.in_(["a", "b"]))\n        )\n',
    ],
)
def test_a_query_of_a_loop_that_gets_one_more_condition_is_the_same(tmp_path: Path, narrowed: str) -> None:
    before = BASKET.replace(LOOP, IN_STEPS)
    query = "query = select(Product.name).where(Product.number == number)\n"
    after = before.replace(query, narrowed).replace("scalars(query)", "scalars(wanted)")

    report = review(tmp_path, SHOP_WITH_BASKET | {"shop/basket.py": before}, {"shop/basket.py": after})

    assert not [finding.code for finding in report.new if finding.speaks]


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [("0.01", "30", 1), ("1", "1.5", 0), ("30", "0.01", 0), ("5", "5.0", 0), (".1", ".5", 0)],
)
@pytest.mark.parametrize("helper", [False, True])
def test_a_pause_that_becomes_much_longer_is_worse(
    tmp_path: Path, before: str, after: str, news: int, *, helper: bool
) -> None:
    def pausing(seconds: str) -> str:
        pause = f"time.sleep({seconds})\n"
        if not helper:
            return in_turn(pause)
        return in_turn("pause()\n").replace("@router", f"def pause() -> None:\n    {pause}\n\n@router")

    report = review(
        tmp_path,
        WITH_REFUNDS | {"shop/refunds.py": pausing(before)},
        {"shop/refunds.py": pausing(after)},
    )

    assert len(report.grown) == len(report.comments) == news
    assert report.conclusion == ("failure" if news else "success")


def test_a_blocking_line_more_beside_many_adds_little(tmp_path: Path) -> None:
    def asking(times: int) -> str:
        return in_turn(ASKS.replace("number =", "number +=") + ("    " + ASKS) * (times - 1)).replace(
            "    await asyncio.sleep(0)\n", ""
        )

    for number, (had, has, news) in enumerate([(6, 7, 0), (2, 3, 1), (6, 12, 1)]):
        report = review(
            tmp_path / str(number),
            WITH_REFUNDS | {"shop/refunds.py": asking(had)},
            {"shop/refunds.py": asking(has)},
        )

        assert (len(report.grown), len(report.comments)) == (news, news), (had, has)
        assert all(finding.fix is not None for finding in report.new if finding.code == "FP104")


HASHES = """\
import asyncio

import bcrypt
from fastapi import APIRouter

router = APIRouter()


async def is_known(password: str) -> bool:
    return bcrypt.checkpw(password.encode(), b"$2b$12$x")


@router.post("/{number}/refund")
async def refund(number: str, password: str) -> bool:
    await asyncio.sleep(0)
    known = await is_known(password)
    return known


async def is_blank(password: str) -> bool:
    await asyncio.sleep(0)
    return await is_known(password.strip())


@router.post("/{number}/blank")
async def blank(number: str, password: str) -> bool:
    return await is_blank(password)


@router.post("/{number}/later")
async def later(number: str, password: str) -> bool:
    await asyncio.sleep(0)
    "Nothing yet."
"""


@pytest.mark.parametrize(
    ("old", "new", "news"),
    [
        ("return known", "return known", 0),
        ("return known", "return known or is_known(number)", 0),
        ("return known", "return known or is_blank(password)", 0),
        ('"Nothing yet."', "return is_known(password)", 1),
    ],
)
def test_a_helper_that_computes_is_the_same_at_all_callers_when_it_loses_its_async(
    tmp_path: Path, old: str, new: str, news: int
) -> None:
    after = HASHES.replace("async def is_known", "def is_known").replace("await is_known", "is_known")

    report = review(
        tmp_path, WITH_REFUNDS | {"shop/refunds.py": HASHES}, {"shop/refunds.py": after.replace(old, new)}
    )

    assert len([each for each in report.new if each.speaks]) == len(report.comments) == news


COUNTING = """\
from fastapi import APIRouter, Depends
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.db import UsageLog, get_session

router = APIRouter()


@router.get("/figures")
def figures(session: Session = Depends(get_session)) -> list[object]:
    found = []
    COUNTS
    return found
"""


USAGE_LOG = """

class UsageLog(Base):
    __tablename__ = "usage_logs"
    number: Mapped[int] = mapped_column(primary_key=True)
    cents: Mapped[int]
"""


def test_a_message_that_counts_all_questions_does_not_tell_the_first_apart(tmp_path: Path) -> None:
    def asking(times: int) -> str:
        counts = [
            f"found.append(session.scalar(select(func.count(UsageLog.number)).where(UsageLog.cents > {number})))"
            for number in range(times)
        ]
        return COUNTING.replace("COUNTS", "\n    ".join(counts))

    report = review(
        tmp_path,
        SHOP_WITH_BASKET | {"shop/db.py": DATABASE + USAGE_LOG, "shop/basket.py": asking(3)},
        {"shop/basket.py": asking(6)},
    )

    assert [comment.code for comment in report.comments] == ["FP230"]
    assert "`figures` asks 6 times for figures of `UsageLog`" in report.comments[0].body
    assert "does already" not in report.comments[0].body
