"""The tables are consistent, and what they say of installed libraries is true."""

import importlib
import inspect
from collections import Counter
from collections.abc import Iterable

import pytest

import rules.libraries as libraries
from rules.libraries import LIBRARIES, OFFLOADS, Kind
from rules.libraries.model import Blocking, final_name

TABLES = ("blocking", "queries", "clients", "external", "timeouts", "offloads")
ASYNC_MARKS = (
    "async",
    "aio",
    "motor",
    "asyncpg",
    "databases.dat",
    "beanie",
    "odmantic",
    "tortoise",
    "asyncmy",
)


def entries(table: str) -> list[str]:
    return [entry.name for library in LIBRARIES for entry in getattr(library, table)]


def all_blocking() -> Iterable[Blocking]:
    return (entry for library in LIBRARIES for entry in library.blocking)


@pytest.mark.parametrize("table", TABLES)
def test_no_name_is_listed_twice(table: str) -> None:
    assert [name for name, count in Counter(entries(table)).items() if count > 1] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_name_is_canonical(table: str) -> None:
    assert [name for name in entries(table) if libraries.canonical(name) != name] == []


def test_types_that_calls_return_are_canonical() -> None:
    types = {
        kind for library in LIBRARIES for kind in (*library.returns.values(), *library.attributes.values())
    }
    assert sorted(kind for kind in types if libraries.canonical(kind) != kind) == []


def test_aliases_lead_to_names_that_are_no_aliases() -> None:
    aliases = {name: target for library in LIBRARIES for name, target in library.aliases.items()}
    assert {name: target for name, target in aliases.items() if libraries.canonical(target) != target} == {}


def test_every_name_has_a_module_and_only_plain_parts() -> None:
    for table in TABLES:
        for name in entries(table):
            assert "." in name, name
            assert all(part.isidentifier() for part in name.removesuffix(".*").split(".")), name


def test_each_blocking_call_says_what_to_use_instead() -> None:
    assert [entry.name for entry in all_blocking() if not entry.instead] == []


def test_no_method_of_an_asynchronous_client_is_said_to_block() -> None:
    owners = {entry.name.rpartition(".")[0].lower() for entry in all_blocking()}
    assert sorted(owner for owner in owners if any(mark in owner for mark in ASYNC_MARKS)) == [
        "celery.result.asyncresult",  # asynchronous for the worker; its `get` waits
        "googleapiclient.http.mediaiobasedownload",  # `MediaIo`, not `aio`
        "langchain_community.document_loaders.asynchtmlloader",  # its `load` waits for a loop of its own
        "multiprocessing.pool.asyncresult",  # what a pool of processes has begun; its `get` waits
    ]


def test_a_call_is_not_both_a_blocking_and_an_asynchronous_query() -> None:
    asynchronous = {entry.name for library in LIBRARIES for entry in library.queries if entry.is_async}
    asynchronous |= {entry.name for library in LIBRARIES for entry in library.external if entry.is_async}
    assert {entry.name for entry in all_blocking()} & asynchronous == set()


def test_synchronous_queries_and_external_calls_block() -> None:
    synchronous = {entry.name for library in LIBRARIES for entry in library.queries if not entry.is_async}
    synchronous |= {entry.name for library in LIBRARIES for entry in library.external if not entry.is_async}
    silent = {name for name in synchronous if libraries.blocking(name.replace(".*", ".call")) is None}
    assert sorted(name for name in silent if not name.startswith("django.")) == []


def test_django_refuses_to_block_the_event_loop() -> None:
    """It raises SynchronousOnlyOperation instead; queries per item count all the same."""
    assert libraries.blocking("django.db.models.query.QuerySet.first") is None
    assert libraries.query("django.db.models.query.QuerySet.first") is not None


@pytest.mark.parametrize("client", ["pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient"])
def test_a_ping_of_mongodb_is_a_round_trip(client: str) -> None:
    query = libraries.query(f"{libraries.attribute(f'{client}.admin')}.command")
    assert query is not None
    assert query.is_async


