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


COMMON: dict[str, Any] = dict(echo=False)
by_merged_options = create_engine(URL, **{**COMMON, "poolclass": NullPool})  # FP605


def options() -> dict[str, Any]:
    return {"echo": False, "poolclass": NullPool}


by_returned_options = create_engine(URL, **options())  # FP605


def options_of(which: str) -> dict[str, Any]:
    if which == "pooled":
        return {"pool_size": 5}
    return {"poolclass": NullPool}


def options_when_testing() -> dict[str, Any]:
    found: dict[str, Any] = {}
    if TESTING:
        found["poolclass"] = NullPool
    return found


by_one_of_several_options = create_engine(URL, **options_of("pooled"))
by_options_when_testing = create_engine(URL, **options_when_testing())


def make_engine(address: str, **more: Any) -> Any:
    return create_engine(address, **more)


through_a_factory = make_engine(URL, poolclass=NullPool)  # FP605
through_it_with_a_pool = make_engine(URL, poolclass=AsyncAdaptedQueuePool)
if TESTING:
    through_it_for_tests = make_engine(URL, poolclass=NullPool)


def make_shop(address: str, **more: Any) -> Any:
    return {"address": address, **more}


no_engine_at_all = make_shop(URL, poolclass=NullPool)


_engine: Any = None


def engine_made_when_it_is_first_asked_for() -> Any:
    global _engine
    if _engine is None:
        _engine = create_engine(URL, poolclass=NullPool)  # FP605
    return _engine


def engine_of_a_test_run() -> Any:
    global _engine
    if TESTING:
        _engine = create_engine(URL, poolclass=NullPool)
    return _engine


@app.get("/health")
def health() -> str:
    return "ok"
