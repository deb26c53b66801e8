"""Sessions that outlive their use, by FastAPI's version."""

from __future__ import annotations

import textwrap

import pytest

from rules import analyze
from rules.engine.finding import Options
from rules.engine.reading.edits import apply

STREAM = textwrap.dedent(
    """
    from fastapi import Depends, FastAPI
    from fastapi.responses import FileResponse
    from sqlalchemy.orm import Session, sessionmaker

    app = FastAPI()
    SessionLocal = sessionmaker()

    def get_session():
        with SessionLocal() as session:
            yield session

    @app.get("/file")
    def download(number: int, session: Session = Depends(get_session)):
        return FileResponse(session.get(File, number).path)

    class File: ...
    """
).encode()


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("requirement", "confidence"),
    [
        ("fastapi==0.165.0", "certain"),
        ("fastapi==0.118.0", "certain"),
        ("fastapi==0.117.1", None),
        ("fastapi==0.106.0", None),
        ("fastapi", "likely"),
    ],
)
def test_sessions_are_held_where_fastapi_closes_them_after_the_response(
    requirement: str, confidence: str | None
) -> None:
    analysis = analyze(
        {"main.py": STREAM}, documents={"requirements.txt": requirement}, options=Options(select=("FP219",))
    )

    assert [finding.confidence for finding in analysis.result.findings] == (
        [confidence] if confidence else []
    )


@pytest.mark.parametrize(("version", "is_offered"), [("0.121.0", True), ("0.120.4", False)])
def test_the_scope_is_offered_where_fastapi_knows_it(version: str, is_offered: bool) -> None:
    analysis = analyze(
        {"main.py": STREAM},
        documents={"requirements.txt": f"fastapi=={version}"},
        options=Options(select=("FP219",)),
    )

    fix = analysis.prove(analysis.result.findings[0]).fix

    assert (fix is not None) is is_offered
    if fix is not None:
        assert b'Depends(get_session, scope="function")' in apply(STREAM, fix.edits)
