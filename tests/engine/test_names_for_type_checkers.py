"""Names that only type checkers see as what they are."""

from __future__ import annotations

import pytest

from tests.engine.projects import one

SHOP = """
    from typing import TYPE_CHECKING, Annotated, Any
    from fastapi import Depends, FastAPI
    from shop.db import get_session

    if TYPE_CHECKING:
        from sqlalchemy.orm import Session
    else:
        {fallback}

    app = FastAPI()

    @app.get("/orders")
    async def orders(session: Annotated[Session, Depends(get_session)]):
        await told()
        return session.execute("select 1")
    """


@pytest.mark.parametrize(
    ("fallback", "found"), [("Session = Any", 1), ("Session = object", 1), ("Session = Elsewhere", 0)]
)
def test_a_name_that_may_be_anything_is_what_type_checkers_see(fallback: str, found: int) -> None:
    assert len(one(SHOP.format(fallback=fallback), select=("FP102",)).result.findings) == found
