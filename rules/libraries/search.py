"""Search engines and vector stores."""

from collections.abc import Iterator
from typing import TypeVar

from rules.libraries.model import (
    ANEW,
    TLS,
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Query,
    Sdk,
    alike,
    below,
    each,
    leaving,
    made,
    waiting,
)

_SEARCH = (
    "search index get mget msearch count bulk update delete delete_by_query update_by_query exists create scroll reindex"
    " get_source exists_source search_template msearch_template termvectors mtermvectors explain field_caps"
)
_PARTS = {
    "indices": (
        "create delete exists refresh get put_mapping get_mapping get_field_mapping get_settings put_settings get_alias"
        " put_alias delete_alias exists_alias update_aliases stats open close flush forcemerge rollover analyze"
        " validate_query resolve_index get_template put_template delete_template exists_template get_index_template"
        " put_index_template delete_index_template exists_index_template segments shrink split clone recovery clear_cache"
        " create_data_stream get_data_stream delete_data_stream"
    ),
    "cat": "indices aliases allocation count health nodes shards segments templates thread_pool snapshots recovery",
    "cluster": (
        "health stats state get_settings put_settings allocation_explain pending_tasks reroute get_component_template"
        " put_component_template delete_component_template exists_component_template"
    ),
    "nodes": "info stats usage hot_threads",
    "ingest": "put_pipeline get_pipeline delete_pipeline simulate",
    "snapshot": "create get delete restore status create_repository get_repository delete_repository",
    "tasks": "list get cancel",
}
"""What hangs at a client of Elasticsearch or OpenSearch; each of it asks the cluster."""
_LIFECYCLE = "get_lifecycle put_lifecycle delete_lifecycle explain_lifecycle"
_CHAIN = (
    "query filter exclude sort source extra params highlight highlight_options suggest index using doc_type post_filter"
    " script_fields collapse response_class"
)
_INDEX = (
    "create delete exists refresh save get get_mapping put_mapping get_settings put_settings get_alias put_alias"
    " delete_alias exists_alias flush open close stats analyze forcemerge"
)

_elastic = Blocking("", Kind.DB, "`AsyncElasticsearch`")
_open = Blocking("", Kind.DB, "`AsyncOpenSearch`")
_VECTOR = (
    (
        "qdrant_client.QdrantClient",
        "`AsyncQdrantClient`",
        "search query_points query upsert retrieve scroll delete count get_collection get_collections create_collection upload_points recommend collection_exists delete_collection create_payload_index set_payload facet",
    ),
    (
        "meilisearch.Client",
        "`meilisearch_python_sdk.AsyncClient`",
        "get_index create_index health get_indexes multi_search",
    ),
    (
        "meilisearch.index.Index",
        "`meilisearch_python_sdk.AsyncClient`",
        "search add_documents update_documents delete_document get_document get_documents",
    ),
    ("pinecone.Index", "`pinecone.PineconeAsyncio`", "query upsert delete fetch update describe_index_stats"),
    ("chromadb.Collection", "`chromadb.AsyncHttpClient`", "query add get upsert update delete count peek"),
    (
        "typesense.Client",
        "`typesense.AsyncClient`",
        "collections.create collections.retrieve multi_search.perform",
    ),
)

_ASKS = "info ping clear_scroll put_script get_script delete_script"
_E = TypeVar("_E", Blocking, Query)


def _parts(entry: _E, client: str) -> Iterator[_E]:
    """`entry` for what hangs at a client: `client.indices.get`."""
    for part, names in _PARTS.items():
        yield from each(entry, f"{client}.{part}", names)


def _dsl(entry: _E, package: str, beginning: str = "") -> Iterator[_E]:
    """`entry` for what asks the cluster of queries, documents and indices that are written as objects."""
    iterated = "__aiter__" if beginning else "__iter__"
    yield from each(entry, f"{package}.{beginning}Search", f"execute count delete scan {iterated}")
    yield from each(entry, f"{package}.{beginning}Document", "get mget save update delete exists init")
    yield from each(entry, f"{package}.{beginning}Index", _INDEX)
    yield from each(
        entry, (f"{package}.{beginning}MultiSearch", f"{package}.{beginning}UpdateByQuery"), "execute"
    )


def _chained(package: str, beginning: str = "") -> dict[str, str]:
    """What the methods of a query give: the query, longer."""
    search, document = f"{package}.{beginning}Search", f"{package}.{beginning}Document"
    many, change = f"{package}.{beginning}MultiSearch", f"{package}.{beginning}UpdateByQuery"
    return {
        **{name: name for name in (search, many, change, f"{package}.{beginning}Index")},
        **alike(f"{_CHAIN} __getitem__", search, search),
        f"{search}.from_dict": search,
        f"{document}.search": search,
        f"{package}.{beginning}Index.search": search,
        f"{many}.add": many,
        **alike("query filter exclude script params using extra", change, change),
    }


