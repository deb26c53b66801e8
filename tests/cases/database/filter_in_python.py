import random
from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from elsewhere import store
from fastapi import Depends, FastAPI
from google.cloud import firestore
from kubernetes_asyncio import watch
from kubernetes_asyncio.client import CoreV1Api
from motor.motor_asyncio import AsyncIOMotorClient
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]
    total: Mapped[int]
    note: Mapped[str]

    @property
    def is_late(self) -> bool:
        return self.total > 10


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/open")
def open_orders(session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order)).all()
    return [order.id for order in orders if order.open]  # FP215


@app.get("/large")
def large(least: int, session: SessionDep) -> list[int]:
    return [order.id for order in session.query(Order).all() if order.total > least and order.open]  # FP215


@app.get("/sum")
def total(session: SessionDep) -> int:
    orders = session.scalars(select(Order).where(Order.open)).all()
    return sum(order.total for order in orders)  # FP215


@app.get("/first")
def first(session: SessionDep) -> list[Order]:
    orders = session.scalars(select(Order).order_by(Order.total)).all()
    return orders[:10]  # FP215


@app.get("/some/{numbers}")
def some(numbers: str, session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order).where(Order.total.in_([1, 2]))).all()
    return [order.id for order in orders if order.open is not None]  # FP215


# Near misses


@app.get("/some-with-a-total")
def some_with_a_total(session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order).where(Order.total.in_([1, 2]))).all()
    return [order.id for order in orders if order.total is not None]


@app.get("/used-twice")
def used_twice(session: SessionDep) -> dict[str, list[Order]]:
    orders = session.scalars(select(Order)).all()
    return {"all": orders, "open": [order for order in orders if order.open]}


@app.get("/limited")
def limited(session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order).limit(50)).all()
    return [order.id for order in orders if order.open]


@app.get("/computed")
def computed(words: list[str], session: SessionDep) -> list[int]:
    late = session.scalars(select(Order)).all()
    found = [order.id for order in late if order.is_late]
    noted = session.scalars(select(Order)).all()
    found += [order.id for order in noted if matches(order.note, words)]
    named = session.scalars(select(Order)).all()
    return found + [order.id for order in named if order.note in words]


def matches(note: str, words: list[str]) -> bool:
    return any(word in note for word in words)


@app.get("/plain")
def plain(numbers: list[int], session: SessionDep) -> list[int]:
    return [number for number in numbers if number > 10][:10] + [order.id for order in session.scalars(select(Order).limit(9))]


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list["Member"]] = relationship()


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]


@app.get("/teams/{number}/is-member")
def is_member(number: int, user_id: int, session: SessionDep) -> bool:
    team = session.scalars(select(Team).where(Team.id == number).options(joinedload(Team.members))).unique().one()
    return any(member for member in team.members if member.user_id == user_id)  # FP215 (summary)


@app.get("/teams/{number}/rights")
def rights(number: int, user_id: int, session: SessionDep) -> list[str]:
    team = session.scalars(select(Team).where(Team.id == number).options(selectinload(Team.members))).one()
    return [member.role for member in team.members if member.user_id == user_id and member.role != "guest"]  # FP215 (summary)


@app.get("/teams/{number}/both")
def both(number: int, user_id: int, session: SessionDep) -> tuple[int, list[str]]:
    """All members are wanted, too."""
    team = session.scalars(select(Team).where(Team.id == number).options(selectinload(Team.members))).one()
    return len(team.members), [member.role for member in team.members if member.user_id == user_id]


@app.get("/teams/{number}/guests")
def guests(number: int, session: SessionDep) -> list[int]:
    """Of a kind, not of one key: most of them may be."""
    team = session.scalars(select(Team).where(Team.id == number).options(selectinload(Team.members))).one()
    return [member.user_id for member in team.members if member.role == "guest"]


@app.get("/teams/{number}/odd")
def odd(number: int, session: SessionDep) -> list[int]:
    """Both sides are of the row."""
    team = session.scalars(select(Team).where(Team.id == number).options(selectinload(Team.members))).one()
    return [member.id for member in team.members if member.user_id == member.id]


def list_orders(session: Session, note: str) -> list[dict[str, object]]:
    orders = session.scalars(select(Order).where(Order.note == note)).all()
    return [{"id": order.id, "state": "open" if order.open else "closed"} for order in orders]


