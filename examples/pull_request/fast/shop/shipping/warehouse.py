import httpx2

WAREHOUSE_URL = "https://warehouse.example.com/v1"


async def stock_of(http: httpx2.AsyncClient, sku: str) -> int:
    response = await http.get(f"{WAREHOUSE_URL}/stock/{sku}")
    return int(response.json()["available"])


async def release_stock(http: httpx2.AsyncClient, order_id: int) -> None:
    await http.post(f"{WAREHOUSE_URL}/releases", json={"order": order_id})
