"""Database drivers without an ORM: DB-API modules and their asynchronous counterparts."""

from rules.libraries.model import Blocking, Client, Kind, Library, Query, alike, each

SERVER_DRIVERS = frozenset(
    {
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "psycopg-binary",
        "asyncpg",
        "pg8000",
        "pymysql",
        "mysqlclient",
    }
    | {
        "aiomysql",
        "asyncmy",
        "mysql-connector-python",
        "oracledb",
        "cx-oracle",
        "pyodbc",
        "aioodbc",
        "pymssql",
    }
)
"""Packages that connect to a database server."""
# PEP 249, less what a module has not
_CALLS = "execute executemany callproc"
_FETCHES = "fetchone fetchmany fetchall"
_CALLS_OF = {
    "sqlite3": "execute executemany executescript",
    "psycopg": "execute executemany",
    "duckdb": "execute executemany",
    "pyodbc": "execute executemany",
    "databricks.sql": "execute executemany",
    "clickhouse_driver": "execute executemany",
    "trino.dbapi": "execute executemany",
    "vertica_python": "execute executemany",
}
_EXECUTING_CONNECTIONS = {
    "sqlite3": "execute executemany executescript",
    "psycopg": "execute",
    "duckdb": "execute executemany sql query",
}
_CONNECTION = "commit rollback"

# module -> (asynchronous sibling, name of the connect callable)
_DBAPI = {
    "psycopg2": "`psycopg.AsyncConnection` with `psycopg_pool.AsyncConnectionPool`",
    "pymysql": "`asyncmy` or `aiomysql`",
    "MySQLdb": "`asyncmy` or `aiomysql`",
    "mysql.connector": "`mysql.connector.aio`",
    "mariadb": "`asyncmy` or `aiomysql`",
    "sqlite3": "`aiosqlite`",
    "oracledb": "`oracledb.connect_async`",
    "cx_Oracle": "`oracledb.connect_async`",
    "pyodbc": "`aioodbc`",
    "pymssql": "`aioodbc`",
    "duckdb": "a worker thread",
    "snowflake.connector": "a worker thread, or its asynchronous queries",
    "clickhouse_driver": "`asynch`",
    "redshift_connector": "a worker thread",
    "databricks.sql": "a worker thread",
    "psycopg": "`psycopg.AsyncConnection` with `psycopg_pool.AsyncConnectionPool`",
    "trino.dbapi": "`aiotrino`",
    "ibm_db_dbi": "a worker thread",
    "vertica_python": "a worker thread",
}
_NEO4J_TRANSACTIONS = ("neo4j.Transaction", "neo4j.ManagedTransaction")
_ANEO4J_TRANSACTIONS = ("neo4j.AsyncTransaction", "neo4j.AsyncManagedTransaction")
_NEO4J_GRAPHS = ("langchain_neo4j.Neo4jGraph", "langchain_community.graphs.Neo4jGraph")
_FALKOR, _AFALKOR = "falkordb.FalkorDB", "falkordb.asyncio.FalkorDB"
_FALKOR_GRAPH, _AFALKOR_GRAPH = "falkordb.graph.Graph", "falkordb.asyncio.graph.AsyncGraph"
_ARANGO = "arango.collection.StandardCollection"
_ARANGO_READS, _ARANGO_WRITES = (
    "get has find all count get_many",
    "insert insert_many update update_many replace delete delete_many update_match delete_match",
)
_FILES_OF_MONGO = "gridfs.GridFS"
_POOL_COST = "TCP, TLS and log-in each time"


def _connection(module: str) -> str:
    return f"{module}.Connection"


def _cursor(module: str) -> str:
    return f"{module}.Cursor"


def _blocking() -> tuple[Blocking, ...]:
    found: list[Blocking] = []
    for module, instead in _DBAPI.items():
        entry = Blocking("", Kind.DB, instead)
        found += each(Blocking("", Kind.DB, instead, construct=True), module, "connect")
        found += each(entry, _cursor(module), f"{_CALLS_OF.get(module, _CALLS)} {_FETCHES}")
        found += each(entry, _connection(module), _CONNECTION)
        if module in _EXECUTING_CONNECTIONS:
            found += each(entry, _connection(module), _EXECUTING_CONNECTIONS[module])
    return tuple(found)


