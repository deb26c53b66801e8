"""Calls to the other service, by the clients that the cases compare; shared ones live as long as their process."""

from __future__ import annotations

import os

import aiohttp

shared: aiohttp.ClientSession


async def use() -> None:
    """Open the shared client of this process."""
    global shared
    shared = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


def address(milliseconds: float) -> str:
    return f"{os.environ['IMPACT_UPSTREAM']}/wait?ms={milliseconds}"


async def call(milliseconds: float) -> int:
    async with shared.get(address(milliseconds)) as answer:
        await answer.read()
        return answer.status
