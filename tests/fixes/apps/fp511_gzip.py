from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

app = FastAPI()
app.add_middleware(GZipMiddleware, minimum_size=1000)


@app.get("/orders")
def orders(count: int = 500) -> list[str]:
    return [f"order {number}" for number in range(count)]
