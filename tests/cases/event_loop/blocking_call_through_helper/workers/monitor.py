"""What is asked of workers, of a browser and of a store, by plain functions."""

from typing import Any

import boto3
from celery import Celery
from playwright.sync_api import sync_playwright

queue = Celery("shop", broker="redis://queue")
s3 = boto3.client("s3")


class Monitor:
    def __init__(self) -> None:
        self.inspect = queue.control.inspect(timeout=1)

    def busy(self) -> dict[str, Any]:
        return self.inspect.active() or {}

    def tasks(self) -> list[str]:
        return sorted(queue.tasks)


def stored(name: str) -> bytes:
    answer = s3.get_object(Bucket="files", Key=name)
    return answer["Body"].read()


def seen(url: str) -> bytes:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch()
        page = browser.new_page()
        page.goto(url)
        return page.screenshot()
