"""Search engines and vector stores."""

from rules.libraries.model import Blocking, Client, External, Kind, Library, Query, alike, each

_SEARCH = "search index get mget msearch count bulk update delete delete_by_query update_by_query exists create scroll reindex"

_elastic = Blocking("", Kind.DB, "`AsyncElasticsearch`")
_open = Blocking("", Kind.DB, "`AsyncOpenSearch`")
_VECTOR = (
    (
        "qdrant_client.QdrantClient",
        "`AsyncQdrantClient`",
        "search query_points query upsert retrieve scroll delete count get_collection get_collections create_collection upload_points recommend collection_exists",
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

LIBRARY = Library(
    blocking=(
        *each(_elastic, "elasticsearch.Elasticsearch", _SEARCH),
        *each(
            _elastic, "elasticsearch.Elasticsearch.indices", "create delete exists refresh get put_mapping"
        ),
        *each(
            Blocking("", Kind.DB, "`helpers.async_bulk`"),
            "elasticsearch.helpers",
            "bulk scan streaming_bulk parallel_bulk reindex",
        ),
        *each(_open, "opensearchpy.OpenSearch", _SEARCH),
        *each(_open, "opensearchpy.OpenSearch.indices", "create delete exists refresh get put_mapping"),
        *each(
            Blocking("", Kind.DB, "`helpers.async_bulk`"), "opensearchpy.helpers", "bulk scan streaming_bulk"
        ),
        *(
            entry
            for owner, instead, names in _VECTOR
            for entry in each(Blocking("", Kind.DB, instead), owner, names)
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
        *(
            entry
            for owner, _, names in _VECTOR
            for entry in each(Query("", "select", False, owner.partition(".")[0]), owner, names)
        ),
        *each(
            Query("", "select", True, "qdrant_client"),
            "qdrant_client.AsyncQdrantClient",
            "search query_points query upsert retrieve scroll delete count",
        ),
    ),
    external=(*each(External("", is_async=False, kind="search"), "elasticsearch.helpers", "bulk scan"),),
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
        "meilisearch.Client.index": "meilisearch.index.Index",
        "pinecone.Pinecone": "pinecone.Pinecone",
        "pinecone.Pinecone.Index": "pinecone.Index",
        **alike("Client HttpClient PersistentClient EphemeralClient", "chromadb.Client", "chromadb"),
        **alike(
            "get_collection create_collection get_or_create_collection",
            "chromadb.Collection",
            "chromadb.Client",
        ),
    },
    former={
        f"qdrant_client.{client}.{name}": "qdrant-client==1.15.1"
        for client in ("QdrantClient", "AsyncQdrantClient")
        for name in ("search", "query", "recommend")
    },
    aliases={"chromadb.api.models.Collection.Collection": "chromadb.Collection"},
)
