"""Protocols whose implementations do not name them."""

import asyncio
from abc import ABC, abstractmethod
from typing import Protocol

import requests
from fastapi import APIRouter

router = APIRouter()


class Rates(Protocol):
    def rate_of(self, currency: str) -> float: ...

    def all_rates(self) -> dict: ...


class BankRates:
    def rate_of(self, currency: str, day: str = "") -> float:
        return requests.get(f"https://bank.example/{currency}", timeout=5).json()

    def all_rates(self) -> dict:
        return {}


class Mailer(Protocol):
    def send_receipt(self, to: str) -> None: ...


class HttpMailer:
    def send_receipt(self, to: str) -> None:
        requests.post("https://mail.example", json=to, timeout=5)


class Letters:
    def send_receipt(self, to: str, *, stamp: str) -> None: ...


class Jobs(Protocol):
    """What thousands of classes have."""

    def run(self, name: str) -> None: ...


class Crawler:
    def run(self, name: str) -> None:
        requests.get(f"https://files.example/{name}", timeout=5)


class Stock(Protocol):
    def count_of(self, article: str) -> int: ...

    def articles(self) -> list[str]: ...


class OldStock:
    """Nobody makes one."""

    def count_of(self, article: str) -> int:
        return requests.get(f"https://stock.example/{article}", timeout=5).json()

    def articles(self) -> list[str]:
        return []


class Prices(Protocol):
    def price_of(self, article: str) -> int: ...

    def currency(self) -> str: ...

    async def refresh(self) -> None: ...


class ListPrices:
    """Its `refresh` cannot be awaited: it is something else."""

    def price_of(self, article: str) -> int:
        return requests.get(f"https://prices.example/{article}", timeout=5).json()

    def currency(self) -> str:
        return "EUR"

    def refresh(self) -> None: ...


class Calendar(ABC):
    @property
    @abstractmethod
    def holidays(self) -> list: ...

    @property
    @abstractmethod
    def today(self) -> str: ...


class RemoteCalendar(Calendar):
    @property
    def holidays(self) -> list:
        return requests.get("https://calendar.example", timeout=5).json()

    @property
    def today(self) -> str:
        return "Monday"


@router.get("/ports/holidays")
async def holidays(calendar: RemoteCalendar) -> list:
    await asyncio.sleep(1)
    return days_of(calendar)  # FP103


def days_of(calendar: Calendar) -> list:
    return calendar.holidays


@router.get("/ports/today")
async def today(calendar: RemoteCalendar) -> str:
    await asyncio.sleep(1)
    return day_of(calendar)


def day_of(calendar: Calendar) -> str:
    return calendar.today


class Office:
    def __init__(self, rates: Rates, mailer: Mailer, jobs: Jobs, stock: Stock, prices: Prices) -> None:
        self.rates = rates
        self.mailer = mailer
        self.jobs = jobs
        self.stock = stock
        self.prices = prices


office = Office(BankRates(), HttpMailer() or Letters(), Crawler(), None, ListPrices())


@router.get("/ports/rate")
async def rate(currency: str) -> float:
    await asyncio.sleep(1)
    return office.rates.rate_of(currency)  # FP103


@router.get("/ports/rates")
async def rates() -> dict:
    await asyncio.sleep(1)
    return office.rates.all_rates()


@router.post("/ports/receipt")
async def receipt(to: str) -> None:
    await asyncio.sleep(1)
    office.mailer.send_receipt(to)  # FP103


@router.post("/ports/run")
async def run(name: str) -> None:
    await asyncio.sleep(1)
    office.jobs.run(name)


@router.get("/ports/stock")
async def stock(article: str) -> int:
    await asyncio.sleep(1)
    return office.stock.count_of(article)


@router.get("/ports/price")
async def price(article: str) -> int:
    await asyncio.sleep(1)
    return office.prices.price_of(article)