def list_some(session: Session, limit: int) -> list[dict[str, object]]:
    return [{"id": order.id, "state": "open"} for order in session.scalars(select(Order).limit(limit))]


def list_states() -> list[dict[str, str]]:
    return [{"state": "open"}]


@app.get("/running")
def running(note: str, session: SessionDep) -> list[dict[str, object]]:
    """Its helper cannot do that."""
    orders = list_orders(session, note)
    return [order for order in orders if order.get("state") in ("open", "late")]


@app.get("/closed")
def closed(note: str, session: SessionDep) -> list[object]:
    return [order["id"] for order in list_orders(session, note) if order["state"] == "closed"]


@app.get("/running/some")
def some_running(session: SessionDep) -> list[object]:
    return [order["id"] for order in list_some(session, 10) if order["state"] == "closed"]


@app.get("/states")
def states() -> list[str]:
    return [each["state"] for each in list_states() if each["state"] == "open"]


@app.get("/matching")
def matching(note: str, session: SessionDep) -> list[object]:
    return [order["id"] for order in list_orders(session, note) if matches(str(order["state"]), ["open"])]


def find_orders(session: Session, note: str, state: str | None = None, limit: int | None = None) -> list[dict[str, object]]:
    query = select(Order).where(Order.note == note).limit(limit)
    if state is not None:
        query = query.where(Order.open == (state == "open"))
    return [{"id": order.id, "state": "open" if order.open else "closed"} for order in session.scalars(query)]


@app.get("/open/found")
def found_open(note: str, session: SessionDep) -> list[dict[str, object]]:
    orders = find_orders(session, note)
    return [order for order in orders if order.get("state") == "open"]  # FP215 (summary)


@app.get("/open/ten")
def ten_open(note: str, session: SessionDep) -> list[dict[str, object]]:
    orders = find_orders(session, note, limit=10)
    return [order for order in orders if order.get("state") == "open"]


@app.get("/open/given")
def given_open(note: str, session: SessionDep) -> list[dict[str, object]]:
    orders = find_orders(session, note, state="open")
    return [order for order in orders if order.get("state") == "open"]


@app.get("/revenue")
def revenue(session: SessionDep) -> int:
    total = 0
    for order in session.scalars(select(Order)).all():  # FP215 (inline)
        total += order.total
    return total


@app.get("/states/count")
def counted(note: str, session: SessionDep) -> dict[str, int]:
    counts: dict[str, int] = {}
    largest = paid = 0
    for order in session.query(Order).filter(Order.note == note):  # FP215 (summary)
        counts[order.note] = counts.get(order.note, 0) + 1
        if order.open:
            paid += order.total or 0
            largest += 1
    return {**counts, "paid": paid, "largest": largest}


@app.get("/revenue/recent")
def recent_revenue(session: SessionDep) -> int:
    total = 0
    for order in session.scalars(select(Order).limit(20)).all():
        total += order.total
    return total


@app.get("/revenue/shown")
def shown_revenue(session: SessionDep) -> dict[str, object]:
    orders = session.scalars(select(Order)).all()
    total = 0
    for order in orders:
        total += order.total
    return {"total": total, "orders": [order.id for order in orders]}


@app.get("/revenue/converted")
def converted_revenue(rate: float, session: SessionDep) -> float:
    total = 0.0
    names = []
    for order in session.scalars(select(Order)).all():
        total += convert(order.total, rate)
    for order in session.scalars(select(Order)).all():
        total += order.total
        names.append(order.note)
    return total + len(names)


async def convert(amount: int, rate: float) -> float:
    return amount * rate


@app.get("/size")
async def size(box: str) -> dict[str, int]:
    count = total = 0
    async for upload in store.find_all(mapping={"box": box}):  # FP215 (summary)
        count += 1
        total += upload.size
    async for document in AsyncIOMotorClient().shop.uploads.find({"box": box}):  # FP215 (summary)
        total += document["size"]
    async for document in AsyncIOMotorClient().shop.uploads.find({"box": box}).limit(5):
        total += document["size"]
    async for entry in firestore.AsyncClient().collection("uploads").stream():  # FP215 (summary)
        total += entry.get("size")
    async for event in watch.Watch().stream(CoreV1Api().list_namespaced_pod, "default"):
        count += 1
    async for chunk in own_chunks():
        total += len(chunk)
    return {"count": count, "total": total}


