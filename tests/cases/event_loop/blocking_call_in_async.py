import asyncio
import importlib.util
import io
import os
import socket
import ssl
import subprocess
import threading
import time
import time as clock
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import sleep
from typing import Any

import anyio
import apprise
import boto3
import ccxt
import cloudinary.uploader
import email_validator
import feedparser
import git
import google.cloud.storage
import googlemaps
import haystack
import httpx
import instructor
import langchain_chroma
import langgraph.graph
import ldap
import openai
import psutil
import pystac_client
import requests
import requests as http
import sh
import spotipy
import supabase
import telebot
import turbopuffer
import yfinance
import zmq
import zmq.asyncio
from anyio.to_thread import run_sync
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi_utils.tasks import repeat_every
from google_auth_oauthlib.flow import Flow
from googleapiclient import discovery
from googleapiclient.discovery import Resource, build
from googleapiclient.http import MediaIoBaseDownload
from langchain.prompts import PromptTemplate
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI
from telebot.async_telebot import AsyncTeleBot
from tweepy import OAuth2UserHandler

app = FastAPI()
session = requests.Session()
client = httpx.Client()
async_client = httpx.AsyncClient()
model = OpenAI(timeout=30)
async_model = AsyncOpenAI(timeout=30)
executor = ThreadPoolExecutor()


async def audit() -> None: ...


@app.get("/sleep")
async def sleeps() -> None:
    await audit()
    time.sleep(1)  # FP101
    clock.sleep(1)  # FP101
    sleep(1)  # FP101


@app.get("/http")
async def calls(url: str) -> str:
    await audit()
    requests.get(url, timeout=5)  # FP101
    http.post(url, timeout=5)  # FP101
    session.get(url, timeout=5)  # FP101
    client.get(url)  # FP101
    httpx.get(url)  # FP101
    urllib.request.urlopen(url, timeout=5)  # FP101
    return requests.get(url, timeout=5).text.strip()  # FP101


@app.get("/process")
async def runs(command: str) -> None:
    await audit()
    subprocess.run([command])  # FP101
    os.system(command)  # FP101
    input()  # FP101


@app.get("/names")
async def resolves(name: str) -> None:
    await audit()
    socket.getaddrinfo(name, 443)  # FP101
    ssl.get_server_certificate((name, 443))  # FP101
    ssl.create_default_context()


@app.get("/model")
async def asks(question: str) -> None:
    await audit()
    model.responses.create(model="gpt-5-mini", input=question)  # FP101
    model.chat.completions.create(model="gpt-5-mini", messages=[])  # said with the first


@app.get("/parameter")
async def told_what_to_leave_out(url: str) -> list[str]:
    first = requests.get(url, timeout=5, verify=False)  # FP101
    second = session.get(url, timeout=5, allow_redirects=False)  # FP101
    return [first.text, second.text]


async def through_a_parameter(url: str, own: requests.Session | None = None) -> None:
    await audit()
    if own is not None:
        own.get(url, timeout=5)  # FP101


@app.get("/comprehension")
async def comprehends(urls: list[str]) -> list[int]:
    await audit()
    return [requests.get(url, timeout=5).status_code for url in urls]  # FP101


async def task() -> None:
    time.sleep(1)  # FP101


@app.get("/background")
async def background(tasks: BackgroundTasks) -> None:
    tasks.add_task(task)


@app.middleware("http")
async def middleware(request, call_next):
    time.sleep(0.01)  # FP105
    return await call_next(request)


async def nobody_is_seen_to_call() -> None:
    time.sleep(1)  # FP101


@app.post("/images")
async def image(name: str) -> str:
    await audit()
    cloudinary.uploader.destroy(name)  # FP101
    return cloudinary.uploader.upload(name)["secure_url"]


