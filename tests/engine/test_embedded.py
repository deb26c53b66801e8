"""A database in the process is known by its driver, or because the project names no other."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options, Severity
from rules.engine.reading.paths import place_of

_APP = b"""
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

URL = "sqlite:///./shop.db"
app = FastAPI()
SessionLocal = sessionmaker(create_engine(URL))


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)


@app.post("/basket")
def basket(numbers: list[int]) -> None:
    with SessionLocal() as session:
        for number in numbers:
            session.scalar(select(Product).where(Product.id == number))
"""


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ("fastapi\nsqlalchemy\n", (Severity.LOW, Confidence.POSSIBLE)),
        ("fastapi\nsqlalchemy\npsycopg\n", (Severity.HIGH, Confidence.CERTAIN)),
    ],
)
def test_a_query_per_item_costs_little_where_only_sqlite_is_named(
    requirements: str, expected: tuple[Severity, Confidence]
) -> None:
    analysis = analyze(
        {"app/main.py": _APP},
        documents={"requirements.txt": requirements},
        options=Options(select=("FP201",)),
    )

    [found] = [*analysis.result.findings, *analysis.result.advice]
    assert (found.severity, found.as_new().confidence) == expected


_RETURNED = _APP.replace(
    b'URL = "sqlite:///./shop.db"', b'def url_of(path: str) -> str:\n    return f"sqlite:///{path}"\n'
).replace(b"create_engine(URL)", b'create_engine(url_of("shop.db"))')


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (b"", Severity.LOW),
        (b"import asyncpg\n", Severity.HIGH),
        (b"def url() -> str:\n    return f'postgresql://{app}'\n", Severity.HIGH),
    ],
)
def test_an_address_that_a_function_puts_together_names_the_database(more: bytes, expected: Severity) -> None:
    analysis = analyze({"app/main.py": _RETURNED + more}, options=Options(select=("FP201",)))

    [found] = [*analysis.result.findings, *analysis.result.advice]
    assert found.severity == expected


@pytest.mark.parametrize(
    "put_together",
    [b'"sqlite:///{}/shop".format(path)', b'"sqlite:///%s" % path', b'"sqlite:///" + path + "/shop"'],
)
def test_an_address_is_put_together_in_more_than_one_way(put_together: bytes) -> None:
    source = _RETURNED.replace(b'f"sqlite:///{path}"', put_together)
    analysis = analyze({"app/main.py": source}, options=Options(select=("FP201",)))

    [found] = [*analysis.result.findings, *analysis.result.advice]
    assert found.severity == Severity.LOW


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("test_utils/mysql/containers.py", "test"),
        ("shared/testing_helpers/app.py", "test"),
        ("shop/fixtures.py", "test"),
        ("shop/latest/utils.py", "app"),
        ("shop/contest_data/rows.py", "app"),
    ],
)
def test_helpers_of_tests_are_known_by_their_folders(path: str, place: str) -> None:
    assert place_of(path) == place


_ON_THE_LOOP = b"""
from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

URL = "sqlite:///./shop.db"
app = FastAPI()
SessionLocal = sessionmaker(create_engine(URL))


