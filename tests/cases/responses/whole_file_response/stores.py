"""Where files are kept."""

import asyncio
from pathlib import Path
from typing import Any, Protocol

import boto3


class Store(Protocol):
    async def get(self, key: str) -> bytes: ...


class DiskStore:
    def __init__(self, root: Path) -> None:
        self.root = root

    async def get(self, key: str) -> bytes:
        path = self.root / key
        return await asyncio.to_thread(path.read_bytes)

    async def size(self, key: str) -> int:
        return len((self.root / key).read_bytes())


class Bucket:
    def __init__(self) -> None:
        self.client: Any = boto3.client("s3")

    def get(self, key: str) -> bytes:
        found = self.client.get_object(Bucket="files", Key=key)
        return found["Body"].read()


def read_plainly(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read()


def rendered(name: str) -> bytes:
    template = Path(name).read_bytes()
    return filled(template)


def filled(template: bytes) -> bytes:
    return template.replace(b"@", b"1")


def told(name: str) -> str:
    return Path(name).read_text()
