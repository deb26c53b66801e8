"""Helpers that wait in both arms of a branch, whatever they are given."""

import asyncio

import httpx
from fastapi import APIRouter

router = APIRouter()
client = httpx.Client(timeout=5)


def ask(url: str, body: dict | None = None) -> httpx.Response:
    if body is not None:
        answer = client.post(url, json=body)
        return answer
    return client.post(url)


def ask_or_skip(url: str, body: dict | None = None) -> httpx.Response | None:
    if body is not None:
        return client.post(url, json=body)
    return None


@router.get("/either")
async def either(url: str) -> int:
    await asyncio.sleep(0)
    return ask(url).status_code  # FP103


@router.post("/either")
async def with_body(url: str) -> int:
    await asyncio.sleep(0)
    return ask(url, {"a": 1}).status_code  # FP103


@router.get("/skipped")
async def skipped(url: str) -> bool:
    await asyncio.sleep(0)
    return ask_or_skip(url) is None
