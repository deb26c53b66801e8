"""The cost tree of one endpoint."""

from __future__ import annotations

from rules.engine.diagnosis import Branch, diagnose, find
from tests.engine.projects import project

SHOP = """
    import httpx
    from fastapi import Depends, FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

    app = FastAPI()

    async def user(db: AsyncSession):
        return await db.get(User, 1)

    async def prices(db: AsyncSession, orders: list[int]):
        for order in orders:
            await db.get(Price, order)

    @app.middleware("http")
    async def audit(request, call_next, client: httpx.AsyncClient):
        if request.url.path == "/audited":
            await client.post("https://audit.example")
        return await call_next(request)

    @app.get("/orders/{number}", dependencies=[Depends(user)])
    async def read(number: int, db: AsyncSession):
        await db.get(Order, number)
        await prices(db, [])

    @app.get("/audited")
    async def audited(): ...
"""


def tree(branches: tuple[Branch, ...]) -> list[object]:
    return [
        [branch.name, branch.role, *tree(branch.inside)] if branch.inside else branch.name
        for branch in branches
    ]


def test_the_costliest_comes_first_with_what_it_calls() -> None:
    linked = project({"app.py": SHOP}).project
    (endpoint,) = find(linked, "GET", "/orders/{id}")

    found = diagnose(linked, endpoint)

    get = "sqlalchemy.ext.asyncio.AsyncSession.get"
    assert found.written(found.amount) == ("2 + N", "0")
    assert found.sizes == {"orders": "N"}
    assert tree(found.branches) == [
        ["read", "handler", ["prices", "call", get], get],
        ["user", "dependency", get],
    ]
    assert found.branches[0].inside[0].inside[0].loops == ("orders",)


def test_a_middleware_for_other_paths_costs_nothing() -> None:
    linked = project({"app.py": SHOP}).project
    (audited,) = find(linked, "", "/audited")

    assert diagnose(linked, audited).written(diagnose(linked, audited).amount) == ("0", "1")
    assert {str(each.cost.external_calls) for each in linked.endpoints if each.path != "/audited"} == {"0"}


def test_an_unknown_endpoint_is_not_found() -> None:
    assert find(project({"app.py": SHOP}).project, "POST", "/orders/{id}") == []


def test_the_path_of_a_request_names_the_route_that_answers_it() -> None:
    linked = project(
        {
            "app.py": SHOP
            + """
    @app.get("/orders/latest")
    async def latest(): ...

    @app.get("/files/{where:path}")
    async def file(where: str): ...
"""
        }
    ).project

    def named(path: str) -> list[str]:
        return [endpoint.ref.path for endpoint in find(linked, "GET", path)]

    assert named("/orders/5") == named("/orders/5?full=1") == ["/orders/{number}"]
    assert named("/orders/latest") == ["/orders/latest"]
    assert named("/files/a/b.txt") == ["/files/{where:path}"]
    assert named("/orders/5/lines") == named("/orders/") == named("/nothing") == []
