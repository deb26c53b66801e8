from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    id: int


def recent() -> list[Order]:
    return []


@app.get("/list")
def several() -> JSONResponse:
    return JSONResponse(jsonable_encoder(recent()))  # FP504


@app.get("/one")
async def one(order: Order) -> JSONResponse:
    return JSONResponse(status_code=200, content=jsonable_encoder(order))  # FP504 (summary)


@app.get("/nested")
def nested() -> JSONResponse:
    orders = recent()
    return JSONResponse(content=jsonable_encoder({"total": len(orders), "orders": orders}))  # FP504


# Near misses


@app.exception_handler(ValueError)
async def failed(request: Request, error: ValueError) -> JSONResponse:
    return JSONResponse(jsonable_encoder({"detail": str(error)}), status_code=422)


@app.get("/dumped")
def dumped(order: Order) -> JSONResponse:
    return JSONResponse(order.model_dump(mode="json"))


@app.get("/declared")
def declared() -> list[Order]:
    return recent()


@app.get("/strings")
def strings(names: list[str]) -> JSONResponse:
    return JSONResponse(jsonable_encoder(names))


def store(order: Order) -> object:
    return jsonable_encoder(order)


@app.get("/other-encoder")
def other_encoder() -> JSONResponse:
    return JSONResponse(list(recent()))


@app.get("/headers")
def in_headers(order: Order) -> JSONResponse:
    return JSONResponse({"ok": True}, headers=jsonable_encoder(order))


@app.get("/printed")
def printed() -> None:
    print(jsonable_encoder(recent()))


@app.exception_handler(LookupError)
async def refused(request: Request, error: LookupError) -> JSONResponse:
    found = []
    for each in error.args:
        found.append({"loc": each, "kind": "lookup"})
    return JSONResponse(jsonable_encoder({"detail": found}), status_code=422)


@app.get("/answered")
def answered() -> JSONResponse:
    found = []
    for each in recent():
        found.append({"loc": each.id, "kind": "order"})
    return JSONResponse(jsonable_encoder({"detail": found}), status_code=200)  # FP504


@app.get("/providers")
def providers() -> JSONResponse:
    found = []
    for each in recent():
        found.append({"loc": each.id, "kind": "order"})
    return JSONResponse(jsonable_encoder(found))  # FP504 (summary)
