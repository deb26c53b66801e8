from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from shop.catalog.api import router as catalog
from shop.customers.api import router as customers
from shop.database import create_schema
from shop.orders.api import router as orders


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    create_schema()
    async with httpx2.AsyncClient(timeout=5) as http:
        app.state.http = http
        yield


app = FastAPI(title="shop", lifespan=lifespan)
app.include_router(orders, prefix="/orders", tags=["orders"])
app.include_router(catalog, prefix="/products", tags=["catalog"])
app.include_router(customers, prefix="/customers", tags=["customers"])


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
