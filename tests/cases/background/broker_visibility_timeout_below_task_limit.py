from celery import Celery
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop", broker="redis://redis/0")
queue.conf.task_acks_late = True
queue.conf.task_time_limit = 2 * 60 * 60
queue.conf.broker_transport_options = {"visibility_timeout": 3600}  # FP414


# Near misses

longer = {"visibility_timeout": 3 * 60 * 60}
unknown = {"visibility_timeout": queue.conf.task_time_limit}
other = {"timeout": 1}


@app.get("/orders")
def orders() -> dict[str, int]:
    return {"time": 1}
