"""FP110: answers awaited one after another that do not need each other."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiofileset
import aiohttp
import asyncpg
import fleetlink
import httpx
import redis.asyncio
import requests
from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from loguru import logger as loud
from openai import AsyncOpenAI
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

app = FastAPI()
logger = logging.getLogger(__name__)
client = httpx.AsyncClient(base_url="https://shop.example")


def get_session() -> AsyncSession:
    return AsyncSession()


async def rate() -> float:
    return (await client.get("/rate")).json()["eur"]


async def level(number: str) -> int:
    return (await client.get(f"/levels/{number}")).json()["level"]


async def create_invoice(number: str) -> str:
    return (await client.post("/invoices", json={"number": number})).text


async def name_of(number: str, session: AsyncSession) -> str:
    await client.get(f"/names/{number}")
    return str(await session.scalar(select(text("name"))))


async def length(number: str) -> int:
    return len(number)


class Warehouse:
    async def stock(self, number: str) -> int:
        return (await client.get(f"/stock/{number}")).json()

    async def offer(self, number: str) -> tuple[int, float]:
        stock = await self.stock(number)  # FP110
        price = await rate()
        return stock, price


@app.get("/direct")
async def direct(number: str) -> list[str]:
    first = await client.get("/rate")  # FP110
    second = await client.get(f"/levels/{number}")
    return [first.text, second.text]


@app.get("/three")
async def three(number: str) -> list[float]:
    euro = await rate()  # FP110
    stock = await level(number)
    answer = (await client.get("/fees")).json()
    return [euro, stock, answer["fee"]]


@app.get("/branch")
async def branch(number: str | None) -> list[float]:
    if number is not None:
        euro = await rate()  # FP110
        stock = await level(number)
        return [euro, stock]
    return [await rate()]


@app.get("/threads")
async def threads(number: str) -> list[str]:
    first = await asyncio.to_thread(requests.get, "https://a.example", timeout=5)  # FP110
    second = await asyncio.to_thread(requests.get, "https://b.example", timeout=5)
    return [first.text, second.text]


@app.get("/dependent")
async def dependent(number: str) -> list[float]:
    stock = await level(number)
    other = await level(str(stock))
    return [stock, other]


@app.get("/together")
async def together(number: str) -> list[float]:
    euro, stock = await asyncio.gather(rate(), level(number))
    return [euro, stock]


@app.get("/apart")
async def apart(number: str) -> list[float]:
    euro = await rate()
    if euro > 2:
        return [euro]
    stock = await level(number)
    return [euro, stock]


@app.post("/orders")
async def order(number: str) -> list[str]:
    invoice = await create_invoice(number)
    confirmation = await create_invoice(f"{number}-copy")
    posted = await client.post("/orders", json={"number": number})
    answered = await client.post("/answers", json={"number": number})
    return [invoice, confirmation, posted.text, answered.text]


@app.get("/effects")
async def effects(number: str) -> None:
    await level(number)
    await rate()


@app.get("/session")
async def session(number: str, session: AsyncSession = Depends(get_session)) -> list[str]:
    first = await name_of(number, session)
    second = await name_of("other", session)
    rows = await session.execute(select(text("a")))
    more = await session.execute(select(text("b")))
    return [first, second, str(rows), str(more)]


@app.get("/local")
async def local(number: str) -> list[int]:
    first = await length(number)
    second = await length("other")
    return [first, second]


@app.on_event("startup")
async def warm_up() -> None:
    app.state.rate = await rate()
    app.state.level = await level("1")


class Prices:
    async def load(self, number: str) -> None:
        self.euro = await rate()  # FP110
        self.stock = await level(number)

    async def load_in_order(self, number: str) -> None:
        self.euro = await rate()
        self.stock = await level(f"{number}-{self.euro}")


@app.get("/prices")
async def prices(number: str) -> list[float]:
    shown, other = Prices(), Prices()
    await shown.load(number)
    await other.load_in_order(number)
    return [shown.euro, other.euro]


@app.get("/displayed")
async def displayed(number: str) -> dict[str, float]:
    return {
        "rate": await rate(),  # FP110
        "level": await level(number),
    }


@app.get("/made-of-two")
async def made_of_two(number: str) -> object:
    return dict(
        rate=await rate(),  # FP110
        level=await level(number),
        number=number,
    )


@app.get("/made-of-one")
async def made_of_one(number: str) -> dict[str, object]:
    return {"rate": await rate(), "length": len(number), "again": {"level": await length(number)}}


@app.get("/made-of-the-session")
async def made_of_the_session(session: AsyncSession = Depends(get_session)) -> dict[str, object]:
    return {"first": await name_of("a", session), "second": await name_of("b", session)}


@app.post("/made-of-effects")
async def made_of_effects(number: str) -> list[str]:
    return [await create_invoice(number), await create_invoice(f"{number}-copy")]


@app.get("/noted")
async def noted(number: str) -> list[object]:
    calls: list[object] = []
    euro = await rate()  # FP110
    calls.append({"name": "rate", "result": euro})
    logger.info("the rate is %s", euro)
    shown = f"{euro} EUR"
    stock = await level(number)
    return [calls, shown, stock]


@app.get("/provided")
async def provided(number: str) -> list[float] | None:
    if not (where := await level(number)):
        return None
    if not (stock := await level(str(where))):  # FP110 (summary)
        return None
    if not (euro := await rate()):
        return None
    return [euro, stock]


@app.get("/given-up")
async def given_up(number: str) -> list[float]:
    euro = await rate()  # FP110 (summary)
    if euro is None:
        return []
    stock = await level(number)
    return [euro, stock]


@app.get("/tried")
async def tried(number: str) -> list[object]:
    try:
        euro = await rate()  # FP110 (summary)
    except httpx.HTTPError:
        logger.warning("no rate")
        euro = 0
    shown = worked_out(number)
    try:
        stock = await level(number)
    except httpx.HTTPError:
        stock = 0
    return [euro, shown, stock]


@app.get("/first-two")
async def first_two(number: str) -> list[float]:
    euro = await rate()  # FP110 (inline)
    stock = await level(number)
    if not stock:
        return []
    other = await level("other")
    return [euro, stock, other]


def worked_out(number: str) -> str:
    return number.upper()


# Near misses: what stands between decides, or is read


@app.get("/refused")
async def refused(number: str) -> list[object]:
    euro = await rate()
    if not euro:
        raise ValueError(number)
    stock = await level(number)
    if not stock:
        return [euro]
    other = await level("other")
    try:
        last = await rate()
    except httpx.HTTPError:
        return [stock]
    shown = worked_out(str(last))
    return [euro, stock, other, shown, await level(shown)]


@app.get("/tried/needed")
async def tried_and_needed(number: str) -> list[object]:
    try:
        euro = await rate()
    except httpx.HTTPError:
        euro = 0
    try:
        stock = await level(str(euro))
    except httpx.HTTPError:
        stock = await level(number)
    return [euro, stock]


@app.get("/noted/read")
async def noted_and_read(number: str) -> list[object]:
    calls: list[str] = []
    euro = await rate()
    calls.append(str(euro))
    stock = await level(calls[0])
    wanted = number
    wanted += str(stock)
    other = await level(wanted)
    return [euro, stock, other]


@app.get("/noted/decided")
async def noted_and_decided(number: str) -> list[object]:
    euro = await rate()
    check(euro)
    stock = await level(number)
    found = find(stock)
    other = await level("other")
    assert other
    last = await rate()
    return [euro, stock, found, other, last]


def check(euro: float) -> None:
    if euro > 2:
        raise ValueError(euro)


def find(stock: int) -> int:
    return 1 // stock


_catalogue: dict[str, str] | None = None


async def catalogue() -> dict[str, str]:
    global _catalogue
    if _catalogue is None:
        _catalogue = (await client.get("/catalogue")).json()
    return _catalogue


@app.get("/from-catalogue")
async def from_catalogue() -> list[object]:
    kept = await catalogue()  # FP110 (summary)
    price = await rate()
    return [kept, price]


@app.get("/entered")
async def asks_on_entering() -> list[object]:
    async with aiohttp.ClientSession() as web:
        async with web.get("https://shop.example/rates") as answer:  # FP110 (summary)
            if answer.status != 200:
                return []
            rates = await answer.json()
        async with web.get("https://shop.example/levels") as answer:
            levels = await answer.json()
        async with web.get(levels["next"]) as answer:  # needs the one before
            page = await answer.json()
        async with web.post("https://shop.example/orders") as answer:  # changes something
            order = await answer.json()
        async with web.get("https://shop.example/stock") as answer:
            stock = await answer.json()
            await length(stock)  # does more than read
    return [rates, levels, page, order, stock]


pool = asyncpg.Pool()


async def count_of(shop: str) -> int:
    return await pool.fetchval("select count(*) from items where shop = $1", shop)


async def note(shop: str) -> None:
    await pool.execute("update shops set seen = now() where name = $1", shop)


@app.get("/pooled")
async def reads_over_a_pool(shop: str, connection: asyncpg.Connection) -> list[object]:
    items = await count_of(shop)  # FP110 (summary)
    name = await pool.fetchval("select title from shops where name = $1", shop)
    noted = await note(shop)  # changes something
    owner = await pool.fetchval("select owner from shops where name = $1", shop)
    async with connection.transaction():
        stock = await count_of(shop)
        level = await count_of(shop)
    one = await connection.fetchval("select 1")  # one statement at a time
    two = await connection.fetchval("select 2")
    return [items, name, noted, owner, stock, level, one, two]


@app.get("/keyed")
async def keyed(number: str) -> dict[str, object]:
    report: dict[str, object] = {}
    report["rate"] = await rate()  # FP110
    report["level"] = await level(number)
    report["other"] = await level(str(report["level"]))  # needs the one before
    return report


@app.get("/bounded")
async def bounded(number: str) -> list[object]:
    euro = await asyncio.wait_for(rate(), 3)  # FP110
    stock = await asyncio.wait_for(level(number), 3)
    invoice = await asyncio.wait_for(create_invoice(number), 3)  # changes something
    size = await asyncio.wait_for(length(number), 3)
    return [euro, stock, invoice, size]


@app.get("/refreshed")
async def refreshed(number: str) -> list[object]:
    _ = await rate()  # FP110 (summary)
    stock = await level(number)
    return [stock]


@app.get("/last-unread")
async def last_unread(number: str) -> list[object]:
    euro = await rate()  # FP110
    _ = await level(number)
    return [euro]


# Between two waits: what only takes out of the first answer, notes, conditions.


def charged(number: str) -> str:
    return requests.get(f"https://pay.example/{number}", timeout=3).text


def create_charge(number: str) -> str:
    return requests.post(f"https://pay.example/{number}", timeout=3).text


@app.get("/worked-out")
async def taken_out(number: str) -> dict[str, object]:
    answer = await client.get("/rate")  # FP110
    answer.raise_for_status()
    eur = float(answer.json()["eur"])
    stock = await client.get(f"/levels/{number}")
    return {"eur": eur, "stock": stock.text}


@app.get("/goes-in")
async def goes_in(number: str) -> str:
    answer = await client.get("/session")
    answer.raise_for_status()
    token = answer.json()["token"]
    stock = await client.get(f"/levels/{number}", headers={"token": token})
    return stock.text


@app.get("/kept-between")
async def kept_between(number: str) -> str:
    answer = await client.get("/rate")
    remember(answer)
    stock = await client.get(f"/levels/{number}")
    return stock.text


@app.get("/refused-between")
async def refused_between(number: str) -> str:
    allowed = await client.get("/allowed")
    if not allowed.json()["ok"]:
        raise PermissionError(number)
    stock = await client.get(f"/levels/{number}")
    return stock.text


@app.get("/when-wanted")
async def when_wanted(number: str, wanted: bool) -> list[object]:
    eur = await client.get("/rate") if wanted else None  # FP110
    loud.info("asked for {}", number)
    stock = await client.get(f"/levels/{number}")
    return [eur, stock]


@app.get("/one-or-the-other")
async def one_or_the_other(number: str, wanted: bool) -> list[object]:
    eur = await client.get("/rate") if wanted else await client.get("/other")
    stock = await client.get(f"/levels/{number}")
    return [eur, stock]


@app.get("/in-threads")
async def in_threads(number: str) -> list[str]:
    first = await run_in_threadpool(charged, number)  # FP110
    second = await run_in_threadpool(charged, "0")
    return [first, second]


@app.get("/order-in-threads")
async def order_in_threads(number: str) -> list[str]:
    first = await run_in_threadpool(create_charge, number)
    second = await run_in_threadpool(charged, number)
    return [first, second]


# Put into something, under a condition, with notes by any logger


@app.get("/gathered")
async def put_into_a_list(number: str) -> list[object]:
    found: list[object] = []
    found.append(await rate())  # FP110
    found.append(await level(number))
    found.append(await level(str(found[0])))  # needs the one before
    return found


@app.get("/summed")
async def added_up(number: str) -> int:
    total = 0
    total += await level(number)  # FP110
    total += await level("other")
    total += await level(str(total))  # needs the one before
    return total


@app.get("/queued")
async def put_into_anything(number: str, shown: Request) -> None:
    shown.append(await rate())
    shown.append(await level(number))


@app.get("/when-asked-for")
async def when_asked_for(number: str, wanted: bool) -> list[object]:
    euro = await rate()  # FP110 (summary)
    stock = None
    if wanted:
        stock = await level(number)
    return [euro, stock]


@app.get("/when-there")
async def when_there(number: str) -> list[object]:
    euro = await rate()
    stock = None
    if euro > 1:
        stock = await level(number)
    return [euro, stock]


@app.get("/logged")
async def logged(number: str, request: Request) -> list[object]:
    euro = await rate()  # FP110
    request.state.logger.info("rate %s", euro)
    print(euro)
    stock = await level(number)
    return [euro, stock]


@app.get("/catalogued")
async def told_a_catalog(number: str, request: Request) -> list[object]:
    euro = await rate()
    request.state.catalog.info(euro)
    stock = await level(number)
    return [euro, stock]


@app.get("/none-at-all")
async def none_at_all(number: str) -> dict[str, object]:
    stock = await level(number)  # FP110 (summary)
    if stock == 0:
        return {"stock": 0, "rates": []}
    euro = await rate()
    return {"stock": stock, "rates": [euro]}


@app.get("/one-at-least")
async def one_at_least(number: str) -> dict[str, object]:
    stock = await level(number)
    if stock == 1:
        return {"stock": 0, "rates": []}
    euro = await rate()
    return {"stock": stock, "rates": [euro]}


@app.get("/went-wrong")
async def went_wrong(number: str) -> list[object]:
    answer = await client.get("/rate")  # FP110 (summary)
    if answer.status_code != 200:
        logger.warning("no rate")
        raise ValueError(number)
    euro = answer.json()
    stock = await level(number)
    return [euro, stock]


@app.get("/went-somewhere")
async def went_somewhere(number: str) -> list[object]:
    answer = await client.get("/rate")
    if answer.status_code == 404:
        remember(answer)
        raise ValueError(number)
    stock = await client.get(f"/levels/{number}")
    if not allowed(stock.status_code):
        raise ValueError(number)
    return [answer, stock, await level(number)]


model = AsyncOpenAI()


@app.get("/embedded")
async def embedded(number: str) -> list[object]:
    vector = await model.embeddings.create(input=number, model="small")  # FP110
    stock = await level(number)
    told = await model.chat.completions.create(messages=[vector, stock], model="small")
    thread = await model.beta.threads.create()  # makes something
    return [told, thread]


# Sessions that functions open for themselves

sessions = async_sessionmaker()
shared = async_scoped_session(sessions, scopefunc=asyncio.current_task)


@asynccontextmanager
async def opened() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


@asynccontextmanager
async def kept() -> AsyncIterator[AsyncSession]:
    yield app.state.session


async def name_alone(number: str) -> str:
    async with sessions() as session:
        return await title(number, session)


async def title(number: str, session: AsyncSession) -> str:
    return str(await session.scalar(select(text("name"))))


async def names_alone(number: str) -> list[str]:
    async with opened() as session:
        return list(await session.scalars(select(text("name"))))


async def name_shared(number: str) -> str:
    async with shared() as session:
        return str(await session.scalar(select(text("name"))))


async def name_kept(number: str) -> str:
    async with kept() as session:
        return str(await session.scalar(select(text("name"))))


async def name_noted(number: str) -> str:
    async with sessions() as session:
        await session.execute(insert(text("seen")))
        await session.commit()
        return str(await session.scalar(select(text("name"))))


@app.get("/alone")
async def each_over_its_own(number: str) -> list[object]:
    name = await name_alone(number)  # FP110 (summary)
    others = await names_alone(number)
    return [name, others]


@app.get("/together")
async def over_one_session(number: str, session: AsyncSession) -> list[object]:
    name = await title(number, session)  # FP110 (summary)
    alone = await name_alone(number)
    other = await title("other", session)
    return [name, alone, other]


@app.get("/shared")
async def over_what_all_share(number: str) -> list[object]:
    name = await name_shared(number)  # FP110 (summary)
    other = await name_shared("other")
    kept_one = await name_kept(number)
    kept_other = await name_kept("other")
    return [name, other, kept_one, kept_other]


@app.get("/seen")
async def one_writes(number: str) -> list[object]:
    name = await name_noted(number)
    other = await name_alone(number)
    return [name, other]


async def place_of(number: str) -> str:
    return (await fleetlink.locate(number)).name


async def level_there(number: str) -> int:
    return (await client.get(f"/levels/{number}")).json()["level"]


async def label_of(number: str) -> bytes:
    return await aiofileset.read(f"/labels/{number}")


@app.get("/located/{number}")
async def located(number: str) -> dict[str, object]:
    async def place() -> str:
        return await place_of(number)

    async def level() -> int:
        return await level_there(number)

    found = await place()  # FP110 (summary)
    stock = await level()
    return {"place": found, "stock": stock}


@app.get("/labelled/{number}")
async def labelled(number: str) -> dict[str, object]:
    label = await label_of(number)
    stock = await level_there(number)
    return {"label": label, "stock": stock}


# What is got ready between two waits


@app.get("/prepared/{number}")
async def prepared(number: str, colour: str | None = None, size: str | None = None) -> dict[str, object]:
    stock = await level_there(number)  # FP110
    wanted: dict[str, str] = {}
    if colour:
        wanted["colour"] = colour
    if size:
        wanted["size"] = size
    found = await client.get("/found", params=wanted)
    return {"stock": stock, "found": found.json()}


@app.get("/prepared-from-answer/{number}")
async def prepared_from_the_answer(number: str, colour: str | None = None) -> dict[str, object]:
    stock = await level_there(number)
    wanted: dict[str, object] = {}
    if colour:
        wanted["least"] = stock
    found = await client.get("/found", params=wanted)
    return {"stock": stock, "found": found.json()}


@app.get("/prepared-if-asked/{number}")
async def prepared_if_the_answer_says(number: str) -> dict[str, object]:
    stock = await level_there(number)
    wanted: dict[str, object] = {}
    if stock:
        wanted["least"] = 1
    found = await client.get("/found", params=wanted)
    return {"stock": stock, "found": found.json()}


@app.get("/prepared-twice/{number}")
async def changed_between(number: str, wanted: dict[str, str]) -> dict[str, object]:
    first = await client.get("/found", params=wanted)
    wanted["number"] = number
    second = await client.get("/found", params=wanted)
    return {"first": first.json(), "second": second.json()}


async def weights_of(text: str) -> list[float]:
    return [float(len(text))]


@app.get("/weighed/{number}")
async def weighed(number: str) -> dict[str, object]:
    stock = await level_there(number)  # FP110 (summary)
    weights = await weights_of(number)
    found = await client.get(f"/found/{number}")
    return {"stock": stock, "weights": weights, "found": found.json()}


# What other objects answer, kept on `self`


class Numbers:
    async def of(self, number: int) -> int:
        return (await client.get(f"https://stock.example/{number}")).json()


class Page:
    def __init__(self) -> None:
        self.first: int | None = None
        self.second: int | None = None
        self.orders = Numbers()
        self.parcels = Numbers()

    async def fill(self, number: int) -> None:
        self.first = self.first or await self.orders.of(number)  # FP110
        self.second = self.second or await self.parcels.of(number)

    async def fill_one_by_the_other(self, number: int) -> None:
        self.first = await self.orders.of(number)
        self.second = await self.parcels.of(self.first)

    async def own(self, number: int) -> int:
        return await self.orders.of(self.first or number)

    async def fill_by_own(self, number: int) -> None:
        self.first = await self.orders.of(number)
        self.second = await self.own(number)


@app.get("/kept/{number}")
async def kept_numbers(number: int) -> int:
    page = Page()
    await page.fill(number)
    await page.fill_one_by_the_other(number)
    await page.fill_by_own(number)
    known = None
    first = known or await page.orders.of(number)  # FP110
    second = await page.parcels.of(number)
    return first + second


@app.get("/dashboard")
async def dashboard(number: int, session: AsyncSession = Depends(get_session)) -> list[object]:
    orders = (await session.scalars(select(text("orders")))).all()  # FP110 (summary)
    items = (await session.scalars(select(text("items")))).all()
    statement = select(text("late"))
    result = await session.execute(statement)
    late = result.scalar_one_or_none()
    open_orders = None
    if late:
        open_orders = late
    customers = (await session.scalars(select(text("customers")))).all()
    returns = (await session.execute(select(text("returns")))).scalar() or 0
    notes = await session.scalar(select(text("notes")).where(text(str(number))))
    return [orders, items, open_orders, customers, returns, notes]


@app.get("/dashboard/chained")
async def chained(number: int, session: AsyncSession = Depends(get_session)) -> list[object]:
    order = await session.scalar(select(text("orders")))
    item = await session.scalar(select(text("items")).where(text(str(order))))
    parcel = await session.scalar(select(text("parcels")).where(text(str(item))))
    place = await session.scalar(select(text("places")).where(text(str(parcel))))
    note = await session.scalar(select(text("notes")).where(text(str(place))))
    label = await session.scalar(select(text("labels")).where(text(str(note))))
    sign = await session.scalar(select(text("signs")).where(text(str(label))))
    return [order, item, parcel, place, note, label, sign, number]


@app.post("/dashboard/writing")
async def writing(session: AsyncSession = Depends(get_session)) -> list[object]:
    first = await session.scalar(select(text("orders")))
    second = await session.scalar(select(text("items")))
    third = await session.scalar(select(text("parcels")))
    fourth = await session.scalar(select(text("places")))
    fifth = await session.scalar(select(text("notes")))
    sixth = await session.scalar(select(text("labels")))
    await session.commit()
    return [first, second, third, fourth, fifth, sixth]


@app.get("/dashboard/some")
async def some_of(kind: str, session: AsyncSession = Depends(get_session)) -> list[object]:
    found: list[object] = [await session.scalar(select(text("orders"))), await session.scalar(select(text("items")))]
    if kind == "parcels":
        found.append(await session.scalar(select(text("parcels"))))
    elif kind == "places":
        found.append(await session.scalar(select(text("places"))))
    else:
        found.append(await session.scalar(select(text("notes"))))
        found.append(await session.scalar(select(text("labels"))))
    for each in found:
        await session.scalar(select(text(str(each))))
    return found


async def of_table(table: str, session: AsyncSession) -> object:
    return await session.scalar(select(text(table)))


@app.get("/dashboard/gathered")
async def gathered_dashboard(session: AsyncSession = Depends(get_session)) -> list[object]:
    return await asyncio.gather(
        of_table("orders", session),
        of_table("items", session),
        of_table("parcels", session),
        of_table("places", session),
        of_table("notes", session),
        of_table("labels", session),
    )


@app.get("/dashboard/helped")
async def helped_dashboard(session: AsyncSession = Depends(get_session)) -> list[object]:
    orders = await of_table("orders", session)  # FP110 (summary)
    items = await of_table("items", session)
    parcels = await of_table("parcels", session)
    places = await of_table("places", session)
    notes = await of_table("notes", session)
    return [orders, items, parcels, places, notes, await of_table("labels", session)]


cache = redis.asyncio.Redis()


@app.get("/players/{number}")
async def player(number: str) -> list[object]:
    score = await cache.get(f"score:{number}")  # FP110 (summary)
    level = await cache.get(f"level:{number}")
    badge = await cache.hgetall(f"badge:{number}")
    return [score, level, badge]


@app.get("/players/{number}/few")
async def few_of_player(number: str) -> list[object]:
    score = await cache.get(f"score:{number}")
    level = await cache.get(f"level:{score}")
    badge = await cache.hgetall(f"badge:{level}")
    async with cache.pipeline(transaction=False) as pipe:
        pipe.get("a")
        pipe.get("b")
        pipe.get("c")
        return [badge, *await pipe.execute()]


def best_of(rate: float, level: int) -> list[float]:
    return [rate, level]


@app.get("/best/{number}")
async def best(number: str) -> dict[str, list[str]]:
    return {"best": sorted(str(each) for each in best_of(rate=await rate(), level=await level(number)))}  # FP110


@app.get("/best/{number}/each")
async def best_of_each(number: str, numbers: list[str]) -> dict[str, object]:
    return {
        "one": sorted(best_of(rate=1.0, level=await level(number))),
        "each": [best_of(1.0, 2) for each in numbers],
        "either": best_of(await rate(), 1) if number else best_of(1.0, await level(number)),
        "needed": best_of(1.0, await level(str(await rate()))),
    }


# One session, whose first answers decide whether the others are asked


@app.get("/let-in")
async def let_in(number: str, session: AsyncSession) -> list[object]:
    found = await session.execute(select(text("owner")))
    owner = found.scalar_one_or_none()
    if owner is None:
        raise ValueError(number)
    name = await title(number, session)
    if not name:
        raise ValueError(number)
    other = await title("other", session)
    third = await title("third", session)
    return [name, other, third]


def must_exist(found: object) -> None:
    if found is None:
        raise ValueError


@app.get("/let-in/early")
async def let_in_early(number: str, session: AsyncSession) -> list[object] | None:
    name = await title(number, session)
    if not name:
        return None
    other = await title("other", session)
    must_exist(other)
    third = await title("third", session)
    return [name, other, third]


@app.get("/health")
async def health(number: str) -> dict[str, str]:
    states = {"levels": "up", "names": "up"}
    try:
        await client.get("/levels")  # FP110 (summary)
    except httpx.HTTPError:
        states["levels"] = "down"
    try:
        answer = await client.get("/names")
        answer.raise_for_status()
    except httpx.HTTPError:
        states["names"] = "down"
    try:
        async with httpx.AsyncClient(timeout=5) as other:
            await other.get("https://rates.example/health")
    except httpx.HTTPError:
        states["rates"] = "down"
    return states


@app.get("/health/first")
async def first_that_fails(number: str) -> dict[str, str]:
    try:
        await client.get("/levels")
    except httpx.HTTPError:
        return {"levels": "down"}
    try:
        await client.get("/names")
    except httpx.HTTPError:
        return {"names": "down"}
    return {}


@app.get("/health/changed")
async def changed_in_turn(number: str) -> dict[str, str]:
    states = {}
    try:
        await client.put("/levels", json=number)
    except httpx.HTTPError:
        states["levels"] = "down"
    try:
        await client.put("/names", json=number)
    except httpx.HTTPError:
        states["names"] = "down"
    return states


@app.get("/health/needed")
async def needed_by_the_next(number: str) -> dict[str, str]:
    found = {}
    try:
        answer = await client.get("/levels")
        level = answer.text
    except httpx.HTTPError:
        level = ""
    try:
        answer = await client.get(f"/names/{level}")
        found["name"] = answer.text
    except httpx.HTTPError:
        found["name"] = ""
    return found


@app.get("/health/connected")
async def connected_first(number: str) -> dict[str, str]:
    states = {}
    answer = await client.get("/connection")
    try:
        tools = await client.get("/tools")
        states["tools"] = tools.text
    except httpx.HTTPError:
        states["tools"] = ""
    states["connection"] = answer.text
    return states


@app.get("/health/either")
async def either(number: str) -> str:
    result = ""
    try:
        answer = await client.get("/levels")
        result = answer.text
    except httpx.HTTPError:
        pass
    try:
        answer = await client.get("/rates")
        result = result or answer.text
    except httpx.HTTPError:
        pass
    return result


@app.get("/health/both")
async def both(number: str) -> list[str]:
    result = []
    try:
        answer = await client.get("/levels")  # FP110 (summary)
        levels = answer.text
    except httpx.HTTPError:
        levels = ""
    try:
        answer = await client.get("/rates")
        rates = answer.text
    except httpx.HTTPError:
        rates = ""
    return [*result, levels, rates]


async def list_orders(session: AsyncSession, shop: int, limit: int, skip: int = 0) -> list[str]:
    return list(await session.scalars(select(text("orders")).limit(limit).offset(skip)))


async def count_orders(session: AsyncSession, shop: int) -> int:
    return int(await session.scalar(select(text("count(*)"))) or 0)


@app.get("/orders/page")
async def page_of_orders(offset: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    query = select(text("orders")).where(text("open"))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))  # FP110 (summary)
    found = await session.scalars(query.order_by(text("number")).limit(20).offset(offset))
    return int(total or 0), list(found)


@app.get("/orders/page/again")
async def page_set_anew(offset: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    query = select(text("orders")).where(text("open"))
    counting = select(func.count()).select_from(query.alias())
    query = query.limit(20).offset(offset)
    found = await session.execute(query)  # FP110 (summary)
    total = await session.execute(counting)
    return total.scalar_one(), list(found.scalars())


@app.get("/orders/page/helpers")
async def page_by_helpers(shop: int, skip: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    found = await list_orders(session, shop=shop, limit=20, skip=skip)  # FP110 (summary)
    return await count_orders(session, shop=shop), found


@app.get("/orders/page/other")
async def counts_others(shop: int, other: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    found = await list_orders(session, shop=shop, limit=20)
    return await count_orders(session, shop=other), found


@app.get("/orders/page/first")
async def only_when_there_are_some(offset: int, session: AsyncSession = Depends(get_session)) -> list[str]:
    query = select(text("orders")).where(text("open"))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    if not total:
        return []
    return list(await session.scalars(query.limit(20).offset(offset)))


@app.get("/orders/page/asked")
async def counts_when_asked(
    offset: int, counted: bool, session: AsyncSession = Depends(get_session)
) -> tuple[int, list[str]]:
    query = select(text("orders")).where(text("open"))
    total = 0
    if counted:
        total = int(await session.scalar(select(func.count()).select_from(query.subquery())) or 0)
    return total, list(await session.scalars(query.limit(20).offset(offset)))


@app.get("/orders/page/two")
async def counts_another_query(offset: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    query, open_ones = select(text("orders")), select(text("orders"))
    total = await session.scalar(select(func.count()).select_from(open_ones.subquery()))
    return int(total or 0), list(await session.scalars(query.limit(20).offset(offset)))


@app.get("/orders/all")
async def reads_all(session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    query = select(text("orders"))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    return int(total or 0), list(await session.scalars(query))


@app.get("/orders/page/sessions")
async def page_over_two_sessions(
    offset: int, session: AsyncSession = Depends(get_session), other: AsyncSession = Depends(get_session)
) -> object:
    query = select(text("orders"))
    return await asyncio.gather(
        session.scalar(select(func.count()).select_from(query.subquery())),
        other.scalars(query.limit(20).offset(offset)),
    )


async def nobody_asks_for_pages(offset: int, session: AsyncSession) -> tuple[int, list[str]]:
    query = select(text("orders"))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    return int(total or 0), list(await session.scalars(query.limit(20).offset(offset)))


@app.get("/orders/page/narrowed")
async def counts_more_than_it_pages(
    offset: int, session: AsyncSession = Depends(get_session)
) -> tuple[int, list[str]]:
    query = select(text("orders")).where(text("open"))
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    query = query.where(text("paid"))
    return int(total or 0), list(await session.scalars(query.limit(20).offset(offset)))


@app.get("/board/{number}")
async def board_after_the_order(number: int, session: AsyncSession = Depends(get_session)) -> list[object]:
    order = await session.scalar(select(text("orders")).where(text(str(number))))
    wanted = text(f"item of {order}")
    items = (await session.scalars(select(text("items")).where(wanted))).all()  # FP110 (summary)
    parcels = (await session.scalars(select(text("parcels")).where(wanted))).all()
    notes = (await session.scalars(select(text("notes")).where(wanted))).all()
    return [items, parcels, notes]


@app.get("/board/tried")
async def board_in_a_try(session: AsyncSession = Depends(get_session)) -> list[object]:
    try:
        orders = (await session.scalars(select(text("orders")))).all()  # FP110 (summary)
        items = (await session.scalars(select(text("items")))).all()
        notes = (await session.scalars(select(text("notes")))).all()
        return [orders, items, notes]
    except OSError:
        return []


@app.get("/board/filled")
async def board_by_a_list_that_is_filled(session: AsyncSession = Depends(get_session)) -> list[object]:
    wanted: list[str] = []
    for row in await session.scalars(select(text("orders"))):
        wanted.append(row)
    items = (await session.scalars(select(text("items")).where(text(str(wanted))))).all()
    by_number: dict[str, list[object]] = {}
    for row in items:
        by_number.setdefault(row, []).append(row)
    notes = (await session.scalars(select(text("notes")).where(text(str(by_number))))).all()
    places: dict[str, object] = {}
    for row in notes:
        places[row] = row
    wanted.sort(key=lambda each: len(places))
    parcels = (await session.scalars(select(text("parcels")).where(text(str(wanted))))).all()
    return [items, parcels, notes]


@app.get("/board/two")
async def board_of_two_after_the_order(number: int, session: AsyncSession = Depends(get_session)) -> list[object]:
    order = await session.scalar(select(text("orders")).where(text(str(number))))
    items = (await session.scalars(select(text("items")).where(text(str(order))))).all()
    notes = (await session.scalars(select(text("notes")).where(text(str(items))))).all()
    parcels = (await session.scalars(select(text("parcels")).where(text(str(items))))).all()
    return [items, parcels, notes]


@app.get("/board/caught")
async def board_where_it_failed(session: AsyncSession = Depends(get_session)) -> list[object]:
    try:
        return [await session.scalar(select(text("boards")))]
    except OSError:
        orders = (await session.scalars(select(text("orders")))).all()
        items = (await session.scalars(select(text("items")))).all()
        notes = (await session.scalars(select(text("notes")))).all()
        return [orders, items, notes]


class Orders:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self) -> int:
        return int(await self.session.scalar(select(text("count(*)"))) or 0)

    async def list(self, limit: int, offset: int, state: str = "") -> list[str]:
        return list(await self.session.scalars(select(text("orders")).where(text(state)).limit(limit).offset(offset)))


async def get_all_orders_count(session: AsyncSession) -> int:
    return int(await session.scalar(select(text("count(*)"))) or 0)


async def get_all_orders(session: AsyncSession, limit: int, state: str = "") -> list[str]:
    return list(await session.scalars(select(text("orders")).where(text(state)).limit(limit)))


@app.get("/orders/page/repository")
async def page_of_repository(offset: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    orders = Orders(session)
    total = await orders.count()  # FP110 (summary)
    return total, await orders.list(limit=20, offset=offset)


@app.get("/orders/page/named")
async def page_by_names(limit: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    found = await get_all_orders(session, limit=limit)  # FP110 (summary)
    return await get_all_orders_count(session), found


@app.get("/orders/page/state")
async def counts_more_than_a_state(
    state: str, offset: int, session: AsyncSession = Depends(get_session)
) -> tuple[int, list[str]]:
    orders = Orders(session)
    total = await orders.count()
    return total, await orders.list(limit=20, offset=offset, state=state)


@app.get("/orders/page/unalike")
async def counts_something_else(limit: int, session: AsyncSession = Depends(get_session)) -> tuple[int, list[str]]:
    found = await get_all_orders(session, limit=limit)
    return await count_returns(session), found


async def count_returns(session: AsyncSession) -> int:
    return int(await session.scalar(select(text("count(*)"))) or 0)
