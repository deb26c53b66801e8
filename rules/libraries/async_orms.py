"""ORMs and databases whose queries are awaited: ormar, Edgy, Saffier, Piccolo, Prisma, Gel, SurrealDB."""

from rules.libraries.model import Client, Library, Query, alike, each

_ORMAR = "ormar.QuerySet"
_EDGY = ("edgy.QuerySet", "saffier.QuerySet")
_PICCOLO_READS = {
    "select.Select": (
        "where having order_by limit offset first columns output distinct group_by as_of lock_rows callback",
        "select",
    ),
    "objects.Objects": (
        "where order_by limit offset first output prefetch as_of lock_rows callback get get_or_create",
        "objects",
    ),
    "count.Count": ("where distinct", "count"),
    "exists.Exists": ("where", "exists"),
    "raw.Raw": ("", "raw"),
}
_PICCOLO_WRITES = {
    "insert.Insert": ("add returning on_conflict", "insert save"),
    "update.Update": ("values where returning", "update"),
    "delete.Delete": ("where returning", "delete remove"),
}
"""Class of a query -> the methods that give such a query again, and the methods of a table that begin one."""


def _piccolo(kind: str) -> str:
    return f"piccolo.query.methods.{kind}"


_PRISMA = "prisma.actions.Actions"
_GEL = ("gel.AsyncIOClient", "edgedb.AsyncIOClient")
_SURREAL = "surrealdb.AsyncSurreal"
_ORMAR_CHAIN = "filter exclude select_related select_all prefetch_related fields exclude_fields order_by limit offset paginate"
_EDGY_CHAIN = "filter exclude select_related prefetch_related only defer order_by limit offset distinct group_by or_ and_ not_ all reverse"

LIBRARY = Library(
    queries=(
        *each(
            Query("", "select", True, "ormar"),
            _ORMAR,
            "get get_or_none first first_or_none last last_or_none all values values_list exists count sum avg min max",
        ),
        *each(
            Query("", "write", True, "ormar"),
            _ORMAR,
            "create update delete get_or_create update_or_create bulk_create bulk_update",
        ),
        *each(Query("", "write", True, "ormar"), "ormar.Model", "save update delete upsert save_related"),
        *each(Query("", "refresh", True, "ormar"), "ormar.Model", "load load_all"),
        *each(
            Query("", "select", True, "edgy"),
            _EDGY,
            "__await__ get get_or_none first last exists count values values_list contains",
        ),
        *each(
            Query("", "write", True, "edgy"),
            _EDGY,
            "create update delete get_or_create update_or_create bulk_create bulk_update",
        ),
        *each(Query("", "write", True, "edgy"), ("edgy.Model", "saffier.Model"), "save update delete"),
        *each(Query("", "refresh", True, "edgy"), ("edgy.Model", "saffier.Model"), "load"),
        *each(Query("", "select", True, "piccolo"), map(_piccolo, _PICCOLO_READS), "__await__ run"),
        *each(Query("", "write", True, "piccolo"), map(_piccolo, _PICCOLO_WRITES), "__await__ run"),
        *each(
            Query("", "select", True, "prisma"),
            _PRISMA,
            "find_many find_first find_first_or_raise find_unique find_unique_or_raise count group_by query_raw query_first",
        ),
        *each(
            Query("", "write", True, "prisma"),
            _PRISMA,
            "create create_many update update_many upsert delete delete_many",
        ),
        *each(Query("", "select", True, "prisma"), "prisma.Prisma", "query_raw query_first execute_raw"),
        *each(
            Query("", "select", True, "gel"),
            _GEL,
            "query query_single query_required_single query_json query_single_json query_required_single_json execute",
        ),
        *each(
            Query("", "select", True, "surrealdb"),
            _SURREAL,
            "query query_raw select create insert update upsert merge patch delete",
        ),
    ),
    clients=(
        Client(
            "prisma.Prisma",
            "disconnect",
            "pool",
            "a query engine of its own, started as a process",
            family="pool",
            is_async=True,
        ),
        *each(
            Client("", "aclose", "pool", "a whole pool of connections", family="pool", is_async=True),
            ("gel", "edgedb"),
            "create_async_client",
        ),
    ),
    returns={
        **alike(_ORMAR_CHAIN, _ORMAR, _ORMAR),
        **{name: value for owner in _EDGY for name, value in alike(_EDGY_CHAIN, owner, owner).items()},
        **{
            name: _piccolo(kind)
            for kind, (again, begun) in {**_PICCOLO_READS, **_PICCOLO_WRITES}.items()
            for name in (
                *(f"{_piccolo(kind)}.{each}" for each in again.split()),
                *(f"piccolo.table.Table.{each}" for each in begun.split()),
            )
        },
        "gel.create_async_client": "gel.AsyncIOClient",
        "edgedb.create_async_client": "edgedb.AsyncIOClient",
        "prisma.Prisma": "prisma.Prisma",
        _SURREAL: _SURREAL,
    },
    attributes={
        "ormar.Model.objects": _ORMAR,
        "edgy.Model.query": "edgy.QuerySet",
        "saffier.Model.query": "saffier.QuerySet",
    },
    open_attributes={"prisma.Prisma": _PRISMA},
    members=frozenset(
        {"connect", "disconnect", "is_connected", "tx", "batch_", "execute_raw", "query_raw", "query_first"}
    ),
    aliases={
        "ormar.models.Model": "ormar.Model",
        "ormar.models.model.Model": "ormar.Model",
        "ormar.queryset.QuerySet": _ORMAR,
        "edgy.core.db.models.Model": "edgy.Model",
        "prisma.client.Prisma": "prisma.Prisma",
    },
)
