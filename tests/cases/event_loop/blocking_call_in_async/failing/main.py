"""What only exception handlers have done, and what endpoints have done too."""

import requests
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()
rates: dict[str, float] = {}


async def report(problem: Exception) -> None:
    requests.post("https://issues.example", json={"title": str(problem)}, timeout=5)  # FP101 (change)


async def describe(problem: Exception) -> JSONResponse:
    await report(problem)
    return JSONResponse({"detail": "it failed"}, status_code=500)


async def tell(what: str) -> None:
    requests.post("https://chat.example", json={"text": what}, timeout=5)  # FP101 (inline)


@app.exception_handler(LookupError)
async def not_found(request: Request, problem: LookupError) -> JSONResponse:
    await tell("not found")
    return await describe(problem)


async def apologize(problem: Exception) -> None:
    requests.post("https://chat.example", json={"text": str(problem)}, timeout=5)  # FP101 (inline)


async def again(number: int) -> int:
    requests.post("https://orders.example", json={"number": number}, timeout=5)  # FP101 (inline)
    return number


@app.post("/orders/sent")
async def send(number: int) -> int:
    try:
        return await again(number)
    except OSError as problem:
        await apologize(problem)
        return await again(number)


@app.post("/orders")
async def order(number: int) -> int:
    await tell("ordered")
    return number


async def load_rate(currency: str) -> float:
    rates[currency] = requests.get(f"https://rates.example/{currency}", timeout=5).json()  # FP101 (inline)
    return rates[currency]


@app.get("/rates/{currency}")
async def rate(currency: str) -> float:
    try:
        return rates[currency]
    except KeyError:
        return await load_rate(currency)


async def miss(currency: str) -> None:
    requests.post("https://wishes.example", json={"currency": currency}, timeout=5)  # FP101 (inline)


@app.get("/currencies/{currency}")
async def known(currency: str) -> bool:
    if currency not in rates:
        await miss(currency)
        raise HTTPException(404)
    return True
