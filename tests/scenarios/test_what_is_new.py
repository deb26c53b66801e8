"""What a pull request is told of, when code moves, merges and comes back: only what it made worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.review.report import Report
from rules.engine.finding import Severity
from tests.scenarios.pull_requests import (
    BLOCKING_CARRIER,
    CARRIER,
    DATABASE,
    MAIN,
    ORDERS,
    PRODUCTS,
    SHOP,
    PullRequest,
    line_of,
    said,
)

SLOW = SHOP | {"shop/carrier.py": BLOCKING_CARRIER}
"""Two endpoints wait on the event loop, since long ago."""


def nothing_new(report: Report, existing: int) -> None:
    assert (report.new, report.comments, report.annotations) == ((), (), ())
    # Hints for the summary come and go with the rules: they are not what these tests are about.
    assert sum(finding.severity is not Severity.INFO for finding in report.existing) == existing
    assert report.fixed == ()
    assert report.title == "no new performance problems"


def test_what_another_version_brings_is_a_line_and_what_is_written_for_it_is_new(tmp_path: Path) -> None:
    main = MAIN.replace("FastAPI()", "FastAPI(default_response_class=ORJSONResponse)").replace(
        "import FastAPI\n", "import FastAPI\nfrom fastapi.responses import ORJSONResponse\n"
    )
    step = "from pydantic import BaseModel\n\n\nclass Step(BaseModel):\n    status: str\n\n\n"
    orders = step + ORDERS.replace("list[str]", "list[Step]").replace("[first]", "[Step(status=first)]")
    requirements = "fastapi==0.115.0\nrequests\n"
    files = {"shop/main.py": main, "shop/orders.py": orders, "requirements.txt": requirements}
    pull = PullRequest(tmp_path, SHOP | files)
    pull.push(
        {"shop/main.py": main + "# The shop.\n", "requirements.txt": requirements.replace("0.115", "0.135")}
    )

    report = pull.review()

    nothing_new(report, existing=1)
    assert "1 by other versions of fastapi" in report.summary
    pull.push(
        {
            "shop/orders.py": orders.replace(
                "APIRouter()", "APIRouter(default_response_class=ORJSONResponse)"
            ).replace(
                "import APIRouter\n", "import APIRouter\nfrom fastapi.responses import ORJSONResponse\n"
            )
        }
    )
    assert [finding.path for finding in pull.review().new] == ["shop/orders.py"]


def test_a_helper_that_turns_blocking_is_said_once_at_its_cause(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path)
    pull.push({"shop/carrier.py": BLOCKING_CARRIER})

    report = pull.review()

    assert said(report) == [("FP104", "shop/carrier.py", line_of(BLOCKING_CARRIER, "requests.get"), "RIGHT")]
    assert sum(finding.speaks for finding in report.new) == 2
    assert "2 endpoints" in report.comments[0].body
    assert report.conclusion == "failure"


def test_shifted_lines_repeat_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    pull.push(
        {"shop/orders.py": "# Orders.\n\n" + ORDERS, "shop/carrier.py": "# Carrier.\n" + BLOCKING_CARRIER}
    )

    nothing_new(pull.review(), existing=2)


def test_reformatting_repeats_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    wide = ORDERS.replace(
        'return {"status": status_of(number)}',
        "return {\n        'status': status_of(\n            number,\n        ),\n    }",
    )
    pull.push({"shop/orders.py": wide})

    nothing_new(pull.review(), existing=2)


def test_a_moved_package_repeats_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    moved: dict[str, str | None] = {path: None for path in SLOW if path.startswith("shop/")}
    moved |= {
        path.replace("shop/", "backend/store/"): text.replace("shop.", "store.").replace(
            "from shop", "from store"
        )
        for path, text in SLOW.items()
        if path.startswith("shop/")
    }
    pull.push(moved)

    nothing_new(pull.review(), existing=2)


def test_a_function_that_moves_to_another_file_repeats_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    history = ORDERS[ORDERS.index('@router.get("/{number}/history")') :]
    pull.push(
        {
            "shop/orders.py": ORDERS.replace("\n\n" + history, ""),
            "shop/history.py": ORDERS[: ORDERS.index("@router")] + history,
            "shop/main.py": MAIN.replace("import orders", "import history, orders")
            + 'app.include_router(history.router, prefix="/orders")\n',
        }
    )

    nothing_new(pull.review(), existing=2)


def test_a_renamed_handler_repeats_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    pull.push({"shop/orders.py": ORDERS.replace("def order_status", "def tracking")})

    nothing_new(pull.review(), existing=2)


@pytest.mark.parametrize("kind", ["async def", "def"])
def test_an_extracted_function_repeats_nothing(tmp_path: Path, kind: str) -> None:
    pull = PullRequest(tmp_path, SLOW)
    call = "await current(number)" if kind == "async def" else "current(number)"
    extracted = ORDERS.replace("    first = status_of(number)\n", f"    first = {call}\n")
    extracted += f"\n\n{kind} current(number: str) -> str:\n    return status_of(number)\n"
    pull.push({"shop/orders.py": extracted})

    nothing_new(pull.review(), existing=2)


def test_an_equal_function_in_another_file_is_new_there_and_only_there(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    pull.push(
        {
            "shop/invoices.py": ORDERS,  # sorts before the old one
            "shop/orders.py": "# Orders.\n" + ORDERS,
            "shop/main.py": MAIN.replace("import orders", "import invoices, orders")
            + 'app.include_router(invoices.router, prefix="/invoices")\n',
        }
    )

    report = pull.review()

    assert {finding.path for finding in report.new} == {"shop/invoices.py"}
    assert {finding.path for finding in report.existing} == {"shop/orders.py"}
    assert {comment.path for comment in report.comments} == {"shop/invoices.py"}


def test_what_the_base_branch_has_by_now_is_not_this_change_s_news(tmp_path: Path) -> None:
    """The pull request below this one was squashed and merged: its commits are in this branch, not in `main`."""
    pull = PullRequest(tmp_path)
    pull.push({"shop/carrier.py": BLOCKING_CARRIER})
    pull.push({"shop/products.py": PRODUCTS + "\n# more\n"})
    assert pull.review().conclusion == "failure"

    pull.on_main({"shop/carrier.py": BLOCKING_CARRIER})

    nothing_new(pull.review(), existing=2)


def test_a_stale_base_blames_nobody_for_what_came_to_it(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path)
    pull.push({"shop/products.py": PRODUCTS + "\n# more\n"})
    pull.on_main({"shop/carrier.py": BLOCKING_CARRIER})

    nothing_new(pull.review(), existing=0)


def test_what_the_base_branch_has_elsewhere_excuses_nothing(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path)
    pull.push({"shop/carrier.py": BLOCKING_CARRIER})
    pull.on_main({"shop/products.py": PRODUCTS + "\n# more\n"})

    assert pull.review().conclusion == "failure"


def test_what_comes_back_by_a_revert_of_a_revert_is_new(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SLOW)
    pull.on_main({"shop/carrier.py": CARRIER})
    pull.repository.git("merge", "--quiet", "--no-edit", "main")
    pull.push({"shop/carrier.py": BLOCKING_CARRIER})

    assert sum(finding.speaks for finding in pull.review().new) == 2


LOOP = """\
from fastapi import APIRouter
from sqlalchemy.orm import Session

