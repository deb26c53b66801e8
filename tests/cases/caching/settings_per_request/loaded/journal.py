import json
from typing import Any


def read_journal(path: str) -> Any:
    with open(path) as file:
        return json.load(file)


def write_journal(path: str, entries: Any) -> None:
    with open(path, "w") as file:
        json.dump(entries, file)