class Product(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


@app.get("/products/{number}")
async def product(number: int) -> str:
    with SessionLocal() as session:
        return str(session.get(Product, number))


async def lines(number: int):
    with SessionLocal() as session:
        yield str(session.get(Product, number))
    for _ in range(number):
        yield ""


@app.get("/products/{number}/lines")
async def product_lines(number: int) -> StreamingResponse:
    return StreamingResponse(lines(number))
"""


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [("fastapi\nsqlalchemy\n", Confidence.POSSIBLE), ("fastapi\nsqlalchemy\npsycopg\n", Confidence.CERTAIN)],
)
@pytest.mark.parametrize("code", ["FP104", "FP106"])
def test_a_statement_in_the_process_hardly_stops_the_loop(
    code: str, requirements: str, expected: Confidence
) -> None:
    analysis = analyze(
        {"shop/main.py": _ON_THE_LOOP},
        documents={"requirements.txt": requirements},
        options=Options(select=(code,)),
    )

    [found] = analysis.result.findings
    assert found.confidence == expected
    assert found.as_new().confidence == Confidence.CERTAIN


@pytest.mark.parametrize(
    ("made", "documents", "expected"),
    [
        (b'create_engine(os.getenv("URL", "sqlite:///./shop.db"))', {}, Confidence.POSSIBLE),
        (b'create_engine(os.environ.get("URL") or "sqlite:///./shop.db")', {}, Confidence.POSSIBLE),
        (b'create_engine(f"sqlite:///{path}")', {}, Confidence.POSSIBLE),
        (b'create_engine(url="sqlite:///" + str(path))', {}, Confidence.POSSIBLE),
        (b'create_engine(os.getenv("URL"))', {}, Confidence.CERTAIN),
        (b'create_engine(os.getenv("URL", "postgresql://db/shop"))', {}, Confidence.CERTAIN),
        (
            b'create_engine(os.getenv("URL", "sqlite:///./shop.db"))',
            {"docker-compose.yml": "services:\n  db:\n    image: postgres:17\n"},
            Confidence.CERTAIN,
        ),
    ],
)
def test_an_address_that_stands_in_for_a_setting_counts_where_no_other_driver_is_installed(
    made: bytes, documents: dict[str, str], expected: Confidence
) -> None:
    source = _ON_THE_LOOP.replace(b'URL = "sqlite:///./shop.db"\n', b"import os\n")
    analysis = analyze(
        {"shop/main.py": source.replace(b"create_engine(URL)", made)},
        documents={"requirements.txt": "fastapi\nsqlalchemy\n", **documents},
        options=Options(select=("FP104",)),
    )

    [found] = analysis.result.findings
    assert found.confidence == expected


def test_an_address_put_together_under_a_name_counts_where_nobody_can_read_what_is_required() -> None:
    source = _ON_THE_LOOP.replace(b'URL = "sqlite:///./shop.db"\n', b"").replace(
        b"SessionLocal = sessionmaker(create_engine(URL))",
        b"""
def make(path: str) -> sessionmaker:
    url: str = "sqlite:///" + path
    return sessionmaker(create_engine(url))


SessionLocal = make("shop.db")
""",
    )

    [found] = analyze({"shop/main.py": source}, options=Options(select=("FP104",))).result.findings
    assert found.confidence is Confidence.POSSIBLE


_DRIVER = b"""
import sqlite3

from fastapi import FastAPI

app = FastAPI()
connection = sqlite3.connect("shop.db")


@app.get("/admin/products/{number}")
async def product(number: int) -> str:
    cursor = connection.cursor()
    cursor.execute("SELECT name FROM products WHERE id = 1")
    return str(cursor.fetchone())
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (_DRIVER, Confidence.POSSIBLE),
        (_DRIVER.replace(b"sqlite3", b"psycopg2"), Confidence.POSSIBLE),
        (_DRIVER.replace(b"/admin", b""), Confidence.POSSIBLE),
        (_DRIVER.replace(b"/admin", b"").replace(b"sqlite3", b"psycopg2"), Confidence.CERTAIN),
    ],
)
def test_so_does_one_that_only_administrators_wait_for(source: bytes, expected: Confidence) -> None:
    [found] = analyze({"shop/main.py": source}, options=Options(select=("FP104",))).result.findings

    assert found.confidence == expected


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (b"get_admin_user", Confidence.POSSIBLE),
        (b"get_current_active_superuser", Confidence.POSSIBLE),
        (b"require_admin_access", Confidence.POSSIBLE),
        (b"get_verified_shop_admin_id", Confidence.POSSIBLE),
        (b"quality_moderator_only", Confidence.POSSIBLE),
        (b"staff_member_only", Confidence.CERTAIN),
        (b"staff_only", Confidence.POSSIBLE),
        (b"requires(Permission.SHOP_MODERATION)", Confidence.POSSIBLE),
        (b"requires(Permission.SHOP_VIEW)", Confidence.CERTAIN),
        (b"requires([Permission.SHOP_MODERATION, Permission.SHOP_VIEW])", Confidence.CERTAIN),
        (b"moderator_or_author_only", Confidence.CERTAIN),
        (b"get_admin_session", Confidence.CERTAIN),
        (b"get_verified_admin_report", Confidence.CERTAIN),
        (b"get_menu_for_admin", Confidence.CERTAIN),
        (b"get_admin_email", Confidence.CERTAIN),
        (b"get_admin_or_owner", Confidence.CERTAIN),
        (b"get_current_user", Confidence.CERTAIN),
        (b"administered_shop", Confidence.CERTAIN),
    ],
)
def test_administrators_are_told_by_what_an_endpoint_depends_on(guard: bytes, expected: Confidence) -> None:
    source = (
        _DRIVER.replace(b"sqlite3", b"psycopg2")
        .replace(b"/admin", b"")
        .replace(
            b"import FastAPI",
            b"import Depends, FastAPI\nfrom shop.guards import Permission, " + guard.partition(b"(")[0],
        )
        .replace(b"number: int)", b"number: int, who: str = Depends(" + guard + b"))")
    )
    [found] = analyze({"shop/main.py": source}, options=Options(select=("FP104",))).result.findings

    assert found.confidence == expected


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (b"Security(current, scopes=[Role.ADMIN])", Confidence.POSSIBLE),
        (b"Security(current, scopes=[Role.ADMIN.value, Role.SUPERUSER.value])", Confidence.POSSIBLE),
        (b'Security(current, scopes=["shop:delete"])', Confidence.POSSIBLE),
        (b"Security(current, scopes=[Role.ADMIN, Role.USER])", Confidence.CERTAIN),
        (b"Depends(Roles(Role.CUSTOMER, Role.ADMIN))", Confidence.CERTAIN),
        (b'Security(current, scopes=["shop.users.update"])', Confidence.POSSIBLE),
        (b'Depends(Auth(scopes=["shop.photo.moderate"]))', Confidence.POSSIBLE),
        (b'Depends(require_permission("roles:edit"))', Confidence.POSSIBLE),
        (b'Depends(require_permission("products:delete"))', Confidence.POSSIBLE),
        (b'Depends(require_permission("orders:update"))', Confidence.CERTAIN),
        (b'Depends(require_permission("user:edit"))', Confidence.CERTAIN),
        (b'Depends(require_permission("orders:approve"))', Confidence.CERTAIN),
        (b'Depends(require_permission("orders:manage"))', Confidence.CERTAIN),
        (b'Depends(require_permission("tenants:manage"))', Confidence.POSSIBLE),
        (b'Security(current, scopes=["shop.product.update"])', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop.photo.review"])', Confidence.CERTAIN),
        (b'Depends(require_permission("products:list"))', Confidence.CERTAIN),
        (b'Depends(require_permission("roles:edit", "products:list"))', Confidence.CERTAIN),
        (b'Depends(cached("roles:edit"))', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop:read"])', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop:write"])', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop:create"])', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop:preview"])', Confidence.CERTAIN),
        (b'Security(current, scopes=["shop:delete", "shop:read"])', Confidence.CERTAIN),
        (b'Depends(current, use="shop:delete")', Confidence.CERTAIN),
    ],
)
def test_administrators_are_told_by_scopes_that_nobody_else_has(guard: bytes, expected: Confidence) -> None:
    source = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(b"/admin", b"")
    source = source.replace(b"import FastAPI", b"import Depends, FastAPI, Security")
    taken = source.replace(b"number: int", b"number: int, _: str = " + guard)
    listed = source.replace(b'{number}"', b'{number}", dependencies=[' + guard + b"]")

    for each in (taken, listed):
        [found] = analyze({"shop/main.py": each}, options=Options(select=("FP104",))).result.findings
        assert found.confidence == expected


