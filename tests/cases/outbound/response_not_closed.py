from contextlib import closing
from typing import Any

import httpx
import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

app = FastAPI()
client = httpx.AsyncClient()
session = requests.Session()


@app.get("/exists")
def exists(url: str) -> bool:
    response = session.get(url, stream=True, timeout=5)  # FP610
    return response.status_code == 200


@app.get("/head")
def head(url: str) -> bytes:
    answer = session.get(url, stream=True, timeout=5)  # FP610 (summary)
    for chunk in answer.iter_content(1024):
        return chunk
    return b""


@app.get("/sent")
async def sent(url: str) -> int:
    answer = await client.send(client.build_request("GET", url), stream=True)  # FP610
    return answer.status_code


# Near misses


@app.get("/with")
def entered(url: str) -> bool:
    with session.get(url, stream=True, timeout=5) as response:
        return response.status_code == 200


@app.get("/later")
def entered_later(url: str) -> bool:
    response = session.get(url, stream=True, timeout=5)
    with closing(response):
        return response.status_code == 200


@app.get("/closed")
def closed(url: str) -> bool:
    response = session.get(url, stream=True, timeout=5)
    found = response.status_code == 200
    response.close()
    return found


@app.get("/whole")
def whole(url: str) -> Any:
    response = session.get(url, stream=True, timeout=5)
    return response.json()


@app.get("/plain")
def plain(url: str) -> bool:
    response = session.get(url, timeout=5)
    return response.status_code == 200


@app.get("/proxied")
async def proxied(url: str) -> StreamingResponse:
    answer = await client.send(client.build_request("GET", url), stream=True)
    return StreamingResponse(answer.aiter_raw(), background=BackgroundTask(answer.aclose))


def handed_on(url: str) -> requests.Response:
    response = session.get(url, stream=True, timeout=5)
    return response


def consume(response: requests.Response) -> None:
    raise NotImplementedError


def given_away(url: str) -> None:
    response = session.get(url, stream=True, timeout=5)
    consume(response)


class Camera:
    def get(self, url: str, stream: bool) -> bytes:
        return b""


def from_a_camera(url: str) -> int:
    picture = Camera().get(url, stream=True)
    return len(picture)


def named(url: str) -> None:
    response = session.get(url, stream=True, timeout=5)
    handle(response=response)


def handle(*, response: requests.Response) -> None:
    raise NotImplementedError


@app.get("/own")
def from_a_session_of_its_own(url: str) -> bool:
    response = requests.get(url, stream=True, timeout=5)
    return response.status_code == 200


@app.get("/made")
def from_a_session_made_here(url: str) -> bool:
    own = requests.Session()  # FP603
    response = own.get(url, stream=True, timeout=5)
    return response.status_code == 200


@app.get("/copy")
def read_to_the_end(url: str) -> int:
    response = session.get(url, stream=True, timeout=5)
    response.raise_for_status()
    size = 0
    for chunk in response.iter_content(8192):
        size += len(chunk)
    return size


@app.get("/start")
def read_until_found(url: str) -> bool:
    response = session.get(url, stream=True, timeout=5)  # FP610
    for chunk in response.iter_content(8192):
        if b"order" in chunk:
            break
    return True
