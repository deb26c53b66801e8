import enum
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from measuring.models import Measured
from pgvector.sqlalchemy import HALFVEC, Vector
from sqlalchemy import ForeignKey, Index, create_engine, desc, func, or_, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Family(enum.Enum):
    BOOK = "book"


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_shop_day", "shop", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    created_at: Mapped[datetime]
    number: Mapped[str] = mapped_column()  # FP206
    reference: Mapped[str]  # FP206
    token: Mapped[str]  # FP206
    tracking: Mapped[str]  # FP206
    voucher: Mapped[str] = mapped_column("voucher_code")  # FP206
    slip: Mapped[str]  # FP206
    label: Mapped[str]
    parcel: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    shop: Mapped[str]
    day: Mapped[str]
    status: Mapped[str]  # FP206 (summary)
    is_open: Mapped[bool]
    flag: Mapped[bool]
    note: Mapped[str]
    comment: Mapped[str]
    coupon: Mapped[str]
    campaign: Mapped[str]
    channel_name: Mapped[str]  # FP206 (summary)
    internal: Mapped[str]  # FP206
    batch: Mapped[str]
    import_key: Mapped[str]  # FP206 (summary)
    family: Mapped[Family]
    task_key: Mapped[str]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def find(session: Session, reference: str) -> Order | None:
    return session.query(Order).filter_by(reference=reference).first()


@app.get("/number/{number}")
def by_number(number: str, session: SessionDep) -> int:
    return session.scalars(select(Order).where(Order.number == number)).one().id


@app.get("/reference/{reference}")
def by_reference(reference: str, session: SessionDep) -> int:
    return find(session, reference).id


@app.get("/token/{token}")
def by_token(token: str, session: SessionDep, day: str | None = None) -> int:
    statement = select(Order.id).where(Order.is_open)
    statement = select(Order).where(Order.token == token, Order.is_open.is_(True))
    if day:
        statement = statement.where(Order.day == day)
    return session.scalars(statement).one().id


@app.get("/tracking/{tracking}")
def by_tracking(tracking: str, session: SessionDep) -> int:
    return session.scalars(select(Order).filter(Order.tracking == tracking).order_by(Order.id)).one().id


@app.get("/voucher/{voucher}")
def by_voucher(voucher: str, session: SessionDep) -> int:
    found = session.execute(text("SELECT id FROM orders WHERE voucher_code = :v AND is_open"), {"v": voucher})
    return found.scalar_one()


@app.post("/slip/{slip}")
def close(slip: str, session: SessionDep) -> None:
    session.execute(text(f"UPDATE orders SET is_open = false WHERE slip = '{slip}'"))


# Near misses


@app.get("/text")
def texts(label: str, more: str, session: SessionDep) -> None:
    session.execute(text("SELECT id FROM orders WHERE code = :code AND label = :label"))
    session.execute(text("SELECT id FROM orders WHERE label = 'fragile'"))
    session.execute(text("SELECT id FROM orders WHERE label = :label OR id = 1"))
    session.execute(text("SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE label = :l"))
    session.execute(text(f"SELECT id FROM orders WHERE label = :label {more}"))
    session.execute(text("SELECT id FROM parcels WHERE parcel = :parcel"))


def nightly_by_text(session: Session) -> None:
    session.execute(text("SELECT id FROM orders WHERE parcel = :parcel"))


@app.get("/indexed")
def indexed(code: str, shop: str, session: SessionDep) -> None:
    session.scalars(select(Order).where(Order.code == code))
    session.scalars(select(Order).where(Order.shop == shop))
    session.scalars(select(Order).where(Order.id == 1, Order.note == shop))
    session.scalars(select(Order).where(Order.customer_id == 1).where(Order.note == shop))
    session.scalars(select(Order).where(Order.seller_id == 1, Order.note == shop))
    session.query(Order).filter_by(customer_id=1, comment=shop).all()


@app.get("/sometimes")
def narrowed_on_some_paths(session: SessionDep, coupon: str, customer: int | None = None) -> None:
    statement = select(Order).where(Order.coupon == coupon)
    if customer is not None:
        statement = statement.where(Order.customer_id == customer)
    session.scalars(statement)


@app.get("/flags")
def flags(session: SessionDep, status: str, flag: bool) -> None:
    session.scalars(select(Order).where(Order.status == status))
    session.scalars(select(Order).where(Order.flag == flag))
    session.scalars(select(Order).where(Order.is_open == True))  # noqa: E712


@app.get("/unreadable")
def unreadable(session: SessionDep, campaign: str) -> None:
    session.scalars(select(Order).where(or_(Order.campaign == campaign, Order.code == campaign)))
    conditions = [Order.id == 1]
    session.scalars(select(Order).where(Order.campaign == campaign, *conditions))


