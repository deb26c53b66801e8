"""What is done now and then, and what looks like it."""

import bcrypt
import openpyxl
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()
engine = create_engine("postgresql+psycopg://app@db/app")


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class User:
    role: str


def get_session():
    with Session(engine) as session:
        yield session


def current_user() -> User:
    return User()


def require_role(*roles: str):
    def checked(user: User = Depends(current_user)) -> User:
        if user.role not in roles:
            raise HTTPException(403)
        return user

    return checked


@app.post("/order-statuses")
async def add_status(number: int, session: Session = Depends(get_session)) -> None:  # FP104 (change)
    session.add(Order(id=number))
    session.commit()


@app.put("/orders/{number}/status")
async def set_status(number: int, session: Session = Depends(get_session)) -> None:  # FP104 (inline)
    session.add(Order(id=number))
    session.commit()


@app.put("/order-statuses/{name}")
async def change_status(name: str, number: int, session: Session = Depends(get_session)) -> None:  # FP104 (change)
    session.add(Order(id=number))
    session.commit()


@app.put("/orders/{number}/statuses")
async def set_statuses(number: int, session: Session = Depends(get_session)) -> None:  # FP104 (inline)
    session.add(Order(id=number))
    session.commit()


@app.put("/orders/{number}/roles/{role}")
async def set_role(number: int, role: str, session: Session = Depends(get_session)) -> None:  # FP104 (inline)
    session.add(Order(id=number))
    session.commit()


@app.get("/orders/import-template")
async def form() -> str:  # FP104 (change)
    book = openpyxl.Workbook()
    book.active.append(["number", "customer"])
    book.save("form.xlsx")
    return "form.xlsx"


@app.get("/orders/workbook")
async def workbook() -> str:  # FP104 (inline)
    book = openpyxl.Workbook()
    book.save("orders.xlsx")
    return "orders.xlsx"


@app.get("/orders/sample")
async def sampled(prompt: str) -> bytes:  # FP104 (inline)
    return bcrypt.hashpw(prompt.encode(), bcrypt.gensalt())


@app.post("/secrets", dependencies=[Depends(require_role("admin"))])
async def secret_of_staff(secret: str) -> bytes:  # FP104 (change)
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt())


@app.post("/secrets/mine", dependencies=[Depends(require_role("customer"))])
async def own_secret(secret: str) -> bytes:  # FP104 (inline)
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt())
