import asyncio
import ftplib
import functools
import http.client
import smtplib
import socket
import subprocess
import urllib.request
from typing import Any

import aiohttp
import httpx
import ldap3
import paramiko
import requests
from fastapi import Depends, FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from google.genai import types
from jira import JIRA
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager

app = FastAPI()
session = requests.Session()
pool = PoolManager(timeout=3.0)
get = functools.partial(requests.get, timeout=3)


@app.get("/requests")
def with_requests(url: str) -> None:
    requests.get(url)  # FP601
    requests.post(url, json={})  # FP601
    requests.request("GET", url)  # FP601
    requests.get(  # FP601
        url,
        headers={"Accept": "text/plain"},
    )


@app.get("/session")
def with_session(url: str) -> None:
    session.get(url)  # FP601
    with requests.Session() as own:  # FP603
        own.put(url)  # FP601


@app.get("/standard-library")
def with_the_standard_library(url: str) -> None:
    urllib.request.urlopen(url)  # FP601
    smtplib.SMTP("mail.example", 25)  # FP601
    subprocess.run(["git", "fetch"])  # FP601 (summary)
    subprocess.check_output(["git", "log"], timeout=30)
    socket.create_connection(("shop.example", 80))  # FP601


class RetryingAdapter(HTTPAdapter):
    pass


def retrying_session() -> requests.Session:
    made = requests.Session()
    made.mount("https://", RetryingAdapter())
    return made


@app.get("/adapter")
def with_an_adapter_that_only_retries(url: str, own: requests.Session = Depends(retrying_session)) -> None:
    own.get(url)  # FP601


def not_seen_from_an_endpoint(url: str) -> None:
    requests.delete(url)  # FP601


# Near misses


@app.get("/bounded")
def bounded(url: str, options: dict[str, Any]) -> None:
    requests.get(url, timeout=5)
    requests.get(url, timeout=(3, 10))
    requests.get(url, **options)
    session.get(url, timeout=5)
    urllib.request.urlopen(url, None, 5)
    smtplib.SMTP("mail.example", 25, "me", 10)
    socket.create_connection(("shop.example", 80), 5)
    get(url)
    pool.request("GET", url)


@app.get("/others")
async def others(url: str, client: httpx.AsyncClient, http: aiohttp.ClientSession) -> None:
    await client.get(url)
    async with http.get(url):
        pass


class Api:
    def get(self, url: str) -> str:
        return url


@app.get("/own")
def own(url: str) -> str:
    return Api().get(url)


class Catalogue:
    def __init__(self, url: str, store: dict[str, str] | None = None, mirror: str | None = None) -> None:
        self.url = url
        self.store = store
        self.mirror = mirror

    def name_of(self, number: str) -> str:
        if self.store is not None:
            return self.store[number]
        else:
            return requests.get(self.url + number).text  # FP601 (summary)

    def text_of(self, number: str) -> str:
        if self.mirror is None:
            return requests.get(self.url + number).text  # FP601 (inline)
        return self.mirror


@app.get("/catalogue")
def from_the_catalogue(number: str) -> str:
    found = Catalogue("https://shop.example/", store={"1": "tea"})
    return found.name_of(number) + found.text_of(number)


