"""MongoDB: pymongo (sync and async), motor, beanie, mongoengine, odmantic."""

from rules.libraries.model import Blocking, Client, Kind, Library, Query, alike, each

_ASYNC = "`pymongo.AsyncMongoClient`"
_db = Blocking("", Kind.DB, _ASYNC)
_READS = "find_one count_documents estimated_document_count distinct aggregate"
_WRITES = (
    "insert_one insert_many update_one update_many replace_one delete_one delete_many bulk_write"
    " find_one_and_update find_one_and_delete find_one_and_replace create_index create_indexes drop drop_index"
)
_SYNC = "pymongo.collection.Collection"
_ACOLLECTION = "pymongo.asynchronous.collection.AsyncCollection"
_MOTOR = "motor.motor_asyncio.AsyncIOMotorCollection"
_LINK = "beanie.Link"
"""What an attribute of a document is, as far as it matters: one that refers to another document has to be fetched."""
_OF_DATABASE = "command list_collection_names create_collection drop_collection"
_POOL = "connections to every server of the cluster, and threads that watch them"


def _chain(client: str, database: str, collection: str, cursor: str) -> dict[str, str]:
    return {
        client: client,
        f"{client}.__getitem__": database,
        f"{client}.get_database": database,
        f"{client}.get_default_database": database,
        f"{database}.__getitem__": collection,
        f"{database}.get_collection": collection,
        f"{collection}.__getitem__": collection,
        f"{collection}.with_options": collection,
        f"{collection}.find": cursor,
        f"{collection}.aggregate": cursor,
        **alike("sort limit skip batch_size hint allow_disk_use", cursor, cursor),
    }


_NAMED = {
    "pymongo.MongoClient": "pymongo.database.Database",
    "pymongo.database.Database": _SYNC,
    "pymongo.AsyncMongoClient": "pymongo.asynchronous.database.AsyncDatabase",
    "pymongo.asynchronous.database.AsyncDatabase": _ACOLLECTION,
    "motor.motor_asyncio.AsyncIOMotorClient": "motor.motor_asyncio.AsyncIOMotorDatabase",
    "motor.motor_asyncio.AsyncIOMotorDatabase": _MOTOR,
}
"""`client["shop"]`, `client.shop`: a database; `database.orders`: a collection."""
_MEMBERS = (
    "address admin aclose aconnect aggregate append_metadata client close codec_options command create_collection"
    " cursor_command delegate dereference drop_collection drop_database event_listeners get_collection get_database"
    " get_default_database get_io_loop io_loop is_mongos is_primary list_collection_names list_collections"
    " list_database_names list_databases name nodes options primary read_concern read_preference secondaries"
    " server_info start_session topology_description validate_collection watch with_options write_concern wrap"
)
_OF_DOCUMENTS = (
    "id revision_id Settings aggregate all apply_changes changed copy count delete delete_all dict distinct fetch_all_links"
    " fetch_link find find_all find_many find_one get get_collection_name get_motor_collection get_pymongo_collection"
    " get_settings has_changed inc inspect_collection insert insert_many insert_one is_changed json link_from_id"
    " model_config model_copy model_dump model_dump_json model_fields model_validate replace replace_many rollback save"
    " save_changes set swap_revision sync to_ref unset update update_all upsert use_state_management validate_self"
)
"""Members of Beanie's documents, beside which an attribute is a field."""


