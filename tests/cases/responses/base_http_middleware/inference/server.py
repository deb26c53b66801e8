from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.middleware("http")
async def tell(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:  # FP510 (summary)
    return await call_next(request)


@app.post("/answers")
def answer(question: str) -> str:
    return question
