"""Objects of packages that nobody knows here, made with a key or an address: what else would they ask?"""

import os

from browserly import AsyncBrowserly, Browserly
from crawlspace import Crawler, Plan, Rules
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Pages(BaseModel):
    pages: list[str]


class Settings(BaseModel):
    api_key: str


def browser(settings: Settings) -> Browserly:
    return Browserly(api_key=settings.api_key)


async def pages(settings: Settings) -> Pages:
    asked = browser(settings).sessions.debug(id=1)  # FP101 (summary)
    return Pages(pages=asked)


async def crawl(settings: Settings) -> list[str]:
    crawler = Crawler(settings.api_key)
    documents = crawler.crawl(limit=5)  # FP101 (summary)
    return [each.text for each in documents]


async def logged(address: str) -> None:
    crawler = Crawler(base_url=address)
    crawler.publish("done")  # FP101 (summary)


async def waited(settings: Settings) -> Pages:
    asked = await AsyncBrowserly(api_key=settings.api_key).sessions.debug(id=1)
    return Pages(pages=asked)


async def handed_on(settings: Settings) -> object:
    crawler = Crawler(settings.api_key)
    return crawler.crawl(limit=5)  # may be a coroutine


async def awaited_later(settings: Settings) -> list[str]:
    crawler = Crawler(settings.api_key)
    asked = crawler.crawl(limit=5)
    return [each.text for each in await asked]


async def without_key() -> list[str]:
    plan = Plan("north")
    return [each.text for each in plan.crawl(limit=5)]


async def of_its_own(settings: Settings) -> str:
    crawler = Crawler(settings.api_key)
    return crawler.get_url().lower() + crawler.describe().lower() + crawler.name.lower()


async def built(settings: Settings) -> list[str]:
    crawler = Crawler(settings.api_key)
    return await crawler.query("open").limit(5).rows()


def in_worker_thread(settings: Settings) -> list[str]:
    return [each.text for each in Crawler(settings.api_key).crawl(limit=5)]


async def read(path: str) -> str:
    rules = Rules(path)
    return rules.load().text + os.environ.get("RULES", "")


@router.get("/pages")
async def asked(api_key: str) -> tuple[Pages, Pages]:
    settings = Settings(api_key=api_key)
    return await pages(settings), await waited(settings)
