"""Our tables through the versions: a number in the database, and steps from each number to the next.

Steps only add, so that processes of the version before go on beside the new ones while a deploy rolls. A step that
cannot be had that way raises `oldest_reader`: older versions then refuse to start instead of writing nonsense.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_LOCK: Final = 0x66617374
"""Of PostgreSQL's advisory locks: machines that start together change the tables one after the other."""

_version = sa.Table(
    "fastperf_schema",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("oldest_reader", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)


class SchemaError(Exception):
    """The tables are of a version that this program does not know; the message says what to do."""


class Step(NamedTuple):
    """From the version before to `version`."""

    version: int
    change: Callable[[sa.Connection], None]
    oldest_reader: int = 1
    """The oldest program's version that may still work on the tables afterwards."""


def _add_column(connection: sa.Connection, table: str, column: str, definition: str) -> None:
    """Unless it is there: databases from before versions were counted have some of them. A table that is not there
    is made as a whole afterwards."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(table):
        return
    if column not in {entry["name"] for entry in inspector.get_columns(table)}:
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column} {definition}"))


def _say_what_reviews_said(connection: sa.Connection) -> None:
    _add_column(connection, "fastperf_reviews", "title", "TEXT NOT NULL DEFAULT ''")
    _add_column(connection, "fastperf_reviews", "summary", "TEXT NOT NULL DEFAULT ''")


def _name_the_version_of_machines(connection: sa.Connection) -> None:
    _add_column(connection, "fastperf_machines", "version", "VARCHAR(64)")


def _hold_whole_paths(connection: sa.Connection) -> None:
    _add_column(connection, "fastperf_waivers", "whole_path", "TEXT")


STEPS: Final = (
    Step(2, _say_what_reviews_said),
    Step(3, _name_the_version_of_machines),
    Step(4, _hold_whole_paths),
)
"""In order. Version 1 is whatever was made before versions were counted; new tables need no step."""


def migrate(engine: sa.Engine, metadata: sa.MetaData, steps: tuple[Step, ...] = STEPS) -> int:
    """Bring the tables to the newest version, in one transaction; returns the version they were.

    0 stands for an empty database. Raises SchemaError when a newer program's tables are not ours to write, and
    SQLAlchemyError when the database cannot be changed.
    """
    newest = steps[-1].version
    with engine.begin() as connection:
        found, reader = _hold(connection)
        if reader > newest:
            raise SchemaError(
                f"the database belongs to a newer fastperf (its tables are version {found}, this program knows "
                f"{newest}): start that one, or restore the backup from before the update"
            )
        if found == 0 and sa.inspect(connection).has_table("fastperf_blobs"):
            found = 1
        if found:
            for step in steps:
                if step.version > found:
                    step.change(connection)
                    reader = max(reader, step.oldest_reader)
        metadata.create_all(connection)
        if found < newest:
            values = {"version": newest, "oldest_reader": max(reader, 1), "at": time.time()}
            connection.execute(sa.update(_version).values(**values))
    return found


def _hold(connection: sa.Connection) -> tuple[int, int]:
    """Keep others from changing the tables until the transaction ends; the version and its oldest reader."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(sa.schema.CreateTable(_version, if_not_exists=True))
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    # A write comes first: SQLite locks the file by it.
    connection.execute(
        insert(_version).values(id=1, version=0, oldest_reader=0, at=time.time()).on_conflict_do_nothing()
    )
    connection.execute(sa.update(_version).values(id=1))
    row = connection.execute(sa.select(_version.c.version, _version.c.oldest_reader)).one()
    return int(row[0]), int(row[1])