_TYPESENSE = "`typesense.AsyncClient`"
_NAMESPACE = "write query multi_query delete_all metadata recall schema hint_cache_warm explain_query"
_MILVUS = (
    "search query insert upsert delete get hybrid_search create_collection drop_collection has_collection load_collection"
    " list_collections flush create_index"
)
_WEAVIATE = (
    below(
        "query",
        "near_text near_vector near_object bm25 hybrid fetch_objects fetch_object_by_id fetch_objects_by_ids",
    )
    + " "
    + below("generate", "near_text near_vector bm25 hybrid fetch_objects")
    + " "
    + below("data", "insert insert_many update replace delete_by_id delete_many exists")
    + " aggregate.over_all"
)
_SDKS = (
    Sdk(("turbopuffer.Namespace",), _NAMESPACE, "`AsyncTurbopuffer`", ("turbopuffer.AsyncNamespace",)),
    Sdk(("turbopuffer.Turbopuffer",), "namespaces", "`AsyncTurbopuffer`", ("turbopuffer.AsyncTurbopuffer",)),
    Sdk(
        ("pinecone.Pinecone",),
        "inference.embed inference.rerank list_indexes describe_index create_index has_index",
        "`pinecone.PineconeAsyncio`",
        ("pinecone.PineconeAsyncio",),
    ),
    Sdk(("pymilvus.MilvusClient",), _MILVUS, "`pymilvus.AsyncMilvusClient`", ("pymilvus.AsyncMilvusClient",)),
    Sdk(
        ("pymilvus.Collection",),
        "search query insert upsert delete flush load hybrid_search",
        "`AsyncMilvusClient`",
    ),
    Sdk(("pymilvus.connections",), "connect", "`AsyncMilvusClient`"),
    Sdk(
        ("weaviate.collections.Collection",),
        _WEAVIATE,
        "`weaviate.use_async_with_local` and its like",
        ("weaviate.collections.CollectionAsync",),
    ),
    Sdk(("typesense.documents.Documents",), "search create upsert import_ export delete update", _TYPESENSE),
    Sdk(("typesense.document.Document",), "retrieve update delete", _TYPESENSE),
    Sdk(("lancedb.table.Table",), "add delete update count_rows", "`lancedb.connect_async`", waits=Kind.DB),
    Sdk(
        ("lancedb.DBConnection",),
        "open_table create_table table_names",
        "`lancedb.connect_async`",
        waits=Kind.DB,
    ),
)

