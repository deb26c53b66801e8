from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import boto3
from fastapi import FastAPI, UploadFile
from minio import Minio
from motor.motor_asyncio import AsyncIOMotorClient
from qdrant_client import AsyncQdrantClient

files = Minio("minio:9000")
s3 = boto3.client("s3")
vectors = AsyncQdrantClient(url="http://vectors")
orders = AsyncIOMotorClient("mongodb://orders").shop.orders


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not files.bucket_exists("invoices"):
        files.make_bucket("invoices")
    await orders.create_index("number")
    yield


app = FastAPI(lifespan=lifespan)


def ensure_bucket(name: str) -> None:
    if not files.bucket_exists(name):  # FP301 (summary)
        files.make_bucket(name)


@app.post("/files")
def upload(file: UploadFile) -> None:
    ensure_bucket("files")
    files.put_object("files", file.filename, file.file, -1)


@app.post("/pictures")
def picture(file: UploadFile) -> None:
    s3.head_bucket(Bucket="pictures")  # FP301 (summary)
    s3.upload_fileobj(file.file, "pictures", file.filename)


async def prepare() -> None:
    found = await vectors.get_collections()  # FP301 (summary)
    if "texts" not in [each.name for each in found.collections]:
        await vectors.create_collection("texts")


@app.post("/texts")
async def text(words: list[float]) -> None:
    await prepare()
    await vectors.upsert("texts", words)


@app.post("/orders")
async def order(number: int) -> None:
    await orders.create_index("number")  # FP301 (summary)
    await orders.insert_one({"number": number})


@app.get("/collections")
async def collections() -> list[str]:
    return [each.name for each in (await vectors.get_collections()).collections]


@app.post("/buckets/{name}")
def make(name: str) -> None:
    files.make_bucket(name)


@app.post("/invoices")
def invoice(file: UploadFile) -> None:
    try:
        files.put_object("invoices", file.filename, file.file, -1)
    except KeyError:
        files.make_bucket("invoices")
        files.put_object("invoices", file.filename, file.file, -1)


class Store:
    def __init__(self) -> None:
        self.is_ready = False

    def ready(self) -> None:
        if not self.is_ready:
            files.bucket_exists("kept")
            self.is_ready = True


store = Store()


@app.post("/kept")
def keep(file: UploadFile) -> None:
    store.ready()
    files.put_object("kept", file.filename, file.file, -1)


class Shelf:
    def create_index(self, name: str) -> None:
        print(name)


@app.post("/shelves")
def shelve(name: str) -> None:
    Shelf().create_index("by name")


@app.post("/admin/buckets/check")
def check() -> bool:
    return files.bucket_exists("files")
