import httpx2

from shop.shipping.carriers import fetch_parcel


async def parcel_status(http: httpx2.AsyncClient, tracking_number: str) -> str:
    if not tracking_number:
        return "not shipped"
    parcel = await fetch_parcel(http, tracking_number)
    return parcel.get("status", "unknown")