LIBRARY = Library(
    blocking=(
        *each(_elastic, "elasticsearch.Elasticsearch", f"{_SEARCH} {_ASKS}"),
        *each(_elastic, "elasticsearch.Elasticsearch.ilm", _LIFECYCLE),
        *_parts(_elastic, "elasticsearch.Elasticsearch"),
        *_dsl(Blocking("", Kind.DB, "`elasticsearch.dsl.AsyncSearch`"), "elasticsearch.dsl"),
        *each(
            Blocking("", Kind.DB, "`helpers.async_bulk`"),
            "elasticsearch.helpers",
            "bulk scan streaming_bulk parallel_bulk reindex",
        ),
        *each(_open, "opensearchpy.OpenSearch", f"{_SEARCH} {_ASKS}"),
        *_parts(_open, "opensearchpy.OpenSearch"),
        *_dsl(_open, "opensearchpy"),
        *each(
            Blocking("", Kind.DB, "`helpers.async_bulk`"), "opensearchpy.helpers", "bulk scan streaming_bulk"
        ),
        *(
            entry
            for owner, instead, names in _VECTOR
            for entry in each(Blocking("", Kind.DB, instead), owner, names)
        ),
        *waiting(_SDKS),
        *each(
            Blocking("", Kind.NET, "`weaviate.use_async_with_local` and its like", construct=True),
            "weaviate",
            "connect_to_local connect_to_weaviate_cloud connect_to_wcs connect_to_custom",
        ),
    ),
    queries=(
        *each(
            Query("", "select", False, "elasticsearch"),
            ("elasticsearch.Elasticsearch", "opensearchpy.OpenSearch"),
            _SEARCH,
        ),
        *each(
            Query("", "select", True, "elasticsearch"),
            ("elasticsearch.AsyncElasticsearch", "opensearchpy.AsyncOpenSearch"),
            _SEARCH,
        ),
        *_parts(Query("", "command", False, "elasticsearch"), "elasticsearch.Elasticsearch"),
        *_parts(Query("", "command", False, "elasticsearch"), "opensearchpy.OpenSearch"),
        *_parts(Query("", "command", True, "elasticsearch"), "elasticsearch.AsyncElasticsearch"),
        *_parts(Query("", "command", True, "elasticsearch"), "opensearchpy.AsyncOpenSearch"),
        *_dsl(Query("", "select", False, "elasticsearch"), "elasticsearch.dsl"),
        *_dsl(Query("", "select", False, "elasticsearch"), "opensearchpy"),
        *_dsl(Query("", "select", True, "elasticsearch"), "elasticsearch.dsl", "Async"),
        *(
            entry
            for owner, _, names in _VECTOR
            for entry in each(Query("", "select", False, owner.partition(".")[0]), owner, names)
        ),
        *each(
            Query("", "select", True, "qdrant_client"),
            "qdrant_client.AsyncQdrantClient",
            "search query_points query upsert retrieve scroll delete count get_collection get_collections create_collection"
            " collection_exists delete_collection create_payload_index set_payload facet",
        ),
    ),
    external=(
        *each(External("", is_async=False, kind="search"), "elasticsearch.helpers", "bulk scan"),
        *leaving(_SDKS),
    ),
    clients=(
        Client("elasticsearch.Elasticsearch", "close", "sdk", "connections to every node"),
        Client(
            "elasticsearch.AsyncElasticsearch", "close", "sdk", "connections to every node", is_async=True
        ),
        Client("opensearchpy.OpenSearch", "close", "sdk", "connections to every node"),
        Client("opensearchpy.AsyncOpenSearch", "close", "sdk", "connections to every node", is_async=True),
        Client("qdrant_client.QdrantClient", "close", "sdk", "a TLS context and a connection"),
        Client(
            "qdrant_client.AsyncQdrantClient", "close", "sdk", "a TLS context and a connection", is_async=True
        ),
        Client("turbopuffer.Turbopuffer", "close", "sdk", TLS, 21.0),
        Client("turbopuffer.AsyncTurbopuffer", "close", "sdk", ANEW, 0.1, is_async=True),
        Client("pinecone.Pinecone", "close", "sdk", TLS, 19.0),
        Client("pinecone.PineconeAsyncio", "close", "sdk", ANEW, 0.1, is_async=True),
    ),
    returns={
        **{
            name: name
            for name in (
                "elasticsearch.Elasticsearch",
                "elasticsearch.AsyncElasticsearch",
                "opensearchpy.OpenSearch",
                "opensearchpy.AsyncOpenSearch",
                "qdrant_client.QdrantClient",
                "qdrant_client.AsyncQdrantClient",
                "meilisearch.Client",
            )
        },
        **_chained("elasticsearch.dsl"),
        **_chained("elasticsearch.dsl", "Async"),
        **_chained("opensearchpy"),
        "meilisearch.Client.index": "meilisearch.index.Index",
        "pinecone.Pinecone": "pinecone.Pinecone",
        "pinecone.Pinecone.Index": "pinecone.Index",
        **alike("Client HttpClient PersistentClient EphemeralClient", "chromadb.Client", "chromadb"),
        **alike(
            "get_collection create_collection get_or_create_collection",
            "chromadb.Collection",
            "chromadb.Client",
        ),
        **made(_SDKS, "weaviate.collections.Collection", "weaviate.collections.CollectionAsync"),
        "turbopuffer.Turbopuffer.namespace": "turbopuffer.Namespace",
        "turbopuffer.AsyncTurbopuffer.namespace": "turbopuffer.AsyncNamespace",
        **{
            f"weaviate.{name}": "weaviate.WeaviateClient"
            for name in (
                "connect_to_local",
                "connect_to_weaviate_cloud",
                "connect_to_wcs",
                "connect_to_custom",
            )
        },
        **{
            f"weaviate.{name}": "weaviate.WeaviateAsyncClient"
            for name in ("use_async_with_local", "use_async_with_weaviate_cloud", "use_async_with_custom")
        },
        "weaviate.WeaviateClient.collections.get": "weaviate.collections.Collection",
        "weaviate.WeaviateClient.collections.use": "weaviate.collections.Collection",
        "weaviate.WeaviateAsyncClient.collections.get": "weaviate.collections.CollectionAsync",
        "weaviate.WeaviateAsyncClient.collections.use": "weaviate.collections.CollectionAsync",
        "typesense.collections.Collections.__getitem__": "typesense.collection.Collection",
        "typesense.documents.Documents.__getitem__": "typesense.document.Document",
        "typesense.Client": "typesense.Client",
        "lancedb.connect": "lancedb.DBConnection",
        "lancedb.DBConnection.open_table": "lancedb.table.Table",
        "lancedb.DBConnection.create_table": "lancedb.table.Table",
    },
    former={
        f"qdrant_client.{client}.{name}": "qdrant-client==1.15.1"
        for client in ("QdrantClient", "AsyncQdrantClient")
        for name in ("search", "query", "recommend")
    },
    aliases={
        "chromadb.api.models.Collection.Collection": "chromadb.Collection",
        # The same client under the name of a release, for several of them beside each other.
        **{f"elasticsearch{release}": "elasticsearch" for release in (5, 6, 7, 8, 9)},
        **{f"elasticsearch{release}_dsl": "elasticsearch.dsl" for release in (6, 7)},
        "elasticsearch_dsl": "elasticsearch.dsl",
        "opensearch_dsl": "opensearchpy",
        "weaviate.client.WeaviateClient": "weaviate.WeaviateClient",
        "weaviate.client.WeaviateAsyncClient": "weaviate.WeaviateAsyncClient",
        "pymilvus.orm.collection.Collection": "pymilvus.Collection",
    },
    attributes={
        "typesense.Client.collections": "typesense.collections.Collections",
        "typesense.collection.Collection.documents": "typesense.documents.Documents",
    },
)
