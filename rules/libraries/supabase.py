"""Supabase: its tables, functions, buckets and sign-in."""

from collections.abc import Iterator

from rules.libraries.model import Blocking, Kind, Library, Query, Sdk, each, leaving, waiting

_FILTERS = "eq neq gt gte lt lte like ilike is_ in_ or_ not_ match contains contained_by overlaps filter"
_SHAPES = "text_search order limit offset range single maybe_single csv"
_BUILDERS = (("supabase.Client", "Sync", False), ("supabase.AsyncClient", "Async", True))


def _posted() -> Iterator[tuple[str, str]]:
    """What each step of `client.table("orders").select("*").eq("id", 1)` gives."""
    for client, kind, _ in _BUILDERS:
        table, reads, writes = (
            f"postgrest.{kind}{name}" for name in ("RequestBuilder", "SelectBuilder", "WriteBuilder")
        )
        for name in ("table", "from_"):
            yield f"{client}.{name}", table
        yield f"{client}.rpc", reads
        yield f"{table}.select", reads
        for name in ("insert", "upsert", "update", "delete"):
            yield f"{table}.{name}", writes
        for builder in (reads, writes):
            yield from ((f"{builder}.{name}", builder) for name in _FILTERS.split())
        yield from ((f"{reads}.{name}", reads) for name in _SHAPES.split())
        yield f"{client}.storage.from_", f"storage3.{kind}Bucket"
        yield client, client


_SDKS = (
    Sdk(
        ("storage3.SyncBucket",),
        "upload download remove list create_signed_url move copy update",
        "`supabase.acreate_client`",
        ("storage3.AsyncBucket",),
    ),
)

LIBRARY = Library(
    former={"supabase._sync.client.SyncClient": "supabase==2.15.3"},
    blocking=(
        *waiting(_SDKS),
        *each(
            Blocking("", Kind.DB, "`supabase.acreate_client`"),
            ("postgrest.SyncSelectBuilder", "postgrest.SyncWriteBuilder"),
            "execute",
        ),
        *each(
            Blocking("", Kind.NET, "`supabase.acreate_client`"),
            "supabase.Client.auth",
            "get_user sign_in_with_password sign_up sign_out refresh_session",
        ),
    ),
    queries=tuple(
        Query(f"postgrest.{kind}{builder}.execute", means, is_async, "supabase")
        for _, kind, is_async in _BUILDERS
        for builder, means in (("SelectBuilder", "select"), ("WriteBuilder", "write"))
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **dict(_posted()),
        "supabase.create_client": "supabase.Client",
        "supabase.acreate_client": "supabase.AsyncClient",
        "supabase.Client.schema": "supabase.Client",
    },
    aliases={
        "supabase.create_async_client": "supabase.acreate_client",
        "supabase.client.Client": "supabase.Client",
        "supabase._sync.client.SyncClient": "supabase.Client",
        "supabase._async.client.AsyncClient": "supabase.AsyncClient",
    },
)
