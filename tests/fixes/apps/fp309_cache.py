from fastapi import FastAPI
from fastapi_cache.decorator import cache

app = FastAPI()
asked: list[str] = []


@cache(expire=60)
@app.get("/rates/{currency}")
async def rates(currency: str) -> dict[str, int]:
    asked.append(currency)
    return {currency: 3}
