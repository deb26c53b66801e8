import requests

CARRIER_URL = "https://carrier.example.com/v2/parcels"


def fetch_parcel(tracking_number: str) -> dict[str, str]:
    response = requests.get(f"{CARRIER_URL}/{tracking_number}", timeout=5)
    response.raise_for_status()
    return response.json()
