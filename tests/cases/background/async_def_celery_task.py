from celery import Celery, shared_task
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop")


@queue.task  # FP409
async def invoice(order_id: int) -> None: ...


@shared_task(bind=True, max_retries=3)  # FP409
async def shared(self, order_id: int) -> None: ...


# Near misses


def awaiting(function):
    return function


@queue.task
def plain(order_id: int) -> None: ...


@queue.task
@awaiting
async def wrapped(order_id: int) -> None: ...


@queue.task(base=object)
async def with_base(order_id: int) -> None: ...


@app.get("/task")
async def endpoint() -> None: ...


class Board:
    def task(self, function):
        return function


board = Board()


@board.task
async def no_celery() -> None: ...
