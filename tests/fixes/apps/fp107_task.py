from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
sent: list[str] = []


def send_receipt(order_id: int, *, copy: bool = False) -> None:
    sent.append(f"{order_id}{' copy' if copy else ''}")


@app.post("/orders/{order_id}/pay")
async def pay(order_id: int, tasks: BackgroundTasks) -> dict[str, int]:
    tasks.add_task(send_receipt(order_id, copy=True))
    return {"paid": order_id}


@app.get("/sent")
async def all_sent() -> list[str]:
    return sent