def test_what_holds_the_interpreter_never_names_a_thread() -> None:
    assert [entry.name for entry in all_blocking() if entry.holds_gil and "thread" in entry.instead] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("time.sleep", Kind.SLEEP),
        ("requests.get", Kind.NET),
        ("requests.api.get", Kind.NET),
        ("requests.sessions.Session.post", Kind.NET),
        ("sqlalchemy.orm.session.Session.execute", Kind.DB),
        ("sqlmodel.Session.exec", Kind.DB),
        ("sqlmodel.Session.commit", Kind.DB),
        ("sqlalchemy.orm.scoped_session.execute", Kind.DB),
        ("redis.StrictRedis.get", Kind.DB),
        ("smtplib.SMTP_SSL.login", Kind.NET),
        ("boto3.client.s3.put_object", Kind.NET),
        ("openai.AzureOpenAI.chat.completions.create", Kind.NET),
        ("open", Kind.DISK),
        ("builtins.input", Kind.WAIT),
        ("bcrypt.hashpw", Kind.CPU),
    ],
)
def test_well_known_calls_block(name: str, kind: Kind) -> None:
    found = libraries.blocking(name)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(
    "name",
    [
        "requests.Session.close",
        "sqlalchemy.orm.Session.add",
        "sqlalchemy.orm.Session.close",
        "sqlalchemy.ext.asyncio.AsyncSession.execute",
        "sqlmodel.ext.asyncio.session.AsyncSession.exec",
        "redis.asyncio.Redis.get",
        "redis.Redis.pipeline",
        "boto3.client.s3.generate_presigned_url",
        "boto3.client.meta.events.register",
        "httpx.AsyncClient.get",
        "httpx.Client",
        "urllib3.PoolManager",
        "shop.requests.get",
        "asyncio.Lock.acquire",
        "queue.Queue.get_nowait",
        "time.sleepy",
        "hashlib.sha256",
    ],
)
def test_calls_that_only_look_like_it_do_not(name: str) -> None:
    assert libraries.blocking(name) is None


def test_the_type_of_a_value_follows_its_making() -> None:
    assert libraries.returns("sqlmodel.create_engine") == "sqlalchemy.engine.Engine"
    assert libraries.returns("sqlalchemy.Engine.connect") == "sqlalchemy.engine.Connection"
    assert libraries.returns("sqlalchemy.orm.sessionmaker.__call__") == "sqlalchemy.orm.Session"
    assert libraries.returns("sqlmodel.Session.query") == "sqlalchemy.orm.Query"
    assert libraries.returns("redis.StrictRedis.from_url") == "redis.Redis"
    assert libraries.returns_for("boto3.client", "s3") == "boto3.client.s3"
    assert libraries.returns("requests.session") == "requests.Session"


def test_a_primary_key_look_up_is_known_as_such() -> None:
    found = libraries.query("sqlmodel.Session.get")
    assert found is not None
    assert found.primary_key
    assert not found.is_async


def test_the_first_question_never_hides_an_entry() -> None:
    for table in TABLES:
        for name in entries(table):
            if not name.endswith(".*"):
                assert libraries.could_matter(final_name(name)), name
    assert libraries.could_matter("list_objects_v2")
    assert not libraries.could_matter("model_copy")


def test_defaults_are_bounded_from_the_version_that_bounds_them() -> None:
    found = libraries.timeout("redis.StrictRedis")
    assert found is not None
    assert (found.distribution, found.fixed_in) == ("redis", (8, 0, 0))
    assert libraries.timeout("httpx.AsyncClient.get") is None
    assert libraries.timeout("aiohttp.ClientSession.get") is None


# Names that exist only as our own way to say something: the result of a factory, a chain of attributes.
INVENTED = ("psycopg2.", "xmlrpc.client.ServerProxy.", "http.client.")
INSTALLED = [
    "aiohttp",
    "anyio",
    "asyncio",
    "builtins",
    "concurrent",
    "copy",
    "csv",
    "fastapi",
    "ftplib",
    "glob",
    "gzip",
    "hashlib",
    "http",
    "imaplib",
    "io",
    "json",
    "jwt",
    "lzma",
    "marshal",
    "multiprocessing",
    "os",
    "pathlib",
    "pickle",
    "poplib",
    "psycopg",
    "queue",
    "re",
    "select",
    "shutil",
    "smtplib",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "subprocess",
    "tarfile",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "xml",
    "xmlrpc",
    "yaml",
    "zipfile",
    "zlib",
]


def exists(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = (
                inspect.getattr_static(found, part)
                if inspect.isclass(found) and part in vars(found)
                else getattr(found, part)
            )
        return True
    return False


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("table", TABLES)
def test_names_of_installed_libraries_exist(table: str) -> None:
    named = [
        name for name in entries(table) if name.partition(".")[0] in INSTALLED and not name.endswith(".*")
    ]
    missing = {name for name in named if not exists(name) and not name.startswith(INVENTED)}
    # factories that hide their class, and what exists on other platforms only
    hidden = (
        "select.",
        "threading.Lock.",
        "threading.RLock.",
        "threading.Condition.acquire",
        "concurrent.futures.Executor.map.",
        "subprocess.Popen.std",
        "multiprocessing.Queue.",
    )
    assert sorted(name for name in missing if not name.startswith(hidden)) == []


def test_offloads_say_which_argument_runs_elsewhere() -> None:
    assert OFFLOADS["asyncio.to_thread"].position == 0
    assert OFFLOADS["asyncio.AbstractEventLoop.run_in_executor"].position == 1
    assert OFFLOADS["threading.Thread"].keyword == "target"
    assert OFFLOADS[libraries.canonical("fastapi.concurrency.run_in_threadpool")].kind == "thread"
    assert OFFLOADS[libraries.canonical("fastapi.BackgroundTasks.add_task")].kind == "background"
