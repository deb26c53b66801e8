from functools import lru_cache

from fastapi import FastAPI

app = FastAPI()


@lru_cache(maxsize=None)
def words(prompt: str) -> tuple[str, ...]:
    return tuple(prompt.split())


@app.post("/count")
def count(prompt: str) -> int:
    return len(words(prompt))
