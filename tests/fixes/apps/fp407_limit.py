import os

import requests
from celery import Celery
from fastapi import FastAPI

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()
queue = Celery("shop")


@queue.task
def invoice(order_id: int) -> None:
    requests.post(f"{UPSTREAM}/echo/{order_id}", timeout=5)


@app.post("/orders/{order_id}/invoice")
def order_invoice(order_id: int) -> dict[str, int]:
    invoice.delay(order_id)
    return {"waiting": len(queue.sent)}