@app.post("/chain")
async def chained(question: str, kind: str) -> str:
    await audit()
    prompt = ChatPromptTemplate.from_template("Answer: {question}")
    chain = prompt | chosen_model(kind) | StrOutputParser()
    structured = ({"question": str} | prompt | ChatOpenAI()).with_retry()
    structured.invoke({"question": question})  # FP101
    return chain.invoke({"question": question})


def chosen_model(kind: str) -> Any:
    raise NotImplementedError(kind)


# Near misses


@app.post("/chain/async")
async def chained_async(question: str, kind: str) -> str:
    chain = PromptTemplate.from_template("Answer: {question}") | chosen_model(kind)
    others = {"a": 1} | {"b": 2}
    others.invoke()  # type: ignore[attr-defined]  # a dictionary
    flags = chosen_model(kind) | chosen_model(kind)
    flags.invoke()
    await asyncio.to_thread(cloudinary.uploader.upload, question)
    await asyncio.to_thread(chain.invoke, {"question": question})
    return str(await chain.ainvoke({"question": question}))


@app.get("/awaits")
async def waits(url: str) -> None:
    await asyncio.sleep(1)
    await anyio.sleep(1)
    await async_client.get(url)
    await async_model.responses.create(model="gpt-5-mini", input=url)
    await asyncio.create_subprocess_exec("ls")


@app.get("/offloads")
async def offloads(url: str) -> None:
    await asyncio.to_thread(time.sleep, 1)
    await run_in_threadpool(requests.get, url, timeout=5)
    await run_in_threadpool(lambda: time.sleep(1))
    await run_sync(partial(requests.get, url, timeout=5))
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, time.sleep, 1)
    await loop.run_in_executor(executor, lambda: requests.get(url, timeout=5))

    def work() -> None:
        time.sleep(1)

    await asyncio.to_thread(work)


@app.get("/thread")
def in_a_thread(url: str) -> str:
    time.sleep(1)
    return requests.get(url, timeout=5).text


def sync_task() -> None:
    time.sleep(1)


@app.get("/sync-background")
async def sync_background(tasks: BackgroundTasks) -> None:
    tasks.add_task(sync_task)
    tasks.add_task(time.sleep, 1)


class Clock:
    def sleep(self, seconds: float) -> None: ...

    def get(self, url: str) -> str:
        return url


@app.get("/own")
async def own_names(url: str) -> None:
    await audit()
    own = Clock()
    own.sleep(1)
    own.get(url)
    requests = Clock()
    requests.get(url)
    time.sleep(0)
    time.monotonic()


async def watched() -> list[float]:
    await audit()
    busy = psutil.cpu_percent(interval=1)  # FP101
    own = psutil.Process().cpu_percent(0.5)  # FP101
    return [busy, own, psutil.cpu_percent(), psutil.cpu_percent(interval=None), psutil.cpu_percent(0)]


async def main() -> None:
    await audit()


if __name__ == "__main__":
    time.sleep(1)
    asyncio.run(main())


