from celery import shared_task
from fastapi import FastAPI

app = FastAPI()


@shared_task
def invoice(order_id: int) -> None: ...


@shared_task
def invoices_of(order_ids: list[int]) -> None: ...


@app.post("/invoices")
def invoices(order_ids: list[int]) -> None:
    for order_id in order_ids:
        invoice.delay(order_id)  # FP410


@app.post("/comprehension")
def comprehension(order_ids: list[int]) -> list[str]:
    return [invoice.apply_async(args=(order_id,)).id for order_id in order_ids]  # FP410


# Near misses


@app.post("/batches")
def batches(order_ids: list[int]) -> None:
    for start in range(0, len(order_ids), 100):
        invoices_of.delay(order_ids[start : start + 100])
    for kind in ("a", "b"):
        invoice.delay(kind)
    for order_id in order_ids:
        print(order_id)
        invoice.delay(1)
    invoices_of.delay(order_ids)


def script(order_ids: list[int]) -> None:
    invoices_of(order_ids)


if __name__ == "__main__":
    for number in range(1000):
        invoice.delay(number)
