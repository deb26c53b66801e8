"""Other ORMs: Tortoise, peewee, Pony, Piccolo, Django's."""

from rules.libraries.model import Blocking, Kind, Library, Query, alike, each

_peewee = Blocking("", Kind.DB, "SQLAlchemy's `AsyncSession`, or a plain `def` endpoint")
_pynamo = Blocking("", Kind.DB, "`aioboto3`, or a plain `def` endpoint")
_pony = Blocking("", Kind.DB, "SQLAlchemy's `AsyncSession`, or a plain `def` endpoint")
_PEEWEE_QUERIES = ("peewee.ModelSelect", "peewee.Insert", "peewee.ModelUpdate", "peewee.ModelDelete")

_TORTOISE_CHAIN = (
    "filter exclude order_by limit offset distinct annotate prefetch_related select_related only values values_list group_by"
    " all using_db select_for_update"
)
_RAW = "tortoise.backends.base.client.BaseDBAsyncClient"
_ROW = "tortoise.queryset.QuerySetSingle"
"""One row of Tortoise's, or the query for it, which goes on in a chain until it is awaited."""
_RELATION = "tortoise.fields.ReverseRelation"
"""What Tortoise keeps at an attribute of a row that is another table's: it asks whenever it is awaited."""
_TORTOISE_MEMBERS = (
    "all annotate bulk_create bulk_update clone construct create delete describe earliest exclude exists fetch_for_list"
    " fetch_related filter first get get_or_create get_or_none in_bulk last latest pk raw refresh_from_db register_listener"
    " save select_for_update update_from_dict update_or_create prefetch_related select_related only using_db values"
    " values_list sql"
)

