"""Look-ups by columns that a dictionary or a word names, which a store of many classes compares."""

from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

from app.stores import Items, Orders, Parcels

app = FastAPI()
orders, items, parcels = Orders(), Items(), Parcels()


def get_session() -> Session: ...


@app.get("/traces/{trace}")
def of_trace(trace: str, session: Session = Depends(get_session)) -> object:
    return orders.of_trace(session, trace)


@app.get("/orders/{number}")
def order(number: str, session: Session = Depends(get_session)) -> object:
    return orders.get_by(session, "number", number)


@app.get("/references/{reference}")
def by_reference(reference: str, session: Session = Depends(get_session)) -> object:
    return orders.get_by(session, field="reference", value=reference)


@app.get("/orders/{number}/items")
def of_order(number: str, session: Session = Depends(get_session)) -> object:
    return items.find(session, {"order_number": number})


@app.get("/parcels/{number}")
def parcel(number: str, session: Session = Depends(get_session)) -> object:
    return parcels.query(session, filters={"number": number, "place": "dock"})


@app.get("/slips/{name}")
def by_what_it_names(name: str, session: Session = Depends(get_session)) -> list[object]:
    return [
        orders.first_by(session, field_name="slip", value=name),
        orders.exists_by(session, "voucher", name),
        orders.list_all(session, where={"batch": name}),
        orders.get_page(session, 1, filters={"dock": name}),
        orders.get_labels(session, filters={"shelf": name}),
    ]


@app.get("/others/{name}")
def others(name: str, column: str, session: Session = Depends(get_session)) -> list[object]:
    wanted = {"customer": name}
    return [
        orders.query(session, filters={"invoice": name, "town": name}),
        orders.query(session, filters={"is_open": True}),
        orders.query(session, filters={"created_at__gt": name}),
        orders.query(session, filters={"carrier": {"in": [name]}}),
        orders.search(session, filters={"customer": name}),
        orders.sorted_by(session, "customer", 20),
        orders.get_by(session, column, name),
        orders.query(session, filters=wanted),
        items.find(session, {"label": "open"}),
        items.get_by(session, "colour", name),
    ]