@app.get("/small")
def reference_tables(session: SessionDep, name: str) -> None:
    session.scalars(select(Region).where(Region.name == name))


@app.get("/joined")
def joined(session: SessionDep, name: str) -> None:
    session.scalars(select(Customer).join(Order).where(Order.channel_name == name))


def unreached(session: Session, internal: str) -> list[Order]:
    return session.scalars(select(Order).where(Order.internal == internal)).all()


@app.get("/many")
def in_list(session: SessionDep, ids: list[int], batch: str) -> None:
    session.scalars(select(Order).where(Order.id.in_(ids), Order.batch == batch))


@app.delete("/imports/{key}")
def remove_import(session: SessionDep, key: str) -> None:
    # Now and then, and it may take as long as it takes.
    session.scalars(select(Order).where(Order.import_key == key))


@app.get("/families/{family}")
def of_family(session: SessionDep, family: Family) -> None:
    session.scalars(select(Order).where(Order.family == family))


@app.get("/tasks/{key}")
def of_nobody(session: SessionDep, key: str) -> None:
    session.scalars(select(Order).where(Order.customer_id.is_(None), Order.task_key == key))


class Transform(Base):
    __tablename__ = "transforms"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    name: Mapped[str]  # FP206 (summary)
    project_id: Mapped[str]  # FP206 (inline)
    body: Mapped[str]


@app.get("/transforms")
def transforms(name: str, project: str, session: Annotated[Session, Depends(SessionLocal)]) -> None:
    session.scalars(select(Transform).where(Transform.name == name))
    session.scalars(select(Transform).where(Transform.project_id == project))


class Passage(Base):
    __tablename__ = "passages"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    embedding: Mapped[list[float]] = mapped_column(Vector(1536))  # FP206 (summary)


class Indexed(Base):
    __tablename__ = "indexed_passages"
    __table_args__ = (Index("ix_indexed_passages", "embedding", postgresql_using="gin"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    embedding: Mapped[list[float]] = mapped_column(HALFVEC(1536))


class Log(Base):
    __tablename__ = "logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    machine_id: Mapped[str]  # FP206 (summary)
    trace_id: Mapped[str]  # FP206 (inline)


@app.get("/logs")
def logs(session: SessionDep, machine: str | None = None) -> None:
    statement = select(Log).order_by(Log.created_at)
    if machine:
        statement = statement.where(Log.machine_id == machine)
    session.scalars(statement.limit(50))


@app.get("/logs/{trace}")
def logs_of(session: SessionDep, trace: str | None) -> None:
    if trace:
        session.scalars(select(Log).where(Log.trace_id == trace))


@app.post("/logs")
def keep(session: SessionDep, trace: str) -> None:
    session.add(Log(trace_id=trace))


class Question(Base):
    __tablename__ = "questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    words: Mapped[str]


@app.get("/questions/last")
def last_question(session: SessionDep) -> None:
    session.add(Question(words="any"))
    session.scalars(select(Question).where(Question.words == "Anything else?"))


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]  # FP206 (summary)
    edited_at: Mapped[datetime]  # FP206 (summary)
    shown_at: Mapped[datetime]
    votes: Mapped[int]
    author_id: Mapped[int] = mapped_column(index=True)


@app.get("/comments")
def newest_comments(session: SessionDep, text: str | None = None) -> None:
    session.scalars(select(Comment).order_by(Comment.created_at.desc(), Comment.id).limit(50))
    session.query(Comment).order_by(desc(Comment.edited_at)).offset(10).limit(10).all()
    session.add(Comment(author_id=1))


@app.get("/comments/of/{author}")
def comments_of(session: SessionDep, author: int) -> None:
    session.scalars(select(Comment).where(Comment.author_id == author).order_by(Comment.shown_at).limit(5))
    session.scalars(select(Comment).order_by(Comment.id).limit(5))
    session.scalars(select(Comment).order_by(Comment.shown_at))  # all of them: sorted once, however they are found
    session.scalars(select(Comment).order_by(func.lower(Comment.votes)).limit(5))


def best_comments(session: Session) -> None:
    session.scalars(select(Comment).order_by(Comment.votes).limit(5))  # no request gets here


class Receipt(Base):
    __tablename__ = "receipts"
    id: Mapped[int] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]
    barcode: Mapped[str]  # FP206 (inline)


@app.get("/receipts/{barcode}")
def receipt(session: SessionDep, barcode: str) -> None:
    session.scalars(select(Receipt).where(Receipt.barcode == barcode))
    session.add(Receipt(barcode=barcode))


class Measurement(Base, Measured):  # the date, and more, are the package's
    __tablename__ = "measurements"
    id: Mapped[int] = mapped_column(primary_key=True)
    page_host: Mapped[str]  # FP206 (summary)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(unique=True)
    remark: Mapped[str]


