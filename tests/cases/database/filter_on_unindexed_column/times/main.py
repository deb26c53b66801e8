"""Spans of time, and times that are still empty."""

from datetime import datetime

from fastapi import Depends, FastAPI, Request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from . import models
from .models import EventResource, Order, Reading, Reminder, Shelf

app = FastAPI()


def get_session(request: Request) -> Session:
    return request.app.state.session


@app.get("/orders")
def orders(start: datetime, end: datetime, session: Session = Depends(get_session)) -> list[int]:
    found = session.scalars(select(Order).where(Order.created_at >= start, Order.created_at < end))
    return [order.id for order in found]


@app.get("/orders/open")
def open_orders(session: Session = Depends(get_session)) -> list[int]:
    return [order.id for order in session.scalars(select(Order).where(Order.handled_at.is_(None)))]


@app.get("/orders/kept")
def kept_orders(session: Session = Depends(get_session)) -> list[int]:
    return [order.id for order in session.scalars(select(Order).where(Order.deleted_at.is_(None)))]


@app.get("/orders/of/{number}")
def orders_of(number: int, start: datetime, session: Session = Depends(get_session)) -> list[int]:
    mine = select(Order).where(Order.customer_id == number, Order.ordered_at >= start)
    shipped = select(Order).where(Order.shipped_at >= start)
    return [order.id for order in [*session.scalars(mine), *session.scalars(shipped)]]


@app.get("/orders/wished")
def wished_orders(
    start: datetime | None = None, most: int = 0, session: Session = Depends(get_session)
) -> list[int]:
    query = select(Order)
    if start is not None:
        query = query.where(Order.updated_at >= start)
    if most:
        query = query.where(Order.total <= most)
    return [order.id for order in session.scalars(query.limit(50))]


@app.post("/orders/purge")
def purge_orders(start: datetime, session: Session = Depends(get_session)) -> None:
    for order in session.scalars(select(Order).where(Order.paid_at < start)):
        session.delete(order)


@app.post("/reminders")
def remind(customer: int, due_at: datetime, session: Session = Depends(get_session)) -> None:
    session.add(Reminder(customer_id=customer, status="new", due_at=due_at))
    session.commit()


@app.get("/reminders/due")
def due(now: datetime, session: Session = Depends(get_session)) -> list[int]:
    found = session.scalars(select(Reminder).where(Reminder.status == "new", Reminder.due_at <= now).limit(100))
    return [reminder.id for reminder in found]


@app.post("/orders/billed")
def billed(numbers: list[str], session: Session = Depends(get_session)) -> list[int]:
    return [order.id for order in session.scalars(select(Order).where(Order.billing_number.in_(numbers)))]


@app.post("/orders/batches")
def batches(numbers: list[str], now: datetime, session: Session = Depends(get_session)) -> list[int]:
    found = session.scalars(select(Order).where(Order.batch_number.in_(numbers), Order.cut_at <= now))
    return [order.id for order in found]


@app.get("/orders/stale")
def stale(start: datetime, four: str, session: Session = Depends(get_session)) -> list[int]:
    old = session.scalars(select(Order).where(Order.last_checked < start))
    four_to_go = session.scalars(select(Order).where(Order.last_four >= four))
    return [order.id for order in [*old, *four_to_go]]


@app.get("/executions")
def executions(start: datetime, end: datetime, session: Session = Depends(get_session)) -> list[int]:
    inside = select(models.Execution).where(
        start <= models.Execution.started, models.Execution.started < end
    )
    waited = select(models.Execution).where(models.Execution.queued.between(start, end))
    mine = select(models.Execution).where(models.Execution.customer_id == 1, models.Execution.finished >= start)
    return [one.id for query in (inside, waited, mine) for one in session.scalars(query)]


@app.get("/spans")
def spans(start: datetime, end: datetime, session: Session = Depends(get_session)) -> list[int]:
    kept = select(models.Span).filter(models.Span.start_time.between(start, end))
    return [span.id for span in session.scalars(kept)]


def delete_old(session: Session, cutoff: datetime) -> None:
    session.execute(delete(EventResource).where(EventResource.occurred < cutoff))
    session.execute(delete(Reading).where(Reading.occurred < cutoff))


@app.get("/shelves")
def shelves(start: datetime, session: Session = Depends(get_session)) -> list[int]:
    return [shelf.id for shelf in session.scalars(select(Shelf).where(Shelf.started >= start))]


@app.post("/things")
def things(now: datetime, session: Session = Depends(get_session)) -> None:
    session.add(EventResource(resource_id="a", occurred=now))
    session.add(Reading(meter="a", occurred=now))
    session.add(Shelf(started=now))
    session.commit()
