import requests
from celery import Celery
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop")  # FP412


@queue.task
def crawl(urls: list[str]) -> None:
    for url in urls:
        requests.get(url, timeout=30)


# Near misses


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name


shop = Shop("shop")


@queue.task
def short(url: str) -> None:
    requests.get(url, timeout=3)