LIBRARY = Library(
    blocking=(
        *each(_db, _SYNC, f"{_READS} {_WRITES}"),
        *each(_db, "pymongo.cursor.Cursor", "next to_list __iter__ __getitem__ explain"),
        *each(
            _db,
            "pymongo.database.Database",
            f"{_OF_DATABASE} aggregate",
        ),
        *each(_db, "pymongo.MongoClient", "list_database_names server_info drop_database"),
        *each(
            Blocking("", Kind.DB, "Beanie, or `pymongo.AsyncMongoClient`"),
            "mongoengine.Document",
            "save delete reload update modify",
        ),
        *each(
            Blocking("", Kind.DB, "Beanie, or `pymongo.AsyncMongoClient`"),
            "mongoengine.QuerySet",
            "first get count update delete insert update_one __iter__ to_json distinct aggregate",
        ),
        *each(
            Blocking("", Kind.DB, "Beanie, or `pymongo.AsyncMongoClient`", construct=True),
            "mongoengine",
            "connect",
        ),
    ),
    queries=(
        *each(Query("", "select", False, "pymongo"), _SYNC, _READS),
        *each(Query("", "write", False, "pymongo"), _SYNC, _WRITES),
        *each(Query("", "select", False, "pymongo"), "pymongo.cursor.Cursor", "next to_list __iter__"),
        *each(Query("", "select", True, "pymongo"), (_ACOLLECTION, _MOTOR), _READS),
        *each(Query("", "command", False, "pymongo"), "pymongo.database.Database", _OF_DATABASE),
        *each(
            Query("", "command", True, "pymongo"),
            (
                "pymongo.asynchronous.database.AsyncDatabase",
                "motor.motor_asyncio.AsyncIOMotorDatabase",
            ),
            _OF_DATABASE,
        ),
        *each(
            Query("", "command", True, "pymongo"),
            ("pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient"),
            "server_info list_database_names",
        ),
        *each(Query("", "write", True, "pymongo"), (_ACOLLECTION, _MOTOR), _WRITES),
        *each(
            Query("", "select", True, "pymongo"),
            ("pymongo.asynchronous.cursor.AsyncCursor", "motor.motor_asyncio.AsyncIOMotorCursor"),
            "to_list next",
        ),
        *each(
            Query("", "select", True, "beanie"),
            "beanie.Document",
            "get",
        ),
        *each(
            Query("", "select", True, "beanie"),
            "beanie.Document",
            "find_one count fetch_link fetch_all_links sync",
        ),
        *each(
            Query("", "select", True, "beanie"), "beanie.View", "find_one count fetch_link fetch_all_links"
        ),
        *each(
            Query("", "write", True, "beanie"),
            "beanie.Document",
            "insert save create replace update delete insert_one insert_many set inc delete_all replace_many save_changes",
        ),
        *each(
            Query("", "select", True, "beanie"),
            "beanie.FindMany",
            "to_list first_or_none count delete update exists",
        ),
        *each(Query("", "select", True, "beanie"), "beanie.AggregationQuery", "to_list"),
        *each(Query("", "select", True, "beanie"), _LINK, "fetch"),
        *each(Query("", "select", True, "odmantic"), "odmantic.AIOEngine", "find find_one count"),
        *each(Query("", "write", True, "odmantic"), "odmantic.AIOEngine", "save save_all delete remove"),
        *each(Query("", "select", False, "mongoengine"), "mongoengine.QuerySet", "first get count __iter__"),
        *each(Query("", "write", False, "mongoengine"), "mongoengine.Document", "save delete reload update"),
    ),
    clients=(
        Client("pymongo.MongoClient", "close", "pool", _POOL, family="pool"),
        Client("pymongo.AsyncMongoClient", "close", "pool", _POOL, family="pool", is_async=True),
        Client(
            "motor.motor_asyncio.AsyncIOMotorClient", "close", "pool", _POOL, family="pool", is_async=True
        ),
        Client("odmantic.AIOEngine", "", "pool", _POOL, family="pool", is_async=True),
    ),
    returns={
        **_chain("pymongo.MongoClient", "pymongo.database.Database", _SYNC, "pymongo.cursor.Cursor"),
        **_chain(
            "pymongo.AsyncMongoClient",
            "pymongo.asynchronous.database.AsyncDatabase",
            _ACOLLECTION,
            "pymongo.asynchronous.cursor.AsyncCursor",
        ),
        **_chain(
            "motor.motor_asyncio.AsyncIOMotorClient",
            "motor.motor_asyncio.AsyncIOMotorDatabase",
            _MOTOR,
            "motor.motor_asyncio.AsyncIOMotorCursor",
        ),
        **alike("find find_many find_all all aggregate", "beanie.FindMany", "beanie.Document"),
        **alike("find find_many find_all all aggregate", "beanie.FindMany", "beanie.View"),
        **alike("find sort limit skip project aggregate", "beanie.FindMany", "beanie.FindMany"),
        "beanie.FindMany.to_list": "beanie.Documents",
        "beanie.FindMany.first_or_none": "beanie.Document",
        "odmantic.AIOEngine": "odmantic.AIOEngine",
        "odmantic.AIOEngine.get_collection": _MOTOR,
        "mongoengine.QuerySet.__call__": "mongoengine.QuerySet",
        **alike(
            "filter order_by limit skip exclude only all", "mongoengine.QuerySet", "mongoengine.QuerySet"
        ),
    },
    items={
        **_NAMED,
        "beanie.Documents": "beanie.Document",
        "beanie.FindMany": "beanie.Document",
        "mongoengine.QuerySet": "mongoengine.Document",
    },
    open_attributes={**_NAMED, "beanie.Document": _LINK},
    members=frozenset((*_MEMBERS.split(), *_OF_DOCUMENTS.split())),
    attributes={
        "mongoengine.Document.objects": "mongoengine.QuerySet",
        **{f"{client}.admin": database for client, database in _NAMED.items() if client.endswith("Client")},
    },
    aliases={
        "pymongo.mongo_client.MongoClient": "pymongo.MongoClient",
        "pymongo.synchronous.mongo_client.MongoClient": "pymongo.MongoClient",
        "pymongo.synchronous.collection.Collection": _SYNC,
        "pymongo.synchronous.database.Database": "pymongo.database.Database",
        "pymongo.asynchronous.mongo_client.AsyncMongoClient": "pymongo.AsyncMongoClient",
        "motor.core.AgnosticClient": "motor.motor_asyncio.AsyncIOMotorClient",
        "motor.core.AgnosticDatabase": "motor.motor_asyncio.AsyncIOMotorDatabase",
        "motor.core.AgnosticCollection": _MOTOR,
        "beanie.odm.documents.Document": "beanie.Document",
        "beanie.odm.views.View": "beanie.View",
        "mongoengine.document.Document": "mongoengine.Document",
    },
)
