"""FP111: one answer after another, once per item."""

import asyncio
import functools
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import aiofileset
import aiohttp
import boto3
import fleetlink
import httpx
import requests
from azure.storage.blob.aio import BlobServiceClient
from celery import Celery
from elasticsearch import Elasticsearch
from fastapi import BackgroundTasks, Depends, FastAPI, UploadFile, WebSocket
from nodelink import Node
from plugins import plugged
from pydantic import Field
from pydantic_settings import BaseSettings
from pymongo import AsyncMongoClient
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from shop.config import settings
from shop.models import Level

app = FastAPI()
engine = create_engine("sqlite://")
client = httpx.AsyncClient(base_url="https://stock.example")
limit = asyncio.Semaphore(5)
HOSTS = ["north", "south"]
LIMITS = {"orders": 10, "offers": 5, "returns": 2}
sessions = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))


async def get_session() -> AsyncIterator[AsyncSession]:
    yield AsyncSession()


async def used_by(customer: int, kind: str) -> int:
    async with sessions() as session:
        return await used_over(session, customer, kind)


async def used_over(session: AsyncSession, customer: int, kind: str) -> int:
    counted = text(f"select count(*) from {kind} where customer = :customer")
    return (await session.execute(counted, {"customer": customer})).scalar_one()


async def level_of(number: str) -> int:
    return (await client.get(f"/levels/{number}")).json()["level"]


async def bounded_level_of(number: str) -> int:
    async with limit:
        return await level_of(number)


async def name_of(number: str, session: AsyncSession) -> str:
    answer = await client.get(f"/names/{number}")
    await session.execute(answer.json()["statement"])
    return answer.text


async def computed(number: str) -> int:
    return len(number)