class Coordinator:
    """Its loop is its own: no request runs on it."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._serve)
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        self._loop.create_task(self._coordinate())
        self._loop.run_forever()

    async def _coordinate(self) -> None:
        time.sleep(1)  # FP101


async def in_a_loop_of_the_thread() -> None:
    time.sleep(1)


@app.get("/own-loop")
def own_loop() -> None:
    asyncio.run(in_a_loop_of_the_thread())


@app.post("/converters")
async def starts_a_program(name: str) -> int:
    process = subprocess.Popen(["convert", name], stdout=subprocess.DEVNULL)  # FP101 (summary)
    await asyncio.sleep(1)
    return process.pid


@app.post("/conversions")
async def stays_with_a_program(name: str) -> list[str]:
    await asyncio.sleep(0)
    process = subprocess.Popen(["convert", name], stdout=subprocess.PIPE, text=True)  # FP101 (inline)
    return list(process.stdout or ())


@app.post("/conversions/entered")
async def enters_a_program(name: str) -> int:
    await asyncio.sleep(0)
    with subprocess.Popen(["convert", name]) as process:  # FP101 (inline)
        return process.pid


notes = turbopuffer.Turbopuffer().namespace("notes")
tables = supabase.create_client("https://db.example", "key")
papers = langchain_chroma.Chroma("papers")
agent = langgraph.graph.StateGraph(dict).compile()
sockets = zmq.Context()


@app.post("/hosted")
async def hosted(text: str, email: str, repository: git.Repo) -> None:
    await asyncio.sleep(0)
    notes.query(rank_by=("vector", "ANN", [0.1]), top_k=10)  # FP101
    papers.similarity_search(text)  # FP101
    papers.as_retriever().invoke(text)  # FP101
    agent.invoke({"text": text})  # FP101
    repository.remotes.origin.pull()  # FP101
    email_validator.validate_email(email)  # FP101
    channel = sockets.socket(zmq.REQ)
    channel.send_json({"text": text})
    channel.recv_json()  # FP101


validate_syntax = partial(email_validator.validate_email, check_deliverability=False)


@app.post("/hosted/awaited")
async def awaited(text: str, email: str, checked: bool) -> None:
    index = turbopuffer.AsyncTurbopuffer().namespace("notes")
    await index.query(rank_by=("vector", "ANN", [0.1]), top_k=10)
    await papers.asimilarity_search(text)
    await agent.ainvoke({"text": text})
    await zmq.asyncio.Context().socket(zmq.REQ).recv_json()
    email_validator.validate_email(email, check_deliverability=False)
    email_validator.validate_email(email, check_deliverability=checked)
    validate_syntax(email)
    tables.table("notes").select("*").eq("text", text)


class Beacon:
    def __init__(self) -> None:
        self.around = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    async def shine(self) -> None:
        self.around.sendto(b"here", ("255.255.255.255", 1900))
        self.peer.sendall(b"here")  # FP101


beacon = Beacon()


@app.post("/shine")
async def shine() -> str:
    await beacon.shine()
    route = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    route.connect(("192.0.2.1", 80))
    return route.getsockname()[0]


@app.post("/switched-off")
async def switched_off(text: str) -> str:
    await asyncio.sleep(0)
    raise RuntimeError("not now")
    return requests.get("https://shop.example/", params={"text": text}, timeout=5).text  # FP101 (summary)


class Bridge:
    async def start(self) -> None:
        subprocess.run(["ip", "link"])  # FP101 (summary)
        self.task = asyncio.create_task(self.refresh())

    async def refresh(self) -> None:
        while True:
            subprocess.run(["ip", "link"])  # FP101 (inline)
            await asyncio.sleep(30)

    async def stop(self) -> None:
        self.task.cancel()


class Container:
    async def start(self) -> None:
        subprocess.run(["docker", "start", "shop"])  # FP101 (inline)

    async def stop(self) -> None:
        await asyncio.sleep(0)


@app.post("/bridge")
async def bridge(on: bool) -> None:
    await Bridge().start()
    await Container().start()


@app.get("/fetched")
async def fetched_when_it_is_missing() -> None:
    await audit()
    if not importlib.util.find_spec("magic"):
        subprocess.check_call(["pip", "install", "magic"])  # FP101 (summary)
    if importlib.util.find_spec("charts"):
        subprocess.check_call(["charts", "draw"])  # FP101 (inline)
    try:
        import labels
    except ImportError:
        subprocess.check_call(["pip", "install", "labels"])  # FP101 (summary)
    labels.draw()


async def named_and_led_to_by_nothing() -> None:
    time.sleep(1)  # FP101 (summary)


HANDED_OUT = {"later": named_and_led_to_by_nothing}


async def goes_on_beside_requests() -> None:
    while True:
        requests.get("https://rates.example", timeout=5)  # FP101 (inline)
        await asyncio.sleep(60)


@app.on_event("startup")
async def begin() -> None:
    app.state.watching = asyncio.create_task(goes_on_beside_requests())


@app.post("/members")
async def members(name: str, password: str) -> object:
    directory = ldap.initialize("ldap://directory.example")
    directory.simple_bind_s(name, password)  # FP101
    return await run_in_threadpool(directory.search_s, "dc=example", ldap.SCOPE_SUBTREE)


asking = instructor.from_openai(openai.OpenAI(timeout=9))
awaited = instructor.from_openai(client=openai.AsyncOpenAI(timeout=9))


@app.post("/structured")
async def structured(question: str) -> list[object]:
    answer = await awaited.chat.completions.create(model="small", messages=[{"content": question}])
    return [answer, asking.chat.completions.create(model="small", messages=[])]  # FP101


def told(lines: object) -> None:
    print(lines)


@app.get("/convert/beside")
async def converted_beside(name: str) -> int:
    process = subprocess.Popen(["convert", name], stdout=subprocess.PIPE)  # FP101 (summary)
    threading.Thread(target=told, args=(process.stdout,)).start()
    while process.poll() is None:
        await asyncio.sleep(0.1)
    return process.returncode


@app.get("/convert/numbered")
async def converted_and_numbered(name: str) -> int:
    process = subprocess.Popen(["convert", name], stdout=subprocess.PIPE)  # FP101 (inline)
    return sum(number for number, _ in enumerate(process.stdout))


@app.get("/feed")
async def feed(address: str) -> object:
    return feedparser.parse(address)  # FP101


@app.get("/feed/fetched")
async def feed_that_was_fetched(address: str) -> object:
    async with httpx.AsyncClient(timeout=9) as client:
        answer = await client.get(address)
    document = answer.text
    return [feedparser.parse(document), feedparser.parse(answer.content)]


class AtTheTerminal:
    async def ask(self, question: str) -> str:
        return input(question)  # FP101 (summary)

    async def again(self) -> None:
        time.sleep(1)  # FP101 (summary)


async def at_the_terminal() -> str:
    return await AtTheTerminal().ask("name?")


class NotAtTheTerminal:
    async def again(self) -> None:
        time.sleep(1)  # FP101


@app.get("/typed")
async def typed() -> str:
    return input()  # FP101


spotify = spotipy.Spotify()
bot = telebot.TeleBot("1:a")
awaited_bot = AsyncTeleBot("1:a")
everywhere = apprise.Apprise()
answering = haystack.Pipeline.loads("components: {}")


@app.get("/track")
async def track(number: str) -> dict[str, object]:
    return spotify.track(number)  # FP101


@app.get("/place")
async def place(street: str) -> list[object]:
    client = googlemaps.Client(key="a")
    return client.geocode(street)  # FP101


@app.post("/told")
async def told(text: str) -> None:
    bot.send_message(1, text)  # FP101
    everywhere.notify(body=text)  # FP101


@app.get("/answered")
async def answered(question: str) -> dict[str, object]:
    return answering.run({"writer": {"prompt": question}})  # FP101


@app.get("/track-in-thread")
def track_in_thread(number: str) -> dict[str, object]:
    return spotify.track(number)


@app.get("/place-in-thread")
async def place_in_thread(street: str) -> list[object]:
    return await asyncio.to_thread(googlemaps.Client(key="a").geocode, street)


@app.post("/told-awaiting")
async def told_awaiting(text: str) -> bool:
    everywhere.add("json://shop")  # only notes where to
    await awaited_bot.send_message(1, text)
    return await everywhere.async_notify(body=text)


@app.get("/answered-awaiting")
async def answered_awaiting(question: str) -> dict[str, object]:
    return await answering.run_async({"writer": {"prompt": question}})


@app.get("/told-apart")
async def told_apart(client: httpx.Client | httpx.AsyncClient) -> int:
    if isinstance(client, httpx.AsyncClient):
        return (await client.get("https://rates.example")).status_code
    else:
        return client.get("https://rates.example").status_code  # FP101


@app.get("/told-before")
async def told_before(client: httpx.Client | httpx.AsyncClient | None) -> int:
    if client is None or isinstance(client, httpx.AsyncClient):
        return 0
    return client.get("https://rates.example").status_code  # FP101


@app.get("/told-one-of-three")
async def told_one_of_three(client: httpx.Client | httpx.AsyncClient | requests.Session) -> object:
    if isinstance(client, httpx.Client):
        return None
    return client.get("https://rates.example")  # one of two, and nobody knows which


@app.get("/told-and-bound-again")
async def told_and_bound_again(client: httpx.Client | httpx.AsyncClient) -> int:
    if not isinstance(client, httpx.AsyncClient):
        client = httpx.AsyncClient()
    return (await client.get("https://rates.example")).status_code


directory = discovery.build("admin", "directory_v1")


class Files:
    def __init__(self, version: str) -> None:
        self.service = build("drive", version)

    def service_of(self) -> Resource:
        return self.service


@app.get("/google/people/{number}")
async def person_of_google(number: str) -> dict:
    await audit()
    return directory.users().get(userKey=number).execute()  # FP101


@app.get("/google/files")
async def files_of_google(text: str) -> list[str]:
    await audit()
    request = Files("v3").service_of().files().list(q=text)
    found = []
    while request is not None:
        answer = request.execute()  # FP101
        found.extend(answer["files"])
        request = directory.files().list_next(request, answer)
    return found


@app.get("/google/content/{number}")
async def content_of_google(number: str) -> None:
    await audit()
    loader = MediaIoBaseDownload(io.BytesIO(), directory.files().get_media(fileId=number))
    loader.next_chunk()  # FP101


@app.get("/google/asked-later")
async def only_a_request_of_google(number: str) -> None:
    await audit()
    request = directory.users().get(userKey=number)
    await asyncio.to_thread(request.execute)


bucket = boto3.resource("s3").Bucket("pictures")
stock = boto3.Session().resource("dynamodb").Table("stock")
queue = boto3.resource("sqs").get_queue_by_name(QueueName="orders")


class Pictures:
    def __init__(self) -> None:
        self.resource = boto3.resource("s3")
        self.bucket = self.resource.Bucket("pictures")


pictures = Pictures()


@app.get("/aws/pictures/{name}")
async def picture_of_a_bucket(name: str) -> bytes:
    await audit()
    file = io.BytesIO()
    bucket.download_fileobj(name, file)  # FP101
    return file.getvalue()


@app.delete("/aws/pictures/{name}")
async def without_a_picture(name: str) -> None:
    await audit()
    pictures.bucket.Object(name).delete()  # FP101


@app.put("/aws/stock/{number}")
async def stock_of(number: str) -> None:
    await audit()
    stock.put_item(Item={"number": number})  # FP101


@app.post("/aws/orders")
async def sent_order(text: str) -> None:
    await audit()
    queue.send_message(MessageBody=text)  # FP101


@app.get("/aws/named/{name}")
async def only_an_object_of_aws(name: str) -> object:
    await audit()
    return pictures.resource.Object("pictures", name)


@app.get("/aws/listed-later")
async def only_a_collection_of_aws(prefix: str) -> object:
    await audit()
    found = bucket.objects.filter(Prefix=prefix)
    return found.limit(10)


@app.get("/aws/many")
async def only_a_batch_writer() -> object:
    await audit()
    return stock.batch_writer()


@app.get("/aws/aside/{name}")
async def picture_aside(name: str) -> None:
    await audit()
    await asyncio.to_thread(bucket.download_fileobj, name, io.BytesIO())


storage = boto3.client("s3")


@app.get("/aws/pages")
async def all_pages(name: str) -> list[str]:
    await audit()
    pages = storage.get_paginator("list_objects_v2").paginate(Bucket=name)  # FP101
    return [found["Key"] for page in pages for found in page["Contents"]]


@app.get("/aws/paginator")
async def only_a_paginator(name: str) -> object:
    await audit()
    return storage.get_paginator("list_objects_v2").paginate(Bucket=name)


@app.get("/aws/waited")
async def waited_for(name: str) -> None:
    await audit()
    storage.get_waiter("object_exists").wait(Bucket="pictures", Key=name)  # FP101


@app.get("/aws/handlers")
async def only_handlers() -> None:
    await audit()
    storage.meta.events.register("before-sign.s3", print)


archive = google.cloud.storage.Client()


@app.get("/google/listed")
async def listed_blobs(name: str) -> list[str]:
    await audit()
    return [blob.name for blob in archive.list_blobs(name)]  # FP101


@app.get("/google/listed-in-thread")
async def listed_in_a_thread(name: str) -> list[object]:
    return await asyncio.to_thread(lambda: list(archive.list_blobs(name)))


@app.get("/scenes")
async def scenes(area: str) -> list[object]:
    await audit()
    catalog = pystac_client.Client.open("https://stac.example/v1")  # FP101
    search = catalog.search(collections=[area], max_items=10)
    return list(search.items())


@app.get("/quotes/{symbol}")
async def quotes(symbol: str) -> dict[str, object]:
    await audit()
    return yfinance.Ticker(symbol).history(period="1d").to_dict()  # FP101


exchange = ccxt.kraken()


@app.get("/rates/{symbol}")
async def rates(symbol: str) -> object:
    await audit()
    return exchange.fetch_ticker(symbol)  # FP101


@app.get("/rates/{symbol}/name")
async def only_a_name(symbol: str) -> str:
    await audit()
    return exchange.market_id(symbol)


scheduler = AsyncIOScheduler()


async def refreshed_on_the_loop() -> None:
    requests.get("https://rates.example/latest", timeout=5)  # FP101


def refreshed_in_a_thread() -> None:
    requests.get("https://rates.example/latest", timeout=5)


@app.on_event("startup")
async def schedule() -> None:
    scheduler.add_job(refreshed_on_the_loop, "interval", minutes=5)
    scheduler.add_job(refreshed_in_a_thread, "interval", minutes=5)
    scheduler.start()


@app.on_event("startup")
@repeat_every(seconds=60)
async def repeated() -> None:
    requests.get("https://rates.example/latest", timeout=5)  # FP101
    await audit()


@app.on_event("startup")
@repeat_every(seconds=60)
def repeated_in_a_thread() -> None:
    requests.get("https://rates.example/latest", timeout=5)


@app.post("/jobs/{number}/end")
async def end_job(number: int, jobs: dict[int, subprocess.Popen[bytes]]) -> None:
    await anyio.sleep(0)
    job: subprocess.Popen[bytes] = jobs[number]
    job.terminate()
    try:
        job.wait(timeout=3)  # FP101 (summary)
    except subprocess.TimeoutExpired:
        job.kill()
        job.wait()  # FP101 (summary)


@app.post("/jobs/{number}/other")
async def wait_for_other(number: int, jobs: dict[int, subprocess.Popen[bytes]]) -> None:
    await anyio.sleep(0)
    job: subprocess.Popen[bytes] = jobs[number]
    other: subprocess.Popen[bytes] = jobs[number + 1]
    if number:
        other.terminate()
    job.wait()  # FP101 (inline)
    other.wait()  # FP101 (inline)


@app.get("/children/{pid}/ended")
async def child_has_ended(pid: int) -> bool:
    ended, _ = os.waitpid(pid, os.WNOHANG)  # looks, and does not wait
    return ended != 0


@app.get("/children/{pid}/stopped")
async def child_has_stopped(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is not None


@app.get("/children/{pid}/used")
async def child_has_used(pid: int) -> bool:
    return os.wait4(pid, options=os.WNOHANG)[0] != 0


@app.delete("/children/{pid}")
async def child_ends(pid: int) -> int:
    return os.waitpid(pid, 0)[1]  # FP101


@app.delete("/children/{pid}/traced")
async def child_stops(pid: int) -> int:
    return os.waitpid(pid, os.WUNTRACED)[1]  # FP101


jobs = AsyncIOScheduler()


def require_admin() -> None: ...


async def submit_figures() -> int:
    return requests.post("https://figures.example", timeout=5).status_code  # FP101 (change)


async def submit_each() -> int:
    for month in range(int(settings())):
        requests.post(f"https://figures.example/{month}", timeout=5)  # FP101 (change)
    return 1


async def submit_asked() -> int:
    return requests.post("https://asked.example", timeout=5).status_code  # FP101 (inline)


async def submit_by_hand() -> int:
    return requests.post("https://hand.example", timeout=5).status_code  # FP101 (change)


async def submit_slowly() -> None:
    time.sleep(5)  # FP101 (change)


def settings() -> str:
    return os.environ["MONTHS"]


def schedule() -> None:
    jobs.add_job(submit_figures, "cron", day=1)
    jobs.add_job(submit_each, "cron", day=1)
    jobs.add_job(submit_asked, "cron", day=1)
    jobs.add_job(submit_slowly, "cron", day=1)


@app.post("/figures", dependencies=[Depends(require_admin)])
async def figures_by_hand() -> int:
    await submit_by_hand()
    await submit_slowly()
    await submit_each()
    return await submit_figures()


@app.post("/settings/mail/test", dependencies=[Depends(require_admin)])
async def mail_is_set_up(host: str) -> int:
    return requests.post(f"https://{host}", timeout=5).status_code  # FP101 (change)


@app.post("/settings/mail", dependencies=[Depends(require_admin)])
async def mail_by_an_administrator(host: str) -> int:
    return requests.post(f"https://{host}", timeout=5).status_code  # FP101 (change)


@app.get("/settings/mail", dependencies=[Depends(require_admin)])
async def mail_that_an_administrator_looks_at(host: str) -> int:
    return requests.get(f"https://{host}", timeout=5).status_code  # FP101 (inline)


@app.post("/settings/mail/all", dependencies=[Depends(require_admin)])
async def mail_to_all(hosts: list[str]) -> int:
    for host in hosts:
        requests.post(f"https://{host}", timeout=5)  # FP101 (change)
    return len(hosts)


@app.post("/settings/mail/words", dependencies=[Depends(require_admin)])
async def mail_in_better_words(text: str) -> Any:
    return model.responses.create(model="m", input=text)  # FP101 (inline)


@app.post("/admin/auth/google")
async def administrator_signs_in(code: str) -> int:
    return requests.post(f"https://accounts.example/{code}", timeout=5).status_code  # FP101 (inline)


@app.post("/admin/sign-in")
async def administrator_signs_in_by_name(name: str) -> int:
    return requests.post(f"https://accounts.example/{name}", timeout=5).status_code  # FP101 (inline)


@app.post("/admin/forgot-password")
async def administrator_forgot_a_password(name: str) -> int:
    return requests.post(f"https://mail.example/{name}", timeout=5).status_code  # FP101 (inline)


@app.post("/admin/sessions/{number}/end", dependencies=[Depends(require_admin)])
async def administrator_ends_a_session(number: int) -> int:
    return requests.post(f"https://accounts.example/{number}", timeout=5).status_code  # FP101 (change)


@app.post("/admin/refresh")
async def administrator_comes_again(token: str) -> int:
    return requests.post(f"https://accounts.example/{token}", timeout=5).status_code  # FP101 (inline)


@app.post("/admin/google/callback")
async def administrator_comes_back(code: str) -> int:
    return requests.post(f"https://accounts.example/{code}", timeout=5).status_code  # FP101 (inline)


@app.post("/admin/catalog/refresh")
async def catalog_by_an_administrator(code: str) -> int:
    return requests.post(f"https://catalog.example/{code}", timeout=5).status_code  # FP101 (change)


@app.post("/admin/devices/register")
async def device_by_an_administrator(code: str) -> int:
    return requests.post(f"https://devices.example/{code}", timeout=5).status_code  # FP101 (change)


@app.post("/admin/reports/sent")
async def report_by_an_administrator(code: str) -> int:
    return requests.post(f"https://reports.example/{code}", timeout=5).status_code  # FP101 (change)


@app.post("/plugins", dependencies=[Depends(require_admin)])
async def plugin_by_an_administrator(name: str) -> None:
    subprocess.run(["git", "clone", name], timeout=60)  # FP101 (change)


@app.post("/settings/mail/tests")
async def tests_of_mail(host: str) -> int:
    return requests.post(f"https://{host}", timeout=5).status_code  # FP101 (inline)


@app.post("/connections/test")
async def connection_of_anybody(host: str) -> int:
    return requests.post(f"https://{host}", timeout=5).status_code  # FP101 (inline)


@app.post("/figures/asked")
async def figures_of_anybody() -> int:
    return await submit_asked()


@app.get("/signed-in")
async def signed_in(code: str) -> list[Any]:
    flow = Flow.from_client_config({}, scopes=["openid"])
    flow.fetch_token(code=code)  # FP101
    signing_in = OAuth2UserHandler(client_id="a", redirect_uri="b", scope=[])
    await asyncio.sleep(0)
    address = signing_in.get_authorization_url()
    return [flow.credentials, signing_in.fetch_token(code), address, flow.authorization_url()]  # FP101


@app.get("/revision")
async def revision() -> str:
    await asyncio.sleep(0)
    later = sh.git.bake("log")
    found = sh.git("rev-parse", "HEAD") + sh.git.show("-s", later)  # FP101
    await asyncio.to_thread(sh.git, "fetch")
    return str(found) + str(await sh.git("log", _async=True))


# Clients that somebody else made, asked by the parts that they all have


class Writer:
    def __init__(self, client) -> None:
        self.client = client

    async def summary(self, text: str) -> str:
        answer = self.client.chat.completions.create(model="small", messages=[{"role": "user", "content": text}])  # FP101 (summary)
        return answer.choices[0].message.content

    async def awaited(self, text: str) -> str:
        answer = await self.client.chat.completions.create(model="small", messages=[{"role": "user", "content": text}])
        return answer.choices[0].message.content

    async def handed_on(self, text: str) -> object:
        return self.client.chat.completions.create(model="small", messages=[{"role": "user", "content": text}])

    async def of_orders(self, text: str) -> str:
        answer = self.client.orders.create(text)
        return answer.number

    def synchronous(self, text: str) -> str:
        answer = self.client.embeddings.create(model="small", input=text)
        return answer.data[0].embedding


class Kept:
    def __init__(self, messages, client) -> None:
        self.messages = messages
        self.client = client

    async def say(self, text: str) -> int:
        return self.messages.create(text=text).number

    async def ask(self, text: str) -> str:
        answer = self.client.messages.create(model="small", max_tokens=10, messages=[text])  # FP101 (summary)
        return answer.content


class Declared:
    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self.client = client

    async def summary(self, text: str) -> str:
        answer = self.client.chat.completions.create(model="small", messages=[])  # FP101 (summary)
        return answer.choices[0].message.content

    async def awaited(self, text: str) -> str:
        answer = await self.client.chat.completions.create(model="small", messages=[])
        return answer.choices[0].message.content


@app.get("/ports/{port}")
async def is_open(host: str, port: int) -> bool:
    await asyncio.sleep(0)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0  # FP101


@app.get("/ports/{port}/async")
async def is_open_awaited(host: str, port: int) -> bool:
    _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    writer.close()
    return True


@app.get("/ports/{port}/plain")
def is_open_in_def(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=2):
        return True
