from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, ORJSONResponse, PlainTextResponse, UJSONResponse
from pydantic import BaseModel


class Order(BaseModel):
    id: int


class Wrapped(JSONResponse):
    def render(self, content: object) -> bytes:
        return b"{}"


app = FastAPI(default_response_class=ORJSONResponse)  # FP502
router = APIRouter(
    prefix="/orders",
    default_response_class=UJSONResponse,  # FP502
)


@app.get("/orders", response_class=JSONResponse)  # FP502
def orders() -> list[Order]:
    return []


@router.get("/", response_model=Order, response_class=ORJSONResponse)  # FP502
async def first():
    return Order(id=1)


@app.get("/totals")
def totals() -> Order:
    return Order(id=1)


@router.get("/all")
def all_of_them() -> list[Order]:
    return []


mixed = FastAPI(default_response_class=ORJSONResponse)  # FP502 (summary)


@mixed.get("/health")
def health() -> Order:
    return Order(id=1)


@mixed.post("/predict", response_model=None)
def predict() -> dict[str, int] | JSONResponse:
    return {"id": 1}


# Near misses


answering = FastAPI(default_response_class=ORJSONResponse)


@answering.post("/predict", response_model=None)
def predict_all() -> dict[str, int] | JSONResponse:
    return {"id": 1}


@answering.get("/answer")
def answer() -> JSONResponse:
    return JSONResponse({})


@answering.get("/untyped")
def nothing_said():
    return {"id": 1}


plain = FastAPI()
own = FastAPI(default_response_class=Wrapped)
pages = APIRouter(default_response_class=HTMLResponse)


@plain.get("/untyped", response_class=ORJSONResponse)
def untyped():
    return {"id": 1}


@plain.get("/own", response_class=Wrapped)
def with_own() -> list[Order]:
    return []


@plain.get("/text", response_class=PlainTextResponse)
def text() -> str:
    return "ok"


@plain.get("/raw", response_class=ORJSONResponse)
def raw() -> ORJSONResponse:
    return ORJSONResponse([])


@plain.get("/default")
def default() -> list[Order]:
    return []