@app.post("/direct")
async def direct(numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        answer = await client.get(f"/levels/{number}")  # FP111 (inline)
        found.append(answer.text)
    return found


@app.post("/mirrors")
async def mirrors() -> list[str]:
    found = []
    for mirror in settings.mirrors:
        answer = await client.get(mirror)  # FP111 (summary)
        found.append(answer.text)
    return found


@app.post("/picked/{wanted}")
async def picked(wanted: str, numbers: list[Any]) -> list[str]:
    found = []
    for number in numbers:
        if number.id != wanted:
            continue
        answer = await client.get(f"/levels/{number}")  # FP111 (summary)
        found.append(answer.text)
    return found


async def backfill_levels(numbers: list[str]) -> None:
    for number in numbers:
        await client.get(f"/levels/{number}")  # FP111 (summary)


@app.post("/backfill")
async def backfill(numbers: list[str]) -> None:
    await backfill_levels(numbers)


@app.post("/through-a-helper")
async def through_a_helper(numbers: list[str]) -> dict[str, int]:
    found = {}
    for number in numbers:
        try:
            found[number] = await level_of(number)  # FP111
        except httpx.HTTPError:
            found[number] = 0
    return found


@app.post("/comprehension")
async def comprehension(numbers: list[str]) -> list[int]:
    return [await level_of(number) for number in numbers]  # FP111


@app.post("/computed-address")
async def computed_address(numbers: list[str]) -> list[int]:
    found = []
    for position, number in enumerate(numbers):
        address = f"{position}-{number}"
        found.append(await level_of(address))  # FP111
    return found


@app.post("/at-once")
async def at_once(numbers: list[str]) -> list[int]:
    return await asyncio.gather(*(bounded_level_of(number) for number in numbers))


@app.post("/first")
async def first(numbers: list[str]) -> str | None:
    for number in numbers:
        if await level_of(number):
            return number
    return None


@app.post("/enough")
async def enough(numbers: list[str]) -> int:
    total = 0
    for number in numbers:
        total += await level_of(number)
        if total > 10:
            break
    return total


@app.post("/hosts")
async def hosts() -> list[str]:
    found = [(await client.get(f"/{host}")).text for host in HOSTS]
    for host in ("north", "south"):
        found.append((await client.get(f"/{host}")).text)
    for region in ("north", "south", "east"):
        found.append((await client.get(f"/{region}")).text)  # FP111 (summary)
    for kind in LIMITS:
        found.append((await client.get(f"/{kind}")).text)  # FP111 (summary)
    for kind, most in LIMITS.items():
        await client.put(f"/{kind}", json=most)
    for attempt in range(3):
        found.append((await client.get(f"/{attempt}")).text)
    return found


@app.get("/usage")
async def usage(customer: int) -> dict[str, int]:
    used = {}
    for kind in LIMITS:
        used[kind] = await used_by(customer, kind)  # FP111 (summary)
    return used


@app.get("/usage-over-one-session")
async def usage_over_one_session(
    customer: int, session: AsyncSession = Depends(get_session)
) -> dict[str, int]:
    return {kind: await used_over(session, customer, kind) for kind in LIMITS}


@app.get("/first-host")
async def first_host(number: str) -> str:
    for region in ("north", "south", "east"):
        answer = await client.get(f"/{region}/{number}")
        if answer.status_code == 200:
            return region
    return ""


@app.get("/all-pages")
async def all_pages() -> list[str]:
    found: list[str] = []
    page = "1"
    while page:
        answer = (await client.get(f"/pages/{page}")).json()
        for number in answer["items"]:
            found.append((await client.get(f"/names/{number}")).text)  # FP111 (summary)
        page = answer["next"]
    return found


@app.get("/until-all-answer")
async def until_all_answer(numbers: list[str]) -> None:
    while numbers:
        for number in list(numbers):
            if (await client.get(f"/names/{number}")).status_code == 200:
                numbers.remove(number)
                break


async def named_or_levelled(number: str) -> str:
    answer = await client.get(f"/names/{number}") if settings.NAMES else await client.get(f"/levels/{number}")
    async with sessions() as session:
        await session.execute(text("update orders set answered = true"))
        await session.commit()
    return answer.text


async def named_if_wanted(number: str, *, wanted: bool) -> None:
    if wanted:
        await client.get(f"/names/{number}")
    async with sessions() as session:
        await session.execute(text("update orders set answered = true"))
        await session.commit()


@app.get("/either")
async def either(numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        found.append(await named_or_levelled(number))  # FP111 (summary)
    for number in numbers:
        await named_if_wanted(number, wanted=number.startswith("4"))
    return found


@app.post("/paced")
async def paced(numbers: list[str]) -> None:
    for number in numbers:
        await level_of(number)
        await asyncio.sleep(0.2)


@app.post("/chained")
async def chained(numbers: list[str]) -> str:
    cursor = ""
    for number in numbers:
        answer = await client.get(f"/levels/{number}?after={cursor}")
        cursor = answer.json()["cursor"]
    return cursor


@app.post("/pages")
async def pages() -> list[str]:
    found: list[str] = []
    page = "1"
    while page:
        answer = await client.get(f"/pages/{page}")
        found.extend(answer.json()["items"])
        page = answer.json()["next"]
    return found


@app.post("/retry")
async def retry(number: str, attempts: int) -> int:
    for attempt in range(attempts):
        try:
            return await level_of(f"{number}-{attempt}")
        except httpx.HTTPError:
            continue
    return 0


@app.post("/database")
async def database(numbers: list[str], session: AsyncSession = Depends(get_session)) -> list[str]:
    return [await name_of(number, session) for number in numbers]  # FP111 (summary)


@app.post("/batches")
async def batches(numbers: list[str]) -> None:
    for start in range(0, len(numbers), 100):
        await client.get(f"/levels/{numbers[start : start + 100]}")  # FP111 (summary)
    for start in range(0, len(numbers), 100):
        answer = await client.get(f"/levels/{numbers[start : start + 100]}")
        if answer.status_code == 404:
            break
    for start in range(0, len(numbers), 100):
        await client.get(f"/levels/{numbers[start : start + 100]}")
        await asyncio.sleep(1)
    for start in range(0, len(numbers), 100):
        await client.put("/levels", json=numbers[start : start + 100])


@app.post("/local")
async def local(numbers: list[str]) -> list[int]:
    return [await computed(number) for number in numbers]


async def handed_out(numbers: list[str]) -> AsyncIterator[int]:
    for number in numbers:
        yield await level_of(number)


@app.on_event("startup")
async def warm_up() -> None:
    for number in await numbers_to_warm():
        await level_of(number)


async def numbers_to_warm() -> list[str]:
    return ["1"]


current_client: ContextVar[httpx.AsyncClient] = ContextVar("client")
current_name: ContextVar[str] = ContextVar("name")


async def level_by_context(number: str) -> str:
    return (await current_client.get().get(f"/levels/{number}")).text


async def name_by_context(number: str) -> str:
    return f"{current_name.get()} {number}"


@app.post("/held-in-a-context-variable")
async def held_in_a_context_variable(numbers: list[str]) -> list[str]:
    return [await level_by_context(number) for number in numbers]  # FP111


@app.post("/nothing-held-in-a-context-variable")
async def nothing_held_in_a_context_variable(numbers: list[str]) -> list[str]:
    return [await name_by_context(number) for number in numbers]


async def tried_again(work: Callable[[], Awaitable[str]]) -> str:
    for _ in range(3):
        try:
            return await work()
        except httpx.HTTPError:
            continue
    raise TimeoutError


async def level_with_retries(number: str) -> str:
    async def ask() -> str:
        return (await client.get(f"/levels/{number}")).text

    return await tried_again(ask)


async def local_with_retries(number: str) -> str:
    async def compute() -> str:
        return number * 2

    return await tried_again(compute)


@app.post("/handed-on")
async def handed_on(numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        found.append(await level_with_retries(number))  # FP111
    return found


@app.post("/handed-on-locally")
async def handed_on_locally(numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        found.append(await local_with_retries(number))
    return found


class Store(ABC):
    @abstractmethod
    async def size(self, key: str) -> int: ...

    @abstractmethod
    async def label(self, key: str) -> str: ...


class RemoteStore(Store):
    async def size(self, key: str) -> int:
        return int((await client.head(f"/files/{key}")).headers["content-length"])

    async def label(self, key: str) -> str:
        return key.upper()


class LocalStore(Store):
    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes

    async def size(self, key: str) -> int:
        return self.sizes[key]

    async def label(self, key: str) -> str:
        return key


def get_store() -> Store:
    return RemoteStore()


@app.post("/by-some-heir")
async def by_some_heir(keys: list[str], store: Store = Depends(get_store)) -> dict[str, int]:
    found = {}
    for key in keys:
        found[key] = await store.size(key)  # FP111
    return found


@app.post("/by-no-heir")
async def by_no_heir(keys: list[str], store: Store = Depends(get_store)) -> dict[str, str]:
    found = {}
    for key in keys:
        found[key] = await store.label(key)
    return found


def parts_of(numbers: list[str]) -> list[list[str]]:
    return [numbers[:100], numbers[100:]]


@app.post("/many-at-once")
async def many_at_once(numbers: list[str]) -> None:
    batches = parts_of(numbers)
    for position, batch in enumerate(batches):
        await client.post(f"/levels/{position}", json=batch)
    for chunk in parts_of(numbers):
        await client.post("/levels", json=chunk)


async def tell(numbers: list[str]) -> None:
    for number in numbers:  # nobody waits for it
        await client.post(f"/told/{number}")


async def tell_now(numbers: list[str]) -> None:
    for number in numbers:
        await client.post(f"/told/{number}")  # FP111


@app.post("/told")
async def told(numbers: list[str], tasks: BackgroundTasks) -> None:
    tasks.add_task(tell, numbers)
    tasks.add_task(tell_now, numbers)
    await tell_now(numbers)


async def listens(port: int) -> bool:
    def probe() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True

    return await asyncio.to_thread(probe)


async def listens_elsewhere(host: str, port: int) -> bool:
    def probe() -> bool:
        with socket.create_connection((host, port), timeout=0.2):
            return True

    return await asyncio.to_thread(probe)


@app.post("/ports")
async def ports(numbers: list[int]) -> list[bool]:
    return [await listens(number) for number in numbers]  # this very machine


@app.post("/sidecars")
async def sidecars(numbers: list[int]) -> None:
    for number in numbers:
        await client.get(f"http://localhost:{number}/ready")


@app.post("/lookalikes")
async def lookalikes(numbers: list[int]) -> None:
    for number in numbers:
        await client.get(f"http://localhost.example/{number}")  # FP111


@app.post("/hosts")
async def hosts(names: list[str]) -> list[bool]:
    return [await listens_elsewhere(name, 80) for name in names]  # FP111


class Levels:
    def of(self, number: str) -> int:
        return requests.get(f"https://stock.example/{number}", timeout=5).json()["level"]


levels = Levels()


async def off_loop(function, *arguments):
    return await asyncio.get_running_loop().run_in_executor(None, partial(function, *arguments))


@app.post("/levels/threads")
async def in_threads(numbers: list[str]) -> list[int]:
    found = []
    for number in numbers:
        found.append(await asyncio.to_thread(levels.of, number))  # FP111
    for number in numbers:
        found.append(await off_loop(levels.of, number))  # FP111
    for number in numbers:
        found.append(await off_loop(len, number))
    return found


async def aliases_of(number: str) -> list[str]:
    if number.startswith("old"):
        return [number.removeprefix("old")]
    return []


async def parts_of(number: str) -> list[str]:
    return [number, *(await client.get(f"/parts/{number}")).json()]


@app.get("/aliases")
async def of_aliases(number: str) -> list[int]:
    found = []
    for alias in await aliases_of(number):
        found.append(await level_of(alias))  # FP111 (summary)
    aliases = await aliases_of(number)
    for alias in aliases:
        found.append(await level_of(alias))  # FP111 (summary)
    for part in await parts_of(number):
        found.append(await level_of(part))  # FP111 (summary)
    return found


class Settings(BaseSettings):
    mirrors: list[str] = Field(default=["north", "south", "east", "west", "centre"])
    hosts: list[str] = ["north", "south"]
    regions: list[str] = []


own_settings = Settings()


@app.get("/mirrors")
async def asks_the_mirrors_of_the_settings() -> list[int]:
    return [(await client.get(mirror)).status_code for mirror in own_settings.mirrors]  # FP111 (inline)


@app.get("/hosts")
async def asks_the_few_hosts_of_the_settings() -> list[int]:
    return [(await client.get(host)).status_code for host in own_settings.hosts]  # FP111 (summary)


@app.get("/regions")
async def asks_what_somebody_configured() -> list[int]:
    return [(await client.get(region)).status_code for region in own_settings.regions]  # FP111 (summary)


class Kept:
    async def saved(self, key: str, fetch):
        return await fetch()


kept = Kept()


async def levels_at(names: list[str]) -> list[int]:
    return [(await client.get(name)).status_code for name in names]  # FP111 (inline)


@app.post("/levels")
async def of_a_coroutine_made_by_a_lambda(names: list[str]) -> list[int]:
    return await kept.saved("levels", lambda: levels_at(names))


@app.post("/entered")
async def asks_on_entering(urls: list[str]) -> list[object]:
    found = []
    async with aiohttp.ClientSession() as web:
        for url in urls:
            async with web.get(url) as answer:  # FP111 (inline)
                found.append(await answer.json())
        for url in urls:  # leaves at the first that has it
            async with web.get(url) as answer:
                if answer.status == 200:
                    return found
        for url in urls:  # locked, not asked
            async with limit:
                found.append(url)
    return found


class Backend(ABC):
    @abstractmethod
    def heads(self, name: str) -> list[str]: ...


async def run_aside(work: Callable[..., Any], *given: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *given)


@app.post("/heads")
async def heads(names: list[str], backend: Backend, other: Any) -> list[object]:
    found = [await run_aside(backend.heads, name) for name in names]  # FP111 (summary)
    for name in names:
        found.append(await asyncio.to_thread(other.heads, name))  # FP111 (summary)
        found.append(await asyncio.to_thread(name.upper))
        found.append(await asyncio.to_thread(len, name))
    return found


async def texts_of(profiles: list[Any]) -> list[str]:
    return [(await client.get(profile["url"])).text for profile in profiles]  # FP111 (summary)


async def texts_of_kind(profiles: list[Any]) -> list[str]:
    return [(await client.get(profile["url"])).text for profile in profiles]  # FP111


@app.post("/profile/{wanted}")
async def profile(wanted: str, profiles: list[Any]) -> list[str]:
    chosen = [each for each in profiles if each["id"] == wanted]
    alike = [each for each in profiles if each["kind"] == wanted]
    return [*await texts_of(chosen), *await texts_of_kind(alike)]


# Objects of a library that nobody knows here, one after another.


class Nodes:
    def __init__(self, node: Node) -> None:
        self.nodes: dict[str, Node] = {}
        self.node = node

    async def tell(self, users: list[str]) -> None:
        for node in self.nodes.values():
            await node.update_users(users)  # FP111 (summary)

    async def tell_one(self, users: list[str]) -> None:
        for user in users:
            await self.node.update_user(user)  # one object: it may take one call at a time

    async def first_healthy(self) -> Node | None:
        for node in self.nodes.values():
            if await node.is_healthy():
                return node
        return None


@app.post("/nodes")
async def tell_nodes(users: list[str], files: list[UploadFile], nodes: Nodes = Depends(Nodes)) -> list[bytes]:
    await nodes.tell(users)
    await nodes.tell_one(users)
    await nodes.first_healthy()
    return [await file.read() for file in files]


async def broadcast(sockets: list[WebSocket], text: str) -> None:
    for socket_of_client in sockets:
        await socket_of_client.send_text(text)


async def all_done(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


@app.post("/told")
async def told(text: str) -> None:
    await broadcast(app.state.sockets, text)
    await all_done(app.state.events)


# The same in worker threads


http = requests.Session()


def stock_of(number: str) -> int:
    return http.get(f"https://stock.example/{number}", timeout=5).json()["level"]


def stored_stock_of(number: str, session: Session) -> int:
    session.add(Level(number=number))
    session.commit()
    return stock_of(number)


@functools.cache
def kept_stock_of(number: str) -> int:
    return stock_of(number)


@app.post("/threads/direct")
def in_a_thread(numbers: list[str]) -> list[int]:
    return [http.get(f"https://stock.example/{number}", timeout=5).json() for number in numbers]  # FP111 (inline)


@app.post("/threads/through")
def through_in_a_thread(numbers: list[str]) -> list[str]:
    missing = []
    for number in numbers:
        if not stock_of(number):  # FP111 (inline)
            missing.append(number)
    return missing


@app.post("/threads/s3")
def objects_in_a_thread(keys: list[str]) -> None:
    store = boto3.client("s3")
    for key in keys:
        store.put_object(Bucket="labels", Key=key, Body=b"")  # FP111 (inline)


class Sender:
    def __init__(self, session: requests.Session) -> None:
        self.session = session

    def send_all(self, numbers: list[str]) -> dict[str, int]:
        return {number: self._send(number) for number in numbers}  # FP111 (inline)

    def _send(self, number: str) -> int:
        return self.session.post("https://post.example", json={"number": number}, timeout=5).status_code


@app.post("/threads/send")
def send_from_a_thread(numbers: list[str]) -> dict[str, int]:
    return Sender(http).send_all(numbers)


search = Elasticsearch("http://search.example")
worker = Celery("shop")


async def in_worker(work, *args):
    return await asyncio.to_thread(work, *args)


@app.post("/threads/indices")
async def of_each_index(indices: list[str]) -> list[dict]:
    return [await in_worker(search.indices.stats, index) for index in indices]  # FP111 (summary)


# Near misses in worker threads


@app.post("/threads/pool")
def several_at_once(numbers: list[str]) -> list[int]:
    with ThreadPoolExecutor(max_workers=5) as pool:
        return list(pool.map(stock_of, numbers))


@app.post("/threads/submitted")
def submitted(numbers: list[str]) -> list[int]:
    with ThreadPoolExecutor(max_workers=5) as pool:
        asked = [pool.submit(stock_of, number) for number in numbers]
        return [each.result() for each in asked]


@app.post("/threads/queued")
def queued(numbers: list[str]) -> None:
    for number in numbers:
        put_off(number)


def put_off(number: str) -> None:
    worker.send_task("orders.pack", args=[number])


def read(place: str) -> str:
    if place.startswith("https:"):
        return http.get(place, timeout=5).text
    return Path(place).read_text()


@app.post("/threads/places")
def read_places(places: list[str]) -> list[str]:
    return [read(place) for place in places]  # FP111 (summary)


@app.post("/threads/kept")
def of_kept_stock(numbers: list[str]) -> list[int]:
    return [kept_stock_of(number) for number in numbers]


@app.post("/threads/first")
def first_that_has_it(numbers: list[str]) -> str:
    for number in numbers:
        if stock_of(number):
            return number
    return ""


@app.post("/threads/stored")
def stored_too(numbers: list[str]) -> None:
    with Session(engine) as session:
        for number in numbers:
            stored_stock_of(number, session)  # FP111 (summary)


@app.post("/threads/two")
def of_two() -> list[int]:
    return [stock_of(host) for host in ("north", "south")]


@app.post("/threads/cursor")
def by_cursor(numbers: list[str]) -> str:
    cursor = ""
    for number in numbers:
        cursor = http.get(f"https://stock.example/{number}?after={cursor}", timeout=5).text
    return cursor


@app.post("/threads/paced")
def paced(numbers: list[str]) -> None:
    for number in numbers:
        stock_of(number)
        time.sleep(1)


@app.post("/threads/background")
def behind(numbers: list[str], tasks: BackgroundTasks) -> None:
    tasks.add_task(ask_for_all, numbers)


def ask_for_all(numbers: list[str]) -> None:
    for number in numbers:
        stock_of(number)


def script(numbers: list[str]) -> None:
    for number in numbers:
        stock_of(number)


async def index_documents(documents: list[dict[str, str]], *, fields: list[str] | None = None) -> None:
    """Takes many at once."""
    await client.post("/index", json={"documents": documents, "fields": fields})


async def ask_model(messages: list[dict[str, str]]) -> str:
    return (await client.post("/chat", json={"messages": messages})).text


@app.post("/documents")
async def add_documents(texts: list[str]) -> None:
    for text in texts:
        await index_documents([{"text": text}])  # FP111
    for text in texts:
        await index_documents(documents=[{"text": text}])  # FP111


@app.post("/documents/at-once")
async def add_documents_at_once(texts: list[str]) -> None:
    await index_documents([{"text": text} for text in texts])


@app.post("/documents/fields")
async def add_fields(texts: list[str]) -> None:
    await index_documents([{"text": each} for each in texts], fields=["text"])


@app.post("/conversations")
async def conversations(questions: list[str]) -> list[str]:
    found = []
    for question in questions:
        found.append(await ask_model([{"role": "user", "content": question}]))  # FP111
    return found


@app.post("/documents/twice")
async def add_in_two_loops(texts: list[str], titles: list[str]) -> None:
    for text in texts:
        document = {"text": text}
        await index_documents([document])  # FP111
    for title in titles:
        document = {"title": title}
        await index_documents([document])  # FP111


@app.post("/documents/chained")
async def add_chained(texts: list[str]) -> None:
    document: dict[str, str] = {}
    for text in texts:
        await client.post("/index", json={"after": document})
        document = {"text": text}


@app.post("/threads/documents")
def adds_in_a_thread(texts: list[str]) -> None:
    for text in texts:
        put_documents([text])  # FP111


def put_documents(texts: list[str]) -> None:
    http.post("https://stock.example/index", json=texts, timeout=5)


# Awaited functions of packages that nobody knows here


async def located(number: str) -> str:
    place = await fleetlink.locate(number)
    return place.name


async def read_label(number: str) -> bytes:
    return await aiofileset.read(f"/labels/{number}")


async def settled(number: str) -> int:
    return await ready(number)


async def ready(number: str) -> int:
    return len(number)


@app.post("/located")
async def all_located(numbers: list[str]) -> list[str]:
    return [await located(number) for number in numbers]  # FP111 (summary)


@app.post("/read-and-settled")
async def read_and_settled(numbers: list[str]) -> None:
    for number in numbers:
        await read_label(number)
        await settled(number)


# Each item asks another machine, and its answer is stored.


class Stock:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def load(self, number: str) -> None:
        answer = await client.get(f"/levels/{number}")
        await self.session.execute(answer.json()["statement"])

    async def load_new(self, number: str) -> None:
        level = await self.session.get(Level, number)
        if level is None:
            answer = await client.get(f"/levels/{number}")
            await self.session.execute(answer.json()["statement"])

    async def load_all(self, numbers: list[str]) -> None:
        for number in numbers:
            await self.load(number)  # FP111 (summary)
        for number in numbers:
            await self.load_new(number)
        for host in ("north", "south"):
            await self.load(host)
        await self.session.commit()


@app.post("/stock/load")
async def load_stock(numbers: list[str], session: AsyncSession = Depends(get_session)) -> None:
    await Stock(session).load_all(numbers)


async def nightly(numbers: list[str]) -> None:
    async with AsyncSession() as session:
        for number in numbers:
            await Stock(session).load(number)


# Tools that a model asked for in one turn


TOOLS: dict[str, Any] = {}


@app.post("/agent")
async def runs_tools(message: dict[str, Any]) -> list[object]:
    results = []
    for tool_call in message["tool_calls"]:
        tool = TOOLS.get(tool_call["name"])
        if not tool:
            continue
        outputs = await tool.implementation().call(parameters=tool_call["parameters"])  # FP111
        results.append(outputs)
    return results


@app.post("/agent/invoked")
async def invokes_tools(message: Any) -> list[object]:
    return [await TOOLS[each.name].ainvoke(each.args) for each in message.tool_calls]  # FP111


@app.post("/agent/functions")
async def runs_functions(answer: Any, toolbox: Any) -> list[object]:
    results = []
    for index, function_call in enumerate(answer.function_calls or []):
        results.append((index, await toolbox.execute(function_call.name, function_call.arguments)))  # FP111
    return results


@app.post("/agent/with-a-session")
async def runs_tools_on_one_session(message: Any, db: Any) -> list[object]:
    results = []
    for tool_call in message.tool_calls:
        results.append(await TOOLS[tool_call.name].run(tool_call.args, db=db))  # FP111 (summary)
    return results


@app.post("/agent/told")
async def tells_of_tools(message: Any, socket: Any) -> None:
    for tool_call in message.tool_calls:
        await socket.send_json({"tool": tool_call.name})


@app.post("/agent/first")
async def stops_at_the_first(message: Any) -> object:
    for tool_call in message.tool_calls:
        result = await TOOLS[tool_call.name].run(tool_call.args)
        if result is not None:
            return result
    return None


@app.post("/agent/steps")
async def runs_steps(plan: Any) -> None:
    for step in plan.steps:
        await TOOLS[step.name].run(step.args)


@app.post("/agent/chained")
async def runs_chained(message: Any) -> object:
    result = None
    for tool_call in message.tool_calls:
        result = await TOOLS[tool_call.name].run(tool_call.args, before=result)
    return result


orders = AsyncMongoClient("mongodb://db")["shop"]["orders"]


@app.get("/orders/levels")
async def levels_of_documents(websocket: WebSocket, consumer: fleetlink.Consumer) -> list[int]:
    found = []
    async for order in orders.find({"open": True}):
        found.append(await level_of(order["number"]))  # FP111
    async for order in orders.find({"open": True}).limit(3):
        found.append(await level_of(order["number"]))
    few = orders.find({"open": True}).limit(3)
    async for order in few:
        found.append(await level_of(order["number"]))
    changes = orders.watch()
    async for order in changes:
        found.append(await level_of(order["number"]))
    async for order in orders.find({"open": True}).limit(1000):
        found.append(await level_of(order["number"]))  # FP111
    most = orders.find({"open": True}).sort("number").limit(1000)
    async for order in most:
        found.append(await level_of(order["number"]))  # FP111
    async for order in orders.find({"open": True}):
        if await level_of(order["number"]):
            break
    async for message in websocket.iter_text():
        found.append(await level_of(message))
    async for message in consumer:
        found.append(await level_of(message))
    return found


class Directory(ABC):
    @abstractmethod
    async def people_of(self, department: str) -> list[str]: ...

    async def everybody(self, departments: list[str]) -> list[str]:
        found = []
        for department in departments:
            found.extend(await self.people_of(department))  # FP111 (summary)
        return found


class RemoteDirectory(Directory):
    async def people_of(self, department: str) -> list[str]:
        return (await client.get(f"/departments/{department}")).json()


class PostedDirectory(Directory):
    async def people_of(self, department: str) -> list[str]:
        return (await client.post("/departments", json=department)).json()


class Shelf(ABC):
    @abstractmethod
    async def books_of(self, author: str) -> list[str]: ...

    async def all_books(self, authors: list[str]) -> list[str]:
        found = []
        for author in authors:
            found.extend(await self.books_of(author))
        return found


class ShelfInMemory(Shelf):
    async def books_of(self, author: str) -> list[str]:
        return [author]


@app.get("/everybody")
async def everybody(departments: list[str]) -> list[str]:
    return await RemoteDirectory().everybody(departments) + await ShelfInMemory().all_books(departments)


class PointIndex:
    async def index_the_points(self, points: list[str]) -> None:
        async with httpx.AsyncClient() as asked:
            await asked.post("https://index.example/points", json=points)

    async def counted_in_memory(self, points: list[str]) -> int:
        return len(points)

    async def read_one_point(self, session: AsyncSession, number: str) -> None:
        await session.execute(text("select 1"))
        async with httpx.AsyncClient() as asked:
            await asked.post("https://index.example/points", json=number)


@app.post("/points")
async def points_one_by_one(groups: list[list[str]]) -> None:
    index = plugged("index")
    for group in groups:
        await index.index_the_points(group)  # FP111 (summary)


async def of_what_is_given(index, groups: list[list[str]]) -> None:
    for group in groups:
        await index.index_the_points(group)  # FP111 (summary)


async def in_memory(index, groups: list[list[str]]) -> int:
    return sum([await index.counted_in_memory(group) for group in groups])


async def of_other_arguments(index, groups: list[list[str]]) -> None:
    for group in groups:
        await index.index_the_points(group, wait=True)


async def until_one_has_it(index, groups: list[list[str]]) -> None:
    for group in groups:
        if await index.index_the_points(group):
            return


async def of_a_session(index, session: AsyncSession, numbers: list[str]) -> None:
    for number in numbers:
        await index.read_one_point(session, number)


class BlobFolder:
    def blob(self, name: str):
        return plugged(name)

    async def size_of(self, name: str) -> int:
        return (await self.blob(name).get_blob_properties()).size

    async def kept(self, name: str) -> int:
        return (await self.blob(name).get_kept_size()).size


@app.post("/blobs")
async def sizes(names: list[str]) -> list[int]:
    folder = BlobFolder()
    found = []
    for name in names:
        found.append(await folder.size_of(name))  # FP111 (summary)
    for name in names:
        found.append(await folder.kept(name))
    return found


async def of_a_client(blobs, names: list[str]) -> list[int]:
    return [(await blobs.get_blob_properties(name)).size for name in names]  # FP111 (summary)


async def of_another_store(store, names: list[str]) -> list[int]:
    return [(await store.head_object(Key=name))["ContentLength"] for name in names]  # no client of such a store is imported


async def tells_a_store(blobs, names: list[str]) -> None:
    for name in names:
        await blobs.upload_blob_from_url(name)  # may have an order
    for name in names:
        await blobs.set_blob_metadata(name)
