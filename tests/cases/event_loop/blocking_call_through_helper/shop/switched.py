"""Helpers whose way to what waits a setting decides, which an earlier branch has asked about already."""

import os
import subprocess

import requests
from fastapi import APIRouter

from shop import options

router = APIRouter()


async def audit() -> None: ...


def mode() -> str:
    return os.getenv("LAUNCHER", "process").strip().lower()


def is_wsl() -> bool:
    return "microsoft" in os.uname().release


def state(number: str) -> str:
    if mode() == "cluster":
        return f"job {number}"
    return subprocess.check_output(["ps", "-p", number], text=True)


def state_in_cluster(number: str) -> str:
    if mode() != "cluster":
        return ""
    return state(number)


def state_of_process(number: str) -> str:
    if mode() != "process":
        return ""
    return state(number)


def stored(number: str) -> str:
    if options.storage == "remote":
        return requests.get(f"https://store.example/{number}", timeout=5).text
    return number


def stored_here(number: str) -> str:
    return stored(number) if options.storage in ("disk", "memory") else ""


def path_of(path: str) -> str:
    if path.startswith("/"):
        return path
    if not is_wsl():
        return path
    return subprocess.run(["wslpath", "-u", path], capture_output=True, text=True).stdout


@router.get("/state")
async def asked(number: str) -> str:
    await audit()
    return state(number)  # FP103 (inline)


@router.get("/process")
async def of_process(number: str) -> str:
    await audit()
    return state_of_process(number)  # FP103 (inline)


@router.get("/cluster")
async def in_cluster(number: str) -> str:
    await audit()
    return state_in_cluster(number)


@router.get("/cluster-here")
async def in_cluster_here(number: str) -> str:
    await audit()
    return state(number) if mode() == "cluster" else ""


@router.get("/stored")
async def of_store(number: str) -> str:
    await audit()
    stored(number)  # FP103 (inline)
    return stored_here(number)


@router.get("/path")
async def path(path: str) -> str:
    await audit()
    return path_of(path)  # FP103 (summary)


class Basket:
    is_over = False


baskets: dict[str, Basket] = {}


def abort_basket(name: str) -> None:
    baskets.pop(name, None)
    requests.delete(f"https://store.example/{name}", timeout=5)


def basket_of(name: str) -> Basket | None:
    found = baskets.get(name)
    if found is not None and found.is_over:
        abort_basket(name)
        return None
    return found


def address_of(store: object) -> object:
    if isinstance(store, str):
        return requests.get(f"https://store.example/{store}", timeout=5).text
    return store


@router.get("/basket")
async def basket(name: str) -> bool:
    await audit()
    return basket_of(name) is not None  # FP103 (summary)


@router.get("/abort")
async def abort(name: str) -> None:
    await audit()
    abort_basket(name)  # FP103 (inline)


@router.get("/address")
async def address() -> object:
    await audit()
    return address_of(baskets)  # FP103 (summary)


def is_new(key: str) -> bool:
    return requests.get(f"https://keys.example/{key}", timeout=5).status_code == 404


def told(event: str, key: str | None = None) -> None:
    if key is not None and not is_new(key):
        return
    print(event)


def told_unless_known(event: str, known: bool = True) -> None:
    if known or is_new(event):
        print(event)


@router.post("/told")
async def tell_without_a_key() -> None:
    await audit()
    told("begun")


@router.post("/told/{key}")
async def tell_with_a_key(key: str) -> None:
    await audit()
    told("begun", key)  # FP103


@router.post("/known")
async def tell_what_is_known() -> None:
    await audit()
    told_unless_known("begun")


@router.post("/unknown")
async def tell_what_is_not_known() -> None:
    await audit()
    told_unless_known("begun", known=False)  # FP103
