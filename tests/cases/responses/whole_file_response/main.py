"""Downloads whose bytes a helper gives."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Response

from .stores import Bucket, DiskStore, Store, filled, read_plainly, rendered, told

app = FastAPI()
bucket = Bucket()


def get_store() -> Store:
    return DiskStore(Path("/files"))


StoreDep = Annotated[Store, Depends(get_store)]


async def content_of(store: Store, key: str) -> bytes:
    """As it lies in the store."""
    return await store.get(key)


@app.get("/files/{key}")
async def download(key: str, store: StoreDep) -> Response:
    data = await content_of(store, key)  # FP506 (summary)
    return Response(content=data, headers={"Content-Disposition": "attachment"})


@app.get("/stored/{key}")
def stored(key: str) -> Response:
    return Response(bucket.get(key))  # FP506 (summary)


@app.get("/plain/{key}")
def plain(key: str) -> Response:
    data = read_plainly(key)  # FP506 (summary)
    return Response(data)


@app.get("/rendered/{key}")
def in_a_form(key: str) -> Response:
    return Response(rendered(key))


@app.get("/filled/{key}")
def in_another_form(key: str) -> Response:
    return Response(filled(key.encode()))


@app.get("/told/{key}")
def as_text(key: str) -> Response:
    return Response(told(key))


@app.get("/size/{key}")
async def size(key: str) -> Response:
    return Response(str(await DiskStore(Path("/files")).size(key)))
