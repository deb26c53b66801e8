"""What the database holds of jobs, and how: JSON of our own, and nothing that anybody else wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from dbos import Serializer as BaseSerializer

from app.database import engine_options, is_outage, trouble
from app.work import Outcome


class JobsError(Exception):
    """The durable engine cannot start; the message says why in one line."""


class StepFailedError(Exception):
    """What a failed step's error becomes when it is read back from the database."""


class Serializer(BaseSerializer):
    """JSON by msgspec. Nothing that is stored can name code, and a renamed class breaks no row."""

    NAME: Final = "fastperf_json"
    _ERROR: Final = "fastperf:error"

    def name(self) -> str:
        return self.NAME

    def serialize(self, data: Any) -> str:
        return msgspec.json.encode(data, enc_hook=self._plain).decode()

    def deserialize(self, serialized_data: str) -> Any:
        value = msgspec.json.decode(serialized_data)
        if isinstance(value, dict) and value.keys() == {self._ERROR}:
            return StepFailedError(value[self._ERROR])
        return value

    def _plain(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            if is_outage(value):  # no outcome of a step, which is to be done once more
                raise value
            return {self._ERROR: f"{type(value).__name__}: {value}"[:2000]}
        raise TypeError(f"{type(value).__name__} does not travel through jobs")


def refuse_foreign_rows(database_url: str) -> None:
    """Raises JobsError when the database holds rows that another serializer wrote.

    dbos would unpickle them, and a pickle is code.
    """
    engine = sa.create_engine(database_url, **engine_options(database_url))
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    try:
        with engine.connect() as connection:
            inspector = sa.inspect(connection)
            for table in inspector.get_table_names(schema=schema):
                columns = {column["name"] for column in inspector.get_columns(table, schema=schema)}
                if "serialization" not in columns:
                    continue
                serialization: sa.ColumnClause[str] = sa.column("serialization")
                foreign = connection.scalar(
                    sa.select(serialization)
                    .select_from(sa.table(table, serialization, schema=schema))
                    .where(serialization.is_not(None), serialization != Serializer.NAME)
                    .limit(1)
                )
                if foreign is not None:
                    raise JobsError(f"the database holds rows written as {foreign!r} ({table}): not ours")
    except sa.exc.SQLAlchemyError as error:
        raise JobsError(f"the database cannot be opened: {trouble(error)}") from error
    finally:
        engine.dispose()


def job_input(stored: Any) -> Outcome:
    """The one argument of a listed workflow."""
    arguments: Sequence[Any] = (stored or {}).get("args") or ({},)
    return arguments[0] if isinstance(arguments[0], dict) else {}
