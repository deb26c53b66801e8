"""FP302: settings made anew for each request."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from pydantic import create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from benchmarks.impact.pair import Pair, at

pair = Pair("FP302", *at(1, 16, fields=15))
PLACE = Path(os.environ.get("IMPACT_FOLDER", "/tmp"), "settings.env")


class Base(BaseSettings):
    model_config = SettingsConfigDict(env_file=PLACE)


Settings = create_model("Settings", __base__=Base, **{f"f{number}": (str, "") for number in range(15)})


@pair.setup
async def file() -> None:
    PLACE.write_text("".join(f"F{number}=value\n" for number in range(15)))


async def made() -> Base:
    return Settings()


@lru_cache
def kept() -> Base:
    return Settings()


async def kept_settings() -> Base:
    return kept()


@pair.slow("`Settings()` with an `.env` file in a dependency")
async def slow(settings: Annotated[Base, Depends(made)]) -> int:
    return len(settings.model_fields_set)


@pair.fast("the same behind `lru_cache`")
async def fast(settings: Annotated[Base, Depends(kept_settings)]) -> int:
    return len(settings.model_fields_set)