def test_who_has_a_scope_and_is_asked_for_by_name_deletes_what_is_theirs() -> None:
    source = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(b"/admin", b"")
    source = source.replace(b"import FastAPI", b"import FastAPI, Security")
    guard = b'number: int, user: str = Security(current, scopes=["shop:delete"])'

    [found] = analyze(
        {"shop/main.py": source.replace(b"number: int", guard)}, options=Options(select=("FP104",))
    ).result.findings
    assert found.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        (b"ModeratorDep", b"moderator_only", Confidence.POSSIBLE),
        (b"Somebody", b"moderator_only", Confidence.POSSIBLE),
        (b"Somebody", b"get_user", Confidence.CERTAIN),
        (b"Somebody", b"moderator_or_author_only", Confidence.CERTAIN),
    ],
)
def test_so_they_are_by_dependencies_that_annotations_bring(
    name: bytes, given: bytes, expected: Confidence
) -> None:
    app = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(b"/admin", b"")
    app = app.replace(b"number: int", b"number: int, who: " + name)
    app = app.replace(b"import FastAPI\n", b"import FastAPI\nfrom shop.guards import " + name + b"\n")
    guards = (
        b"from typing import Annotated\nfrom fastapi import Depends\n\ndef "
        + given
        + b"() -> str:\n    return ''\n\n"
        b"" + name + b" = Annotated[str, Depends(" + given + b")]\n"
    )
    [found] = analyze(
        {"shop/main.py": app, "shop/guards.py": guards}, options=Options(select=("FP104",))
    ).result.findings

    assert found.confidence == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (b'post("/product-types")', Confidence.POSSIBLE),
        (b'delete("/categories/{number}")', Confidence.POSSIBLE),
        (b'get("/product-types")', Confidence.CERTAIN),
        (b'post("/product-types/{number}/products")', Confidence.CERTAIN),
    ],
)
def test_so_does_one_that_makes_a_kind_of_things(route: bytes, expected: Confidence) -> None:
    source = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(b'get("/admin/products/{number}")', route)
    [found] = analyze({"shop/main.py": source}, options=Options(select=("FP104",))).result.findings

    assert found.confidence == expected


