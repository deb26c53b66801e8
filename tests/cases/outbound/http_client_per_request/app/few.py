import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/once")
def once() -> str:
    return requests.get("https://rates.example/latest", timeout=5).text


@app.post("/twice")
def twice(name: str) -> str:
    return requests.post("https://rates.example/names", json=name, timeout=5).text
