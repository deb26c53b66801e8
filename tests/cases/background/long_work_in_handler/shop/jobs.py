"""What a worker of a queue runs."""

import dramatiq
from celery import Celery

queue = Celery("shop", broker="redis://broker")


@queue.task
def count_orders(number: int) -> int:
    return sum(range(number))


@queue.task(bind=True)
def pack_orders(self: object, number: int) -> None:
    count_orders(number)  # a task of its own calls another: both run in the worker


@dramatiq.actor
def clean_up(number: int) -> None:
    count_orders(number)


def forget_orders(number: int) -> None:
    sum(range(number))
