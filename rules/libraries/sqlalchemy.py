"""SQLAlchemy and SQLModel, synchronous and asyncio."""

from rules.libraries.model import Blocking, Client, Kind, Library, Offload, Query, alike, each

DRIVER = "sqlalchemy"
SESSION = ("sqlalchemy.orm.Session",)
ASYNC_SESSION = ("sqlalchemy.ext.asyncio.AsyncSession",)
PLAIN_SESSIONS = frozenset({*SESSION, "sqlmodel.Session"})
ASYNC_SESSIONS = frozenset({*ASYNC_SESSION, "sqlmodel.ext.asyncio.session.AsyncSession"})
SESSIONS = PLAIN_SESSIONS | ASYNC_SESSIONS
"""The classes of sessions."""
SQLMODEL_SESSIONS = SESSIONS - {*SESSION, *ASYNC_SESSION}
SCOPED_SESSIONS = frozenset({"sqlalchemy.orm.scoped_session", "sqlalchemy.ext.asyncio.async_scoped_session"})
"""What gives each thread or task a session of its own."""
_MAKE_DEF = "`AsyncSession`, or a plain `def` that FastAPI runs in a thread"

_db = Blocking("", Kind.DB, _MAKE_DEF)
_read = Query("", "select", is_async=False, driver=DRIVER)
_write = Query("", "write", is_async=False, driver=DRIVER)
_aread = Query("", "select", is_async=True, driver=DRIVER)

_TERMINALS = "all first one one_or_none scalar count update delete"
_SESSION_READS = "execute scalars scalar refresh get get_one merge"
_SESSION_WRITES = "commit flush rollback bulk_save_objects bulk_insert_mappings bulk_update_mappings"
_CONNECTION_CALLS = "execute scalar scalars exec_driver_sql commit rollback"
_CHAINED = {
    "Select": (
        "where filter filter_by order_by group_by having join outerjoin select_from limit offset distinct with_for_update"
        " correlate add_columns with_only_columns union union_all slice"
    ),
    "Insert": "values returning on_conflict_do_nothing on_conflict_do_update",
    "Update": "where filter filter_by values returning",
    "Delete": "where filter filter_by returning",
}
_ALL_CHAINED = "options execution_options params prefix_with"
_QUERY = (
    "filter filter_by where order_by group_by having join outerjoin select_from limit offset options distinct"
    " with_entities add_columns add_entity execution_options yield_per populate_existing with_for_update enable_eagerloads"
    " autoflush slice union union_all correlate reset_joinpoint params from_self"
)

_RESULT = "sqlalchemy.engine.Result"
_SCALARS = "sqlalchemy.engine.ScalarResult"
_ENGINE = "sqlalchemy.engine.Engine"
_CONNECTION = "sqlalchemy.engine.Connection"
_ASYNC_ENGINE = "sqlalchemy.ext.asyncio.AsyncEngine"
_ASYNC_CONNECTION = "sqlalchemy.ext.asyncio.AsyncConnection"
_POOL_COST = "a new pool: each use connects, authenticates and throws the connection away"


def _statements() -> dict[str, str]:
    made = {}
    for kind, names in (
        ("Select", "select"),
        ("Insert", "insert"),
        ("Update", "update"),
        ("Delete", "delete"),
    ):
        made[f"sqlalchemy.{names}"] = f"sqlalchemy.sql.{kind}"
        chained = f"{_CHAINED[kind]} {_ALL_CHAINED}"
        made.update(alike(chained, f"sqlalchemy.sql.{kind}", f"sqlalchemy.sql.{kind}"))
    made["sqlalchemy.dialects.postgresql.insert"] = "sqlalchemy.sql.Insert"
    made["sqlalchemy.dialects.sqlite.insert"] = "sqlalchemy.sql.Insert"
    made["sqlalchemy.dialects.mysql.insert"] = "sqlalchemy.sql.Insert"
    made["sqlmodel.select"] = "sqlalchemy.sql.Select"
    made["sqlalchemy.text"] = "sqlalchemy.sql.TextClause"
    return made


