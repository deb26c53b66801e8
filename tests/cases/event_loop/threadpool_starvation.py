"""FP119: `def` endpoints that hold a worker thread for long."""

import subprocess
import time

import openai
import requests
from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

app = FastAPI()
client = openai.OpenAI()
asynchronous = openai.AsyncOpenAI()


def get_session() -> Session:
    return Session()


def ask(question: str) -> str:
    return client.responses.create(model="gpt-5", input=question).output_text


@app.post("/model")
def model(question: str) -> str:
    return client.responses.create(model="gpt-5", input=question).output_text  # FP119 (inline)


@app.post("/model-through-a-helper")
def model_through_a_helper(question: str) -> str:
    return ask(question)  # FP119


@app.post("/program")
def program() -> None:
    subprocess.run(["pdf", "render"], check=True)  # FP119 (summary)


def slow_dependency() -> None:
    time.sleep(5)  # FP119 (summary)


@app.post("/sleep", dependencies=[Depends(slow_dependency)])
def sleeping() -> None:
    time.sleep(0.1)


@app.get("/orders")
def orders(session: Session = Depends(get_session)) -> int:
    requests.get("https://a.example", timeout=2)
    subprocess.run(["true"], check=True, timeout=1)
    return session.execute(text("select 1")).scalar_one()


@app.post("/model-asynchronous")
async def model_asynchronous(question: str) -> str:
    return (await asynchronous.responses.create(model="gpt-5", input=question)).output_text


def tool(question: str) -> str:
    time.sleep(5)
    return ask(question)


@app.post("/vector")
def vector(question: str) -> list[float]:
    return client.embeddings.create(model="small", input=question).data[0].embedding


@app.post("/models/test")
def test_model(question: str) -> str:
    return client.responses.create(model="gpt-5", input=question).output_text  # FP119 (summary)


@app.post("/models/ask")
def ask_model(question: str) -> str:
    return client.responses.create(model="gpt-5", input=question).output_text  # FP119 (inline)
