"""What is made or fetched for the first call and kept for all others."""

import requests
from fastapi import APIRouter

router = APIRouter()
carriers: dict[str, str] = {}
_rates: dict[str, float] | None = None
_ready = False
_token: str | None = None
_stale = False
_prepared_paths: set[str] = set()


async def audit() -> None: ...


def fetch(path: str) -> dict[str, float]:
    return requests.get(f"https://rates.example/{path}", timeout=5).json()


def behind_a_flag(daily: bool) -> dict[str, float] | None:
    global _rates, _ready
    if not _ready:
        if daily:
            found = fetch("daily")
            _rates = found
        elif carriers:
            _rates = fetch("carriers")
        _ready = True
    return _rates


def returned_early() -> dict[str, float] | None:
    global _rates, _ready
    if _ready:
        return _rates
    _rates = fetch("latest")
    _ready = True
    return _rates


def set_up(path: str) -> None:
    if path and (path in _prepared_paths):
        return
    fetch(path)
    _prepared_paths.add(path)


def set_up_again(path: str) -> None:
    if path in _prepared_paths:
        return
    fetch(path)


def token_of(mode: str) -> str:
    global _token
    if _token is None:
        if mode == "remote":
            _token = str(fetch("token"))
        else:
            _token = "local"
    return _token


class Exchange:
    _known: dict[str, float] | None = None

    def __init__(self) -> None:
        self._table: dict[str, float] | None = None

    def table(self) -> dict[str, float]:
        if self._table is None:
            raw = fetch("table")
            self._table = {name: value * 2 for name, value in raw.items()}
        return self._table

    @classmethod
    def known(cls) -> dict[str, float]:
        if cls._known is None and carriers:
            raw = fetch("known")
            cls._known = dict(raw)
        return cls._known or {}


exchange = Exchange()


@router.get("/flag")
async def by_flag() -> None:
    await audit()
    behind_a_flag(True)  # FP103 (summary)


@router.get("/early")
async def by_early() -> None:
    await audit()
    returned_early()  # FP103 (summary)


@router.get("/paths")
async def by_path(path: str) -> None:
    await audit()
    set_up(path)  # FP103 (summary)


@router.get("/paths/again")
async def by_path_again(path: str) -> None:
    await audit()
    set_up_again(path)  # FP103 (inline)


@router.get("/token")
async def by_token() -> None:
    await audit()
    token_of("remote")  # FP103 (summary)


@router.get("/table")
async def by_table() -> None:
    await audit()
    exchange.table()  # FP103 (summary)


@router.get("/known")
async def by_known() -> None:
    await audit()
    Exchange.known()  # FP103 (summary)


class Plugin:
    """Made by whoever finds it; it lasts as long as its endpoints."""

    def __init__(self) -> None:
        self._table: dict[str, float] | None = None

    def table(self) -> dict[str, float]:
        if self._table is None:
            raw = fetch("plugin")
            self._table = dict(raw)
        return self._table

    def routes(self) -> APIRouter:
        routes = APIRouter()

        @routes.get("/plugin")
        async def plugin() -> None:
            await audit()
            self.table()  # FP103 (summary)

        return routes


class Depot:
    async def connect(self) -> None:
        await audit()
        fetch("depot")  # FP103 (summary)

    async def refresh(self) -> None:
        await audit()
        fetch("depot")  # FP103 (inline)


_depot: Depot | None = None


async def the_depot() -> Depot:
    global _depot
    if _depot is None:
        _depot = Depot()
        await _depot.connect()
        await _depot.refresh()
    return _depot


@router.get("/depot")
async def depot() -> None:
    await (await the_depot()).refresh()


# What is not kept, or only as long as a request


class Basket:
    def __init__(self, number: str) -> None:
        self.number = number
        self._prices: dict[str, float] | None = None

    def prices(self) -> dict[str, float]:
        if self._prices is None:
            raw = fetch(self.number)
            self._prices = dict(raw)
        return self._prices


@router.get("/basket/{number}")
async def basket(number: str) -> None:
    await audit()
    Basket(number).prices()  # FP103 (inline)


def never_ready() -> dict[str, float]:
    global _stale
    if not _stale:
        _stale = False
        return fetch("stale")
    return {}


def own_flag() -> dict[str, float]:
    ready = False
    if not ready:
        ready = True
        return fetch("own")
    return {}


@router.get("/stale")
async def stale() -> None:
    await audit()
    never_ready()  # FP103


