"""Objects that nobody knows and that have each method twice, once for asynchronous code."""

import asyncio

from fastapi import APIRouter, Request

from shop.elsewhere import container

router = APIRouter()


class Shelf:
    def read(self, path: str) -> str:
        return path

    async def aread(self, path: str) -> str:
        return path


shelf = Shelf()


@router.get("/files/{path}")
async def read_file(path: str) -> str:
    backend = container.get("backend")
    try:
        return await backend.aread(path)
    except NotImplementedError:
        return backend.read(path)  # FP103 (summary)


@router.get("/index/{text}")
async def search(request: Request, text: str) -> list[str]:
    if request.app.state.index.remote:
        return await request.app.state.index.search_async(text)
    return request.app.state.index.search(text)  # FP103 (summary)


async def asked(chain, text: str) -> str:
    first = await chain.a_ask(text)
    second = chain.ask(first)  # FP103 (summary)
    return second or chain.ask(text)  # said with the first


@router.get("/files/{path}/thread")
async def read_in_thread(path: str) -> str:
    backend = container.get("backend")
    try:
        return await backend.aread(path)
    except NotImplementedError:
        return await asyncio.to_thread(backend.read, path)


@router.get("/files/{path}/other")
async def read_from_other(path: str) -> str:
    backend, cache = container.get("backend"), container.get("cache")
    return cache.read(path) or await backend.aread(path)


@router.get("/files/{path}/shelf")
async def read_from_shelf(path: str) -> str:
    return await shelf.aread(path) + shelf.read(path)  # what it does can be read


@router.get("/files/{path}/closed")
async def closes(path: str) -> str:
    backend = container.get("backend")
    found = await backend.aread(path)
    await backend.aclose()
    backend.close()
    return found


def read_plainly(backend, path: str) -> str:
    return backend.read(path)


@router.get("/files/{path}/both")
async def awaits_both(path: str) -> str:
    backend = container.get("backend")
    return await backend.read(path) + await backend.aread(path)
