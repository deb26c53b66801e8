from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=datetime.now)
    reference: Mapped[str] = mapped_column()


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]

with Session(engine) as first:
    first.add_all([Payment(id=1, reference="a"), Payment(id=2, reference="b"), Payment(id=3, reference="a")])
    first.commit()


@app.get("/payments/{reference}")
def payments(reference: str, session: Db) -> list[int]:
    return [
        each.id for each in session.scalars(select(Payment).where(Payment.reference == reference).limit(10))
    ]
