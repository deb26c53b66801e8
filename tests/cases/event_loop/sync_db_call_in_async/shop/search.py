"""Search engines: clients under the names of releases, what hangs at them, and queries written as objects."""

from elasticsearch import AsyncElasticsearch
from elasticsearch7 import AsyncElasticsearch as AsyncSeven
from elasticsearch7 import Elasticsearch as Seven
from elasticsearch8 import Elasticsearch as Eight
from elasticsearch_dsl import AsyncDocument, AsyncSearch, Document, Search, Text
from elasticsearch_dsl import Index as SearchIndex
from fastapi import FastAPI
from opensearchpy import OpenSearch
from opensearchpy import Search as OpenQuery

app = FastAPI()
seven = Seven("http://search.example")
eight = Eight("http://search.example")
opened = OpenSearch("http://search.example")
waiting = AsyncElasticsearch("http://search.example")
waiting_seven = AsyncSeven("http://search.example")


class Product(Document):
    name = Text()


class WaitedProduct(AsyncDocument):
    name = Text()


async def audit() -> None: ...


async def connected() -> Seven:
    await audit()
    return Seven("http://search.example")


async def found(client, text: str) -> list[dict]:
    await audit()
    return client.search(index="products", q=text)["hits"]["hits"]  # FP102


@app.get("/products")
async def products(text: str) -> list[dict]:
    return await found(await connected(), text)


@app.get("/eight")
async def by_number(number: str) -> dict:
    await audit()
    return eight.get(index="products", id=number)  # FP102


@app.get("/health")
async def health() -> list[str]:
    await audit()
    return seven.cat.indices(format="json")  # FP102


@app.get("/mapping")
async def mapping() -> dict:
    await audit()
    return opened.indices.get_mapping(index="products")  # FP102


@app.get("/written")
async def written(text: str) -> int:
    await audit()
    query = Search(using=eight, index="products").query("match", name=text)
    query = query.filter("term", sold=False)[0:10]
    return len(query.execute())  # FP102


@app.get("/opened")
async def opened_query(text: str) -> int:
    await audit()
    return OpenQuery(using=opened, index="products").query("match", name=text).count()  # FP102


@app.get("/documents/{number}")
async def document(number: str) -> str:
    await audit()
    return Product.get(id=number).name  # FP102


@app.post("/documents")
async def store(name: str) -> None:
    await audit()
    product = Product(name=name)
    product.save()  # FP102


@app.delete("/documents")
async def forget() -> None:
    await audit()
    SearchIndex("products").delete()  # FP102


class Catalogue:
    def __init__(self, client, index=None):
        self.client = client
        self.index = index or "products"

    async def find(self, text: str) -> dict:
        await audit()
        return await self._asked(self.client, text)

    async def _asked(self, client, text: str) -> dict:
        return client.search(index=self.index, q=text)  # FP102


@app.get("/catalogue")
async def catalogue(text: str) -> dict:
    return await Catalogue(eight).find(text)


# Near misses


async def counted(client, text: str) -> int:
    await audit()
    return (await client.count(index="products", q=text))["count"]


@app.get("/counted")
async def count(text: str) -> int:
    return await counted(waiting, text)


async def of_either(client, text: str) -> object:
    await audit()
    return client.search(q=text)


@app.get("/either")
async def either(text: str) -> object:
    return await of_either(seven, text) or await of_either(app.state.engine, text)


async def of_the_keyed(store, *, text: str) -> object:
    await audit()
    return store.get(text)


@app.get("/keyed")
async def keyed(text: str) -> object:
    return await of_the_keyed({"a": 1}, text=text)


@app.get("/waiting")
async def waited(text: str) -> dict:
    await waiting.indices.exists(index="products")
    return await waiting.search(index="products", q=text)


@app.get("/waiting/seven")
async def waited_seven(text: str) -> dict:
    return await waiting_seven.search(index="products", q=text)


@app.get("/waiting/written")
async def waited_query(text: str) -> int:
    return await AsyncSearch(using=waiting).query("match", name=text).count()


@app.get("/waiting/documents/{number}")
async def waited_document(number: str) -> str:
    return (await WaitedProduct.get(id=number)).name


@app.get("/thread")
def in_a_thread(text: str) -> dict:
    return seven.search(index="products", q=text)


@app.get("/only-written")
async def only_written(text: str) -> dict:
    await audit()
    return Search(using=eight).query("match", name=text).sort("name").to_dict()
