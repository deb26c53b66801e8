import requests
from celery import Celery
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop")  # FP407


@queue.task
def invoice(order_id: int) -> None:
    requests.post("https://invoices.example", json=order_id)


# Near misses


class Other:
    def __init__(self, name: str) -> None:
        self.name = name


other = Other("shop")
name = "shop"