# Django refuses its synchronous queries on a running event loop (SynchronousOnlyOperation): they block nothing there.
LIBRARY = Library(
    blocking=(
        *each(
            _peewee,
            "peewee.Model",
            "get get_or_none get_by_id create save delete_instance get_or_create bulk_create bulk_update"
            " create_table drop_table set_by_id delete_by_id table_exists",
        ),
        *each(_peewee, _PEEWEE_QUERIES, "execute __iter__ iterator"),
        *each(_peewee, "peewee.ModelSelect", "get first count scalar exists get_or_none"),
        *each(
            _peewee,
            "peewee.Database",
            "connect execute_sql execute create_tables drop_tables commit rollback",
        ),
        *each(_pony, "pony.orm", "commit flush rollback get exists"),
        *each(_pony, "pony.orm.core.Query", "first get fetch count exists delete __iter__ __getitem__"),
        *each(
            _pynamo,
            "pynamodb.models.Model",
            "save get query scan delete update refresh batch_get count create_table exists",
        ),
    ),
    queries=(
        *each(Query("", "select", False, "peewee"), "peewee.Model", "get get_or_none get_or_create"),
        *each(Query("", "select", False, "peewee", primary_key=True), "peewee.Model", "get_by_id"),
        *each(
            Query("", "write", False, "peewee"),
            "peewee.Model",
            "create save delete_instance set_by_id delete_by_id bulk_create bulk_update",
        ),
        *each(Query("", "select", False, "peewee"), _PEEWEE_QUERIES, "execute __iter__"),
        *each(
            Query("", "select", False, "peewee"),
            "peewee.ModelSelect",
            "get first count scalar exists get_or_none",
        ),
        *each(
            Query("", "select", False, "django"),
            "django.db.models.query.QuerySet",
            "get count first last exists aggregate in_bulk earliest latest get_or_create",
        ),
        *each(
            Query("", "write", False, "django"),
            "django.db.models.query.QuerySet",
            "create update delete bulk_create bulk_update update_or_create",
        ),
        *each(Query("", "write", False, "django"), "django.db.models.Model", "save delete"),
        *each(Query("", "refresh", False, "django"), "django.db.models.Model", "refresh_from_db"),
        *each(
            Query("", "select", True, "django"),
            "django.db.models.query.QuerySet",
            "aget acount afirst alast aexists aaggregate ain_bulk aget_or_create",
        ),
        *each(
            Query("", "write", True, "django"),
            "django.db.models.query.QuerySet",
            "acreate aupdate adelete abulk_create abulk_update",
        ),
        *each(Query("", "write", True, "django"), "django.db.models.Model", "asave adelete"),
        *each(
            Query("", "select", True, "tortoise"),
            "tortoise.models.Model",
            "get get_or_none first exists get_or_create fetch_related refresh_from_db in_bulk",
        ),
        *each(
            Query("", "write", True, "tortoise"),
            "tortoise.models.Model",
            "create save delete bulk_create bulk_update update_or_create",
        ),
        *each(
            Query("", "select", True, "tortoise"),
            "tortoise.queryset.QuerySet",
            "__await__ first get get_or_none count exists update delete values values_list",
        ),
        *each(Query("", "write", True, "tortoise"), _RELATION, "add create"),
        *each(Query("", "select", True, "tortoise"), _RAW, "execute_query execute_query_dict"),
        *each(Query("", "write", True, "tortoise"), _RAW, "execute_insert execute_many execute_script"),
        *each(Query("", "select", True, "tortoise"), _RELATION, "__await__"),
        *each(
            Query("", "select", False, "pynamodb"),
            "pynamodb.models.Model",
            "get query scan batch_get count refresh",
        ),
        *each(Query("", "write", False, "pynamodb"), "pynamodb.models.Model", "save delete update"),
        *each(Query("", "select", False, "pony"), "pony.orm", "get exists"),
        *each(
            Query("", "select", False, "pony"),
            "pony.orm.core.Query",
            "first get fetch count exists __iter__ __getitem__",
        ),
        *each(Query("", "commit", False, "pony"), "pony.orm", "commit"),
        *each(Query("", "flush", False, "pony"), "pony.orm", "flush"),
        *each(Query("", "rollback", False, "pony"), "pony.orm", "rollback"),
    ),
    returns={
        "pony.orm.select": "pony.orm.core.Query",
        **alike(
            "filter where order_by sort_by limit page without_distinct prefetch", *["pony.orm.core.Query"] * 2
        ),
        "peewee.Model.select": "peewee.ModelSelect",
        "peewee.Model.update": "peewee.ModelUpdate",
        "peewee.Model.delete": "peewee.ModelDelete",
        **alike("insert insert_many replace", "peewee.Insert", "peewee.Model"),
        **alike(
            "where join order_by limit offset group_by having distinct switch paginate dicts tuples",
            "peewee.ModelSelect",
            "peewee.ModelSelect",
        ),
        **alike("where returning", "peewee.ModelUpdate", "peewee.ModelUpdate"),
        **alike("where returning", "peewee.ModelDelete", "peewee.ModelDelete"),
        **{
            f"peewee.{name}": "peewee.Database"
            for name in ("SqliteDatabase", "PostgresqlDatabase", "MySQLDatabase")
        },
        "playhouse.pool.PooledPostgresqlDatabase": "peewee.Database",
        "playhouse.db_url.connect": "peewee.Database",
        **alike(
            "filter exclude all order_by annotate values values_list select_related prefetch_related distinct only defer none using reverse",
            "django.db.models.query.QuerySet",
            "django.db.models.query.QuerySet",
        ),
        **alike("filter all exclude annotate", "tortoise.queryset.QuerySet", "tortoise.models.Model"),
        **alike("filter all order_by limit offset", "tortoise.queryset.QuerySet", _RELATION),
        **alike("get get_or_none first create", _ROW, "tortoise.models.Model"),
        **alike("get get_or_none first", _ROW, "tortoise.queryset.QuerySet"),
        **alike("prefetch_related select_related only annotate using_db", _ROW, _ROW),
        **alike("Tortoise.get_connection connections.get transactions.in_transaction", _RAW, "tortoise"),
        **alike(_TORTOISE_CHAIN, "tortoise.queryset.QuerySet", "tortoise.queryset.QuerySet"),
    },
    items={"tortoise.queryset.QuerySet": "tortoise.models.Model", _RELATION: "tortoise.models.Model"},
    open_attributes={"tortoise.models.Model": _RELATION, _ROW: _RELATION},
    members=frozenset(_TORTOISE_MEMBERS.split()),
    bases={_ROW: "tortoise.models.Model"},
    attributes={"django.db.models.Model.objects": "django.db.models.query.QuerySet"},
    aliases={
        **{f"pony.orm.core.{name}": f"pony.orm.{name}" for name in ("commit", "flush", "rollback", "select")},
        "tortoise.Model": "tortoise.models.Model",
        "django.db.models.base.Model": "django.db.models.Model",
        "django.db.models.QuerySet": "django.db.models.query.QuerySet",
        "django.db.models.Manager": "django.db.models.query.QuerySet",
        "django.db.models.manager.Manager": "django.db.models.query.QuerySet",
    },
)
