from shop.shipping.carriers import fetch_parcel


def parcel_status(tracking_number: str) -> str:
    if not tracking_number:
        return "not shipped"
    return fetch_parcel(tracking_number).get("status", "unknown")