LIBRARY = Library(
    blocking=(
        *each(_db, SESSION, f"{_SESSION_READS} {_SESSION_WRITES}"),
        *each(_db, "sqlmodel.Session", "exec"),
        *each(_db, "sqlalchemy.orm.Query", _TERMINALS),
        *each(_db, "sqlalchemy.orm.Query", "get __iter__ __getitem__"),
        *each(_db, _CONNECTION, _CONNECTION_CALLS),
        *each(
            Blocking("", Kind.DB, "`create_async_engine`", construct=True),
            _ENGINE,
            "connect begin raw_connection",
        ),
        *each(_db, "sqlalchemy.MetaData", "create_all drop_all reflect"),
        *each(_db, "sqlalchemy.engine.Inspector", "get_table_names get_columns has_table get_indexes"),
    ),
    queries=(
        *each(_read, SESSION, "execute scalars scalar"),
        *each(Query("", "select", False, DRIVER, primary_key=True), SESSION, "get get_one"),
        *each(Query("", "refresh", False, DRIVER), SESSION, "refresh"),
        *each(_read, SESSION, "merge"),
        *each(Query("", "commit", False, DRIVER), SESSION, "commit"),
        *each(Query("", "flush", False, DRIVER), SESSION, "flush"),
        *each(Query("", "rollback", False, DRIVER), SESSION, "rollback"),
        *each(_write, SESSION, "bulk_save_objects bulk_insert_mappings bulk_update_mappings"),
        *each(_read, "sqlmodel.Session", "exec"),
        *each(
            _read,
            "sqlalchemy.orm.Query",
            "all first one one_or_none scalar count __iter__ __getitem__",
        ),
        *each(Query("", "select", False, DRIVER, primary_key=True), "sqlalchemy.orm.Query", "get"),
        *each(_write, "sqlalchemy.orm.Query", "update delete"),
        *each(_read, _CONNECTION, "execute scalar scalars exec_driver_sql"),
        *each(Query("", "commit", False, DRIVER), _CONNECTION, "commit"),
        *each(Query("", "rollback", False, DRIVER), _CONNECTION, "rollback"),
        *each(Query("", "connect", False, DRIVER), _ENGINE, "connect begin raw_connection"),
        *each(_aread, ASYNC_SESSION, "execute scalars scalar stream stream_scalars"),
        *each(Query("", "select", True, DRIVER, primary_key=True), ASYNC_SESSION, "get get_one"),
        *each(Query("", "refresh", True, DRIVER), ASYNC_SESSION, "refresh"),
        *each(_aread, ASYNC_SESSION, "merge"),
        *each(_aread, ("sqlalchemy.ext.asyncio.AsyncAttrs",), "awaitable_attrs"),
        *each(Query("", "commit", True, DRIVER), ASYNC_SESSION, "commit"),
        *each(Query("", "flush", True, DRIVER), ASYNC_SESSION, "flush"),
        *each(Query("", "rollback", True, DRIVER), ASYNC_SESSION, "rollback"),
        *each(_aread, "sqlmodel.ext.asyncio.session.AsyncSession", "exec"),
        *each(_aread, _ASYNC_CONNECTION, "execute scalar scalars exec_driver_sql stream stream_scalars"),
        *each(Query("", "commit", True, DRIVER), _ASYNC_CONNECTION, "commit"),
        *each(Query("", "rollback", True, DRIVER), _ASYNC_CONNECTION, "rollback"),
        *each(Query("", "connect", True, DRIVER), _ASYNC_ENGINE, "connect begin raw_connection"),
    ),
    clients=(
        Client("sqlalchemy.create_engine", "dispose", "engine", _POOL_COST, family="pool"),
        Client("sqlalchemy.engine_from_config", "dispose", "engine", _POOL_COST, family="pool"),
        Client(
            "sqlalchemy.ext.asyncio.create_async_engine",
            "dispose",
            "engine",
            _POOL_COST,
            family="pool",
            is_async=True,
        ),
        Client(
            "sqlalchemy.ext.asyncio.async_engine_from_config",
            "dispose",
            "engine",
            _POOL_COST,
            family="pool",
            is_async=True,
        ),
    ),
    offloads=(
        Offload("sqlalchemy.ext.asyncio.AsyncSession.run_sync", "thread", 0, "fn"),
        Offload("sqlalchemy.ext.asyncio.AsyncConnection.run_sync", "thread", 0, "fn"),
        Offload("sqlalchemy.util.greenlet_spawn", "thread", 0, "fn"),
    ),
    returns={
        **_statements(),
        "sqlalchemy.create_engine": _ENGINE,
        "sqlalchemy.engine_from_config": _ENGINE,
        f"{_ENGINE}.connect": _CONNECTION,
        f"{_ENGINE}.begin": _CONNECTION,
        f"{_ENGINE}.execution_options": _ENGINE,
        f"{_CONNECTION}.execution_options": _CONNECTION,
        **alike("execute exec_driver_sql", _RESULT, _CONNECTION),
        f"{_CONNECTION}.scalars": _SCALARS,
        "sqlalchemy.orm.Session": "sqlalchemy.orm.Session",
        "sqlmodel.Session": "sqlmodel.Session",
        "sqlalchemy.orm.object_session": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.Session.object_session": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.sessionmaker": "sqlalchemy.orm.sessionmaker",
        "sqlalchemy.orm.sessionmaker.__call__": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.sessionmaker.begin": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.scoped_session": "sqlalchemy.orm.scoped_session",
        "sqlalchemy.orm.scoped_session.__call__": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.Session.query": "sqlalchemy.orm.Query",
        "sqlalchemy.orm.Session.execute": _RESULT,
        "sqlalchemy.orm.Session.scalars": _SCALARS,
        "sqlalchemy.orm.Session.connection": _CONNECTION,
        "sqlalchemy.orm.Session.get_bind": _ENGINE,
        "sqlmodel.Session.exec": _SCALARS,
        **alike(_QUERY, "sqlalchemy.orm.Query", "sqlalchemy.orm.Query"),
        f"{_RESULT}.scalars": _SCALARS,
        f"{_RESULT}.mappings": "sqlalchemy.engine.MappingResult",
        f"{_RESULT}.unique": _RESULT,
        f"{_RESULT}.tuples": _RESULT,
        f"{_SCALARS}.unique": _SCALARS,
        "sqlalchemy.MetaData": "sqlalchemy.MetaData",
        "sqlalchemy.inspect": "sqlalchemy.engine.Inspector",
        "sqlalchemy.ext.asyncio.create_async_engine": _ASYNC_ENGINE,
        "sqlalchemy.ext.asyncio.async_engine_from_config": _ASYNC_ENGINE,
        f"{_ASYNC_ENGINE}.connect": _ASYNC_CONNECTION,
        f"{_ASYNC_ENGINE}.begin": _ASYNC_CONNECTION,
        f"{_ASYNC_ENGINE}.execution_options": _ASYNC_ENGINE,
        **alike("execute exec_driver_sql", _RESULT, _ASYNC_CONNECTION),
        f"{_ASYNC_CONNECTION}.scalars": _SCALARS,
        "sqlalchemy.ext.asyncio.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.async_sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker",
        "sqlalchemy.ext.asyncio.async_sessionmaker.__call__": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.async_sessionmaker.begin": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.async_scoped_session": "sqlalchemy.ext.asyncio.async_scoped_session",
        "sqlalchemy.ext.asyncio.async_scoped_session.__call__": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.AsyncSession.execute": _RESULT,
        "sqlalchemy.ext.asyncio.AsyncSession.scalars": _SCALARS,
        "sqlalchemy.ext.asyncio.AsyncSession.stream": "sqlalchemy.ext.asyncio.AsyncResult",
        "sqlalchemy.ext.asyncio.AsyncSession.stream_scalars": "sqlalchemy.ext.asyncio.AsyncScalarResult",
        "sqlalchemy.ext.asyncio.AsyncSession.connection": _ASYNC_CONNECTION,
        "sqlmodel.ext.asyncio.session.AsyncSession": "sqlmodel.ext.asyncio.session.AsyncSession",
        "sqlmodel.ext.asyncio.session.AsyncSession.exec": _SCALARS,
    },
    attributes={
        "sqlalchemy.orm.Session.bind": _ENGINE,
        f"{_ASYNC_ENGINE}.sync_engine": _ENGINE,
        "sqlalchemy.ext.asyncio.AsyncSession.sync_session": "sqlalchemy.orm.Session",
        "flask_sqlalchemy.SQLAlchemy.session": "sqlalchemy.orm.Session",
    },
    former={"sqlalchemy.orm.Query.from_self": "sqlalchemy==1.4.54"},
    aliases={
        "sqlalchemy.Engine": _ENGINE,
        "sqlalchemy.Connection": _CONNECTION,
        "sqlalchemy.Result": _RESULT,
        "sqlalchemy.ScalarResult": _SCALARS,
        "sqlalchemy.engine.base.Engine": _ENGINE,
        "sqlalchemy.engine.base.Connection": _CONNECTION,
        "sqlalchemy.engine.result.Result": _RESULT,
        "sqlalchemy.engine.result.ScalarResult": _SCALARS,
        "sqlalchemy.engine.create_engine": "sqlalchemy.create_engine",
        "sqlalchemy.engine.create.create_engine": "sqlalchemy.create_engine",
        "sqlalchemy.future.create_engine": "sqlalchemy.create_engine",
        "sqlalchemy.future.Engine": _ENGINE,
        "sqlalchemy.future.select": "sqlalchemy.select",
        "sqlalchemy.sql.select": "sqlalchemy.select",
        "sqlalchemy.sql.insert": "sqlalchemy.insert",
        "sqlalchemy.sql.update": "sqlalchemy.update",
        "sqlalchemy.sql.delete": "sqlalchemy.delete",
        "sqlalchemy.sql.text": "sqlalchemy.text",
        "sqlalchemy.sql.expression.select": "sqlalchemy.select",
        "sqlalchemy.sql.expression.insert": "sqlalchemy.insert",
        "sqlalchemy.sql.expression.update": "sqlalchemy.update",
        "sqlalchemy.sql.expression.delete": "sqlalchemy.delete",
        "sqlalchemy.sql.expression.text": "sqlalchemy.text",
        "sqlalchemy.Select": "sqlalchemy.sql.Select",
        "sqlalchemy.sql.selectable.Select": "sqlalchemy.sql.Select",
        "sqlalchemy.sql.expression.Select": "sqlalchemy.sql.Select",
        "sqlalchemy.schema.MetaData": "sqlalchemy.MetaData",
        "sqlalchemy.sql.schema.MetaData": "sqlalchemy.MetaData",
        "sqlmodel.SQLModel.metadata": "sqlalchemy.MetaData",
        "sqlalchemy.orm.session.Session": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.session.sessionmaker": "sqlalchemy.orm.sessionmaker",
        "sqlalchemy.orm.query.Query": "sqlalchemy.orm.Query",
        "sqlalchemy.orm.scoping.scoped_session": "sqlalchemy.orm.scoped_session",
        "sqlalchemy.ext.asyncio.session.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.session.async_sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker",
        "sqlalchemy.ext.asyncio.engine.AsyncEngine": _ASYNC_ENGINE,
        "sqlalchemy.ext.asyncio.engine.AsyncConnection": _ASYNC_CONNECTION,
        "sqlalchemy.ext.asyncio.engine.create_async_engine": "sqlalchemy.ext.asyncio.create_async_engine",
        "sqlmodel.create_engine": "sqlalchemy.create_engine",
        "sqlmodel.text": "sqlalchemy.text",
        "sqlmodel.delete": "sqlalchemy.delete",
        "sqlmodel.update": "sqlalchemy.update",
        "sqlmodel.insert": "sqlalchemy.insert",
        "sqlmodel.sql.expression.select": "sqlmodel.select",
        "sqlmodel.orm.session.Session": "sqlmodel.Session",
        "fastapi_sqlalchemy.db.session": "sqlalchemy.orm.Session",
        "fastapi_async_sqlalchemy.db.session": "sqlalchemy.ext.asyncio.AsyncSession",
    },
    bases={
        "sqlmodel.Session": "sqlalchemy.orm.Session",
        "sqlalchemy.orm.scoped_session": "sqlalchemy.orm.Session",
        "sqlmodel.ext.asyncio.session.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.async_scoped_session": "sqlalchemy.ext.asyncio.AsyncSession",
    },
)
