import asyncio

from fastapi import FastAPI

app = FastAPI()
done: list[int] = []


async def record(order_id: int) -> None:
    await asyncio.sleep(0)
    done.append(order_id)


@app.post("/orders/{order_id}/pay")
async def pay(order_id: int) -> dict[str, int]:
    asyncio.create_task(record(order_id))
    await asyncio.sleep(0.01)
    return {"recorded": len(done)}