class Impatient(HTTPAdapter):
    def send(self, request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or 5
        return super().send(request, **options)


def impatient_session() -> requests.Session:
    made = requests.Session()
    adapter = Impatient()
    made.mount("https://", adapter)
    return made


class Shop:
    def __init__(self) -> None:
        self.session = impatient_session()

    def load(self, url: str) -> None:
        self.session.get(url)


@app.get("/impatient")
def with_an_adapter(url: str, given: requests.Session = Depends(impatient_session)) -> None:
    given.get(url)
    made = impatient_session()
    made.post(url)
    Shop().load(url)


unbounded_options = types.HttpOptions(base_url="https://gateway.example")  # FP601
bounded_options = types.HttpOptions(base_url="https://gateway.example", timeout=30_000)


@app.get("/sidecar")
def sidecar() -> None:
    requests.get("http://localhost:9000/")  # FP601 (summary)
    requests.get("http://localhost:9000/").json()  # FP601 (summary)
    requests.get("http://127.0.0.1:{}/".format(port))  # FP601 (summary)
    requests.get("http://127.0.0.1:%s/" % port)  # FP601 (summary)
    requests.get("http://shop.example:{}/".format(port))  # FP601
    http.client.HTTPConnection("localhost")  # FP601 (summary)


@app.get("/files")
def files(host: str) -> list[object]:
    connected = ftplib.FTP()
    connected.connect(host, timeout=3)
    return [connected, ftplib.FTP_TLS(host)]  # FP601


@app.get("/more-files")
def more_files(host: str) -> None:
    connected = ftplib.FTP()  # FP601
    connected.connect(host, 21)


@app.get("/services")
def with_other_services(host: str) -> list[object]:
    ssh = paramiko.SSHClient()
    ssh.exec_command("uptime")  # FP601 (summary)
    ssh.exec_command("uptime", timeout=5)
    return [JIRA(host), JIRA(host, timeout=3)]  # FP601


def upkeep() -> None:
    subprocess.run(["git", "gc"])  # no request waits for it


@app.get("/in-a-thread")
async def in_a_thread(url: str) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(requests.get, url)  # FP601
    await run_in_threadpool(session.get, url, headers={"Accept": "text/plain"})  # FP601
    await loop.run_in_executor(None, requests.get, url)  # FP601
    await loop.run_in_executor(None, functools.partial(requests.post, url, json={}))  # FP601
    await asyncio.wait_for(asyncio.to_thread(urllib.request.urlopen, url), 10)  # FP601


@app.get("/bounded-in-a-thread")
async def bounded_in_a_thread(url: str, arguments: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(requests.get, url, timeout=10)
    await asyncio.to_thread(requests.get, url, **arguments)
    await asyncio.to_thread(urllib.request.urlopen, url, None, 10)
    await loop.run_in_executor(None, functools.partial(requests.post, url, timeout=10))
    await loop.run_in_executor(None, get, url)
    await asyncio.to_thread(pool.request, "GET", url)
    await asyncio.to_thread(retrying_session().headers.update, {})


@app.post("/sign-in")
def signs_in(name: str, password: str) -> bool:
    directory = ldap3.Server("ldaps://directory.example", connect_timeout=5)
    with ldap3.Connection(directory, user=name, password=password) as connection:  # FP601
        return bool(connection.bound)


@app.post("/sign-in/bounded")
def signs_in_within_ten_seconds(name: str, password: str) -> bool:
    directory = ldap3.Server("ldaps://directory.example", connect_timeout=5)
    with ldap3.Connection(directory, user=name, password=password, receive_timeout=10) as connection:
        return bool(connection.bound)


class Partner:
    """A client of the project's own, whose callers may pass whatever `requests` takes."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def _request(self, method: str, path: str, **kwargs: Any) -> Any:
        kwargs.setdefault("headers", {"Accept": "application/json"})
        return self.session.request(method, f"https://partner.example{path}", **kwargs).json()  # FP601

    def get(self, path: str, **kwargs: Any) -> Any:
        return self._request("GET", path, **kwargs)

    def orders(self, customer: str) -> Any:
        return self.get("/orders", params={"customer": customer})

    def _bounded(self, path: str, **kwargs: Any) -> Any:
        return self.session.post(f"https://partner.example{path}", **kwargs).json()

    def _set(self, path: str, **kwargs: Any) -> Any:
        kwargs.setdefault("timeout", 10)
        return self.session.put(f"https://partner.example{path}", **kwargs).json()

    def _merged(self, path: str, **kwargs: Any) -> Any:
        kwargs = {"timeout": 10, **kwargs}
        return self.session.put(f"https://partner.example{path}", **kwargs).json()

    def offered(self, path: str, **kwargs: Any) -> Any:
        return self.session.put(f"https://partner.example{path}", **kwargs).json()


@app.get("/partner/orders")
def orders_of(customer: str) -> Any:
    partner = Partner()
    partner._bounded("/one", json={})
    partner._bounded("/two", json={}, timeout=3)
    partner._set("/one", json={})
    partner._merged("/one", json={})
    return partner.orders(customer)


arrived = asyncio.Event()
parcels: asyncio.Queue[str] = asyncio.Queue()


@app.get("/arrived")
async def until_it_arrives() -> None:
    await arrived.wait()  # FP601 (change)


@app.get("/arrived/at-most")
async def until_it_arrives_or_not() -> None:
    async with asyncio.timeout(10):
        await arrived.wait()


@app.get("/parcels/next")
async def next_parcel() -> str:
    return await parcels.get()  # FP601 (change)


@app.get("/parcels/next-at-most")
async def next_parcel_or_none() -> str:
    return await asyncio.wait_for(parcels.get(), 10)


@app.websocket("/parcels")
async def parcels_as_they_come(socket: WebSocket) -> None:
    while True:
        await socket.send_text(await parcels.get())


async def packed() -> None:
    while True:
        await parcels.get()


async def labelled(name: str) -> bytes:
    printing = await asyncio.create_subprocess_exec("label", name)
    out, _ = await printing.communicate()  # FP601 (summary)
    return out


@app.get("/labels/{name}")
async def label_of(name: str) -> bytes:
    return await labelled(name)


async def ended(name: str) -> None:
    printing = await asyncio.create_subprocess_exec("label", name)
    try:
        await asyncio.wait_for(printing.communicate(), 5)
    except TimeoutError:
        printing.kill()
        await printing.wait()


@app.get("/labels/{name}/ended")
async def ended_label_of(name: str) -> None:
    await ended(name)


@app.post("/mails/keyed")
def mail_with_keys(host: str) -> None:
    smtplib.SMTP_SSL(host, keyfile="key.pem", certfile="cert.pem").quit()  # raises since Python 3.12
    smtplib.SMTP_SSL(host, context=None).quit()  # FP601


def require_admin() -> None: ...


@app.get("/directory", dependencies=[Depends(require_admin)])
def directory_for_administrators(url: str) -> None:
    requests.get(url)  # FP601 (change)


@app.get("/directory/all", dependencies=[Depends(require_admin)])
async def directory_on_the_loop(url: str) -> None:
    requests.get(url)  # FP601


@app.get("/directory/names")
def directory_for_everybody(url: str) -> None:
    requests.get(url)  # FP601
