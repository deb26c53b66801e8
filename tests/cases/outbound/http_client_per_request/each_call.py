import os
from collections.abc import AsyncIterator
from typing import Any

import boto3
import httpx
import requests
from fastapi import FastAPI
from openai import AsyncOpenAI, OpenAI

app = FastAPI()


def ask(key: str, question: str) -> Any:
    client = OpenAI(api_key=key)  # FP603 (summary)
    return client.responses.create(model="gpt-5-mini", input=question)


@app.post("/questions")
def question(text: str) -> Any:
    return ask(os.environ["OPENAI_KEY"], text)


def ask_by_bearer(bearer: str, text: str) -> Any:
    return OpenAI(api_key=bearer).responses.create(model="gpt-5-mini", input=text)


@app.post("/questions/by-bearer")
def by_bearer(text: str, bearer: str) -> Any:
    return ask_by_bearer(bearer, text)


@app.post("/questions/of-caller")
def of_caller(text: str, key: str) -> Any:
    return OpenAI(api_key=key).responses.create(model="gpt-5-mini", input=text)


class Archive:
    """Called by what the queue hands over, which nobody follows."""

    def store(self, name: str, data: bytes) -> None:
        client = boto3.client("s3", endpoint_url=os.environ["S3"])  # FP603 (summary)
        client.put_object(Bucket="archive", Key=name, Body=data)

    def store_all(self, files: dict[str, bytes]) -> None:
        client = boto3.client("s3", endpoint_url=os.environ["S3"])
        for name, data in files.items():
            client.put_object(Bucket="archive", Key=name, Body=data)

    def later(self, name: str, data: bytes) -> Any:
        client = boto3.client("s3", endpoint_url=os.environ["S3"])

        def put() -> None:
            client.put_object(Bucket="archive", Key=name, Body=data)

        return put

    def made(self) -> Any:
        return boto3.client("s3", endpoint_url=os.environ["S3"])

    def kept(self) -> Any:
        self.client = boto3.client("s3", endpoint_url=os.environ["S3"])
        return self.client.list_buckets()

    def watch(self, name: str) -> None:
        client = boto3.client("s3", endpoint_url=os.environ["S3"])
        while client.head_object(Bucket="archive", Key=name)["ContentLength"] == 0:
            continue

    async def parts(self) -> AsyncIterator[bytes]:
        async with httpx.AsyncClient() as client:
            yield (await client.get("https://archive.example")).content

    def fetch(self, name: str) -> bytes:
        with httpx.Client() as client:  # FP603 (summary)
            return client.get(f"https://archive.example/{name}").content

    def fetch_twice(self, name: str) -> bytes:
        session = requests.Session()  # for the two
        session.get("https://archive.example/login", timeout=5)
        return session.get(f"https://archive.example/{name}", timeout=5).content


def answer(text: str) -> str:
    client = OpenAI()  # FP603 (summary)
    return client.responses.create(model="gpt-5-mini", input=text).output_text


class Reader:
    def summary(self, text: str) -> str:
        return answer(text)


def never_called(text: str) -> str:
    return OpenAI().responses.create(model="gpt-5-mini", input=text).output_text


shared = AsyncOpenAI()


async def shared_answer(text: str) -> str:
    return (await shared.responses.create(model="gpt-5-mini", input=text)).output_text


if __name__ == "__main__":
    print(answer("Who are you?"))
