"""Methods of objects that nobody knows: what a container, a registry or a parameter without annotation gives."""

import asyncio
import functools
import time
from pathlib import Path

import requests
from fastapi import APIRouter, Request

from shop.elsewhere import container, plugins

router = APIRouter()


class Evaluator:
    def evaluate_orders(self, orders: list[str]) -> list[str]:
        return [requests.post("https://judge.example/", json=order, timeout=5).text for order in orders]

    def evaluate_nothing(self, orders: list[str]) -> list[str]:
        return sorted(orders)

    async def evaluate_later(self, orders: list[str]) -> list[str]:
        await asyncio.sleep(1)
        return orders

    @functools.lru_cache
    def evaluate_once(self, shop: str) -> str:
        return requests.get(f"https://judge.example/{shop}", timeout=5).text

    def evaluate_perhaps(self, shop: str) -> str:
        if shop == "north":
            return requests.get(f"https://judge.example/{shop}", timeout=5).text
        return shop

    @staticmethod
    def evaluate_by_itself(shop: str) -> str:
        return requests.get(f"https://judge.example/{shop}", timeout=5).text


class Archive:
    def keep_for_years(self, number: str) -> None:
        requests.put(f"https://archive.example/{number}", timeout=5)


class FolderArchive:
    def keep_for_years(self, number: str) -> None:
        Path(number).touch()


class FakeJudge:
    def judge_the_orders(self, orders: list[str]) -> None:
        time.sleep(1)


class Short:
    def get_all(self) -> str:
        return requests.get("https://short.example/", timeout=5).text


@router.post("/evaluations")
async def evaluations(orders: list[str]) -> list[str]:
    evaluator = container.resolve("evaluator")
    return evaluator.evaluate_orders(orders)  # FP103 (summary)


@router.post("/evaluations/app")
async def of_application(request: Request, orders: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return request.app.state.evaluator.evaluate_orders(orders)  # FP103 (summary)


@router.post("/evaluations/all")
async def of_each(orders: list[str]) -> list[list[str]]:
    await asyncio.sleep(0)
    return [plugin.evaluate_orders(orders) for plugin in plugins]  # FP103 (summary)


@router.post("/evaluations/given")
async def given(orders: list[str]) -> list[str]:
    return await judged(container.get("judge"), orders)


async def judged(judge, orders: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return judge.evaluate_orders(orders)  # FP103 (summary)


@router.put("/archive/{number}")
async def archive(number: str) -> None:
    await asyncio.sleep(0)
    container.resolve("archive").keep_for_years(number)  # FP103 (summary)


@router.post("/evaluations/thread")
async def in_thread(orders: list[str]) -> list[str]:
    evaluator = container.resolve("evaluator")
    return await asyncio.to_thread(evaluator.evaluate_orders, orders)


@router.post("/evaluations/awaited")
async def awaited(orders: list[str]) -> list[str]:
    evaluator = container.resolve("evaluator")
    return await evaluator.evaluate_orders(orders)  # then it is another's


@router.post("/evaluations/other")
async def takes_other_things(orders: list[str]) -> list[str]:
    evaluator = container.resolve("evaluator")
    await asyncio.sleep(0)
    return evaluator.evaluate_orders(orders, strict=True)


@router.post("/evaluations/nothing")
async def asks_nobody(orders: list[str]) -> list[str]:
    evaluator = container.resolve("evaluator")
    await asyncio.sleep(0)
    evaluator.evaluate_nothing(orders)
    evaluator.evaluate_once("north")
    evaluator.evaluate_perhaps("south")
    evaluator.evaluate_by_itself("west")
    return evaluator.evaluate_later(orders)


@router.post("/evaluations/fake")
async def of_tests(orders: list[str]) -> None:
    await asyncio.sleep(0)
    container.resolve("judge").judge_the_orders(orders)


@router.get("/short")
async def anybodys_name() -> str:
    await asyncio.sleep(0)
    return container.resolve("short").get_all()


@router.post("/evaluations/plain")
def in_worker_thread(orders: list[str]) -> list[str]:
    return container.resolve("evaluator").evaluate_orders(orders)


async def nobody_asks(evaluator, orders: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return evaluator.evaluate_orders(orders)


def of_all_shops(evaluator, orders: list[str]) -> list[str]:
    chosen = [order for order in orders if order]
    return evaluator.evaluate_orders(chosen)


class Desk:
    def __init__(self, archive, evaluator) -> None:
        self.archive = archive
        self.evaluator = evaluator
        self.first = None

    def _keep(self, number: str) -> None:
        self.archive.keep_for_years(number)

    def _keep_after_failure(self, number: str) -> None:
        try:
            Path(number).exists()
        except OSError:
            self.archive.keep_for_years(number)

    def _sort(self, orders: list[str]) -> list[str]:
        return self.evaluator.evaluate_nothing(orders)

    async def _judge(self, orders: list[str]) -> list[str]:
        return await asyncio.to_thread(self.evaluator.evaluate_orders, orders)

    @functools.lru_cache
    def _once(self, order: str) -> list[str]:
        return self.evaluator.evaluate_orders([order])

    async def keep(self, number: str) -> None:
        await asyncio.sleep(0)
        self._keep(number)  # FP103 (summary)

    async def keep_in_thread(self, number: str) -> None:
        await asyncio.to_thread(self._keep, number)

    async def sort(self, orders: list[str]) -> list[str]:
        self._keep_after_failure("1")
        self._once("1")
        await self._judge(orders)
        return self._sort(orders)


desk = Desk(container.get("archive"), container.get("judge"))


@router.post("/desk/{number}")
async def at_desk(number: str, orders: list[str]) -> list[str]:
    await desk.keep(number)
    await desk.keep_in_thread(number)
    return await desk.sort(orders)


@router.post("/evaluations/helped")
async def helped(orders: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return of_all_shops(container.get("judge"), orders)  # FP103 (summary)