from shop.models import Order

router = APIRouter()


@router.get("/totals")
def totals(session: Session, ids: list[int]) -> list[int]:
    found = []
    for one in ids:
        found.append(session.get(Order, one).total)
    return found
"""


def test_a_loop_more_around_an_old_query_makes_it_worse(tmp_path: Path) -> None:
    models = "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n"
    models += "class Order(Base):\n    __tablename__ = 'orders'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    total: Mapped[int]\n"
    pull = PullRequest(tmp_path, SHOP | {"shop/models.py": models, "shop/orders.py": LOOP})
    twice = LOOP.replace("ids: list[int]", "ids: list[int], days: list[int]").replace(
        "    for one in ids:\n        found",
        "    for day in days:\n        for one in ids:\n            found",
    )
    pull.push({"shop/orders.py": twice})

    report = pull.review()

    assert [finding.code for finding in report.new] == ["FP201"]
    assert report.grown == (report.new[0].fingerprint,)
    assert len(report.comments) == 1

    pull.push({"shop/orders.py": twice.replace("for one in ids", "for one in sorted(ids)")})
    assert len(pull.review().new) == 1


def test_a_touched_loop_that_costs_the_same_has_not_grown(tmp_path: Path) -> None:
    pull = PullRequest(
        tmp_path,
        SHOP
        | {
            "shop/models.py": "from sqlalchemy.orm import DeclarativeBase\nclass Order(DeclarativeBase): ...\n",
            "shop/orders.py": LOOP,
        },
    )
    pull.push(
        {
            "shop/orders.py": LOOP.replace(
                "found.append(session.get(Order, one).total)",
                "found.append(session.get(Order, one).total + 1)",
            )
        }
    )

    assert pull.review().new == ()


@pytest.mark.parametrize("header", ["# @generated by a tool\n", "# This file is generated, do not edit.\n"])
def test_what_a_program_wrote_is_nobody_s_to_mend(tmp_path: Path, header: str) -> None:
    pull = PullRequest(tmp_path)
    pull.push({"shop/carrier.py": header + BLOCKING_CARRIER, "shop/orders.py": header + ORDERS})

    assert pull.review().new == ()


BASKET = """
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.db import Product, get_session