def _queries() -> tuple[Query, ...]:
    found: list[Query] = []
    for module in _DBAPI:
        found += each(Query("", "connect", False, module), module, "connect")
        found += each(Query("", "select", False, module), _cursor(module), _CALLS_OF.get(module, _CALLS))
        found += each(Query("", "commit", False, module), _connection(module), "commit")
        found += each(Query("", "rollback", False, module), _connection(module), "rollback")
        if module in _EXECUTING_CONNECTIONS:
            found += each(
                Query("", "select", False, module), _connection(module), _EXECUTING_CONNECTIONS[module]
            )
    return tuple(found)


def _returns() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in _DBAPI:
        found[f"{module}.connect"] = _connection(module)
        found[f"{_connection(module)}.cursor"] = _cursor(module)
        if module in _EXECUTING_CONNECTIONS:
            giving = " ".join({"execute", "executemany"} & {*_EXECUTING_CONNECTIONS[module].split()})
            found.update(alike(giving, _cursor(module), _connection(module)))
            found[f"{_cursor(module)}.execute"] = _cursor(module)
    return found


_ASYNC_CURSORS = (
    "aiomysql.Cursor",
    "asyncmy.cursors.Cursor",
    "aioodbc.Cursor",
    "aiosqlite.Cursor",
    "psycopg.AsyncCursor",
)
_ASYNC_CONNECTIONS = (
    "aiomysql.Connection",
    "asyncmy.Connection",
    "aioodbc.Connection",
    "aiosqlite.Connection",
    "psycopg.AsyncConnection",
)
_ASYNCPG = ("asyncpg.Connection", "asyncpg.Pool")
_CLICKHOUSE = "clickhouse_connect.driver.Client"
_ACLICKHOUSE = "clickhouse_connect.driver.AsyncClient"
_PG_POOL = "psycopg_pool.ConnectionPool"
_APG_POOL = "psycopg_pool.AsyncConnectionPool"

