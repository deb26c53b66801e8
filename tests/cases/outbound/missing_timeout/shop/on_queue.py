"""What AWS Lambda runs with each event is no script, whatever its main guard tries out."""

from typing import Any

import requests


def stock_of(article: str) -> int:
    return int(requests.get(f"https://stock.example/{article}").json()["left"])  # FP601


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, int]:
    return {record["body"]: stock_of(record["body"]) for record in event["Records"]}


def price_of(article: str) -> int:
    return int(requests.get(f"https://prices.example/{article}", timeout=10).json()["price"])


if __name__ == "__main__":
    print(lambda_handler({"Records": [{"body": "7"}]}, None))
