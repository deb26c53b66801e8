"""A wrapper that says of what it wraps only that it may be anything."""

from typing import Any

import fsspec


class Store:
    def __init__(self, system: Any, root: str) -> None:
        self.system = system
        self.root = root

    @property
    def name(self) -> str:
        return self.root.rpartition("/")[2]

    def has(self, key: str) -> bool:
        return self.system.exists(f"{self.root}/{key}")

    def content(self, key: str) -> bytes:
        return self.system.read_bytes(f"{self.root}/{key}")

    def shown(self, key: str) -> str:
        return f"{self.root}/{key}"


class Names:
    def __init__(self, names: Any) -> None:
        self.names = names

    def has(self, key: str) -> bool:
        return key in self.names


def store_of(url: str) -> Store:
    system, root = fsspec.core.url_to_fs(url)
    return Store(system, root)


def names_of(url: str) -> Names:
    return Names(url.split("/"))
