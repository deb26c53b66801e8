"""A task of a queue that is called as a plain function runs where it is called."""

from fastapi import BackgroundTasks, FastAPI

from shop import jobs

app = FastAPI()


@app.post("/orders/{number}")
def add(number: int) -> int:
    jobs.count_orders(number)  # FP401 (change)
    jobs.clean_up(number)  # FP401 (change)
    jobs.forget_orders(number)
    return number


@app.post("/orders/{number}/handed-over")
def hand_over(number: int) -> int:
    jobs.count_orders.delay(number)
    jobs.clean_up.send(number)
    return number


@app.get("/orders/{number}/count")
def count(number: int) -> int:
    return jobs.count_orders(number)  # the answer is what it counts


@app.post("/orders/{number}/later")
def later(number: int, tasks: BackgroundTasks) -> int:
    tasks.add_task(jobs.count_orders, number)
    return number


if __name__ == "__main__":
    jobs.count_orders(1)