class Station(Base):
    __tablename__ = "stations"
    id: Mapped[int] = mapped_column(primary_key=True)
    page_host: Mapped[str]


@app.get("/measurements/{host}")
def measured(session: SessionDep, host: str, digest: str) -> None:
    session.scalars(select(Measurement).where(Measurement.page_host == host))
    session.scalars(select(Measurement).where(Measurement.version == 1))
    session.scalars(select(Measurement).where(Measurement.digest == digest, Measurement.remark == host))
    session.scalars(select(Station).where(Station.page_host == host))
    session.add(Measurement(page_host=host))


class Crate(Base):
    __tablename__ = "crates"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    seal: Mapped[str]  # FP206
    stamp: Mapped[str]  # FP206
    lid: Mapped[str]
    rim: Mapped[str]
    base: Mapped[str]


@app.get("/crates/{seal}")
def crates(session: SessionDep, seal: str, asked: dict[str, str]) -> None:
    session.scalars(select(Crate).filter_by(**{"seal": seal}))
    wanted = {"stamp": seal}
    session.scalars(select(Crate).filter_by(**wanted))
    more = {"lid": seal}
    more["id"] = seal
    session.scalars(select(Crate).filter_by(**more))
    session.scalars(select(Crate).filter_by(**{"rim": seal, **asked}))
    session.scalars(select(Crate).filter_by(**{"base": seal, "id": 1}))
    session.scalars(select(Crate).filter_by(**asked))
    session.add(Crate(seal=seal))


class Delivery(Base):
    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_tenant_parcel", "tenant_id", "parcel_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(index=True)
    carrier_code: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[str]  # FP206 (summary)
    job_id: Mapped[str]  # FP206 (summary)
    parcel_id: Mapped[str]
    lane_id: Mapped[str]
    dock_id: Mapped[str]
    status: Mapped[str]
    shipped_at: Mapped[datetime]  # FP206 (summary)
    checked_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(index=True)


@app.get("/deliveries/{run}")
def delivery_of_run(run: str, tenant: str, session: Annotated[Session, Depends(get_session)]) -> int:
    found = select(Delivery).where(Delivery.tenant_id == tenant, Delivery.run_id == run)
    return session.scalars(found).one().id


@app.get("/deliveries/jobs/{job}")
def delivery_of_job(
    job: str, session: Annotated[Session, Depends(get_session)], tenant: str | None = None
) -> int:
    found = select(Delivery).where(Delivery.job_id == job)
    if tenant:
        found = found.where(Delivery.tenant_id == tenant)
    return session.scalars(found).one().id


@app.get("/deliveries/parcels/{parcel}")
def delivery_of_parcel(parcel: str, tenant: str, session: Annotated[Session, Depends(get_session)]) -> int:
    found = select(Delivery).where(Delivery.tenant_id == tenant, Delivery.parcel_id == parcel)
    return session.scalars(found).one().id


@app.get("/deliveries/lanes/{lane}")
def delivery_of_lane(lane: str, carrier: str, session: Annotated[Session, Depends(get_session)]) -> int:
    found = select(Delivery).where(Delivery.carrier_code == carrier, Delivery.lane_id == lane)
    return session.scalars(found).one().id


@app.get("/deliveries/docks")
def delivery_of_dock(
    tenant: str, session: Annotated[Session, Depends(get_session)], dock: str | None = None
) -> list[int]:
    found = select(Delivery.id).where(Delivery.tenant_id == tenant, Delivery.status == "open")
    if dock:
        found = found.where(Delivery.dock_id == dock)
    return list(session.scalars(found.limit(10)))


@app.get("/deliveries")
def shipped(
    session: Annotated[Session, Depends(get_session)], since: datetime | None = None
) -> list[int]:
    found = select(Delivery)
    if since is not None:
        found = found.where(Delivery.shipped_at >= since)
    return [each.id for each in session.scalars(found.limit(100))]


@app.get("/deliveries/checked")
def checked(
    tenant: str, session: Annotated[Session, Depends(get_session)], since: datetime | None = None
) -> list[int]:
    found = select(Delivery).where(Delivery.tenant_id == tenant)
    if since is not None:
        found = found.where(Delivery.checked_at >= since)
    return [each.id for each in session.scalars(found.limit(100))]


@app.get("/deliveries/lanes/{lane}/any")
def delivery_of_any_carrier(
    lane: str, session: Annotated[Session, Depends(get_session)], carrier: str | None = None
) -> int:
    found = select(Delivery).where(Delivery.lane_id == lane)
    if carrier:
        found = found.where(Delivery.carrier_code == carrier)
    return session.scalars(found).one().id
