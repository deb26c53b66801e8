"""What objects have only if somebody gives it, and what functions do only for what somebody passes."""

import requests
from fastapi import APIRouter, BackgroundTasks

router = APIRouter(prefix="/spans")


class Store:
    def put(self, text: str) -> str:
        return requests.post("https://store.example", data=text, timeout=5).text


class Span:
    """Nobody gives one a store."""

    def __init__(self, name: str = "", store: Store | None = None) -> None:
        self.name = name
        self.store = store

    def add(self, text: str) -> None:
        if self.store is not None:
            self.store.put(text)

    def add_many(self, texts: list[str]) -> None:
        if self.store is not None:
            for text in texts:
                self.store.put(text)


class Trace:
    """Somebody gives one a store."""

    def __init__(self, name: str = "", store: Store | None = None) -> None:
        self.name = name
        self.store = store

    def add(self, text: str) -> None:
        if self.store is not None:
            self.store.put(text)

    def close(self) -> None:
        if self.store is not None:
            self.store.put("closed")


class Meter:
    """Somebody sets its store later on."""

    def __init__(self, name: str = "", sink: Store | None = None) -> None:
        self.name = name
        self.sink = sink

    def add(self, text: str) -> None:
        if self.sink is not None:
            self.sink.put(text)

    def close(self) -> None:
        if self.sink is not None:
            self.sink.put("closed")


class Log:
    """An heir has its own way to be made."""

    def __init__(self, name: str = "", drain: Store | None = None) -> None:
        self.name = name
        self.drain = drain

    def add(self, text: str) -> None:
        if self.drain is not None:
            self.drain.put(text)

    def close(self) -> None:
        if self.drain is not None:
            self.drain.put("closed")


class KeptLog(Log):
    def __init__(self, name: str) -> None:
        super().__init__(name, Store())


@router.get("/span")
async def with_span() -> str:
    span = Span("orders")
    span.add("begun")  # FP103 (summary)
    return span.name


@router.get("/trace")
async def with_trace(kept: bool) -> str:
    trace = Trace("orders", Store()) if kept else Trace("orders")
    trace.add("begun")  # FP103 (inline)
    return trace.name


@router.get("/meter")
async def with_meter() -> str:
    meter = Meter("orders")
    meter.sink = Store()
    meter.add("begun")  # FP103 (inline)
    return meter.name


@router.get("/log")
async def with_log() -> str:
    log = Log("orders")
    log.add("begun")  # FP103 (inline)
    return log.name


@router.get("/kept-log")
async def with_kept_log() -> str:
    kept = KeptLog("orders")
    kept.close()  # FP103 (inline)
    return kept.name


def inject(text: str) -> None:
    requests.post("https://store.example", data=text, timeout=5)


async def inject_all(text: str) -> None:
    inject(text)  # FP103 (summary)


async def inject_each(text: str) -> None:
    inject(text)  # FP103 (inline)


async def create(number: int, text: str | None) -> None:
    if text:
        await inject_all(text)


async def create_each(number: int, text: str | None) -> None:
    if text:
        await inject_each(text)


@router.post("/create")
async def begin(number: int, background: BackgroundTasks) -> str:
    background.add_task(create, number, None)
    background.add_task(create_each, number, str(number))
    return "begun"
