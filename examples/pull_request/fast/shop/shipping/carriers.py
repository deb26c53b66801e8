import httpx2

CARRIER_URL = "https://carrier.example.com/v2/parcels"


async def fetch_parcel(http: httpx2.AsyncClient, tracking_number: str) -> dict[str, str]:
    response = await http.get(f"{CARRIER_URL}/{tracking_number}")
    response.raise_for_status()
    return response.json()
