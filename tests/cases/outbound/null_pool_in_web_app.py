import os
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, StaticPool

app = FastAPI()
URL = "postgresql+psycopg://db/shop"
TESTING = bool(os.environ.get("TESTING"))

engine = create_engine(URL, poolclass=NullPool)  # FP605
async_engine = create_async_engine(  # FP605
    URL,
    poolclass=NullPool,
)


@lru_cache
def own_engine(echo: bool) -> Any:
    return create_engine(URL, echo=echo, poolclass=NullPool)  # FP605 (inline)


# The pool of this one is made below.
engine = create_engine(URL, poolclass=NullPool)  # FP605 (inline)

# Near misses

# Each task has its own event loop: a pooled connection would belong to another.
explained = create_async_engine(URL, poolclass=NullPool)  # FP605 (summary)


@lru_cache(maxsize=8)
def engine_of(database: str, user: str) -> Any:
    url = f"postgresql+psycopg://{user}@{database}/shop"
    return create_engine(url, poolclass=NullPool)  # FP605 (summary)


usual = create_async_engine(URL, poolclass=AsyncAdaptedQueuePool)
chosen = create_engine(URL, poolclass=NullPool if TESTING else None)
memory = create_engine("sqlite://", poolclass=NullPool)
static = create_engine("sqlite://", poolclass=StaticPool)
plain = create_engine(URL)


def make_migration_engine() -> Any:
    return create_engine(URL, poolclass=NullPool)


if TESTING:
    engine = create_engine(URL, poolclass=NullPool)

OPTIONS: dict[str, Any] = {}
if TESTING:
    OPTIONS["poolclass"] = NullPool
by_options = create_engine(URL, **OPTIONS)

ALWAYS: dict[str, Any] = {}
ALWAYS["poolclass"] = NullPool
by_all_options = create_engine(URL, **ALWAYS)  # FP605


def make(disabled: bool) -> Any:
    if disabled:
        return create_engine(URL, poolclass=NullPool)
    return create_engine(URL, pool_size=20)


@app.get("/health")
def health() -> str:
    return "ok"
