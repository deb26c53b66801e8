import json
from pathlib import Path


def load(name):
    with open(f"/data/{name}.json") as file:
        return json.load(file)


def load_one():
    with open("/data/one.json") as file:
        return json.load(file)


def of(name, kept={}):
    return kept.get(name)


class Baskets:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "baskets.json"
        self.names = folder / "names.json"
        self.kept: dict[str, int] | None = None

    def load_baskets(self) -> dict[str, int]:
        with open(self.file) as file:
            return json.load(file)

    def save_baskets(self, baskets: dict[str, int]) -> None:
        with self.file.open("w") as file:
            json.dump(baskets, file)

    def load_names(self) -> list[str]:
        return json.loads(self.names.read_text())

    def kept_baskets(self) -> dict[str, int]:
        if self.kept is None:
            self.kept = self.load_baskets()
        return self.kept

    def change(self, name: str, count: int) -> None:
        baskets = self.load_baskets()
        baskets[name] = count
        self.save_baskets(baskets)


def note(text: str) -> None:
    with Path("notes.txt").open(mode="a") as file:
        file.write(text)


def terms() -> str:
    with open("terms.txt", "rb") as file:
        return file.read().decode()


def save_if_none() -> None:
    if not Path("terms.txt").exists():
        Path("terms.txt").write_text("")