def test_what_other_functions_do_for_administrators_is_said_there() -> None:
    source = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(b"/admin", b"")
    source = source.replace(b"import FastAPI", b"import Depends, FastAPI\nfrom shop.guards import staff_only")
    source = source.replace(
        b"async def product(number: int) -> str:\n",
        b"async def product(number: int, who: str = Depends(staff_only)) -> str:\n    return await name_of(number)\n\n\n"
        b"async def name_of(number: int) -> str:\n",
    )
    guards = b"def staff_only() -> str:\n    return ''\n"
    [found] = analyze(
        {"shop/main.py": source, "shop/guards.py": guards}, options=Options(select=("FP102",))
    ).result.findings

    assert (found.symbol, found.confidence) == ("name_of", Confidence.CERTAIN)


_SHORT = """
import socket
import time
from fastapi import Depends, FastAPI
from minio import Minio
from shop.guards import {guard}

app = FastAPI()
store = Minio("store:9000")
sock = socket.socket()

def take_away(number: int) -> None:
    store.remove_object("products", str(number))

def take_all_away(number: int) -> None:
    for each in range(number):
        store.remove_object("products", str(each))

@app.delete("/products/{{number}}")
async def product(number: int, who: str = Depends({guard})) -> None:
    told = "STOP"
    {call}
    await done()

from shop.done import done
"""


@pytest.mark.parametrize(
    ("guard", "call", "expected"),
    [
        ("staff_only", "time.sleep(0.1)", Confidence.POSSIBLE),
        ("staff_only", "time.sleep(1)", Confidence.POSSIBLE),
        ("customer", "time.sleep(1)", Confidence.CERTAIN),
        ("staff_only", "time.sleep(number)", Confidence.POSSIBLE),
        ("customer", "time.sleep(0.1)", Confidence.CERTAIN),
        ("staff_only", 'store.remove_object("products", str(number))', Confidence.POSSIBLE),
        ("staff_only", 'store.fput_object("products", str(number), "file")', Confidence.POSSIBLE),
        ("customer", 'store.fput_object("products", str(number), "file")', Confidence.CERTAIN),
        ("customer", 'store.remove_object("products", str(number))', Confidence.CERTAIN),
        ("staff_only", "for _ in range(100): time.sleep(0.1)", Confidence.CERTAIN),
        ("staff_only", "while True: time.sleep(0.1)", Confidence.CERTAIN),
        (
            "staff_only",
            "for each in range(number): store.remove_object('products', str(each))",
            Confidence.POSSIBLE,
        ),
        (
            "customer",
            "for each in range(number): store.remove_object('products', str(each))",
            Confidence.CERTAIN,
        ),
        ("staff_only", "take_away(number)", Confidence.POSSIBLE),
        ("staff_only", "take_all_away(number)", Confidence.POSSIBLE),
        ("customer", "take_all_away(number)", Confidence.CERTAIN),
        ("customer", 'for _ in range(number): sock.send(b"STOP")', Confidence.CERTAIN),
        ("customer", 'sock.send(b"STOP")', Confidence.POSSIBLE),
        ("customer", 'sock.sendall(told.encode("utf-8"))', Confidence.POSSIBLE),
        ("customer", "sock.sendall(str(number).encode())", Confidence.CERTAIN),
        ("customer", "sock.recv(10)", Confidence.CERTAIN),
    ],
)
def test_what_takes_a_moment_counts_for_everybody_else(guard: str, call: str, expected: Confidence) -> None:
    source = _SHORT.format(guard=guard, call=call).encode()
    guards = f"def {guard}() -> str:\n    return ''\n".encode()
    [found] = analyze(
        {"shop/main.py": source, "shop/guards.py": guards}, options=Options(select=("FP101", "FP103"))
    ).result.findings

    assert found.confidence is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("log.audit(number)", Confidence.POSSIBLE),
        ("requests.get('https://shop.example', timeout=5)", Confidence.CERTAIN),
    ],
)
def test_what_is_a_hint_itself_keeps_no_endpoint_of_administrators_on_its_line(
    call: str, expected: Confidence
) -> None:
    source = _DRIVER.replace(b"sqlite3", b"psycopg2").replace(
        b"import FastAPI", b"import FastAPI\nimport requests\nfrom shop import log"
    )
    source = source.replace(b"-> str:\n", b"-> str:\n    " + call.encode() + b"\n", 1)
    log = b"import requests\n_seen = None\n\ndef audit(number):\n    global _seen\n    if _seen is None:\n        _seen = requests.get('https://log.example', timeout=5)\n    return _seen\n"
    [found] = analyze(
        {"shop/main.py": source, "shop/log.py": log}, options=Options(select=("FP104",))
    ).result.findings

    assert found.confidence is expected
