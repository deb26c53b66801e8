"""What calls, attributes and loops of a library hand out: bodies, chats, signatures, pages of an answer, locks and ports."""

import asyncio
from typing import Any

import boto3
import deepagents
import docker
import google.generativeai as genai
import serial
import yfinance
from azure.cosmos import cosmos_client
from celery import Celery, chain, current_app, shared_task
from celery.result import AsyncResult
from fastapi import FastAPI
from firebase_admin import firestore, firestore_async
from github import Github
from google import genai as gemini
from google.cloud import storage
from langchain_community.document_loaders import WikipediaLoader
from zeroconf import ServiceInfo, Zeroconf
from zeroconf.asyncio import AsyncZeroconf

app = FastAPI()
s3 = boto3.client("s3")
bedrock = boto3.client("bedrock-runtime")
files = boto3.resource("s3").Bucket("files")
queue = Celery("shop", broker="redis://queue")
chats = gemini.Client()
older = genai.GenerativeModel("gemini")
cloud = storage.Client()
names = Zeroconf()
async_names = AsyncZeroconf()
account = docker.DockerClient()
database = firestore.client()
async_database = firestore_async.client()
agent = deepagents.create_deep_agent(tools=[]).with_config({"recursion_limit": 50})
port = serial.Serial("/dev/ttyUSB0", 9600, timeout=1)
github = Github("token")
info: dict[str, Any] = {"body": "known"}


@shared_task
def packed(order: int) -> None: ...


@shared_task
def sent(order: int) -> None: ...


async def told() -> None: ...


@app.get("/files/{name}")
async def file(name: str) -> bytes:
    answer = await asyncio.to_thread(s3.get_object, Bucket="files", Key=name)
    length = answer["ContentLength"]
    return answer["Body"].read() if length else b""  # FP101


@app.get("/files/{name}/whole")
async def whole_file(name: str) -> bytes:
    def fetched() -> bytes:
        return s3.get_object(Bucket="files", Key=name)["Body"].read()

    return await asyncio.to_thread(fetched)


@app.get("/files/{name}/def")
def file_in_thread(name: str) -> bytes:
    return files.Object(name).get()["Body"].read()


@app.post("/complete")
async def complete(prompt: str) -> bytes:
    answer = await asyncio.to_thread(bedrock.invoke_model, modelId="small", body=prompt)
    return answer["body"].read()  # FP101


@app.get("/known")
async def known() -> str:
    return info["body"].strip()


@app.get("/workers")
async def workers() -> dict[str, Any]:
    await told()
    return queue.control.inspect(timeout=1).active() or {}  # FP101


@app.get("/workers/def")
def workers_in_thread() -> dict[str, Any]:
    return queue.control.inspect().ping() or {}


@app.delete("/jobs/{job}")
async def cancelled(job: str) -> None:
    await told()
    queue.control.revoke(job)  # FP101


@app.get("/jobs/{job}")
async def job(job: str) -> bool:
    await told()
    return AsyncResult(job).ready()  # FP101


@app.get("/jobs/{job}/name")
async def job_name(job: str) -> str:
    await told()
    return str(queue.AsyncResult(job).id)


@app.post("/orders/{order}/send")
async def send(order: int) -> str:
    await told()
    steps = chain(packed.si(order), sent.si(order))
    return str(steps.apply_async().id)  # FP101


@app.post("/orders/{order}/later")
async def later(order: int) -> None:
    await told()
    current_app.send_task("shop.later", args=[order])  # FP101


@app.post("/chat")
async def chat(text: str) -> str:
    await told()
    talk = chats.chats.create(model="gemini")
    return talk.send_message(text).text or ""  # FP101


@app.post("/chat/async")
async def chat_awaited(text: str) -> str:
    talk = chats.aio.chats.create(model="gemini")
    return (await talk.send_message(text)).text or ""


@app.post("/chat/older")
async def older_chat(text: str) -> str:
    await told()
    return older.start_chat(history=[]).send_message(text).text  # FP101


@app.post("/chat/older/async")
async def older_chat_awaited(text: str) -> str:
    return (await older.start_chat().send_message_async(text)).text


@app.post("/agent")
async def ask(text: str) -> dict[str, Any]:
    await told()
    return agent.invoke({"messages": [text]})  # FP101


@app.post("/agent/async")
async def ask_awaited(text: str) -> dict[str, Any]:
    return await agent.ainvoke({"messages": [text]})


@app.delete("/folders/{name}")
async def remove_folder(name: str) -> None:
    await told()
    for blob in cloud.bucket("files").list_blobs(prefix=name):  # FP101
        blob.delete()


@app.get("/folders/{name}/def")
def folder_in_thread(name: str) -> list[str]:
    return [blob.name for blob in cloud.bucket("files").list_blobs(prefix=name)]


@app.put("/services/{name}")
async def announce(name: str) -> None:
    await told()
    names.register_service(ServiceInfo("_http._tcp.local.", name))  # FP101


@app.put("/services/{name}/async")
async def announce_awaited(name: str) -> None:
    await async_names.async_register_service(ServiceInfo("_http._tcp.local.", name))


@app.delete("/networks/{name}")
async def remove_network(name: str) -> None:
    network = await asyncio.to_thread(account.networks.get, name)
    network.remove()  # FP101


@app.post("/carts/{cart}")
async def fill(cart: str) -> None:
    await told()
    batch = database.batch()
    batch.set(database.collection("carts").document(cart), {"items": 1})
    batch.commit()  # FP101


@app.post("/carts/{cart}/async")
async def fill_awaited(cart: str) -> None:
    batch = async_database.batch()
    batch.set(async_database.collection("carts").document(cart), {"items": 1})
    await batch.commit()


@app.get("/scale")
async def weight() -> bytes:
    await told()
    return port.readline()  # FP101


@app.get("/scale/waiting")
async def waiting() -> int:
    return port.in_waiting


@app.get("/pulls/{owner}/{name}")
async def pulls(owner: str, name: str) -> list[str]:
    await told()
    repository = await asyncio.to_thread(github.get_repo, f"{owner}/{name}")
    return [pull.title for pull in repository.get_pulls(state="open")]  # FP101


@app.get("/shares/{name}")
async def share(name: str) -> str:
    await told()
    return str(yfinance.Ticker(name).info.get("currency"))  # FP101


@app.get("/about/{name}")
async def about(name: str) -> str:
    await told()
    return str(WikipediaLoader(query=name).load()[0].page_content)  # FP101


@app.get("/about/{name}/awaited")
async def about_awaited(name: str) -> str:
    return str((await WikipediaLoader(query=name).aload())[0].page_content)


@app.get("/accounts/{name}")
async def account_of(name: str) -> Any:
    await told()
    client = cosmos_client.CosmosClient("https://shop", "key")  # FP101
    items = client.get_database_client("shop").get_container_client("accounts")
    return items.read_item(name, partition_key=name)
