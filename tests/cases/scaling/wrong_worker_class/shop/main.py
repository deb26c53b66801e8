from fastapi import FastAPI
from flask import Flask

app = FastAPI()
legacy = Flask("legacy")


@app.get("/orders")
async def orders() -> list[str]:
    return []
