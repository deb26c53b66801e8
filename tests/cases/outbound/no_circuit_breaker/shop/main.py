import httpx
from fastapi import FastAPI

app = FastAPI()  # FP609
client = httpx.AsyncClient()


async def fetch(url: str) -> str:
    return (await client.get(url)).text


@app.get("/rates")
async def rates() -> str:
    return await fetch("https://rates.example")


@app.get("/taxes")
async def taxes() -> str:
    return await fetch("https://taxes.example")


@app.get("/carriers")
async def carriers() -> str:
    return await fetch("https://carriers.example")


@app.get("/orders")
async def orders() -> list[int]:
    return []
