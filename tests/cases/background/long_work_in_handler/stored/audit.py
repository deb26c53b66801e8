import httpx

client = httpx.AsyncClient()


async def record(action: str) -> None:
    await client.post("https://audit.example/events", json={"action": action})


async def price_of(name: str) -> float:
    return (await client.get(f"https://prices.example/{name}")).json()["price"]


async def close_order(number: int) -> None:
    await client.post(f"https://orders.example/{number}/close")
