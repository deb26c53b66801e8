"""What a request costs."""

from __future__ import annotations

import pytest

from rules import Cost
from rules.engine.costs.polynomials import ONE, ZERO, add, exceeds, larger, letters, minus, times, written
from tests.engine.projects import project

HEAD = """
    import asyncio, time
    import httpx, requests
    from fastapi import BackgroundTasks, Depends, FastAPI
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    app = FastAPI()

    async def load(db: AsyncSession, key):
        return await db.get(Order, key)
"""


def cost(body: str) -> Cost:
    """The cost of `async def endpoint` with that body."""
    text = (
        HEAD
        + "\n    @app.get('/')\n    async def endpoint(db: AsyncSession, xs: list[int], c: httpx.AsyncClient):\n"
    )
    text += "\n".join(f"        {line}" for line in body.strip("\n").split("\n"))
    (endpoint,) = project({"app.py": text}).result.endpoints
    return endpoint.cost


@pytest.mark.parametrize(
    ("body", "queries"),
    [
        ("pass", "0"),
        ("await db.execute(1)", "1"),
        ("await db.execute(1)\nawait load(db, 1)", "2"),
        ("for x in xs:\n    await load(db, x)", "N"),
        ("await db.execute(1)\nfor x in xs:\n    await load(db, x)\n    await db.get(1, x)", "1 + 2N"),
        ("for x in xs:\n    for y in x:\n        await load(db, y)", "N·M"),
        ("for x in (1, 2):\n    await load(db, x)", "2"),
        ("for x in range(3):\n    await load(db, x)", "3"),
        ("for x in xs[:5]:\n    await load(db, x)", "5"),
        ("for x in (await db.scalars(select(1).limit(20))).all():\n    await load(db, x)", "21"),
        ("for x in range(3):\n    if await load(db, x):\n        break", "1"),
        ("for x in await db.scalars(1):\n    pass", "1"),
        ("return [await load(db, x) for x in xs]", "N"),
        ("if xs:\n    await load(db, 1)\nelse:\n    await load(db, 1)\n    await load(db, 2)", "2"),
        ("if xs:\n    await load(db, 1)\nelif c:\n    await load(db, 2)\nawait load(db, 3)", "2"),
        ("try:\n    await load(db, 1)\nexcept KeyError:\n    await load(db, 2)", "1"),
        ("match xs:\n    case 1:\n        await load(db, 1)\n    case 2:\n        await load(db, 1)", "1"),
        ("await (load(db, 1) if xs else load(db, 2))", "1"),
        ("await db.rollback()", "0"),
        ("if xs:\n    return await load(db, 1)\nawait load(db, 2)", "1"),
        (
            "if xs:\n    return await load(db, 1)\nif c:\n    return 0\nawait load(db, 2)\nawait load(db, 3)",
            "2",
        ),
        ("if not xs:\n    raise KeyError\nawait load(db, 2)", "1"),
        ("kinds = ('a', 'b')\nfor x in kinds:\n    await load(db, x)", "2"),
        ("for x in xs:\n    await load(db, x)\nfor y in await c.get('a'):\n    await load(db, y)", "N + M"),
        ("for x in xs:\n    await load(db, x)\nfor y in enumerate(xs):\n    await load(db, y)", "2N"),
        ("while True:\n    try:\n        return await load(db, 1)\n    except KeyError:\n        pass", "1"),
        (
            "for n in range(c.retries):\n    try:\n        await load(db, 1)\n        break\n    except OSError:\n        pass",
            "1",
        ),
        ("row = await load(db, 1)\nif row is None:\n    row = await load(db, 2)", "1"),
        ("asyncio.create_task(load(db, 1))", "0"),
        (
            "task = asyncio.create_task(load(db, 1))\nTASKS.add(task)\ntask.add_done_callback(TASKS.discard)",
            "0",
        ),
        ("task = asyncio.create_task(load(db, 1))\nawait task", "1"),
        ("async with asyncio.TaskGroup() as group:\n    group.create_task(load(db, 1))", "1"),
    ],
)
def test_queries_are_counted_through_helpers_loops_and_branches(body: str, queries: str) -> None:
    assert cost(body).queries == queries


