"""What a helper does for one of its arguments only."""

from enum import Enum

import requests
from fastapi import APIRouter

from shop.db import Order, SessionLocal

router = APIRouter()


class Source(Enum):
    REMOTE = "remote"
    FOLDER = "folder"


async def audit() -> None: ...


def fetch(path: str) -> bytes:
    return requests.get(f"https://files.example/{path}", timeout=5).content


def load(kind: str, path: str) -> bytes:
    if kind == "zip":
        return b"zip"
    elif kind == "url":
        return fetch(path)
    elif kind == "folder":
        return b"folder"
    raise ValueError(kind)


def load_one(path: str, kind: str = "folder") -> bytes:
    return load(kind, path)


def load_many(kind: str, path: str) -> bytes:
    if kind not in ("url", "mirror"):
        return b""
    return fetch(path)


def load_from(source: Source, path: str) -> bytes:
    if source is Source.REMOTE:
        return fetch(path)
    return b""


def load_level(level: int, path: str) -> bytes:
    return fetch(path) if level != 0 else b""


def load_matching(kind: str, path: str) -> bytes:
    match kind:
        case "zip" | "folder":
            return b""
        case "url":
            return fetch(path)
        case _:
            return b""


def load_unmatched(kind: str, path: str) -> bytes:
    match kind:
        case "zip" | "folder":
            return b""
        case _:
            return fetch(path)


def load_renamed(kind: str, path: str) -> bytes:
    kind = kind.lower()
    if kind == "url":
        return fetch(path)
    return b""


@router.get("/folder")
async def folder(path: str) -> None:
    await audit()
    load("folder", path)
    load(kind="folder", path=path)
    kind = "zip"
    load(kind, path)
    load_one(path)
    load_many("folder", path)
    load_from(Source.FOLDER, path)
    load_level(0, path)
    load_matching("folder", path)
    load_matching("other", path)
    load_unmatched("zip", path)


@router.get("/url")
async def url(path: str) -> None:
    await audit()
    load("url", path)  # FP103


@router.get("/one")
async def one(path: str) -> None:
    await audit()
    load_one(path, "url")  # FP103


@router.get("/unknown")
async def unknown(kind: str, path: str) -> None:
    await audit()
    load(kind, path)  # FP103


@router.get("/many")
async def many(path: str) -> None:
    await audit()
    load_many("mirror", path)  # FP103


@router.get("/source")
async def source(path: str) -> None:
    await audit()
    load_from(Source.REMOTE, path)  # FP103


@router.get("/level")
async def level(path: str) -> None:
    await audit()
    load_level(2, path)  # FP103


@router.get("/matching")
async def matching(path: str) -> None:
    await audit()
    load_matching("url", path)  # FP103


@router.get("/unmatched")
async def unmatched(path: str) -> None:
    await audit()
    load_unmatched("tar", path)  # FP103


@router.get("/renamed")
async def renamed(path: str) -> None:
    await audit()
    load_renamed("URL", path)  # FP103


class Answers:
    def __init__(self, kept: bool = False) -> None:
        self.kept = kept
        if self.kept:
            self.start = fetch("answers")


class Model:
    def __init__(self, kept: bool = False) -> None:
        self.answers = Answers(kept)


@router.get("/answers")
async def answers() -> None:
    await audit()
    Model()
    Model(kept=True)  # FP103


def get_or_create_order(number: int) -> Order:
    with SessionLocal() as session:
        return session.get(Order, number) or Order()


@router.get("/order-or-new/{number}")
async def order_or_new(number: int) -> None:
    await audit()
    get_or_create_order(number)  # FP103 (inline)
