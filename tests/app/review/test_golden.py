"""Rendered texts, whole, to be read by people. After a wanted change: `python -m tests.app.review.test_golden`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.review.config import Config
from app.review.diff import Diff
from app.review.reconcile import reconcile
from app.review.report import Report
from rules.engine.finding import Confidence, Effort, EndpointRef, Hop, Impact, Severity, Skipped, Suppressed

from .builders import (
    HEAD,
    ORDERS_AFTER,
    ORDERS_BEFORE,
    changed,
    diff,
    endpoint,
    finding,
    fix,
    report,
    result,
    thread,
    tracking,
)

FOLDER = Path(__file__).parent / "golden"

CRUD_BEFORE = """\
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order


def orders_of(session: Session, customer: Customer) -> list[Order]:
    return []
"""
CRUD_AFTER = CRUD_BEFORE.replace(
    "    return []\n",
    "    stmt = select(Order).where(Order.customer_id == customer.id)\n    return list(session.scalars(stmt))\n",
)
CLIENT_BEFORE = """\
def pay(order):
    return requests.post(
        URL,
        json=order,
        timeout=5,
    )
"""


def mixed(config: str = "") -> Report:
    """Three new problems: one a click away, one a patch away, one by hand; old ones, a skipped file, a mistake."""
    lazy = finding(
        8,
        code="FP204",
        name="lazy-relationship-in-response-model",
        path="orders/crud.py",
        symbol="orders_of",
        message="`OrderOut.items` is loaded one order at a time while the response is built.",
        instead="Load the items with the orders. `selectinload` takes one more query for all of them.",
        trade_offs="One more query for all items together.",
        metric="statements per request",
        impact=Impact(summary="N queries per request fewer", assumptions={"rows": 100}, measured=True),
        fix=fix(
            ("orders/crud.py", 2, 2, "from sqlalchemy.orm import Session, selectinload\n"),
            (
                "orders/crud.py",
                8,
                8,
                "    stmt = select(Order).where(Order.customer_id == customer.id).options(selectinload(Order.items))\n",
            ),
        ),
        fingerprint="51ab",
    )
    unbounded = finding(
        17,
        Severity.MEDIUM,
        code="FP211",
        name="unbounded-list",
        path="orders/lists.py",
        symbol="list_orders",
        message="`list_orders` returns every row of `orders`: memory and time grow with the table.",
        instead="Give `list_orders` a page limit. Clients page with `limit` and `offset`.",
        trade_offs="Changes the API: clients that expect everything must page.",
        metric="rows per response",
        effort=Effort.HOURS,
        gates=False,
        fingerprint="77cd",
    )
    hint = finding(8, Severity.INFO, code="FP705", name="needless-copy", path="orders/crud.py", message="`list()` copies the rows once more.", confidence=Confidence.POSSIBLE, fingerprint="99", metric="", instead="", trade_offs="")  # fmt: skip
    old = finding(12, path="orders/api.py", fingerprint="old", code="FP601", message="`httpx.get` opens a connection per request.")  # fmt: skip
    gone = finding(7, path="orders/crud.py", fingerprint="gone")
    changes = Diff.of(
        [
            changed("orders/api.py", ORDERS_BEFORE, ORDERS_AFTER),
            changed("orders/crud.py", CRUD_BEFORE, CRUD_AFTER),
        ]
    )
    before = result(
        old,
        gone,
        endpoints=(
            endpoint("GET /orders", file="orders/api.py", queries="2", serial_waits="2"),
            endpoint("GET /orders/{id}/tracking", file="orders/api.py", queries="1", serial_waits="1"),
            endpoint("POST /orders", file="orders/api.py", queries="3", serial_waits="3"),
        ),
    )
    after = result(
        old,
        tracking(),
        lazy,
        unbounded,
        hint,
        endpoints=(
            endpoint("GET /orders", file="orders/api.py", queries="2 + N", serial_waits="3"),
            endpoint(
                "GET /orders/{id}/tracking",
                file="orders/api.py",
                queries="1",
                serial_waits="2",
                external_calls="1",
                blocking=("requests.get",),
            ),
            endpoint("POST /orders", file="orders/api.py", queries="3", serial_waits="3"),
        ),
        suppressed=(Suppressed("FP101", "orders/api.py", 12, "runs once a night"),),
    )
    return report(
        before,
        after,
        changes,
        Config.parse({"pyproject.toml": f"[tool.fastperf]\n{config}fial_on = 'high'\n"}),
        skipped=[Skipped("orders/huge.py", "larger than 1 MB")],
        excerpts={"orders/crud.py": {2: "from sqlalchemy.orm import Session\n"}},
    )


def removed_guard() -> Report:
    one = finding(
        2,
        code="FP601",
        name="missing-timeout",
        path="payments/client.py",
        end_line=5,
        symbol="pay",
        endpoint=EndpointRef("POST", "/orders"),
        message="`requests.post` has no timeout: a hung payment provider holds one of 40 threads for ever.",
        instead="Give `requests.post` a `timeout`.",
        trade_offs="",
        metric="threads in use",
        fingerprint="aa01",
    )
    return report(
        after=result(one),
        changes=diff(
            {"payments/client.py": (CLIENT_BEFORE, CLIENT_BEFORE.replace("        timeout=5,\n", ""))}
        ),
    )


def one_cause() -> Report:
    refs = [
        EndpointRef("GET", f"/{name}")
        for name in ("feed", "search", "orders", "users", "carts", "items", "tags")
    ]
    many = [
        finding(
            3,
            code="FP218",
            name="query-in-dependency",
            path="auth.py",
            symbol="get_current_user",
            endpoint=ref,
            cause="get_current_user",
            message="`get_current_user` runs a query per request.",
            instead="Read the user from the token.",
            trade_offs="A user who was blocked stays in until the token expires.",
            call_path=(Hop("auth.py", 3, "get_current_user"), Hop("auth.py", 9, "Session.get")),
            fingerprint=f"c{number}",
        )
        for number, ref in enumerate(refs)
    ]
    costs = {"/feed": ("3", "4"), "/search": ("2", "3"), "/orders": ("2 + N", "3 + N")}
    before = result(
        endpoints=tuple(endpoint(str(ref), queries=costs.get(ref.path, ("0", "1"))[0]) for ref in refs)
    )
    after = result(
        *many, endpoints=tuple(endpoint(str(ref), queries=costs.get(ref.path, ("0", "1"))[1]) for ref in refs)
    )
    return report(before, after, diff({"auth.py": ("a\nb\n\n", "a\nb\nuser = session.get(User, id)\n\n")}))


def clean() -> Report:
    costs = (endpoint("GET /orders", queries="2", serial_waits="2"), endpoint("POST /orders", queries="3"))
    return report(
        result(finding(3), endpoints=costs), result(endpoints=costs), diff({"shop/api.py": ("a\n", "b\n")})
    )


def fixed_thread() -> str:
    posted = thread(mixed().comments[0].body)
    (done,) = reconcile(clean(), [posted], "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567").fixed
    return done.body


TEXTS: dict[str, Callable[[], str]] = {
    "comment-with-suggestion": lambda: mixed().comments[0].body,
    "comment-with-diff": lambda: mixed().comments[1].body,
    "comment-on-removed-guard": lambda: removed_guard().comments[0].body,
    "comment-one-cause": lambda: one_cause().comments[0].body,
    "comment-fixed": fixed_thread,
    "review-body": lambda: reconcile(mixed(), [], HEAD).body,
    "summary-blocked": lambda: mixed().summary,
    "summary-advised": lambda: mixed("mode = 'advise'\n").summary,
    "summary-one-cause": lambda: one_cause().summary,
    "summary-clean": lambda: clean().summary,
    "details-blocked": lambda: mixed().text,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_reads_as_agreed(name: str) -> None:
    assert f"{TEXTS[name]()}\n" == (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def test_every_golden_text_is_still_rendered() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(TEXTS)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for title, render in TEXTS.items():
        (FOLDER / f"{title}.md").write_text(f"{render()}\n", encoding="utf-8")