async def own_chunks():
    yield b""


@app.get("/first")
def first(note: str, session: SessionDep) -> list[int]:
    return [
        session.scalars(select(Order)).all()[0].id,  # FP215
        session.query(Order).filter(Order.note == note).all()[-1].id,  # FP215 (summary)
        session.scalars(select(Order).limit(1)).all()[0].id,
        session.scalars(select(Order)).all()[int(note)].id,
        session.scalars(select(Order).where(Order.id == len(note))).all()[0].id,
    ]


@app.get("/by-hand")
def by_hand(note: str, session: SessionDep) -> list[int]:
    found = []
    for order in session.scalars(select(Order)).all():  # FP215 (summary)
        if order.note == note:
            found.append(order.id)
    for order in session.scalars(select(Order)).all():
        if order.is_late:
            found.append(order.id)
    for order in session.scalars(select(Order)).all():
        if order.note == note:
            found.append(order.id)
        else:
            found.append(0)
    for order in session.scalars(select(Order).limit(10)).all():
        if order.note == note:
            found.append(order.id)
    return found


@app.get("/known")
def known(note: str, session: SessionDep) -> bool:
    if any(order.note == note for order in session.query(Order).all()):  # FP215 (summary)
        return True
    if any(order.note != note for order in session.query(Order).all()):
        return True
    return any(order.is_late for order in session.query(Order).all())


# What the caller may see


def check_access(order: Order, user: int) -> bool:
    return order.total != user


class Rights:
    def can_read(self, user: int, order: dict[str, object]) -> bool:
        return user != order["id"]


rights = Rights()


@app.get("/mine")
def mine(session: SessionDep, user: int) -> list[int]:
    orders = session.scalars(select(Order)).all()
    return [order.id for order in orders if check_access(order, user)]  # FP215 (summary)


@app.get("/mine/listed")
def mine_listed(session: SessionDep, user: int) -> list[dict[str, object]]:
    found = []
    for order in session.scalars(select(Order)).all():  # FP215 (summary)
        shown: dict[str, object] = {"id": order.id}
        if rights.can_read(user, shown):
            found.append(shown)
    return found


@app.get("/mine/passed")
def mine_passed(session: SessionDep, user: int) -> list[int]:
    found = []
    for order in session.scalars(select(Order)).all():  # FP215 (summary)
        if not check_access(order, user):
            continue
        found.append(order.id)
    return found


@app.get("/mine/asked")
def mine_asked(session: SessionDep, user: int) -> list[int]:
    orders = session.scalars(select(Order).where(Order.note == str(user))).all()
    return [order.id for order in orders if check_access(order, user)]


@app.get("/mine/page")
def mine_page(session: SessionDep, user: int) -> list[int]:
    orders = session.scalars(select(Order).limit(20)).all()
    return [order.id for order in orders if check_access(order, user)]


@app.get("/mine/flag")
def mine_flag(session: SessionDep, user: int) -> list[int]:
    orders = session.scalars(select(Order)).all()
    return [order.id for order in orders if rights.can_read(user, {})]


@app.get("/mine/told")
def mine_told(session: SessionDep, user: int) -> list[int]:
    orders = session.scalars(select(Order)).all()
    found = []
    for order in orders:
        if check_access(order, user):
            rights.can_read(user, {})
        found.append(order.id)
    return found


@app.get("/figures")
def figures(session: SessionDep) -> dict[str, float]:
    orders = session.query(Order).filter(Order.total > 0).all()  # FP215 (summary)
    if not orders:
        return {"count": 0}
    totals = [order.total for order in orders if order.total]
    large = [order for order in orders if order.total > 100]
    return {
        "count": len(orders),
        "mean": sum(totals) / len(totals) if totals else 0,
        "large": len(large),
        "most": max(order.total for order in large),
    }


@app.get("/figures/loop")
def figures_of_a_loop(session: SessionDep) -> tuple[int, int, list[str]]:
    orders = session.scalars(select(Order)).all()  # FP215 (summary)
    words: list[str] = []
    for order in orders:
        words.extend(order.note.split())
    return sum(1 for order in orders if order.open), sum(order.total for order in orders), words


