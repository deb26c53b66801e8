import configparser
import json
import os
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

import pandas
import toml
import yaml
from dotenv import load_dotenv
from fastapi import Depends, FastAPI
from pydantic import BaseModel, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from shop.paths import settings, shared_paths

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


# What comes of a file whose path is the same for every request

HERE = Path(__file__).parent
PRICES = HERE / "prices.yaml"
DEFAULT = "prices.toml"


def read_prices() -> dict[str, float]:
    path = os.environ.get("PRICES", str(PRICES.absolute()))
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)  # FP302 (summary)


@app.get("/prices")
def prices_of_all() -> dict[str, float]:
    return read_prices()


@app.get("/text")
def from_text() -> list[object]:
    return [
        yaml.safe_load(PRICES.read_text()),  # FP302 (summary)
        json.loads((HERE / "names.json").read_bytes()),  # FP302 (summary)
        toml.load(DEFAULT),  # FP302 (summary)
    ]


@app.get("/opened")
def opened() -> list[object]:
    with PRICES.open() as file:
        first = yaml.full_load(file)  # FP302 (summary)
    with open(os.path.join(os.path.dirname(__file__), "names.json")) as file:
        second = json.loads(file.read())  # FP302 (summary)
    with open(shared_paths.prices_file) as file, open(settings.names_file) as names:
        return [first, second, yaml.safe_load(file), json.load(names)]  # FP302 (summary)


@app.get("/ini")
def from_ini() -> str:
    parser = configparser.ConfigParser()
    parser.read("prices.ini")  # FP302 (summary)
    return parser["book"]["price"]


def parsed(path: str) -> dict[str, float]:
    with open(path) as file:
        return yaml.safe_load(file)


@app.get("/parsed")
def from_helper() -> dict[str, float]:
    return parsed("prices.yaml") | parsed(DEFAULT)  # FP302 (summary)


@app.get("/parsed/{name}")
def of_request(name: str) -> list[object]:
    with open(HERE / f"{name}.yaml") as file:
        chosen = yaml.safe_load(file)
    return [chosen, parsed(name), json.loads(name), yaml.safe_load((HERE / name).read_text())]


@app.get("/progress")
def kept_by_the_service() -> list[object]:
    with open("session_state.json") as file:
        return [json.load(file), json.loads(Path("results.json").read_text())]


@lru_cache(maxsize=1)
def remembered_prices() -> dict[str, float]:
    return parsed("prices.yaml")


@app.get("/remembered")
def from_memory() -> dict[str, float]:
    return remembered_prices()


AT_START = parsed("prices.yaml")


# Tables; validators


@app.get("/prices/table")
def prices_table() -> list[dict[str, object]]:
    return pandas.read_csv("data/prices.csv").to_dict("records")  # FP302 (summary)


@app.get("/prices/table/{name}")
def prices_of(name: str) -> list[dict[str, object]]:
    return pandas.read_csv(f"data/{name}.csv").to_dict("records")


class Item(BaseModel):
    uri: str

    @model_validator(mode="after")
    def is_free(self) -> "Item":
        if self.uri == Settings().currency:  # FP302 (summary)
            raise ValueError("taken")
        return self

    @field_validator("uri")
    @classmethod
    def is_short(cls, value: str) -> str:
        if len(value) > Page().size + LIMITS.size:
            raise ValueError("too long")
        return value


LIMITS = Page()


class Checked(Base):
    @model_validator(mode="after")
    def has_debug(self) -> "Checked":
        if self.debug != Settings().debug:
            raise ValueError("one of them")
        return self


@app.post("/items")
def items(items: list[Item]) -> int:
    return len(items)


# Texts


PROMPTS = Path(__file__).parent / "prompts"


def system_prompt() -> str:
    return (PROMPTS / "system.md").read_text()  # FP302 (summary)


@lru_cache(maxsize=1)
def known_prompt() -> str:
    return (PROMPTS / "system.md").read_text()


@app.get("/page")
def page(name: str) -> list[str]:
    with open("static/index.html") as file:
        text = file.read()  # FP302 (summary)
    other = (PROMPTS / f"{name}.md").read_text()  # FP302 (summary)
    last = Path("data/status.txt").read_text()
    return [text, other, last, system_prompt(), known_prompt()]


def schema_of(kind: str) -> object:
    with open(f"schemas/{kind}.json") as file:
        return json.load(file)  # FP302 (summary)


@lru_cache(maxsize=64)
def known_schema_of(kind: str) -> object:
    with open(f"schemas/{kind}.json") as file:
        return json.load(file)


def report_of(number: str) -> object:
    with open(f"reports/{number}.json") as file:
        return json.load(file)


@app.post("/checked/{kind}")
def checked(kind: str) -> list[object]:
    with open(f"templates/{kind}") as file:
        anything = file.read()
    return [schema_of(kind), known_schema_of(kind), report_of(kind), anything]
