import requests
from celery import Celery, shared_task
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop")


def post(order_id: int) -> None:
    requests.post("https://invoices.example", json=order_id, timeout=5)


@queue.task  # FP408 (inline)
def direct(order_id: int) -> None:
    requests.post("https://invoices.example", json=order_id, timeout=5)


@shared_task(name="through", acks_late=True)  # FP408
def through(order_id: int) -> None:
    post(order_id)


@queue.task(bind=True, max_retries=None)  # FP408
def forever(self, order_id: int) -> None:
    try:
        post(order_id)
    except requests.RequestException as error:
        raise self.retry(exc=error)


@queue.task  # FP408 (summary)
def hourly() -> None:
    requests.post("https://invoices.example/due", timeout=5)


@queue.task(name="shop.nightly_report")  # FP408 (summary)
def nightly() -> None:
    requests.post("https://invoices.example/report", timeout=5)


queue.conf.beat_schedule = {"report": {"task": "shop.nightly_report", "schedule": 86_400}}
queue.add_periodic_task(3_600, hourly.s())

# Near misses


@queue.task(autoretry_for=(requests.RequestException,), retry_backoff=True)
def retried(order_id: int) -> None:
    post(order_id)


@queue.task(bind=True, max_retries=None)
def patient(self, order_id: int) -> None:
    try:
        post(order_id)
    except requests.RequestException as error:
        raise self.retry(exc=error, countdown=60)


@queue.task
def handled(order_id: int) -> None:
    try:
        post(order_id)
    except requests.RequestException:
        print("later")


@queue.task
def local(order_id: int) -> None:
    print(order_id)


@app.post("/plain")
def plain(order_id: int) -> None:
    post(order_id)


@queue.task(base=object)
def with_base(order_id: int) -> None:
    post(order_id)
