import json
import pickle
from pathlib import Path
from typing import Any

import joblib
import pandas
import yaml


class SearchIndex:
    def __init__(self, path: Path) -> None:
        with open(path) as file:
            self.rows = json.load(file)

    def search(self, text: str) -> list[str]:
        return [row for row in self.rows if text in row]


class Ranker:
    def __init__(self, path: str = "ranker.pkl") -> None:
        with open(path, "rb") as file:
            self.model = pickle.load(file)


class Counter:
    def __init__(self, start: int) -> None:
        self.value = start


def load_prices(path: str) -> Any:
    return pandas.read_csv(path)


def load_model(path: str = "model.joblib") -> Any:
    return joblib.load(path)


def read_rules(path: str) -> Any:
    with open(path) as file:
        return yaml.safe_load(file)
