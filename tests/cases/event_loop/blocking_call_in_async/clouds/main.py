"""Azure, Hugging Face, Google and programs of their own: as an instance of the module, of a class, through a dependency."""

import asyncio
from typing import Annotated, Any

import arxiv
import fsspec
import graphviz
import nltk
import s3fs
from aiodocker import Docker
from aiodocker.containers import DockerContainer
from azure.ai.documentintelligence import DocumentIntelligenceClient
from azure.ai.projects import AIProjectClient
from azure.ai.projects.aio import AIProjectClient as AsyncProjectClient
from azure.cognitiveservices import speech
from azure.communication.callautomation import CallAutomationClient
from azure.communication.email import EmailClient
from azure.communication.email.aio import EmailClient as AsyncEmailClient
from azure.core.credentials import AzureKeyCredential
from azure.data.tables import TableServiceClient
from azure.search.documents import SearchClient
from azure.search.documents.aio import SearchClient as AsyncSearchClient
from fastapi import Depends, FastAPI, UploadFile
from google.cloud import texttospeech
from huggingface_hub import HfApi
from kubernetes_asyncio import client as k8s
from langchain_deepseek import ChatDeepSeek
from llama_index.llms.openai import OpenAI
from posthog import Posthog
from pydub import AudioSegment

app = FastAPI()
mail = EmailClient.from_connection_string("endpoint=https://mail")
async_mail = AsyncEmailClient.from_connection_string("endpoint=https://mail")
calls = CallAutomationClient.from_connection_string("endpoint=https://calls")
reader = DocumentIntelligenceClient("https://documents", AzureKeyCredential("key"))
tables = TableServiceClient.from_connection_string("endpoint=https://tables")
async_search = AsyncSearchClient("https://search", "products", AzureKeyCredential("key"))
hub = HfApi()
voice = texttospeech.TextToSpeechClient()
async_voice = texttospeech.TextToSpeechAsyncClient()
flags = Posthog("key")
model = ChatDeepSeek(model="deepseek-chat")
writer = OpenAI(model="gpt")
bucket = s3fs.S3FileSystem()
core = k8s.CoreV1Api()
project = AIProjectClient("https://project", AzureKeyCredential("key"))
async_project = AsyncProjectClient("https://project", AzureKeyCredential("key"))


async def told() -> None: ...


class Products:
    def __init__(self) -> None:
        self.client = SearchClient("https://search", "products", AzureKeyCredential("key"))

    async def add(self, documents: list[dict[str, Any]]) -> None:
        await told()
        self.client.upload_documents(documents)  # FP101

    async def named(self, name: str) -> list[dict[str, Any]]:
        await told()
        return [found for found in self.client.search(name)]  # FP101

    def remove(self, documents: list[dict[str, Any]]) -> None:
        self.client.delete_documents(documents)


def products() -> Products:
    return Products()


Catalogue = Annotated[Products, Depends(products)]


@app.post("/products")
async def add_products(catalogue: Catalogue) -> None:
    await catalogue.add([{"id": "1"}])


@app.get("/products")
async def find_products(catalogue: Catalogue, name: str) -> list[dict[str, Any]]:
    return await catalogue.named(name)


@app.delete("/products")
def remove_products(catalogue: Catalogue) -> None:
    catalogue.remove([{"id": "1"}])


@app.delete("/products/later")
async def remove_products_in_thread(catalogue: Catalogue) -> None:
    await asyncio.to_thread(catalogue.remove, [{"id": "1"}])


@app.get("/products/async")
async def find_products_awaited(name: str) -> list[dict[str, Any]]:
    return [found async for found in await async_search.search(name)]


@app.post("/mail")
async def send(to: str) -> None:
    await told()
    poller = mail.begin_send({"recipients": {"to": [{"address": to}]}})  # FP101
    poller.result()


@app.post("/mail/async")
async def send_awaited(to: str) -> None:
    poller = await async_mail.begin_send({"recipients": {"to": [{"address": to}]}})
    await poller.result()


@app.post("/mail/def")
def send_in_thread(to: str) -> None:
    mail.begin_send({"recipients": {"to": [{"address": to}]}}).result()


