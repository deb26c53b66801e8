"""What makes the one store of a process waits once in its life; what others call as well waits again and again."""

import requests


class Store:
    def __init__(self) -> None:
        self.token = ""

    async def connect(self) -> None:
        self.token = requests.get("https://store.example/token", timeout=5).text  # FP101 (summary)

    async def fill(self) -> None:
        await self.load_all()

    async def load_all(self) -> None:
        requests.get("https://store.example/all", timeout=5)  # FP101 (summary)

    async def warm(self) -> None:
        requests.get("https://store.example/warm", timeout=5)  # FP101 (inline)

    async def sign(self) -> None:
        requests.get("https://store.example/key", timeout=5)  # FP101 (inline)

    async def find(self, number: int) -> str:
        return requests.get(f"https://store.example/{number}", timeout=5).text  # FP101 (inline)


class Visit:
    async def enter(self) -> None:
        requests.get("https://visits.example/token", timeout=5)  # FP101 (inline)


_store: Store | None = None


async def get_store() -> Store:
    global _store
    if _store is None:
        _store = Store()
        await _store.connect()
        await _store.fill()
        await _store.warm()
        await _store.sign()
    return _store


async def close_store() -> None:
    global _store
    _store = None