@pytest.mark.parametrize(
    ("body", "external", "waits"),
    [
        ("await c.get('a')\nawait c.get('b')", "2", "2"),
        ("await asyncio.gather(c.get('a'), c.get('b'))", "2", "1"),
        ("await asyncio.gather(*[c.get(x) for x in xs])", "N", "1"),
        ("for x in xs:\n    await c.get(x)", "N", "N"),
        ("await asyncio.gather(c.get('a'), load(db, 1))\nawait c.get('b')", "2", "2"),
    ],
)
def test_what_runs_together_waits_once(body: str, external: str, waits: str) -> None:
    found = cost(body)

    assert (found.external_calls, found.serial_waits) == (external, waits)


def test_blocking_names_what_stops_the_loop() -> None:
    text = (
        HEAD
        + """
    def helper():
        requests.get("x")

    async def further():
        time.sleep(1)

    def in_thread():
        requests.post("x")

    async def dependency():
        requests.put("x")

    def sync_dependency():
        requests.patch("x")

    @app.get("/loop")
    async def loop(a=Depends(dependency), b=Depends(sync_dependency)):
        helper()
        await further()
        await asyncio.to_thread(in_thread)

    @app.get("/thread")
    def thread():
        helper()
    """
    )
    loop, thread = project({"app.py": text}).result.endpoints

    assert (loop.runs_on, thread.runs_on) == ("loop", "thread")
    assert set(loop.cost.blocking) == {"requests.put", "requests.get", "time.sleep"}
    assert loop.cost.external_calls == "4"
    assert thread.cost.blocking == ()


def test_dependencies_count_once_and_background_tasks_do_not() -> None:
    text = (
        HEAD
        + """
    async def session() -> AsyncSession: ...

    async def user(db: AsyncSession = Depends(session)):
        return await db.get(1, 2)

    async def admin(user=Depends(user)):
        return user

    async def later(db: AsyncSession):
        await db.get(1, 2)

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks, a=Depends(admin), b=Depends(user), db: AsyncSession = Depends(session)):
        tasks.add_task(later, db)
        await db.execute(1)
    """
    )
    (endpoint,) = project({"app.py": text}).result.endpoints

    assert endpoint.cost.queries == "2"
    assert endpoint.symbol == "app.endpoint"


def test_recursion_and_while_loops_are_unbounded() -> None:
    assert cost("while xs:\n    await load(db, 1)").unbounded
    assert not cost("for x in xs:\n    await load(db, x)").unbounded
    text = (
        HEAD
        + """
    async def tree(db: AsyncSession, key):
        node = await load(db, key)
        for child in node.children:
            await tree(db, child)

    @app.get("/")
    async def endpoint(db: AsyncSession):
        await tree(db, 1)
    """
    )
    (endpoint,) = project({"app.py": text}).result.endpoints
    assert endpoint.cost.unbounded


def test_polynomials() -> None:
    orders, items = times(ONE, "orders"), times(times(ONE, "items"), "orders")

    assert written(add({(): 2}, times({(): 3}, "orders"))) == "2 + 3N"
    assert written(times(orders, "orders")) == "N²"
    assert written(add(add(ONE, orders), items)) == "1 + N + N·M"
    assert written(add(orders, times(ONE, "users"))) == "N + M"
    assert written(ZERO) == "0"
    assert larger({(): 9}, orders) == orders
    assert exceeds(items, {("orders",): 50})
    assert minus(add({(): 3}, orders), ONE) == {(): 2, ("orders",): 1}


def test_letters_come_in_the_order_in_which_a_cost_is_read() -> None:
    nested, alone = times(times(ONE, "orders"), "items"), times(ONE, "users")

    assert written(add(nested, alone)) == "N + M·K"
    assert letters(ZERO, add(nested, alone)) == {"users": "N", "items": "M", "orders": "K"}


def test_loops_too_many_to_name_become_one() -> None:
    value = ZERO
    for number in range(40):
        value = add(value, times(ONE, f"loop{number}"))

    assert sum(value.values()) == 40
    assert len(value) <= 12


def test_a_call_of_one_of_several_functions_costs_as_much_as_the_dearest() -> None:
    text = """
    class One:
        async def price(self, c: httpx.AsyncClient): await c.get("https://one.example")

    class Two:
        async def price(self, c: httpx.AsyncClient):
            await c.get("https://two.example/1")
            await c.get("https://two.example/2")

    PRICES = {"one": One(), "two": Two()}

    @app.get("/")
    async def endpoint(kind: str, c: httpx.AsyncClient): await PRICES[kind].price(c)
    """
    found = project({"shop.py": HEAD + text}).result

    assert [each.cost.external_calls for each in found.endpoints] == ["2"]
