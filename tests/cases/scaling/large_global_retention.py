import pandas
from fastapi import FastAPI, Request

app = FastAPI()
last_error: Exception | None = None
last_text = ""


@app.get("/orders")
def orders() -> list[str]:
    global last_error
    try:
        return ["a"]
    except ValueError as error:
        last_error = error  # FP710
        return []


@app.get("/state")
def state(request: Request) -> None:
    try:
        print("x")
    except ValueError as error:
        request.app.state.last = error  # FP710
    app.state.table = pandas.read_csv("prices.csv")  # FP710


# Near misses


@app.get("/text")
def text(request: Request) -> None:
    global last_text
    try:
        print("x")
    except ValueError as error:
        last_text = str(error)
        local = error
        request.state.error = error
        print(local)
    table = pandas.read_csv("prices.csv")
    print(table)


def load() -> None:
    app.state.prices = pandas.read_csv("prices.csv")
