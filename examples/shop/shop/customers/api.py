from fastapi import APIRouter, HTTPException

from shop.database import DatabaseSession
from shop.models import Customer

router = APIRouter()


@router.get("/{customer_id}/points")
def read_points(customer_id: int, session: DatabaseSession) -> dict[str, int]:
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise HTTPException(404, "no such customer")
    return {"points": customer.points}
