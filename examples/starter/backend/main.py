"""The application: what lives as long as the process is made at start-up and closed at its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from backend import health, orders
from backend.carrier import Carrier, make_client
from backend.database import make_engine, make_sessions
from backend.settings import settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = make_engine(settings().database_url)
    async with make_client(settings().carrier_url) as client:
        app.state.sessions = make_sessions(engine)
        app.state.carrier = Carrier(client)
        yield
    await engine.dispose()


app = FastAPI(title="backend", lifespan=lifespan)
app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
app.include_router(health.router)
app.include_router(orders.router)
