import copy
import os
from functools import lru_cache
from typing import cast

import httpx
import litellm
from async_lru import alru_cache
from fastapi import Depends, FastAPI, Request
from jinja2 import DictLoader, Environment, FileSystemLoader
from shop.countries import Country, Shown

app = FastAPI()
client = httpx.AsyncClient()


def current_user() -> str:
    return "user"


@app.get("/weather/{city}")
async def weather(city: str, days: int = 3) -> dict[str, float]:
    return (await client.get(f"https://weather.example/{city}", params={"days": days})).json()  # FP303


PRICES = dict.fromkeys(range(100_000), 1)
SHIPPED = [{"effect": "adds", "targets": ["Order", "Parcel"]}]


def prices() -> dict[str, int]:
    return copy.deepcopy(PRICES)  # FP303


def models() -> dict[str, object]:
    found = copy.deepcopy(cast(dict, litellm.model_cost))  # FP303
    return found


@app.get("/prices/{name}")
def price(name: str) -> object:
    return [prices(), models(), copied_once(), copied(PRICES), copied_local(), shipped()]


# Near misses


@lru_cache(maxsize=1)
def copied_once() -> dict[str, int]:
    return copy.deepcopy(PRICES)


def copied(table: dict[str, int]) -> dict[str, int]:
    return copy.deepcopy(table)


def shipped() -> list[dict[str, object]]:
    return copy.deepcopy(SHIPPED)


def copied_local() -> list[int]:
    table = [1]
    return copy.deepcopy(table)


def never_reached() -> dict[str, int]:
    return copy.deepcopy(PRICES)


@alru_cache(ttl=300)
async def ask(city: str) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/cached/{city}")
async def cached(city: str) -> str:
    return await ask(city)


@app.get("/mine/{city}")
async def mine(city: str, user: str = Depends(current_user)) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/by-user/{user_id}")
async def by_user(user_id: int) -> str:
    return (await client.get(f"https://weather.example/{user_id}")).text


@app.get("/request/{city}")
async def with_request(city: str, request: Request) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.post("/write/{city}")
async def write(city: str) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/health/{name}")
async def health(name: str) -> int:
    return (await client.get(f"https://{name}.example")).status_code


@app.get("/local/{city}")
async def local(city: str) -> str:
    return city.upper()


def language() -> str:
    return "de"


@app.get("/speaking/{city}")
async def speaking(city: str, spoken: str = Depends(language)) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/guarded/{city}", dependencies=[Depends(current_user)])
async def guarded(city: str) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


# Made of what is kept, and templates


@lru_cache(maxsize=1)
def countries() -> list[Country]:
    return [Country(name) for name in read_countries()]


@lru_cache(maxsize=16)
def cities(country: str) -> list[str]:
    return []


def read_countries() -> list[str]:
    return []


def shown_countries() -> list[Shown]:  # FP303 (summary)
    found = countries()
    return [Shown(each) for each in found]


@lru_cache(maxsize=1)
def kept_countries() -> list[Shown]:
    return [Shown(each) for each in countries()]


def named_countries() -> list[str]:
    return [each.name for each in countries()]


def some_countries(first: int) -> list[Shown]:
    return [Shown(each) for each in countries()[:first]]


def countries_anew() -> list[Shown]:
    return [Shown(each) for each in read_countries()]


templates = Environment(loader=FileSystemLoader("templates"))


def rendered(name: str) -> str:
    own = Environment(loader=FileSystemLoader("templates"))  # FP303 (summary)
    plain = Environment()
    return own.get_template(name).render() + templates.get_template(name).render() + str(plain)


def rendered_of(name: str) -> str:
    place = os.path.join(os.path.dirname(__file__), "templates")
    own = Environment(loader=FileSystemLoader(place))  # FP303 (summary)
    return own.get_template(name).render()


def rendered_for(shop: str) -> str:
    folder = f"shops/{shop}"
    of_shop = Environment(loader=FileSystemLoader(folder))
    of_text = Environment(loader=DictLoader({"hello": "Hello"}))
    return of_shop.get_template("hello").render() + of_text.get_template("hello").render()


@app.post("/shown/{name}")
def shown(name: str) -> list[object]:
    return [
        rendered_of(name),
        rendered_for(name),
        rendered(name),
        shown_countries(),
        kept_countries(),
        named_countries(),
        some_countries(3),
        countries_anew(),
        cities(name),
    ]