LIBRARY = Library(
    former={f"neo4j.Session.{name}_transaction": "neo4j==5.28.8" for name in ("read", "write")},
    blocking=(
        *_blocking(),
        Blocking("psycopg.Connection.connect", Kind.DB, _DBAPI["psycopg"], construct=True),
        *each(
            Blocking("", Kind.DB, "`clickhouse_connect.get_async_client`", construct=True),
            "clickhouse_connect",
            "get_client create_client",
        ),
        *each(
            Blocking("", Kind.DB, "`clickhouse_connect.get_async_client`"),
            _CLICKHOUSE,
            "query query_df query_np query_arrow command insert insert_df raw_query raw_insert ping query_row_block_stream",
        ),
        *each(
            Blocking("", Kind.DB, "`asynch`"),
            "clickhouse_driver.Client",
            "execute execute_iter insert_dataframe query_dataframe",
        ),
        *each(
            Blocking("", Kind.DB, "`psycopg_pool.AsyncConnectionPool`"), _PG_POOL, "connection getconn wait"
        ),
        *each(
            Blocking("", Kind.DB, "`psycopg_pool.AsyncConnectionPool`"),
            ("psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool"),
            "getconn",
        ),
        *each(Blocking("", Kind.DB, "a worker thread"), "cassandra.cluster.Session", "execute"),
        *each(
            Blocking("", Kind.DB, "a worker thread", construct=True), "cassandra.cluster.Cluster", "connect"
        ),
        *each(
            Blocking("", Kind.DB, "the `neo4j` asynchronous driver"),
            "neo4j.Session",
            "run execute_read execute_write read_transaction write_transaction",
        ),
        *each(Blocking("", Kind.DB, "the `neo4j` asynchronous driver"), _NEO4J_TRANSACTIONS, "run"),
        *each(Blocking("", Kind.DB, "the `neo4j` asynchronous driver"), "neo4j.Transaction", "commit"),
        *each(
            Blocking("", Kind.DB, "the `neo4j` asynchronous driver"),
            "neo4j.Driver",
            "execute_query verify_connectivity",
        ),
        *each(
            Blocking("", Kind.DB, "the `neo4j` asynchronous driver"),
            _NEO4J_GRAPHS,
            "query refresh_schema add_graph_documents",
        ),
        *(Blocking(name, Kind.DB, "one graph made at start-up", construct=True) for name in _NEO4J_GRAPHS),
        *each(Blocking("", Kind.DB, "`falkordb.asyncio`"), _FALKOR_GRAPH, "query ro_query delete copy"),
        *each(Blocking("", Kind.DB, "`falkordb.asyncio`"), _FALKOR, "list_graphs"),
        *each(Blocking("", Kind.DB, "a `def` endpoint"), "arango.aql.AQL", "execute"),
        *each(Blocking("", Kind.DB, "a `def` endpoint"), _ARANGO, f"{_ARANGO_READS} {_ARANGO_WRITES}"),
        Blocking("pg8000.native.Connection", Kind.DB, "`asyncpg`", construct=True),
        *each(Blocking("", Kind.DB, "`asyncpg`"), "pg8000.native.Connection", "run"),
        *each(
            Blocking("", Kind.DB, "`gridfs.AsyncGridFS`"),
            _FILES_OF_MONGO,
            "put get delete exists find_one list",
        ),
        *each(
            Blocking("", Kind.DISK, "a `def` endpoint"),
            "diskcache.Cache",
            "get set add delete pop incr clear touch evict expire cull",
        ),
        *each(Blocking("", Kind.DB, "`records` has none: a `def` endpoint"), "records.Database", "query"),
        *each(Blocking("", Kind.DB, "`duckdb` in a worker thread"), "duckdb", "sql query execute"),
        *each(
            Blocking("", Kind.DB, "`InfluxDBClientAsync`"),
            "influxdb_client.QueryApi",
            "query query_data_frame query_stream",
        ),
        *each(Blocking("", Kind.DB, "`InfluxDBClientAsync`"), "influxdb_client.WriteApi", "write"),
    ),
    queries=(
        *_queries(),
        *each(
            Query("", "select", False, "clickhouse_connect"),
            _CLICKHOUSE,
            "query query_df query_np query_arrow command insert insert_df raw_query raw_insert",
        ),
        *each(
            Query("", "select", True, "clickhouse_connect"),
            _ACLICKHOUSE,
            "query query_df query_np query_arrow command insert insert_df raw_query raw_insert",
        ),
        *each(
            Query("", "select", False, "clickhouse_driver"),
            "clickhouse_driver.Client",
            "execute execute_iter",
        ),
        *each(Query("", "select", True, "asyncpg"), _ASYNCPG, "fetch fetchrow fetchval"),
        *each(
            Query("", "write", True, "asyncpg"),
            _ASYNCPG,
            "execute executemany copy_records_to_table copy_to_table",
        ),
        *each(Query("", "connect", True, "asyncpg"), "asyncpg", "connect"),
        *each(Query("", "connect", True, "asyncpg"), "asyncpg.Pool", "acquire"),
        *each(
            Query("", "select", True, "asyncpg"),
            "asyncpg.prepared_stmt.PreparedStatement",
            "fetch fetchrow fetchval executemany",
        ),
        *each(Query("", "select", True, "dbapi"), _ASYNC_CURSORS, "execute executemany"),
        *each(Query("", "commit", True, "dbapi"), _ASYNC_CONNECTIONS, "commit"),
        *each(Query("", "rollback", True, "dbapi"), _ASYNC_CONNECTIONS, "rollback"),
        *each(
            Query("", "select", True, "dbapi"),
            ("aiosqlite.Connection", "psycopg.AsyncConnection", "aioodbc.Connection"),
            "execute",
        ),
        *each(
            Query("", "select", True, "aiosqlite"),
            "aiosqlite.Connection",
            "executemany execute_fetchall execute_insert executescript",
        ),
        *each(
            Query("", "connect", True, "dbapi"), ("aiomysql", "asyncmy", "aioodbc", "aiosqlite"), "connect"
        ),
        *each(Query("", "connect", True, "psycopg"), "psycopg.AsyncConnection", "connect"),
        *each(Query("", "connect", False, "psycopg"), "psycopg.Connection", "connect"),
        *each(
            Query("", "select", True, "databases"),
            ("databases.Database", "databases.core.Connection"),
            "fetch_all fetch_one fetch_val iterate",
        ),
        *each(
            Query("", "write", True, "databases"),
            ("databases.Database", "databases.core.Connection"),
            "execute execute_many",
        ),
        *each(Query("", "select", False, "cassandra"), "cassandra.cluster.Session", "execute"),
        *each(
            Query("", "select", False, "neo4j"),
            "neo4j.Session",
            "run execute_read execute_write read_transaction write_transaction",
        ),
        *each(Query("", "select", False, "neo4j"), _NEO4J_TRANSACTIONS, "run"),
        *each(Query("", "commit", False, "neo4j"), "neo4j.Transaction", "commit"),
        *each(Query("", "select", False, "neo4j"), "neo4j.Driver", "execute_query"),
        *each(Query("", "select", True, "neo4j"), "neo4j.AsyncSession", "run execute_read execute_write"),
        *each(Query("", "select", True, "neo4j"), _ANEO4J_TRANSACTIONS, "run"),
        *each(Query("", "commit", True, "neo4j"), "neo4j.AsyncTransaction", "commit"),
        *each(Query("", "select", True, "neo4j"), "neo4j.AsyncDriver", "execute_query"),
        *each(Query("", "select", False, "neo4j"), _NEO4J_GRAPHS, "query refresh_schema"),
        *each(Query("", "write", False, "neo4j"), _NEO4J_GRAPHS, "add_graph_documents"),
        *(Query(name, "connect", False, "neo4j") for name in _NEO4J_GRAPHS),
        *each(Query("", "select", False, "falkordb"), _FALKOR_GRAPH, "query ro_query"),
        *each(Query("", "select", True, "falkordb"), _AFALKOR_GRAPH, "query ro_query"),
        *each(Query("", "write", False, "falkordb"), _FALKOR_GRAPH, "delete copy"),
        *each(Query("", "write", True, "falkordb"), _AFALKOR_GRAPH, "delete copy"),
        *each(Query("", "select", False, "arango"), "arango.aql.AQL", "execute"),
        *each(Query("", "select", False, "arango"), _ARANGO, _ARANGO_READS),
        *each(Query("", "write", False, "arango"), _ARANGO, _ARANGO_WRITES),
        *each(Query("", "select", False, "pg8000"), "pg8000.native.Connection", "run"),
        *each(Query("", "select", False, "pymongo"), _FILES_OF_MONGO, "get exists find_one list"),
        *each(Query("", "write", False, "pymongo"), _FILES_OF_MONGO, "put delete"),
    ),
    clients=(
        *each(
            Client("", "close", "connection", _POOL_COST, family="pool"),
            (
                "psycopg2",
                "pymysql",
                "MySQLdb",
                "mysql.connector",
                "mariadb",
                "oracledb",
                "cx_Oracle",
                "pyodbc",
                "pymssql",
                "psycopg",
                "psycopg.Connection",
            ),
            "connect",
        ),
        *each(
            Client("", "close", "connection", _POOL_COST, family="pool", is_async=True),
            ("asyncpg", "aiomysql", "asyncmy", "aioodbc", "psycopg.AsyncConnection"),
            "connect",
        ),
        *each(
            Client("", "close", "pool", "a whole pool of connections", family="pool", is_async=True),
            ("asyncpg", "aiomysql", "asyncmy", "aioodbc"),
            "create_pool",
        ),
        Client(_PG_POOL, "close", "pool", "a whole pool of connections", family="pool"),
        Client(_APG_POOL, "close", "pool", "a whole pool of connections", family="pool", is_async=True),
        Client(
            "psycopg2.pool.SimpleConnectionPool",
            "closeall",
            "pool",
            "a whole pool of connections",
            family="pool",
        ),
        Client(
            "psycopg2.pool.ThreadedConnectionPool",
            "closeall",
            "pool",
            "a whole pool of connections",
            family="pool",
        ),
        Client("cassandra.cluster.Cluster", "shutdown", "pool", "connections to every node", family="pool"),
        Client("neo4j.GraphDatabase.driver", "close", "pool", "a pool of connections", family="pool"),
        *(
            Client(name, close, "pool", "a pool of connections, and reading the schema", family="pool")
            for name, close in zip(_NEO4J_GRAPHS, ("close", ""), strict=True)
        ),
        Client(_FALKOR, "close", "pool", "a pool of connections", family="pool"),
        Client(_AFALKOR, "aclose", "pool", "a pool of connections", family="pool", is_async=True),
        Client("arango.ArangoClient", "close", "pool", "every connection anew", family="pool"),
        Client(
            "neo4j.AsyncGraphDatabase.driver",
            "close",
            "pool",
            "a pool of connections",
            family="pool",
            is_async=True,
        ),
        Client("clickhouse_connect.get_client", "close", "connection", _POOL_COST, family="pool"),
        Client(
            "clickhouse_connect.get_async_client",
            "close",
            "connection",
            _POOL_COST,
            family="pool",
            is_async=True,
        ),
        Client(
            "databases.Database",
            "disconnect",
            "pool",
            "a whole pool of connections",
            family="pool",
            is_async=True,
        ),
    ),
    returns={
        **_returns(),
        "psycopg.Connection.connect": "psycopg.Connection",
        "asyncpg.connect": "asyncpg.Connection",
        "asyncpg.create_pool": "asyncpg.Pool",
        "asyncpg.Pool.acquire": "asyncpg.Connection",
        "asyncpg.Connection.prepare": "asyncpg.prepared_stmt.PreparedStatement",
        "psycopg.AsyncConnection.connect": "psycopg.AsyncConnection",
        "psycopg.AsyncConnection.cursor": "psycopg.AsyncCursor",
        "psycopg.AsyncConnection.execute": "psycopg.AsyncCursor",
        _PG_POOL: _PG_POOL,
        f"{_PG_POOL}.connection": "psycopg.Connection",
        f"{_PG_POOL}.getconn": "psycopg.Connection",
        _APG_POOL: _APG_POOL,
        f"{_APG_POOL}.connection": "psycopg.AsyncConnection",
        f"{_APG_POOL}.getconn": "psycopg.AsyncConnection",
        **{
            f"psycopg2.pool.{name}": f"psycopg2.pool.{name}"
            for name in ("SimpleConnectionPool", "ThreadedConnectionPool")
        },
        **{
            f"psycopg2.pool.{name}.getconn": "psycopg2.Connection"
            for name in ("SimpleConnectionPool", "ThreadedConnectionPool")
        },
        "aiomysql.connect": "aiomysql.Connection",
        "aiomysql.create_pool": "aiomysql.Pool",
        "aiomysql.Pool.acquire": "aiomysql.Connection",
        "aiomysql.Connection.cursor": "aiomysql.Cursor",
        "asyncmy.connect": "asyncmy.Connection",
        "asyncmy.create_pool": "asyncmy.Pool",
        "asyncmy.Pool.acquire": "asyncmy.Connection",
        "asyncmy.Connection.cursor": "asyncmy.cursors.Cursor",
        "aioodbc.connect": "aioodbc.Connection",
        "aioodbc.create_pool": "aioodbc.Pool",
        "aioodbc.Pool.acquire": "aioodbc.Connection",
        "aioodbc.Connection.cursor": "aioodbc.Cursor",
        "aiosqlite.connect": "aiosqlite.Connection",
        "aiosqlite.Connection.cursor": "aiosqlite.Cursor",
        "aiosqlite.Connection.execute": "aiosqlite.Cursor",
        "databases.Database": "databases.Database",
        "databases.Database.connection": "databases.core.Connection",
        "clickhouse_connect.get_client": _CLICKHOUSE,
        "clickhouse_connect.get_async_client": _ACLICKHOUSE,
        "clickhouse_driver.Client": "clickhouse_driver.Client",
        "cassandra.cluster.Cluster": "cassandra.cluster.Cluster",
        "cassandra.cluster.Cluster.connect": "cassandra.cluster.Session",
        "neo4j.GraphDatabase.driver": "neo4j.Driver",
        "neo4j.Driver.session": "neo4j.Session",
        "neo4j.AsyncGraphDatabase.driver": "neo4j.AsyncDriver",
        "neo4j.AsyncDriver.session": "neo4j.AsyncSession",
        "neo4j.Session.begin_transaction": "neo4j.Transaction",
        "neo4j.AsyncSession.begin_transaction": "neo4j.AsyncTransaction",
        "records.Database": "records.Database",
        **{
            name: name
            for name in (
                *_NEO4J_GRAPHS,
                *(_FALKOR, _AFALKOR, "arango.ArangoClient", "pg8000.native.Connection", _FILES_OF_MONGO),
                "diskcache.Cache",
            )
        },
        **alike("from_url", _FALKOR, _FALKOR),
        **alike("select_graph", _FALKOR_GRAPH, _FALKOR),
        **alike("from_url", _AFALKOR, _AFALKOR),
        **alike("select_graph", _AFALKOR_GRAPH, _AFALKOR),
        "arango.ArangoClient.db": "arango.database.StandardDatabase",
        **alike("collection create_collection", _ARANGO, "arango.database.StandardDatabase"),
        "influxdb_client.InfluxDBClient": "influxdb_client.InfluxDBClient",
        "influxdb_client.InfluxDBClient.query_api": "influxdb_client.QueryApi",
        "influxdb_client.InfluxDBClient.write_api": "influxdb_client.WriteApi",
    },
    attributes={"arango.database.StandardDatabase.aql": "arango.aql.AQL"},
    aliases={
        "langchain_neo4j.graphs.neo4j_graph.Neo4jGraph": _NEO4J_GRAPHS[0],
        "langchain_community.graphs.neo4j_graph.Neo4jGraph": _NEO4J_GRAPHS[1],
        "falkordb.Graph": _FALKOR_GRAPH,
        "falkordb.falkordb.FalkorDB": _FALKOR,
        "falkordb.asyncio.falkordb.FalkorDB": _AFALKOR,
        "arango.client.ArangoClient": "arango.ArangoClient",
        "diskcache.core.Cache": "diskcache.Cache",
        "psycopg2.extensions.connection": "psycopg2.Connection",
        "psycopg2.extensions.cursor": "psycopg2.Cursor",
        "psycopg2.extras.RealDictCursor": "psycopg2.Cursor",
        "psycopg2.extras.DictCursor": "psycopg2.Cursor",
        "pymysql.connections.Connection": "pymysql.Connection",
        "pymysql.cursors.Cursor": "pymysql.Cursor",
        "pymysql.cursors.DictCursor": "pymysql.Cursor",
        "pymysql.Connect": "pymysql.connect",
        "MySQLdb.connections.Connection": "MySQLdb.Connection",
        "mysql.connector.connection.MySQLConnection": "mysql.connector.Connection",
        "mysql.connector.MySQLConnection": "mysql.connector.Connection",
        "snowflake.connector.SnowflakeConnection": "snowflake.connector.Connection",
        "snowflake.connector.cursor.SnowflakeCursor": "snowflake.connector.Cursor",
        "duckdb.DuckDBPyConnection": "duckdb.Connection",
        "clickhouse_connect.driver.client.Client": _CLICKHOUSE,
        "clickhouse_connect.driver.asyncclient.AsyncClient": _ACLICKHOUSE,
        "clickhouse_driver.dbapi.connect": "clickhouse_driver.connect",
        "clickhouse_driver.client.Client": "clickhouse_driver.Client",
        "asyncpg.connection.Connection": "asyncpg.Connection",
        "asyncpg.pool.Pool": "asyncpg.Pool",
        "asyncpg.pool.PoolConnectionProxy": "asyncpg.Connection",
        "asyncpg.pool.PoolAcquireContext": "asyncpg.Connection",  # what it is once it is entered or awaited
        "asyncpg.connection.connect": "asyncpg.connect",
        "asyncpg.pool.create_pool": "asyncpg.create_pool",
        "psycopg.connection.Connection": "psycopg.Connection",
        "psycopg.connection_async.AsyncConnection": "psycopg.AsyncConnection",
        "psycopg_pool.pool.ConnectionPool": _PG_POOL,
        "psycopg_pool.pool_async.AsyncConnectionPool": _APG_POOL,
        "aiosqlite.core.Connection": "aiosqlite.Connection",
        "aiomysql.DictCursor": "aiomysql.Cursor",
        "sqlite3.dbapi2": "sqlite3",
        "influxdb_client.client.influxdb_client.InfluxDBClient": "influxdb_client.InfluxDBClient",
    },
)
