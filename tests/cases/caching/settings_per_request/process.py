import importlib.metadata
import shutil
from functools import lru_cache
from zoneinfo import available_timezones

from fastapi import FastAPI

VERSION = importlib.metadata.version("shop")
app = FastAPI(version=importlib.metadata.version("shop"))


@app.get("/shop")
def shop() -> dict[str, str]:
    return {"version": importlib.metadata.version("shop")}  # FP302 (summary)


@app.get("/version/kept")
def kept_version() -> dict[str, str]:
    return {"version": VERSION}


@app.get("/zones")
def zones() -> list[str]:
    return sorted(available_timezones())  # FP302 (summary)


def converter() -> str | None:
    return shutil.which("pandoc")  # FP302 (summary)


@app.post("/pages")
def page(text: str) -> str:
    return f"{converter()} {text}"


@lru_cache(maxsize=1)
def found_once() -> str | None:
    return shutil.which("pandoc")


@app.post("/pages/once")
def page_once(text: str) -> str:
    return f"{found_once()} {text}"


@app.get("/packages/{name}")
def package(name: str) -> str:
    return importlib.metadata.version(name)


@app.on_event("startup")
def start() -> None:
    app.state.version = importlib.metadata.version("shop")


_program: str | None = None


@app.post("/pages/lazily")
def page_lazily(text: str) -> str:
    global _program
    if _program is None:
        _program = shutil.which("pandoc")
    return f"{_program} {text}"


if __name__ == "__main__":
    print(importlib.metadata.version("shop"))