router = APIRouter()


def named(session: Session, number: str) -> str:
    return session.scalar(select(Product.name).where(Product.number == number))


@router.post("/basket")
def basket(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
    return numbers
"""


@pytest.mark.parametrize("through", [True, False])
def test_a_query_that_a_change_puts_into_a_loop_gets_a_comment_and_of_long_ago_it_is_a_hint(
    tmp_path: Path, through: bool
) -> None:
    asked = (
        "named(session, number)"
        if through
        else "session.scalar(select(Product.name).where(Product.number == number))"
    )
    looping = BASKET.replace("return numbers", f"return [{asked} for number in numbers]")
    main = MAIN.replace("app = FastAPI()", "app = FastAPI()\napp.include_router(basket.router)").replace(
        "from fastapi", "from shop import basket\nfrom fastapi", 1
    )
    files = SHOP | {"shop/db.py": DATABASE, "shop/basket.py": BASKET, "shop/main.py": main}
    pull = PullRequest(tmp_path / "new", files)
    pull.push({"shop/basket.py": looping})

    report = pull.review()

    code = "FP202" if through else "FP201"
    assert said(report) == [(code, "shop/basket.py", line_of(looping, f"return [{asked}"), "RIGHT")]
    assert report.conclusion == "failure"

    old = PullRequest(tmp_path / "old", files | {"shop/basket.py": looping})
    old.push({"shop/basket.py": looping + "# The basket.\n"})
    assert said(old.review()) == []


SYNCHRONOUS_SESSION = """\
import asyncio
import time

import requests
from fastapi import APIRouter, Depends
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

engine = create_engine("postgresql://shop", pool_pre_ping=True)
router = APIRouter()


def get_session():
    with Session(engine) as session:
        yield session


@router.post("/names")
async def names(session: Session = Depends(get_session)) -> None:
"""
"""An endpoint up to its first line."""
NUMBERS = "session.scalars(select(Product.number)).all()"


@pytest.mark.parametrize(
    ("over", "comments"),
    [
        ("numbers[0].split(',')", 0),
        (f"{{each for each in {NUMBERS}}}", 0),
        (f"[each for each in {NUMBERS}]", 1),
        (NUMBERS, 1),
        ("session.execute(select(Product.number)).scalars().all()", 1),
    ],
)
def test_a_helper_that_queries_for_each_of_who_knows_how_many_gets_a_mark(
    tmp_path: Path, over: str, comments: int
) -> None:
    main = MAIN.replace("app = FastAPI()", "app = FastAPI()\napp.include_router(basket.router)").replace(
        "from fastapi", "from shop import basket\nfrom fastapi", 1
    )
    looping = BASKET.replace(
        "return numbers", f"found = {over}\n    return [named(session, each) for each in found]"
    )
    pull = PullRequest(
        tmp_path, SHOP | {"shop/db.py": DATABASE, "shop/basket.py": BASKET, "shop/main.py": main}
    )
    pull.push({"shop/basket.py": looping})

    report = pull.review()

    assert [each.code for each in report.new] == ["FP202"]
    assert (len(report.comments), len(report.annotations)) == (comments, 1 - comments)
    assert report.conclusion == ("failure" if comments else "neutral")


@pytest.mark.parametrize(
    ("given", "over", "comments"),
    [
        ("products: list[Product]", "for each in products", 1),
        ("products: list[Product]", "for _, each in enumerate(products)", 1),
        ("products: list[str]", "for each in products", 0),
        ("product: Product", "for each in product.parts", 0),
    ],
)
def test_a_helper_is_given_rows_by_who_loaded_them(
    tmp_path: Path, given: str, over: str, comments: int
) -> None:
    main = MAIN.replace("app = FastAPI()", "app = FastAPI()\napp.include_router(basket.router)").replace(
        "from fastapi", "from shop import basket\nfrom fastapi", 1
    )
    basket = BASKET.replace("return numbers", "return labels(session, listed(session))") + (
        "\n\ndef listed(session: Session):\n    return session.scalars(select(Product)).all()\n"
        f"\n\ndef labels(session: Session, {given}):\n    return []\n"
    )
    pull = PullRequest(
        tmp_path, SHOP | {"shop/db.py": DATABASE, "shop/basket.py": basket, "shop/main.py": main}
    )
    pull.push({"shop/basket.py": basket.replace("return []", f"return [named(session, each) {over}]")})

    report = pull.review()

    assert [each.code for each in report.new if each.speaks] == ["FP202"]
    assert (len(report.comments), len(report.annotations)) == (comments, 1 - comments)


@pytest.mark.parametrize(
    ("given", "news"),
    [
        ('    wanted = wish.numbers\n    if wanted is None:\n        wanted = [first("a")]\n', 0),
        ('    wanted = wish.numbers or [first("a"), first("b")]\n', 0),
        ("    wanted = wish.numbers\n    if wanted is None:\n        wanted = []\n", 1),
        ("    wanted = wish.numbers or []\n", 1),
    ],
)
def test_a_loop_over_a_thing_or_two_where_nobody_gives_any_is_a_hint(
    tmp_path: Path, given: str, news: int
) -> None:
    wishes = BASKET.replace("numbers: list[str], ", "wish: Wish, ").replace("return numbers", "return []")
    wishes = wishes.replace(
        "def named",
        "class Wish(BaseModel):\n    numbers: list[str] | None = None\n\n\n"
        "def first(number: str) -> str:\n    return number.title()\n\n\ndef named",
    ).replace("from sqlalchemy import", "from pydantic import BaseModel\nfrom sqlalchemy import", 1)
    looping = wishes.replace(
        "    return []\n", given + "    return [named(session, each) for each in wanted]\n"
    )
    main = MAIN.replace("app = FastAPI()", "app = FastAPI()\napp.include_router(basket.router)").replace(
        "from fastapi", "from shop import basket\nfrom fastapi", 1
    )
    pull = PullRequest(
        tmp_path, SHOP | {"shop/db.py": DATABASE, "shop/basket.py": wishes, "shop/main.py": main}
    )
    pull.push({"shop/basket.py": looping})

    report = pull.review()

    assert [finding.code for finding in report.new] == ["FP202"]
    assert (len(report.comments), len(report.annotations)) == (0, news)


@pytest.mark.parametrize(
    ("added", "news"),
    [
        ('session.execute(text("update orders set seen = now()"))', False),
        ('requests.get("https://rates.example/latest", timeout=5)', True),
        ("time.sleep(2)", True),
    ],
    ids=["another statement", "another service", "a pause"],
)
def test_beside_a_synchronous_session_only_another_statement_is_no_news(
    tmp_path: Path, added: str, news: bool
) -> None:
    endpoint = f"{SYNCHRONOUS_SESSION}    session.execute(text('select 1 from orders'))\n"
    pull = PullRequest(tmp_path, SHOP | {"shop/orders.py": endpoint})
    pull.push({"shop/orders.py": f"{endpoint}    {added}\n"})

    report, call = pull.review(), added.partition("(")[0]

    assert (report.conclusion == "failure") is news
    assert [
        (finding.code, f"`{call}`" in finding.message)
        for finding in report.new
        if finding.fingerprint in report.grown
    ] == ([("FP104", True)] if news else [])


def test_another_statement_where_an_endpoint_awaits_too_is_no_news_either(tmp_path: Path) -> None:
    endpoint = f"{SYNCHRONOUS_SESSION}    await asyncio.sleep(0.1)\n    session.execute(text('select 1 from orders'))\n"
    pull = PullRequest(tmp_path, SHOP | {"shop/orders.py": endpoint})
    pull.push({"shop/orders.py": f"{endpoint}    session.scalar(text('select now()'))\n"})

    report = pull.review()

    assert (report.conclusion, report.new) == ("success", ())
    assert [finding.code for finding in report.nearby] == ["FP102"]
