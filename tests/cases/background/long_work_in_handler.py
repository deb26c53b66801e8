import asyncio
import os
import smtplib
import subprocess
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import aiosmtplib
import arq
import emails
import httpx
from confluent_kafka import Producer
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, UploadFile, WebSocket
from fastapi.responses import FileResponse
from openai import OpenAI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.concurrency import run_in_threadpool

app = FastAPI()
client = httpx.AsyncClient()
producer = Producer({"bootstrap.servers": "kafka:9092"})


def get_session() -> Session: ...


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    address: Mapped[str] = mapped_column(primary_key=True)


async def send_welcome(address: str) -> None:
    await aiosmtplib.send(address, hostname="mail.example")


def send_by_smtp(address: str) -> None:
    with smtplib.SMTP("mail.example") as server:
        server.sendmail("shop@shop.example", [address], "welcome")


async def notify_shop(order_id: int) -> None:
    await client.post("https://chat.example/hook", json={"order": order_id})


async def reserve(order_id: int) -> None:
    await client.post("https://stock.example/reserve", json={"order": order_id})


class Orders:
    async def create(self, order_id: int) -> int:
        await notify_shop(order_id)  # FP401
        return order_id


@app.post("/users")
async def sign_up(address: str) -> str:
    await send_welcome(address)  # FP401
    return address


@app.post("/users/sync")
def sign_up_sync(address: str) -> str:
    send_by_smtp(address)  # FP401
    return address


@app.post("/orders")
async def order(order_id: int) -> int:
    await notify_shop(order_id)  # FP401 (inline)
    return await Orders().create(order_id)


@app.post("/direct")
async def direct(address: str) -> None:
    await aiosmtplib.send(address, hostname="mail.example")  # FP401


@app.post("/wait")
async def wait() -> None:
    await asyncio.sleep(30)  # FP401 (summary)


@app.post("/wait/for-everybody")
async def wait_for_everybody() -> None:
    time.sleep(30)  # stops the loop: another rule's


@app.post("/wait/sync")
def wait_sync() -> None:
    time.sleep(10)  # FP401 (summary)


async def send_order(order_id: int) -> None:
    await client.post("https://stock.example/orders", json={"order": order_id})


@app.post("/stock")
async def forwarded(order_id: int) -> int:
    await send_order(order_id)  # FP401 (summary)
    return order_id


async def ship(order_id: int) -> None:
    await notify_shop(order_id)  # FP401 (summary)


@app.post("/shipped")
async def shipped(order_id: int) -> int:
    await ship(order_id)
    return order_id


async def accept(address: str, session: AsyncSession) -> None:
    session.add(Member(address=address))
    await session.commit()
    await send_welcome(address)  # FP401


def send_letter(address: str, text: str) -> None:
    letter = emails.Message(subject="Your account", html=text, mail_from=("Shop", "shop@shop.example"))
    letter.send(to=address, smtp={"host": "mail.example"})


@app.post("/accounts")
def create_account(address: str) -> int:
    if address:
        send_letter(address, "Welcome")  # FP401
    return 1


# Near misses


@app.post("/members")
async def new_member(address: str, session: AsyncSession) -> None:
    await accept(address, session)  # stores the member


_SECRETS: dict[str, str] = {}


async def secret() -> str:
    known = _SECRETS.get("stream")
    if known is None:
        known = _SECRETS["stream"] = (await client.get("https://secrets.example/stream")).text
    return known


async def publish_event(order_id: int) -> None:
    stream = await secret()
    print(stream, order_id)


@app.post("/published")
async def published(order_id: int) -> int:
    await publish_event(order_id)  # goes out once, for the secret
    return order_id


def send_schema(name: str) -> None:
    producer.produce("schemas", name)
    producer.flush()


@app.post("/schemas")
def new_schema(name: str) -> str:
    send_schema(name)  # the log is where it is stored
    return name


