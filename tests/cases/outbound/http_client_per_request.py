import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Annotated, Any

import aioboto3
import aiohttp
import boto3
import grpc
import httpx
import requests
from azure.core.credentials import AzureKeyCredential
from azure.cosmos.aio import CosmosClient
from azure.identity.aio import DefaultAzureCredential
from azure.search.documents import SearchClient
from azure.search.documents.aio import SearchClient as AsyncSearchClient
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from httpx_socks import AsyncProxyTransport
from openai import AsyncOpenAI
from playwright.async_api import Browser, async_playwright
from slack_sdk import WebClient
from turbopuffer import AsyncTurbopuffer


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)
shared = httpx.AsyncClient()
_client: httpx.AsyncClient | None = None


@app.get("/with")
async def entered(url: str) -> str:
    async with httpx.AsyncClient(timeout=5) as client:  # FP603 (inline)
        return (await client.get(url)).text


@app.get("/plain")
async def plain(url: str) -> str:
    client = httpx.AsyncClient()  # FP603
    return (await client.get(url)).text


@app.get("/aiohttp")
async def with_aiohttp(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:  # FP603
        return await answer.text()


@app.get("/openai")
async def asks(question: str) -> str:
    client = AsyncOpenAI()  # FP603 FP601
    answer = await client.responses.create(model="gpt-5-mini", input=question)
    return answer.output_text


async def get_client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:  # FP603
        yield client


@app.get("/dependency")
async def depends(url: str, client: Annotated[httpx.AsyncClient, Depends(get_client)]) -> str:
    return (await client.get(url)).text


async def fetch(url: str) -> str:
    async with httpx.AsyncClient() as client:  # FP603
        return (await client.get(url)).text


@app.get("/helper")
async def helped(url: str) -> str:
    return await fetch(url)


@app.get("/loop")
async def loops(urls: list[str]) -> list[str]:
    texts = []
    for url in urls:
        async with httpx.AsyncClient() as client:  # FP603
            texts.append((await client.get(url)).text)
    return texts


@app.get("/requests")
def with_requests(url: str) -> str:
    with requests.Session() as session:  # FP603
        return session.get(url, timeout=5).text


@app.get("/function")
def module_function(url: str) -> str:
    return httpx.get(url).text  # FP603


@app.get("/s3")
def upload(name: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="shop", Key=name, Body=body)  # FP603


class Mailer:
    async def send(self, url: str) -> None:
        async with httpx.AsyncClient() as client:  # FP603
            await client.post(url)


@app.post("/every-page")
async def every_page(urls: list[str]) -> list[str]:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        return [(await client.get(url)).text for url in urls]


@app.post("/tried-again")
async def tried_again(url: str) -> str:
    async with httpx.AsyncClient() as client:  # FP603 (inline)
        for _ in range(3):
            answer = await client.get(url)
            if answer.is_success:
                return answer.text
    return ""


# Near misses


class Poller:
    async def poll(self, url: str) -> None:
        async with httpx.AsyncClient() as client:
            while True:
                await client.get(url)

    async def send_all(self, urls: list[str]) -> None:
        async with httpx.AsyncClient() as client:
            for url in urls:
                await client.get(url)

    async def provide(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient() as client:
            yield client


@app.get("/shared")
async def uses_the_shared_client(url: str, request: Request) -> str:
    await request.app.state.client.get(url)
    return (await shared.get(url)).text


@lru_cache
def cached_client() -> httpx.AsyncClient:
    return httpx.AsyncClient()


def guarded_client() -> httpx.AsyncClient:
    global _client
    if _client is None:
        _client = httpx.AsyncClient()
    return _client


class Carrier:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient()


@app.get("/cached")
async def cached(url: str) -> str:
    await guarded_client().get(url)
    return (await cached_client().get(url)).text


@app.get("/tenant")
async def tenant(question: str, key: str) -> str:
    client = AsyncOpenAI(api_key=key)  # FP601
    return (await client.responses.create(model="gpt-5-mini", input=question)).output_text


@app.get("/itself")
async def itself() -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        return (await client.get("/shared")).text


def never_reached(url: str) -> str:
    with httpx.Client() as client:
        return client.get(url).text


if __name__ == "__main__":
    with httpx.Client() as client:
        client.get("https://shop.example")


@app.get("/job")
async def waits_for_a_job(url: str) -> str:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        job = (await client.post(url)).text
        while True:
            state = (await client.get(url + job)).text
            if state == "done":
                break
            await asyncio.sleep(2)
        return state


@app.get("/busy")
async def tries_again(url: str) -> str:
    async with httpx.AsyncClient() as client:  # FP603 (inline)
        while True:
            answer = await client.get(url)
            if answer.status_code != 429:
                return answer.text
            if answer.headers:
                await asyncio.sleep(2)


async def tells_partner(order: int) -> None:
    async with aiohttp.ClientSession() as session:  # FP603 (summary)
        await session.post("https://partner.example/orders", json=order)


async def tells_slowly(order: int) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (inline)
        await client.post("https://partner.example/orders", json=order)


def tells_in_thread(order: int) -> None:
    for _ in range(3):
        with httpx.Client() as client:  # FP603 (summary)
            if client.post("https://partner.example/orders", json=order).status_code < 500:
                return


@app.post("/told-afterwards")
async def told_afterwards(order: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(tells_partner, order)
    tasks.add_task(tells_slowly, order)
    tasks.add_task(tells_in_thread, order)


@app.get("/readiness")
async def readiness() -> None:
    def look() -> None:
        boto3.client("s3").head_bucket(Bucket="orders")  # FP603 (summary)

    await asyncio.to_thread(look)


class Builder:
    @staticmethod
    def build() -> httpx.Client:
        return httpx.Client()

    @staticmethod
    def build_again() -> httpx.Client:
        client = httpx.Client()  # FP603
        return client


class Store:
    def __init__(self) -> None:
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def _build(self) -> httpx.Client:
        return Builder.build()

    def ensure(self) -> httpx.Client:
        if self._client is not None:
            return self._client
        with self._lock:
            if self._client is None:
                self._client = self._build()
        return self._client


store = Store()


@app.get("/stored")
def stored(url: str) -> str:
    return store.ensure().get(url).text


@app.get("/built")
def built(url: str) -> str:
    return Builder.build_again().get(url).text


async def camera(url: str) -> AsyncIterator[bytes]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:  # FP603 (summary)
        async for chunk in response.content.iter_chunked(8192):
            yield chunk


async def answers(url: str) -> AsyncIterator[bytes]:
    async with httpx.AsyncClient() as client, client.stream("GET", url) as response:  # FP603 (inline)
        async for chunk in response.aiter_bytes():
            yield chunk


@app.get("/camera")
async def seen(url: str) -> StreamingResponse:
    return StreamingResponse(camera(url))


@app.get("/answers")
async def answered(url: str) -> StreamingResponse:
    return StreamingResponse(answers(url))


@app.post("/bugs")
async def send_bug_report(text: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        await client.post("https://bugs.example", json={"text": text})


@app.post("/pictures")
async def fetches_pictures_with_one_client(urls: list[str]) -> list[bytes]:
    async with httpx.AsyncClient() as client:  # FP603 (summary)

        async def picture(url: str) -> bytes:
            return (await client.get(url)).content

        return await asyncio.gather(*[picture(url) for url in urls])


def connected(key: str) -> tuple[str, AsyncOpenAI]:
    transport = httpx.AsyncClient()
    return "openai", AsyncOpenAI(api_key=key, http_client=transport)


class Answers:
    def __init__(self) -> None:
        self._client: AsyncOpenAI | None = None
        self._kind = ""

    def client(self) -> AsyncOpenAI:
        if self._client is None:
            self._kind, self._client = connected("key")
        return self._client


kept_answers = Answers()


@app.get("/answers")
async def asks_the_one_that_is_kept() -> str:
    return str(kept_answers.client())


@app.get("/channels")
async def channels(cursor: str) -> list[str]:
    found = []
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        while cursor:
            page = (await client.get("https://chat.example", params={"cursor": cursor})).json()
            found += page["channels"]
            cursor = page.get("next")
    return found


@app.get("/healthcheck")
async def looks_at_neighbours(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:  # FP603 (summary)
        return await answer.text()


@app.get("/rendered")
async def polls_until_rendered(url: str) -> str:
    for _ in range(30):
        await asyncio.sleep(2)
        async with aiohttp.ClientSession() as session, session.get(url) as answer:  # FP603 (summary)
            if answer.status == 200:
                return await answer.text()
    return ""


class Workspace:
    def __init__(self, token: str) -> None:
        self.token = token

    def history(self) -> object:
        return WebClient(token=self.token).conversations_history(channel="general")


@app.get("/history")
def history(token: str) -> object:
    return Workspace(token).history()


@app.get("/metrics")
async def metrics() -> str:
    async with aiohttp.ClientSession() as session, session.get("https://metrics.example/") as answer:  # FP603 (inline)
        return await answer.text()


@app.get("/neighbour")
async def neighbour() -> str:
    async with aiohttp.ClientSession() as session:  # FP603 (summary)
        async with session.get("http://metrics:9000/") as answer:
            return await answer.text()


@app.get("/similar")
async def searches_vectors(words: str) -> object:
    async with AsyncTurbopuffer(region="gcp-europe-west3") as client:  # FP603
        return await client.namespace("orders").query(rank_by=("text", "BM25", words), top_k=10)


vectors = AsyncTurbopuffer(region="gcp-europe-west3")


@app.get("/similar-shared")
async def searches_with_what_is_shared(words: str) -> object:
    return await vectors.namespace("orders").query(rank_by=("text", "BM25", words), top_k=10)


class Channels:
    def __init__(self) -> None:
        self.stubs: dict[str, Stub] = {}

    def stub(self, address: str) -> Stub:
        if address not in self.stubs:
            channel = grpc.insecure_channel(address)
            self.stubs[address] = Stub(channel)
        return self.stubs[address]


class Stub:
    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel


channels = Channels()


def bucket_session() -> object:
    session = boto3.Session()  # FP603 (summary)
    return session.client("s3")  # FP603 (summary)


async def page_of(client: httpx.AsyncClient, number: int) -> list[str]:
    return (await client.get("https://stock.example/", params={"page": number})).json()


@app.get("/channels")
async def through_channels(address: str) -> list[str]:
    channels.stub(address)
    bucket_session()
    number = 1
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        while True:
            found = await page_of(client, number)
            if not found:
                return found
            number += 1


@app.post("/stock/sync")
async def sync_stock() -> list[str]:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        return await page_of(client, 1)


class Carrier:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=5)  # FP603 (summary)


class Depot:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=5)


depot = Depot()


@app.get("/carrier")
async def asks_the_carrier(carrier: Carrier = Depends(Carrier)) -> object:
    return [carrier, depot]


async def notify_job_failure(text: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        await client.post("https://alerts.example/", json={"text": text})


async def tell(text: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        await client.post("https://trouble.example/", json={"text": text})


@app.post("/jobs")
async def run_job(name: str) -> None:
    if name not in ("mail", "stock"):
        await notify_job_failure(name)
    try:
        await asyncio.sleep(1)
    except OSError as error:
        await tell(str(error))


@app.post("/catalogues/import_remote")
async def fetched_catalogue(url: str) -> bytes:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        return (await client.get(url)).content


@app.post("/shelves/{number}")
async def snapshot_shelf(number: int) -> bytes:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        return (await client.get(f"https://stock.example/{number}")).content


@app.get("/imported/{number}")
async def important_price(number: int) -> bytes:
    async with httpx.AsyncClient() as client:  # FP603
        return (await client.get(f"https://stock.example/{number}")).content


class Stock:
    def __init__(self, url: str) -> None:
        self.client = httpx.AsyncClient(base_url=url)  # FP603 (inline)

    async def level(self, number: int) -> str:
        return (await self.client.get(f"/{number}")).text


def get_stock() -> Stock:
    return Stock("https://stock.example")


@app.get("/stock/{number}")
async def stock_level(number: int, stock: Stock = Depends(get_stock)) -> str:
    return await stock.level(number)


class Watcher:
    def __init__(self) -> None:
        self.stock = Stock("https://stock.example")  # kept, which is no help to those requests


watcher = Watcher()


class Remote:
    def __init__(self, url: str) -> None:
        self.client = httpx.AsyncClient(base_url=url)  # FP603 (inline)

    async def read(self, path: str) -> str:
        return (await self.client.get(path)).text


class Prices(Remote):
    def __init__(self) -> None:
        super().__init__("https://prices.example")


def get_prices() -> Prices:
    return Prices()


@app.get("/prices/{path}")
async def read_price(path: str, prices: Prices = Depends(get_prices)) -> str:
    return await prices.read(path)


class Bringing:
    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self.client = client or httpx.AsyncClient()  # FP603 (summary)


def get_bringing() -> Bringing:
    return Bringing()


@app.get("/bringing")
async def bringing(carried: Bringing = Depends(get_bringing)) -> str:
    return (await carried.client.get("https://stock.example")).text


class Once:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient()


@functools.lru_cache
def get_once() -> Once:
    return Once()


@app.get("/once")
async def once(carried: Once = Depends(get_once)) -> str:
    return (await carried.client.get("https://stock.example")).text


class Kept:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient()


kept = Kept()


def get_kept() -> Kept:
    return kept


@app.get("/kept")
async def from_kept(carried: Kept = Depends(get_kept)) -> str:
    return (await carried.client.get("https://stock.example")).text


async def tell_of_ban(user: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        await client.post("https://mail.example", json={"user": user})


async def tell_of_order(user: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (inline)
        await client.post("https://mail.example", json={"user": user})


@app.patch("/users/{user}")
async def change_user(user: str, *, banned: bool) -> None:
    await tell_of_ban(user)
    await tell_of_order(user)


async def tell_index(number: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (inline)
        await client.post(f"https://index.example/{number}")


async def take_from_index(number: str) -> None:
    async with httpx.AsyncClient() as client:  # FP603 (summary)
        await client.delete(f"https://index.example/{number}")


@app.post("/indexed/{number}")
async def indexed(number: str) -> None:
    await tell_index(number)


@app.delete("/indexed/{number}")
async def no_longer_indexed(number: str) -> None:
    await take_from_index(number)


# A transport of its own is one more thing that is made for each call


@app.get("/retried")
async def retried(url: str) -> str:
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=2)) as client:  # FP603
        return (await client.get(url)).text


@app.get("/proxied")
async def proxied(url: str, through: bool) -> str:
    transport = None
    if through:
        transport = AsyncProxyTransport.from_url("socks5://proxy:1080")
    async with httpx.AsyncClient(transport=transport) as client:  # FP603
        return (await client.get(url)).text


one_transport = httpx.AsyncHTTPTransport(retries=2)


@app.get("/transports")
async def transports(url: str, transport: httpx.AsyncBaseTransport) -> list[str]:
    async with (
        httpx.AsyncClient(transport=one_transport) as first,
        httpx.AsyncClient(transport=transport) as second,
        httpx.AsyncClient(transport=httpx.MockTransport(list), base_url=url) as third,
    ):
        return [(await each.get(url)).text for each in (first, second, third)]


# Objects that are entered for each request, and what they make on the way in


class Entered:
    async def __aenter__(self) -> "Entered":
        self.client = httpx.AsyncClient(base_url="https://rates.example")  # FP603 (inline)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.aclose()


class Kept:
    client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "Kept":
        if Kept.client is None:
            Kept.client = httpx.AsyncClient(base_url="https://rates.example")
        return self

    async def __aexit__(self, *error: object) -> None:
        return None


class AtStart:
    async def __aenter__(self) -> "AtStart":
        self.client = httpx.AsyncClient(base_url="https://rates.example")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.aclose()


class Bucket:
    def __init__(self) -> None:
        self.opened = boto3.client("s3")  # FP603

    def __enter__(self) -> object:
        return self.opened

    def __exit__(self, *error: object) -> None:
        return None


class ProfiledBucket:
    def __init__(self, profile: str) -> None:
        self.session = boto3.session.Session(profile_name=profile)  # FP603 (summary)

    def __enter__(self) -> object:
        return self.session

    def __exit__(self, *error: object) -> None:
        return None


class TenantBucket:
    def __init__(self, key: str, secret: str) -> None:
        self.session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret)

    def __enter__(self) -> object:
        return self.session

    def __exit__(self, *error: object) -> None:
        return None


def put(key: str, body: bytes) -> None:
    with Bucket() as bucket, ProfiledBucket("prices") as profiled, TenantBucket(key, key) as own:
        print(bucket, profiled, own, body)


@app.put("/entered/{key}")
async def entered_each_time(key: str) -> str:
    async with Entered() as rates, Kept() as kept:
        await run_in_threadpool(put, key, b"")
        return (await rates.client.get(key)).text + (await kept.client.get(key)).text


@asynccontextmanager
async def lifespan_of_another(app: FastAPI) -> AsyncIterator[None]:
    async with AtStart() as app.state.rates:
        yield


another = FastAPI(lifespan=lifespan_of_another)


aws = aioboto3.Session()


@app.put("/stored/{name}")
async def stored(name: str, body: bytes) -> None:
    async with aws.client("s3") as s3:  # FP603
        await s3.put_object(Bucket="shop", Key=name, Body=body)


@asynccontextmanager
async def with_storage(app: FastAPI) -> AsyncIterator[None]:
    async with aws.client("s3") as s3:
        app.state.s3 = s3
        yield


async def deliver(ctx: dict[str, object], url: str) -> dict[str, str]:
    async with httpx.AsyncClient() as client:  # FP603
        answer = await client.post(url)
        return {name: value for name, value in answer.headers.items() if name.startswith("x-")}


async def deliver_to_each(ctx: dict[str, object], urls: list[str]) -> list[int]:
    async with httpx.AsyncClient() as client:
        return [(await client.post(url)).status_code for url in urls]


class WorkerSettings:
    functions = [deliver, deliver_to_each]


@app.post("/asked-in-turn")
def asked_in_turn(urls: list[str]) -> list[str]:
    return [requests.get(url, timeout=5).text for url in urls]  # FP603 (summary)


@app.post("/asked-once")
def asked_once(url: str) -> str:
    return requests.get(url, timeout=5).text  # FP603 (summary)


@app.post("/asked-by-a-session")
def asked_by_a_session(urls: list[str]) -> list[str]:
    return [shared_session.get(url, timeout=5).text for url in urls]


shared_session = requests.Session()


@app.post("/asked-in-turn-on-the-loop")
async def asked_in_turn_on_the_loop(urls: list[str]) -> list[str]:
    return [requests.get(url, timeout=5).text for url in urls]  # FP603 (summary)


@app.get("/search")
def searched_by_a_client_of_its_own(name: str) -> list[str]:
    client = SearchClient("https://search", "products", AzureKeyCredential("key"))  # FP603
    return [each["id"] for each in client.search(name)]


async def searching() -> AsyncIterator[AsyncSearchClient]:
    async with AsyncSearchClient("https://search", "products", AzureKeyCredential("key")) as client:  # FP603
        yield client


@app.get("/search/awaited")
async def searched(name: str, client: Annotated[AsyncSearchClient, Depends(searching)]) -> int:
    return await client.get_document_count()


shared_search = SearchClient("https://search", "products", AzureKeyCredential("key"))


@app.get("/search/shared")
def searched_by_the_shared_client(name: str) -> list[str]:
    return [each["id"] for each in shared_search.search(name)]


@app.get("/accounts/{name}")
async def account(name: str) -> Any:
    async with DefaultAzureCredential() as credential:  # FP603
        async with CosmosClient("https://shop", credential) as client:
            items = client.get_database_client("shop").get_container_client("accounts")
            return await items.read_item(name, partition_key=name)


@app.get("/accounts/{name}/keyed")
async def account_by_key(name: str) -> Any:
    async with CosmosClient("https://shop", "key") as client:  # FP603
        items = client.get_database_client("shop").get_container_client("accounts")
        return await items.read_item(name, partition_key=name)


shared_credential = DefaultAzureCredential()
shared_accounts = CosmosClient("https://shop", shared_credential)


@app.get("/accounts/{name}/shared")
async def account_by_the_shared_client(name: str) -> Any:
    items = shared_accounts.get_database_client("shop").get_container_client("accounts")
    return await items.read_item(name, partition_key=name)


@app.get("/seen")
async def seen(url: str) -> bytes:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch()  # FP603
        page = await browser.new_page()
        await page.goto(url)
        return await page.screenshot()


@asynccontextmanager
async def browsing(app: FastAPI) -> AsyncIterator[None]:
    async with async_playwright() as playwright:
        app.state.browser = await playwright.chromium.launch()
        yield


@app.get("/seen/shared")
async def seen_in_the_shared_browser(url: str, request: Request) -> bytes:
    browser: Browser = request.app.state.browser
    page = await browser.new_page()
    await page.goto(url)
    return await page.screenshot()
