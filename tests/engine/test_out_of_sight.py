"""What one function says in several places: calls out of sight of each other, and what of an endpoint is named first."""

from __future__ import annotations

from app.review.grouping import group
from tests.engine.projects import one

FAR = """
    import requests
    from fastapi import FastAPI

    app = FastAPI()

    def fetched(number):
        return requests.get(f"https://carrier.example/{{number}}", timeout=5).text

    @app.get("/journey")
    async def journey(number: str, other: str):
        found = [fetched(number)]
        {between}
        found.append(fetched(other))
        await anyio.sleep(0)
        return found
    """


def between(lines: int) -> str:
    return "\n        ".join(f"found.append({number})" for number in range(lines))


def test_calls_out_of_sight_of_each_other_are_findings_of_their_own_and_one_comment() -> None:
    found = one(FAR.format(between=between(10)), select=("FP103",)).result.findings

    assert [(each.line, each.siblings) for each in found] == [(11, ()), (22, ())]
    assert len(group(found)) == 1


def test_calls_in_sight_of_each_other_are_one_finding() -> None:
    [found] = one(FAR.format(between=between(9)), select=("FP103",)).result.findings

    assert (found.line, found.siblings) == (11, (21,))


def test_an_endpoint_that_awaits_nothing_names_the_other_machine_before_the_database() -> None:
    [found] = one(
        """
        import requests
        import sqlite3
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/stock/{number}")
        async def stock(number: str):
            with sqlite3.connect("shop.db") as stock:
                stock.execute("select 1 from stock where number = ?", (number,)).fetchall()
            return requests.get(f"https://carrier.example/{number}", timeout=5).text
        """,
        select=("FP104",),
    ).result.findings

    assert "`requests.get`" in found.message
    assert found.call_path[-1].line == 11
