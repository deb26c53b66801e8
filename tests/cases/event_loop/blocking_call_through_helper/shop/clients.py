import time
from functools import lru_cache

import requests

session = requests.Session()


def fetch(number: str) -> str:
    return _get(f"/{number}")


def _get(path: str) -> str:
    return session.get(f"https://carrier.example{path}", timeout=5).text


def pause() -> None:
    time.sleep(0.1)


def pure(number: str) -> str:
    return number.strip().upper()


@lru_cache
def settings() -> str:
    return session.get("https://carrier.example/settings", timeout=5).text


async def asynchronous(number: str) -> str:
    return number


class Carrier:
    def __init__(self, base: str) -> None:
        self.base = base

    def status(self, number: str) -> str:
        return session.get(f"{self.base}/{number}", timeout=5).text

    def label(self, number: str) -> str:
        return f"{self.base}/{number}"

    def pages(self):
        while True:
            yield session.get(self.base, timeout=5)


def later():
    return fetch
