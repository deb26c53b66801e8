from fastapi import Depends, FastAPI

app = FastAPI()


def current_user() -> str:
    return "user"


@app.get("/countries")
async def countries() -> list[str]:  # FP312
    return ["DE"]


@app.get("/v1/currencies")
def currencies() -> list[str]:  # FP312
    return ["EUR"]


# Near misses


@app.get("/languages", dependencies=[Depends(current_user)])
async def languages() -> list[str]:
    return ["de"]


@app.get("/tags")
async def tags(user: str = Depends(current_user)) -> list[str]:
    return [user]


@app.post("/countries")
async def add() -> None: ...


@app.get("/orders")
async def orders() -> list[str]:
    return []


@app.get("/countries/{code}")
async def country(code: str) -> str:
    return code
