from typing import Any

container: Any = None
plugins: list[Any] = []


def chosen(path: str) -> Any: ...
