from celery import Celery
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop", broker="redis://redis/0", backend="redis://redis/1")  # FP413
plain = Celery("plain", broker="redis://redis/0")


@queue.task
def invoice(order_id: int) -> None: ...


@app.post("/invoices")
def invoices(order_id: int) -> None:
    invoice.delay(order_id)