@app.post("/background")
async def in_background(address: str, order_id: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(send_welcome, address)
    tasks.add_task(later, order_id)


async def later(order_id: int) -> None:
    await notify_shop(order_id)


@app.post("/reserve")
async def needed(order_id: int) -> None:
    await reserve(order_id)


@app.post("/mail/test")
async def test_mail(address: str) -> None:
    await send_welcome(address)


@app.post("/must")
async def must(address: str) -> None:
    try:
        await send_welcome(address)
    except aiosmtplib.SMTPException as error:
        raise HTTPException(502) from error


@app.post("/result")
async def result(order_id: int) -> str:
    sent = await client.post("https://chat.example/hook", json={"order": order_id})
    return sent.text


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.send_text("hello")
    await notify_shop(1)


@app.post("/short")
async def short() -> None:
    await asyncio.sleep(0.1)


async def send_all(address: str) -> None:
    await send_welcome(address)


@app.post("/task")
async def task(address: str) -> None:
    asyncio.create_task(send_all(address))


async def at_start() -> None:
    await send_welcome("shop@shop.example")


def send_event(name: str) -> None:
    print(name)


@app.post("/local")
def local() -> None:
    send_event("x")


@app.get("/events")
async def events(_: None = Depends(local)):
    while True:
        await asyncio.sleep(15)
        yield "ping"


@app.post("/invoices")
async def create_confirmation(address: str) -> None:
    await send_confirmation(address)  # FP401 (summary)


@app.post("/invoices/again")
async def send_confirmation_again(address: str) -> None:
    await send_confirmation(address)  # FP401 (summary)


@app.post("/invoices/told")
async def send_confirmation_told(address: str) -> None:
    try:
        await send_confirmation(address)
    except OSError as error:
        raise HTTPException(502) from error


@app.post("/invoices/asked")
async def send_confirmation_asked(address: str) -> bool:
    return await send_confirmation(address) is None


@app.post("/invoices/behind")
async def send_confirmation_behind(address: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(send_confirmation, address)


async def tell_or_queue(address: str) -> None:
    if os.environ.get("QUEUE"):
        queue = await arq.create_pool()
        await queue.enqueue_job("tell", address)
        return
    await httpx.AsyncClient(timeout=5).post("https://hooks.example", json={"address": address})


async def queue_always(address: str) -> None:
    queue = await arq.create_pool()
    await queue.enqueue_job("tell", address)
    await httpx.AsyncClient(timeout=5).post("https://hooks.example", json={"address": address})


async def notify_somebody(address: str) -> None:
    await tell_or_queue(address)


async def notify_by_queue(address: str) -> None:
    await queue_always(address)


@app.post("/orders/told")
async def told_or_queued(address: str) -> int:
    await notify_somebody(address)  # FP401 (summary)
    await notify_by_queue(address)
    return 1


async def send_confirmation(address: str) -> None:
    await aiosmtplib.send(address, hostname="mail.example")


@app.post("/everyone")
async def everyone(addresses: list[str]) -> None:
    for address in addresses:
        await send_welcome(address)  # FP401 (change)


running: set[asyncio.Task[None]] = set()


def track_order(order_id: int) -> None:
    try:
        loop = asyncio.get_running_loop()
        sending = loop.create_task(_send_order(order_id))
        running.add(sending)
        sending.add_done_callback(running.discard)
    except RuntimeError:
        pass


async def _send_order(order_id: int) -> None:
    await client.post("https://metrics.example/orders", json={"order": order_id})


@app.post("/counted")
async def counted(order_id: int) -> int:
    track_order(order_id)
    return order_id


def let_go(coroutine) -> None:
    sending = asyncio.create_task(coroutine)
    running.add(sending)
    sending.add_done_callback(running.discard)


async def keep(coroutine) -> None:
    await asyncio.create_task(coroutine)


def notify_store(order_id: int) -> None:
    let_go(_send_order(order_id))


async def alert_store(order_id: int) -> None:
    await keep(_send_order(order_id))


@app.post("/let-go")
async def let_it_go(number: int) -> int:
    notify_store(number)
    await alert_store(number)  # FP401

    async def later() -> None:
        await alert_store(number)

    task = asyncio.create_task(later())
    running.add(task)
    return number


class Sale(Base):
    __tablename__ = "sales"

    id: Mapped[int] = mapped_column(primary_key=True)


class Report(Base):
    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]


def create_sales_report(session: Session) -> Report:
    path = f"/reports/{uuid4()}.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("sales.csv", "\n".join(str(sale.id) for sale in session.scalars(select(Sale))))
    report = Report(path=path)
    session.add(report)
    session.commit()
    return report


def find_report(session: Session, number: int) -> Report | None:
    report = session.get(Report, number)
    if report is not None:
        zipfile.ZipFile(report.path).testzip()
        session.commit()
    return report


def export_sales(session: Session) -> str:
    with zipfile.ZipFile("/exports/sales.zip", "w") as packed:
        packed.writestr("sales.csv", "\n".join(str(sale.id) for sale in session.scalars(select(Sale))))
    return "/exports/sales.zip"


@app.post("/reports")
def new_report(session: Session = Depends(get_session)) -> int:
    report = create_sales_report(session)  # FP401
    return report.id


@app.get("/reports/{number}")
def one_report(number: int, session: Session = Depends(get_session)) -> str:
    report = find_report(session, number)
    return report.path if report else ""


@app.get("/reports/new/file")
def file_of_report(session: Session = Depends(get_session)) -> FileResponse:
    report = create_sales_report(session)  # the caller waits for the file
    return FileResponse(report.path)


@app.get("/sales/export")
def exported(session: Session = Depends(get_session)) -> str:
    path = export_sales(session)  # stored nowhere
    return path


@app.post("/reports/later")
def report_later(tasks: BackgroundTasks, session: Session = Depends(get_session)) -> None:
    tasks.add_task(create_sales_report, session)


async def get_admins() -> list[str]:
    return (await client.get("https://people.example/admins")).json()


async def notify_admins() -> None:
    for admin in await get_admins():
        asyncio.get_running_loop().call_soon(print, admin)


@app.post("/refund")
async def refund() -> int:
    await notify_admins()  # FP401 (summary)
    return 1


mailers = ThreadPoolExecutor(max_workers=4)


def mail_confirmation(address: str) -> None:
    def deliver() -> None:
        with smtplib.SMTP("mail.example") as server:
            server.sendmail("shop@shop.example", [address], "confirmed")

    mailers.submit(deliver)


def mail_invoice(address: str) -> None:
    future = mailers.submit(send_by_smtp, address)
    future.result()


def mail_receipt(address: str) -> None:
    with ThreadPoolExecutor() as own:
        own.submit(send_by_smtp, address)


def mail_reminder(address: str) -> None:
    future = mailers.submit(send_by_smtp, address)
    future.add_done_callback(print)


@app.post("/handed-to-a-pool")
def handed_to_a_pool(address: str) -> int:
    mail_confirmation(address)  # the pool delivers it, nobody waits
    mail_reminder(address)
    mail_invoice(address)  # FP401
    mail_receipt(address)  # FP401
    return 1


async def index_all(names: list[str]) -> int:
    for name in names:
        await client.post(f"/index/{name}")
    return len(names)


async def index_first(names: list[str]) -> None:
    await client.post(f"/index/{names[0]}")


@app.post("/pages")
async def pages(names: list[str]) -> str:
    await index_all(names)  # FP401 (summary)
    return "done"


@app.post("/pages/first")
async def first_page(names: list[str]) -> int:
    await index_first(names)  # one call
    return await index_all(names)  # the answer says what came out


class Stock:
    async def sync_all(self, names: list[str]) -> int:
        await client.get("/catalog")
        return await self._sync_each(names)

    async def _sync_each(self, names: list[str]) -> int:
        for name in names:
            await self._sync_one(name)
        return len(names)

    async def _sync_one(self, name: str) -> None:
        await client.get(f"/stock/{name}")

    async def sync_one(self, name: str) -> int:
        await self._sync_one(name)
        return 1


@app.post("/stock/sync")
async def sync_stock(names: list[str]) -> dict[str, int]:
    count = await Stock().sync_all(names)  # FP401 (summary)
    return {"count": count}


@app.post("/stock/sync/one")
async def sync_one_of_stock(name: str) -> dict[str, int]:
    count = await Stock().sync_one(name)
    return {"count": count}


@app.get("/stock/synced")
async def synced_stock(names: list[str]) -> dict[str, int]:
    count = await Stock().sync_all(names)
    return {"count": count}


@app.post("/stock/sync/later")
async def sync_stock_later(names: list[str], tasks: BackgroundTasks) -> dict[str, int]:
    tasks.add_task(Stock().sync_all, names)
    return {"count": len(names)}


@app.post("/imports")
async def refuse_what_is_unknown(kind: str, order_id: int) -> int:
    if kind not in ("csv", "xlsx"):
        await notify_shop(order_id)  # an error follows: a background task would be dropped with it
        raise HTTPException(400, "unknown kind")
    if order_id < 0:
        await notify_shop(order_id)  # FP401 (inline)
    else:
        raise HTTPException(400, "unknown order")
    return order_id


@app.post("/imports/again")
async def refuse_and_tell(kind: str, order_id: int, told: bool) -> int:
    if kind not in ("csv", "xlsx"):
        if not told:
            await notify_shop(order_id)  # the error follows behind the branch
        raise HTTPException(400, "unknown kind")
    if order_id < 0:
        if not told:
            await notify_shop(order_id)  # FP401 (inline)
        return 0
    return order_id


models = OpenAI(timeout=30)


def embed_all(parts: list[str]) -> int:
    return len([models.embeddings.create(model="m", input=part) for part in parts])


def embed_one(part: str) -> object:
    return models.embeddings.create(model="m", input=part)


@app.post("/documents")
def document(file: UploadFile) -> int:
    count = embed_all(file.file.read().decode().splitlines())  # FP401 (change)
    return count


@app.post("/documents/later")
def document_later(file: UploadFile, tasks: BackgroundTasks) -> None:
    tasks.add_task(embed_all, file.filename.split())


@app.post("/documents/beside")
def document_beside(file: UploadFile, names: list[str]) -> int:
    count = embed_all(names)
    return count


@app.post("/documents/one")
def document_of_one_part(file: UploadFile) -> object:
    return embed_one(file.filename)


@app.post("/documents/words")
def words_without_upload(text: str) -> int:
    count = embed_all([text])
    return count


def converted(name: str) -> int:
    command = ["ffmpeg", "-i", name, "out.mp4"]
    done = subprocess.run(command, timeout=600)  # FP401 (change)
    return done.returncode


def revision() -> bytes:
    return subprocess.run(["git", "rev-parse", "HEAD"], timeout=3, capture_output=True).stdout


@app.post("/films/{name}")
def film(name: str) -> int:
    return converted(name)


@app.get("/version")
def version() -> bytes:
    return revision()


@app.post("/orders/told")
async def told(order_id: int, session: AsyncSession = Depends(get_session)) -> int:
    session.add(Member(address=str(order_id)))
    await session.commit()
    await client.post("https://others.example/orders", json={"order": order_id})  # FP401 (summary)
    return order_id


@app.post("/orders/told-first")
async def told_first(order_id: int, session: AsyncSession = Depends(get_session)) -> int:
    await client.post("https://others.example/orders", json={"order": order_id})
    session.add(Member(address=str(order_id)))
    await session.commit()
    return order_id


@app.post("/orders/answered")
async def answered(order_id: int, session: AsyncSession = Depends(get_session)) -> object:
    session.add(Member(address=str(order_id)))
    await session.commit()
    answer = await client.post("https://others.example/orders", json={"order": order_id})
    return answer.json()


@app.post("/orders/told-to-all")
async def told_to_all(numbers: list[int]) -> int:
    await asyncio.gather(*(notify_shop(number) for number in numbers))  # FP401 (change)
    return len(numbers)


@app.post("/orders/told-in-tasks")
async def told_in_tasks(numbers: list[int]) -> int:
    tasks = []
    for number in numbers:
        tasks.append(asyncio.create_task(notify_shop(number)))
    await asyncio.wait(tasks)  # FP401 (change)
    return len(numbers)


@app.post("/orders/reserved")
async def reserved_for_all(numbers: list[int]) -> int:
    await asyncio.gather(*(reserve(number) for number in numbers))
    return len(numbers)


@app.post("/orders/counted")
async def counted_by_all(numbers: list[int]) -> int:
    done = await asyncio.gather(*(notify_shop(number) for number in numbers))
    return len(done)


class Mailer:
    async def send_receipt(self, address: str) -> None:
        raise NotImplementedError


class SmtpMailer(Mailer):
    async def send_receipt(self, address: str) -> None:
        await aiosmtplib.send(address, hostname="mail.example")


class ConsoleMailer(Mailer):
    async def send_receipt(self, address: str) -> None:
        print(address)


class SilentMailer(Mailer):
    async def send_receipt(self, address: str) -> None:
        pass


def mailer() -> Mailer:
    if os.environ.get("MAIL") == "smtp":
        return SmtpMailer()
    return ConsoleMailer()


def quiet_mailer():
    if os.environ.get("MAIL") == "console":
        return ConsoleMailer()
    return SilentMailer()


@app.post("/sales")
async def sell(address: str) -> int:
    await mailer().send_receipt(address)  # FP401 (summary)
    await quiet_mailer().send_receipt(address)
    return 1


@app.post("/receipts")
async def send_receipt(address: str) -> None:
    await mailer().send_receipt(address)  # FP401 (summary)


@app.post("/receipts/quiet")
async def send_receipt_quietly(address: str) -> None:
    await quiet_mailer().send_receipt(address)
