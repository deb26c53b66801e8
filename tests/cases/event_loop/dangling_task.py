import asyncio
import contextlib
import functools
import inspect
import signal
from asyncio import create_task as start
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from loguru import logger
from speech import Transcriber
from starlette.middleware.base import BaseHTTPMiddleware
from timing import timer

app = FastAPI()
running: set[asyncio.Task[None]] = set()
latest: asyncio.Task[None] | None = None


async def work(number: int = 0) -> None:
    await asyncio.open_connection("stock.example", number)


@app.post("/a")
async def dropped(number: int) -> None:
    asyncio.create_task(work())  # FP113
    if number:
        asyncio.create_task(work())  # said with the first


@app.post("/a/by-another-name")
async def dropped_by_another_name(number: int) -> None:
    start(work(number))  # FP113


@app.post("/a/ensured")
async def dropped_when_ensured() -> None:
    asyncio.ensure_future(work())  # FP113


@app.post("/a/by-the-loop")
async def dropped_by_the_loop() -> None:
    asyncio.get_running_loop().create_task(work())  # FP113


@app.post("/a/bound")
async def bound_in_a_branch(number: int) -> None:
    if number:
        task = asyncio.create_task(work())  # FP113


@app.post("/a/annotated")
async def bound_with_a_type() -> None:
    unused: asyncio.Task[None] = asyncio.create_task(work())  # FP113


def helper() -> None:
    asyncio.create_task(work())  # FP113


@app.post("/b")
async def through_a_helper() -> None:
    helper()


@app.post("/c")
async def kept(number: int) -> list[asyncio.Task[None]]:
    global latest
    task = asyncio.create_task(work())
    running.add(task)
    latest = asyncio.create_task(work())
    awaited = asyncio.create_task(work())
    await awaited
    running.add(asyncio.create_task(work()))
    tasks = [asyncio.create_task(work(each)) for each in range(number)]
    await asyncio.gather(*tasks)
    first, second = asyncio.create_task(work()), asyncio.create_task(work())
    closed_over = asyncio.create_task(work())
    app.state.task = asyncio.create_task(work())
    asyncio.create_task(work()).add_done_callback(running.discard)

    def cancel() -> None:
        closed_over.cancel()

    cancel()
    return [first, second]


@app.post("/d")
async def in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
    await asyncio.wait_for(asyncio.create_task(work()), 1)


def returned() -> asyncio.Task[None]:
    return asyncio.create_task(work())


class Own:
    def create_task(self, coroutine: object) -> None:
        running.clear()


@app.post("/e")
async def somebody_elses(own: Own) -> None:
    Own().create_task(work())
    running.add(returned())


def where_a_loop_runs_but_no_caller_is_seen() -> None:
    asyncio.create_task(work())  # FP113
    kept = asyncio.create_task(work())
    running.add(kept)


def index(number: int) -> None:
    print(number)


@app.post("/index")
async def index_later(number: int) -> None:
    asyncio.create_task(asyncio.to_thread(index, number))  # FP113 (summary)


@app.post("/meant")
async def meant(number: int) -> None:
    asyncio.create_task(work(number))  # noqa: RUF006


def a_loop_for_it() -> None:
    loop = asyncio.new_event_loop()
    loop.create_task(work())  # FP113 (summary)
    loop.run_forever()


class Closing:
    async def close(self) -> None: ...

    def __del__(self) -> None:
        asyncio.get_running_loop().create_task(self.close())  # FP113 (summary)


async def watch() -> None:
    await asyncio.sleep(60)


@app.on_event("startup")
async def start_watching() -> None:
    asyncio.create_task(watch())  # FP113 (summary)


@app.on_event("startup")
async def start_counting() -> None:
    asyncio.create_task(counted("starts"))  # FP113 (inline)


@app.on_event("startup")
async def start_watching_for_good() -> None:
    app.state.watching = asyncio.create_task(watch())


@asynccontextmanager
async def while_serving(app: FastAPI) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch())  # FP113 (summary)
    yield


def logged(function):
    @functools.wraps(function)
    async def with_a_loop(*args, **kwargs):
        asyncio.create_task(work())  # FP113
        return await function(*args, **kwargs)

    @functools.wraps(function)
    def in_a_thread(*args, **kwargs):
        loop = asyncio.get_event_loop()
        if loop.is_running():
            loop.create_task(work())  # FP113 (summary)
        return function(*args, **kwargs)

    return with_a_loop if inspect.iscoroutinefunction(function) else in_a_thread


async def close_all() -> None:
    await asyncio.sleep(1)


class Scheduler:
    def stop(self) -> None:
        if asyncio.get_event_loop().is_running():
            asyncio.create_task(close_all())  # FP113 (summary)
        else:
            asyncio.run(close_all())


