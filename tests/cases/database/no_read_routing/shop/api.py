from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from shop.models import Customer, Order, Product
from shop.settings import Settings

app = FastAPI()
router = APIRouter()
SessionLocal = sessionmaker(create_engine(Settings.database_url))


def get_session():
    with SessionLocal() as session:
        yield session


@router.get("/orders")
def orders(session: Session = Depends(get_session)) -> list[int]:
    return session.scalars(select(Order.id)).all()


@router.get("/customers")
def customers(session: Session = Depends(get_session)) -> list[int]:
    return session.scalars(select(Customer.id)).all()


@router.get("/products")
def products(session: Session = Depends(get_session)) -> list[int]:
    return session.scalars(select(Product.id)).all()


@router.get("/seen")
def seen(session: Session = Depends(get_session)) -> list[int]:
    session.add(Order())
    session.commit()
    return session.scalars(select(Order.id)).all()


app.include_router(router)
