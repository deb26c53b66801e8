import httpx2

WAREHOUSE_URL = "https://warehouse.example.com/v1"


async def stock_of(sku: str) -> int:
    async with httpx2.AsyncClient(timeout=5) as client:
        response = await client.get(f"{WAREHOUSE_URL}/stock/{sku}")
        return int(response.json()["available"])


async def release_stock(order_id: int) -> None:
    async with httpx2.AsyncClient(timeout=5) as client:
        await client.post(f"{WAREHOUSE_URL}/releases", json={"order": order_id})