@router.get("/own")
async def own() -> None:
    await audit()
    own_flag()  # FP103


class RemoteLog:
    def __init__(self) -> None:
        self.enabled = False
        self.failed = False

    def enable(self) -> None:
        self.enabled = True

    def fail(self) -> None:
        self.failed = True

    def tell(self, text: str) -> None:
        if not self.enabled:
            return
        requests.post("https://log.example", json={"text": text}, timeout=2)

    def tell_again(self, text: str) -> None:
        if self.failed:
            requests.post("https://log.example", json={"text": text}, timeout=2)


log = RemoteLog()


@router.get("/told")
async def told_where_it_is_switched_on() -> None:
    await audit()
    log.tell("asked")  # FP103 (summary)


@router.get("/told-again")
async def told_after_a_state_that_comes_and_goes() -> None:
    await audit()
    log.tell_again("asked")  # FP103 (inline)


class Plans:
    def __init__(self) -> None:
        self.read_at = 0.0
        self.ttl_seconds = 300
        self.limit = 300

    def of(self, now: float) -> None:
        age = now - self.read_at
        if age > self.ttl_seconds:
            fetch("plans")

    def beyond(self, count: float) -> None:
        if count > self.limit:
            fetch("plans")


plans = Plans()


@router.get("/plans")
async def kept_for_some_minutes(now: float) -> None:
    await audit()
    plans.of(now)  # FP103


@router.get("/plans/beyond")
async def beyond_a_number(count: float) -> None:
    await audit()
    plans.beyond(count)  # FP103


class Sent:
    def send(self, text: str) -> None:
        requests.post("https://mail.example", json={"text": text}, timeout=5)


class Printed:
    def send(self, text: str) -> None:
        print(text)


class Dropped:
    def send(self, text: str) -> None: ...


class Kept:
    def send(self, text: str) -> None:
        self.text = text


class Mail:
    def __init__(self, way: Sent | Printed | Dropped | Kept) -> None:
        self.way = way


@router.post("/mail")
async def one_of_four_ways(text: str) -> None:
    await audit()
    Mail(Sent()).way.send(text)  # FP103 (inline)


class Tariffs:
    def table(self) -> dict[str, float]:
        if not hasattr(self, "_table"):
            self._table = fetch("tariffs")
        return self._table

    def again(self) -> dict[str, float]:
        if not hasattr(self, "_other"):
            return fetch("tariffs")
        return {}


tariffs = Tariffs()


@router.get("/tariffs")
async def kept_where_it_was_not_there() -> None:
    await audit()
    tariffs.table()  # FP103 (summary)


@router.get("/tariffs/again")
async def never_kept() -> None:
    await audit()
    tariffs.again()  # FP103 (inline)


class Tongues:
    supported: dict[str, str] = {}
    tried: dict[str, str] = {}

    @classmethod
    def fill(cls) -> None:
        for code, name in fetch("tongues").items():
            cls.supported[code] = str(name)

    @classmethod
    def look(cls) -> int:
        return len(fetch("tongues"))

    @classmethod
    def every(cls) -> dict[str, str]:
        if not cls.supported:
            cls.fill()
        return cls.supported

    @classmethod
    def counted(cls) -> int:
        if not cls.tried:
            return cls.look()
        return len(cls.tried)


countries: dict[str, float] = {}
counties: dict[str, float] = {}


def fill_countries() -> None:
    countries.update(fetch("countries"))


def fill_counties() -> None:
    counties = {}
    counties.update(fetch("counties"))


@router.get("/tongues")
async def tongues() -> dict[str, str]:
    await audit()
    return Tongues.every()  # FP103 (summary)


@router.get("/tongues/count")
async def tongues_counted() -> int:
    await audit()
    return Tongues.counted()  # FP103 (inline)


@router.get("/countries")
async def listed_countries() -> dict[str, float]:
    await audit()
    if not countries:
        fill_countries()  # FP103 (summary)
    return countries


@router.get("/counties")
async def listed_counties() -> dict[str, float]:
    await audit()
    if not counties:
        fill_counties()  # FP103 (inline)
    return counties


class Numbers:
    left: list[str] = []

    @classmethod
    def fill(cls) -> None:
        cls.left.extend(map(str, fetch("numbers")))

    @classmethod
    def following(cls) -> str:
        if not cls.left:
            cls.fill()
        return cls.left.pop()


@router.get("/numbers/next")
async def next_number() -> str:
    await audit()
    return Numbers.following()  # FP103 (inline)
