from datetime import datetime

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pages.db import get_session

app = FastAPI()
templates = Jinja2Templates(directory="templates")
environment = Environment()


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    created_at: Mapped[datetime]


def all_payments(session: Session) -> list[Payment]:
    return list(session.execute(select(Payment).order_by(Payment.created_at)).scalars().all())  # FP211


@app.get("/payments")
def list_page(request: Request, session: Session = Depends(get_session)):
    payments = all_payments(session)
    return templates.TemplateResponse(request, "payments.html", {"payments": payments, "title": "Payments"})


@app.get("/payments/named")
def named_page(request: Request, session: Session = Depends(get_session)):
    context = {"request": request, "rows": session.scalars(select(Payment)).all()}  # FP211
    return templates.TemplateResponse("payments.html", context=context)


@app.get("/payments/rendered")
def rendered(session: Session = Depends(get_session)):
    payments = session.scalars(select(Payment)).all()  # FP211
    return HTMLResponse(environment.get_template("payments.html").render(payments=payments))


# Near misses


@app.get("/payments/first")
def first_page(request: Request, session: Session = Depends(get_session)):
    payments = session.scalars(select(Payment).order_by(Payment.id).limit(50)).all()
    return templates.TemplateResponse(request, "payments.html", {"payments": payments})


@app.get("/payments/count")
def count_page(request: Request, session: Session = Depends(get_session)):
    number = session.scalar(select(func.count()).select_from(Payment))
    return templates.TemplateResponse(request, "count.html", {"number": number})


@app.get("/payments/{payment_id}")
def one_page(request: Request, payment_id: int, session: Session = Depends(get_session)):
    payment = session.get(Payment, payment_id)
    return templates.TemplateResponse(request, "payment.html", {"payment": payment})


@app.get("/payments/newest")
def newest_page(request: Request, session: Session = Depends(get_session)):
    payment = session.scalars(select(Payment).order_by(Payment.id.desc())).first()
    return templates.TemplateResponse(request, "payment.html", {"payment": payment})