@app.get("/figures/listed")
def figures_of_what_is_listed(session: SessionDep) -> dict[str, object]:
    orders = session.scalars(select(Order)).all()
    total = sum(order.total for order in orders)
    least = min(order.total for order in orders)
    return {"total": total, "least": least, "orders": [{"id": order.id} for order in orders]}


@app.get("/figures/handed-on")
def figures_of_what_is_handed_on(session: SessionDep) -> dict[str, object]:
    orders = session.scalars(select(Order)).all()
    large = [order for order in orders if order.total > 100]
    return {"total": sum(order.total for order in orders), "count": len(large), "large": large}


@app.get("/figures/page")
def figures_of_a_page(session: SessionDep) -> dict[str, object]:
    orders = session.scalars(select(Order).limit(50)).all()
    return {"total": sum(order.total for order in orders), "least": min(order.total for order in orders)}


@app.get("/figures/computed")
def figures_that_only_python_knows(session: SessionDep) -> dict[str, object]:
    orders = session.scalars(select(Order)).all()
    return {"late": [order for order in orders if lateness(order)], "total": sum(order.total for order in orders)}


def lateness(order: Order) -> int:
    return order.total // 7


def figures_of_nobody(session: Session) -> tuple[int, int]:
    orders = session.scalars(select(Order)).all()
    return sum(order.total for order in orders), max(order.total for order in orders)


# One row of all that came


@app.get("/last")
def last(session: SessionDep, number: int) -> list[object]:
    found = session.execute(select(Order).where(Order.open).order_by(Order.total.desc()))
    return [
        found.scalars().first(),  # FP215 (summary)
        session.scalars(select(Order).order_by(Order.total)).first(),  # FP215
        session.scalars(select(Order).order_by(Order.total).limit(1)).first(),
        session.scalars(select(Order).where(Order.id == number).order_by(Order.total)).first(),
        session.scalars(select(Order).where(Order.note == "x")).first(),
        session.query(Order).order_by(Order.total).first(),
    ]


@app.get("/first-of")
def first_of(session: SessionDep) -> int:
    orders = session.query(Order).filter(Order.open).all()
    if not orders:
        return 0
    return orders[0].total + orders[0].id  # FP215 (summary)


@app.get("/first-and-others")
def first_and_others(session: SessionDep) -> list[int]:
    orders = session.query(Order).filter(Order.open).all()
    few = session.query(Order).filter(Order.open).limit(3).all()
    owners = session.query(Order).filter(Order.open).all()
    if len(owners) == 1 and owners[0].id == 1:
        return []
    return [orders[0].total, len(orders), few[0].total]


@app.get("/told-apart")
def told_apart(session: SessionDep, note: str) -> list[object]:
    statement = select(Order).where(Order.note == note)
    one = session.execute(statement).scalars().first()
    statement = select(Order).where(Order.note == note).order_by(Order.total)
    return [one, session.execute(statement).scalars().first()]  # FP215 (summary)


# One answer that is made of all rows


@app.get("/latest")
def latest(session: SessionDep) -> Order:
    orders = session.query(Order).all()  # FP215 (summary)
    return max(orders, key=lambda order: order.total)


@app.get("/by-note")
def by_note(session: SessionDep) -> dict[str, int]:
    orders = session.scalars(select(Order)).all()  # FP215 (summary)
    return dict(Counter(order.note for order in orders))


@app.get("/any-order")
def any_order(session: SessionDep) -> Order:
    return random.choice(session.query(Order).all())  # FP215 (summary)


@app.get("/is-there")
def is_there(note: str, session: SessionDep) -> bool:
    return note in [order.note for order in session.query(Order).all()]  # FP215 (summary)


@app.get("/several-answers")
def several_answers(note: str, session: SessionDep) -> dict[str, object]:
    orders = session.query(Order).limit(10).all()
    everything = session.query(Order).all()
    return {
        "latest": max(orders, key=lambda order: order.total),
        "any": random.choice(everything).id,
        "all": [order.id for order in everything],
        "notes": [order.note for order in session.query(Order).all()],
        "late": Counter(is_late(order) for order in session.query(Order).all()),
        "key": max([1, 2], key=lambda number: -number),
    }


def is_late(order: Order) -> bool:
    return order.total > 10
