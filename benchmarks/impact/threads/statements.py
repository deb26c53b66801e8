"""What drivers do after they connected: statements, commands and messages for servers that are real, or speak as one.

PostgreSQL and Redis run here; MySQL's, MongoDB's, mail's, LDAP's and the others' protocols are spoken by the peer.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from benchmarks.impact import surroundings
from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder
from benchmarks.impact.threads.peers import SILENCE, host, m, peer, tried

SLOW = f"select pg_sleep({SILENCE})"
ORDERS = "select a from orders"
"""The stand-in of MySQL takes its time for it."""

CALLS: dict[str, Callable[[], object]] = {
    # PostgreSQL itself
    "psycopg2.Cursor.execute": lambda: _psycopg2().cursor().execute(SLOW),
    "psycopg.Cursor.execute": lambda: _psycopg().cursor().execute(SLOW),
    "psycopg.Connection.execute": lambda: _psycopg().execute(SLOW),
    "sqlalchemy.orm.Session.scalar": lambda: _session("psycopg2").scalar(m("sqlalchemy").text(SLOW)),
    "sqlalchemy.orm.Session.scalars": lambda: _session("psycopg").scalars(m("sqlalchemy").text(SLOW)),
    "pyodbc.Cursor.execute": lambda: _odbc().cursor().execute(SLOW),
    "peewee.Database.execute_sql": lambda: _peewee().execute_sql(SLOW),
    "pony.orm.core.Query.first": lambda: _pony(),
    # Redis itself
    "redis.Redis.blpop": lambda: _redis("redis").blpop(["nothing"], timeout=SILENCE),
    "valkey.Valkey.blpop": lambda: _redis("valkey").blpop(["nothing"], timeout=SILENCE),
    # MySQL's protocol
    "pymysql.Cursor.execute": lambda: _mysql("pymysql").cursor().execute(ORDERS),
    "MySQLdb.Cursor.execute": lambda: _mysql("MySQLdb").cursor().execute(ORDERS),
    "mysql.connector.Cursor.execute": lambda: _mysql("mysql.connector").cursor(buffered=True).execute(ORDERS),
    "mariadb.Cursor.execute": lambda: _mysql("mariadb").cursor().execute(ORDERS),
    # other protocols
    "pymongo.collection.Collection.count_documents": lambda: _mongo()["shop"]["orders"].count_documents({}),
    "pymongo.collection.Collection.insert_one": lambda: _mongo()["shop"]["orders"].insert_one({"a": 1}),
    "mongoengine.QuerySet.first": lambda: _documents().objects.first(),
    "smtplib.SMTP.sendmail": lambda: (
        m("smtplib").SMTP(**host("smtp")).sendmail("a@shop.example", ["b@shop.example"], "c")
    ),
    "ldap3.Connection.search": lambda: _ldap().search("dc=shop", "(uid=a)"),
    "pymemcache.client.base.Client.get_many": lambda: (
        m("pymemcache.client.base").Client(("127.0.0.1", peer())).get_many(["a"])
    ),
    "pylibmc.Client.get_multi": lambda: m("pylibmc").Client([f"127.0.0.1:{peer()}"]).get_multi(["a"]),
    "memcache.Client.get_multi": lambda: m("memcache").Client([f"127.0.0.1:{peer()}"]).get_multi(["a"]),
    "paho.mqtt.publish.single": lambda: m("paho.mqtt.publish").single(
        "orders", "a", qos=1, hostname="127.0.0.1", port=peer("mqtt")
    ),
    "whois.whois": lambda: _whois(),
}
OTHERS = ("psycopg", "sqlalchemy.", "pyodbc.", "peewee.", "pony.", "redis.", "valkey.")
"""Whose servers are not the peer."""


@functools.cache
def _database() -> dict[str, Any]:
    """PostgreSQL on a port of its own for as long as this process lives."""
    address = _kept.enter_context(surroundings.postgres(folder() / "postgres"))
    return {"conninfo": f"postgresql://{address}"}


@functools.cache
def _redis_port() -> int:
    port = surroundings.free_port()
    server = shutil.which("redis-server")
    if server is None:
        raise FileNotFoundError("there is no redis-server on this machine")
    command = [server, "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    atexit.register(process.kill)
    surroundings.wait_for(port, process)
    return port


_kept = ExitStack()
atexit.register(_kept.close)


@functools.cache
def _psycopg2() -> Any:
    return m("psycopg2").connect(_database()["conninfo"])


@functools.cache
def _psycopg() -> Any:
    return m("psycopg").connect(_database()["conninfo"])


@functools.cache
def _engine(driver: str) -> Any:
    address = _database()["conninfo"].replace("postgresql://", f"postgresql+{driver}://")
    return m("sqlalchemy").create_engine(address)


def _session(driver: str) -> Any:
    return m("sqlalchemy.orm").Session(_engine(driver))


@functools.cache
def _odbc() -> Any:
    found = urlsplit(_database()["conninfo"])
    place = parse_qs(found.query).get("host", [found.hostname or "127.0.0.1"])[0]
    return m("pyodbc").connect(
        f"Driver=PostgreSQL Unicode;Server={place};Port={found.port or 5432};Database=postgres;Uid=postgres;"
    )


@functools.cache
def _peewee() -> Any:
    return m("peewee").PostgresqlDatabase(_database()["conninfo"])


@functools.cache
def _orders() -> Any:
    orm = m("pony.orm")
    database = orm.Database()
    order = type("Order", (database.Entity,), {"name": orm.Optional(str)})
    database.bind(provider="postgres", dsn=_database()["conninfo"])
    database.generate_mapping(create_tables=True)
    with orm.db_session:
        order(name="a")
    return order


def _pony() -> object:
    orm, order = m("pony.orm"), _orders()
    with orm.db_session:
        return order.select().filter(lambda _: orm.raw_sql(f"pg_sleep({SILENCE}) is not null")).first()


@functools.cache
def _redis(library: str) -> Any:
    client = {"redis": "Redis", "valkey": "Valkey"}[library]
    return getattr(m(library), client)(host="127.0.0.1", port=_redis_port())


@functools.cache
def _mysql(library: str) -> Any:
    more = {"use_pure": True, "ssl_disabled": True} if library == "mysql.connector" else {}
    return m(library).connect(**host("mysql"), user="root", **more)


@functools.cache
def _mongo() -> Any:
    return m("pymongo").MongoClient(**host("mongo"), directConnection=True, serverSelectionTimeoutMS=5_000)


@functools.cache
def _documents() -> Any:
    engine = m("mongoengine")
    engine.connect("shop", alias="statements", **host("mongo"), directConnection=True)
    return type(
        "Orders", (engine.Document,), {"name": engine.StringField(), "meta": {"db_alias": "statements"}}
    )


def _ldap() -> Any:
    ldap = m("ldap3")
    connection = ldap.Connection(ldap.Server(**host(), get_info=ldap.NONE), receive_timeout=5)
    connection.bind()
    return connection


def _whois() -> object:
    """Its servers have names; here they are all the peer's."""
    found, connect = socket.getaddrinfo, socket.socket.connect

    def known(_: object, port: object, *__: object, **___: object) -> object:
        return found("127.0.0.1", str(port), type=socket.SOCK_STREAM)

    def here(self: socket.socket, address: tuple[str, int]) -> None:
        connect(self, ("127.0.0.1", peer("whois")) if address[1] == 43 else address)

    with patch("socket.getaddrinfo", known), patch("socket.socket.connect", here):
        return m("whois").whois("shop.com")


def group() -> Mapping[str, Call]:
    return {name: tried(call, asks=not name.startswith(OTHERS)) for name, call in CALLS.items()}


GROUPS = (group,)