STOPPED = [Scheduler.stop]


counts: asyncio.Queue[str] = asyncio.Queue(10)


async def counted(name: str) -> None:
    await counts.put(name)


def count(name: str) -> None:
    asyncio.get_running_loop().create_task(counted(name))  # FP113 (summary)


class NeverAdded(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        count("requests")
        return await call_next(request)


def count_by_path(name: str) -> None:
    asyncio.get_running_loop().create_task(counted(name))  # FP113 (inline)


class Added(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        count_by_path("requests")
        return await call_next(request)


app.add_middleware(Added)


@app.post("/counted")
async def held_while_it_waits() -> None:
    counting = asyncio.create_task(counted("requests"))  # FP113 (summary)
    await counts.join()


async def stopped() -> None:
    await counts.join()


@app.post("/until-interrupted")
async def until_interrupted() -> None:
    def interrupted(number, frame):
        asyncio.create_task(stopped())  # FP113 (summary)

    signal.signal(signal.SIGINT, interrupted)
    asyncio.get_running_loop().add_signal_handler(2, lambda: asyncio.create_task(stopped()))


async def noted(number: int) -> None:
    counts.put_nowait(number)


@app.post("/over-at-once")
async def over_at_once(number: int) -> None:
    asyncio.create_task(noted(number))  # its only turn is its last


async def numbered() -> list[int]:
    return [number async for number in numbers()]


async def numbers() -> AsyncIterator[int]:
    yield await counts.get()


@app.post("/waits-in-a-comprehension")
async def waits_in_a_comprehension() -> None:
    asyncio.create_task(numbered())  # FP113


class Sender:
    async def send(self) -> None:
        raise NotImplementedError


class Mailer(Sender):
    async def send(self) -> None:
        await asyncio.sleep(3)


@app.post("/sent-by-somebody")
async def sent_by_somebody(sender: Sender) -> None:
    asyncio.create_task(sender.send())  # FP113


def logged(function):
    @functools.wraps(function)
    async def wrapper(*given):
        try:
            return await function(*given)
        except Exception:
            return None

    return wrapper


def timed(function):
    @functools.wraps(function)
    async def wrapper(*given):
        return await function(*given)

    return wrapper


@logged
async def told_with_care(number: int) -> None:
    await asyncio.sleep(number)


@timed
async def told_and_timed(number: int) -> None:
    await asyncio.sleep(number)
    await counts.join()


@app.post("/told")
async def told(number: int) -> None:
    asyncio.create_task(told_with_care(number))  # FP113 (summary)


@app.post("/told-and-timed")
async def told_timed(number: int) -> None:
    asyncio.create_task(told_and_timed(number))  # FP113 (inline)


async def every_minute() -> None:
    while True:
        try:
            await counts.join()
        except Exception:
            print("failed")
        await asyncio.sleep(60)


@app.post("/every-minute")
async def begun() -> None:
    asyncio.create_task(every_minute())  # FP113 (summary)


def in_background(coroutine, name: str | None = None) -> asyncio.Task[None]:
    task = asyncio.create_task(coroutine, name=name)
    task.add_done_callback(print)
    return task


def at_once(coroutine) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine)


def kept_in_background(coroutine) -> asyncio.Task[None]:
    task = asyncio.create_task(coroutine)
    running.add(task)
    task.add_done_callback(running.discard)
    return task


@app.post("/handed-out")
async def handed_out() -> None:
    in_background(work())  # FP113
    at_once(work())  # FP113


@app.post("/handed-out/kept")
async def kept_here() -> None:
    kept_in_background(work())
    running.add(in_background(work()))
    await at_once(work())
    mine = at_once(work())
    await mine


@app.post("/renewed")
async def renewed(client: httpx.AsyncClient) -> None:
    asyncio.create_task(client.aclose())  # FP113 (summary)


class Ledger:
    async def close(self) -> None:
        await counts.join()


@app.post("/closed")
async def closed(ledger: Ledger) -> None:
    asyncio.create_task(ledger.close())  # FP113 (inline)


class Pipe:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.next: Pipe | None = None

    async def push(self, chunk: str) -> None:
        if chunk:
            await self._take(chunk)

    async def _take(self, chunk: str) -> None:
        await self.queue.put(chunk)

    async def hand_on(self, following, chunk: str) -> None:
        asyncio.create_task(following.push(chunk))
        asyncio.create_task(following.push_slowly(chunk))  # FP113

    async def push_slowly(self, chunk: str) -> None:
        await self._take(chunk)
        await asyncio.Event().wait()


pipe = Pipe()


@app.post("/pipe")
async def piped(chunk: str) -> None:
    asyncio.create_task(pipe.push(chunk))  # over at once: the queue has no bound


@app.post("/pipe/slow")
async def piped_slowly(chunk: str) -> None:
    asyncio.create_task(pipe.push_slowly(chunk))  # FP113


async def suppressed(number: int) -> None:
    with contextlib.suppress(Exception):
        await work(number)


async def measured(number: int) -> None:
    with timer():
        await work(number)


async def repeated(number: int, raise_exceptions: bool = False) -> None:
    while number:
        try:
            await work(number)
        except Exception as error:
            print("failed")
            if raise_exceptions:
                raise error


@app.post("/suppressed")
async def suppresses(number: int) -> None:
    asyncio.create_task(suppressed(number))  # FP113 (summary)


@app.post("/measured")
async def measures(number: int) -> None:
    asyncio.create_task(measured(number))  # FP113 (inline)


@app.post("/repeated")
async def repeats(number: int) -> None:
    asyncio.create_task(repeated(number))  # FP113 (summary)


class Speech:
    """Whose library calls back from a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.get_event_loop()

    async def begin(self) -> None:
        Transcriber(on_text=self._on_text, on_close=self._on_close).start()

    def _on_text(self, text: str) -> None:
        self.loop.create_task(measured(len(text)))  # FP113 (inline)

    def _on_close(self) -> None:
        asyncio.create_task(measured(1))  # FP113 (summary)


class Player:
    async def begin(self) -> None:
        Transcriber(on_close=self._on_close).start()

    def _on_close(self) -> None:
        asyncio.create_task(measured(1))  # FP113 (inline)


@app.post("/speech")
async def speech() -> None:
    await Speech().begin()
    await Player().begin()


@logger.catch(exclude=(ValueError,))
async def caught(number: int) -> None:
    await work(number)


@logger.catch
async def caught_without_more(number: int) -> None:
    await work(number)


@logger.catch(reraise=True)
async def raised_again(number: int) -> None:
    await work(number)


@app.post("/caught")
async def catches(number: int) -> None:
    asyncio.create_task(caught(number))  # FP113 (summary)


@app.post("/caught/without-more")
async def catches_without_more(number: int) -> None:
    asyncio.create_task(caught_without_more(number))  # FP113 (summary)


@app.post("/raised-again")
async def raises_again(number: int) -> None:
    asyncio.create_task(raised_again(number))  # FP113 (inline)


class Tracker:
    async def report(self, error: object) -> None:
        await work(1)


tracker = Tracker()


def on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    loop.create_task(tracker.report(context.get("exception")))  # FP113 (summary)


def on_order(loop: asyncio.AbstractEventLoop, order: dict[str, object]) -> None:
    loop.create_task(tracker.report(order.get("id")))  # FP113 (inline)


@app.post("/tracked")
async def tracked(number: int) -> None:
    on_order(asyncio.get_running_loop(), {"id": number})


class Mailbox:
    def __init__(self, queue: asyncio.Queue[str]) -> None:
        self.queue = queue
        self.narrow_queue: asyncio.Queue[str] = asyncio.Queue(8)

    async def post(self, text: str) -> None:
        print("posted")
        await self.queue.put(text)

    async def post_when_free(self, text: str) -> None:
        await self.narrow_queue.put(text)

    async def post_and_wait(self, text: str) -> None:
        await self.queue.put(text)
        await self.queue.join()


def in_background(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work)


@app.post("/mail")
async def mail(text: str) -> None:
    mailbox = Mailbox(asyncio.Queue())
    asyncio.create_task(mailbox.post(text))
    in_background(mailbox.post(text))


@app.post("/mail/when-free")
async def mail_when_free(text: str) -> None:
    asyncio.create_task(Mailbox(asyncio.Queue()).post_when_free(text))  # FP113 (inline)


@app.post("/mail/and-wait")
async def mail_and_wait(text: str) -> None:
    in_background(Mailbox(asyncio.Queue()).post_and_wait(text))  # FP113 (inline)


async def save() -> None:
    print("saved")


async def ended() -> None:
    await save()
    await asyncio.sleep(5)


async def ended_with_more() -> None:
    await ended()
    await work()


@app.post("/ended")
async def ends() -> None:
    asyncio.create_task(ended())  # FP113 (summary)


@app.post("/ended/with-more")
async def ends_with_more() -> None:
    asyncio.create_task(ended_with_more())  # FP113 (inline)


def track(number: int) -> object:
    return asyncio.get_event_loop().create_task(caught(number))


def follow(number: int) -> object:
    return asyncio.get_event_loop().create_task(measured(number))


def note() -> object:
    return asyncio.get_event_loop().create_task(save())


@app.post("/tracked/by-a-helper")
async def tracks(number: int) -> None:
    track(number)  # FP113 (summary)
    note()


@app.post("/followed/by-a-helper")
async def follows(number: int) -> None:
    follow(number)  # FP113 (inline)


async def shutdown_server() -> None:
    await work(5)
    raise SystemExit


async def shut_orders(number: int) -> None:
    await work(number)


@app.post("/server/shutdown")
async def shutdown() -> None:
    asyncio.create_task(shutdown_server())  # FP113 (summary)


@app.post("/orders/shut")
async def shut(number: int) -> None:
    asyncio.create_task(shut_orders(number))  # FP113 (inline)


def report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        print("failed")


@app.post("/listened-to")
async def listened_to() -> None:
    task = asyncio.create_task(work())  # FP113 (summary)
    task.add_done_callback(report)


@app.post("/listened-to/asked-first")
def listened_to_on_the_loop() -> None:
    task = asyncio.get_running_loop().create_task(work())  # FP113 (summary)

    def done(finished: asyncio.Task[None]) -> None:
        report(finished)

    if hasattr(task, "add_done_callback"):
        task.add_done_callback(done)


@app.post("/listened-to/named")
async def named_and_not_listened_to() -> None:
    task = asyncio.create_task(work())  # FP113
    task.set_name("work")


@app.post("/listened-to/asked-only")
async def asked_and_not_listened_to() -> None:
    task = asyncio.create_task(work())  # FP113
    print(hasattr(task, "uncancel"))


@app.post("/listened-to/kept")
async def listened_to_and_kept() -> None:
    task = asyncio.create_task(work())
    running.add(task)
    task.add_done_callback(report)


@app.post("/listened-to/on-state")
async def listened_to_on_state() -> None:
    task = asyncio.create_task(work())
    task.add_done_callback(report)
    app.state.working = task


@app.post("/listened-to/awaited")
async def listened_to_and_awaited() -> None:
    task = asyncio.create_task(work())
    task.add_done_callback(report)
    await task


@app.post("/listened-to/cancelled")
async def listened_to_and_cancelled() -> None:
    task = asyncio.create_task(work())
    task.add_done_callback(report)

    def stop() -> None:
        task.cancel()

    app.state.stop = stop


def listened_to_and_returned() -> asyncio.Task[None]:
    task = asyncio.create_task(work())
    task.add_done_callback(report)
    return task


@app.post("/listened-to/returned")
async def awaits_returned() -> None:
    await listened_to_and_returned()


class Store:
    async def close(self) -> None:
        raise NotImplementedError


class MemoryStore(Store):
    async def close(self) -> None:
        self.open = False


class DiskStore(MemoryStore):
    async def close(self) -> None:
        await asyncio.sleep(1)
        self.open = False


class Buffer(Store):
    async def close(self) -> None:
        self.open = True


def store_of(kind: str) -> Store:
    return DiskStore() if kind == "disk" else MemoryStore()


def kept_in_memory(kind: str) -> MemoryStore | Buffer:
    return Buffer() if kind == "buffer" else MemoryStore()


@app.post("/stores/{kind}/closed")
async def store_closed(kind: str) -> None:
    store = store_of(kind)
    asyncio.create_task(store.close())  # FP113


@app.post("/memory/{kind}/closed")
async def memory_closed(kind: str) -> None:
    store = kept_in_memory(kind)
    asyncio.create_task(store.close())
class Channels:
    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._limit = asyncio.Semaphore(3)
        self._names: dict[str, int] = {}

    async def forget(self, name: str) -> None:
        async with self._lock:
            self._names.pop(name, None)

    async def tell(self, name: str) -> None:
        async with self._lock:
            await work(self._names[name])

    async def count(self) -> None:
        async with self._limit:
            await counts.join()

    async def forget_later(self, name: str) -> None:
        await asyncio.sleep(5)
        await self.forget(name)

    async def tell_later(self, name: str) -> None:
        await asyncio.sleep(5)
        await self.tell(name)


channels = Channels()


@app.post("/channels/forget")
async def forget_channel(name: str) -> None:
    asyncio.create_task(channels.forget_later(name))  # FP113 (summary)


@app.post("/channels/tell")
async def tell_channel(name: str) -> None:
    asyncio.create_task(channels.tell_later(name))  # FP113 (inline)


@app.post("/channels/count")
async def count_channels() -> None:
    asyncio.create_task(channels.count())  # FP113 (inline)


@app.post("/channels/both")
async def forget_and_tell(name: str) -> None:
    asyncio.create_task(channels.forget_later(name))  # said of the next
    asyncio.create_task(channels.tell_later(name))  # FP113 (inline)


@app.post("/rooms/forget")
async def forget_room(name: str) -> None:
    asyncio.create_task(rooms.forget_later(name))  # FP113 (inline)


class Rooms:
    def __init__(self, lock: object) -> None:
        self._gate = lock

    async def forget_later(self, name: str) -> None:
        async with self._gate:  # whatever that is
            print(name)


rooms = Rooms(object())
