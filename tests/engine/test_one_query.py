"""A query per turn becomes one before the loop, where the shape is simple and nothing else can see the difference."""

import textwrap

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from rules import Options, analyze
from rules.engine.reading.edits import apply

HEAD = """\
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]


class Line:
    product_id: int


def get_session() -> Session: ...


async def get_async_session() -> AsyncSession: ...


@app.post("/")
"""


def fixed(body: str) -> str | None:
    """The endpoint `body` with the first finding's proven fix made, or None when there is no fix."""
    raw = (HEAD + textwrap.dedent(body).lstrip("\n")).encode()
    analysis = analyze({"app.py": raw}, options=Options(select=("FP201",)))
    assert analysis.result.skipped == ()
    assert analysis.result.findings
    fix = analysis.prove(analysis.result.findings[0]).fix
    return None if fix is None else apply(raw, fix.edits).decode().removeprefix(HEAD)


def test_a_loop_of_gets() -> None:
    assert fixed(
        """
            def names(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                found = []
                # in the order of the request
                for key in ids:
                    product = session.get(Product, key)
                    found.append(product.sku)
                return found
            """
    ) == textwrap.dedent(
        """
            def names(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                found = []
                # in the order of the request
                product_by_id = {
                    product.id: product
                    for product in session.scalars(select(Product).where(Product.id.in_(ids)))
                }
                for key in ids:
                    product = product_by_id.get(key)
                    found.append(product.sku)
                return found
            """
    ).lstrip("\n")


def test_a_comprehension_in_an_async_endpoint() -> None:
    made = fixed(
        """
        async def skus(lines: list[Line], session: AsyncSession = Depends(get_async_session)) -> list[Product]:
            return [await session.get(Product, line.product_id) for line in lines]
        """
    )
    assert made is not None
    assert "for product in await session.scalars(select(Product).where(" in made
    assert "Product.id.in_([line.product_id for line in lines])" in made
    assert "return [product_by_id.get(line.product_id) for line in lines]" in made


def test_a_legacy_query() -> None:
    made = fixed(
        """
        def found(skus: list[str], session: Session = Depends(get_session)) -> dict[str, Product]:
            return {sku: session.query(Product).filter(Product.sku == sku).first() for sku in skus}
        """
    )
    assert made is not None
    assert "product_by_sku = {" in made
    assert "return {sku: product_by_sku.get(sku) for sku in skus}" in made


@pytest.mark.parametrize(
    "body",
    [
        # an iterator cannot be gone through twice
        """
        def f(ids, session: Session = Depends(get_session)) -> None:
            for key in ids:
                session.get(Product, key)
        """,
        # a later turn would see what an earlier one wrote
        """
        def f(ids: list[int], session: Session = Depends(get_session)) -> None:
            for key in ids:
                if session.get(Product, key) is None:
                    session.add(Product(id=key))
        """,
        # the key is computed
        """
        def f(ids: list[int], session: Session = Depends(get_session)) -> None:
            for key in ids:
                session.get(Product, key + 1)
        """,
        # options change what is loaded
        """
        def f(ids: list[int], session: Session = Depends(get_session)) -> None:
            for key in ids:
                session.get(Product, key, with_for_update=True)
        """,
        # no column called id is seen
        """
        def f(ids: list[int], session: Session = Depends(get_session)) -> None:
            for key in ids:
                session.get(Line, key)
        """,
        # a loop in a loop
        """
        def f(groups: list[list[int]], session: Session = Depends(get_session)) -> None:
            for ids in groups:
                for key in ids:
                    session.get(Product, key)
        """,
        # another condition
        """
        def f(skus: list[str], session: Session = Depends(get_session)) -> None:
            for sku in skus:
                session.scalar(select(Product).where(Product.sku > sku))
        """,
        # the name is taken
        """
        def f(ids: list[int], session: Session = Depends(get_session)) -> None:
            product_by_id = 1
            for key in ids:
                session.get(Product, key)
        """,
    ],
)
def test_other_shapes_have_no_fix(body: str) -> None:
    assert fixed(body) is None


def test_the_answer_stays_the_same_and_the_statements_become_one() -> None:
    body = """
        def f(skus: list[str], session: Session = Depends(get_session)) -> list[int | None]:
            found = []
            for sku in skus:
                product = session.scalar(select(Product).where(Product.sku == sku))
                found.append(product.id if product else None)
            return found
        """
    made = fixed(body)
    assert made is not None
    answers = []
    for text in (textwrap.dedent(body), made):
        names: dict[str, object] = {"__name__": "shop"}
        exec(HEAD + text.lstrip("\n"), names)  # our own text
        engine = create_engine("sqlite://")
        names["Base"].metadata.create_all(engine)  # type: ignore[attr-defined]  # a declarative base
        statements: list[str] = []
        with Session(engine) as session:
            session.add_all([names["Product"](sku=sku) for sku in ("a", "b", "c")])  # type: ignore[operator]  # a class
            session.commit()
            event.listen(
                engine, "before_cursor_execute", lambda *given, seen=statements: seen.append(given[2])
            )
            answers.append(names["f"](["c", "x", "a", "c"], session))  # type: ignore[operator]  # a function
            assert len(statements) == (4 if text is not made else 1)
        engine.dispose()
    assert answers == [[3, None, 1, 3]] * 2
