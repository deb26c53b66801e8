from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()


def page(number: int = 1, size: int = 20) -> tuple[int, int]:
    if number < 1:
        raise HTTPException(400, "pages start at 1")
    return (number - 1) * size, size


Page = Annotated[tuple[int, int], Depends(page)]


@app.get("/orders")
async def orders(page: Page) -> list[int]:
    return list(page)


@app.get("/customers")
def customers(page: Page) -> list[int]:
    return list(page)
