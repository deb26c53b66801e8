from functools import lru_cache


class Labels:
    def __init__(self, path: str) -> None:
        self.path = path

    @lru_cache(maxsize=8)  # FP311 (summary)
    def __getitem__(self, number: int) -> str:
        return self.path[number]


def labels() -> list[str]:
    return []