@app.post("/calls/{call}/end")
async def end(call: str) -> None:
    await told()
    calls.get_call_connection(call).hang_up(is_for_everyone=True)  # FP101


@app.post("/documents")
async def read(file: UploadFile) -> str:
    content = await file.read()
    return str(reader.begin_analyze_document("prebuilt-read", content).result())  # FP101


@app.get("/orders/{order}")
async def order(order: str) -> dict[str, Any]:
    await told()
    return tables.get_table_client("orders").get_entity("orders", order)  # FP101


@app.post("/say")
async def say(text: str) -> bytes:
    await told()
    spoken = speech.SpeechSynthesizer(speech.SpeechConfig("key", "region"))
    return spoken.speak_text_async(text).get().audio_data  # FP101


@app.post("/say/google")
async def say_google(request: Any) -> bytes:
    await told()
    return voice.synthesize_speech(request=request).audio_content  # FP101


@app.post("/say/google/async")
async def say_google_awaited(request: Any) -> bytes:
    return (await async_voice.synthesize_speech(request=request)).audio_content


@app.get("/models/{name}")
async def model_of(name: str) -> str:
    await told()
    return hub.model_info(name).sha or ""  # FP101


@app.get("/models/{name}/thread")
async def model_in_thread(name: str) -> str:
    found = await asyncio.to_thread(hub.model_info, name)
    return found.sha or ""


@app.get("/flags/{name}")
async def flag(name: str) -> bool:
    await told()
    flags.capture("asked", distinct_id="me")  # it is queued, and sent by a thread
    return bool(flags.feature_enabled(name, "me"))  # FP101


@app.post("/ask")
async def ask(question: str) -> str:
    await told()
    return str(model.invoke(question))  # FP101


@app.post("/ask/async")
async def ask_awaited(question: str) -> str:
    return str(await model.ainvoke(question))


@app.post("/write")
async def write(question: str) -> str:
    await told()
    return str(writer.complete(question))  # FP101


@app.post("/write/async")
async def write_awaited(question: str) -> str:
    return str(await writer.acomplete(question))


@app.get("/files")
async def files() -> list[str]:
    await told()
    return bucket.ls("orders")  # FP101


@app.get("/files/there")
async def stored_there(name: str) -> bool:
    await told()
    return fsspec.filesystem("gcs").exists(name)  # FP101


@app.get("/files/named")
async def stored(name: str) -> bool:
    await told()
    return fsspec.filesystem("memory").exists(name)


@app.get("/papers")
async def papers(search: str) -> list[str]:
    await told()
    return [each.title for each in arxiv.Client().results(arxiv.Search(search))]  # FP101


@app.get("/papers/thread")
async def papers_in_thread(search: str) -> list[str]:
    found = arxiv.Client().results(arxiv.Search(search))
    return await asyncio.to_thread(lambda: [each.title for each in found])


@app.get("/files/thread")
async def files_in_thread() -> list[str]:
    return await asyncio.to_thread(bucket.ls, "orders")


@app.get("/graph")
async def graph() -> bytes:
    await told()
    drawn = graphviz.Digraph()
    drawn.edge("a", "b")
    return drawn.pipe(format="svg")  # FP101


@app.post("/sound")
async def sound(path: str) -> None:
    await told()
    AudioSegment.from_file(path).set_channels(1).export("mono.wav", format="wav")  # FP101


@app.post("/sound/def")
def sound_in_thread(path: str) -> None:
    AudioSegment.from_file(path).export("mono.wav", format="wav")


@app.post("/words")
async def words() -> None:
    await told()
    nltk.download("punkt")  # FP101


@app.get("/pods")
async def pods() -> Any:
    return await core.list_namespaced_pod("default")


@app.get("/containers/{name}")
async def container(name: str) -> dict[str, Any]:
    async with Docker() as docker:
        found: DockerContainer = await docker.containers.get(name)
        return await found.show()


@app.post("/project/ask")
async def ask_project(question: str) -> str:
    await told()
    asked = project.get_openai_client()
    return asked.responses.create(model="gpt", input=question).output_text  # FP101


@app.post("/project/ask/async")
async def ask_project_awaited(question: str) -> str:
    asked = async_project.get_openai_client()
    return (await asked.responses.create(model="gpt", input=question)).output_text
