from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, HTTPException

app = FastAPI()
pool = ThreadPoolExecutor(2)


def drawn(order_id: int) -> str:
    if order_id < 0:
        raise ValueError("no label below zero")
    return f"label {order_id}"


@app.get("/orders/{order_id}/label")
async def label(order_id: int) -> str:
    try:
        return pool.submit(drawn, order_id).result()
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
