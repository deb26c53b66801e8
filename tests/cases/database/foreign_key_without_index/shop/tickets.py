from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Tickets(DeclarativeBase):
    pass


class TicketType(Tickets):
    __tablename__ = "ticket_types"
    id: Mapped[int] = mapped_column(primary_key=True)


class Buyer(Tickets):
    __tablename__ = "buyers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Ticket(Tickets):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id"))  # FP207 (inline)
    type_id: Mapped[int] = mapped_column(ForeignKey("ticket_types.id"))  # FP207 (summary)


def get_session() -> Session:
    raise NotImplementedError


@app.get("/buyers/{buyer}/tickets")
def of_buyer(buyer: int, session: Session = Depends(get_session)) -> list[Ticket]:
    return list(session.scalars(select(Ticket).where(Ticket.buyer_id == buyer)))


@app.get("/types/{kind}/tickets")
def of_type(kind: int, session: Session = Depends(get_session)) -> list[Ticket]:
    return list(session.scalars(select(Ticket).where(Ticket.type_id == kind)))
