import json
from contextvars import ContextVar
from functools import lru_cache

import yaml
from dotenv import load_dotenv
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

app = FastAPI()


class Base(BaseSettings):
    debug: bool = False


class Settings(Base):
    currency: str = "EUR"


class Page(BaseModel):
    size: int = 10


shared = Settings()
_kept: Settings | None = None


def get_settings() -> Settings:
    return Settings()  # FP302 (summary)


@app.get("/currency")
def currency(settings: Settings = Depends(get_settings)) -> str:
    return settings.currency


@app.get("/direct")
async def direct() -> str:
    load_dotenv()  # FP302
    return Settings(_env_file=".env").currency  # FP302


@app.get("/file")
def from_file() -> str:
    with open("prices.yaml") as file:
        prices = yaml.safe_load(file)  # FP302
    return prices["book"] + json.load(open("names.json"))["book"]  # FP302


# Near misses


@lru_cache
def cached() -> Settings:
    return Settings()


def kept() -> Settings:
    global _kept
    if _kept is None:
        _kept = Settings()
    return _kept


@app.get("/near")
def near(name: str, one: Settings = Depends(cached), two: Settings = Depends(kept)) -> str:
    page = Page()
    tenant = Settings(currency=name)
    with open(name) as file:
        chosen = yaml.safe_load(file)
    return f"{page.size}{one.currency}{two.currency}{tenant.currency}{shared.currency}{chosen}"


def script() -> Settings:
    return Settings()


if __name__ == "__main__":
    load_dotenv()
    print(script())


class Producer:
    def __init__(self, currency: str) -> None:
        self.currency = currency


_producer: Producer | None = None


def get_producer() -> Producer:
    global _producer
    if _producer is None:
        found = Settings()
        _producer = Producer(found.currency)
    return _producer


def make_producer() -> Producer:
    found = Settings()  # FP302
    return Producer(found.currency)


@app.get("/produced")
def produced(one: Producer = Depends(get_producer), two: Producer = Depends(make_producer)) -> str:
    return one.currency + two.currency


@app.post("/settings")
def stored_settings(text: str) -> None:
    load_dotenv("kept.env", override=True)


_context: ContextVar[Settings | None] = ContextVar("settings", default=None)


def current_settings() -> Settings:
    found = _context.get()
    if found is not None:
        return found
    return Settings()  # FP302 (summary)


@app.get("/current")
def current() -> str:
    return current_settings().currency


class FiledSettings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env")


@app.get("/filed")
def filed() -> str:
    return str(FiledSettings())  # FP302 (inline)
