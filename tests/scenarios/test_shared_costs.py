"""Costs put on endpoints that the pull request does not touch: one finding with its fan-out, at its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.review.report import Report
from tests.scenarios.pull_requests import PullRequest, line_of, said

SECURITY = """\
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shop.database import get_session
from shop.models import User


async def get_current_user(session: Annotated[AsyncSession, Depends(get_session)]) -> User:
    return await session.get(User, 1)
"""
DATABASE = """\
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://shop", pool_size=10, max_overflow=10, pool_pre_ping=True)
make_session = async_sessionmaker(engine)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session
"""
MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int]


class Plan(Base):
    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
MAIN = """\
from fastapi import FastAPI

from shop import api

app = FastAPI()
app.include_router(api.router)
"""
API_HEAD = """\
from typing import Annotated

from fastapi import APIRouter, Depends

from shop.models import User
from shop.security import get_current_user

router = APIRouter()
CurrentUser = Annotated[User, Depends(get_current_user)]
"""
RATES = """\
from functools import lru_cache

import httpx


@lru_cache(maxsize=1)
def rates() -> dict[str, float]:
    return httpx.get("https://rates.example/latest").json()
"""


def api(count: int) -> str:
    endpoints = (
        f'\n\n@router.get("/things/{number}")\nasync def thing_{number}(user: CurrentUser) -> int:\n    return user.id\n'
        for number in range(count)
    )
    return API_HEAD + "".join(endpoints)


def shop(count: int) -> dict[str, str]:
    return {
        "shop/__init__.py": "",
        "shop/main.py": MAIN,
        "shop/api.py": api(count),
        "shop/security.py": SECURITY,
        "shop/database.py": DATABASE,
        "shop/models.py": MODELS,
        "shop/rates.py": RATES,
    }


PLAN = "    user = await session.get(User, 1)\n    await session.get(Plan, user.plan_id)\n    return user\n"
WITH_PLAN = SECURITY.replace("    return await session.get(User, 1)\n", PLAN).replace(
    "import User", "import Plan, User"
)


def one(report: Report) -> str:
    (comment,) = report.comments
    return comment.body


def test_a_query_in_a_dependency_is_one_finding_for_all_endpoints(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, shop(30))
    pull.push({"shop/security.py": WITH_PLAN})

    report = pull.review()

    assert said(report) == [("FP002", "shop/security.py", line_of(WITH_PLAN, "session.get(Plan"), "RIGHT")]
    assert report.title == "1 high new"
    assert report.conclusion == "neutral"
    body = one(report)
    assert "`get_current_user` now runs a query per request: **30 endpoints, queries + 1 each**." in body
    assert body.count("queries **1 → 2**") == 5  # the costliest five by name
    assert "<summary>all 30</summary>" in body
    assert all(change.after is not None and change.after.queries == "2" for change in report.endpoints)


def test_a_query_that_moves_into_the_dependency_from_its_handlers_costs_nothing(tmp_path: Path) -> None:
    files = shop(3)
    own = files["shop/api.py"].replace("return user.id", "return (await session.get(Plan, user.plan_id)).id")
    own = own.replace(
        "user: CurrentUser", "user: CurrentUser, session: Annotated[AsyncSession, Depends(get_session)]"
    )
    own = own.replace(
        "from shop.models import User",
        "from sqlalchemy.ext.asyncio import AsyncSession\n\nfrom shop.database import get_session\nfrom shop.models import Plan, User",
    )
    pull = PullRequest(tmp_path, files | {"shop/api.py": own})
    pull.push({"shop/api.py": files["shop/api.py"], "shop/security.py": WITH_PLAN})

    assert said(pull.review()) == []


def test_a_helper_of_the_dependency_brings_the_query(tmp_path: Path) -> None:
    audit = "async def note(session, user) -> None:\n    return None\n"
    typed = audit.replace("session", "session: AsyncSession").replace(
        "async def", "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def", 1
    )
    calling = SECURITY.replace(
        "    return await session.get(User, 1)\n",
        "    user = await session.get(User, 1)\n    await note(session, user)\n    return user\n",
    ).replace("from shop.models", "from shop.audit import note\nfrom shop.models")
    pull = PullRequest(tmp_path, shop(4) | {"shop/audit.py": typed, "shop/security.py": calling})
    querying = typed.replace("    return None\n", "    await session.execute(user.log)\n")
    pull.push({"shop/audit.py": querying})

    report = pull.review()

    assert said(report) == [("FP002", "shop/audit.py", line_of(querying, "session.execute"), "RIGHT")]
    assert "`get_current_user` now runs a query per request: **4 endpoints, queries + 1 each**." in one(
        report
    )
    assert "note" in one(report)


def test_an_external_call_in_a_middleware_is_said_once(tmp_path: Path) -> None:
    quiet = (
        MAIN.replace("import FastAPI", "import FastAPI, Request").replace(
            "from shop import api\n", "import httpx\n\nfrom shop import api\n\nclient = httpx.AsyncClient()\n"
        )
        + '\n\n@app.middleware("http")\nasync def audit(request: Request, call_next):\n    return await call_next(request)\n'
    )
    loud = quiet.replace(
        "    return await",
        '    await client.post("https://audit.example/", content=request.url.path)\n    return await',
    )
    pull = PullRequest(tmp_path, shop(3) | {"shop/main.py": quiet})
    pull.push({"shop/main.py": loud})

    report = pull.review()

    assert ("FP003", "shop/main.py", line_of(loud, "client.post"), "RIGHT") in said(report)
    assert sum(comment.code == "FP003" for comment in report.comments) == 1
    body = next(comment.body for comment in report.comments if comment.code == "FP003")
    assert "**3 endpoints, external calls + 1 each**" in body


def test_a_new_endpoint_under_an_old_dependency_is_nobody_s_growth(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, shop(3))
    pull.push({"shop/api.py": api(5)})

    assert said(pull.review()) == []


def test_what_the_base_branch_put_on_everybody_is_not_said(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, shop(3))
    pull.push({"shop/security.py": WITH_PLAN})
    pull.on_main({"shop/security.py": WITH_PLAN})

    assert said(pull.review()) == []


def test_a_comment_in_the_code_silences_it(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, shop(3))
    quiet = WITH_PLAN.replace(
        "user.plan_id)\n", "user.plan_id)  # fastperf: ignore[FP002] plans decide the limits\n"
    )
    pull.push({"shop/security.py": quiet})

    report = pull.review()

    assert said(report) == []
    assert [(entry.code, entry.reason) for entry in report.suppressed] == [
        ("FP002", "plans decide the limits")
    ]


@pytest.mark.parametrize("cached", [True, False])
def test_a_removed_cache(tmp_path: Path, cached: bool) -> None:
    files = shop(1)
    files["shop/api.py"] = API_HEAD.replace(
        "from shop.models", "from shop.rates import rates\nfrom shop.models"
    ) + ('\n\n@router.get("/rates")\ndef today() -> dict[str, float]:\n    return rates()\n')
    pull = PullRequest(tmp_path, files)
    now = RATES.replace("@lru_cache(maxsize=1)\n", "" if not cached else "@lru_cache(maxsize=2)\n")
    pull.push({"shop/rates.py": now})

    report = pull.review()

    if cached:
        assert said(report) == []
    else:
        assert said(report) == [("FP004", "shop/rates.py", line_of(RATES, "@lru_cache"), "LEFT")]
        assert (
            "with `@lru_cache(maxsize=1)` removed, `rates` is not cached any more: each call of it runs `httpx.get` again."
            in one(report)
        )
