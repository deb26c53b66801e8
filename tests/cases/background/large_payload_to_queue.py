from celery import shared_task
from fastapi import Depends, FastAPI, UploadFile
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session():
    with Session(create_engine("sqlite://")) as session:
        yield session


@shared_task
def scan(content: bytes) -> None: ...


@app.post("/files")
async def upload(file: UploadFile) -> None:
    content = await file.read()
    scan.delay(content)  # FP411


@app.post("/direct")
def direct(file: UploadFile) -> None:
    scan.apply_async(args=(file.file.read(),))  # FP411
    scan.delay(file)  # FP411


@app.post("/rows")
def rows(session: Session = Depends(get_session)) -> None:
    orders = session.scalars(select(Order)).all()
    scan.delay(orders)  # FP411


# Near misses


@app.post("/ids")
def ids(name: str, order_id: int, file: UploadFile, session: Session = Depends(get_session)) -> None:
    order = session.get(Order, order_id)
    scan.delay(name)
    scan.delay(order.id)
    scan.delay(file.filename)
    scan.apply_async(args=(order_id,), countdown=10)
    scan(file.file.read())
    file.file.read(1)
