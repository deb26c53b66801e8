import logging
import time

import httpx
import requests
from fastapi import FastAPI
from requests.adapters import HTTPAdapter
from tenacity import AsyncRetrying, retry, stop_after_attempt, wait_exponential
from urllib3.util.retry import Retry

app = FastAPI()
client = httpx.Client()
POLICY = Retry(total=3, status_forcelist=[502, 503])  # FP608
EAGER = Retry(5, backoff_factor=0)  # FP608


@retry  # FP608
def for_ever(url: str) -> httpx.Response:
    return client.get(url)


@retry(stop=stop_after_attempt(3))  # FP608
def at_once(url: str) -> httpx.Response:
    return client.get(url)


@retry(wait=wait_exponential())  # FP608 (summary)
def without_end(url: str) -> httpx.Response:
    return client.get(url)


@app.get("/loop")
def loop(url: str) -> str:
    for _ in range(3):  # FP608 (summary)
        try:
            return requests.get(url, timeout=5).text
        except requests.RequestException:
            continue
    return ""


class Client:
    def rows(self, url: str) -> str:
        for _ in range(3):  # FP608 (summary)
            try:
                return requests.get(url, timeout=5).text
            except requests.RequestException:
                continue
        return ""


@app.get("/endless")
def endless(url: str) -> str:
    while True:  # FP608
        try:
            answer = client.get(url)
            break
        except httpx.HTTPError:
            pass
    return answer.text


@app.get("/overloaded")
def overloaded(url: str) -> str:
    while True:  # FP608
        try:
            return client.get(url).raise_for_status().text
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (429, 503):
                raise
            logging.warning("failed: %s", error)


# Near misses

for _ in range(3):
    try:
        requests.post("https://report.example", timeout=5)
        break
    except requests.RequestException:
        logging.exception("failed")

GENTLE = Retry(total=3, backoff_factor=0.5)
NONE = Retry(total=0)
OFF = Retry(total=False)
DEFAULT = Retry()
adapter = HTTPAdapter(max_retries=POLICY)


@retry(stop=stop_after_attempt(3), wait=wait_exponential())
def gentle(url: str) -> httpx.Response:
    return client.get(url)


@retry(stop=stop_after_attempt(3))
def computed(value: int) -> int:
    return value + 1


async def in_a_block() -> None:
    async for attempt in AsyncRetrying(stop=stop_after_attempt(3), wait=wait_exponential()):
        with attempt:
            computed(1)


@app.get("/pause")
def with_a_pause(url: str) -> str:
    for attempt in range(3):
        try:
            return requests.get(url, timeout=5).text
        except requests.RequestException:
            time.sleep(2**attempt)
    return ""


@app.get("/pages")
def pages(url: str) -> list[str]:
    found = []
    for page in range(10):
        try:
            found.append(client.get(url, params={"page": page}).text)
        except httpx.HTTPError:
            continue
    return found


@app.get("/hosts")
def hosts(names: list[str]) -> str:
    for name in names:
        try:
            return client.get(name).text
        except httpx.HTTPError:
            continue
    return ""


@app.get("/once")
def once(url: str) -> str:
    for _ in range(3):
        try:
            return client.get(url).text
        except httpx.HTTPError as error:
            raise ValueError(url) from error
    return ""


def with_options(options: dict[str, int]) -> Retry:
    return Retry(**options)


@retry(stop=stop_after_attempt(3), sleep=time.sleep)
def with_own_sleep(url: str) -> httpx.Response:
    return client.get(url)


@app.get("/two")
def two_calls(url: str) -> str:
    for _ in range(3):
        try:
            client.post(url)
            return client.get(url).text
        except httpx.HTTPError:
            continue
    return ""


@app.get("/numbered")
def numbered(url: str) -> str:
    for number in range(3):
        try:
            return client.get(f"{url}/{number}").text
        except httpx.HTTPError:
            continue
    return ""


@app.get("/poll")
def poll(url: str) -> None:
    for _ in range(3):
        try:
            client.get(url)
        except httpx.HTTPError:
            continue


@app.get("/until/{count}")
def until(url: str, count: int) -> str:
    while count:
        try:
            return client.get(url).text
        except httpx.HTTPError:
            count -= 1
    return ""


@app.get("/pages")
def pages(url: str) -> list[str]:
    found: list[str] = []
    while True:  # another page each time: no failure leads to the next turn
        try:
            answer = requests.get(url, timeout=5)
        except requests.RequestException as error:
            if "404" in str(error):
                break
            else:
                raise
        found.append(answer.text)
        url = answer.headers.get("next", "")
        if not url:
            return found
    return found


@app.get("/stale")
def stale(url: str) -> list[str]:
    found: list[str] = []
    token, attempts = "", 0
    while True:  # the listing starts again where its token has become stale
        try:
            answer = client.get(url, params={"token": token})
        except httpx.HTTPStatusError as error:
            check_again(error, attempts)
            token = ""
            attempts += 1
            continue
        found.append(answer.text)
        token = answer.headers.get("next", "")
        if not token:
            return found


def check_again(error: httpx.HTTPStatusError, attempts: int) -> None:
    if error.response.status_code != 410 or attempts > 3:
        raise error


@app.get("/refreshed")
def refreshed(url: str) -> str:
    for _ in range(2):
        try:
            return client.get(url).raise_for_status().text
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 401:
                raise
            sign_in(client)
    return ""


def sign_in(client: httpx.Client) -> None:
    client.headers["Authorization"] = "again"


class TokenExpired(Exception):
    pass


@app.get("/expired")
def expired(url: str) -> str:
    while True:
        try:
            return client.get(url).text
        except TokenExpired:
            sign_in(client)


@app.get("/judged")
def judged(url: str) -> str:
    attempts = 0
    while True:
        try:
            return client.get(url).text
        except httpx.HTTPError as error:
            check_again(error, attempts)
            attempts += 1


CONNECTS = Retry(redirect=10, connect=1, read=0, status=0)
CONNECTS_OFTEN = Retry(redirect=10, connect=5, read=0, status=0)  # FP608
READS = Retry(connect=1, read=2, status=0)  # FP608
