from celery import Celery
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop", task_time_limit=60)


@queue.task
def invoice(order_id: int, copies: int = 1) -> None:
    raise AssertionError("runs in a worker")


@app.post("/orders/{order_id}/invoice")
async def order_invoice(order_id: int) -> dict[str, int]:
    invoice.delay(order_id, copies=2)
    return {"waiting": len(queue.sent)}
