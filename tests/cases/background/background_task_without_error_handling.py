import requests
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


def mail(order_id: int) -> None:
    requests.post("https://mail.example", json=order_id, timeout=5)


def careful(order_id: int) -> None:
    try:
        requests.post("https://mail.example", json=order_id, timeout=5)
    except requests.RequestException:
        print("not sent")


def store(order_id: int) -> None:
    print(order_id)


@app.post("/orders")
def order(order_id: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(mail, order_id)  # FP403
    tasks.add_task(store, order_id)


# Near misses


@app.post("/careful")
def guarded(order_id: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(careful, order_id)
    tasks.add_task(store, order_id)


@app.post("/last")
def last(order_id: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(store, order_id)
    tasks.add_task(mail, order_id)


@app.post("/only")
def only(order_id: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(mail, order_id)


@app.post("/either")
def either(order_id: int, tasks: BackgroundTasks) -> None:
    if order_id:
        tasks.add_task(mail, order_id)
    else:
        tasks.add_task(store, order_id)
